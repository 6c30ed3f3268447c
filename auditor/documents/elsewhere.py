"""Where the authors' own texts say that checkpoints are still to come, are handed out on request, or lie at a place of no listing.

Such a passage makes nobody's file present; it says that a file which was not found is not simply absent. A modest reader: a sentence
must speak of models or weights, code must build an address that no link of the documents has.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from auditor.documents.purpose_words import CHECKPOINT, topics
from auditor.facts import Evidence, Link, Outline

MAX_FOUND = 20  # of one document
MAX_ROWS = 200  # lines of rows of one document
MAX_BLOCK = 3000
MAX_LINE = 1000
MAX_QUOTE = 300

_WEIGHTS = (
    r"(?:models?|weights?|check-?points?|ckpts?|pre-?trained|variants?|zoo)(?![a-z])"
    r"|模型|权重|モデル|重み|모델|modelos?(?![a-z])|pesos(?![a-z])"
)
_THINGS = re.compile(rf"(?<![a-z]){_WEIGHTS}", re.IGNORECASE)
_RELEASE = r"(?:releas|publish|upload|open-?sourc|shar|ma(?:de|ke)\s(?:\w+\s)?(?:publicly\s)?(?:public|available))"
_ANNOUNCED = re.compile(
    rf"coming soon|stay tuned|(?:will|to)\s+(?:\w+\s+)?(?:be\s+)?(?:\w+\s+)?{_RELEASE}|{_RELEASE}\w*\s+(?:soon|later|upon\s|after\s)"
    r"|available\s+soon|will\s+(?:soon\s+)?be\s+(?:available|provided|added|updated)|即将|敬请期待|近日|公開予定|(?:将|稍后|后续|陆续)(?:会)?(?:发布|开源|公开|上传|放出)|pr[oó]ximamente",
    re.IGNORECASE,
)
_WITHHELD = re.compile(
    r"(?:up)?on\s+request|request\s+(?:form|access)|application\s+form|fill(?:ing)?\s+(?:in|out|up)\s|licen[sc]e\s+agreement"
    r"|(?:contact|e-?mail|write\s+to|reach\s+out\s+to)\s[^.]{0,60}(?:\bfor\b|\bto\s+(?:get|obtain|access|request|receive|download))"
    r"|(?:\bfor\b|to\s+(?:get|obtain|access|request|receive|download))\s[^.]{0,80}(?:contact|e-?mail)\s+(?:us|me|the|at)\b"
    rf"|(?:can\s?not|can't|unable\s+to|not\s+able\s+to|won't|will\s+not|do(?:es)?\s+not|don't)\s+(?:\w+\s+){{0,3}}?{_RELEASE}"
    rf"|(?:not|never)\s+(?:yet\s+)?(?:\w+\s+)?{_RELEASE}|not\s+(?:yet\s+)?(?:publicly\s+)?(?:available|public)|申请",
    re.IGNORECASE,
)
_OFFERED = re.compile(
    r"automatic\w*\s+(?:be\s+)?(?:\w+\s+)?(?:download|fetch)|(?:download|fetch)\w*\s+(?:\w+\s+){0,4}automatic"
    r"|(?:available|integrated|included|found|supported|hosted|(?:are|is))\s+(?:\w+\s+){0,3}?(?:in|on|at|into|via|through|by)\s+(?:\w+\s+){0,2}?"
    r"(?:timm|transformers|torch\.?hub|torchvision|keras|tf-?hub|modelscope|mm[a-z]{3,}|paddle\w+|hugging\s?face)(?![a-z])",
    re.IGNORECASE,
)
_ABSENT = re.compile(r"^\s*[-*+]\s*\[ \].*(?:releas|upload|publish|provid|shar|add|weights|check-?point|pre-?train|zoo)", re.IGNORECASE)
_FORMS = re.compile(r"docs\.google\.com/forms|forms\.gle|forms\.office|jotform|typeform|tally\.so|wjx\.(?:cn|top)", re.IGNORECASE)
_HANDED = re.compile(
    r"we\.tl/|wetransfer\.com|wandb\.ai/.*artifacts|sendgb|send-anywhere|github\.com/[^/]+/[^/]+/(?:issues|discussions)/\d", re.I
)
_BADGE = re.compile(r"shields\.io|badge|colab|/spaces/|readthedocs\.io/?$", re.IGNORECASE)
_BUILT = re.compile(
    r"https?://[^\s'\"`<>]{0,300}?(?:\{\w|\$\{?\w|%s|%d)|[\"']https?://[^'\"\s]{1,300}/[\"']\s*(?:\+|%)|\b(?:wget|curl|gdown|aria2c)\b.*\$\{?\w"
)
_CALLS = re.compile(
    r"torch\.hub\.load\(|load_state_dict_from_url\(|model_zoo\.load_url\(|hf_hub_download\(|snapshot_download\(|cached_download\("
    r"|create_model\(.*pretrained|gdown\.download\(|urlretrieve\("
)
# Of these, what fetches a place of the caller's own: the others also bring networks of libraries, such as a backbone's first weights.
_FETCHES = re.compile(r"hf_hub_download\(|snapshot_download\(|gdown\.download\w*\(|urlretrieve\(")
_WEIGHT_FILE = re.compile(
    rf"\.(?:pth|pt|ckpt|safetensors|bin|h5|onnx|pkl|npz|tar)(?![a-z])|load_state_dict|hub\.load|create_model|{_WEIGHTS}", re.I
)
_FETCHER = re.compile(r"(?:^|/)(?:download|fetch|get)[\w-]*\.(?:sh|py|bat|ps1)$", re.IGNORECASE)


UNLINKED = "its row gives none"  # of one row alone: the cell where others have their link says that there is none
_NO_LINK = re.compile(r"(?i)[\s\-–—/.×✗✘❌]*|x|n\.?/?a\.?|none|no|无|暂无")


@dataclass(frozen=True, slots=True)
class _Passage:
    line: int
    quote: str
    how: str


def said_elsewhere(
    outlines: Sequence[Outline], links: Sequence[Link], full_name: str = "", tree: Collection[str] = ()
) -> tuple[Evidence, ...]:
    """Return the passages of README, documents, scripts and links that speak of checkpoints which no listing shows, in their order.

    `full_name` is the repository's, whose own releases are listed always. `tree` is its paths: a script that was not read and
    downloads weights, as its name says, is one of them.
    """
    known = "\n".join(link.url for link in links)
    found: list[Evidence] = []
    for outline in outlines:
        document = outline.document
        if document.role in ("readme", "document"):
            passages = [*_sentences(outline), *_boxes(document.text), *_code_blocks(outline, known)]
            rows = list(_unlinked(outline, {link.url for link in links if link.purpose == CHECKPOINT}))[:MAX_ROWS]
        elif document.role in ("config", "script"):
            passages, rows = list(_built(document.text, 1, known)), []
        else:
            continue
        for passage in (*passages[:MAX_FOUND], *rows):
            locator = f"{document.path}#L{passage.line}"
            found.append(Evidence(document.source, locator, passage.quote[:MAX_QUOTE], document.sha256, f"elsewhere: {passage.how}"))
    found.extend(link.evidence for link in links if _is_place(link, full_name))
    read = {outline.document.path for outline in outlines}
    found.extend(Evidence("tree", path, path, "0" * 64, "elsewhere: a script that was not read") for path in tree if _fetches(path, read))
    return tuple(dict.fromkeys(found))


def built_in_code(outline: Outline, links: Sequence[Link]) -> tuple[Evidence, ...]:
    """Return the lines of a file of code, read late, that fetch weights from an address which is put together or stands in no link."""
    document, known = outline.document, "\n".join(link.url for link in links)
    return tuple(
        Evidence(document.source, f"{document.path}#L{found.line}", found.quote[:MAX_QUOTE], document.sha256, f"elsewhere: {found.how}")
        for found in list(_built(document.text, 1, known, _FETCHES))[:MAX_FOUND]
    )


def _sentences(outline: Outline) -> Iterator[_Passage]:
    for block in outline.blocks:
        if block.kind == "code" or len(block.text) > MAX_BLOCK:
            continue
        for sentence in re.split(r"(?<=[.。!?;])\s+|\n", block.text):
            how = _how(sentence) if _THINGS.search(sentence) else ""
            if how:
                yield _Passage(block.line, sentence.strip(), how)


def _how(sentence: str) -> str:
    if _ANNOUNCED.search(sentence):
        return "announced"
    if _WITHHELD.search(sentence):
        return "on request or withheld"
    return "at another place" if _OFFERED.search(sentence) else ""


def _boxes(text: str) -> Iterator[_Passage]:
    """Yield the open boxes of a to-do list that speak of releasing models."""
    for number, line in enumerate(re.split(r"\r\n?|\n", text), 1):
        if len(line) <= MAX_LINE and _ABSENT.match(line) and _THINGS.search(line):
            yield _Passage(number, line.strip(), "announced")


def _unlinked(outline: Outline, checkpoints: Collection[str]) -> Iterator[_Passage]:
    """Yield the lines of rows whose cell holds nothing in a column where other rows link their checkpoints."""
    lines = re.split(r"\r\n?|\n", outline.document.text)
    for table in outline.tables:
        body = table.rows[table.header_rows :]
        width = min(map(len, body), default=0)
        linked = [n for n in range(width) if any(url in checkpoints for row in body for url in row[n].links)]
        for row in body:
            if not linked or any(cell.links and set(cell.links) & set(checkpoints) for cell in row):
                continue
            if all(_NO_LINK.fullmatch(row[n].text) and not row[n].links for n in linked):
                for line in sorted({cell.line for cell in row if 0 < cell.line <= len(lines)}):
                    yield _Passage(line, lines[line - 1].strip(), UNLINKED)


def _code_blocks(outline: Outline, known: str) -> Iterator[_Passage]:
    for block in outline.blocks:
        if block.kind == "code":
            yield from _built(block.text, block.line, known)


def _built(text: str, first: int, known: str, calls: re.Pattern[str] = _CALLS) -> Iterator[_Passage]:
    """Yield the lines of code that fetch weights from an address which is put together, or stands nowhere in the documents' links."""
    lines = re.split(r"\r\n?|\n", text[:200_000])
    literal = bool(re.search(r"https?://[^\s'\"`<>{}$%]{4,300}\.(?:pth|pt|ckpt|safetensors|bin|h5|onnx|pkl|npz|tar)\b", text[:200_000]))
    for number, line in enumerate(lines):
        near = " ".join(lines[max(0, number - 3) : number + 4])
        if len(line) > MAX_LINE or len(near) > 8 * MAX_LINE or line.lstrip().startswith(("//", "#")):
            continue
        built = _BUILT.search(line) and _WEIGHT_FILE.search(near)
        called = not literal and calls.search(line) and not _is_known(line, known)
        if built or called:
            yield _Passage(first + number, line.strip(), "at an address that code puts together")


def _is_known(line: str, known: str) -> bool:
    """Tell whether a line names an address, an id or a repository that a link of the documents has, and so was followed."""
    return any(word in known for word in re.findall(r"[\w./:-]{8,300}", line) if re.search(r"[/\d]", word))


def _is_place(link: Link, full_name: str) -> bool:
    """Tell whether a link that is not followed leads to where weights may be had: a form, a transfer, a page of a model zoo."""
    if link.owner != "own" or link.purpose not in ("other", "results") or _BADGE.search(link.url):
        return False
    if _FORMS.search(link.url) or _HANDED.search(link.url):
        return _speaks(f"{link.label} {link.evidence.quote}")
    if link.host == "github_release":
        return f"/{full_name.lower()}/" not in f"{link.url.lower()}/"
    return link.target == "page" and link.host != "github" and _speaks(link.label)


def _speaks(text: str) -> bool:
    return any(topic.purpose == CHECKPOINT and topic.weight > 2 for topic in topics(re.sub(r"https?://\S+", " ", text)))


def _fetches(path: str, read: Collection[str]) -> bool:
    return path not in read and bool(_FETCHER.search(path)) and bool(re.search(r"(?i)weight|model|ckpt|checkpoint|pretrain|zoo", path))
