"""Pickles that are no file of torch's: dicts of numpy arrays, as detectron2's and others' model zoos hold, and bare objects.

Arrays stand inline; their bytes are passed over without being read. A pickle that would run code is named as such even
where it holds no tensors.
"""

from __future__ import annotations

from auditor.blob import Blob, BytesBlob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint
from auditor.formats.assembly import make_checkpoint
from auditor.formats.extents import ByteStream, OtherFormatError, RunsCodeError, TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.pickle_walker import walk

_FIRST_BYTES = b"c(]}i"
"""With what a pickle of protocol 0 or 1 begins: a global, a mark, a list, a dict, an instance."""

_TRIAL = Limits(header_bytes=64 << 10, objects=20_000, seconds=1.0)


class PlainPickle:
    """Reads one pickle with numpy arrays in it."""

    name = "pickle"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the bytes begin a pickle: by its protocol, or, for the oldest, by reading the front as one."""
        if head[:1] == b"\x80":
            return len(head) > 2 and 2 <= head[1] <= 5
        return head[:1] != b"" and head[:1] in _FIRST_BYTES and _is_pickle(head)

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` and `NetworkError`."""
        stream = ByteStream(blob, 0, limits.header_bytes)
        try:
            walked = walk(stream, limits)
        except (TruncatedError, LimitError, RunsCodeError):
            raise
        except FormatError as error:
            raise OtherFormatError("unknown bytes that begin like a pickle", str(error)) from error
        return make_checkpoint(
            walked.value,
            walked.storages,
            limits,
            format=self.name,
            saved_as=None,
            sha256=stream.sha256(),
            header_name="pickle",
            safety=walked.safety,
            size=blob.size,
        )


def _is_pickle(head: bytes) -> bool:
    """Tell whether the front is a whole small pickle, or one that would run code; texts fail within a few bytes."""
    try:
        walk(ByteStream(BytesBlob(head), 0, len(head)), _TRIAL)
    except RunsCodeError:
        return True
    except FormatError:
        return False
    return True
