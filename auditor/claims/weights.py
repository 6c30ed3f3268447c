"""Whether an address may be of weights, for deciding whose a model is; what a link is for is decided in `documents/purpose.py`."""

from __future__ import annotations

import re

WEIGHTS = re.compile(
    r"\.(?:pth|pyth|pt|tflite|msgpack|mlmodel|pdiparams|pkl|ckpt|bin|onnx|safetensors|h5|pdparams|mnn|npz|tar|zip|t7|caffemodel|params|weights|model)(?:\.tar|\.gz)?(?:[?#]|$)"
    r"|drive\.google\.com|docs\.google\.com/uc|huggingface\.co|onedrive|1drv\.ms|sharepoint|dropbox|pan\.baidu|releases/download|modelscope|zenodo|weiyun\.com|figshare|mega\.nz|/[fd]/[0-9a-f]{10,32}(?:[/?#]|$)",
    re.IGNORECASE,
)
NOT_WEIGHTS = re.compile(r"\.(?:log|txt|json|py|md|pdf|yaml|yml|csv)(?:[?#]|$)|colab|arxiv", re.IGNORECASE)


def is_weights(url: str) -> bool:
    """Tell whether an address may be of weights."""
    return bool(WEIGHTS.search(url)) and not NOT_WEIGHTS.search(url)
