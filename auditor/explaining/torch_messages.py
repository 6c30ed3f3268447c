"""What `torch.nn.Module.load_state_dict` says of a state dict that does not fit, from names and shapes alone.

Follows torch 2: a module's own parameters, then its buffers, then its children in the order of registration; a key is
unexpected in the module where its path first leaves the tree. Torch itself is not needed and nothing is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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

    Joined with line feeds they are the error's text. Raises `LimitError` for a network whose names have more than 64 words.
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
        _arrange(root, _orders(names, {_like(path) for path, _ in _modules(root)}))
    return root


def _modules(root: Module) -> Iterator[tuple[list[str], Module]]:
    """Yield every module with its path, parents first; the children may be arranged meanwhile."""
    waiting: list[tuple[list[str], Module]] = [([], root)]
    while waiting:
        path, module = waiting.pop()
        yield path, module
        waiting.extend(([*path, word], child) for word, child in module.children.items())


def _words(name: str) -> list[str]:
    words = name.split(".")
    if len(words) > DEEPEST:
        raise LimitError("a tensor's name is too deep", f"{len(words)} words", "no network of torch is nested like this")
    return words


def _like(words: Iterable[str]) -> str:
    """Return a path with its numbers left open, so that the tenth block is like the ninth."""
    return ".".join("*" if word.isdigit() else word for word in words)


def _orders(names: Iterable[str], kinds: set[str]) -> dict[str, dict[str, int]]:
    """Return the order of children of some kinds of module, as the instance with most children has it.

    The first stage of a network has no downsampling, so the first instance alone would put that last.
    """
    instances: dict[str, dict[str, None]] = {}
    for name in names:
        words = name.split(".", DEEPEST)
        for count in range(len(words)):
            if _like(words[:count]) not in kinds:
                break
            instances.setdefault(".".join(words[:count]), {})[_like(words[count : count + 1])] = None
    best: dict[str, dict[str, None]] = {}
    for path, children in instances.items():
        kind = _like(path.split("."))
        if len(children) > len(best.get(kind, ())):
            best[kind] = children
    return {kind: {word: place for place, word in enumerate(children)} for kind, children in best.items()}


def _arrange(root: Module, orders: dict[str, dict[str, int]]) -> None:
    for path, module in _modules(root):
        order = orders.get(_like(path), {})
        module.children = {word: module.children[word] for word in _arranged(list(module.children), order)}


def _arranged(words: list[str], order: dict[str, int]) -> list[str]:
    """Return children in the file's order; one that the file has not stays behind the one that it followed."""
    known = [word for word in words if _like([word]) in order]
    known.sort(key=lambda word: (order[_like([word])], int(word) if re.fullmatch(r"\d{1,9}", word) else 0))
    after: dict[str, list[str]] = {}
    last = ""
    for word in words:
        if _like([word]) in order:
            last = word
        else:
            after.setdefault(last, []).append(word)
    return [*after.get("", ()), *(one for word in known for one in (word, *after.get(word, ())))]


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
