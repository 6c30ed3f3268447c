"""Drafting the one issue that an audit may lead to. Pure: nothing is sent, nothing is looked up.

Only the three verdicts that accuse lead to a draft, and only claims of the authors are quoted. The text asks, and leaves room for
an innocent explanation: files that are not uploaded yet, weights that are shared on purpose, another way of counting.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from auditor.escaping import Trusted, block, clip, code, environment, link, printable
from auditor.facts import Artifact, Claim, Inspected, Status, Tensor, Thread
from auditor.findings import AuditReport, IssueDraft, VariantVerdict, Verdict
from auditor.issues.fingerprint import comment
from auditor.issues.fingerprint import fingerprint as fingerprint_of
from auditor.telling.by_hand import check_checkpoint, check_listing, decisive_tensors
from auditor.telling.figures import count_text, day_text, shape_text, size_text
from auditor.telling.lookup import Lookup

LONGEST_BODY = 6000  # bytes: a prefilled address in a browser must stay below eight thousand
LONGEST_TITLE = 120
TENSORS_SHOWN = 3
CLAIMS_QUOTED = 4
TOKEN_HOSTS = ("github", "hugging")  # the hosts to which a token of the environment may go

_ORDER = {"params": 0, "gflops": 1}
_NAMES = {"params": "parameters", "gflops": "GFLOPs", "first_layer": "first layer", "head_depth": "head depth"}

Similar = Callable[[IssueDraft, tuple[Thread, ...]], tuple[tuple[int, str, str], ...]]
Pair = tuple[Artifact, Inspected]


@dataclass(frozen=True, slots=True)
class Quote:
    """A claim of the authors as the issue quotes it."""

    variant: Trusted
    words: str
    reads: tuple[tuple[Trusted, Trusted], ...]  # the row or line as it stands there, and where


@dataclass(frozen=True, slots=True)
class File:
    """A file as the issue names it."""

    name: Trusted
    size: str
    sha256: Trusted
    learnable: str
    total: str
    network: str


@dataclass(frozen=True, slots=True)
class TensorRow:
    """One decisive tensor in the files side by side."""

    name: Trusted
    shapes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IssueView:
    """Everything that the issue's template shows."""

    repository: Trusted
    commit: Trusted
    day: str
    signed_out: bool  # certainly: no host of the files was one that gets a token
    version: str
    mislabelled: tuple[Trusted, ...]
    missing: tuple[Trusted, ...]
    quotes: tuple[Quote, ...]
    quotes_more: int
    files: tuple[File, ...]
    files_more: int
    listings: tuple[Trusted, ...]
    searched: bool  # the rest of the repository's text was searched for addresses too
    columns: tuple[Trusted, ...]
    tensors: tuple[TensorRow, ...]
    script: Trusted
    expected: tuple[Trusted, ...]
    unseen: tuple[Trusted, ...]
    mark: Trusted  # the hidden comment


def draft(report: AuditReport, similar: Similar | None = None) -> IssueDraft | None:
    """Return the issue that asks the authors, or None where nothing is missing, mislabelled or contradicted.

    Nor is anything drafted from an audit that was made offline, whose facts may be out of date.

    `similar` returns number, title and address of the repository's threads that resemble a draft.
    """
    lookup = Lookup(report)
    accused = tuple(v for v in report.variants if v.verdict.accuses and any(c.rank == "primary" for c in lookup.claims(v)))
    if not accused or report.facts.source("cache") is not None:  # nobody is asked about what was not looked at just now
        return None
    fingerprint = _fingerprint(lookup, accused)
    body = _body(lookup, accused, fingerprint)
    made = IssueDraft(_title(lookup, accused), body, tuple(v.name for v in accused), fingerprint=fingerprint)
    return made if similar is None else replace(made, duplicates=similar(made, report.facts.repository.threads))


def _body(lookup: Lookup, accused: tuple[VariantVerdict, ...], fingerprint: str) -> str:
    """Return the text, with less in it the longer the strangers' words are."""
    template = environment().get_template("issue.md.j2")
    for most, longest in ((6, 100), (4, 60), (2, 40), (1, 24)):
        body = _tidy(template.render(view=_view(lookup, accused, fingerprint, most, longest)))
        if len(body.encode()) <= LONGEST_BODY:
            return body
    least = _view(lookup, accused, fingerprint, 1, 24)
    bare = replace(least, files=(), columns=(), tensors=(), script=Trusted(""), expected=(), unseen=())
    return _tidy(template.render(view=bare))


def _tidy(body: str) -> str:
    """Return the text without empty lines in a row."""
    return re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"


