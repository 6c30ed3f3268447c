"""Claims of tables, whether they are Markdown, HTML, reStructuredText or a recognized picture."""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.claims.headers import Header, is_metric, is_timed, lower, setting_of
from auditor.claims.interface import ClaimContext
from auditor.claims.naming import RowName, bears, own_rows
from auditor.claims.numbers import Reading, is_blank, plain, readings, split_parts
from auditor.claims.own_words import UNNAMED, own_name, own_tokens
from auditor.claims.row_names import clean_name, name_above, with_names_above, with_sizes
from auditor.claims.table_shape import CLAIMED, Row, Shape, continued, shape_of
from auditor.claims.units import unit_of
from auditor.claims.vocabulary import ELSEWHERE, KNOWN_NETWORKS, OURS, RESOURCES, THEIRS, Kind
from auditor.facts import Cell, Claim, Evidence, Outline, Table

LINK_WORDS = re.compile(
    r"(?i)^(?:model|link|download|here|github|url|ckpt|checkpoint|weights?|log|config"
    r"|coming soon|[-–—/|& ]|google drive|onedrive|baidu(?: ?yun)?)+$"
)
IDENTIFYING = re.compile(
    r"(?i)train(?:ed|ing)?(?: (?:data)?sets?| data| on)?|styles?|types?|versions?|init\w*|pre-?train\w*|teacher|modality|settings?"
)
FILLER = re.compile(
    r"(?i)^(?:\d{1,2}(?:\.\d{1,2})*[.):]\s+|\d{1,2}(?:\.\d{1,2})+\s+(?=\D))?(?:main |experimental |quantitative )?"
    r"(?:(?:results?|performances?|evaluations?|benchmarks?|comparisons?)(?:\s+(?:and|&)\s+(?:pre-?trained\s+)?(?:models?|weights|check-?points?))?(?!\w))?"
    r"\s*(?:(?:on|of|for|with)\s+)?(?:the\s)?"
)
ANSWER = re.compile(r"(?i)[✓✔√☑✅]+|yes|no")  # beside a name it says what there is of a model, not how it is called
DURATION = re.compile(
    r"(?i)(?:~?\d+(?:\.\d+)?\s*(?:d|h|m|s|days?|hours?|hrs?|min(?:utes)?s?|sec(?:onds)?)\b\s*)+|[\d.]+\s?[-–]\s?[\d.]+|\d+\s?[x×]\s?\d+|x\d+|\d+x"
)
PAPER = re.compile(r"(?i)arxiv\.org/|openreview\.net/|thecvf\.com/|aclanthology|doi\.org/|\.pdf$")
OVERALL = re.compile(r"avg\.?|average|mean|total|all|overall|平均|平均分")
YES_OR_NO = re.compile(r"(?i)[✓✗✔✘×√☑☒xy n-]?|yes|no|true|false|w/|w/o|with|without|:[a-z_]+:")
ONLY_OURS = re.compile(
    r"(?i)\(?(?:ours|(?:our|the proposed|proposed)(?: method| model| approach| network)?|this (?:work|paper|repo(?:sitory)?))\)?"
)
NUMBERS = re.compile(r"\s*\[\s*\d+(?:\s*,\s*\d+)+\s*\]\s*")  # kernels and depths, which are no citations
MAX_SETTING = 240
MAX_QUOTE = 400


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a table name the variant, tell its setting and hold claims."""

    variant: int | None
    identity: tuple[int, ...]  # that name the variant together, `variant` among them
    settings: tuple[int, ...]
    claims: tuple[int, ...]


class TableClaims:
    """Reads the claims of every table of a document."""

    name = "tables"

    def accepts(self, outline: Outline) -> bool:
        """Tell whether the document has tables."""
        return bool(outline.tables) and outline.document.role != "paper"

    def extract(self, outline: Outline, context: ClaimContext) -> tuple[Claim, ...]:
        """Return the claims of the authors' own rows, in the order of the document."""
        lines = re.split(r"\r\n?|\n", outline.document.text)
        tables = continued(outline.tables, own_tokens(context, outline.title))
        return tuple(claim for table in tables for claim in claims_of(table, outline, lines, context))


