"""Claims of papers: the authors' own rows of their tables, and what the abstract, introduction and conclusion say of their models.

Most rows of a paper's tables are the work of others, and many of the authors' own are experiments that were never released. So a
row counts only where it says that it is theirs (`Ours-M`, the name of the repository or of the paper) and cites nobody; bold print
says nothing. Tables and rows of ablations are left out: a variant that exists only for an ablation is not claimed to be had.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from auditor.claims.headers import lower
from auditor.claims.interface import ClaimContext
from auditor.claims.naming import bears
from auditor.claims.own_words import own_name, own_tokens
from auditor.claims.table_shape import Row, shape_of
from auditor.claims.tables import Columns, cell_claims, columns_of, common_setting, is_matrix, variant_of
from auditor.claims.text import prose_claims
from auditor.claims.vocabulary import CITED, GENERIC, KNOWN_NETWORKS, OURS, Kind
from auditor.facts import Claim, Evidence, Outline, Table

ROLE = "paper"
PAGE = "\f"  # a line of its own between the pages of a PDF
CITE = "[cite]"
COUNTS = (Kind.PARAMS, Kind.GFLOPS)
NUMBERED = re.compile(r"Table ([A-Z]?\.?\d+|[IVXLC]+)\s*[:.]")
ABLATION = re.compile(
    r"ablat|effects? of|impact of|influence of|contributions? of|hyper-?parameter|sensitivity|design choices?|analysis of|study of", re.I
)
EXPERIMENT = re.compile(
    r"(?<![a-z])(?:w/o|w/|without|with|no|only|baseline|replac\w*|remov\w*)(?![a-z])|^\s*[+\-–−]\s|→|\bour (?:baseline|re-?impl)", re.I
)
AGAIN = re.compile(r"re-?impl|reproduc|re-?train|our (?:implementation|run|results?)", re.I)
PROSE = re.compile(r"abstract|introduction|conclusions?|summary", re.I)
MAX_SENTENCE_BLOCK = 3000


class PaperClaims:
    """Reads the claims of a paper: LaTeX source or PDF."""

    name = "paper"

    def accepts(self, outline: Outline) -> bool:
        """Tell whether the document is a paper."""
        return outline.document.role == ROLE

    def extract(self, outline: Outline, context: ClaimContext) -> tuple[Claim, ...]:
        """Return the claims of own rows and sentences, in the order of the paper, with line or page as their place."""
        lines = re.split(r"\r\n?|\n", outline.document.text)
        tokens = paper_tokens(context, outline.title)
        found = [claim for table in outline.tables for claim in table_claims(table, outline, lines, tokens)]
        found += text_claims(outline, lines, tokens, context)
        pages = pages_of(lines)
        return tuple(replace(claim, origin="paper", evidence=placed(claim.evidence, pages)) for claim in found)


def paper_tokens(context: ClaimContext, title: str) -> tuple[str, ...]:
    """Return the words by which the authors' models are known: of the repository, and the name before the colon of the paper's title."""
    name = re.match(r"\s*([A-Za-z][\w+-]{2,24})\s*:", title)
    own = own_tokens(context)
    if name and name[1].lower() not in GENERIC and not KNOWN_NETWORKS.fullmatch(name[1].lower()):
        return tuple(dict.fromkeys((*own, re.escape(name[1].lower()))))
    return own


def table_claims(table: Table, outline: Outline, lines: list[str], tokens: tuple[str, ...]) -> list[Claim]:
    """Return the claims of the authors' own rows of one table."""
    heading = " ".join((table.caption, *table.sections[-1:]))
    shape = shape_of(table)
    if shape is None or not shape.rows or ABLATION.search(heading):
        return []
    columns = columns_of(shape, tokens)
    if columns.variant is None or not columns.claims or is_matrix(shape, columns):
        return []
    own = [row for row in shape.rows if is_own(row, columns, tokens)]
    common = common_setting(table)
    claims = []
    for row in own:
        name = name_of(row, columns, tokens)
        for column in columns.claims:
            if row.headers[column].kind in COUNTS and is_composite(table, row, columns, tokens):
                continue
            claims += cell_claims(table, shape, row, name, column, columns, common, outline, lines)
    number = NUMBERED.match(table.caption)
    seen_by = f"paper reader, Table {number[1]}" if number else "paper reader"
    return [replace(claim, evidence=replace(claim.evidence, seen_by=seen_by)) for claim in claims]


