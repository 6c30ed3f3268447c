"""checkpoints -> architectures: what the tensors of a file tell, looked up once for files of the same structure."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field

from auditor.architectures.inspection import inspect_checkpoint
from auditor.facts import Architecture, Checkpoint, Inspected, Parameters, Tensor, Unreadable

MOST_STRUCTURES = 256  # that are remembered; a repository with more networks pays again for some


@dataclass(slots=True)
class Structures:
    """What is known of the structures of one audit. Thread-safe.

    A seed, an epoch or a mirror has the tensors of another file; to recognize them takes longer than to fetch them. One thread at
    a time recognizes, since Python would let no second one: the others find the answer when it is theirs as well.
    """

    prove: bool = False  # whether torch will be needed
    _known: dict[tuple[Tensor, ...], tuple[Parameters, Architecture, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _torch: threading.Thread | None = None

    def derived(self, item: Checkpoint | Unreadable) -> Inspected | Unreadable:
        """Return a checkpoint with its counts, architecture and fingerprint; what could not be read stays as it is."""
        if isinstance(item, Unreadable):
            return item
        with self._lock:
            found = self._known.get(item.tensors)
            if found is None:
                found = inspect_checkpoint(item)
                if len(self._known) >= MOST_STRUCTURES:
                    del self._known[next(iter(self._known))]
                self._known[item.tensors] = found
        parameters, architecture, fingerprint = found
        if self.prove and architecture.family != "unknown":
            self._bring_torch()
        return Inspected("", item, parameters, architecture, None, fingerprint)

    def _bring_torch(self) -> None:
        """Begin to import torch, with which known networks are proved, while other files are waited for."""
        with self._lock:
            if self._torch is None:
                self._torch = threading.Thread(target=_import_torch, name="auditor-torch")
                self._torch.start()


def _import_torch() -> None:
    with suppress(Exception):  # whoever needs it will say what is wrong with it
        import torch  # noqa: F401