def claims_of(table: Table, outline: Outline, lines: list[str], context: ClaimContext) -> list[Claim]:
    """Return the claims of one table."""
    tokens = own_tokens(context, outline.title)
    shape = shape_of(table, tokens)
    if shape is None or not shape.rows:
        return []
    columns = columns_of(shape, tokens)
    if columns.variant is not None and (whole := with_names_above(shape, columns.variant)) is not shape:
        shape = whole
        columns = columns_of(shape, tokens)
    if not columns.claims or is_matrix(shape, columns) or tells_sentences(shape, columns):
        return []
    alone = (name_above(table, outline) if columns.variant is None else "") or own_name(context, outline.title)
    names = [variant_of(row, columns) or alone for row in shape.rows]
    if columns.variant is None and columns.settings[:1] == (0,) and IDENTIFYING.fullmatch(lower(shape.headers[0].attribute)):
        names = [" ".join(part for part in (alone, clean_name(row.cells[0].text)) if part != UNNAMED)[:160] for row in shape.rows]
    elif columns.settings and set(names) == {UNNAMED}:  # of a nameless model that was trained on several sets, the set tells which
        names = [clean_name(row.cells[columns.settings[0]].text)[:160] or UNNAMED for row in shape.rows]
    if columns.settings and columns.variant is None and len(set(names)) == 1:
        names = with_sizes(names, [clean_name(row.cells[columns.settings[0]].text) for row in shape.rows])
    heading = " ".join((table.caption, *table.sections[-1:]))
    names = [called(name, context, outline.title) for name in names]
    marks = tuple(row_name(row, name, columns) for row, name in zip(shape.rows, names, strict=True))
    own = own_rows(marks, tokens, heading, context.offered, context.full_name.partition("/")[0])
    common = common_setting(table)
    claims = []
    for number, (row, name) in enumerate(zip(shape.rows, names, strict=True)):
        if number in own:
            for column in columns.claims:
                claims.extend(cell_claims(table, shape, row, name, column, columns, common, outline, lines))
    return claims


def columns_of(shape: Shape, tokens: tuple[str, ...]) -> Columns:
    """Return what each column is for."""
    claims = tuple(n for n, header in enumerate(shape.headers) if is_claim_column(n, header, shape))
    telling = [n for n in claims if shape.headers[n].kind in CLAIMED and not RESOURCES.search(shape.headers[n].attribute.lower())]
    if not telling and not shape.metrics and not is_scores(shape):
        return Columns(None, (), (), ())
    rest = [n for n in range(len(shape.headers)) if n not in claims]
    variant = variant_column(rest, shape)
    settings = tuple(n for n in rest if n != variant and is_setting(n, shape))
    if variant is None:
        return Columns(None, (), settings, claims)
    identity = identity_columns(variant, [n for n in rest if n not in settings], shape, tokens)
    return Columns(variant, identity, settings, claims)


def is_scores(shape: Shape) -> bool:
    """Tell whether models stand beside data sets or splits with numbers, so that scores need no name: `Model`, `Seen`, `Unseen`.

    Over the models' names themselves, a metric is of the whole table: `Performance on X`, `Cars`, `Cyclists`.
    """
    kinds = [header.kind for header in shape.headers]
    if kinds[0] is Kind.METRIC and is_textual(0, shape):
        return True
    unnamed = shape.scored and not any(kind in CLAIMED or kind is Kind.DATASET for kind in kinds) and Kind.VARIANT in kinds
    sets = [n for n, kind in enumerate(kinds) if kind is Kind.DATASET or (unnamed and kind is Kind.UNKNOWN and not is_textual(n, shape))]
    cells = [row.cells[n].text for n in sets for row in shape.rows if not is_blank(row.cells[n].text)]
    exact = sum(any(some.decimals or some.unit == "%" for some in readings(text)) for text in cells)
    named = Kind.VARIANT in kinds or (shape.scored and is_textual(0, shape) and IDENTIFYING.fullmatch(lower(shape.headers[0].attribute)))
    enough = 2 * exact > len(cells) if len(sets) > 1 else exact == len(cells) > 1  # one set alone must be scores throughout
    return bool(named) and enough


def is_matrix(shape: Shape, columns: Columns) -> bool:
    """Tell whether headers name models beside their metrics (`IoU` over `ONet`): then the rows are categories, and no variants."""
    metrics = [shape.headers[n].attribute.lower() for n in columns.claims if shape.headers[n].kind is Kind.METRIC]
    return len(metrics) > 2 and 3 * sum(bool(KNOWN_NETWORKS.search(text)) for text in metrics) >= len(metrics)


def tells_sentences(shape: Shape, columns: Columns) -> bool:
    """Tell whether rows are called by sentences: then they are examples with their scores, and no models."""
    texts = [row.cells[columns.variant].text.strip() for row in shape.rows] if columns.variant is not None else []
    whole = [text for text in texts if re.search(r"[。！？]$", text) or (re.search(r"[.!?]$", text) and len(text.split()) > 4)]
    return bool(texts) and 2 * len(whole) > len(texts)


