"""Which variant a name speaks of: "Ours-M", "ConvNeXtPose_M.tar" and "ConvNeXtPose-Medium" are the same one.

Size letters are per paper: they only ever tell variants of one repository apart and are never looked up elsewhere.
"""

from __future__ import annotations

import re
import unicodedata

SIZES = {
    "xsmall": "xs",
    "extrasmall": "xs",
    "small": "s",
    "medium": "m",
    "large": "l",
    "xlarge": "xl",
    "extralarge": "xl",
    "xxlarge": "xxl",
    "tiny": "t",
    "base": "b",
    "huge": "h",
    "nano": "n",
    "giant": "g",
}
_DERIVED = re.compile(
    r"(?i)ensemble|(?<!\w)w/o?(?!\w)|(?<![a-z])(?:without|no|ablations?|baselines?|tta|test[-\s]time|flip\w*|multi-?scale|ms|ss"
    r"|oracle|upper bound|random|scratch|deploy\w*|fused|re-?param\w*|soup|averaged?|average of \d"
    r"|voting)(?![a-z])|^\s*\+|\d\s?[x×]\s|[x×]\s?\d+(?!\S)"
)
SIZE_WORDS = frozenset((*SIZES.values(), "xxs", "ti", "sm", "md", "lg", "atto", "femto", "pico"))
# Words that say nothing of the variant: of the authors' speech, of file keeping, of formats.
IDLE = frozenset(
    """
    our ours model models net network the method proposed this work full final best latest last checkpoint checkpoints ckpt ckpts snapshot
    weights weight pretrained pre trained release released public official epoch ep iter step file state dict new v param params download
    link 我们 我们的 本文 模型 权重 pth pt tar zip gz tgz bin safetensors onnx h5 pkl pickle torch pytorch
    """.split()
)
COUNTED = frozenset("snapshot epoch ep iter step checkpoint ckpt best last state v new".split())  # a number behind them is a count
_SUFFIX = re.compile(
    r"(?:\.(?:pth|pt|tar|zip|gz|tgz|bz2|xz|7z|bin|ckpt|safetensors|onnx|h5|hdf5|pkl|pickle"
    r"|pdparams|npz|msgpack|gguf|model|th|t7|weights))+$",
    re.IGNORECASE,
)
_CITATION = re.compile(r"\[\d+(?:,\s*\d+)*\]|\(\s*(?:ours?|this work|proposed)\s*\)|et al\.?", re.IGNORECASE)
_SPLIT = re.compile(r"(?:[^\w+]|_)+")
GREEK = {
    ord(letter): f" {name} "
    for letter, name in zip(
        "αβγδεζηθλμπσφψω", "alpha beta gamma delta epsilon zeta eta theta lambda mu pi sigma phi psi omega".split(), strict=True
    )
}

_PLUS = re.compile(r"(?<=\w)\+{1,2}(?!\w)")  # "S+" and "s_plus" are one variant

Key = tuple[str, ...]


def project_words(full_name: str, title: str = "") -> frozenset[str]:
    """Return the words that name the project itself: its repository name, whole."""
    name = full_name.rpartition("/")[2]
    words = {_squash(name)}
    words |= {_squash(part) for part in re.split(r"[-_.]", name) if len(part) > 3}
    stem = re.sub(r"(?i)[-_.](?:pytorch|torch|release|official|tf|jax|master|main|code)$", "", name)
    words.add(_squash(stem))
    if title and len(title.split()) == 1:
        words.add(_squash(title))
    return frozenset(word for word in words if len(word) > 1)


def variant_key(name: str, project: frozenset[str]) -> Key:
    """Return the words of a printed name that tell its variant from its siblings, sorted; empty where nothing is left."""
    return _component_key(name.replace("/", " "), project)


def file_key(path: str, project: frozenset[str]) -> Key:
    """Return the key of a file: of its last path component, or of the nearest folder where nothing is left of that."""
    parts = [part for part in path.replace("\\", "/").split("/") if part]
    return next((key for part in reversed(parts) if (key := _component_key(part, project))), ())


