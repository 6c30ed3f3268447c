"""Whether a sentence says nothing but what its findings carry: each number and name stands in their facts, and beside each other there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal

from auditor.agent.proposals import HypothesisProposal, SummaryProposal
from auditor.agent.prose_facts import atoms_of
from auditor.agent.prose_words import (
    ABSENT,
    AGAINST,
    AGREES,
    BEGINNINGS,
    CHARGES,
    COMPUTED,
    COUNTED,
    EVERYTHING,
    MIXED,
    NEGATED,
    ORDERS,
)
from auditor.claims.vocabulary import DATASETS, KNOWN_NETWORKS, METRICS, WHOLE_ONLY
from auditor.facts import AgentNote
from auditor.findings import AuditReport, Finding, Outcome

MAX_TEXT = 600
NUMBER = re.compile(
    r"(?<![A-Za-z_\d.])[-+−~]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?\s?(?:%|(?:[KMGBT](?:i?B|FLOPs|MACs)?|mm|cm|ms|x|×)(?![A-Za-z]))?"
)
WORD = re.compile(r"[^\s,;:!?()\[\]{}\"“”«»]+")
RUNS = re.compile(
    r"(?:^|[\s$>`])(?:pip|git|curl|wget|python3?|bash|sh|sudo|rm|chmod|npm|docker|cat|echo|export|eval|exec|import)\s+[-\w./]|[`$]|\|\s*\w|;\s*rm\b",
    re.I,
)
MENTION = re.compile(r"(?<![\w.])@[A-Za-z0-9]")
MARKUP = re.compile(r"[<>]|\]\(|!\[|\]\[|&#?\w+;|[*_~]{2,}|^\s*(?:#{1,6}|>|[-*+]|\d+\.)\s", re.MULTILINE)
ADDRESS = re.compile(
    r"(?:https?|ftp|file|data|javascript):\S*|www\.\S+|(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|ai|dev|co|edu|gov|de|cn|uk|me|xyz|app)(?![\w])\S*",
    re.I,
)


def verified_note(proposal: HypothesisProposal | SummaryProposal, report: AuditReport | None) -> AgentNote | str:
    """Return the sentence bound to its findings, or what in it they do not carry."""
    if report is None:
        return "There are no findings yet; propose sentences after the checks have run."
    known = {finding.id: finding for finding in report.findings}
    ids = tuple(dict.fromkeys(proposal.findings))
    unknown = [id for id in ids if id not in known]
    if unknown:
        return f"There is no finding {unknown[0][:40]!r}; cite findings by the ids that they have."
    cited = [known[id] for id in ids]
    atoms = atoms_of(cited, report)
    problem = prose_problem(proposal.text, atoms) or _judgement_problem(proposal.text, cited, report, proposal.kind)
    return problem or AgentNote(proposal.kind, proposal.text.strip(), ids)


def prose_problem(text: str, atoms: Sequence[str]) -> str:
    """Return what of a text the atoms do not carry, "" where they carry all of it."""
    text = text.strip()
    if (
        len(re.findall(r"[^\W\d_]{2,}", text)) < 2
        or len(text) > MAX_TEXT
        or any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp") for c in text)
    ):
        return f"A sentence is one line of words, of at most {MAX_TEXT} plain characters."
    for pattern, words in (
        (MENTION, "It mentions somebody with @."),
        (MARKUP, "It holds markup; write plain words."),
        (RUNS, "It holds a command."),
        (ORDERS, "It tells the reader what to do; say what was found."),
        (CHARGES, "It speaks of people's intentions or faults; no finding does."),
    ):
        if match := pattern.search(text):
            return f"{words} ({match[0].strip()[:30]!r})"
    return _address(text, atoms) or _numbers(text, atoms) or _counted(text, atoms) or _names(text, atoms) or _apart(text, atoms)


def _address(text: str, atoms: Sequence[str]) -> str:
    """Return the first address that no cited evidence names whole."""
    for match in ADDRESS.finditer(text):
        found = match[0].rstrip(".,;:")
        if not any(found == word.rstrip(".,;:") for atom in atoms for word in re.split(r"[\s<>()\"']+", atom)) and not _stands(
            found, atoms
        ):
            return f"The address {found[:60]!r} is not in the cited evidence."
    return ""


def _numbers(text: str, atoms: Sequence[str]) -> str:
    """Return the first number that no atom holds with its unit."""
    for number in NUMBER.findall(_without_names(text, atoms)):
        if not any(_holds_number(atom, number) for atom in atoms):
            return (
                f"The number {number.strip()!r} stands in none of the cited findings; numbers may not be computed, rounded or remembered."
            )
    return ""


def _without_names(text: str, atoms: Sequence[str]) -> str:
    """Return the text without words that hold letters and digits and stand whole in the atoms: `ConvNeXtPose_M.tar`, `H36M`."""

    def keep(match: re.Match[str]) -> str:
        word = match[0].strip(".'’")
        is_name = re.search(r"[A-Za-z]", word) and re.search(r"\d", word) and not NUMBER.fullmatch(word)
        return " " if is_name and _stands(word, atoms) else match[0]

    return WORD.sub(keep, text)


def _holds_number(atom: str, number: str) -> bool:
    """Tell whether a text holds a number with its unit: `7.59M` in `7.59M` or `7.59 M`, `12%` in `12 %`; `7.59` alone in all of these."""
    wanted, unit = _parts(number)
    return any(value == wanted and (not unit or unit == other) for value, other in map(_parts, NUMBER.findall(atom)))


def _parts(number: str) -> tuple[Decimal | str, str]:
    match = re.match(r"([-+−~]?)([\d,]*\d(?:\.\d+)?(?:[eE][-+]?\d+)?)\s?(.*)$", number.strip().rstrip(","))
    if match is None:
        return number, ""
    sign = "-" if match[1] in ("-", "−") else ""
    return Decimal(sign + match[2].replace(",", "")), match[3].strip()


def _counted(text: str, atoms: Sequence[str]) -> str:
    """Return the first number in words that the atoms have neither in words nor in digits; shares and multiples are computed."""
    for word in re.findall(r"[A-Za-z]+", text):
        value = COUNTED.get(word.lower())
        if value is not None and not any(re.search(rf"(?i)(?<![a-z]){word}(?![a-z])", a) or _holds_number(a, str(value)) for a in atoms):
            return f"The number {word!r} stands in none of the cited findings."
    match = COMPUTED.search(text)
    return f"{match[0]!r} is a quantity of its own; give the numbers that the cited findings state." if match else ""


def _names(text: str, atoms: Sequence[str]) -> str:
    """Return the first word that looks like a name and stands in no atom."""
    low = text.lower()
    for pattern in (KNOWN_NETWORKS, DATASETS, METRICS):
        for match in pattern.finditer(low):
            if match[0] in WHOLE_ONLY or match[0] in PLAIN or len(match[0]) < 3:
                continue
            if not any(_plain(match[0]) in _plain(atom) for atom in atoms):
                return f"{match[0]!r} is in none of the cited findings; names come from the facts alone."
    begins = True
    for match in WORD.finditer(text):
        word = _bare(match[0])
        if word and _is_name(word, begins) and not NUMBER.fullmatch(word) and not _stands(word, atoms):
            return f"{word[:60]!r} is in none of the cited findings; names come from the facts alone."
        begins = (match[0].endswith(".") and len(match[0]) > 2) or text[match.end() : match.end() + 1] in ("!", "?", ":")
    return ""


PLAIN = frozenset(
    """
    acc err error errors is mean average score total result results performance performances linear math head loss return second top
    speed memory latency gain improvement success robustness drift correlation distance per recall precision raft clip align detr spin
    metro ocr things spring drive flow race reward cd ate em
    """.split()
)


def _is_name(word: str, begins: bool) -> bool:
    """Tell whether a word looks like a name: by its shape, or by a capital where none belongs."""
    if _is_shaped(word):
        return word not in ("README", "GFLOPS", "FLOPs", "MACs", "OK", "GFLOPs")
    if not word[0].isupper() or not word[0].isalpha():
        return not word.isascii() and any(c.isalpha() for c in word)
    return not (begins and word.lower() in BEGINNINGS) and word not in ("I", "A")


def _is_shaped(word: str) -> bool:
    """Tell whether a word has what plain words have not: digits or capitals within, marks of a path or file."""
    if re.search(r"\d", word) and re.search(r"[A-Za-z_]", word):
        return True
    return bool(re.search(r"[a-z][A-Z]|[A-Z]{2,}|_|/|\\|[^\W\d_]\.[A-Za-z]|@|#\d|-[A-Z]", word))


def _stands(word: str, atoms: Iterable[str]) -> bool:
    """Tell whether a word stands whole in an atom, in its own spelling; a possessive or a bracket may follow."""
    pattern = re.compile(rf"(?<![\w.+-]){re.escape(word)}(?![\w+]|[-.]\w)" if word[0].isalnum() else re.escape(word))
    return any(pattern.search(atom) for atom in atoms)


def _apart(text: str, atoms: Sequence[str]) -> str:
    """Return a number that stands beside something else in the facts than in the sentence.

    Beside it is the last name before it, else the first one after; where the sentence names nobody, the word that it counts.
    """
    for sentence in re.split(r"(?<=[.!?;])\s+", text):
        names = [m for m in WORD.finditer(sentence) if _names_something(m)]
        for match in NUMBER.finditer(sentence):
            if any(n.start() <= match.start() < n.end() for n in names):
                continue
            near = next((n for n in reversed(names) if n.end() <= match.start()), None)
            near = near or next((n for n in names if n.start() >= match.end()), None)
            if near is not None:
                name = _bare(near[0])
                if not any(_stands(name, [atom]) and _holds_number(atom, match[0]) for atom in atoms):
                    return f"No cited finding says {match[0].strip()} of {name[:60]}."
                continue
            if (words := _beside(match, sentence)) and not any(pattern.search(atom) for atom in atoms for pattern in words):
                return f"No cited finding says {match[0].strip()} of the words beside it."
    return ""


def _beside(match: re.Match[str], sentence: str) -> list[re.Pattern[str]]:
    """Return patterns of a number with the word before it and with the word after it; none where there is no word."""
    number = re.escape(match[0].strip())
    after = re.match(r"\s*([A-Za-z]{3,})", sentence[match.end() :])
    before = re.search(r"([A-Za-z]{3,})\s+$", sentence[: match.start()])
    found = [re.compile(rf"(?<![\w.,]){number}\s+{after[1][:4]}", re.IGNORECASE)] if after else []
    return found + ([re.compile(rf"(?<![A-Za-z]){before[1]}\s+{number}(?![\w,]|\.\d)", re.IGNORECASE)] if before else [])


def _names_something(match: re.Match[str]) -> bool:
    """Tell whether a word names a variant, file or place, and no metric, data set, unit or id."""
    word = _bare(match[0])
    if (
        not word
        or NUMBER.fullmatch(word)
        or re.fullmatch(r"[fceak]\d+", word)
        or any(p.fullmatch(word.lower()) for p in (METRICS, DATASETS))
    ):
        return False
    if re.fullmatch(r"(?i)(?:pa-?|p-)?mpjpe|[gm]?flops|[gm]?macs|params?", word):
        return False
    return _is_name(word, True) and (_is_shaped(word) or match.start() > 0)


def _bare(word: str) -> str:
    """Return a word without the marks of a sentence and the possessive."""
    return word.strip(".'’-–—").removesuffix("'s").removesuffix("’s")


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def _judgement_problem(text: str, cited: Sequence[Finding], report: AuditReport, kind: str) -> str:
    """Return a judgement that the cited findings do not carry, "" where they carry all of them."""
    failed = {finding.check for finding in cited if finding.outcome is Outcome.FAILS}
    unsure = {finding.check for finding in cited if finding.outcome is Outcome.UNKNOWN} if kind == "hypothesis" else set()
    if (match := ABSENT.search(text)) and not {"variant-released"} & (failed | unsure):
        return f"{match[0]!r} needs a cited finding that says so; none of these does."
    if (match := MIXED.search(text)) and not {"label-matches-network", "saved-name"} & (failed | unsure):
        return f"{match[0]!r} needs a cited finding that says so; none of these does."
    if (match := AGAINST.search(text)) and not failed | unsure:
        return f"{match[0]!r} needs a cited finding that fails; none of these does."
    match = AGREES.search(text)
    if match is None or NEGATED.search(text[: match.start()]) or AGAINST.search(text):
        return ""
    if not any(finding.outcome is Outcome.HOLDS for finding in cited) or any(finding.outcome is Outcome.FAILS for finding in cited):
        return f"{match[0]!r} needs cited findings that hold, and none that fails."
    everything = EVERYTHING.search(text)
    if everything and any(f.check in ("claims-agree", "variant-released") and f.outcome is not Outcome.HOLDS for f in report.findings):
        return f"{everything[0]!r} is more than the findings say: not all of them hold."
    return ""
