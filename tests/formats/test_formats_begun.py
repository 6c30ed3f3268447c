"""What a reader asks for first is fetched before a worker is borrowed, and nothing else is asked for."""

from __future__ import annotations

import pytest

from auditor.blob import BytesBlob
from auditor.demo.world import pose_checkpoint
from auditor.errors import NetworkError
from auditor.formats.begun import BegunBlob, begun
from auditor.formats.reading import read_contents


class Remote:
    """A remote file that counts what is asked of it."""

    def __init__(self, blob, *, from_end: bool, broken: bool = False):
        self.name, self.size = blob.name, blob.size
        self.begins_at_its_end = from_end
        self.requests = self.bytes_read = 0
        self.asked: list[tuple[int, int]] = []
        self._blob, self._broken = blob, broken

    def read(self, offset, length):
        self.asked.append((offset, length))
        if self._broken:
            raise NetworkError("the server is gone", "", "")
        return self._blob.read(offset, length)


@pytest.mark.parametrize("from_end", [True, False])
@pytest.mark.parametrize("size", ["large", "small"])
def test_no_request_comes_on_top(from_end, size):
    file = pose_checkpoint("m.pth", "XS") if size == "large" else BytesBlob(b"\x80\x02}." * 20, "m.bin")
    plain, ahead = Remote(file, from_end=from_end), Remote(file, from_end=from_end)
    expected = read_contents(plain)
    blob = begun(ahead)
    assert isinstance(blob, BegunBlob)
    assert ahead.asked == plain.asked[:1]
    assert read_contents(blob) == expected
    assert ahead.asked == [plain.asked[0], *plain.asked]  # the first once more, which a remote blob has at hand


def test_what_went_wrong_is_told_once_to_the_reader():
    remote = Remote(pose_checkpoint("m.pth", "XS"), from_end=False, broken=True)
    blob = begun(remote)
    with pytest.raises(NetworkError, match="gone"):
        blob.read(0, 10)
    assert len(remote.asked) == 1
    with pytest.raises(NetworkError, match="gone"):
        blob.read(0, 10)
    assert len(remote.asked) == 2


def test_local_and_empty_files_are_left_alone():
    local = BytesBlob(b"abc", "m.pth")
    empty = Remote(BytesBlob(b"", "m.pth"), from_end=False)
    assert begun(local) is local
    assert begun(empty) is empty
    assert empty.asked == []
