"""What kind of difference a loading error shows: a prefix, a head, counters, the size of the network, or another network.

The kind is the least that explains everything the log names. It never says which side is right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.architectures.heads import CLASSIFIER_NAMES
from auditor.documents.error_logs import LoadError
from auditor.explaining.sides import Side

PREFIXES = {
    "module.": "torch.nn.DataParallel or DistributedDataParallel puts it there",
    "_orig_mod.": "torch.compile puts it there",
    "model.": "a wrapper, such as a Lightning module, puts it there",
}
HARMLESS = re.compile(
    r"(?:^|\.)(?:num_batches_tracked|total_ops|total_params|position_ids|relative_position_index|attn_mask|relative_coords_table"
    r"|masked_bias|inv_freq|anchor_grid|grid|anchors)$"
)
FINAL_LAYERS = CLASSIFIER_NAMES | {
    "final_layer",
    "classification_head",
    "cls_score",
    "fc_cls",
    "score",
    "out_proj",
    "head_dist",
    "conv_seg",
}
MOST_NAMES = 50_000


@dataclass(frozen=True, slots=True)
class Difference:
    """The kind of the difference and one sentence about it."""

    kind: str  # prefix, buffers, head, width, depth, width_and_depth, another_network, parts, shapes, unknown
    sentence: str


def difference(error: LoadError, checkpoint: Side, model: Side) -> Difference:
    """Return what kind of difference the log shows."""
    found = (
        _prefix(error) or _buffers(error) or _head(error) or _other_family(checkpoint, model) or _size(checkpoint, model) or _parts(error)
    )
    return found or Difference("unknown", "The log names no tensor, so it does not tell what differs.")


def _prefix(error: LoadError) -> Difference | None:
    """Return a prefix that turns one side's names into the other's, where that explains all names there are."""
    if error.mismatches or not error.missing or not error.unexpected or len(error.missing) + len(error.unexpected) > 2 * MOST_NAMES:
        return None
    for longer, shorter, owner in ((error.unexpected, error.missing, "checkpoint"), (error.missing, error.unexpected, "model")):
        prefix = _common_prefix(longer, shorter)
        if prefix is None:
            continue
        stripped = {name.removeprefix(prefix) for name in longer}
        same = stripped == set(shorter)
        if not same and not (error.truncated and (stripped <= set(shorter) or set(shorter) <= stripped or _rest_alike(stripped, shorter))):
            continue
        why = f" ({PREFIXES[prefix]})" if prefix in PREFIXES else ""
        scope = "All names are equal without it." if same and not error.truncated else "The names that the log shows are equal without it."
        return Difference("prefix", f"The {owner}'s names begin with `{prefix}` and the other side's do not{why}. {scope}")
    return None


def _common_prefix(longer: tuple[str, ...], shorter: tuple[str, ...]) -> str | None:
    """Return the prefix that all longer names share and that gives a shorter name from one of them."""
    names = set(longer)
    tried: set[str] = set()
    for name in longer[:3]:
        words = name.split(".")
        for count in range(1, min(len(words), 12)):
            prefix = ".".join(words[:count]) + "."
            if prefix in tried:
                continue
            tried.add(prefix)
            if all(other.startswith(prefix) for other in longer) and any(prefix + short in names for short in shorter[:50]):
                return prefix
    return None


def _rest_alike(stripped: set[str], shorter: tuple[str, ...]) -> bool:
    """Tell whether a cut list still overlaps for the most part."""
    overlap = len(stripped & set(shorter))
    return overlap * 2 > min(len(stripped), len(shorter))


def _buffers(error: LoadError) -> Difference | None:
    names = (*error.missing, *error.unexpected)
    if error.mismatches or not names or not all(HARMLESS.search(name) for name in names):
        return None
    words = sorted({name.rpartition(".")[2] for name in names})
    return Difference(
        "buffers",
        f"Only {', '.join(words[:4])} differ: counters and fixed tables, which versions of a library save or leave out. No weight differs.",
    )


def _head(error: LoadError) -> Difference | None:
    """Return a difference in the last layers alone."""
    names = (*error.missing, *error.unexpected, *(m.name for m in error.mismatches))
    if not names or error.truncated or not all(_is_final(name) for name in names):
        return None
    outputs = [m for m in error.mismatches if m.name.endswith("weight") and m.checkpoint_shape[1:] == m.model_shape[1:]]
    if outputs and not error.missing and not error.unexpected:
        first = outputs[0]
        numbers = f"{first.checkpoint_shape[0]} outputs in the checkpoint, {first.model_shape[0]} in the model"
        return Difference(
            "head", f"Only the last layer `{first.name.rpartition('.')[0]}` differs: {numbers} (another number of classes or joints)."
        )
    return Difference("head", "Only last layers differ; everything before them has the same names and shapes on both sides.")


def _is_final(name: str) -> bool:
    words = name.split(".")[:-1]
    return bool(words) and (words[-1] in FINAL_LAYERS or (len(words) > 1 and words[-2] in FINAL_LAYERS and words[-1].isdigit()))


def _other_family(checkpoint: Side, model: Side) -> Difference | None:
    if checkpoint.family and model.family and checkpoint.family != model.family:
        sentence = f"The names are a {checkpoint.family}'s in the checkpoint and a {model.family}'s in the model: two different networks."
        return Difference("another_network", sentence)
    if checkpoint.block_kind and model.block_kind and checkpoint.block_kind != model.block_kind:
        sentence = f"The checkpoint's blocks are {checkpoint.block_kind} ones, the model's {model.block_kind} ones: two different networks."
        return Difference("another_network", sentence)
    if checkpoint.spelling and model.spelling and checkpoint.spelling != model.spelling:
        sentence = f"Both sides name a {model.family}, in the words of two code bases: {checkpoint.spelling} and {model.spelling}."
        return Difference("spelling", sentence)
    return None


def _size(checkpoint: Side, model: Side) -> Difference | None:
    theirs = dict(model.dims)
    width = any(theirs.get(stage, size) != size for stage, size in checkpoint.dims)
    width |= bool(checkpoint.stem_width and model.stem_width and checkpoint.stem_width != model.stem_width)
    blocks = {one.place: one for one in model.blocks}
    depth = any(
        one.exact and (other := blocks.get(one.place)) is not None and other.exact and other.count != one.count for one in checkpoint.blocks
    )
    family = f" {model.family}" if model.family else ""
    if width and depth:
        return Difference("width_and_depth", f"Width and number of blocks differ: two{family} networks of different size.")
    if width:
        return Difference("width", f"The width differs: two{family} networks of different size.")
    if depth:
        return Difference("depth", f"The number of blocks differs: two{family} networks of different size.")
    return None


def _parts(error: LoadError) -> Difference | None:
    """Return what is left to say: parts that one side has and the other has not, or other shapes."""
    if error.missing or error.unexpected:
        said = []
        if error.missing:
            said.append(f"the model has parts that the checkpoint lacks ({_roots(error.missing)})")
        if error.unexpected:
            said.append(f"the checkpoint has parts that the model lacks ({_roots(error.unexpected)})")
        sentence = " and ".join(said)
        return Difference("parts", f"{sentence[0].upper()}{sentence[1:]}.")
    if error.mismatches:
        return Difference("shapes", "Both sides have the same names, as far as the log shows them, with other shapes.")
    return None


def _roots(names: tuple[str, ...]) -> str:
    """Return the first words of names that tell the parts apart, a few."""
    roots: dict[str, None] = {}
    for name in names[:MOST_NAMES]:
        words = name.split(".")
        deep = 3 if words[0] in ("module", "model", "_orig_mod", "backbone", "encoder") else 2
        roots[".".join(words[: min(deep, len(words) - 1) or 1])] = None
    listed = list(roots)
    return ", ".join(listed[:4]) + (f" and {len(listed) - 4} more" if len(listed) > 4 else "")
