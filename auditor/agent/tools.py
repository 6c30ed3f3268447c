"""What an agent may do: read. No tool writes, sends, runs code, reads the environment or leaves the addresses that the repository names.

Every tool returns text of bounded length, with what was left out said; a question that cannot be answered is one line that says why.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic_ai import RunContext, Tool

from auditor.agent.proposals import AnyProposal
from auditor.agent.workbench import Workbench
from auditor.errors import AuditError
from auditor.facts import Artifact, Inspected, Table, Unreadable

MOST_CHARACTERS = 12_000  # of one answer
MOST_LINES = 250  # of a document, at one time
MOST_LISTINGS = 20
MOST_INSPECTIONS = 20
MOST_TENSORS = 60

Context = RunContext[Workbench]


def list_documents(ctx: Context) -> str:
    """List the documents, papers and pictures of tables that were read, with their length in lines."""
    rows = []
    for outline in ctx.deps.seen.outlines:
        document = outline.document
        lines = document.text.count("\n") + 1
        rows.append(f"{document.path} ({document.role}): {lines} lines, {len(outline.tables)} tables")
        rows.extend(f"{table.picture} (picture of a table, shown by {document.path})" for table in outline.tables if table.picture)
    return "\n".join(dict.fromkeys(rows)) or "no document could be read"


def read_document(ctx: Context, path: str, first_line: int = 1, last_line: int | None = None) -> str:
    """Read a document, numbered by line; at most 250 lines at a time. Ask for the next lines to read on."""
    outline = ctx.deps.outline(path)
    if outline is None:
        return f"there is no document {path!r}; list_documents has the paths"
    lines = outline.document.text.splitlines()
    first = max(1, first_line)
    last = min(len(lines), last_line or len(lines), first + MOST_LINES - 1)
    shown = "\n".join(f"{number}: {lines[number - 1][:2000]}" for number in range(first, last + 1))
    rest = "" if last >= len(lines) else f"\n[{len(lines) - last} more lines: read on from {last + 1}]"
    return shown + rest if shown else f"{path} has {len(lines)} lines"


def search_text(ctx: Context, words: str) -> str:
    """Find lines of all documents that hold a text, upper and lower case alike."""
    wanted = " ".join(words.lower().split())
    if not wanted:
        return "give the words to look for"
    hits = [
        f"{outline.document.path}:{number}: {line.strip()[:300]}"
        for outline in ctx.deps.seen.outlines
        for number, line in enumerate(outline.document.text.splitlines(), 1)
        if wanted in " ".join(line.lower().split())
    ]
    return "\n".join(hits[:60]) + (f"\n[{len(hits) - 60} more]" if len(hits) > 60 else "") if hits else f"no line holds {words!r}"


def show_picture(ctx: Context, path: str) -> str:
    """Show the cells of a table that was read from a picture, one row a line, with the confidence of the reading."""
    for outline in ctx.deps.seen.outlines:
        for table in outline.tables:
            if table.picture == path:
                return _cells(table)
    return f"no table was read from {path!r}; list_documents has the pictures"


def show_claims(ctx: Context, variant: str | None = None) -> str:
    """Show the claims that the audit knows already, all or those of one variant."""
    claims = [claim for claim in ctx.deps.facts.claims if variant is None or claim.variant.lower() == variant.lower()]
    return "\n".join(
        f"{c.id} {c.variant} | {c.attribute} | {c.printed or c.value} | {c.setting} | {c.rank} | {c.evidence.locator}" for c in claims[:200]
    ) or "no claim is known" + (f" of {variant!r}" if variant else "")


def show_links(ctx: Context) -> str:
    """Show the links of the documents with what the audit takes them for, and the other addresses that stand there."""
    known = {link.url for link in ctx.deps.facts.links}
    rows = [f"{link.url} | {link.purpose} | {link.owner} | {link.label[:80]} | line {link.line}" for link in ctx.deps.facts.links]
    rows += [f"{url} | not classified" for url in sorted(ctx.deps.known_urls - known) if url.startswith(("http://", "https://"))]
    return "\n".join(rows[:200]) or "the documents hold no link"


def list_files(ctx: Context) -> str:
    """List the files that the audit found at the end of the links, and what network each holds."""
    rows = []
    for artifact in ctx.deps.facts.artifacts:
        rows.append(f"{artifact.id} {artifact.name} | {artifact.status.value} | {artifact.size or '?'} bytes | {artifact.detail[:120]}")
        rows.extend(f"   {item.id} {_network(item)}" for item in artifact.contents if isinstance(item, Inspected))
    return "\n".join(rows) or "no file was found"


def list_host(ctx: Context, url: str) -> str:
    """List what stands at an address that the repository names: files of a folder, a release or a model repository."""
    bench = ctx.deps
    if not bench.may_ask(url):
        return "refused: only addresses that stand in the documents, or that a listing showed, are asked; show_links has them"
    if url not in bench.listings:
        if len(bench.listings) >= MOST_LISTINGS:
            return f"refused: {MOST_LISTINGS} listings were asked for already"
        host = next(host for host in bench.hosts if host.accepts(url))
        bench.listings[url] = host.resolve(url, bench.network)
    listing = bench.listings[url]
    bench.known_urls.update(file.url for file in listing.files)
    rows = [f"{file.name} | {file.size if file.size is not None else '?'} bytes | {file.url}" for file in listing.files[:200]]
    return "\n".join([f"{listing.status.value}: {listing.detail}", *rows])


def inspect_checkpoint(ctx: Context, file: str) -> str:
    """Look inside a checkpoint without loading it: the id of a file (a1) or the address of one that a listing showed."""
    bench = ctx.deps
    artifact = next((artifact for artifact in bench.facts.artifacts if artifact.id == file), None) or bench.inspected.get(file)
    if artifact is None:
        if not bench.may_ask(file):
            return "refused: give the id of a file, or an address that the repository or a listing names"
        if len(bench.inspected) >= MOST_INSPECTIONS:
            return f"refused: {MOST_INSPECTIONS} files were opened already"
        from auditor.gathering.artifacts import gather_artifacts
        from auditor.progress import Silent

        gathered = gather_artifacts((), bench.network, bench.hosts, Silent(), given=(file,))
        if not gathered.artifacts:
            return "; ".join(source.detail for source in gathered.sources) or "nothing is there"
        artifact = bench.inspected[file] = replace(gathered.artifacts[0], id="not a file of the audit")
    return _inside(artifact)


def show_issues(ctx: Context) -> str:
    """Show the repository's issues that speak of checkpoints."""
    threads = ctx.deps.facts.repository.threads
    return "\n\n".join(f"#{t.number} [{t.state}] {t.title}\n{t.body[:1500]}" for t in threads[:20]) or "no issue speaks of checkpoints"


