"""What a header, a caption or a setting means, by the words of `vocabulary.py`.

A header that no list knows is `Kind.UNKNOWN`, and the table it stands in decides what it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.claims.numbers import plain
from auditor.claims.vocabulary import (
    BACKBONES,
    DATASETS,
    FLOPS,
    GREEK,
    IGNORED,
    JOINTS,
    METRICS,
    PARAMS,
    PROTOCOLS,
    SCALES,
    SETTINGS,
    SPLITS,
    UNITS,
    VAGUE,
    VARIANTS,
    WHOLE_ONLY,
    Kind,
)

SAID = re.compile(
    r"(?:评[测价]指标|指标|metrics?|measured? (?:by|in|with)|evaluated (?:by|in|with)|reported? (?:in|as)?)\s*(?:are|is|为|:|：|used)*"
    r"\s*[:：]?\s*([^。;；.\n]{1,60})",
    re.IGNORECASE,
)

COUNTED_PART = re.compile(
    r"(?<![a-z])(?:trainable|learnable|backbone|encoder|decoder|head|neck|body|generator|(?:w/o|without|excl\w*) [a-z. ]+)(?![a-z])"
)
OF_TRAINING = re.compile(  # what training took is no result
    r"训练(?:速度|时间|时长|耗时|轮[数次]|步数|成本)"
    r"|(?<![a-z])train(?:ing)?[ _-](?:speed|time|cost|throughput|mem(?:ory)?|hours)(?![a-z])|(?:gpu|tpu)[ -]?(?:hours|days)"
)

AMOUNT = re.compile(  # `fine-tuning split`, `linear epochs` tell how a model was trained; `fine-tuning` alone is a result
    r"(?:(?:fine-?\s?tun(?:e|ed|ing)|linear|probing|pre-?\s?train(?:ed|ing)?|zero-?shot|few-?shot)[ _-])+"
    r"(?:splits?|data|data-?sets?|corpus|sets?|epochs?|steps?|iter\w*|schedule|hours?|lr|learning rate|batch(?: size)?|tokens"
    r"|images|length|resolution)"
)
KIND_OF_MODEL = re.compile(  # `masked language model` names models, `teacher model` a setting
    r"(?!.*(?:base|parent|teacher|pre-?trained|init\w*|reward|backbone|source|start\w*) )"
    r"(?:[a-z][\w-]* ){1,3}(?:models?|methods?|networks?|architectures?)"
)
LISTED = re.compile(r"(?<![\w/.-])[A-Za-z][\w@.+-]{0,20}(?:\s?/\s?[A-Za-z][\w@.+-]{0,20}){1,3}(?![\w/])")
SLASHED = re.compile(r"(\S+)\s+(\S+(?:\s?/\s?\S+)+)")
AT_THRESHOLD = re.compile(r"[a-z][a-z -]{0,20}@ ?(?:r|iou ?=? ?)?\d{1,2}(?:\.\d+)?")  # `Truck@R40`, `Rank@1`, `Rider@0.5`
OF_SIZE = re.compile(r"(?i)\s*(?:(?:clean|final|val|test|train)\s+)?\(([^()]{1,20})\)\s+(?=\w)")
OF_A_SET = re.compile(r"(.+?)\s*\(([^()]+)\)")

DEVICE = re.compile(  # that something runs on: `A100`, `RTX 4090`, `Jetson Orin (FP16)`
    r"(?i)(?:(?:nvidia|intel|apple|tesla|geforce|quadro|snapdragon)[ -]?){0,3}"
    r"(?:(?:rtx|gtx|titan)[ -]?\w{1,6}(?: ?ti| super)?|[ahpv]\d{2,3}(?:[ -]?\d{2}gb)?|[tl]4|l40s?|xeon\w*|\d{4} ?ti"
    r"|jetson[\w -]{0,12}|(?:agx |orin |xavier )?(?:orin|xavier|nano)(?: nx)?|iphone ?\w{0,6}|[cgtn]pu|tpu ?v\d|m[1-4](?: max| pro)?"
    r"|i[579]\W?\w*)(?: ?\([^()]{0,40}\))?"
)
TIMED_NAME = re.compile(r"(?i)(?:running |inference )?(?:speed|latency|run-?time|running time|inference time|throughput)")
TIMED = re.compile(
    rf"\b({TIMED_NAME.pattern.removeprefix('(?i)')})\b[^.]{{0,80}}[(\[]\s*(?:in )?(?:ms|s|fps|seconds|milliseconds)\s*[)\]]", re.IGNORECASE
)

TIME_OF = re.compile(
    r"(?:test(?:ing)?|eval(?:uation)?|detection|forward|prediction|processing|execution|avg\.?|average|mean) (?:run ?)?time"
    r"(?: ?(?:/|per) ?(?:im|img|image|frame|sample|scan|clip|video|batch))?"
)
DURATION_NAME = re.compile(r"(?:total |test |run |running |infer(?:ence)? )?(?:time|infer(?:ence)?|forward)")
TIME_UNIT = re.compile(r"(?:ms|msec|milliseconds?|fps)(?: ?(?:/|per) ?(?:im|img|image|frame|sample|scan|clip|video|batch))?")
OF_SIGNALS = re.compile(  # what a sound or a video is cut into, and how it was recorded
    r"window|hop|frames?(?![a-z])|chunk|shift|stride|length|duration|segment|context|overlap|look-?ahead|sampl|interval|step|rate|delay|input|video|train"
)


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says: its kind, the attribute as it is to be recorded, its unit and a setting in it."""

    kind: Kind
    attribute: str
    unit: str | None = None
    setting: str = ""


