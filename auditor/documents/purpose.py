"""What a link leads to, told from everything that stands around it: a sum of small reasons, never the host alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from auditor.addresses import Address, locate, queried_file
from auditor.documents.purpose_settled import Judgement, Place, host_and_path, is_in_space, lists_own_models, query_of, settled
from auditor.documents.purpose_words import (
    CHECKPOINT,
    CONTAINER_SUFFIXES,
    DATASET,
    OTHER,
    PURPOSES,
    RESULTS,
    STRONG_SUFFIXES,
    WEAK_SUFFIXES,
    Topic,
    suffix_of,
    topics,
    url_topics,
    without_access_code,
)

# How much a word counts for where it stands, the strongest first.
LABEL, COLUMN, CLAUSE, HEADING, ROW, LEAD, ADDRESS, CAPTION = 2.0, 1.3, 1.0, 0.7, 0.7, 0.5, 1.0, 0.5
THRESHOLD = 2.5  # what any purpose needs at least
FILE_THRESHOLD = 1.2  # the same for an address that can only be a file or a folder of files
_FILE_HOSTS = frozenset(
    "google_drive dropbox onedrive baidu zenodo figshare osf s3 gcs azure mega mediafire yandex_disk box wetransfer jianguoyun"
    " aliyun_drive weiyun quark dataverse mendeley".split()
)
_HUB_REPOSITORY = {"hugging_face", "modelscope", "kaggle"}
_MODEL_HUB = re.compile(
    r"^https?://(?:www\.)?(paddlepaddle\.org\.cn(?=/hubdetail|/hub)|tfhub\.dev(?=/.)|pytorch\.org(?=/hub/.)|catalog\.ngc\.nvidia\.com(?=/.*/models)|"
    r"ngc\.nvidia\.com(?=/.*/models)|openxlab\.org\.cn(?=/models/)|aistudio\.baidu\.com(?=/model)|wisemodel\.cn(?=/models)|civitai\.com(?=/models))",
    re.IGNORECASE,
)
_OFFERS = re.compile(
    r"(?:models?|weights|checkpoints|model\szoo)(?![a-z])[^.;!?]{0,90}?(?<![a-z])(?:can|may|could|are|is)\s+(?:also\s+|now\s+|all\s+)*(?:be\s+)?"
    r"(?:found|downloaded|available|obtained|accessed|released|provided|hosted|here)|(?<![a-z])(?:download|get|find|fetch)\s+(?:\w[\w.-]*\s+){0,6}?(?:models?|weights|checkpoints)|"
    r"权重[：:]|模型下载",
    re.IGNORECASE,
)
_NEUTRAL = re.compile(
    r"^\W*(?:here|link|links|download|downloads?\s*link|url|this|this link|click here|google(?: ?drive)?|g-?drive|drive|gd|one ?drive|"
    r"baidu\s*(?:yun|pan|drive|disk|cloud|netdisk)?|"
    r"baiduyun|github|hf|hf link|hugging ?face|dropbox|zenodo|modelscope|aws|s3|mirror\s*\d*|cloud|"
    r"下载|链接|百度(?:网盘|云盘?)|谷歌(?:网盘|云盘)?|aquí|enlace|descargar|"
    r"[\d.]+\s*[mg]i?b|tf|tensorflow|pytorch|jax|⬇️?|📥|weights?\s*\d*|\d+)\W*(?:\(.*\)|（.*）)?\W*$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"^[\s,]*(?:and|&|/|or|as well as|with|以及|和|、|y)[\s,]*(?:the\s|our\s|all\s)?$")
_SAVED_AS = re.compile(r"(?:\s-o|\s-O|\s--output(?:-document)?|\s>)[\s=]+['\"]?([^\s'\";|&]{1,200})")  # by wget, curl, gdown
_NUMBER = re.compile(r"^[~<>≈*\s]*[-+]?\d[\d.,]*\s*(?:\(.*\)|±.*|[%×xMmKkGgBbs/].*)?[*†‡]*$")


@dataclass(slots=True)
class Scale:
    """Reasons for each purpose, as they add up."""

    sums: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    reasons: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, purpose: str, weight: float, reason: str) -> None:
        """Put a reason on the scale."""
        self.sums[purpose] += weight
        self.reasons[purpose].append((weight, reason))

    def judgement(self, threshold: float) -> Judgement:
        """Return the heaviest purpose; it must pass the threshold, everything unclear is `other`."""
        purpose, score = max(self.sums.items(), key=lambda pair: pair[1], default=(OTHER, 0.0))
        if score < threshold:
            return Judgement(OTHER, 0.0, self._why(purpose) and f"too little says {purpose}: {self._why(purpose)}")
        return Judgement(purpose, score, self._why(purpose))

    def _why(self, purpose: str) -> str:
        heaviest = sorted(self.reasons[purpose], key=lambda pair: -pair[0])
        return "; ".join(dict.fromkeys(reason for weight, reason in heaviest if weight > 0))[:200]


def judge(place: Place, full_name: str) -> Judgement:
    """Return what a link leads to, with the words that decided."""
    url = place.link.url
    address = locate(url)
    certain = settled(place, address, full_name)
    if certain:
        return certain
    scale = Scale()
    _weigh_address(scale, place, full_name, address)
    _weigh_words(scale, place)
    _weigh_table(scale, place, address)
    _weigh_name(scale, place, full_name, address)
    if (address.target == "page" and address.host not in _HUB_REPOSITORY) or address.host == "github":
        _weigh_page(scale, place)
    holds_files = address.host in _FILE_HOSTS or address.target == "file" or is_in_space(host_and_path(url)[1], address)
    return scale.judgement(FILE_THRESHOLD if holds_files else THRESHOLD)


def _weigh_address(scale: Scale, place: Place, full_name: str, address: Address) -> None:
    """Weigh host and path."""
    url = place.link.url
    host, path = host_and_path(url)
    suffix = suffix_of(path)
    if address.target == "file" and suffix not in WEAK_SUFFIXES | CONTAINER_SUFFIXES:
        suffix = suffix_of(queried_file(query_of(url))) or suffix
    if suffix in WEAK_SUFFIXES:
        scale.add(CHECKPOINT, 2.5, f".{suffix} file")
    elif suffix in CONTAINER_SUFFIXES:
        scale.add(CHECKPOINT, 0.3, f".{suffix} file")
        scale.add(DATASET, 0.3, f".{suffix} file")
    if address.host in _HUB_REPOSITORY and not is_in_space(path, address):
        is_data = address.host != "hugging_face" and "/datasets/" in path + "/"
        if is_data:
            scale.add(DATASET, 8.0, f"dataset of {address.host}")
        elif lists_own_models(place, url, path, full_name):
            scale.add(CHECKPOINT, 1.5, "the hub's list of these models")
        elif address.target != "page" or "/collections/" in path or "/models/" in path:
            scale.add(CHECKPOINT, 3.5, f"model repository of {address.host}")
    for topic in url_topics(f"{path}/" if address.host not in ("github", "hugging_face") else path.rsplit("/", 1)[-1]):
        scale.add(topic.purpose, topic.weight * ADDRESS, f"{topic.word!r} in the address")
    if (
        host.endswith(
            ("cocodataset.org", "image-net.org", "cvlibs.net", "physionet.org", "cityscapes-dataset.com", "cityscapes-dataset.net")
        )
        or "dataset" in host
    ):
        scale.add(DATASET, 4.0, f"address of {host}")


def _weigh_words(scale: Scale, place: Place) -> None:
    """Weigh label, column, sentence, headings and what introduces the list."""
    link = place.link
    label = "" if link.form in ("command", "code", "bare", "autolink") else without_access_code(link.label)
    spoken = topics(label)
    if spoken:
        best = max(spoken, key=lambda topic: topic.weight)
        last = spoken[-1] if spoken[-1].weight >= 2 else best
        scale.add(last.purpose, max(last.weight, 2.0) * LABEL, f"link text {last.word!r}")
    of_column = {topic.purpose for topic in topics(link.column[:300])}
    _weigh_nearest(scale, link.column, COLUMN if len(of_column) > 1 else 1.7 * COLUMN, "column")
    settled_here = any(topic.weight >= 2 for topic in spoken)
    said = False
    if not link.row:
        said = _weigh_sentence(scale, place, 0.4 if settled_here else 1.0)
    elif link.row:
        _weigh_nearest(scale, link.row[0] if link.label != link.row[0] else "", ROW, "row")
    headings = [heading for heading in link.sections if heading != place.title or _tells(heading, place.is_readme)]
    for depth, heading in enumerate(reversed(headings[-3:])):
        _weigh_heading(scale, heading, HEADING * (1.0, 0.5, 0.25)[depth] * (0.5 if said else 1.0))
    if not said:
        _weigh_nearest(scale, place.lead, LEAD, "introduced by", (CHECKPOINT, DATASET, RESULTS))


def _tells(title: str, is_readme: bool) -> bool:
    """Tell whether a document's title says what it lists ("Model zoo") and does not merely name the paper's subject."""
    plain = any(topic.weight >= 3 or topic.word.lower().startswith("dataset") for topic in topics(title))
    return len(title.split()) <= 4 and (plain or not is_readme)


def _weigh_sentence(scale: Scale, place: Place, factor: float) -> bool:
    """Weigh the words of the sentence, the nearest before the link most; tell whether it said anything."""
    if place.link.form in ("command", "code"):
        return _weigh_command(scale, place, factor)
    near = topics(place.before)
    if near:
        _weigh_run(scale, near, place.before, factor, "before the link")
        return True
    following = place.after[:120] if topics(place.after[:120]) else place.follows
    after = topics(following)
    wide = topics(place.wider)
    if after:
        mirrored = [topic._replace(end=len(following) - topic.end + len(topic.word)) for topic in reversed(after)]
        _weigh_run(scale, mirrored, " " * len(following), factor * (0.6 if wide else 0.8), "after the link")
    if wide:
        _weigh_run(scale, wide, place.wider, factor * 0.9, "in the sentence")
    return bool(after or wide)


def _weigh_command(scale: Scale, place: Place, factor: float) -> bool:
    """Weigh where a command puts what it downloads, and what the paragraph before it says."""
    text = place.link.label.replace(place.link.url, " ")
    where = re.sub(r"[_./=-]+", " ", text)
    said = topics(where)
    if re.search(r"--?(?:wts|weights?|resume|ckpt|checkpoint|pretrained|load[\w-]*|init[\w-]*|model[\w-]*)[\s=]", text):
        scale.add(CHECKPOINT, 3.0, "value of an option for weights")
    named = _SAVED_AS.search(text)
    if named and suffix_of(named[1]) in STRONG_SUFFIXES:
        scale.add(CHECKPOINT, 5.0, f"saved as a .{suffix_of(named[1])} file")
    _weigh_run(scale, [topic for topic in said if topic.weight >= 2.0], where, factor * 0.7, "in the command")
    lead = topics(place.wider)
    _weigh_run(scale, lead, place.wider, factor * 0.7, "before the command")
    return bool(said or lead)


def _weigh_run(scale: Scale, found: Sequence[Topic], text: str, factor: float, where: str) -> None:
    """Weigh a run of words: the nearest to the link whole, what stands farther away less and less.

    Of "trained models and predictions" the weights count: whoever links both links weights.
    """
    if not found:
        return
    nearest = max(found, key=lambda topic: topic.end)
    best: dict[str, tuple[float, str]] = {}
    for topic in found:
        beside = topic.weight >= 2.4 and topic.purpose == CHECKPOINT and _JOINED.match(text[topic.end : nearest.end - len(nearest.word)])
        distance = 0.0 if beside else (nearest.end - topic.end) / 60
        weight = topic.weight * factor / (1 + distance + max(0, len(text) - nearest.end) / 400)
        if weight > best.get(topic.purpose, (0.0, ""))[0]:
            best[topic.purpose] = (weight, topic.word)
    for purpose, (weight, word) in best.items():
        scale.add(purpose, weight, f"{word!r} {where}")


def _weigh_heading(scale: Scale, text: str, factor: float) -> None:
    """Weigh a heading; a short one that names models ("Models we provide") says more than the word does in a sentence."""
    spoken = topics(text[:300])
    if spoken and len(text.split()) <= 5 and all(topic.purpose == CHECKPOINT and topic.weight < 2 for topic in spoken):
        scale.add(CHECKPOINT, 1.8 * factor, f"heading {spoken[0].word!r}")
    else:
        _weigh_nearest(scale, text, factor, "heading")


def _weigh_nearest(scale: Scale, text: str, factor: float, where: str, purposes: tuple[str, ...] = PURPOSES) -> None:
    """Weigh a short text (a column's header, what introduces a list) by its clearest word, and half by the others."""
    found = [topic for topic in topics(text[:300]) if topic.purpose in purposes]
    if not found:
        return
    best = max(found, key=lambda topic: topic.weight)
    for purpose in dict.fromkeys(topic.purpose for topic in found):
        clearest = max((topic for topic in found if topic.purpose == purpose), key=lambda topic: topic.weight)
        share = 1.0 if clearest.weight == best.weight else 0.5
        scale.add(purpose, clearest.weight * factor * share, f"{where} {clearest.word!r}")


def _weigh_table(scale: Scale, place: Place, address: Address) -> None:
    """Weigh a link of a table of results: what stands beside a model's numbers and says no more than "download" is its weights."""
    link = place.link
    if not link.row:
        return
    numbers = sum(bool(_NUMBER.match(cell.strip())) for cell in link.row)
    neutral = bool(_NEUTRAL.match(link.label)) or not link.label
    leads_to_files = (
        address.host in _FILE_HOSTS or address.host == "github_release" or address.host in _HUB_REPOSITORY or address.target == "file"
    )
    says_else = {topic.purpose for topic in topics(link.column[:300])} - {CHECKPOINT}
    if not leads_to_files or says_else:
        return
    if numbers >= 1 and neutral:
        scale.add(CHECKPOINT, 2.0, "beside the numbers of a row")
    if numbers >= 1 and not topics(link.label):
        scale.add(CHECKPOINT, 0.8, "in a table of numbers")
    if re.search(
        r"down-?load|(?<![a-z])(?:url|links?|file|drive|hugging ?face|hf|baidu|release)(?![a-z])|下载|链接|descarga",
        link.column,
        re.IGNORECASE,
    ):
        scale.add(CHECKPOINT, 1.0, f"column {link.column[:40]!r}")


def _weigh_name(scale: Scale, place: Place, full_name: str, address: Address) -> None:
    """Weigh a file called by the repository's name and a size (`RefineThing320`): that is a model, and the words around it say of what."""
    label, name = (re.sub(r"[^a-z0-9]", "", text.lower()) for text in (place.link.label, full_name.rsplit("/", 1)[-1]))
    files = address.host in _FILE_HOSTS or address.target == "file"
    if files and len(name) > 3 and label.startswith(name) and len(label) <= len(name) + 12 and not topics(place.link.label):
        scale.add(CHECKPOINT, 1.5 * LABEL, "link text is the repository's name with a variant")


def _weigh_page(scale: Scale, place: Place) -> None:
    """Weigh a page or a whole code repository: it holds weights where the sentence plainly offers them there, or a model hub has it."""
    url, label = place.link.url, place.link.label
    hub = _MODEL_HUB.search(url)
    if hub:
        scale.add(CHECKPOINT, 4.5, f"page of the model hub {hub.group(1)}")
        return
    words = f"{place.wider} {place.before}"
    spoken = topics(words)
    labeled = topics(label) if place.link.form not in ("bare", "autolink") else ()
    own_words = [topic.purpose for topic in labeled]
    if locate(url).host == "github_release" and any(
        t.purpose == CHECKPOINT and t.weight >= 2.4 for t in (*spoken, *labeled, *topics(place.after[:60]))
    ):
        scale.add(CHECKPOINT, 2.5, "weights in a release")
        return
    if url.endswith("/") and any(topic.purpose == CHECKPOINT for topic in url_topics(host_and_path(url)[1])) and "github" not in url:
        return  # a folder of a plain web server
    offers = max(_OFFERS.finditer(words), key=lambda match: match.end(), default=None)
    of_code = any(topic.purpose == OTHER for topic in topics(words[max(0, offers.start() - 25) :])) if offers else True
    holds = re.search(r"/(?:models?|checkpoints?|weights|pretrained|model-?zoo)(?:\.html?)?/?$", host_and_path(url)[1], re.IGNORECASE)
    if holds and any(topic.purpose == CHECKPOINT and topic.weight >= 2.4 for topic in topics(label)):
        scale.add(CHECKPOINT, 2.5, "page of models, called checkpoints")
        return
    through = offers and re.fullmatch(r"\s*(?:in|through|via|with|by)(?: the)?\W*", words[offers.end() :])  # a library that can load them
    if (
        through
        and locate(url).host == "github"
        and re.sub(r"\W", "", label.lower()) == re.sub(r"\W", "", url.rstrip("/").lower().rsplit("/", 1)[-1])
    ):
        offers = None
    if host_and_path(url)[1].strip("/") and offers and not of_code and all(purpose == CHECKPOINT for purpose in own_words):
        scale.add(CHECKPOINT, 2.5, f"{offers.group()[:60]!r}")
        return
    if locate(url).host == "github" and not re.search(
        r"data|annotation|corpus|corpora|数据|语料", f"{label} {place.before}", re.IGNORECASE
    ):
        scale.sums.clear()
    scale.sums[CHECKPOINT] = min(scale.sums[CHECKPOINT], 0.0)  # words near it speak of models, but it is a page
    scale.add(OTHER, 1.0, "a page, not a file")