def is_own(row: Row, columns: Columns, tokens: tuple[str, ...]) -> bool:
    """Tell whether a row of a paper is the authors' own model, and no experiment with it."""
    names = " ".join(row.cells[n].text for n in columns.identity)
    texts = [cell.text for n, cell in enumerate(row.cells) if n not in columns.claims]
    if not names.strip() or EXPERIMENT.search(names) or AGAIN.search(names):
        return False
    if any(CITE in text for text in texts) or (CITED.search(names) and not OURS.search(names)):
        return False
    return bool(OURS.search(names) or bears(names, tokens) or OURS.fullmatch(row.group.strip(" :*†")))


def name_of(row: Row, columns: Columns, tokens: tuple[str, ...]) -> str:
    """Return the variant of an own row: from the cell that says whose it is on, since what stands before it is a category."""
    says = [n for n in columns.identity if OURS.search(row.cells[n].text) or bears(row.cells[n].text, tokens)]
    identity = tuple(n for n in columns.identity if not says or n >= says[0])
    name = variant_of(row, replace(columns, identity=identity)).replace(CITE, " ")
    return " ".join(re.sub(r"(?i)(?<=\S)\s*\(ours?\)", "", name).split())


def is_composite(table: Table, row: Row, columns: Columns, tokens: tuple[str, ...]) -> bool:
    """Tell whether a row's counts are of a larger network that the own one is a part of: `RetinaNet` over the columns or beside it."""
    texts = [cell.text for header in table.rows[: table.header_rows] for cell in header]
    texts += [cell.text for n, cell in enumerate(row.cells) if n not in columns.claims and n not in columns.identity]
    return any(KNOWN_NETWORKS.search(lower(text)) and not bears(text, tokens) for text in texts)


def settled(claims: Iterable[Claim]) -> list[Claim]:
    """Return claims without those counts of a paper that another, earlier table of the same paper gives otherwise for the variant.

    A paper tells a network's parameters again inside larger networks (with a detector's head); the first table is of the network itself.
    """
    claims = list(claims)
    first: dict[tuple[str, ...], tuple[int, set[str]]] = {}
    for claim in claims:
        if claim.origin == "paper" and claim.attribute in (Kind.PARAMS.value, Kind.GFLOPS.value):
            key, table = (claim.evidence.source, claim.variant.lower(), claim.attribute), table_number(claim)
            known = first.get(key)
            if known is None or table < known[0]:
                first[key] = (table, {claim.printed})
            elif table == known[0]:
                known[1].add(claim.printed)
    return [
        claim
        for claim in claims
        if (key := (claim.evidence.source, claim.variant.lower(), claim.attribute)) not in first
        or claim.origin != "paper"
        or table_number(claim) == first[key][0]
        or claim.printed in first[key][1]
    ]


def table_number(claim: Claim) -> int:
    """Return the number of the table that a paper's claim stands in; a high one where it stands in none."""
    match = re.search(r"Table (\d{1,4})$", claim.evidence.seen_by)
    return int(match[1]) if match else 10_000


def text_claims(outline: Outline, lines: list[str], tokens: tuple[str, ...], context: ClaimContext) -> list[Claim]:
    """Return what the sentences of abstract, introduction and conclusion state of the authors' own models."""
    if not tokens:
        return []
    alone = own_name(context, outline.title)
    claims: list[Claim] = []
    for block in outline.blocks:
        if len(block.text) <= MAX_SENTENCE_BLOCK and block.sections and PROSE.search(block.sections[0]):
            claims += prose_claims(replace(block, text=uncited(block.text)), [], lines, outline, tokens, alone)
    return [claim for claim in claims if bears(claim.variant, tokens)]


def uncited(text: str) -> str:
    """Return a text without the sentences that cite somebody."""
    return " ".join(sentence for sentence in re.split(r"(?<=[.!?;])\s+", text) if CITE not in sentence)


def pages_of(lines: list[str]) -> list[int]:
    """Return the page of each line of a PDF's text, from 1; an empty list for a text without pages."""
    if PAGE not in lines:
        return []
    pages, page = [], 1
    for line in lines:
        page += line == PAGE
        pages.append(page)
    return pages


def placed(evidence: Evidence, pages: list[int]) -> Evidence:
    """Return the evidence with page and table as its place, where the document has pages: `paper.pdf#page=5&table=3`."""
    path, _, line = evidence.locator.rpartition("#L")
    if not pages or not line.isdigit():
        return evidence
    table = re.search(r"Table (\S+)$", evidence.seen_by)
    return replace(evidence, locator=f"{path}#page={pages[int(line) - 1]}" + (f"&table={table[1]}" if table else ""))
