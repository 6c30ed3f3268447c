"""The kit: every implementation of every extension point, in order. The first that accepts wins; the last is the honest fallback."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.architectures.interface import ArchitectureRecognizer
from auditor.checks.across_files import AverageTwin, SameBytes, SameWeights
from auditor.checks.addressed_text import AddressedText
from auditor.checks.checkpoint_readable import CheckpointReadable
from auditor.checks.claim_conflict import ClaimConflict
from auditor.checks.claims_agree import ClaimsAgree
from auditor.checks.file_facts import IndexAgrees, PickleSafety, SavedName, SharedStructure, SizeFits, Warnings
from auditor.checks.interface import Check
from auditor.checks.label_matches_network import LabelMatchesNetwork
from auditor.checks.recorded_metrics import RecordedMetrics, TrainingState
from auditor.checks.same_family import SameFamily
from auditor.checks.shared_tensors import SharedTensors
from auditor.checks.sources_seen import SourcesSeen
from auditor.checks.values import FiniteValues, InitialWeights
from auditor.checks.variant_released import VariantReleased
from auditor.claims.interface import ClaimExtractor
from auditor.formats.interface import HeaderReader
from auditor.hosts.interface import FileHost
from auditor.renderers.interface import Renderer
from auditor.repositories.interface import RepositorySource


@dataclass(frozen=True, slots=True)
class Kit:
    """One tuple for each extension point."""

    sources: tuple[RepositorySource, ...]
    hosts: tuple[FileHost, ...]
    readers: tuple[HeaderReader, ...]
    recognizers: tuple[ArchitectureRecognizer, ...]
    extractors: tuple[ClaimExtractor, ...]
    checks: tuple[Check, ...]
    renderers: tuple[Renderer, ...]


CHECKS: tuple[Check, ...] = (
    VariantReleased(),
    ClaimsAgree(),
    LabelMatchesNetwork(),
    SameFamily(),
    ClaimConflict(),
    SharedStructure(),
    IndexAgrees(),
    SameBytes(),
    SameWeights(),
    SharedTensors(),
    AverageTwin(),
    InitialWeights(),
    FiniteValues(),
    RecordedMetrics(),
    TrainingState(),
    CheckpointReadable(),
    PickleSafety(),
    SizeFits(),
    SavedName(),
    Warnings(),
    SourcesSeen(),
    AddressedText(),
)


def default_kit() -> Kit:
    """Return the kit of the product. A function, so that a command that needs one room does not import them all."""
    from auditor.architectures.inspection import RECOGNIZERS
    from auditor.claims import EXTRACTORS
    from auditor.formats.reading import READERS
    from auditor.hosts import HOSTS
    from auditor.renderers.registry import RENDERERS
    from auditor.repositories.registry import SOURCES

    return Kit(SOURCES, HOSTS, READERS, RECOGNIZERS, EXTRACTORS, CHECKS, RENDERERS)
