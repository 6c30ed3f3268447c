"""What was recognized in a picture before: the same bytes, read by the same program, show the same text."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

RECOGNIZERS = ("rapidocr", "onnxruntime", "numpy", "pillow")  # whatever of these changes may read a letter otherwise
READER = ("pictures.py", "picture_boxes.py")  # of ours; what makes a table of the text is not kept, and may change


class PictureMemory(Protocol):
    """Keeps answers of the recognizer by key; gives None for a key that it does not have."""

    def recall(self, key: str) -> Any:
        """Return the answer that was kept under a key, or None."""
        ...

    def keep(self, key: str, answer: Any) -> None:
        """Keep an answer: a dictionary of texts and numbers."""
        ...


def picture_key(data: bytes) -> str:
    """Return the key of a picture's bytes together with everything that reads them."""
    return hashlib.sha256(f"{hashlib.sha256(data).hexdigest()} {_reader()}".encode()).hexdigest()


@cache
def _reader() -> str:
    """Return the versions of the recognizer and a digest of our own part."""
    digest = hashlib.sha256()
    for name in READER:
        try:
            digest.update(Path(__file__).with_name(name).read_bytes())
        except OSError:
            digest.update(name.encode())
    versions = []
    for name in RECOGNIZERS:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            versions.append(f"no {name}")
    return f"{', '.join(versions)}, {digest.hexdigest()}"
