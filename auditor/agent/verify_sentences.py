"""Claims read out of one sentence by a strict grammar: whose the number is and what it is must stand right beside it.

A sentence that compares, hedges, negates, cites or gives a range says too little, and gives no claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from auditor.agent.verify_places import CLOSING, OPENING, Spot, holds, words_of
from auditor.agent.verify_values import canonical_attribute
from auditor.checks.names import SIZES
from auditor.claims.headers import header_of, setting_of
from auditor.claims.interface import ClaimContext
from auditor.claims.naming import bears
from auditor.claims.numbers import NUMBER, UNIT, Reading, readings
from auditor.claims.own_words import own_name, own_tokens
from auditor.claims.paper import CITE, ROLE, pages_of, paper_tokens, placed
from auditor.claims.text import DIFFERENCE, FIRST_PERSON
from auditor.claims.units import unit_of
from auditor.claims.vocabulary import CITED, COMPARISON, DATASETS, KNOWN_NETWORKS, METRICS, OURS, WHOLE_ONLY
from auditor.facts import Block, Claim, Evidence, Table

DOUBT = re.compile(
    r"\b(?:not|no|never|without|neither|nor|cannot|fails?|unlike|instead of|rather than|than|should|would|could|might|may|expect\w*"
    r"|goal|target|aim\w*|if|up to|at (?:least|most)|less|fewer|more|under|over|below|above|between|from|save[sd]?|reduc\w*|increas\w*"
    r"|additional\w*|extra|original\w*|old|previous\w*|respectively|example|hypothetical\w*|each|per|todo|wish|hope|plan\w*|soon|future)\b"
    r"|n't\b|[<>≤≥?]",
    re.IGNORECASE,
)
MENTION = re.compile(rf"(?<![\w.,@])(?P<number>{NUMBER})(?:\s?(?P<unit>{UNIT})(?![\w]))?(?![\w]|[.,]\d)", re.IGNORECASE)
PARAMETERS = re.compile(r"(?<![\w-])#?param(?:eter)?s?\b", re.IGNORECASE)
OPERATIONS = re.compile(r"(?<![\w-])[KMGT]?(?:FLOPs?|MACs?|M-?Adds)\b", re.IGNORECASE)
CONNECTED = re.compile(r"\s*(?:of|is|was|:|=|at|are|equals|reaches)\s*(?:about |around |only |just |~)?$", re.IGNORECASE)
FILLER = re.compile(
    r"(?:\s|-|of|in|on|the|trainable|learnable|total|model|for|single|crop|accuracy|error|test|val|validation|set){0,12}", re.IGNORECASE
)
VERB = re.compile(
    r"\b(?:has|have|achieves?|reach(?:es)?|obtains?|gets?|attains?|yields?|uses?|contains?|holds?|is|gives?|scores?|with|needs?|:)\b|:",
    re.I,
)
WORD = re.compile(r"[A-Za-z][\w.+-]*[\w+]|[A-Z]")
NAMED_AFTER = re.compile(r"\b(?:for|of|by|from|in|with)\s+(?:the\s+|our\s+)?$", re.IGNORECASE)
MAX_BLOCK = 6000


@dataclass(frozen=True, slots=True)
class Said:
    """A claim of a sentence, and whether its grammar is the strictest: one name, one number, a verb between."""

    claim: Claim
    strict: bool
    around: str


@dataclass(frozen=True, slots=True)
class _Number:
    start: int
    end: int
    printed: str
    reading: Reading


def sentences_at(spot: Spot) -> list[tuple[Block, str]]:
    """Return the sentences that hold the quote or stand in it, with the paragraph, item or line of code that they are of."""
    found = []
    for block in spot.outline.blocks:
        if block.line > spot.last or len(block.text) > MAX_BLOCK:
            continue
        if not _reaches(block, spot) or not holds(words_of(block.text), spot.words):
            continue
        parts = block.text.split("\n") if block.kind == "code" else re.split(r"(?<=[.。!?;])\s+", block.text)
        for sentence in parts:
            words = words_of(sentence)
            if words and (holds(words, spot.words) or holds(spot.words, words)):
                found.append((block, sentence))
    return found


def _reaches(block: Block, spot: Spot) -> bool:
    """Tell whether a block that begins above the quote can still stand on its lines."""
    return spot.first <= block.line + block.text.count("\n") + 3 + len(block.text) // 20


def claims_in(spot: Spot, variant: str, context: ClaimContext) -> Iterator[Said]:
    """Yield what the quoted sentences say of the variant: numbers with the attribute beside them, that are said of it and nothing else."""
    outline = spot.outline
    tokens = paper_tokens(context, outline.title) if outline.document.role == ROLE else own_tokens(context, outline.title)
    for block, sentence in sentences_at(spot):
        if (
            DOUBT.search(sentence)
            or DIFFERENCE.search(sentence)
            or COMPARISON.search(sentence)
            or CITED.search(sentence)
            or CITE in sentence
        ):
            continue
        numbers = list(_numbers(sentence))
        attributes = _attributes(sentence)
        for number in numbers:
            attribute = _attribute_of(number, numbers, attributes, sentence)
            if attribute is None or (not holds(spot.words, words_of(number.printed)) and not _printed_in(number, spot)):
                continue
            whose = _whose(variant, number, sentence, block, attributes, tokens, own_name(context, outline.title))
            if whose is None:
                continue
            claim = _claim(spot, block, variant, attribute, number)
            if claim is not None:
                alone = len(numbers) == 1 and len(whose) == 1 and bool(VERB.search(sentence[: number.start]))
                yield Said(claim, alone, " ".join((sentence, *block.sections, outline.title)))


def _numbers(sentence: str) -> Iterator[_Number]:
    """Yield the numbers that are no part of a range, a ratio, a deviation, a share in parentheses or a name."""
    spans = [match.span() for match in DATASETS.finditer(sentence.lower())] if len(sentence.lower()) == len(sentence) else []
    for match in MENTION.finditer(sentence):
        before, after = sentence[: match.start()].rstrip(), sentence[match.end() :].lstrip()
        if any(start <= match.start() < end for start, end in spans):
            continue
        ranged = (before[-1:] in "±–—/×~+-" and before) or re.match(r"[-–—/×x~]\s?\d|(?:to|and|or)\s+\d", after)
        share = before.endswith("(") and re.search(r"\d\S*\s*\($", before)
        top = re.search(r"(?i)\b(?:top|acc|recall|r|hits?|p|mAP|AP|PCK)[-@ ]?$", sentence[: match.start()]) and not match["unit"]
        if ranged or share or (top and re.search(r"(?i)(?:top|@|r|p)-?$", before)):
            continue
        some = readings(match[0])
        if len(some) == 1:
            yield _Number(match.start(), match.end(), match[0], some[0])


def _attributes(sentence: str) -> list[tuple[int, int]]:
    """Return where the sentence names attributes, in order; words that stand together are one name."""
    low = sentence.lower()
    if len(low) != len(sentence):
        return []
    spans = [m.span() for m in METRICS.finditer(low) if m[0] not in WHOLE_ONLY]
    spans += [m.span() for pattern in (PARAMETERS, OPERATIONS) for m in pattern.finditer(sentence)]
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1] + 1 and not re.search(r"[^\s-]", sentence[joined[-1][1] : start]):
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif not joined or start >= joined[-1][1]:
            joined.append((start, end))
    return joined


def _attribute_of(number: _Number, numbers: list[_Number], attributes: list[tuple[int, int]], sentence: str) -> str | None:
    """Return the attribute that stands beside a number, None where none does, or one on each side."""
    if re.fullmatch(r"(?i)[KMGT]?(?:FLOPS|MACS|MADDS|OPS)", number.reading.unit or ""):
        return "gflops"
    inside = [span for span in attributes if span[0] < number.end and span[1] > number.start]
    after = next((span for span in attributes if span[0] >= number.end), None)
    before = next((span for span in reversed(attributes) if span[1] <= number.start), None)
    taken = [other for other in numbers if other is not number]
    if after and (not FILLER.fullmatch(sentence[number.end : after[0]]) or any(number.end <= o.start < after[0] for o in taken)):
        after = None
    gap = sentence[before[1] : number.start] if before else ""
    if before and (len(gap) > 60 or any(before[1] <= o.start < number.start for o in taken) or re.search(r"[;()]", gap)):
        before = None
    if inside:
        return None
    if before and CONNECTED.search(gap):
        return sentence[before[0] : before[1]]
    if after and before and not gap.strip():
        return None  # "MPJPE 34.5 PA-MPJPE": whose it is cannot be told
    chosen = after or (before if before and not re.search(r",|\band\b", gap) else None)
    return sentence[chosen[0] : chosen[1]] if chosen else None


def _printed_in(number: _Number, spot: Spot) -> bool:
    """Tell whether the quote holds the number with the marks of a sentence around it."""
    wanted = number.printed.split()
    bare = [word.lstrip(OPENING).rstrip(CLOSING) for word in spot.words]
    return any(bare[n : n + len(wanted)] == wanted for n in range(len(bare)))


def _whose(
    variant: str, number: _Number, sentence: str, block: Block, attributes: list[tuple[int, int]], tokens: tuple[str, ...], alone: str
) -> list[str] | None:
    """Return the names of the sentence where the number is said of the variant; None where it is, or may be, of another."""
    names = [m for m in WORD.finditer(sentence) if _is_name(m, sentence, attributes, tokens)]
    spots = occurrences(variant, sentence)
    inside = [n for n in names if not any(start <= n.start() < end for start, end in spots)]
    for start, end in spots:
        if end <= number.start and not any(end <= n.start() < number.start for n in inside):
            return [variant, *(n[0] for n in inside)]
        if start >= number.end and not any(n.start() < start for n in inside) and NAMED_AFTER.search(sentence[:start]):
            return [variant, *(n[0] for n in inside)]
    if names or spots:
        return None
    heading = block.sections[-1] if block.sections else ""
    if occurrences(variant, heading):
        return [variant]
    return [variant] if FIRST_PERSON.search(sentence) and variant.lower() == alone.lower() else None


def _is_name(match: re.Match[str], sentence: str, attributes: list[tuple[int, int]], tokens: tuple[str, ...]) -> bool:
    """Tell whether a word may name a model or somebody: it bears the own name, is well known, or looks like a name."""
    word = match[0].rstrip(".-")
    low = word.lower()
    if any(start <= match.start() < end for start, end in attributes) or METRICS.fullmatch(low) or _in_dataset(match, sentence):
        return False
    if bears(word, tokens) or (OURS.fullmatch(low) and low.startswith("ours")) or KNOWN_NETWORKS.search(low):
        return True
    if re.fullmatch(UNIT, word, re.IGNORECASE) and re.search(r"\d\s?$", sentence[: match.start()]):
        return False
    shaped = bool(re.search(r"\d", word) or re.search(r"[a-z][A-Z]|-[A-Z]|^[A-Z][^a-z]", word) or word in SIZES.values())
    return shaped or (word[0].isupper() and bool(sentence[: match.start()].strip(" \t*_`\"'([")))


def _in_dataset(match: re.Match[str], sentence: str) -> bool:
    low = sentence.lower()
    return len(low) == len(sentence) and any(m.start() <= match.start() < m.end() for m in DATASETS.finditer(low))


def occurrences(name: str, text: str) -> list[tuple[int, int]]:
    """Return where a name stands whole: no letter, digit or size belongs to it on either side."""
    if not name.strip():
        return []
    pattern = rf"(?<![\w.+-]){re.escape(name.strip())}(?![\w+]|[-.]\w)"
    found = []
    for match in re.finditer(pattern, text, re.IGNORECASE):
        after = re.match(r"[\s-]+([A-Za-z+]+|\d+[a-z]?\b)", text[match.end() :])
        before = re.search(r"([A-Za-z]+)[\s-]+$", text[: match.start()])
        longer = (after and _is_size(after[1])) or (before and before[1].lower() in SIZES)
        if not longer:
            found.append(match.span())
    return found


def _is_size(word: str) -> bool:
    """Tell whether a word after a name makes it another's: a size, a letter, a number."""
    return word.lower() in SIZES or word in ("+", "++") or word.isdigit() or (word.isupper() and len(word) <= 3 and word not in ("AP", "I"))


