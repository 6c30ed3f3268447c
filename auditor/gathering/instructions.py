"""documents, threads, files -> text that addresses an automated reader: seen, and told; never followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.documents.instructions import in_name, passages
from auditor.facts import Artifact, Evidence, Inspected, Outline, Repository, Source

MAX_ADDRESSED = 60
NOTHING = "0" * 64


def addressed_in(
    outlines: Sequence[Outline], repository: Repository, artifacts: Sequence[Artifact], sources: Sequence[Source]
) -> tuple[Evidence, ...]:
    """Return where the audited texts speak to a program: documents, papers, issues, names of files, metadata of checkpoints."""
    found = [*_documents(outlines), *_threads(repository, sources), *_files(artifacts)]
    return tuple(dict.fromkeys(found))[:MAX_ADDRESSED]


def _documents(outlines: Sequence[Outline]) -> Iterator[Evidence]:
    for outline in outlines:
        document = outline.document
        for passage in passages(document.text, code=document.role in ("config", "script")):
            how = passage.hidden or ("about the audit" if passage.about_audit else "in plain sight")
            yield Evidence(document.source, f"{document.path}#L{passage.line}", passage.quote, document.sha256, f"instructions: {how}")


def _threads(repository: Repository, sources: Sequence[Source]) -> Iterator[Evidence]:
    source = next((s for s in sources if s.kind == "issues"), None)
    if source is None:
        return
    for thread in repository.threads:
        for passage in passages(f"{thread.title}\n\n{thread.body}"):
            how = passage.hidden or ("about the audit" if passage.about_audit else "in plain sight")
            yield Evidence(source.id, f"{thread.url}#L{passage.line}", passage.quote, source.sha256, f"instructions: {how}")


def _files(artifacts: Sequence[Artifact]) -> Iterator[Evidence]:
    for artifact in artifacts:
        if in_name(artifact.name):
            yield Evidence(artifact.source, artifact.url, artifact.name[:300], NOTHING, "instructions: a file's name")
        for item in artifact.contents:
            if not isinstance(item, Inspected):
                continue
            checkpoint = item.checkpoint
            entries = [*checkpoint.training.metadata, ("saved as", checkpoint.saved_as or ""), ("member", checkpoint.member or "")]
            for key, value in entries:
                if passages(value, code=False) or (key in ("saved as", "member") and in_name(value)):
                    place = f"{checkpoint.member}!" if checkpoint.member else ""
                    locator = f"{place}{checkpoint.header_name}!{key}"
                    yield Evidence(artifact.source, locator, f"{key}: {value}"[:300], checkpoint.sha256, "instructions: metadata")
