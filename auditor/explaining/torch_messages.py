"""What `torch.nn.Module.load_state_dict` says of a state dict that does not fit, from names and shapes alone.

Follows torch 2: a module's own parameters, then its buffers, then its children in the order of registration; a key is
unexpected in the module where its path first leaves the tree. Torch itself is not needed and nothing is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from auditor.errors import LimitError
from auditor.facts import Tensor

DEEPEST = 64  # words of a name
COUNTER = "num_batches_tracked"  # batch norm fills it in by itself where a file's module has no version, as one that is not there
Shape = tuple[int, ...]


@dataclass(slots=True)
class Module:
    """A node of the tree of modules: its own tensors and its children, in torch's order."""

    own: dict[str, Shape] = field(default_factory=dict)
    buffers: dict[str, Shape] = field(default_factory=dict)
    children: dict[str, Module] = field(default_factory=dict)


def messages(expected: Iterable[Tensor], found: Iterable[Tensor], class_name: str) -> tuple[str, ...]:
    """Return the lines of torch's RuntimeError for loading `found` into a network of `expected`; () where all of it fits.

    Joined with line feeds they are the error's text. Raises `LimitError` for names of more than 64 words.
    """
    found = tuple(found)
    root = tree(expected, found)
    missing, unexpected, mismatches = _walk(root, {tensor.name: tensor.shape for tensor in found})
    lines = []
    if missing:
        lines.append(f"\tMissing key(s) in state_dict: {_quoted(missing)}. ")
    if unexpected:
        lines.append(f"\tUnexpected key(s) in state_dict: {_quoted(unexpected)}. ")
    lines += [f"\t{mismatch}" for mismatch in mismatches]
    return (f"Error(s) in loading state_dict for {class_name}:", *lines) if lines else ()


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def tree(expected: Iterable[Tensor], found: Iterable[Tensor] = ()) -> Module:
    """Return the tree of modules of a network, children in the order in which the checkpoint has their like.

    A state dict is saved in the order of registration, so the file knows the order better than any description of the network,
    unless its names are sorted as text (safetensors).
    """
    root = Module()
    for tensor in expected:
        *path, last = _words(tensor.name)
        module = root
        for word in path:
            module = module.children.setdefault(word, Module())
        (module.buffers if tensor.is_parameter is False else module.own)[last] = tensor.shape
    names = [tensor.name for tensor in found]
    if names != sorted(names):
        _arrange(root, _ranks(names))
    return root


def _words(name: str) -> list[str]:
    words = name.split(".")
    if len(words) > DEEPEST:
        raise LimitError("a tensor's name is too deep", f"{len(words)} words", "no network of torch is nested like this")
    return words


def _like(words: Iterable[str]) -> str:
    """Return a path with its numbers left open, so that the tenth block is like the ninth."""
    return ".".join("*" if word.isdigit() else word for word in words)


def _ranks(names: Iterable[str]) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for number, name in enumerate(names):
        words = _words(name)
        for count in range(1, len(words) + 1):
            ranks.setdefault(_like(words[:count]), number)
    return ranks


def _arrange(root: Module, ranks: dict[str, int]) -> None:
    waiting: list[tuple[tuple[str, ...], Module]] = [((), root)]
    while waiting:
        path, module = waiting.pop()
        places = {word: place for place, word in enumerate(module.children)}

        def order(word: str, path: tuple[str, ...] = path, places: dict[str, int] = places) -> tuple[int, int, int]:
            rank = ranks.get(_like((*path, word)), 1 << 60)
            return rank, int(word) if re.fullmatch(r"\d{1,9}", word) else 0, places[word]

        module.children = {word: module.children[word] for word in sorted(module.children, key=order)}
        waiting.extend(((*path, word), child) for word, child in module.children.items())


def _walk(root: Module, state: dict[str, Shape]) -> tuple[list[str], list[str], list[str]]:
    missing: list[str] = []
    unexpected: list[str] = []
    mismatches: list[str] = []
    waiting = [("", root, state)]
    while waiting:
        prefix, module, local = waiting.pop()
        own = module.own | module.buffers
        for name, shape in own.items():
            theirs = local.get(prefix + name)
            if theirs is None:
                if name != COUNTER:
                    missing.append(prefix + name)
            elif theirs != shape and not (shape == () and theirs == (1,)):  # torch takes 0.3's one-element vectors for scalars
                mismatches.append(mismatch_line(prefix + name, theirs, shape))
        below: dict[str, dict[str, Shape]] = {}
        for key, shape in local.items():
            word, dot, _ = key[len(prefix) :].partition(".")
            if dot and word in module.children:
                below.setdefault(word, {})[key] = shape
            elif dot or word not in own:
                unexpected.append(key)
        for word, child in reversed(module.children.items()):
            waiting.append((f"{prefix}{word}.", child, below.get(word, {})))
    return missing, unexpected, mismatches


def mismatch_line(name: str, checkpoint: Shape, model: Shape) -> str:
    """Return torch's sentence about one tensor of another shape."""
    return (
        f"size mismatch for {name}: copying a param with shape torch.Size({list(checkpoint)}) from checkpoint, "
        f"the shape in current model is torch.Size({list(model)})."
    )
