"""Progress of files that are read while hosts are still being listed: shown when their stage begins."""

from __future__ import annotations

import threading

from auditor.progress import Progress


class HeldBack:
    """Keeps the items of a stage until it is released; warnings are told at once. Thread-safe."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._items: list[str] | None = []
        self._lock = threading.Lock()

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage."""
        self._progress.stage(name, total)

    def item(self, text: str) -> None:
        """Say that one item is done, later where its stage has not begun."""
        with self._lock:
            if self._items is not None:
                self._items.append(text)
                return
        self._progress.item(text)

    def warn(self, text: str) -> None:
        """Say one line that the user should see."""
        self._progress.warn(text)

    def release(self) -> None:
        """Say what was kept, and keep nothing more."""
        with self._lock:
            items, self._items = self._items or [], None
        for text in items:
            self._progress.item(text)