def is_claim_column(number: int, header: Header, shape: Shape) -> bool:
    """Tell whether a column holds claims: by its header, else by its numbers in a table of results."""
    if header.kind in (Kind.VARIANT, Kind.BACKBONE, Kind.SETTING, Kind.IGNORED) or is_of_others(header, shape):
        return False
    texts = [row.cells[number].text for row in shape.rows if not is_blank(row.cells[number].text)]
    found = [some for some in map(readings, texts) if some]
    if not found:
        return False
    if header.kind in CLAIMED:
        return 2 * len(found) >= len(texts)  # `Runtime` over `A100`, `4090` names devices
    if header.kind is Kind.SIZE:
        return header.unit is not None or any(r.unit and re.fullmatch(r"[KMGkmg]i?[Bb]|[KMGB]", r.unit) for some in found for r in some)
    if 2 * len(found) <= len(texts) or not (shape.metrics or any(h.kind in CLAIMED for h in shape.headers) or is_scores(shape)):
        return False
    tiny = all(0 < abs(r.value) < 0.005 for some in found for r in some)  # learning rates
    if tiny:
        return False
    timed = len(shape.metrics) == 1 and is_timed(shape.metrics[0])  # in milliseconds there need be no decimals
    return header.kind is Kind.DATASET or timed or 2 * sum(any(r.decimals or r.unit == "%" for r in some) for some in found) >= len(found)


def is_of_others(header: Header, shape: Shape) -> bool:
    """Tell whether a column repeats what others get, beside one of ours: `mAP (official code)`; `AP (paper)` beside `AP (ours)`."""
    said = lower(header.attribute)
    metrics = [lower(other.attribute) for other in shape.headers if other.kind is Kind.METRIC]
    if THEIRS.search(said) and not OURS.search(said) and any(map(OURS.search, metrics)):
        return True
    return bool(ELSEWHERE.search(said)) and any(not ELSEWHERE.search(other) and other.split()[0] == said.split()[0] for other in metrics)


def variant_column(rest: list[int], shape: Shape) -> int | None:
    """Return the column that names the models: by its header, else the first one of texts that no header calls a setting."""
    textual = [n for n in rest if is_textual(n, shape) and not (shape.headers[n].kind is Kind.UNKNOWN and is_marks(n, shape))]
    for kinds in ((Kind.VARIANT,), (Kind.UNKNOWN,), (Kind.BACKBONE,), (Kind.DATASET,), (Kind.IGNORED,)):
        found = [n for n in textual if shape.headers[n].kind in kinds]
        if found and (kinds != (Kind.IGNORED,) or found[0] == 0):
            return found[0]
    return 0 if textual[:1] == [0] and shape.headers[0].kind is Kind.METRIC else None  # `Performance on X` over the names


def is_setting(number: int, shape: Shape) -> bool:
    """Tell whether a column tells settings: by its header; a `size` that holds words (`XS`, `M`) is part of the name instead."""
    kind = shape.headers[number].kind
    marks = is_marks(number, shape)
    return kind is Kind.SETTING or (kind is Kind.SIZE and not is_textual(number, shape)) or (kind is Kind.UNKNOWN and marks)


def is_marks(number: int, shape: Shape) -> bool:
    """Tell whether all cells of a column say yes or no."""
    return all(YES_OR_NO.fullmatch(row.cells[number].text.strip()) for row in shape.rows)


def is_textual(number: int, shape: Shape) -> bool:
    """Tell whether most cells of a column are words, and not only `model` or `link`."""
    texts = [plain(row.cells[number].text) for row in shape.rows if row.cells[number].text.strip()]
    if says_only_link(number, shape):
        return False
    named = [text for text in texts if not readings(text) and not LINK_WORDS.match(text[:100]) and not DURATION.fullmatch(text[:40])]
    return bool(texts) and 2 * len(named) > len(texts)


def identity_columns(variant: int, rest: list[int], shape: Shape, tokens: tuple[str, ...]) -> tuple[int, ...]:
    """Return the columns whose cells name a variant together: more than one where names repeat, or stand beside the own name."""
    others = [
        n
        for n in rest
        if n != variant
        and shape.headers[n].kind in (Kind.BACKBONE, Kind.UNKNOWN, Kind.VARIANT, Kind.SIZE)
        and (is_textual(n, shape) or varies(n, shape))
    ]
    names = [row.cells[variant].text for row in shape.rows]
    repeated = len(set(names)) < len(names)
    beside = [n for n in others if any(bears(row.cells[n].text, tokens) for row in shape.rows)]
    if beside and not any(bears(name, tokens) for name in names):
        return tuple(sorted({variant, *(others if repeated else beside)}))
    return tuple(sorted({variant, *others})) if repeated else (variant,)


