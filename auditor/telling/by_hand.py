"""How to check a decisive fact without this tool: at most ten lines of shell, Python's own library and torch.

The report and the issue both show these. Addresses, file names and tensor names are strangers' words: in shell they are
quoted by `shlex`, in Python they are written by `ascii`, and the here-document that holds the Python is quoted too.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import SplitResult, quote, urlsplit

from auditor.escaping import printable
from auditor.facts import Artifact, Claim, Inspected, Repository, Source, Tensor

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
LONGEST_SCRIPT = 10  # lines

_DRIVE_FILE = re.compile(r"(?:/file/d/|[?&]id=)([\w-]{10,})")
_DRIVE_FOLDER = re.compile(r"/folders/([\w-]{10,})")


@dataclass(frozen=True, slots=True)
class HandCheck:
    """A few lines that anybody can run, and what they should show."""

    kind: str  # claim, picture, listing, page, checkpoint, no_script
    subject: str  # the file, page or variant that it is about; untrusted
    script: str  # "" where there is none
    expected: tuple[str, ...] = ()  # what it prints, in order


def check_claim(claim: Claim, repository: Repository) -> HandCheck:
    """Return how to read a claim again where it stands."""
    path, _, place = claim.evidence.locator.partition("#")
    raw = _raw_address(repository, path)
    line = re.fullmatch(r"L(\d+)(?:-L?\d+)?", place)
    region = re.fullmatch(r"xywh=(\d+),(\d+),(\d+),(\d+)", place)
    fetch = f"curl -sL {shlex.quote(raw)}" if raw else f"cat {shlex.quote('./' + path)}"
    if region is not None:
        x, y, width, height = (int(number) for number in region.groups())
        box = (x, y, x + width, y + height)
        script = f"{fetch} > picture\npython3 -c \"from PIL import Image; Image.open('picture').crop({box}).show()\""
        return HandCheck("picture", path, script, (claim.evidence.quote,))
    if line is not None:
        return HandCheck("claim", path, f"{fetch} | sed -n '{line.group(1)}p'", (claim.evidence.quote,))
    return HandCheck("no_script", claim.evidence.locator, "", (claim.evidence.quote,))


def check_listing(source: Source) -> HandCheck:
    """Return how to list again what stands at the end of a link."""
    seen = (source.quote or source.detail,)
    parts = _parts(source.url)
    folder = _DRIVE_FOLDER.search(parts.path) if parts.netloc.lower() == "drive.google.com" else None
    if folder is not None:
        page = f"https://drive.google.com/embeddedfolderview?id={folder.group(1)}#list"
        return HandCheck("listing", source.url, f"curl -sL {shlex.quote(page)} | grep -o 'flip-entry-title\">[^<]*'", seen)
    if parts.netloc.lower() == "huggingface.co" and len(parts.path.strip("/").split("/")) >= 2:
        name = "/".join(parts.path.strip("/").split("/")[:2])
        page = f"https://huggingface.co/api/models/{quote(name)}/tree/main?recursive=1"
        return HandCheck(
            "listing",
            source.url,
            f"curl -sL {shlex.quote(page)} | python3 -m json.tool | grep '\"path\"'",
            (source.quote or source.detail,),
        )
    return HandCheck("page", source.url, "", seen)


def check_checkpoint(artifact: Artifact, item: Inspected, tensors: tuple[Tensor, ...]) -> HandCheck:
    """Return how to count a checkpoint's values and see the shapes of `tensors` (of the checkpoint) with other tools."""
    body = _python(item, tensors[:3])
    if body is None or item.checkpoint.safety.verdict != "plain":
        return HandCheck("no_script", artifact.name, "")
    script, file = _download(artifact, item.checkpoint.member)
    lines, expected = body
    return HandCheck("checkpoint", artifact.name, "\n".join([*script, f"python3 - {file} <<'END'", *lines, "END"]), expected)


