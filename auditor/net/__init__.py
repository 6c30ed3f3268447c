"""The one door to the network: sessions, retries, budgets, ranges, the guard against private addresses, where tokens may go.

    network = Network(NetworkSettings())            # or Network(settings, transport=an in-process adapter)
    page = network.get("https://example.org/")      # any HTTP status, a bounded body
    blob = network.blob("https://example.org/a.pth", name="a.pth")
    blob.read(0, 1024)                              # one range request
    with network.tally() as cost: ...               # what this thread asked for meanwhile
    session = network.session()                     # the same door for gdown and PyGithub

Every failure is a `NetworkError` whose `status` is a word of `facts.Status`.
"""

from auditor.net.cache import Cache
from auditor.net.failures import refusal
from auditor.net.network import Network
from auditor.net.records import Fetched, NetworkSettings, RangeAnswer, Tally, is_page
from auditor.net.remote_blob import RemoteBlob, first_range

__all__ = ["Cache", "Fetched", "Network", "NetworkSettings", "RangeAnswer", "RemoteBlob", "Tally", "first_range", "is_page", "refusal"]
