"""State dicts as typed lists of names and shapes, written here from the papers' sizes: nothing of the package's tables."""

from __future__ import annotations

from auditor.facts import Checkpoint, Tensor


def file_of(shapes, prefix=""):
    """Return a checkpoint that holds the names and shapes."""
    tensors = tuple(Tensor(prefix + name, tuple(shape), "float32") for name, shape in shapes.items())
    return Checkpoint(None, "torch_zip", None, None, "", tensors, "")


def dense(name, outputs, inputs, bias=True):
    """Return the tensors of a linear layer."""
    return {f"{name}.weight": (outputs, inputs)} | ({f"{name}.bias": (outputs,)} if bias else {})


def norm(name, width, words=("weight", "bias")):
    """Return the tensors of a layer normalization."""
    return {f"{name}.{word}": (width,) for word in words}


def batch_norm(name, width):
    """Return the tensors of a batch normalization."""
    words = dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (width,))
    return {f"{name}.{word}": shape for word, shape in words.items()} | {f"{name}.num_batches_tracked": ()}


def conv(name, outputs, inputs, kernel, bias=True):
    """Return the tensors of a convolution."""
    return {f"{name}.weight": (outputs, inputs, kernel, kernel)} | ({f"{name}.bias": (outputs,)} if bias else {})


def total(shapes):
    """Return the number of values."""
    count = 0
    for shape in shapes.values():
        product = 1
        for size in shape:
            product *= size
        count += product
    return count
