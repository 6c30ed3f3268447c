"""Every recognizer, imported when a checkpoint has a name that it could begin with: most checkpoints need one or two of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.architectures.network import RebuildingRecognizer, Recognized
    from auditor.facts import Architecture, Tensor


@dataclass(slots=True)
class Late:
    """A recognizer by how the names end that it looks for; `load` imports it."""

    name: str
    endings: tuple[str, ...]  # of tensor names, without one of which it accepts nothing
    load: Callable[[], RebuildingRecognizer]

    def accepts(self, tensors: tuple[Tensor, ...]) -> bool:
        """Tell cheaply whether it is worth asking."""
        return any(tensor.name.endswith(self.endings) for tensor in tensors) and self.load().accepts(tensors)

    def recognize(self, tensors: tuple[Tensor, ...]) -> Architecture | None:
        """Return the architecture, or None."""
        return self.load().recognize(tensors)

    def match(self, tensors: tuple[Tensor, ...]) -> Recognized | None:
        """Return the architecture with its network, or None."""
        return self.load().match(tensors)


@cache
def _convnext() -> RebuildingRecognizer:
    from auditor.architectures.convnext import ConvNeXt

    return ConvNeXt()


@cache
def _resnet() -> RebuildingRecognizer:
    from auditor.architectures.resnet import ResNet

    return ResNet()


@cache
def _vit() -> RebuildingRecognizer:
    from auditor.architectures.vit import VisionTransformer

    return VisionTransformer()


@cache
def _swin() -> RebuildingRecognizer:
    from auditor.architectures.swin import Swin

    return Swin()


@cache
def _poolformer() -> RebuildingRecognizer:
    from auditor.architectures.poolformer import PoolFormer

    return PoolFormer()


@cache
def _mobile() -> RebuildingRecognizer:
    from auditor.architectures.mobile import MobileNetwork

    return MobileNetwork()


@cache
def _hrnet() -> RebuildingRecognizer:
    from auditor.architectures.hrnet import HRNet

    return HRNet()


@cache
def _detr() -> RebuildingRecognizer:
    from auditor.architectures.detr import DetectionTransformer

    return DetectionTransformer()


@cache
def _unet() -> RebuildingRecognizer:
    from auditor.architectures.unet import UNet

    return UNet()


@cache
def _hifigan() -> RebuildingRecognizer:
    from auditor.architectures.hifigan import HifiGan

    return HifiGan()


@cache
def _bert() -> RebuildingRecognizer:
    from auditor.architectures.bert import TextEncoder

    return TextEncoder()


@cache
def _gpt() -> RebuildingRecognizer:
    from auditor.architectures.gpt import LanguageModel

    return LanguageModel()


RECOGNIZERS: tuple[Late, ...] = (
    Late("convnext", ("dwconv.weight", "conv_dw.weight", "depthwise_conv.weight", "features.1.0.block.0.weight"), _convnext),
    Late("resnet", ("0.conv1.weight", "0.convolution.weight"), _resnet),
    Late(
        "vit",
        ("attn.qkv.weight", "q_proj.weight", "attention.query.weight", "attn.in_proj_weight", "self_attention.in_proj_weight"),
        _vit,
    ),
    Late("swin", ("qkv.weight", "self.query.weight", "q_proj.weight"), _swin),
    Late("poolformer", ("norm1.weight", "before_norm.weight"), _poolformer),
    Late("mobile", ("conv_stem.weight", "embeddings.convolution.weight", "features.0.0.weight"), _mobile),
    Late("hrnet", ("branches.0.0.conv1.weight",), _hrnet),
    Late("detr", ("in_proj_weight", "sampling_offsets.weight", "out_proj.weight", "o_proj.weight"), _detr),
    Late("unet", ("",), _unet),  # told by words anywhere in its names
    Late("hifigan", ("conv_pre.weight_v", "conv_pre.parametrizations.weight.original1", "conv_pre.weight"), _hifigan),
    Late("bert", ("self.query.weight", "q_lin.weight", "q_proj.weight"), _bert),
    Late("gpt", ("c_attn.weight", "q_proj.weight", "attention.wq.weight", "query_key_value.weight"), _gpt),
)