def decisive_tensors(item: Inspected, limit: int = 3) -> tuple[Tensor, ...]:
    """Return the few tensors that say most of a network: the first weight, the last one, and the largest."""
    weights = [tensor for tensor in item.checkpoint.tensors if len(tensor.shape) >= 2]
    if not weights:
        return item.checkpoint.tensors[:limit]
    first = next((t for t in weights if item.architecture.first_layer and t.name == item.architecture.first_layer[0]), weights[0])
    finals = item.architecture.head.final_layers if item.architecture.head else ()
    last = next((t for t in reversed(weights) if t.name in finals or t.name.rpartition(".")[0] in finals), weights[-1])
    largest = max(weights, key=lambda tensor: tensor.numel)
    return tuple(dict.fromkeys((first, last, largest)))[:limit]


def _raw_address(repository: Repository, path: str) -> str | None:
    """Return where the bytes of a file at the audited commit are; None for a local folder."""
    parts = _parts(repository.url)
    if repository.local or parts.netloc.lower() != "github.com":
        return None
    return f"https://raw.githubusercontent.com{quote(parts.path)}/{quote(repository.commit)}/{quote(path)}"


def _download(artifact: Artifact, member: str | None) -> tuple[list[str], str]:
    """Return the lines that fetch a file (and unpack it), and the file's name on the reader's disk, quoted."""
    local = shlex.quote("./" + (PurePosixPath(printable(artifact.name)).name or "checkpoint"))
    address = printable(artifact.url)
    host = _parts(address).netloc.lower()
    drive = _DRIVE_FILE.search(address) if host in ("drive.google.com", "drive.usercontent.google.com") else None
    if drive is not None:
        lines = [f"pip install gdown && gdown {shlex.quote('https://drive.google.com/uc?id=' + drive.group(1))} -O {local}"]
    elif address.startswith(("http://", "https://")):
        lines = [f"curl -fL {shlex.quote(_direct(address))} -o {local}"]
    else:
        local, lines = shlex.quote(address or "./checkpoint"), []
    if member is None:
        return lines, local
    lines.append(f"mkdir -p unpacked; unzip -qd unpacked {local} || tar -xf {local} -C unpacked")
    return lines, shlex.quote("unpacked/" + printable(member))


def _direct(address: str) -> str:
    """Return the address of the bytes where a host's page and its bytes differ in one word."""
    word = {"huggingface.co": "resolve", "github.com": "raw"}.get(_parts(address).netloc.lower())
    return re.sub(r"^(https?://[^/]+/[^/]+/[^/]+)/blob/", rf"\1/{word}/", address) if word else address


def _parts(address: str) -> SplitResult:
    """Return the parts of an address, empty ones where it has none."""
    try:
        return urlsplit(printable(address))
    except ValueError:
        return urlsplit("")


def _python(item: Inspected, tensors: tuple[Tensor, ...]) -> tuple[list[str], tuple[str, ...]] | None:
    """Return the Python lines for the checkpoint's format with what they print; None where there is no short way."""
    checkpoint = item.checkpoint
    names = [(checkpoint.prefix + tensor.name, tensor.shape) for tensor in tensors]
    shown = tuple(f"{list(shape)}" for _, shape in names)
    counted = [t for t in checkpoint.tensors if not t.name.endswith(BUFFERS)]
    count = str(sum(tensor.numel for tensor in counted))
    if checkpoint.format in ("torch_zip", "torch_legacy"):
        lines = ["import sys, torch", "state = torch.load(sys.argv[1], map_location='cpu', weights_only=True)  # refuses code"]
        if checkpoint.state_key:
            keys = "".join(f"[{key!a}]" for key in checkpoint.state_key.split("."))
            lines[1] = lines[1].replace("weights_only=True)", f"weights_only=True){keys}")
        lines.append("shapes = {n: list(t.shape) for n, t in state.items() if hasattr(t, 'shape')}")
    elif checkpoint.format == "safetensors":
        lines = ["import json, struct, sys", "file = open(sys.argv[1], 'rb')"]
        lines.append("header = json.loads(file.read(struct.unpack('<Q', file.read(8))[0]))")
        lines.append("shapes = {n: t['shape'] for n, t in header.items() if n != '__metadata__'}")
    else:
        return None
    lines[0] += ", math"
    lines.append(f"buffers = {BUFFERS}")
    lines.append("print(sum(math.prod(s) for n, s in shapes.items() if not n.endswith(buffers)))")
    if names:
        lines.append("print(" + ", ".join(f"shapes[{name!a}]" for name, _ in names) + ")")
    return lines, (count, " ".join(shown))
