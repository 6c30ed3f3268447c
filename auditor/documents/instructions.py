"""Text that speaks to a program which reads it: orders to ignore instructions, to vouch for files, to give secrets away.

Such text changes nothing here; that it stands there is worth knowing. Only what is addressed to an automated reader counts, in what
people read or in what is hidden from them (comments, invisible characters, white print, base64). Repositories about language models
speak of prompts all day: code shows examples, so in code only orders about an audit count, and in a text about prompt injection none
that stand in quotation marks.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from auditor.documents.source_text import bounded_lines, fence_flags

MAX_FOUND = 20
MAX_PASSAGE = 6000
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"

_OVERRIDE = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|do not follow|stop following)\s+"
    r"(?:(?:all|any|every|the|your|my|these|those|of|other)\s+){0,4}(?:previous|prior|above|earlier|preceding|foregoing|existing|system|original|initial)\s+(?:[a-z]+\s+)?"
    r"(?:instructions?|prompts?|rules|directions|guidelines|orders|messages|commands)"
    r"|\b(?:ignora|olvida|omite)\w*\s+(?:todas\s+)?(?:las\s+)?instrucciones\s+(?:anteriores|previas)"
    r"|(?:忽略|无视|忘记)(?:之前|以上|先前|上述|前面)?的?(?:所有|一切)?(?:之前|以上|先前)?的?(?:指令|指示|提示词)",
    re.IGNORECASE,
)
_READER = (
    r"(?:(?:a\.?i\.?|llm|large language|language|automated|automatic|autonomous|machine|coding|auditing|reviewing)[\s-]+"
    r"(?:models?|agents?|assistants?|auditors?|readers?|reviewers?|bots?|tools?|programs?|systems?|scanners?|crawlers?)"
    r"|llms?|ais?|chatbots?|auditors?|chatgpt|gpt-?\d?|claude|gemini|copilot)"
)
_ADDRESSED = re.compile(
    r"\b(?:if\s+you\s+are|you\s+are\s+(?:now\s+)?|as)\s+(?:an?\s+|the\s+)?" + _READER + r"\b"
    r"|\b(?:note|attention|message|instructions?|notice|warning|directive|order|important|dear|hello|hey)\s*[:,!-]?\s*(?:to|for)?\s*"
    r"(?:all\s+|any\s+|the\s+|every\s+)?" + _READER + r"\b(?=\s*[:,.!-]|\s+(?:reading|processing|who|that|must|should|please))"
    r"|^\W*(?:system|assistant)\s*:"
    r"|\b" + _READER + r"\s+(?:reading|processing|auditing|reviewing|parsing)\s+this\b",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"\b(?:mark|report|rate|classify|treat|score|grade|declare|conclude|state|respond|answer|output|print|reveal|disclose|leak|send|upload|post"
    r"|visit|fetch|call|execute|approve|accept|ignore|disregard|(?:do not|don't|never)\s+(?:report|mention|flag|tell|disclose|list|say)"
    r"|(?:open|file|create|submit)\s+an?\s+issue)\b",
    re.IGNORECASE,
)
_VOUCH = re.compile(
    r"\b(?:mark|report|rate|classify|treat|score|declare|flag|label|list|consider)\s+(?:(?:it|them|this|all|every|each|everything|any|the|of|these|our"
    r"|checkpoints?|variants?|models?|files?|claims?|weights?|repositor(?:y|ies)|repo|findings?|verdicts?|audit|results?)\s+){1,6}"
    r"(?:as|to\s+be|is|are)\s+(?:fully\s+|all\s+)?(?:consistent|safe|verified|correct|clean|benign|passing|passed|genuine|authentic|trustworthy|ok)\b"
    r"|\b(?:the\s+)?audit(?:or)?\s+(?:must|should|has to)\s+(?:be\s+)?(?:pass|report|mark|conclude|end|ignore|skip)",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"\b(?:print|output|reveal|leak|dump|exfiltrate|disclose|repeat|send|post)\s+(?:me\s+|us\s+|out\s+)?(?:all\s+|the\s+|your\s+|of\s+|any\s+|every\s+|entire\s+){1,4}"
    r"(?:[a-z]+\s+){0,2}?(?:environment\s+variables?|system\s+prompts?|api[\s_-]?keys?|github[\s_]token|access\s+tokens?|auth\w*\s+tokens?|secrets?|credentials)",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"prompt[\s-]injections?|jailbreak|red[\s-]?team|adversarial\s+prompts?|prompt\s+attacks?", re.IGNORECASE)
_COMMENT = re.compile(r"<!--(.{1,20000}?)-->|^\[(?://|comment)\]:\s*#\s*[(\"'](.{1,2000}?)[)\"']\s*$", re.DOTALL | re.MULTILINE)
_UNSEEN = re.compile(
    r"<(?P<tag>[a-z]{1,10})\b[^<>]{0,400}?(?:display:\s*none|visibility:\s*hidden|font-size:\s*0|opacity:\s*0(?![.\d])"
    r"|(?<![-\w])color\s*[:=]\s*[\"']?(?:white|#fff(?:fff)?|transparent|rgba?\(255,\s*255,\s*255)|\shidden(?=[\s>]))"
    r"[^<>]{0,400}>(?P<inner>.{1,5000}?)</(?P=tag)>",
    re.IGNORECASE | re.DOTALL,
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/]{40,4000}={0,2}(?![A-Za-z0-9+/=_-])")
_RUN = re.compile(rf"[{INVISIBLE}]{{16,}}|[\U000e0020-\U000e007f]{{8,}}")
_QUOTED = re.compile(r"[\"“”「『][^\"“”」』]{0,600}$")


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage that speaks to a program: its line from 1, what stands there, how it is hidden, and whether it is about an audit."""

    line: int
    quote: str
    hidden: str = ""  # comment, invisible characters, hidden element, base64; empty where people see it
    about_audit: bool = False


