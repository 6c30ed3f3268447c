"""Which family of networks the paper is about, as far as its own words and files tell."""

from __future__ import annotations

import re
from collections import Counter

from auditor.checks.comparing import EXPLAINED_ENOUGH
from auditor.checks.matching import Matching
from auditor.facts import Artifact, Facts, Inspected

UNKNOWN = "unknown"


def paper_family(facts: Facts, matching: Matching) -> str:
    """Return the family of the paper's network, or "unknown".

    Decided by, in this order: checkpoints that belong to claimed variants; files that carry the project's own name; a family
    that the repository's name contains. A tie decides nothing.
    """
    own = [m.candidate.inspected for v in matching.variants if v.primary for m in v.matches if not m.candidate.pointed]
    pointed = {candidate.id for candidate in matching.candidates if candidate.pointed}  # at these only a language model pointed
    project = _squashed(facts.repository.full_name.rpartition("/")[2])
    named = [i for a, i in facts.inspected() if _bears_project(facts, a) and a.owner == "own"]
    named = [inspected for inspected in named if inspected.id not in pointed]
    for group in (own, named):
        families = Counter(i.architecture.family for i in group if i.architecture.family != UNKNOWN).most_common(2)
        if families and (len(families) == 1 or families[0][1] > families[1][1]):
            return families[0][0]
    present = {i.architecture.family for _, i in facts.inspected() if i.id not in pointed} - {UNKNOWN}
    spoken = {family for family in present if family in project}
    return next(iter(spoken)) if len(spoken) == 1 else UNKNOWN


def _squashed(text: str) -> str:
    return re.sub(r"[^0-9a-z]+", "", text.lower())


def _bears_project(facts: Facts, artifact: Artifact) -> bool:
    """Tell whether a file carries the project's own name."""
    project = _squashed(facts.repository.full_name.rpartition("/")[2])
    return len(project) > 2 and project in _squashed(artifact.name)


def foreign(facts: Facts, matching: Matching, artifact: Artifact, inspected: Inspected) -> str:
    """Return why a checkpoint is of another architecture than the paper's, or "" where that cannot be said.

    Needs both families known, the checkpoint's network accounted for, and no claimed variant that it belongs to by row or name.
    """
    architecture = inspected.architecture
    if architecture.family == UNKNOWN or architecture.explained < EXPLAINED_ENOUGH or artifact.owner != "own":
        return ""
    if any(m.strong and m.candidate.id == inspected.id for v in matching.variants if v.primary for m in v.matches):
        return ""
    family = paper_family(facts, matching)
    if family in (UNKNOWN, architecture.family) or _bears_project(facts, artifact):
        return ""
    if any(
        m.strong and m.candidate.inspected.architecture.family == architecture.family
        for v in matching.variants
        if v.primary
        for m in v.matches
    ):
        return ""  # the authors claim results of such networks too
    return f"it is a {architecture.name or architecture.family}, and the paper's network is a {family}"
