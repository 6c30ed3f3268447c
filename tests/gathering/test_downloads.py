"""`--download full`: artifacts with the digests of files and values, through the same gathering as headers alone."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
import torch
from net_fakes import FakeInternet, Reply

from auditor.blob import BytesBlob, LocalBlob
from auditor.errors import NetworkError
from auditor.facts import Checkpoint, Inspected, Unreadable
from auditor.formats.passing import PIECE_BYTES
from auditor.gathering import downloads
from auditor.gathering.artifacts import gather_artifacts
from auditor.gathering.downloads import read_whole
from auditor.net import Network
from auditor.net.extents import Extents
from auditor.progress import Silent


def saved(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def state(seed: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8)).state_dict()


class Fading(BytesBlob):
    """A file whose host goes away behind the headers."""

    def read(self, offset: int, length: int) -> bytes:
        if length >= PIECE_BYTES:
            raise NetworkError("the host is gone")
        return super().read(offset, length)


def test_a_file_is_read_once_for_values_and_its_digest():
    optimizer = {"state": {0: {"exp_avg": torch.randn(1 << 19), "exp_avg_sq": torch.randn(1 << 19)}}, "param_groups": [{"params": [0]}]}
    data = saved({"network": {"w": torch.randn(1 << 19), "b": torch.ones(4)}, "optimizer": optimizer, "epoch": 3})
    blob = Counted(data)
    (found,), digest = read_whole(blob)
    assert digest == hashlib.sha256(data).hexdigest()
    assert found.values.bytes_read == (1 << 21) + 16
    assert blob.count < 1.05 * len(data)


class Counted(BytesBlob):
    count = 0

    def read(self, offset: int, length: int) -> bytes:
        data = super().read(offset, length)
        self.count += len(data)
        return data


def test_what_is_no_checkpoint_is_not_read_on():
    blob = Counted(b"plain text, nothing else\n" * 200_000)
    (found,), digest = read_whole(blob)
    assert isinstance(found, Unreadable)
    assert digest is None
    assert blob.count < 1 << 20


def test_a_host_that_goes_away_leaves_the_header():
    (found,), digest = read_whole(Fading(saved({"w": torch.randn(1 << 20), "b": torch.ones(3)})))
    assert isinstance(found, Checkpoint)
    assert len(found.tensors) == 2
    assert (digest, found.values) == (None, None)
    assert "gone" in found.values_note
    assert found.warnings == ()  # nothing that a verdict would rest on is in doubt


def test_files_beyond_the_limit_are_read_by_their_headers(monkeypatch):
    monkeypatch.setattr(downloads, "LARGEST_FILE", 1000)
    (found,), digest = read_whole(BytesBlob(saved(state(1))))
    assert digest is None
    assert "larger" in found.values_note


def test_formats_without_values_say_so():
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, a=np.ones(3), b=np.ones(4))
    (found,), digest = read_whole(BytesBlob(buffer.getvalue()))
    assert digest == hashlib.sha256(buffer.getvalue()).hexdigest()
    assert found.values is None
    assert found.values_note == "values of this format are not read"


@pytest.mark.parametrize("download", ["header", "full"])
def test_artifacts_given_on_the_command_line(tmp_path: Path, download):
    files = {"a.pth": saved(state(1)), "b.pth": saved({"state_dict": state(1)}), "c.pth": saved(state(2))}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    network = Network()
    gathered = gather_artifacts((), network, (), Silent(), given=[str(tmp_path / name) for name in files], download=download)
    items = {artifact.name.rpartition("/")[2]: artifact for artifact in gathered.artifacts}
    assert set(items) == set(files)
    for name, artifact in items.items():
        (inspected,) = artifact.contents
        assert isinstance(inspected, Inspected)
        assert (inspected.values is not None) == (download == "full")
        assert artifact.read_sha256 == (hashlib.sha256(files[name]).hexdigest() if download == "full" else None)
    if download == "full":
        digests = {name: artifact.contents[0].values.digest for name, artifact in items.items()}
        assert digests["a.pth"] == digests["b.pth"] != digests["c.pth"]


def test_local_files_are_read_through_the_same_door(tmp_path: Path):
    path = tmp_path / "x.pth"
    path.write_bytes(saved(state(4)))
    blob = LocalBlob(path)
    (found,), digest = read_whole(blob)
    blob.close()
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.values.tensors[0].name == "0.weight"


def test_a_remote_file_is_read_once_with_few_requests_and_little_memory():
    data = saved({"network": {f"w{n}": torch.randn(1 << 20) for n in range(10)}, "epoch": 3})
    network = Network(transport=FakeInternet({"a.org/x.pth": Reply(body=data, ranges=True)}))
    blob = network.blob("https://a.org/x.pth", name="x.pth")
    (found,), digest = read_whole(blob)
    assert digest == hashlib.sha256(data).hexdigest()
    assert len(found.values.tensors) == 10
    assert blob.bytes_read < 1.05 * len(data)
    assert blob.requests <= 10
    assert blob._extents.held() <= 10 << 20  # what was passed over is given up


def test_parts_that_were_passed_over_are_given_up():
    extents = Extents()
    for start in (0, 100, 300):
        extents.add(start, bytes(50))
    extents.forget(150)
    assert extents.held() == 50
    assert extents.gaps(300, 50) == []
    assert extents.gaps(100, 50) == [(100, 50)]