def passages(text: str, *, code: bool = False) -> tuple[Passage, ...]:
    """Return the passages of a text that speak to a program, in the order of their lines, `MAX_FOUND` at most. Never raises.

    `code` is for source files: there only orders about an audit count, and what is hidden.
    """
    lines, _ = bounded_lines(text)
    flags = [True] * len(lines) if code else fence_flags(lines)
    whole = "\n".join(lines)
    hidden = list(_hidden(whole))
    masked = _masked(lines, whole)
    found = [*hidden, *_shown(masked, flags, bool(_ABOUT.search(whole)))]
    kept: dict[tuple[int, str], Passage] = {}
    for passage in sorted(found, key=lambda p: (p.line, not p.hidden)):
        kept.setdefault((passage.line, passage.hidden), passage)
    return tuple(kept.values())[:MAX_FOUND]


def in_name(name: str) -> bool:
    """Tell whether the name of a file, spaced at its marks, speaks to a program."""
    words = re.sub(r"[\W_]+", " ", name)
    return bool(_RUN.search(name) or _told(words) or _told(_clean(name)))


def _told(text: str, *, strict: bool = False) -> re.Match[str] | None:
    """Return where a text gives a program an order; `strict` takes orders about an audit alone."""
    if match := _VOUCH.search(text):
        return match
    if strict:
        return None
    for pattern in (_OVERRIDE, _SECRET):
        if match := pattern.search(text):
            return match
    for match in _ADDRESSED.finditer(text):
        if _ORDER.search(text, match.end(), match.end() + 250):
            return match
    return None


def _shown(lines: list[str], flags: list[bool], about: bool) -> Iterator[Passage]:
    """Yield what people see: paragraphs and items outside of code, line for line inside of it."""
    start = 0
    while start < len(lines):
        end = start + 1
        while (
            end < len(lines)
            and flags[end] == flags[start]
            and not flags[end]
            and lines[end].strip()
            and lines[start].strip()
            and end - start < 40
        ):
            end += 1
        joined = _clean(" ".join(lines[start:end]))[:MAX_PASSAGE]
        prose = joined if flags[start] else re.sub(r"`[^`]{1,500}`", " ", joined)
        match = _told(prose, strict=flags[start])
        if match and not (about and _QUOTED.search(prose[: match.start()])):
            line = next((n for n in range(start, end) if _clean(match[0])[:12] in _clean(lines[n])), start)
            yield Passage(line + 1, lines[line].strip()[:300], "", bool(_VOUCH.search(prose)))
        start = end


def _hidden(whole: str) -> Iterator[Passage]:
    """Yield what people do not see: comments, elements without color or size, invisible characters, base64."""
    for pattern, how in ((_COMMENT, "comment"), (_UNSEEN, "hidden element")):
        for match in pattern.finditer(whole):
            inner = match["inner"] if how == "hidden element" else (match[1] or match[2] or "")
            if _told(_clean(re.sub(r"<[^<>]{0,400}>", " ", inner))):
                yield _passage(whole, match.start(), inner, how)
    for match in _RUN.finditer(whole):
        tagged = "".join(chr(ord(c) - 0xE0000) for c in match[0] if ord(c) > 0xE0000)
        yield _passage(whole, match.start(), tagged or f"{len(match[0])} invisible characters", "invisible characters")
    for match in _BASE64.finditer(whole):
        decoded = _decoded(match[0])
        if decoded and _told(_clean(decoded)):
            yield _passage(whole, match.start(), decoded, "base64")


def _decoded(text: str) -> str:
    """Return the text that base64 holds, "" where it holds none."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        decoded = data.decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
    return decoded if sum(c.isalpha() or c.isspace() for c in decoded) > 0.7 * len(decoded) else ""


def _passage(whole: str, start: int, inner: str, how: str) -> Passage:
    words = " ".join(inner.split())[:300]
    return Passage(whole.count("\n", 0, start) + 1, words, how, bool(_VOUCH.search(_clean(inner))))


def _masked(lines: list[str], whole: str) -> list[str]:
    """Return the lines with comments and hidden elements blanked: these are looked at by themselves."""
    for pattern in (_COMMENT, _UNSEEN):
        whole = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), whole)
    masked = whole.split("\n")
    return masked if len(masked) == len(lines) else lines


def _clean(text: str) -> str:
    """Return a text as a program may read it: entities decoded, look-alike forms made plain, invisible characters and emphasis out."""
    text = unicodedata.normalize("NFKC", html.unescape(text[: 4 * MAX_PASSAGE]))
    text = "".join(c for c in text if c not in INVISIBLE and not 0xE0000 <= ord(c) <= 0xE007F)
    return " ".join(re.sub(r"[*_~>#|]+", " ", text).split())