def _title(lookup: Lookup, accused: tuple[VariantVerdict, ...]) -> str:
    """Return one line that states file and fact; of several kinds of defects, the gravest."""
    labels = [v for v in accused if v.verdict is not Verdict.MISSING]
    if not labels:
        count = sum(1 for artifact in lookup.report.facts.artifacts if artifact.owner == "own")
        what = f"The linked place holds {count_text(count)} files" if count != 1 else "The linked place holds one file"
        return clip(f"{what}, and I found none for {_either([v.name for v in accused])}", LONGEST_TITLE)
    first = labels[0]
    twin = first.is_like
    alike = [v for v in labels if v.is_like == twin] if twin else [first]  # one fact for each title
    files = list(dict.fromkeys(clip(a.name.rpartition("/")[2], 40) for v in alike for a, _ in _wrong(lookup, v)))
    if twin and len(files) > 1:
        return clip(f"{_all(files)} hold the same network as {code(clip(twin, 40))}", LONGEST_TITLE)
    item = _wrong(lookup, first)[0][1] if _wrong(lookup, first) else None
    wrong = [c for c in first.comparisons if c.agrees is False and c.rank == "primary" and (item is None or c.checkpoint == item.id)]
    said = next((c.claimed for c in sorted(wrong, key=lambda c: _ORDER.get(c.attribute, len(_ORDER)))), "")
    held = f"{count_text(item.parameters.learnable)} parameters" if item else "another network"
    same = f" (as in {code(clip(twin, 40))})" if twin else ""
    claim = f", {clip(said, 30)} in the documents" if said else ""
    return clip(f"{_all(files) or code(clip(first.name, 40))}: {held} in the file{same}{claim}", LONGEST_TITLE)


def _view(lookup: Lookup, accused: tuple[VariantVerdict, ...], fingerprint: str, most: int, longest: int) -> IssueView:
    """Return what the template shows: at most `most` entries of each kind, names of at most `longest` characters."""
    report, repository = lookup.report, lookup.repository
    labels = tuple(v for v in accused if v.verdict is not Verdict.MISSING)
    missing = tuple(v for v in accused if v.verdict is Verdict.MISSING)
    files = _files(lookup, labels, bool(missing))
    columns = _columns(lookup, labels)
    script, expected = _by_hand(lookup, columns, bool(missing))
    listings = [s for s in report.facts.sources if s.kind == "listing" and s.status is Status.OK] if missing else []
    unseen = [s for s in report.facts.sources if s.status is not Status.OK]
    return IssueView(
        repository=code(clip(repository.full_name, longest)),
        commit=code(printable(repository.commit)[:12]),
        day=day_text(report.facts.started_at),
        signed_out=not any(artifact.host.startswith(TOKEN_HOSTS) for artifact in report.facts.artifacts),
        version=clip(report.facts.tool_version, 20),
        mislabelled=tuple(code(clip(v.name, longest)) for v in labels[:most]),
        missing=tuple(code(clip(v.name, longest)) for v in missing[:most]),
        quotes=tuple(_quote(lookup, v, longest) for v in accused[:most]),
        quotes_more=max(0, len(accused) - most),
        files=tuple(_file(lookup, pair, longest) for pair in files[:most]),
        files_more=max(0, len(files) - most),
        listings=tuple(link(code(clip(s.url or s.id, longest)), s.url) for s in listings[:most]),
        searched=any(s.kind == "code" and s.status is Status.OK for s in report.facts.sources),
        columns=tuple(code(clip(artifact.name, min(longest, 40))) for artifact, _ in columns),
        tensors=_tensor_rows(columns, longest),
        script=script if len(script.encode()) <= 1500 else Trusted(""),
        expected=expected if len(script.encode()) <= 1500 else (),
        unseen=tuple(code(clip(s.url or s.id, longest)) for s in unseen[: min(most, 4)]),
        mark=Trusted(comment(fingerprint)),
    )


def _quote(lookup: Lookup, variant: VariantVerdict, longest: int) -> Quote:
    """Return what the authors say of a variant: what was held against the file, else parameters and results."""
    primary = [claim for claim in lookup.claims(variant) if claim.rank == "primary"]
    accused = set(variant.accused) or {c.checkpoint for c in variant.comparisons}
    denied = {c.claim for c in variant.comparisons if c.agrees is False and c.checkpoint in accused}
    ordered = sorted(primary, key=lambda claim: (claim.id not in denied, _ORDER.get(claim.attribute, len(_ORDER))))
    order = list({(c.attribute, c.printed): c for c in reversed(ordered)}.values())[::-1][:CLAIMS_QUOTED]
    words = "; ".join(_said(claim) for claim in order)
    reads = tuple(dict.fromkeys((code(clip(c.row or c.evidence.quote, longest), in_table=False), _place(lookup, c)) for c in order))
    return Quote(code(clip(variant.name, longest)), clip(words, 3 * longest), reads[:2])


def _place(lookup: Lookup, claim: Claim) -> Trusted:
    """Return a link to where a claim stands; for a picture without the region, so that one picture is named once."""
    path, region, _ = claim.evidence.locator.partition("#xywh=")
    return lookup.place(replace(claim.evidence, locator=path) if region else claim.evidence)


