"""What a worker process and its parent say to each other, and in which form.

Messages in both directions are one letter, eight bytes of length (little-endian) and so many bytes:

    parent -> worker   F  a file: JSON {"name", "size", "limits", ...}   worker -> parent   H  ready: JSON list of measures
                       B  bytes that were asked for                                         R  wanted: offset, length (16 bytes)
                       N  a failure to get them: JSON [kind, what, why, help, status, state] D  done: 8 bytes of memory held, result
                                                                                            X  the reader failed: text
"""

from __future__ import annotations

import json
import struct
from typing import IO

from auditor.errors import AuditError, FormatError, LimitError, NetworkError

RANGE = struct.Struct("<QQ")
HELD = struct.Struct("<Q")
_HEAD = struct.Struct("<cQ")


def send(stream: IO[bytes], letter: bytes, body: bytes) -> None:
    """Write one message. Raises `OSError` where nobody reads it."""
    stream.write(_HEAD.pack(letter, len(body)))
    stream.write(body)
    stream.flush()


def receive(stream: IO[bytes], longest: int) -> tuple[bytes, bytes]:
    """Return the letter and the bytes of one message. Raises `EOFError` at the end and `FormatError` for one that is too long."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise EOFError
    letter, length = _HEAD.unpack(head)
    if length > longest:
        raise FormatError("a message of the reader's process is longer than is allowed", f"{length} bytes")
    body = stream.read(length)
    if len(body) < length:
        raise EOFError
    return letter, body


def pack_failure(error: AuditError) -> bytes:
    """Return an error of a blob as a message's bytes."""
    kind = "network" if isinstance(error, NetworkError) else "limit" if isinstance(error, LimitError) else "format"
    return json.dumps([kind, error.what, error.why, error.help, getattr(error, "status", ""), getattr(error, "state", "")]).encode()


def unpack_failure(body: bytes) -> AuditError:
    """Return the error that `pack_failure` packed."""
    kind, what, why, help_, status, state = json.loads(body)
    if kind == "network":
        return NetworkError(what, why, help_, status=status, state=state)
    return (LimitError if kind == "limit" else FormatError)(what, why, help_)
