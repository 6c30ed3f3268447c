"""Amazon S3: buckets that anybody may list, and objects that anybody may read.

Addresses: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html (bucket in the name or in the path) and
https://docs.aws.amazon.com/general/latest/gr/s3.html (regions, dualstack, website endpoints, which list nothing themselves).
Listing: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, 1000 keys a page. Error codes:
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. Where a bucket may not be listed, S3 answers 403
AccessDenied for keys that do not exist as well, so that never means missing (API_GetObject.html, "Permissions"). A bucket of
another region may answer 301 without a Location; its region stands in `x-amz-bucket-region`. What an anonymous request can
read is not encrypted with a key of KMS, so the ETag of an object of one part is its MD5.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, parse_qsl, quote, unquote_plus, urlencode, urlsplit

from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.buckets import BucketHost, BucketPlace, ListedPage, StoredObject, refused_as, split_key
from auditor.hosts.file_marks import etag_md5
from auditor.hosts.json_api import whole_number
from auditor.hosts.xml_answers import Element, read_xml
from auditor.net import Fetched, Network, RangeAnswer, refusal

_NAME = re.compile(r"(?:(?P<bucket>.+)\.)?s3(?P<rest>(?:[.-][a-z0-9-]+)*)\.amazonaws\.com(?P<china>\.cn)?")
_REGION = re.compile(r"(?:us|eu|ap|sa|ca|me|af|il|cn|mx)(?:-[a-z]+){1,2}-\d")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_LISTING = ("prefix", "list-type", "delimiter", "marker", "continuation-token", "max-keys", "encoding-type")
ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")


class S3(BucketHost):
    """Lists buckets of Amazon S3 with sizes and the MD5 of small objects, and reads objects by ranges."""

    name = "s3"
    title = "Amazon S3"

    def place(self, url: str) -> BucketPlace | None:
        """Return the bucket and the key of an address, None for one that is not of S3."""
        host, path = split_key(url)
        if url.strip()[:5].lower() == "s3://":
            return _at(host, "", "", path) if _BUCKET.fullmatch(host) else None
        found = _NAME.fullmatch(host)
        if found is None:
            return None
        region = _REGION.search(found["rest"])
        bucket, key = found["bucket"], path
        if not bucket:
            bucket, _, key = path.partition("/")
        query = urlsplit(url.strip()).query
        prefix = parse_qs(query).get("prefix", [""])[0]
        if key.removesuffix("index.html") == "" and prefix:
            key = prefix
        signed = urlencode([pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in _LISTING])
        return _at(bucket, region[0] if region else "", found["china"] or "", key, signed) if _BUCKET.fullmatch(bucket) else None

    def page(self, place: BucketPlace, following: str, network: Network) -> ListedPage:
        """Return one page of keys. Raises `NetworkError`."""
        query = {"list-type": "2", "encoding-type": "url", "prefix": place.key, "continuation-token": following}
        end = "/?" + urlencode({name: value for name, value in query.items() if value}, quote_via=quote)
        answer = self.listed(network, place.base + end)
        elsewhere = _in_its_region(place, answer)
        if elsewhere:
            answer = self.listed(network, elsewhere + end)
        if answer.status != 200:
            raise self.refused(answer)
        root = read_xml(answer.body)
        if root.name != "ListBucketResult":
            what = f"{self.title} did not answer with a listing"
            raise NetworkError(what, f"<{root.name[:80]}>", "open it in a browser", state=State.NOT_A_FILE)
        encoded = root.said("EncodingType") == "url"
        entries = list(root.all("Contents"))
        objects = tuple(found for entry in entries if (found := _object(entry, encoded)) is not None)
        more = root.said("NextContinuationToken") if root.said("IsTruncated") == "true" else ""
        if root.said("IsTruncated") == "true" and not more:
            raise NetworkError(f"{self.title} has more than it shows", "the listing ends without saying how to go on", status="partial")
        return ListedPage(objects, more, answer.sha256, len(entries) - len(objects))

    def first(self, address: str, name: str, network: Network) -> RangeAnswer:
        """Return the part of an object that is wanted first, from the region that the bucket is in."""
        answer = super().first(address, name, network)
        place = self.place(address)
        elsewhere = _in_its_region(place, answer) if place is not None else ""
        return super().first(elsewhere + address[len(place.base) :], name, network) if elsewhere and place is not None else answer

    def refused(self, answer: Fetched | RangeAnswer) -> NetworkError:
        """Return what a code of S3 means."""
        code, words = _error(answer.body)
        said = f"{code}: {words}" if code else f"HTTP {answer.status}"
        if code in ("NoSuchBucket", "NoSuchKey", "NoSuchVersion"):
            what = "bucket" if code == "NoSuchBucket" else "object"
            return refused_as(
                answer, f"{self.title} has no such {what}", said, Status.MISSING, State.NOT_FOUND, "check the address in a browser"
            )
        if code == "InvalidObjectState":
            help = "ask the owner to restore it"
            return refused_as(answer, f"{self.title} keeps it in its archive", said, Status.DENIED, State.NOT_SHARED, help)
        if code in ("SlowDown", "RequestLimitExceeded", "TooManyRequests"):
            return refused_as(answer, f"{self.title} is asked too often", said, Status.QUOTA, State.RATE_LIMITED, "try again later")
        if answer.status in (400, 401, 403) and re.search(r"request has expired|ExpiredToken|TokenRefreshRequired", said, re.IGNORECASE):
            return refused_as(
                answer, f"{self.title}: the signed link has expired", said, Status.DENIED, State.NOT_SHARED, "ask the owner for a new link"
            )
        if answer.status == 403:
            why = f"{said}; where a bucket may not be listed, S3 says the same of objects that are not there"
            help = "ask the owner whether it is public"
            return refused_as(answer, f"{self.title} does not show it to strangers", why, Status.DENIED, State.NOT_SHARED, help)
        if answer.status == 301:
            return refused_as(answer, f"{self.title} has the bucket elsewhere", said, Status.ERROR, State.MOVED, "check the region")
        return refusal(answer.final_url, answer.status, answer.headers, answer.body)


def _at(bucket: str, region: str, china: str, key: str, query: str = "") -> BucketPlace:
    """Return a place at the address that every bucket has; names with dots fit no certificate, and go into the path."""
    server = f"s3.{region}.amazonaws.com{china}" if region else "s3.amazonaws.com"
    by_path = "." in bucket or bucket != bucket.lower()
    return BucketPlace(bucket, f"https://{server}/{bucket}" if by_path else f"https://{bucket}.{server}", key, query)


def _in_its_region(place: BucketPlace, answer: Fetched | RangeAnswer) -> str:
    """Return where a bucket is, for an answer that says only in which region, or an empty string."""
    region = answer.headers.get("x-amz-bucket-region", "")
    if answer.status not in (301, 307, 400) or not _REGION.fullmatch(region):
        return ""
    base = _at(place.bucket, region, "", "").base
    return base if base != place.base else ""


def _object(entry: Element, encoded: bool) -> StoredObject | None:
    key, etag = entry.find("Key").text, entry.said("ETag")
    key = unquote_plus(key, errors="replace") if encoded else key
    archived = entry.said("StorageClass") in ARCHIVED
    detail = "in the archive of S3: its owner has to restore it first" if archived else ""
    return StoredObject(key, whole_number(entry.said("Size")), etag_md5(etag), etag.strip('"')[:200], detail) if key else None


def _error(body: bytes) -> tuple[str, str]:
    """Return the code and the message of an error, empty where the answer is none."""
    try:
        root = read_xml(body[: 64 << 10])
    except NetworkError:
        return "", ""
    return (root.said("Code")[:80], root.said("Message")[:300]) if root.name == "Error" else ("", "")