def show_findings(ctx: Context) -> str:
    """Show the findings of the audit, with what was expected and observed."""
    from auditor.agent.briefing import findings

    return findings(ctx.deps.report) if ctx.deps.report else "the findings are drawn when you are through"


def propose(ctx: Context, proposals: list[AnyProposal]) -> str:
    """Hand proposals in. Each is verified at once; what is refused comes with the reason."""
    return "\n".join(f"{number}. {ctx.deps.propose(proposal)}" for number, proposal in enumerate(proposals, 1)) or "nothing was proposed"


READING: tuple[Callable[..., str], ...] = (
    list_documents, read_document, search_text, show_picture, show_claims, show_links, list_files, list_host, inspect_checkpoint,
    show_issues, show_findings,
)  # fmt: skip


def tools() -> list[Tool[Workbench]]:
    """Return the tools, each one alone at a time so that a replay meets them in the same order."""
    return [Tool(_bounded(tool), takes_ctx=True, sequential=True, max_retries=3) for tool in (*READING, propose)]


def _bounded(tool: Callable[..., str]) -> Callable[..., Any]:
    """Return a tool that answers in one line where it fails, and never at endless length."""

    @functools.wraps(tool)
    async def asked(*args: Any, **kwargs: Any) -> str:
        try:
            answer = tool(*args, **kwargs)
        except AuditError as error:
            answer = f"not possible: {error}"
        except Exception as error:  # a defect of ours must not end what the model is in the middle of
            answer = f"the tool failed: {type(error).__name__}"
        cut = len(answer) - MOST_CHARACTERS
        return answer if cut <= 0 else f"{answer[:MOST_CHARACTERS]}\n[{cut} more characters: ask for less at a time]"

    return asked


def _cells(table: Table) -> str:
    rows = [" | ".join(cell.text for cell in row) for row in table.rows]
    least = min((cell.confidence for row in table.rows for cell in row if cell.text), default=1.0)
    return "\n".join([f"{len(rows)} rows, {table.header_rows} of them headers; least confidence of a cell {least:.2f}", *rows])


def _network(item: Inspected) -> str:
    found = item.architecture
    return f"{found.name or found.family}: {item.parameters.learnable:,} learnable values"


def _inside(artifact: Artifact) -> str:
    lines = [f"{artifact.id} {artifact.name}: {artifact.status.value} {artifact.detail}".strip()]
    for item in artifact.contents:
        if isinstance(item, Unreadable):
            lines.append(f"unreadable: {item.kind}: {item.reason}")
            continue
        checkpoint, found = item.checkpoint, item.architecture
        lines.append(f"{item.id} {_network(item)}; format {checkpoint.format}; depths {found.depths}, dims {found.dims}")
        lines.extend(f"  {key}: {value}" for key, value in checkpoint.training.metadata[:20])
        lines.extend(f"  {t.name} {list(t.shape)} {t.dtype}" for t in checkpoint.tensors[:MOST_TENSORS])
        if len(checkpoint.tensors) > MOST_TENSORS:
            lines.append(f"  [{len(checkpoint.tensors) - MOST_TENSORS} more tensors]")
    return "\n".join(lines)