def lower(text: str) -> str:
    """Return a header as the lists have it: plain, lower case, arrows and footnote marks dropped."""
    text = re.sub(r"[↑↓⬆⬇→*†‡§⇑⇓]|:[a-z_]+:", " ", plain(text).lower().translate(GREEK))
    return " ".join(text.split())


def header_of(text: str) -> Header:
    """Return what a header means. Params and FLOPs get their attribute's own name; any metric keeps the name as printed."""
    printed = " ".join(re.sub(r"[↑↓⬆⬇→⇑⇓†‡]", " ", plain(text)).split())
    low = lower(text)
    bare, inside = without_unit(low)
    if re.fullmatch(r"#\s?p\.?(?:\s?[(\[]m[)\]])?", low):
        return Header(Kind.PARAMS, Kind.PARAMS.value, SCALES.get(inside))
    if not re.search(r"[^\W_]", low.replace("#", "")):
        return Header(Kind.IGNORED, printed)
    for pattern, kind in ((PARAMS, Kind.PARAMS), (FLOPS, Kind.GFLOPS)):
        if match := pattern.fullmatch(bare):
            prefix = match["prefix"] if kind is Kind.GFLOPS else None
            scale = SCALES.get(inside) or SCALES.get(prefix or "")
            part = COUNTED_PART.search(low)  # of a frozen network with an adapter, what is trained is not all
            return Header(kind, kind.value, scale or ("G" if "计算量" in bare else None), part[0] if part else "")
    return named_header(printed, low, bare, inside)


