"""Claims of prose and console output, modestly: only numbers that stand beside a metric's own name or unit.

A sentence that compares (`outperforms X by 2.1 %`) says what somebody else has, or a difference, and is left alone; so is
training output. The variant is the model that the item or the passage names, else the repository's one model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.claims.console import Found, is_dump, printed_results
from auditor.claims.headers import setting_of
from auditor.claims.interface import ClaimContext
from auditor.claims.naming import bears
from auditor.claims.numbers import plain, readings
from auditor.claims.own_words import UNNAMED, own_name, own_tokens
from auditor.claims.vocabulary import KNOWN_NETWORKS, NEWS
from auditor.claims.weights import is_weights
from auditor.facts import Block, Claim, Evidence, Outline

MAX_BLOCK = 3000
NUMBER = r"(?<![\w.,/@-])\d{1,3}(?:\.\d{1,4})?(?![\w.]*[\d])"
STRONG = (
    r"(?:box |mask |segm |keypoint )?"
    r"(?:m?AP(?:@?[.\d]+|_?(?:50|70|75))?|m?IoU|Dice|MPJPE|PA-?MPJPE|P-?MPJPE|PCKh?|top-?[15](?: acc(?:uracy|\.)?)?"
    r"|acc(?:uracy)?@?[15]?|PSNR|SSIM|FID|BLEU|F1|EPE|EER|minDCF|PQ|WER|CER|(?:SI-?)?SDR|PESQ|MOTA|IDF1|HOTA|FPS)"
)
METRIC = re.compile(rf"(?<![\w-]){STRONG}(?![\w])", re.IGNORECASE)
AFTER = re.compile(
    rf"(?P<a>{NUMBER})\s?%?(?:\s?/\s?(?P<b>\d{{1,3}}\.\d+)\s?%?)?\s+(?:\((?P<who>[A-Za-z][\w.+-]{{2,40}})\)\s+)?"
    rf"(?:in )?(?:ImageNet(?:-1K)? )?(?P<m>{STRONG})(?:\s?/\s?(?P<n>{STRONG}))?(?![\w])",
    re.IGNORECASE,
)
BEFORE = re.compile(
    rf"(?<![\w-])(?P<m>{STRONG})\)?(?:\s+scores?)?\s*"
    rf"(?:expected |obtained |achieved )?(?:of|is|:|=|was|should be|will be|(?=about |around |~))\s*"
    rf"(?:about |around |~)?[`'\"]?(?P<a>{NUMBER})\s?%?(?![\w/])",
    re.IGNORECASE,
)
EACH = re.compile(
    rf"(?P<a>{NUMBER})\s?%? for (?:the |our )?(?P<name>[A-Za-z][\w+.-]{{2,40}})(?![\w/])"
)  # `(42.2 for X-S and 48.7 for X-L)`
SPEED = re.compile(
    r"\bruns?\b|running|speed|inference|real[- ]?time|throughput"
    r"|\bon (?:an?|one|a single|the) [\w -]{0,30}(?:GPU|CPU|Titan|RTX|GTX|[TVPA]\d{1,3}0?\b|Jetson|phone)",
    re.IGNORECASE,
)
OF_WEIGHTS = re.compile(r"\W{1,3}(?:weights|model|checkpoint)")
RECORDED = re.compile(r"camera|record|captur|sampl|frame ?rate|stream|subsampl|extract", re.IGNORECASE)
INSIDE = re.compile(rf"\((?P<m>{STRONG})(?:\s+scores?)?\s*[:=]?\s*(?P<a>{NUMBER})\s?%?\)", re.IGNORECASE)
ANNOUNCED = re.compile(
    rf"(?:returns?|outputs?|prints?|gets?|obtains?|sees?|achieves?|gives?|yields?)\s*:?\s*[`'\"(]*(?P<m>{STRONG})\s+(?P<a>{NUMBER})\s?%?(?![\w/])",
    re.IGNORECASE,
)
DECIBEL = re.compile(rf"(?P<a>{NUMBER})\s?dB\s+(?:of |in )?(?P<m>{STRONG})(?!\w)", re.IGNORECASE)
DISTANCE = re.compile(rf"(?P<a>{NUMBER})\s?mm(?![\w])")
COUNT = re.compile(r"(?<![\w.])(?P<a>\d{1,4}(?:\.\d+)?\s?[MB])\s+(?:parameters|params)(?![\w])")
PART = re.compile(r"\s*\(?(?!and\b|trained|on\b|at\b|is\b|were\b)[a-z]", re.IGNORECASE)  # `parameters in the head`, `parameters fewer than`
RELATIVE = re.compile(r"(?:extra|additional|trainable|learnable|more|fewer|less|only|saves?|adds?|reduc\w+)\W+(?:\w+\W+)?$", re.IGNORECASE)
DIFFERENCE = re.compile(
    r"outperform|surpass|better than|worse than|compared (?:to|with)|improv|higher than|lower than|margin|previous|baseline (?:of|model)"
    r"|\bvs\b|state-of-the-art (?:methods?|models?|approach|networks?|detectors?|results? of [A-Z])|"
    r"\bby \d|more (?:accurate|than)|faster than|less than|drop|[+<>≥≤]\s?\d|follow-up|other (?:methods|models)"
    r"|[a-z]['’]s (?:repo(?:sitory)?|fork|code|implementation|work|paper)\b"
    r"|focal|lens|sensor|width|height|diameter|spacing|isotropic|voxel|thickness",
    re.IGNORECASE,
)
ASIDE = re.compile(r"\([^()]{1,120}\)")
TAIL = re.compile(  # `reaches 80.1 top-1, surpassing its teacher by 2.0`: what is said before the comparison is said of itself
    r",\s+(?:(?:and|thus|thereby|hence|which|while|even|also|clearly|largely|greatly|significantly|consistently)\s+){0,3}"
    r"(?:surpass|outperform|exceed|beat|improv|better|advanc)(?:ing|es|s)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
PRONOUN = re.compile(
    r"\s*(?:it|they|(?:this|the same) (?:model|network|method))\s+(?:(?:also|further|even|can|then)\s+){0,2}", re.IGNORECASE
)
NAMELIKE = r"(?=[\w.+-]{0,40}(?:\d|[a-z][A-Z]|[A-Z][A-Z]|[A-Za-z][-_][A-Za-z]))[A-Za-z][\w.+-]{1,40}"
ACHIEVING = re.compile(
    rf"(?<![\w.-])({NAMELIKE}) (?:also |further |now )?(?:achieves?|obtains?|reaches|attains?|gets?|scores?|yields?|has)\b[^,.;:]{{0,40}}$"
)
ACHIEVED_BY = re.compile(
    rf"^[^,.;]{{0,12}}(?:is|was|are|were) (?:achieved|obtained|reached) (?:using|by|with) (?:our|the) (?:proposed |own )?"
    rf"({NAMELIKE})(?![\w.-])"
)
DATED = re.compile(
    r"\W{0,6}(?:(?:19|20)\d\d\b|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)[a-z]*\.? \d)",
    re.IGNORECASE,
)
FIRST_PERSON = re.compile(
    r"\b(?:we|our)\b|this (?:model )?should|you (?:should|will|can) (?:get|see|obtain|check|expect)"
    r"|(?:script|command|code) (?:should|will) (?:return|print|give|output)"
    r"|^the (?:proposed |final |resulting )?(?:model|network|method) (?:achieves|obtains|reaches|attains|gets|scores)"
    r"|\bthis (?:system|implementation|repo(?:sitory)?|code|project) (?:performs|achieves|obtains|reaches|attains|gets|scores)",
    re.IGNORECASE,
)
DETECTOR = re.compile(r"(?:using|with|from|uses?|person|human)\s[^.]{0,60}detect(?:or|ion)", re.IGNORECASE)
ACHIEVED = re.compile(
    r"achiev|obtain|reach|attain|get[s ]|returns?\b|give|yield|report|reproduce|score|result|error|evaluat|perform|produc", re.IGNORECASE
)
REACHED = re.compile(r",\s(?:thus |thereby |and )?(?:achieving|reaching|obtaining|attaining|yielding)\s[^,;:]{1,120}$")
NAMED = re.compile(r"--(?:model|arch|model[_-]name|model[_-]type|backbone|name)[ =]([\w.-]{2,60})|(?<!\w)-a ([\w.-]{3,60})")
RUN = re.compile(r"\W*(?:[Rr]un[: ]\W*)?(?:python|bash|sh|torchrun)[\d.]* [\w./-]")  # a command that is an item of its own
LOADED = re.compile(
    r"--(?:initial|load|resume|checkpoint|ckpt|weights?|pretrained|restore)(?:[_-](?:model|from|path|ckpt|checkpoint|weights?|file))*"
    r"[ =]([\w./-]{2,200})"
)
FOLLOWING = re.compile(r"(?:following|next|below) (?:script|command|code|line)|(?:script|command|code|line) below", re.IGNORECASE)
EXPECTED = re.compile(r"give|giving|get|see|obtain|achieve|result|output|expect|reproduce|print|accuracy|输出|结果", re.IGNORECASE)


class TextClaims:
    """Reads results from sentences, list items and console output."""

    name = "text"

    def accepts(self, outline: Outline) -> bool:
        """Tell whether the document is a text for readers."""
        return bool(outline.blocks) and outline.document.role in ("readme", "document")

    def extract(self, outline: Outline, context: ClaimContext) -> tuple[Claim, ...]:
        """Return the claims of paragraphs, items and console blocks, in the order of the document."""
        lines = re.split(r"\r\n?|\n", outline.document.text)
        tokens = own_tokens(context, outline.title)
        alone = own_name(context, outline.title)
        claims: list[Claim] = []
        for number, block in enumerate(outline.blocks):
            if len(block.text) > MAX_BLOCK or DATED.match(block.text) or any(map(is_news, block.sections[1:])):
                continue
            before = [other for other in outline.blocks[max(0, number - 6) : number] if other.sections == block.sections]
            if block.kind == "code":
                claims.extend(console_claims(block, before, lines, outline, tokens, alone))
            else:
                run = run_after(block, outline.blocks[number + 1 : number + 2])
                claims.extend(prose_claims(block, before, lines, outline, tokens, alone, run))
        return tuple(claims)


def is_news(heading: str) -> bool:
    """Tell whether a heading is of news; a link in parentheses behind a release, `(Changelog)`, makes it none."""
    return bool(NEWS.search(re.sub(r"\([^()]{0,40}\)", "", heading)))


def console_claims(
    block: Block, before: list[Block], lines: list[str], outline: Outline, tokens: tuple[str, ...], alone: str
) -> Iterator[Claim]:
    """Yield the results in a block of console output that the text announces or a test's command explains; training output says none."""
    announced = any(EXPECTED.search(other.text) for other in before[-2:])
    named = NAMED.search(block.text)
    variant = str(named[1] or named[2]) if named else variant_before(before, tokens)
    if not variant and is_dump(block.text):  # the heading of a dump names its model
        variant = next(filter(None, (named_in(said, tokens) for said in block.sections[:0:-1])), "")
    if (variant or alone) == UNNAMED and is_dump(block.text):
        return
    for found in printed_results(block.text, announced):
        yield from claim_of(found, variant or alone, block, lines, outline)


