"""Buckets of Amazon, Google and Azure: `World(pages=S3Bucket("models", {"v1/m.pth": ...}).pages)`.

In the shapes of ListObjectsV2, of Google's JSON API and of List Blobs. `listed=False` closes the listing while the objects stay
readable, `closed=True` closes both, `exists=False` answers as for a bucket that nobody has.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from auditor.demo.internet import Content, Page
from internet.shapes import BYTES, digest, json_page, size

XML = "application/xml"
DATE = "2024-05-01T12:00:00.000Z"


@dataclass(frozen=True)
class _Bucket:
    name: str
    files: Mapping[str, Content] = field(default_factory=dict)
    page_size: int = 1000
    listed: bool = True
    closed: bool = False
    exists: bool = True

    def md5_base64(self, key: str) -> str:
        """Return an object's MD5 as headers and listings write it."""
        return base64.b64encode(bytes.fromhex(digest(self.files[key], "md5"))).decode()

    def prefixes(self) -> set[str]:
        """Return everything that a link may name as the beginning of keys."""
        found = {"", *self.files}
        for key in self.files:
            parts = key.split("/")
            for count in range(1, len(parts)):
                folder = "/".join(parts[:count])
                found |= {folder, folder + "/"}
        return found

    def listings(self) -> Iterator[tuple[str, str, list[str], str]]:
        """Yield prefix, mark of the page, keys of the page and mark of the next page, for every page of every prefix."""
        for prefix in self.prefixes():
            keys = sorted(key for key in self.files if key.startswith(prefix))
            for place in range(0, max(1, len(keys)), self.page_size):
                following = f"page={place + self.page_size}+" if place + self.page_size < len(keys) else ""
                yield prefix, f"page={place}+" if place else "", keys[place : place + self.page_size], following


@dataclass(frozen=True)
class S3Bucket(_Bucket):
    """A bucket of Amazon S3, at its own name."""

    @property
    def base(self) -> str:
        """Return the address of the bucket."""
        return f"https://{self.name}.s3.amazonaws.com"

    @property
    def url(self) -> str:
        """Return the address that people copy."""
        return f"s3://{self.name}/"

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the bucket with its answer."""
        if not self.exists:
            gone = s3_error(404, "NoSuchBucket", "The specified bucket does not exist")
            return {self.address(prefix, mark): gone for prefix, mark, *_ in self.listings()} | {self._at(key): gone for key in self.files}
        denied = s3_error(403, "AccessDenied", "Access Denied")
        opened = self.listed and not self.closed
        made = {
            self.address(prefix, mark): Page(self.listing(prefix, keys, following).encode(), XML) if opened else denied
            for prefix, mark, keys, following in self.listings()
        }
        return made | {self._at(key): denied if self.closed else self._object(key) for key in self.files}

    def address(self, prefix: str, mark: str = "") -> str:
        """Return where a page of the listing is."""
        more = (f"&prefix={quote(prefix, safe='')}" if prefix else "") + (f"&continuation-token={quote(mark, safe='')}" if mark else "")
        return f"{self.base}/?list-type=2&encoding-type=url{more}"

    def listing(self, prefix: str, keys: list[str], following: str) -> str:
        """Return one page of a listing."""
        entries = "".join(
            f"<Contents><Key>{quote(key, safe='/')}</Key><LastModified>{DATE}</LastModified>"
            f"<ETag>&quot;{digest(self.files[key], 'md5')}&quot;</ETag><Size>{size(self.files[key])}</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
            for key in keys
        )
        more = f"<NextContinuationToken>{following}</NextContinuationToken>" if following else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{self.name}</Name><Prefix>{quote(prefix)}</Prefix>{more}<KeyCount>{len(keys)}</KeyCount><MaxKeys>{self.page_size}</MaxKeys>"
            f"<EncodingType>url</EncodingType><IsTruncated>{'true' if following else 'false'}</IsTruncated>{entries}</ListBucketResult>"
        )

    def _at(self, key: str) -> str:
        return f"{self.base}/{quote(key)}"

    def _object(self, key: str) -> Page:
        headers = {"ETag": f'"{digest(self.files[key], "md5")}"', "Server": "AmazonS3", "x-amz-server-side-encryption": "AES256"}
        return Page(self.files[key], BYTES, headers=headers)


@dataclass(frozen=True)
class GoogleBucket(_Bucket):
    """A bucket of Google Cloud Storage."""

    @property
    def url(self) -> str:
        """Return the address that people copy."""
        return f"gs://{self.name}/"

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the bucket with its answer."""
        opened = self.exists and self.listed and not self.closed
        made = {
            self.address(prefix, mark): json_page(self.listing(keys, following)) if opened else self._no_listing()
            for prefix, mark, keys, following in self.listings()
        }
        return made | {f"https://storage.googleapis.com/{self.name}/{quote(key)}": self._object(key) for key in self.files}

    def address(self, prefix: str, mark: str = "") -> str:
        """Return where a page of the listing is."""
        more = (f"prefix={quote(prefix, safe='')}&" if prefix else "") + (f"pageToken={quote(mark, safe='')}&" if mark else "")
        fields = quote("nextPageToken,items(name,size,md5Hash,crc32c,generation,contentEncoding)", safe="")
        return f"https://storage.googleapis.com/storage/v1/b/{self.name}/o?{more}fields={fields}"

    def listing(self, keys: list[str], following: str) -> dict[str, Any]:
        """Return one page of a listing."""
        items = [
            {"name": key, "size": str(size(self.files[key])), "md5Hash": self.md5_base64(key), "crc32c": "AAAAAA==", "generation": "1714"}
            for key in keys
        ]
        return ({"nextPageToken": following} if following else {}) | ({"items": items} if items else {})

    def _no_listing(self) -> Page:
        if not self.exists:
            message, status, reason = "The specified bucket does not exist.", 404, "notFound"
        else:
            message, status, reason = (
                "Anonymous caller does not have storage.objects.list access to the Google Cloud Storage bucket. "
                "Permission 'storage.objects.list' denied on resource (or it may not exist).",
                401,
                "required",
            )
        return json_page({"error": {"code": status, "message": message, "errors": [{"message": message, "reason": reason}]}}, status)

    def _object(self, key: str) -> Page:
        if not self.exists:
            return s3_error(404, "NoSuchBucket", "The specified bucket does not exist.")
        if self.closed:
            return s3_error(403, "AccessDenied", "Access denied.")
        hashes = f"crc32c=AAAAAA==,md5={self.md5_base64(key)}"
        return Page(self.files[key], BYTES, headers={"x-goog-hash": hashes, "x-goog-generation": "1714", "Server": "UploadServer"})


