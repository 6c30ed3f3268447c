"""What a printed count may leave out of a checkpoint, or count beside it: the parts that depend on data, task and training.

Counts are held against a range here, [everything optional left out, everything optional at its largest]: the network that remains,
its depth and width, is what a claim cannot be wrong about. A count within the range proves nothing either way.
"""

from __future__ import annotations

import re
from math import prod

from auditor.checks.precision import Printed
from auditor.facts import Inspected, Tensor

MOST_CLASSES = 1300  # the largest common vocabulary of a classifier, LVIS, has 1203
MOST_POSITIONS = 4200  # a grid of 64 x 64 and what stands before it
MOST_WORDS = 260_000  # of a tokenizer
_WORDS = re.compile(
    r"(?:word_embeddings?|wte|tok(?:en)?_emb\w*|embed_tokens|(?:^|\.)(?:token_embedding|shared|lm_head|word_embed\w*))\.weight$"
)
_POSITIONS = re.compile(r"(?:pos(?:ition)?(?:al)?_emb\w*|wpe|position_embeddings?)(?:\.weight)?$")
_TRAINING = re.compile(
    r"(?:^|[._])(?:aux\w*|decode_head|decoder|neck|proj(?:ection|ector)(?:_head)?|predict(?:ion|or)(?:_head)?|target|teacher|momentum|ema|queue"
    r"|discriminator|criterion|contrastive)(?=[._]|\d|$)"
)


def explained_by_parts(printed: Printed, inspected: Inspected) -> str:
    """Return which optional parts may explain that a count differs, "" where none could."""
    tensors, learnable = inspected.checkpoint.tensors, inspected.parameters.learnable
    head = inspected.architecture.head
    final = [t for t in tensors if head and head.kind == "linear" and t.name.rpartition(".")[0] in head.final_layers]
    tables = ((_WORDS, MOST_WORDS), (_POSITIONS, MOST_POSITIONS))
    low = high = float(learnable)
    parts = []
    if final:
        row = _numel(final) / max(1, max(final, key=lambda t: len(t.shape)).shape[0])
        low, high = low - _numel(final), high - _numel(final) + max(_numel(final), MOST_CLASSES * row)
        parts.append("classes")
    for pattern, most in tables:
        found = [t for t in tensors if pattern.search(t.name) and len(t.shape) >= 2 and t not in final]
        if found:
            held = _numel(found)
            low, high = low - held, high - held + max(held, most * max(t.shape[-1] for t in found))
            parts.append("vocabulary" if pattern is _WORDS else "input size")
    extra = [t for t in tensors if _TRAINING.search(t.name) and t not in final]
    if extra:
        low -= _numel(extra)
        parts.append("parts of training")
    if parts and low <= float(printed.value + printed.half) and float(printed.value - printed.half) <= high:
        return f"another number of values in {', '.join(parts)} may explain it"
    beside = [w for w in inspected.checkpoint.warnings if w.startswith("also holds") and "average" not in w]
    if beside and printed.value > learnable:
        return f"the file {beside[0]}, which the claim may count"
    return ""


def _numel(tensors: list[Tensor]) -> int:
    return sum(prod(t.shape) for t in tensors)