def prose_claims(
    block: Block, before: list[Block], lines: list[str], outline: Outline, tokens: tuple[str, ...], alone: str, run: str = ""
) -> Iterator[Claim]:
    """Yield the results that the sentences of a paragraph or item state of the authors' own models, or of the model that is `run` next."""
    start, last = 0, ""
    for whole in re.split(r"(?<=[.。!?;])\s+", block.text):
        place, start = start, start + len(whole) + 1
        sentence = uncompared(whole)
        subject = last if PRONOUN.match(sentence) and ACHIEVED.search(sentence) else ""
        last = named_in(whole, tokens) or subject
        reached = REACHED.search(sentence)  # what is outperformed has other numbers; what was reached by it is the own one
        if DETECTOR.search(sentence) or (DIFFERENCE.search(sentence) and (not reached or DIFFERENCE.search(reached[0]))):
            continue
        for found in in_sentence(sentence, block, before):
            if reached and DIFFERENCE.search(sentence) and not reached.start() <= found.start < reached.end():
                continue
            offered = offered_in(found, sentence, block, outline) if found.attribute != "params" else ""
            variant = offered or (run if FOLLOWING.search(sentence) else "")
            variant = variant or variant_in(found, sentence, block, tokens, alone) or (subject if found.attribute != "params" else "")
            if variant and variant != UNNAMED:
                yield from claim_of(Found(found.attribute, found.printed, place + found.start), variant, block, lines, outline)
        yield from each_claims(sentence, place, block, lines, outline, tokens)