def _component_key(text: str, project: frozenset[str]) -> Key:
    """Return the key of one path component or label."""
    text = unicodedata.normalize("NFKC", text.strip()).lower().translate(GREEK)
    text = _PLUS.sub(lambda match: " plus" * len(match[0]), _CITATION.sub(" ", _SUFFIX.sub("", text)))
    words: list[str] = []
    counted = False  # the last word was one that a number belongs to, as in snapshot_83
    for word in _SPLIT.split(text):
        low = word.lower()
        if not low or low in project or low in IDLE or (counted and low.isdigit()):
            counted = low in COUNTED
            continue
        counted = False
        for name in sorted(project, key=len, reverse=True):  # "ConvNeXtPoseM", "poseM"
            if low.startswith(name) and len(low) > len(name):
                low = low[len(name) :]
                break
        words.append(SIZES.get(low, low))
    joined = _join_sizes(words)
    return tuple(sorted(set(joined)))


def _join_sizes(words: list[str]) -> list[str]:
    """Join what was split: "x", "s" into "xs"; "extra", "small" into "xs"."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in ("x", "extra") and word in ("s", "l"):
            joined[-1] = "x" + word
        else:
            joined.append(word)
    return joined


def _squash(text: str) -> str:
    return re.sub(r"[^0-9a-z]+", "", text.lower())


def display_name(path: str, project: frozenset[str]) -> str:
    """Return a file's name without the suffixes of formats: "ConvNeXtPose_XS", with its folder where that says more: "XS/best"."""
    parts = [part for part in path.replace("\\", "/").split("/") if part] or [path]
    last = _SUFFIX.sub("", parts[-1]) or parts[-1]
    if len(parts) > 1 and not _component_key(parts[-1], project) and _component_key(parts[-2], project):
        return f"{parts[-2]}/{last}"
    return last


def is_surely_own(printed: str, full_name: str, key: Key) -> bool:
    """Tell whether a printed name can only be one of the authors' own variants.

    It says "ours", begins with the repository's whole name, or is nothing but a size. A name like "ResNet-50" in the authors'
    table may be a baseline, however it got there, and nobody owes its checkpoint; "Deformable DETR" is not surely DETR's; a lone
    number or letter ("3", "A") counts the rows of an ablation.
    """
    if re.search(r"\b(?:ours?|proposed)\b(?!\W*(?:re-?)?(?:runs?|impl|reproduc|train|results?|eval|setting))", printed, re.IGNORECASE):
        return True
    name = re.sub(r"(?i)[-_.](?:pytorch|torch|release|official|tf|jax|master|main|code)$", "", full_name.rpartition("/")[2])
    if len(_squash(name)) > 1 and _squash(re.sub(r"(?i)^\W*the\s", "", printed)).startswith(_squash(name)):
        return True
    return bool(key) and all(word in SIZE_WORDS for word in key)


def is_derived(printed: str) -> str:
    """Return the word by which a name speaks of an ablation, a way of testing or of several networks at once, "" where none does.

    Such a row has numbers and no checkpoint of its own that anybody promised.
    """
    match = _DERIVED.search(printed)
    return match[0].strip(" ()") if match else ""


def sizes_of(key: Key) -> frozenset[str]:
    """Return what tells sizes apart in a key: letters (s, xl), and numbers with at most two letters before them (50; 0 of b0)."""
    numbers = (re.fullmatch(r"[a-z]{0,2}(\d{1,4})", word) for word in key)
    return frozenset(word for word in key if word in SIZE_WORDS) | frozenset(match[1] for match in numbers if match)


def differ_in_size(one: Key, other: Key) -> bool:
    """Tell whether each of two keys says a size that the other does not: S and M, S-224 and S-384; not S and S-384."""
    sizes, others = sizes_of(one), sizes_of(other)
    return bool(sizes - others and others - sizes)
