"""Networks with their state dicts on torch's meta device, and what torch says when one is loaded into the other."""

from __future__ import annotations

from collections import OrderedDict

from auditor.architectures.blueprint import Node
from auditor.architectures.network import Network
from auditor.architectures.rebuild import Rebuilt
from auditor.facts import Checkpoint, Tensor


def checkpoint(tensors: tuple[Tensor, ...], prefix: str = "") -> Checkpoint:
    return Checkpoint(None, "torch_zip", None, "network", prefix, tensors, "0" * 64)


def saved(network: Network) -> tuple[Tensor, ...]:
    """The tensors in the order in which torch saves them."""
    return Rebuilt(network.blueprint()).tensors()


def torch_says(model: Network | Node, tensors: tuple[Tensor, ...], metadata: bool = True) -> str:
    """Torch's own message, "" where everything fits."""
    import torch

    root = Rebuilt(model.blueprint() if isinstance(model, Network) else model).root
    state = OrderedDict((tensor.name, torch.empty(tensor.shape, device="meta")) for tensor in tensors)
    if metadata:
        state._metadata = root.state_dict()._metadata  # type: ignore[attr-defined]
        present = {tensor.name.rpartition(".")[0] for tensor in tensors}
        state._metadata = OrderedDict((k, v) for k, v in state._metadata.items() if k in present)  # type: ignore[attr-defined]
    try:
        root.load_state_dict(state, assign=True)
    except RuntimeError as error:
        return str(error)
    return ""
