"""DeepSpeed's `mp_rank_00_model_states.pt`: a file of torch's in which, partitioned by ZeRO, `param_shapes` stand for the weights.

See deepspeed/runtime/engine.py (`_save_checkpoint`) and utils/zero_to_fp32.py: `param_shapes` is a list with one dict of name and
`torch.Size` for each parameter group, `buffer_names` names what `module` still holds whole, `ds_version` is always there.
"""

from __future__ import annotations

import math
from typing import Any

from auditor.formats.pickle_values import PickledDict, TensorRecord

_MARKS = ("ds_version", "param_shapes")


def with_parameter_shapes(root: Any) -> Any:
    """Return a checkpoint's root with the parameters of `param_shapes` under "module" where that holds no values of them.

    Anything that is no partitioned checkpoint of DeepSpeed is returned as it is. The type is that of the values that are there,
    "unknown" where none are.
    """
    if not isinstance(root, PickledDict) or any(root.get(mark) is None for mark in _MARKS):
        return root
    shapes = _shapes(root.get("param_shapes"))
    module = root.get("module")
    held = module.entries() if isinstance(module, PickledDict) else {}
    whole = {name for name, value in held.items() if isinstance(value, TensorRecord) and (0 not in value.shape or name not in shapes)}
    if not shapes or all(name in whole and math.prod(held[name].shape) == math.prod(shape) for name, shape in shapes.items()):
        return root
    kinds = [value.dtype for value in held.values() if isinstance(value, TensorRecord) and value.dtype.startswith(("float", "bfloat"))]
    described = {name: TensorRecord(shape, kinds[0] if kinds else "unknown", is_parameter=True) for name, shape in shapes.items()}
    buffers = {name: value for name, value in held.items() if name in whole and name not in shapes}
    pairs = [(key, value) for key, value in root.pairs if key not in ("module", "param_shapes")]
    return PickledDict([("module", PickledDict([*described.items(), *buffers.items()])), *pairs], root.state)


def _shapes(value: Any) -> dict[str, tuple[int, ...]]:
    groups = value if isinstance(value, (list, tuple)) else [value]
    found: dict[str, tuple[int, ...]] = {}
    for group in groups[:1000]:
        for name, shape in (group.entries() if isinstance(group, PickledDict) else {}).items():
            if isinstance(shape, tuple) and all(isinstance(size, int) and 0 <= size < 1 << 48 for size in shape) and len(shape) <= 64:
                found[name] = shape
    return found