def says_only_link(number: int, shape: Shape) -> bool:
    """Tell whether links of a column lead to different places under one word (`script`, `args`): that names no model.

    Under `Model`, a name that is one (`XL/2`) stays one: its rows differ in their setting.
    """
    linked = [row.cells[number] for row in shape.rows if row.cells[number].links]
    places = {cell.links for cell in linked}
    if shape.headers[number].kind is Kind.VARIANT and any(re.search("[A-Z0-9]", c.text) and not LINK_WORDS.match(c.text) for c in linked):
        return False
    rest = [row.cells[number].text for row in shape.rows if not row.cells[number].links]
    return len(places) > 1 and len({cell.text for cell in linked}) == 1 and all(map(is_blank, rest))


def varies(number: int, shape: Shape) -> bool:
    """Tell whether the cells of a column differ and are numbers or words, not links."""
    texts = {row.cells[number].text for row in shape.rows}
    return len(texts) > 1 and not says_only_link(number, shape) and not all(LINK_WORDS.match(text) for text in texts if text)


def variant_of(row: Row, columns: Columns) -> str:
    """Return the variant of a row as printed, cleaned of markup."""
    parts = [clean_name(row.cells[n].text) for n in columns.identity]
    named = [part for part in parts if not is_blank(part) and not ANSWER.fullmatch(part)] if len(parts) > 1 else parts
    return " ".join(dict.fromkeys(part for part in named if part and not re.fullmatch(r"[-–—]+", part)))[:160]


def called(name: str, context: ClaimContext, title: str) -> str:
    """Return a name that says no more than `Ours` with the repository's own one before it: the row is of what the repository presents."""
    own = own_name(context, title) if ONLY_OURS.fullmatch(name.strip(" *†‡.:")) else UNNAMED
    return name if own == UNNAMED else f"{own} ({name})"


def row_name(row: Row, name: str, columns: Columns) -> RowName:
    """Return what decides whose a row is."""
    bold = columns.variant is not None and row.cells[columns.variant].emphasized
    raw = " ".join(row.cells[n].text for n in columns.identity if not NUMBERS.fullmatch(row.cells[n].text)) or name
    of_paper = any(PAPER.search(link) for n in columns.identity for link in row.cells[n].links)
    return RowName(raw, bold, tuple(link for cell in row.cells for link in cell.links), of_paper)


def common_setting(table: Table) -> str:
    """Return what the heading and the caption say of all values of a table."""
    heading = plain(table.sections[-1]) if len(table.sections) > 1 or table.origin == "picture" else ""
    short = FILLER.sub("", heading).strip() if len(heading) <= 100 else setting_of(heading)
    return combined(short if short else setting_of(heading), setting_of(table.caption))


def combined(*parts: str) -> str:
    """Return the parts of a setting, divided by semicolons, without those that are said already."""
    kept: list[str] = []
    for part in parts:
        part = part.strip(" ;:.")
        said = " ".join(kept).lower()
        fresh = " ".join(word for word in part.split() if word.lower() not in said) if kept else part
        if part and fresh and part.lower() not in said:
            kept.append(part if len(fresh.split()) > 1 or len(part.split()) == 1 else fresh)
    return "; ".join(kept)[:MAX_SETTING]