@dataclass(frozen=True)
class AzureContainer(_Bucket):
    """A container of an account of Azure."""

    account: str = "labdata"

    @property
    def base(self) -> str:
        """Return the address of the container."""
        return f"https://{self.account}.blob.core.windows.net/{self.name}"

    @property
    def url(self) -> str:
        """Return the address that people copy."""
        return self.base + "/"

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the container with its answer."""
        opened = self.exists and self.listed and not self.closed
        no = azure_error(404, "ResourceNotFound", "The specified resource does not exist.")
        made = {
            self.address(prefix, mark): Page(self.listing(prefix, keys, following).encode(), XML) if opened else no
            for prefix, mark, keys, following in self.listings()
        }
        closed = self.closed or not self.exists
        return made | {f"{self.base}/{quote(key)}": no if closed else self._blob(key) for key in self.files}

    def address(self, prefix: str, mark: str = "") -> str:
        """Return where a page of the listing is."""
        more = (f"&prefix={quote(prefix, safe='')}" if prefix else "") + (f"&marker={quote(mark, safe='')}" if mark else "")
        return f"{self.base}?restype=container&comp=list{more}"

    def listing(self, prefix: str, keys: list[str], following: str) -> str:
        """Return one page of a listing."""
        entries = "".join(
            f"<Blob><Name>{escape(key)}</Name><Properties><Last-Modified>Wed, 01 May 2024 12:00:00 GMT</Last-Modified><Etag>0x8DC69{n}</Etag>"
            f"<Content-Length>{size(self.files[key])}</Content-Length><Content-Type>{BYTES}</Content-Type>"
            f"<Content-MD5>{self.md5_base64(key)}</Content-MD5><BlobType>BlockBlob</BlobType></Properties></Blob>"
            for n, key in enumerate(keys)
        )
        return (
            f'\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://{self.account}.blob.core.windows.net/" '
            f'ContainerName="{self.name}"><Prefix>{escape(prefix)}</Prefix><Blobs>{entries}</Blobs>'
            f"<NextMarker>{following}</NextMarker></EnumerationResults>"
        )

    def _blob(self, key: str) -> Page:
        return Page(self.files[key], BYTES, headers={"x-ms-blob-content-md5": self.md5_base64(key), "ETag": '"0x8DC69"'})


def s3_error(status: int, code: str, message: str) -> Page:
    """Return an error in the XML of S3 and of Google's XML API."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId></Error>'
    return Page(body.encode(), XML, status)


def azure_error(status: int, code: str, message: str) -> Page:
    """Return an error of Azure."""
    body = f'\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Page(body.encode(), XML, status, {"x-ms-error-code": code})
