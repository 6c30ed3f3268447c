"""What the headers of a file tell of it besides its size: digests and the mark of its version.

A header is believed only where it speaks of the whole file. `ETag` is an MD5 for what Amazon S3 holds as one part: not with
a dash (several parts), not encrypted with a key of KMS (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).
`x-goog-hash` speaks of the stored bytes, which may be compressed
(https://cloud.google.com/storage/docs/xml-api/reference-headers). `Content-MD5` is of the part that is sent, `Repr-Digest`
of the whole (RFC 9530); Azure gives the whole file's beside a range as `x-ms-blob-content-md5`
(https://learn.microsoft.com/rest/api/storageservices/get-blob).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from auditor.net import RangeAnswer


@dataclass(frozen=True, slots=True)
class FileMarks:
    """Digests in lower-case hexadecimal, and what changes when the bytes change."""

    md5: str | None = None
    sha256: str | None = None
    revision: str = ""


def marks_of(answer: RangeAnswer) -> FileMarks:
    """Return what the headers of an answer with a file's bytes tell of the file."""
    headers = answer.headers
    md5 = (
        etag_md5(headers.get("etag", ""), headers.get("x-amz-server-side-encryption", ""))
        if headers.get("server", "").lower() == "amazons3"
        else None
    )
    if headers.get("x-goog-stored-content-encoding", "identity") == "identity":
        md5 = md5 or _listed(headers.get("x-goog-hash", ""), "md5", 16)
    md5 = md5 or hex_of(headers.get("x-ms-blob-content-md5", ""), 16)
    if answer.status == 200 and not headers.get("content-encoding"):
        md5 = md5 or hex_of(headers.get("content-md5", ""), 16)
    digest = headers.get("repr-digest", "") or headers.get("digest", "")
    return FileMarks(md5, _listed(digest, "sha-256", 32), _revision(headers))


def etag_md5(etag: str, encryption: str = "") -> str | None:
    """Return the MD5 that an ETag of Amazon S3 is, or None where it is something else."""
    found = re.fullmatch(r'"?([0-9a-f]{32})"?', etag.strip())
    return found[1] if found and encryption in ("", "AES256") else None


def hex_of(encoded: str, length: int) -> str | None:
    """Return a digest of so many bytes that is written in base64 as hexadecimal, None where it is none."""
    try:
        digest = base64.b64decode(encoded.strip().strip(":"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest.hex() if len(digest) == length else None


def _listed(header: str, name: str, length: int) -> str | None:
    """Return one digest of a header that lists several as name=base64."""
    for part in header.split(","):
        key, _, value = part.strip().partition("=")
        if key.lower() == name:
            return hex_of(value, length)
    return None


def _revision(headers: Mapping[str, str]) -> str:
    """Return the version by the host's own name, else the ETag, else the date."""
    for name in ("x-goog-generation", "x-amz-version-id", "x-ms-version-id", "etag", "last-modified"):
        value = headers.get(name, "").strip()
        if value and value != "null":  # what S3 calls versions of before it counted them
            return value[:200]
    return ""
