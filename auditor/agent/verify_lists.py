"""Claims whose value is a list of numbers (depths, dims), read out of the sentence or cell that a proposal quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.agent.proposals import ClaimProposal
from auditor.agent.verify_places import Spot, holds, words_of
from auditor.agent.verify_sentences import DOUBT, occurrences, sentences_at
from auditor.agent.verify_values import LISTS
from auditor.claims.vocabulary import CITED
from auditor.facts import Claim, Evidence

SEQUENCE = re.compile(r"(?<![\w.,])[\[({]?\s?(\d{1,5}(?:\s?,\s?\d{1,5}){1,7})\s?[\])}]?(?![\w]|[.,]\s?\d)")


def list_claims(spot: Spot, proposal: ClaimProposal) -> Iterator[tuple[Claim, str]]:
    """Yield the claim of a quoted sentence that names variant and attribute and holds exactly that one list, with the words around it."""
    attribute = next((name for name, words in LISTS.items() if re.sub(r"[\W_]+", "", proposal.attribute.lower()) in words), "")
    if not attribute or not isinstance(proposal.value, list):
        return
    outline = spot.outline
    lines = re.split(r"\r\n?|\n", outline.document.text)
    for block, sentence in sentences_at(spot):
        if DOUBT.search(sentence) or CITED.search(sentence) or block.kind == "code":
            continue
        for match in SEQUENCE.finditer(sentence):
            before = sentence[: match.start()]
            named = [(m.end(), kind) for kind, words in LISTS.items() for m in _pattern(words).finditer(before)]
            close = max(named, default=(0, ""))
            if (
                close[1] != attribute
                or SEQUENCE.search(before, close[0])
                or [int(part) for part in match[1].split(",")] != proposal.value
                or not holds(spot.words, words_of(match[0]))
            ):
                continue
            heading = block.sections[-1] if block.sections else ""
            if not occurrences(proposal.variant, before) and not (
                occurrences(proposal.variant, heading) and not re.search(r"-[A-Z]", before)
            ):
                continue
            line = next((n for n in range(spot.first, min(spot.last, len(lines)) + 1) if match[1] in lines[n - 1]), None)
            if line is None:
                continue
            text, document = lines[line - 1].strip(), outline.document
            evidence = Evidence(
                document.source, f"{document.path}#L{line}", text if len(text) <= 400 else match[1], document.sha256, "sentence reader"
            )
            claim = Claim(
                "", proposal.variant, attribute, list(proposal.value), None, "", "primary", "text", evidence, match[1], row=block.text[:300]
            )
            yield claim, " ".join((sentence, *block.sections, outline.title))


def _pattern(words: frozenset[str]) -> re.Pattern[str]:
    """Return a pattern of the words by which an attribute goes."""
    return re.compile(rf"(?<![A-Za-z])(?:{'|'.join(sorted(map(re.escape, words)))})(?![A-Za-z])", re.IGNORECASE)
