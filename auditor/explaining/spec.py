"""The network that somebody claims, as `audit explain --against` takes it: a published name, sizes, or a variant of a claims file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from auditor.architectures.published import (
    CONVNEXT,
    CONVNEXT_V2,
    RESNET_BASIC,
    RESNET_BOTTLENECK,
    RESNET_WIDER,
    Structure,
)
from auditor.claims.file import read_claims_file
from auditor.errors import UsageError

MAX_BYTES = 1 << 20
MOST_BLOCKS = 1000  # of all stages
MOST_CHANNELS = 1 << 20
FAMILIES = ("convnext", "convnextv2", "resnet")
HELP = (
    "a valid SPEC: convnext_large, resnet101, convnext:depths=3,3,27,3,dims=192,384,768,1536, "
    "resnet:depths=3,4,23,3,block=bottleneck, or claims.yaml#L"
)
_PAIR = re.compile(r"([a-z_]+)=([^=]*?)(?:,(?=[a-z_]+=)|$)")
_FILE = re.compile(r"(?P<path>.+?\.ya?ml)(?:[#:](?P<variant>.+))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spec:
    """A claimed network. What it does not say is None and stays as the checkpoint has it."""

    text: str  # as given
    family: str  # convnext, convnextv2, resnet; "" where it does not say, so it is the checkpoint's own
    depths: tuple[int, ...] | None = None
    dims: tuple[int, ...] | None = None
    bottleneck: bool | None = None
    width_and_groups: tuple[int, int] | None = None  # of ResNeXt and Wide ResNet: inner width of the first stage, groups
    first_layer: tuple[int, ...] | None = None
    head_channels: int | None = None
    name: str = ""  # published name, where it has one


def read_spec(text: str) -> Spec:
    """Return the claimed network. Raises `UsageError` with a valid example for anything else."""
    given = text.strip()
    file = _FILE.fullmatch(given)
    if file:
        return _from_file(given, Path(file["path"]), file["variant"])
    family, colon, sizes = given.partition(":")
    if colon:
        return _from_sizes(given, family.strip().lower(), re.sub(r"\s+", "", sizes.lower()))
    published = _published(given)
    if published is None:
        raise UsageError(f"no network is known as {given[:80]!r}", "it is no published ConvNeXt or ResNet", HELP)
    return published


def _published(given: str) -> Spec | None:
    """Return a published network by its name, in the spellings of timm, torchvision and the Hub."""
    name = re.sub(r"[\s\-]+", "_", given.lower().rpartition("/")[2].partition(".")[0])
    tidy = name.replace("resnet_", "resnet").replace("convnext_v2", "convnextv2")
    for wanted in (name, tidy, re.sub(r"_(?:\d{3}|1k|22k|in1k|in22k|1k_\d{3}|22k_\d{3})$", "", tidy)):
        for family, table in (("convnext", CONVNEXT), ("convnextv2", CONVNEXT_V2)):
            if wanted in table:
                return Spec(given, family, table[wanted].depths, table[wanted].dims, name=wanted)
        if wanted in RESNET_BASIC:
            return _resnet(given, wanted, RESNET_BASIC[wanted], False, None)
        if wanted in RESNET_BOTTLENECK:
            return _resnet(given, wanted, RESNET_BOTTLENECK[wanted], True, None)
        for inner, wider in RESNET_WIDER.items():
            if wanted in wider:
                return _resnet(given, wanted, wider[wanted], True, inner)
    return None


def _resnet(given: str, name: str, structure: Structure, bottleneck: bool, inner: tuple[int, int] | None) -> Spec:
    return Spec(given, "resnet", structure.depths, structure.dims, bottleneck, inner, name=name)


def _from_sizes(given: str, family: str, sizes: str) -> Spec:
    """Return the network of `family:key=value,...`."""
    if family not in FAMILIES:
        raise UsageError(f"{family[:40]!r} is no family whose networks can be built here", f"known: {', '.join(FAMILIES)}", HELP)
    found = {match[1]: match[2] for match in _PAIR.finditer(sizes)}
    if not found or "".join(f"{key}={value}," for key, value in found.items()).rstrip(",") != sizes.rstrip(","):
        raise UsageError(f"cannot read {given[:80]!r}", "after the colon come key=value pairs", HELP)
    unknown = set(found) - {"depths", "dims", "first_layer", "head_depth", "block"}
    if unknown:
        raise UsageError(f"cannot read {given[:80]!r}", f"`{min(unknown)}` is not known", HELP)
    block = found.get("block")
    if block not in (None, "basic", "bottleneck") or (block and family != "resnet"):
        raise UsageError(f"cannot read {given[:80]!r}", "block is basic or bottleneck, for a resnet", HELP)
    head = _numbers(given, found["head_depth"]) if "head_depth" in found else None
    return _checked(
        Spec(
            given,
            family,
            _numbers(given, found["depths"]) if "depths" in found else None,
            _numbers(given, found["dims"]) if "dims" in found else None,
            None if block is None else block == "bottleneck",
            None,
            _numbers(given, found["first_layer"]) if "first_layer" in found else None,
            head[0] if head else None,
        )
    )


def _numbers(given: str, text: str) -> tuple[int, ...]:
    words = [word for word in re.split(r"[,\[\]()]+", text) if word]
    if not words or not all(re.fullmatch(r"\d{1,9}", word) for word in words):
        raise UsageError(f"cannot read {given[:80]!r}", f"{text[:40]!r} is no list of whole numbers", HELP)
    return tuple(int(word) for word in words)


def _from_file(given: str, path: Path, variant: str | None) -> Spec:
    """Return a variant of an investigator's claims file."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} is larger than {MAX_BYTES >> 20} MiB", help=HELP)
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}", error.strerror or str(error), HELP) from error
    claims, _ = read_claims_file(data, path.name)
    by_variant: dict[str, dict[str, object]] = {}
    for claim in claims:
        by_variant.setdefault(claim.variant, {})[claim.attribute] = claim.value
    names = list(by_variant)
    if variant is None and len(names) != 1:
        raise UsageError(
            f"{path.name} has several variants", ", ".join(names[:12]), f"say which one: {path.name}#{names[0] if names else 'L'}"
        )
    chosen = names[0] if variant is None else next((name for name in names if name.lower() == variant.strip().lower()), None)
    if chosen is None:
        raise UsageError(f"{path.name} has no variant {str(variant)[:40]!r}", f"it has {', '.join(names[:12])}", HELP)
    said = by_variant[chosen]
    head = said.get("head_depth")
    spec = Spec(
        given,
        "",
        _listed(said, "depths"),
        _listed(said, "dims"),
        first_layer=_listed(said, "first_layer"),
        head_channels=int(head) if isinstance(head, int | float) and 0 < head < MOST_CHANNELS else None,
    )
    if not (spec.depths or spec.dims or spec.first_layer or spec.head_channels):
        raise UsageError(f"{path.name} says nothing of the structure of {chosen!r}", "it needs depths, dims or first_layer", HELP)
    return _checked(spec)