def _said(claim: Claim) -> str:
    """Return a claim as it is printed: "parameters 7.59M", "MPJPE 51.05 mm (protocol 2)"."""
    value = claim.printed or (", ".join(map(str, claim.value)) if isinstance(claim.value, (list, tuple)) else str(claim.value))
    setting = f" ({clip(claim.setting, 50)})" if claim.setting and claim.attribute not in _NAMES else ""
    return f"{_NAMES.get(claim.attribute, clip(claim.attribute, 30))} {clip(value, 40)}{setting}"


def _wrong(lookup: Lookup, variant: VariantVerdict) -> tuple[Pair, ...]:
    """Return the files of a variant that disagree with the authors' claims."""
    ids = set(variant.accused) or {c.checkpoint for c in variant.comparisons if c.agrees is False and c.rank == "primary"}
    pairs = lookup.checkpoints(variant.checkpoints)
    return tuple(pair for pair in pairs if pair[1].id in ids) or pairs


def _files(lookup: Lookup, labels: tuple[VariantVerdict, ...], missing: bool) -> tuple[Pair, ...]:
    """Return the files that the issue names: those in question, and all that are there where something is missing."""
    named = [pair for variant in labels for pair in _wrong(lookup, variant)]
    there = [pair for pair in lookup.report.facts.inspected() if pair[0].owner == "own"] if missing else []
    return tuple({pair[1].id: pair for pair in [*named, *there]}.values())


def _columns(lookup: Lookup, labels: tuple[VariantVerdict, ...]) -> tuple[Pair, ...]:
    """Return the files whose tensors are shown side by side: those in question, and a twin or sibling of the first."""
    named = [pair for variant in labels for pair in _wrong(lookup, variant)][:2]
    if not named:
        return ()
    first, shown = named[0][1], {item.id for _, item in named}
    others = [pair for pair in lookup.report.facts.inspected() if pair[1].id not in shown and pair[0].owner == "own"]
    twins = [pair for pair in others if pair[1].fingerprint and pair[1].fingerprint == first.fingerprint]
    family = [pair for pair in others if pair[1].architecture.family == first.architecture.family]
    return (*named, *(twins or family)[:1])


def _tensor_rows(columns: tuple[Pair, ...], longest: int) -> tuple[TensorRow, ...]:
    """Return at most three decisive tensors of the first file, with the shapes that the others have under the same names."""
    if not columns:
        return ()
    shapes = [{tensor.name: tensor.shape for tensor in item.checkpoint.tensors} for _, item in columns]
    return tuple(_tensor_row(tensor, shapes, longest) for tensor in decisive_tensors(columns[0][1], TENSORS_SHOWN))


def _tensor_row(tensor: Tensor, shapes: list[dict[str, tuple[int, ...]]], longest: int) -> TensorRow:
    """Return one tensor's row."""
    found = tuple(shape_text(held[tensor.name]) if tensor.name in held else "–" for held in shapes)
    return TensorRow(code(clip(tensor.name, longest)), found)


def _file(lookup: Lookup, pair: Pair, longest: int) -> File:
    """Return one file as it is named."""
    artifact, item = pair
    name = code(clip(artifact.name + (f" > {item.checkpoint.member}" if item.checkpoint.member else ""), longest))
    return File(
        link(name, artifact.url) if artifact.url.startswith(("http://", "https://")) else name,
        size_text(artifact.size),
        code(item.checkpoint.sha256[:16]),
        count_text(item.parameters.learnable),
        count_text(item.parameters.total),
        clip(item.architecture.name or item.architecture.family, 40),
    )


def _by_hand(lookup: Lookup, columns: tuple[Pair, ...], missing: bool) -> tuple[Trusted, tuple[Trusted, ...]]:
    """Return one script of at most ten lines that shows the decisive fact, and what it prints."""
    if columns:
        check = check_checkpoint(*columns[0], decisive_tensors(columns[0][1], TENSORS_SHOWN))
    else:
        listing = next((s for s in lookup.report.facts.sources if s.kind == "listing"), None) if missing else None
        if listing is None:
            return Trusted(""), ()
        check = check_listing(listing)
    if not check.script:
        return Trusted(""), ()
    return block(check.script, "sh"), tuple(code(clip(line, 160), in_table=False) for line in check.expected if line)


def _fingerprint(lookup: Lookup, accused: tuple[VariantVerdict, ...]) -> str:
    """Return what tells a second run that this was asked before: repository, variants and their files, in no order."""
    files = [artifact.name for variant in accused for artifact, _ in lookup.checkpoints(variant.checkpoints)]
    return fingerprint_of(lookup.repository.full_name, [variant.name for variant in accused], files)


def _all(names: list[str]) -> str:
    """Return names as code, joined by "and"."""
    return " and ".join(code(name) for name in names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _either(names: list[str]) -> str:
    """Return names as code, joined by "or"."""
    shown = [code(clip(printable(name), 40)) for name in names[:3]]
    return " or ".join(shown) + (f" or {len(names) - 3} more" if len(names) > 3 else "")
