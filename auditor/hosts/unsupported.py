"""Places that cannot be looked into without an account, a program of their own or a person: said by name, never skipped silently."""

from __future__ import annotations

from urllib.parse import urlsplit

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import Status
from auditor.hosts.interface import Listing, OpenBlob, RemoteFile
from auditor.net import Network

# The name that people know, and what they can do by hand.
PLACES: dict[str, tuple[str, str]] = {
    "onedrive": ("OneDrive", "it is no shared link"),
    "google_docs": ("a Google document", "it holds no files"),
    "colab": ("a Colab notebook", "it holds no files"),
    "arxiv": ("arXiv", "it holds papers, no checkpoints"),
    "pytorch_hub": ("a page of PyTorch Hub", "it holds no files of its own"),
}
BY_HAND = "Download the file by hand and give it with --artifact."


class Unsupported:
    """Accepts every address and says why nothing was looked at."""

    name = "unsupported"

    def accepts(self, url: str) -> bool:
        """Accept everything: this is the last host that is asked."""
        return True

    def resolve(self, url: str, network: Network) -> Listing:
        """Return a listing that says that nothing was looked at, and what to do; no network."""
        scheme, place = _parts(url)
        if scheme not in ("http", "https"):
            what = f"a {scheme} address" if scheme else "not a web address"
            return Listing(url, self.name, Status.BLOCKED, f"{what}: only http and https links are followed")
        host = locate(url).host
        known, why = PLACES.get(host, (host.replace("_", " ") if host != "other" else place, "there is no reader for it"))
        return Listing(url, host, Status.SKIPPED, f"{known} ({place}) was not looked into: {why}. {BY_HAND}")

    def open(self, file: RemoteFile, network: Network) -> OpenBlob:
        """Raise `NetworkError` with status `skipped`."""
        raise NetworkError(f"{file.name!r} was not looked into", "there is no reader for its host", BY_HAND, status="skipped")


def _parts(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url.strip())
        return parts.scheme.lower(), (parts.hostname or "").lower()
    except ValueError:
        return "", ""
