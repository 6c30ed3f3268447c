"""artifacts -> what their values say, for `audit inspect --download full`: the questions of an audit that need no claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from auditor.checks.across_files import AverageTwin, SameBytes, SameWeights
from auditor.checks.interface import Check
from auditor.checks.shared_tensors import SharedTensors
from auditor.checks.values import FiniteValues, InitialWeights
from auditor.facts import Artifact, Facts, Repository, Source
from auditor.findings import Finding

CHECKS: tuple[Check, ...] = (FiniteValues(), InitialWeights(), SameBytes(), SameWeights(), SharedTensors(), AverageTwin())


def ask_values(artifacts: Sequence[Artifact], sources: Sequence[Source]) -> tuple[Finding, ...]:
    """Return the findings about the values of numbered checkpoints, f1.. in order: NaN, initial weights, what files have in common."""
    facts = Facts("", "", 0.0, Repository("", "", "", ""), tuple(sources), artifacts=tuple(artifacts))
    found = (finding for check in CHECKS for finding in check.check(facts))
    return tuple(replace(finding, id=f"f{n}") for n, finding in enumerate(found, 1))