def each_claims(sentence: str, place: int, block: Block, lines: list[str], outline: Outline, tokens: tuple[str, ...]) -> Iterator[Claim]:
    """Yield the results that a sentence at a place of its block gives to each own model by name, of the one metric named up to there."""
    if EACH.search(sentence) is None:
        return
    metrics = {metric(match[0]) for match in METRIC.finditer(block.text[: place + len(sentence)])}
    for match in EACH.finditer(sentence):
        if len(metrics) == 1 and bears(match["name"], tokens):
            found = Found(min(metrics), match["a"], place + match.start("a"))
            yield from claim_of(found, match["name"].rstrip(".-"), block, lines, outline)


def uncompared(sentence: str) -> str:
    """Return a sentence with spaces for its asides and for its last clause where they compare; each number keeps its place."""
    kept = ASIDE.sub(lambda match: " " * len(match[0]) if DIFFERENCE.search(match[0]) else match[0], sentence)
    tail = TAIL.search(kept)
    return kept[: tail.start()] if tail else kept


def variant_in(found: Found, sentence: str, block: Block, tokens: tuple[str, ...], alone: str) -> str:
    """Return the variant that a number is said of; the repository's one model only where the sentence says that it achieves it."""
    if found.attribute == "params":
        return leading_name(block)
    if (FIRST_PERSON.search(sentence) or (found.who and ACHIEVED.search(sentence))) and (subject := subject_in(found, sentence)):
        return subject if not KNOWN_NETWORKS.fullmatch(subject.lower()) else ""
    named = named_in(sentence, tokens)
    if not named and FIRST_PERSON.search(sentence):
        named = named_in(block.text, tokens) or (alone if ACHIEVED.search(sentence) and not found.printed.endswith("mm") else "")
    return named or (subject_of(block) if block.kind == "item" else "")