def _listed(said: Mapping[str, object], key: str) -> tuple[int, ...] | None:
    value = said.get(key)
    return tuple(value) if isinstance(value, list) else None


def _checked(spec: Spec) -> Spec:
    """Return the spec where its numbers can be a network's. Raises `UsageError` otherwise."""
    depths, dims = spec.depths, spec.dims
    wrong = ""
    if depths and dims and len(depths) != len(dims):
        wrong = f"{len(depths)} depths and {len(dims)} dims do not go together"
    elif depths and (min(depths) < 1 or sum(depths) > MOST_BLOCKS):
        wrong = f"depths are 1 or more, {MOST_BLOCKS} blocks together at most"
    elif dims and (min(dims) < 1 or max(dims) > MOST_CHANNELS):
        wrong = f"dims are 1 to {MOST_CHANNELS}"
    elif spec.family == "resnet" and any(sizes is not None and len(sizes) != 4 for sizes in (depths, dims)):
        wrong = "a resnet has four stages"
    elif spec.first_layer and (len(spec.first_layer) != 4 or min(spec.first_layer) < 1 or max(spec.first_layer) > MOST_CHANNELS):
        wrong = "first_layer is a convolution's shape: outputs, inputs, height, width"
    elif spec.first_layer and dims and spec.family != "resnet" and spec.first_layer[0] != dims[0]:
        wrong = f"first_layer has {spec.first_layer[0]} outputs and dims begin with {dims[0]}"
    if wrong:
        raise UsageError(f"cannot use {spec.text[:80]!r}", wrong, HELP)
    return spec
