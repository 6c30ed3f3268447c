"""The words that tell what a link leads to: one place to extend them, English first, Chinese and Spanish where READMEs use them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

CHECKPOINT, DATASET, RESULTS, PAPER, OTHER = PURPOSES = ("checkpoint", "dataset", "results", "paper", "other")


class Topic(NamedTuple):
    """A word of a text that speaks of one purpose: which, how clearly (1 weak to 3 plain), the word, and where it ends."""

    purpose: str
    weight: float
    word: str
    end: int


def _words(*lines: str) -> re.Pattern[str]:
    r"""Return a pattern of alternatives separated by white space; Latin words are whole words, a space within one is written `\s`."""
    words = " ".join(lines).split()
    return re.compile("|".join(rf"(?<![a-z]){word}(?![a-z])" if word.isascii() else word for word in words), re.IGNORECASE)


_PRE = r"pre-?\s?train(?:ed|ing)?[\s-]+(?:\w+[\s-]+){0,3}?"

# In this order: where two match the same words, the first has them.
TOPICS: tuple[tuple[str, float, re.Pattern[str]], ...] = (
    # Whoever gives models together with their logs gives weights.
    (
        CHECKPOINT,
        3.0,
        _words(r"(?:models?|weights|checkpoints?)(?:,\sconfigs?)?\s(?:and|&|with)\s(?:their\s|the\s)?(?:training\s|train\s|test\s)?logs?"),
    ),
    # Things called models that hold no trained weights, and things of a model that are not its weights.
    (
        DATASET,
        2.0,
        _words(
            r"body[\s-]models? smpl[\w+-]*\smodels? smpl(?:-?[xh])? mano star\smodels? flame\smodels?",
            r"3d\smodels? cad\smodels? mesh(?:es)?(?!_)",
        ),
    ),
    (
        OTHER,
        3.0,
        _words(
            r"models?\s(?:config\w*|definitions?|code|architectures?|files?\.py|graphs?|diagrams?)",
            r"sentence-?pieces?(?:[\s-]models?)? tokenizers?(?:[\s-]models?)? spm[\s-]models? executables?",
        ),
    ),
    (
        RESULTS,
        3.0,
        _words(
            r"(?:pre-?trained|fine-?tuned)\s(?:poses|keypoints|detections|features|embeddings|results|predictions|annotations)",
            r"(?:training|train|eval(?:uation)?|test)[\s_-]+(?:logs?|curves?|output|results?)",
            r"pre-?computed\s\w+ model\soutputs?",
        ),
    ),
    (
        CHECKPOINT,
        3.0,
        _words(
            _PRE + r"(?:models?|weights?|checkpoints?|networks?|backbones?|encoders?|parameters|snapshots?)",
            r"(?:model\s)?check-?points? ckpts? weights? model[\s_-]?zoos? snapshots? state[\s_]dicts?",
            r"(?:fine-?\s?)?tuned\s(?:\w+\s)?models? (?:\w+-)?trained[\s-]+(?:\w+[\s-]+){0,2}?(?:models?|networks?|weights?)",
            r"download\s+(?:[\w.-]+\s+){1,4}trained\s+(?:on|with|using) torchscript onnx\smodels?",
            r"models?(?:\s\([^()]{1,60}\))?\s(?:can|may|could)\s(?:also\s|all\s)?be\s(?:down-?loaded|found|obtained|accessed)",
            r"[\w-]{1,60}\.(?:pth(?:\.tar)?|pt|ckpt|safetensors|onnx|caffemodel|pdparams|tflite)",
            r"(?:[\w-]{1,60}[_-])?(?:model|weights|checkpoint)(?:[_-][\w-]{1,40})?\.(?:bin|h5|hdf5|pb|pkl|npz)",
            r"(?:converted|exported|quantized)\s(?:[\w.-]+\s)?models?",
            r"released\smodels? model\sfiles? model\sdownloads? download\s(?:our|the|all)?\s?models? model\sparameters",
            r"modelos?\s(?:pre-?)?entrenados? pesos 预训练(?:好的)?(?:模型|权重) 模型(?:下载|权重|文件|参数) 权重 训练好的模型",
        ),
    ),
    (
        CHECKPOINT,
        2.4,
        _words(
            r"pre-?\s?trained finetuned fine-tuned 预训练 lora\s?(?:weights?|adapters?)? adapters? safetensors",
            r"models?\sand\sresults results\sand\smodels?",
            r"download\s+(?:(?:the|our)\s)?(?:(?!the|3d|cad|shape|object|mesh)[a-z][\w-]*\s+){1,3}models?",
        ),
    ),
    (
        RESULTS,
        2.5,
        _words(
            r"logs? results? predictions? detections? detected\sbox(?:es)? bounding\sbox\w{0,3} bbox(?:es)? metrics curves?",
            r"tensorboard wandb gist outputs? evaluations? renderings? 日志 结果",
        ),
    ),
    (
        DATASET,
        2.5,
        _words(
            r"datasets? annotations? images? videos? labels? data corpus corpora ground[\s-]?truth splits? frames? keypoints?",
            r"sequences scans benchmarks? gt train/val trainval captions? annots? imagesets? datos 数据集? 语料 标注",
        ),
    ),
    (DATASET, 1.2, _words(r"vocab(?:ulary)? embeddings? features?")),
    (
        PAPER,
        2.5,
        _words(
            r"papers? arxiv preprint pdf technical\sreport tech\sreport supplement(?:ary|al)? supp poster slides thesis openreview",
            r"论文 技术报告 artículo",
        ),
    ),
    (
        OTHER,
        2.0,
        _words(
            r"configs? cfgs? configurations? code codebase demos? notebooks? colab scripts? blogs? project\s?page homepage website",
            r"docs? documentation tutorials? licenses? implementations? repo(?:sitory)? repositories toolbox framework library",
            r"install(?:ation)? package app youtube video\sdemo spaces? instructions? guide readme yaml leaderboard codalab bibtex",
            r"hyperparameters? (?:github|this|an|see)\sissues? issues?\s?#?\d+ 代码",
        ),
    ),
    (CHECKPOINT, 1.2, _words(r"models? backbones? networks? encoders? generators? discriminators? detectors? 模型 modelos?")),
)

# "models trained on the COCO dataset", "to train your model", "results of the pretrained model": words there only qualify.
_QUALIFIERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![a-z])(?:pre-?)?(?:trained|tuned|tested|evaluated)\s+(?:only\s+)?(?:on|with|using|from|over)\s+[^.,;:()|\[\]，。；：（）]{1,60}",
        r"(?<![a-z])(?:on|for|with|using|over|from|under)\s+(?:the\s+|our\s+|all\s+)?(?:[\w.+-]+\s+){0,3}?"
        r"(?:data\s?sets?|benchmarks?|images|videos|data)(?![a-z])",
        r"(?<![a-z])(?:train|evaluat|test|run|reproduc|us|build|fine-?tun|convert|defin)(?:e|es|ed|ing|s)?\s+"
        r"(?:the|our|your|a|an|this|these|all|any|own)?\s*(?:[\w-]+\s+){0,2}?(?:models?|networks?|results?|detectors?|code)(?![a-z])",
        r"(?<![a-z])(?:code|configs?)\s+and\s+(?=(?:pre-?)?(?:trained\s+)?(?:models?|weights))",
    )
)

STRONG_SUFFIXES = frozenset(
    "pth pyth pt ckpt safetensors onnx caffemodel pdparams pdiparams tflite gguf ggml weights t7 params mlmodel mlpackage nemo keras"
    " msgpack pth.tar pt.tar ptl torchscript pth.gz pth.zip ckpt.zip engine trt nnef dlc rknn hef mnn".split()
)
WEAK_SUFFIXES = frozenset("bin h5 hdf5 pb pkl pickle jit npz joblib meta index".split())
CONTAINER_SUFFIXES = frozenset("zip tar gz tgz tar.gz 7z rar bz2 tar.bz2 xz xml".split())
COMPANION_SUFFIXES = frozenset("xml param index meta mapping".split())  # stand beside weights of the same name
DATA_SUFFIXES = frozenset("csv tsv mat lmdb tfrecord parquet jsonl arrow hdf obj ply stl wav flac mp3 npy".split())
RESULT_SUFFIXES = frozenset("log txt json".split())
OTHER_SUFFIXES = frozenset(
    "py ipynb yaml yml md sh cfg toml ini mp4 avi gif png jpg jpeg svg webp rst js cpp c cu h java apk whl deb dockerfile"
    " prototxt exe dmg".split()
)

_URL_TOKENS = tuple(
    (purpose, weight, re.compile(pattern, re.IGNORECASE))
    for purpose, weight, pattern in (
        (CHECKPOINT, 1.5, r"checkpoint|ckpt|pre-?train|weights|model[_-]?zoo|snapshot|(?<![a-z])models?(?![a-z])|state_?dict"),
        (
            DATASET,
            1.5,
            r"data-?set|annotation|data_|_data|(?<![a-z])(?:images?|imgs?|data|annots?|gt|labels?|videos?|train|val|test|train20\d\d|val20\d\d|zips)"
            r"(?![a-z0-9])",
        ),
        (RESULTS, 2.0, r"(?<![a-z])(?:logs?|results?|predictions?|eval|detections?|metrics)(?![a-z])"),
    )
)


# The code that opens a shared folder (`Baidu, code: a1b2`) says nothing of what lies in it.
_ACCESS_CODE = re.compile(
    r"(?<![a-z])(?:(?:extract(?:ion)?|access|verification)[\s_]?)?(?:code|key|password|passwd|pwd)\s?(?:[:：=]|is)\s?\w{4,8}(?!\w)",
    re.IGNORECASE,
)


def without_access_code(text: str) -> str:
    """Return a text without the code that opens what it links."""
    return _ACCESS_CODE.sub(" ", text)


@lru_cache(maxsize=4096)
def topics(text: str) -> tuple[Topic, ...]:
    """Return the words of a text that speak of a purpose, in order, those left out that only qualify another."""
    spans = [match.span() for pattern in _QUALIFIERS for match in pattern.finditer(text)]
    found: list[tuple[int, Topic]] = []
    taken: list[tuple[int, int]] = []
    for purpose, weight, pattern in TOPICS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < stop and begin < end for begin, stop in taken):
                continue
            taken.append((start, end))
            if weight < 3 and any(begin <= start and end <= stop for begin, stop in spans):
                continue
            found.append((start, Topic(purpose, weight, match.group(), end)))
    return tuple(topic for _, topic in sorted(found))


def url_topics(path: str) -> Iterator[Topic]:
    """Yield what the words of a URL's path say."""
    for purpose, weight, pattern in _URL_TOKENS:
        match = pattern.search(path)
        if match:
            yield Topic(purpose, weight, match.group(), match.end())


def suffix_of(path: str) -> str:
    """Return the file suffix of a path in lower case, two-part where the second is an archive's: "pth.tar"; "" for none."""
    name = path.rstrip("/").rsplit("/", 1)[-1].lower()
    parts = name.split(".")
    if len(parts) < 2:
        return ""
    double = ".".join(parts[-2:])
    if len(parts) > 2 and (double in STRONG_SUFFIXES or double in CONTAINER_SUFFIXES):
        return double
    return parts[-1] if re.fullmatch(r"[a-z0-9_]{1,12}", parts[-1]) else ""