def cell_claims(
    table: Table, shape: Shape, row: Row, name: str, column: int, columns: Columns, common: str, outline: Outline, lines: list[str]
) -> list[Claim]:
    """Return the claims of one cell."""
    cell, header = row.cells[column], row.headers[column]
    found = readings(cell.text)
    if header.kind in (Kind.PARAMS, Kind.GFLOPS, Kind.SIZE):  # of a file there may be several: `1.8MB (FP16) | 980KB (INT8)`
        found = tuple(r for r in found if not r.inner and (r.part == 0 or (header.kind is Kind.SIZE and r.unit)))
    evidence = evidence_of(table, row, cell, outline, lines) if found else None
    if evidence is None:
        return []
    parts = len(split_parts(plain(cell.text)))  # of `92.3/-`, too, the first number has the first metric
    local = [setting_text(row.headers[n], row.cells[n].text) for n in columns.settings if n not in columns.identity]
    claims: list[Claim] = []
    for some in found:
        attribute = attribute_of(some, parts, header, shape)
        told = is_metric(some.note.lower()) or header.kind in (*CLAIMED, Kind.SIZE) or LINK_WORDS.match(some.note)
        if not attribute or (some.note and not told):
            continue
        same = any(other.attribute == attribute and other.value == some.value for other in claims)
        beside = "in parentheses" if some.inner else f"value {some.part + 1} of the cell" if same else ""  # of `8.6/8.6` each is one
        part = header.attribute if said_elsewhere(header, shape, parts) else header.setting
        which = some.note if header.kind is Kind.SIZE else ""
        setting = combined(part, *local, which, plain(row.group), common, beside)
        claims.append(
            Claim(
                id="",
                variant=name,
                attribute=attribute,
                value=some.value,
                unit=unit_of(some, header, attribute, table),
                setting=setting,
                rank="primary",
                origin="picture" if table.origin == "picture" else "table",
                evidence=evidence,
                printed=some.printed,
                confidence=confidence_of(row, cell, columns),
                row=" | ".join(c.text for c in row.cells)[:300],
                table=table.picture or f"{outline.document.path}#L{table.line}",
            )
        )
    return claims


def attribute_of(some: Reading, parts: int, header: Header, shape: Shape) -> str:
    """Return the attribute of a number: the word beside it, its share of a header or caption with slashes, or the header."""
    if some.note and is_metric(some.note.lower()):
        return some.note
    within = re.fullmatch(r"(.+?)\s*\(([^()]+)\)", header.attribute)  # `mIoU (ss/ms)`: one metric in two settings
    if parts > 1 and within and len(places := re.split(r"[/|]", within[2])) == parts:
        return f"{within[1]} ({places[some.part].strip()})"
    shared = [part.strip() for part in re.split(r"[/|]", header.attribute)]
    if parts > 1 and len(shared) == parts:
        metric, _, first = shared[0].rpartition(" ")  # of `MPJPE left/right` the metric is of both
        whose = metric if some.part and is_metric(lower(metric)) and first and not is_metric(lower(shared[some.part])) else ""
        return f"{whose} {shared[some.part]}".strip()
    if said_elsewhere(header, shape, parts):
        if len(shape.metrics) == parts:
            return shape.metrics[some.part]
        if len(shape.metrics) == 1:
            return shape.metrics[0]
    return header.attribute


def said_elsewhere(header: Header, shape: Shape, parts: int) -> bool:
    """Tell whether a header is only the setting of metrics that the caption names: a data set, `Avg`, a part no list knows.

    Of several metrics each must have its part of the cells: `Precision/Recall/F1` over `81.4/88.1/84.6`.
    """
    if header.kind is Kind.DATASET:
        return bool(shape.metrics)
    vague = header.kind is Kind.UNKNOWN or (header.kind is Kind.METRIC and OVERALL.fullmatch(lower(header.attribute)) is not None)
    exact = any(h.kind is Kind.METRIC and not OVERALL.fullmatch(lower(h.attribute)) for h in shape.headers)
    return vague and len(shape.metrics) in {1, parts} and not exact


def setting_text(header: Header, text: str) -> str:
    """Return a setting cell as words: a bare number gets its header's name."""
    text = plain(text)
    if not text or re.fullmatch(r"[-–—/]+", text):
        return ""
    return (
        f"{header.attribute} {text}"
        if (re.fullmatch(r"[\d.,xX×kK]+", text) or YES_OR_NO.fullmatch(text)) and "x" not in text.lower()
        else text[:60]
    )


def confidence_of(row: Row, cell: Cell, columns: Columns) -> float:
    """Return the lowest confidence of the cells that a claim rests on."""
    return min([cell.confidence, *(row.cells[n].confidence for n in columns.identity)])


def evidence_of(table: Table, row: Row, cell: Cell, outline: Outline, lines: list[str]) -> Evidence | None:
    """Return where the value stands and what is there; None where no place can be named, since that is no claim."""
    if table.origin == "picture":
        if table.picture is None or cell.region is None:
            return None
        place = ",".join(map(str, cell.region))
        quote = " | ".join(c.text for c in row.cells)[:MAX_QUOTE]
        return Evidence(f"picture:{table.picture}", f"{table.picture}#xywh={place}", quote, table.sha256, "rapidocr")
    if not 0 < cell.line <= len(lines):
        return None
    line = lines[cell.line - 1].strip()
    quote = line if len(line) <= MAX_QUOTE or cell.raw not in line or not cell.raw else cell.raw
    document = outline.document
    return Evidence(document.source, f"{document.path}#L{cell.line}", quote[:MAX_QUOTE], document.sha256, "table reader")