def named_header(printed: str, low: str, bare: str, inside: str) -> Header:
    """Return what a header means by the lists of words, the more exact lists first."""
    if re.fullmatch(r"(?:model |file |weights? |checkpoint |disk |storage |download )?size|(?:模型|文件|存储|权重)?(?:大小|体积)", bare):
        return Header(Kind.SIZE, printed, UNITS.get(inside))
    if VARIANTS.fullmatch(bare):
        return Header(Kind.VARIANT, printed)
    if BACKBONES.fullmatch(bare):
        return Header(Kind.BACKBONE, printed)
    if bare in WHOLE_ONLY and (METRICS.fullmatch(bare) or JOINTS.fullmatch(bare)):
        return metric_header(printed, inside)
    if TIME_UNIT.fullmatch(inside) and DEVICE.fullmatch(bare):
        return metric_header(printed, inside)
    if IGNORED.fullmatch(bare) or SETTINGS.fullmatch(bare):
        return Header(Kind.IGNORED if IGNORED.fullmatch(bare) else Kind.SETTING, printed)
    if OF_TRAINING.search(low):
        return Header(Kind.IGNORED, printed)
    if AMOUNT.fullmatch(bare):
        return Header(Kind.SETTING, printed)
    if is_timing(bare, inside):
        return metric_header(printed, inside)
    if KIND_OF_MODEL.fullmatch(bare) and not is_metric(low):
        return Header(Kind.VARIANT, printed)
    if is_metric(low):
        return metric_header(printed, inside)
    if SPLITS.match(bare) or DATASETS.fullmatch(bare):
        return Header(Kind.DATASET, printed, UNITS.get(inside), printed)
    for pattern, kind in ((IGNORED, Kind.IGNORED), (SETTINGS, Kind.SETTING), (BACKBONES, Kind.BACKBONE), (VARIANTS, Kind.VARIANT)):
        if pattern.search(low):
            return Header(kind, printed)
    if DATASETS.search(low):
        return Header(Kind.DATASET, printed, UNITS.get(inside), printed)
    return Header(Kind.UNKNOWN, printed, UNITS.get(inside))


def is_timing(bare: str, inside: str) -> bool:
    """Tell whether a header is of a time or a speed: by its words, or by its unit over the name of a device, `Birdcore 8350 (ms)`."""
    if TIME_OF.fullmatch(bare) or (UNITS.get(inside) == "s" and DURATION_NAME.fullmatch(bare)):  # of training it would be hours
        return True
    return bool(TIME_UNIT.fullmatch(inside)) and not OF_SIGNALS.search(bare)


def metric_header(printed: str, inside: str) -> Header:
    """Return the header of a metric; a data set and a protocol in it are its setting: `TUM δ1`, `Error (P1)`."""
    sizes = re.match(r"(?i)(?:box |mask |m)?a[pr]\b", printed)  # AP (M) is of medium objects, not in meters
    unit = None if sizes and inside in ("m", "s", "l") else UNITS.get(inside)
    within = OF_A_SET.fullmatch(printed)
    if within and not is_metric(lower(within[1])) and all(is_metric(lower(part)) for part in within[2].split("/")):
        return Header(Kind.METRIC, within[2].strip(), unit, within[1])  # `Reviews (acc)`: the metric of a set, which no list need know
    first = SLASHED.fullmatch(printed)
    if first and looks_like_dataset(first[1]) and all(is_metric(lower(part)) for part in first[2].split("/")):
        return Header(Kind.METRIC, first[2], unit, first[1])
    return Header(Kind.METRIC, metric_name(printed.rstrip("*∗ ") or printed), unit, setting_of(printed))


def metric_name(printed: str) -> str:
    """Return a metric as printed without the name of a data set before it, and with letters that recognition confuses put right.

    A picture's `mloU` can only be `mIoU`: the name of a known metric that differs in l/I/1 or O/0 alone.
    """
    low = lower(printed)
    found = list(METRICS.finditer(low))
    first = DATASETS.match(low)
    if first and found and found[-1].start() >= first.end() and len(low) == len(printed):
        rest = printed[first.end() :]
        size = OF_SIZE.match(rest)  # `Sintel clean (436x1024) AEPE`
        rest = rest[size.end() :] if size and not is_metric(size[1].lower()) else rest
        printed = re.sub(r"^(?:v?\d+(?:\.\d+)?)\s+(?=[A-Za-z])", "", rest.strip(" -:_,/()")) or printed
        printed = "(" * (printed.count(")") - printed.count("(")) + printed + ")" * (printed.count("(") - printed.count(")"))
    elif (
        found
        and len(low) == len(printed)
        and found[-1].end() == len(low)
        and found[-1].start() > 0
        and looks_like_dataset(printed[: found[-1].start()])
    ):
        printed = printed[found[-1].start() :].strip()
    return CONFUSED.get(confusable(printed), printed)


