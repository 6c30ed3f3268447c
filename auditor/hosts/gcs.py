"""Google Cloud Storage: buckets that anybody may list, and objects that anybody may read.

Listing: the JSON API, https://cloud.google.com/storage/docs/json_api/v1/objects/list (1000 objects a page, `md5Hash` and
`crc32c` in base64, `generation`; composite objects have no MD5). Objects: the XML API at the same server,
https://cloud.google.com/storage/docs/xml-api/get-object-download. `storage.cloud.google.com` wants a Google account even for
public objects and `console.cloud.google.com` is a page: both mean the public address. A closed listing answers 401 "Anonymous
caller does not have storage.objects.list access ... (or it may not exist)", also for buckets that do not exist
(https://cloud.google.com/storage/docs/json_api/v1/status-codes); neither is taken for missing.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import short
from auditor.hosts.buckets import BucketHost, BucketPlace, ListedPage, StoredObject, refused_as, split_key
from auditor.hosts.file_marks import hex_of
from auditor.hosts.json_api import mapping, rows, text, whole_number
from auditor.hosts.xml_answers import read_xml
from auditor.net import Fetched, Network, RangeAnswer, refusal

STORAGE = "https://storage.googleapis.com"
_PATH_STYLE = ("storage.googleapis.com", "storage.cloud.google.com", "commondatastorage.googleapis.com")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}")
_API_PATH = re.compile(r"(?:download/)?storage/v1/b/([^/]+)/o/?(.*)", re.DOTALL)
_FIELDS = "nextPageToken,items(name,size,md5Hash,crc32c,generation,contentEncoding)"


class GoogleStorage(BucketHost):
    """Lists buckets of Google with sizes, MD5 and generations, and reads objects by ranges."""

    name = "gcs"
    title = "Google Cloud Storage"

    def place(self, url: str) -> BucketPlace | None:
        """Return the bucket and the key of an address, None for one that is not of Google's storage."""
        host, path = split_key(url)
        bucket, _, key = path.partition("/")
        if url.strip()[:5].lower() == "gs://":
            bucket, key = host, path
        elif host == "console.cloud.google.com":
            bucket, key = _console(url, path)
        elif host.endswith(".storage.googleapis.com"):
            bucket, key = host.removesuffix(".storage.googleapis.com"), path
        elif host not in _PATH_STYLE:
            return None
        elif (named := _API_PATH.match(path)) is not None:
            bucket, key = named[1], named[2]
        query = urlsplit(url.strip()).query
        prefix = parse_qs(query).get("prefix", [""])[0]
        signed = query if "Signature=" in query and "prefix=" not in query else ""
        if not _BUCKET.fullmatch(bucket):
            return None
        return BucketPlace(bucket, f"{STORAGE}/{bucket}", key or prefix, signed)

    def page(self, place: BucketPlace, following: str, network: Network) -> ListedPage:
        """Return one page of objects. Raises `NetworkError`."""
        query = {"prefix": place.key, "pageToken": following, "fields": _FIELDS}
        end = urlencode({name: value for name, value in query.items() if value}, quote_via=quote)
        answer = self.listed(network, f"{STORAGE}/storage/v1/b/{quote(place.bucket, safe='')}/o?{end}")
        if answer.status != 200:
            raise self.refused(answer)
        try:
            record = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise NetworkError(f"{self.title}'s answer is not JSON", short(str(error)), state=State.SERVER_ERROR) from error
        if not isinstance(record, dict) or not isinstance(record.get("items", []), list):
            raise NetworkError(f"{self.title}'s answer is not a listing", short(str(record)), state=State.SERVER_ERROR)
        entries = rows(record.get("items"))
        objects = tuple(found for entry in entries if (found := _object(entry)) is not None)
        return ListedPage(objects, text(record.get("nextPageToken"), 4096), answer.sha256, len(entries) - len(objects))

    def refused(self, answer: Fetched | RangeAnswer) -> NetworkError:
        """Return what a status of Google's storage means."""
        said, plain = _said(answer.body), refusal(answer.final_url, answer.status, answer.headers, answer.body)
        if plain.status == "quota" or answer.status >= 500:
            return plain
        if answer.status in (400, 401, 403):
            what, help = f"{self.title} does not show it to strangers", "ask the owner whether it is public"
            if "requester pays" in said.lower():
                what = f"{self.title}: who reads this bucket has to pay for it"
            if "expired" in said.lower():
                what, help = f"{self.title}: the signed link has expired", "ask the owner for a new link"
            if answer.status != 400 or "pay" in what or "expired" in what:
                return refused_as(answer, what, said, Status.DENIED, State.NOT_SHARED, help)
        if answer.status in (404, 410):
            return refused_as(
                answer,
                f"{self.title} has no such object or bucket",
                said,
                Status.MISSING,
                State.NOT_FOUND,
                "check the address in a browser",
            )
        return plain


def _console(url: str, path: str) -> tuple[str, str]:
    """Return bucket and key of a page of Google's console: /storage/browser/BUCKET/KEY;tab=objects, or .../_details/..."""
    found = re.fullmatch(r"storage/browser/(?:_details/)?([^/;?]+)/?([^;]*)(?:;.*)?", path)
    if found is None:
        return "", ""
    prefix = parse_qs(urlsplit(url.strip()).query).get("prefix", [""])[0]
    return found[1], found[2] or prefix


def _object(entry: Any) -> StoredObject | None:
    record = mapping(entry)
    key, packed = text(record.get("name")), text(record.get("contentEncoding")) == "gzip"
    if not key:
        return None
    generation, crc = text(record.get("generation")), text(record.get("crc32c"), 16)
    detail = f"crc32c {crc}" if crc else ""
    if packed:  # what is served is not what is stored: size and digest are of the latter
        return StoredObject(key, None, None, generation, "stored compressed")
    return StoredObject(key, whole_number(record.get("size")), hex_of(text(record.get("md5Hash")), 16), generation, detail)


def _said(body: bytes) -> str:
    """Return the words of an error, in JSON or XML."""
    try:
        error = mapping(mapping(json.loads(body[: 64 << 10])).get("error"))
        return short(text(error.get("message"), 2000)) or "no reason given"
    except (ValueError, RecursionError):
        pass
    try:
        root = read_xml(body[: 64 << 10])
    except NetworkError:
        return "no reason given"
    return short(" ".join((root.said("Code"), root.said("Message"), root.said("Details")))) or "no reason given"
