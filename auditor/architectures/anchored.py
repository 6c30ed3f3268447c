"""What recognizers have in common that begin at the name of a network's first weight."""

from __future__ import annotations

from abc import ABC, abstractmethod

from auditor.architectures.network import Recognized
from auditor.facts import Architecture, Tensor


class AnchoredRecognizer(ABC):
    """Finds a network under any prefix by how the name of its first weight ends, in each spelling."""

    name: str

    @property
    @abstractmethod
    def endings(self) -> tuple[str, ...]:
        """Return the endings without one of which no match is tried."""

    def accepts(self, tensors: tuple[Tensor, ...]) -> bool:
        """Tell whether the first weight of any spelling is there."""
        return any(tensor.name.endswith(self.endings) for tensor in tensors)

    def recognize(self, tensors: tuple[Tensor, ...]) -> Architecture | None:
        """Return the architecture, or None where the family's own structure is not there."""
        match = self.match(tensors)
        return match.architecture if match else None

    @abstractmethod
    def match(self, tensors: tuple[Tensor, ...]) -> Recognized | None:
        """Return the best fitting network with what follows it, or None."""