def subject_in(found: Found, sentence: str) -> str:
    """Return the model beside the verb of a number: `our Wader-S achieves an mAP of 0.4`, `0.4 is achieved using our Wader-S`."""
    if found.who:
        return found.who
    match = ACHIEVING.search(sentence[max(0, found.start - 120) : found.metric_start])
    match = match or ACHIEVED_BY.match(sentence[found.start + len(found.printed) :][:120])
    return match[1].rstrip(".-") if match else ""


def offered_in(found: Found, sentence: str, block: Block, outline: Outline) -> str:
    """Return the name of a list item that offers weights, what stands before its result: `[Base, 300 epochs (83.1 top-1)](url)`."""
    if block.kind != "item" or not any(link.line == block.line and is_weights(link.url) for link in outline.links):
        return ""
    match = re.match(r"\W*([^()（]{2,100}?)\s*(?:[(（]|[:：]\s|\s[-–—]\s|,\s)[^()（）,]{0,12}$", sentence[: found.start])
    return plain(match[1]).strip(" :,-") if match and re.search(r"[A-Za-z]{2}", match[1]) else ""


def subject_of(block: Block) -> str:
    """Return the subject of a list item, what stands before its verb: `-arc 3,3,3 (27 frames) should achieve ...`."""
    match = re.match(r"(.{2,60}?)\s+(?:should|achieves?|gives?|gets?|reaches|yields?|obtains?)\s", block.text)
    return plain(match[1]) if match and len(match[1].split()) <= 6 and re.search(r"[\d_-]|[a-z][A-Z]", match[1]) else ""


def in_sentence(sentence: str, block: Block, before: list[Block]) -> Iterator[Found]:
    """Yield the numbers of one sentence that stand beside a metric, a length in millimeters, or a count of parameters."""
    timed = SPEED.search(sentence) is not None and RECORDED.search(sentence) is None
    for match in AFTER.finditer(sentence):
        if not is_result(match, timed):
            continue
        yield Found(metric(match["m"]), match["a"], match.start("a"), match.start(), match["who"] or "")
        if match["b"]:
            yield Found(metric(match["n"] or match["m"]), match["b"], match.start("b"), match.start(), match["who"] or "")
    for pattern in (BEFORE, INSIDE, ANNOUNCED, DECIBEL):
        for match in pattern.finditer(sentence):
            if is_result(match, timed):
                yield Found(metric(match["m"]), match["a"], match.start("a"), match.start())
    around = sentence if ACHIEVED.search(sentence) else " ".join(other.text for other in before[-2:] if other.kind != "code")
    if ACHIEVED.search(around):
        for match in DISTANCE.finditer(sentence):
            yield Found(name_of_distance(around), match[0], match.start("a"))
    if block.kind == "item":
        for match in COUNT.finditer(sentence):
            if PART.match(sentence[match.end() :]) or RELATIVE.search(sentence[: match.start()]):
                continue
            yield Found("params", match["a"], match.start("a"))


def is_result(match: re.Match[str], timed: bool) -> bool:
    """Tell a result from what else stands beside its word: a video has frames per second, boxes match at an IoU of 0.5."""
    word = match["m"].lower()
    if word == "fps":
        return timed
    return word != "iou" or float(match["a"]) > 1 or len(match["a"]) > 4  # thresholds have two digits at most


