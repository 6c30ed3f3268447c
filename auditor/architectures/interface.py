"""What an architecture recognizer must be able to do."""

from __future__ import annotations

from typing import Protocol

from auditor.facts import Architecture, Tensor


class ArchitectureRecognizer(Protocol):
    """Reads a network out of names and shapes. Pure."""

    name: str

    def accepts(self, tensors: tuple[Tensor, ...]) -> bool:
        """Tell cheaply whether it is worth asking `recognize`."""
        ...

    def recognize(self, tensors: tuple[Tensor, ...]) -> Architecture | None:
        """Return the architecture, or None where the structure is not this family's after all."""
        ...
