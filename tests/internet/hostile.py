"""Files that are not what they say, for tests: broken, lying or dangerous on purpose."""

from __future__ import annotations

import struct
import zlib

from auditor.demo.torch_pickles import Call, Global, TensorSpec
from auditor.demo.virtual_files import VirtualFile, crc32_of_zeros, torch_legacy, torch_zip

MIB = 1 << 20


def truncated(file: VirtualFile, kept_bytes: int) -> VirtualFile:
    """Return the beginning of a file under its name, as a broken upload leaves it."""
    kept = min(kept_bytes, file.size)
    pieces = (file.read(place, min(MIB, kept - place)) for place in range(0, kept, MIB))
    return VirtualFile(file.name, pieces)


def html_instead(name: str = "model.pth") -> VirtualFile:
    """Return the page that somebody saved in place of a checkpoint."""
    return VirtualFile(name, [b"<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body></body></html>"])


def lfs_pointer(size: int = 123456789) -> bytes:
    """Return the pointer that git keeps in place of a large file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize {size}\n".encode()


def pickle_that_runs_code(name: str = "model.pth", *, command: str = "touch owned", legacy: bool = False) -> VirtualFile:
    """Return a checkpoint that would run a command if it were unpickled; it holds one honest tensor too."""
    value = {"network": {"conv.weight": TensorSpec((4, 3, 3, 3))}, "hook": Call(Global("posix", "system"), (command,))}
    return torch_legacy(name, value) if legacy else torch_zip(name, "model", value)


def checkpoint_of_size(tensor_shape: tuple[int, ...], name: str = "huge.pth") -> VirtualFile:
    """Return a checkpoint whose only tensor has this shape: terabytes cost nothing here."""
    return torch_zip(name, "huge", {"state_dict": {"weight": TensorSpec(tensor_shape)}})


def zip_bomb(
    name: str = "bomb.pth", member: str = "bomb/data.pkl", *, inflated_mib: int = 4095, claimed_bytes: int | None = None
) -> VirtualFile:
    """Return a zip of some megabytes whose one member inflates to almost 4 GiB of zeros.

    `claimed_bytes` is what its directory says instead of the truth. A full flush makes every compressed MiB stand alone,
    so one is made and repeated.
    """
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = squeeze.compress(bytes(MIB)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    body: list[bytes] = [block] * inflated_mib + [b"\x03\x00"]
    packed = len(block) * inflated_mib + 2
    size = inflated_mib * MIB if claimed_bytes is None else claimed_bytes
    path, crc = member.encode(), crc32_of_zeros(inflated_mib * MIB)
    common = struct.pack("<5H3I", 20, 0, 8, 0, 0, crc, packed, size)
    local = b"PK\x03\x04" + common + struct.pack("<2H", len(path), 0) + path
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<5H2I", len(path), 0, 0, 0, 0, 0, 0) + path
    end = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 1, 1, len(entry), len(local) + packed, 0)
    return VirtualFile(name, [local, *body, entry, end])