def metric(text: str) -> str:
    """Return a metric's name as printed."""
    return " ".join(text.split()).rstrip(".")


def name_of_distance(text: str) -> str:
    """Return what a length in millimeters measures: the metric that is named, else an error."""
    match = re.search(r"(?:PA-?|P-?|N-?)?MPJPE|MPVPE|MRPE", text)
    return match[0] if match else "error"


def leading_name(block: Block) -> str:
    """Return the name at the head of a list item, before its colon: `BERT-base: 12-layer, ...`; empty where there is none."""
    match = re.match(r"\s*([^:：]{2,60})[:：]", block.text)
    name = plain(match[1]).strip() if match else ""
    return name if re.search(r"[A-Za-z]", name) and len(name.split()) <= 5 else ""


def named_in(text: str, tokens: tuple[str, ...]) -> str:
    """Return the first word of a text that bears the repository's name, with its size: `ConvNeXt-B`."""
    for match in re.finditer(r"(?<![\w/.-])[A-Za-z][\w+.-]{1,40}(?:/\d{1,2})?(?![\w/])", text):
        clean = match[0].rstrip(".-")
        if OF_WEIGHTS.match(text, match.end()):
            clean = clean.removesuffix("_config")  # weights are called by their configuration
        if bears(clean, tokens) and not re.search(r"\.(?:py|pth|bin|sh|md|yaml)$|_(?:dir|file|path|config)$", clean, re.IGNORECASE):
            return str(clean)
    for token in tokens:  # a name of several words: `Fast Everything-L`
        if found := re.search(rf"(?<![\w/.-])(?i:{token})(?:[ -](?:v?\d[\w.]*|[A-Z][\w+]{{0,2}}(?![\w-])))?(?![\w/])", text):
            return found[0]
    return ""


def run_after(block: Block, following: tuple[Block, ...]) -> str:
    """Return the model that the one command after a paragraph runs: the name of its weights, else of its model; empty for none."""
    if block.kind == "code" or not following or following[0].kind != "code":
        return ""
    loaded, named = LOADED.findall(following[0].text), NAMED.findall(following[0].text)
    if len(set(loaded)) == 1:
        *folders, file = loaded[0].strip("/").split("/")
        stem = re.sub(r"\.(?:pth|pt|ckpt|bin|model|h5|tar|safetensors|pyth|onnx)(?:\.tar|\.gz)?$", "", file)
        return folders[-1] if folders and re.fullmatch(r"(?i)model|best|last|latest|checkpoint|weights|final", stem) else stem
    return str(next(filter(None, named[0]))) if len(named) == 1 else ""


def variant_before(before: list[Block], tokens: tuple[str, ...]) -> str:
    """Return the model that the passage before a console block runs: of its last command, else the last one named."""
    for block in reversed(before):
        if (block.kind == "code" or RUN.match(block.text)) and (match := NAMED.search(block.text)):
            return str(match[1] or match[2])
    for block in reversed(before):
        if name := named_in(block.text, tokens):
            return name
    return ""


def claim_of(found: Found, variant: str, block: Block, lines: list[str], outline: Outline) -> Iterator[Claim]:
    """Yield the claim of one number, if its source line is found."""
    number = line_of(found, block, lines)
    some = readings(found.printed)
    if number is None or not some or DATED.match(lines[number - 1]):  # of a paragraph of dated news, too
        return
    document = outline.document
    unit = some[0].unit or ("%" if block.text[found.start + len(found.printed) :].lstrip().startswith("%") else None)
    line = lines[number - 1].strip()
    quote = line if len(line) <= 400 else found.printed
    evidence = Evidence(document.source, f"{document.path}#L{number}", quote, document.sha256, "text reader")
    setting = setting_of(block.text) or setting_of(block.sections[-1] if block.sections else "")
    yield Claim(
        "", variant, found.attribute, some[0].value, unit, setting[:240], "primary", "text", evidence, found.printed, row=block.text[:300]
    )


def line_of(found: Found, block: Block, lines: list[str]) -> int | None:
    """Return the line of the document on which the printed number stands, searched from the block's first line."""
    pattern = re.compile(rf"(?<![\d.]){re.escape(found.printed)}(?!\d)")
    span = block.text.count("\n") + 3 + len(block.text) // 60
    for number in range(max(1, block.line), min(len(lines), block.line + span) + 1):
        if pattern.search(lines[number - 1]):
            return number
    return None