def looks_like_dataset(text: str) -> bool:
    """Tell whether the words before a metric name a data set: one word with capitals or digits that says nothing of the metric."""
    word = text.strip(" -:_,/()")
    return (
        bool(re.fullmatch(r"(?:[A-Z]{2,}[\w.-]*|[A-Z][a-z]*\d\w*)", word))
        and not is_metric(word.lower())
        and not re.match(r"(?i)pa|top|box|mask|n$", word)
    )


def confusable(text: str) -> str:
    """Return a key that is equal for texts which differ only in letters that look alike."""
    return text.lower().replace("i", "l").replace("1", "l").replace("0", "o")


CONFUSED = {confusable(name): name for name in ("mIoU", "IoU", "FID", "FLOPs", "MPJPE", "F1", "AbsRel", "SSIM")}


def is_metric(low: str) -> bool:
    """Tell whether a lower-cased header names a metric, by a whole word of the list."""
    for match in METRICS.finditer(low):
        if match[0] not in WHOLE_ONLY or match[0] == without_unit(low)[0]:
            return True
    key = confusable(without_unit(low)[0])
    return key in CONFUSED or bool(JOINTS.fullmatch(low)) or bool(AT_THRESHOLD.fullmatch(low))


def without_unit(low: str) -> tuple[str, str]:
    """Return a header without its unit, and the unit: `("params", "m")` for `#params (m)`, `params [m]`, `par. m`, `imp. %`."""
    low = low.replace("#", "").strip()
    match = re.fullmatch(r"(.*?)\s*[(\[]\s*(?:in |unit:? |x ?|×)?([^()\[\]]{1,14})[)\]]", low)
    if match and match[1]:
        return match[1].strip(), match[2].strip()
    match = re.fullmatch(r"(.*\S)[\s,/]+(m|k|g|b|%|ms|mm|gb|mb|millions?)\.?", low)
    if match and not re.search(r"@\s?[\d.]+$", match[1]):  # `F@5 mm` tells a threshold
        return match[1].strip(" ,/"), match[2]
    return low, ""


def metrics_in(text: str) -> tuple[str, ...]:
    """Return the metrics that a caption or sentence names for all values of a table: `评测指标为：EM / F1`, `metric: mAP`."""
    flat = " ".join(plain(text).split())
    said = SAID.search(flat)
    for listed in LISTED.finditer(flat[:600]):  # beside others even `Precision` is no vague word
        parts = [part.strip() for part in listed[0].split("/")]
        if all(is_metric(part.lower()) for part in parts):
            return tuple(parts)
    for part in ([said[1]] if said else []) + [flat]:
        found: list[str] = []
        for match in METRICS.finditer(part.lower()):
            if match[0] not in WHOLE_ONLY and not VAGUE.fullmatch(match[0]) and len(part) == len(part.lower()):
                name = part[match.start() : match.end()]
                if name.lower() not in (other.lower() for other in found):
                    found.append(name)
        if found and len(found) <= 4:
            return tuple(found)
    return ()


def timed_in(caption: str) -> tuple[str, ...]:
    """Return what a caption says was timed, if it tells the unit, too: `Running speed under several settings (ms)`."""
    match = TIMED.search(plain(caption)) if len(caption) <= 200 else None
    return (match[1],) if match else ()


def is_timed(metric: str) -> bool:
    """Tell whether a metric of a caption is a time or a speed."""
    return bool(TIMED_NAME.fullmatch(metric))


def setting_of(text: str) -> str:
    """Return the data sets, protocols, splits and input sizes that a text names, in its own words, in order, divided by spaces."""
    flat = plain(text)[:600]
    low = flat.lower()
    if len(low) != len(flat):
        return ""
    spots = [(m.start(), m.end()) for pattern in (DATASETS, PROTOCOLS) for m in pattern.finditer(low)]
    spots += [(m.start(), m.end()) for m in re.finditer(r"(?<![\d.])\d{2,4}\s?[x×]\s?\d{2,4}(?![\d.])", low)]
    parts: list[str] = []
    end = 0
    for start, stop in sorted(spots):
        part = flat[start:stop].strip()
        if start >= end and part.lower() not in (p.lower() for p in parts):
            parts.append(part)
            end = stop
    return " ".join(parts)