def _claim(spot: Spot, block: Block, variant: str, attribute: str, number: _Number) -> Claim | None:
    """Return the claim of a number, at the line on which it is printed."""
    outline = spot.outline
    lines = re.split(r"\r\n?|\n", outline.document.text)
    pattern = re.compile(rf"(?<![\d.]){re.escape(number.printed)}(?!\d)")
    line = next((n for n in range(spot.first, min(spot.last, len(lines)) + 1) if pattern.search(lines[n - 1])), None)
    if line is None:
        return None
    canonical = canonical_attribute(attribute)
    name = canonical if canonical in ("params", "gflops") else " ".join(attribute.split())
    header = header_of("params" if canonical == "params" else "flops" if canonical == "gflops" else name)
    unit = unit_of(number.reading, header, name, Table((), 0, 0, "table"))
    if canonical == "params" and not number.reading.unit and number.reading.decimals:
        return None  # "7.59 parameters"
    document = outline.document
    text = lines[line - 1].strip()
    evidence = Evidence(
        document.source, f"{document.path}#L{line}", text if len(text) <= 400 else number.printed, document.sha256, "sentence reader"
    )
    setting = setting_of(block.text) or setting_of(block.sections[-1] if block.sections else "")
    rank_and_origin = ("primary", "text")
    claim = Claim(
        "", variant, name, number.reading.value, unit, setting[:240], *rank_and_origin, evidence, number.printed, row=block.text[:300]
    )
    return replace(claim, evidence=placed(evidence, pages_of(lines) if document.role == ROLE else []))
