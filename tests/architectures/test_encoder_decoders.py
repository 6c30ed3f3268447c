"""DETR, U-Net and HiFi-GAN against torch modules and lists written here."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from state_shapes import batch_norm, conv, dense, file_of, norm
from torch import nn

from auditor.architectures.blueprint import tensors_of
from auditor.architectures.detr import DetectionTransformer
from auditor.architectures.inspection import inspect_checkpoint, prove_and_cost
from auditor.architectures.resnet_blueprint import plan_resnet, resnet_blueprint
from auditor.architectures.unet import UNet


def shapes_of(module):
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def resnet(prefix="backbone.0.body.", depths=(3, 4, 6, 3)):
    plan = replace(plan_resnet(depths, True), prefix=prefix, counters=False)
    return {tensor.name: tensor.shape for tensor in tensors_of(resnet_blueprint(plan))}


def detr(depths=(3, 4, 6, 3), queries=100, classes=92):
    with torch.device("meta"):
        transformer = nn.Transformer(256, 8, 6, 6, 2048)
    shapes = {f"transformer.{name}": shape for name, shape in shapes_of(transformer).items() if not name.startswith("encoder.norm")}
    shapes |= dense("class_embed", classes, 256) | {"query_embed.weight": (queries, 256)} | conv("input_proj", 256, 2048, 1)
    for number, outputs in enumerate((256, 256, 4)):
        shapes |= dense(f"bbox_embed.layers.{number}", outputs, 256)
    return shapes | resnet(depths=depths)


@pytest.mark.parametrize(("depths", "name"), [((3, 4, 6, 3), "detr_resnet50"), ((3, 4, 23, 3), "detr_resnet101"), ((3, 4, 5, 3), None)])
def test_detr_is_no_resnet(depths, name):
    file = file_of(detr(depths))
    architecture = inspect_checkpoint(file)[1]
    assert (architecture.family, architecture.name, architecture.explained) == ("detr", name, 1.0)
    assert (architecture.depths, architecture.dims) == ((6, 6), (256,))
    assert (architecture.head.kind, architecture.head.outputs) == ("detection", (92, 4))
    assert "100 queries" in architecture.summary
    assert any("backbone" in trait for trait in architecture.traits)
    assert prove_and_cost(file, architecture, (800, 800)) == (1.0, None)


def test_half_a_detr_is_none():
    for missing in ("bbox_embed", "query_embed", "transformer.decoder", "input_proj"):
        shapes = {name: shape for name, shape in detr().items() if not name.startswith(missing)}
        assert DetectionTransformer().recognize(file_of(shapes).tensors) is None


def deformable_block(path, cross):
    shapes = {}
    if cross:
        shapes |= {f"{path}.self_attn.in_proj_weight": (768, 256), f"{path}.self_attn.in_proj_bias": (768,)}
        shapes |= dense(f"{path}.self_attn.out_proj", 256, 256) | norm(f"{path}.norm3", 256)
    at = f"{path}.{'cross' if cross else 'self'}_attn"
    shapes |= dense(f"{at}.sampling_offsets", 256, 256) | dense(f"{at}.attention_weights", 128, 256)
    shapes |= dense(f"{at}.value_proj", 256, 256) | dense(f"{at}.output_proj", 256, 256)
    shapes |= dense(f"{path}.linear1", 1024, 256) | dense(f"{path}.linear2", 256, 1024)
    return shapes | norm(f"{path}.norm1", 256) | norm(f"{path}.norm2", 256)


def test_deformable_detr():
    shapes = {"transformer.level_embed": (4, 256), "query_embed.weight": (300, 512)} | dense("transformer.reference_points", 2, 256)
    for block in range(6):
        shapes |= deformable_block(f"transformer.encoder.layers.{block}", False)
        shapes |= deformable_block(f"transformer.decoder.layers.{block}", True)
        shapes |= dense(f"class_embed.{block}", 91, 256)
        for number, outputs in enumerate((256, 256, 4)):
            shapes |= dense(f"bbox_embed.{block}.layers.{number}", outputs, 256)
    for level, (channels, kernel) in enumerate(((512, 1), (1024, 1), (2048, 1), (2048, 3))):
        shapes |= conv(f"input_proj.{level}.0", 256, channels, kernel) | norm(f"input_proj.{level}.1", 256)
    architecture = inspect_checkpoint(file_of(shapes | resnet()))[1]
    assert (architecture.family, architecture.name) == ("deformable_detr", "deformable_detr_resnet50")
    assert architecture.explained == 1.0
    assert "4 levels" in architecture.traits


def double(path, inputs, outputs):
    shapes = conv(f"{path}.0", outputs, inputs, 3, bias=False) | batch_norm(f"{path}.1", outputs)
    return shapes | conv(f"{path}.3", outputs, outputs, 3, bias=False) | batch_norm(f"{path}.4", outputs)


def milesial(widths=(64, 128, 256, 512, 1024), classes=2):
    shapes = double("inc.double_conv", 3, widths[0])
    for level in range(1, 5):
        shapes |= double(f"down{level}.maxpool_conv.1.double_conv", widths[level - 1], widths[level])
    for level in range(1, 5):
        below, width = widths[5 - level], widths[4 - level]
        shapes |= {f"up{level}.up.weight": (below, width, 2, 2), f"up{level}.up.bias": (width,)}
        shapes |= double(f"up{level}.conv.double_conv", 2 * width, width)
    return shapes | conv("outc.conv", classes, widths[0], 1)


def diffusers(widths=(32, 64, 128, 128)):
    shapes = conv("conv_in", widths[0], 4, 3) | dense("time_embedding.linear_1", 128, 32)
    before = widths[0]
    for level, width in enumerate(widths):
        shapes |= conv(f"down_blocks.{level}.resnets.0.conv1", width, before, 3) | conv(
            f"down_blocks.{level}.resnets.0.conv2", width, width, 3
        )
        before = width
    shapes |= conv("mid_block.resnets.0.conv1", 128, 128, 3)
    for level, width in enumerate(reversed(widths)):
        path = f"up_blocks.{level}.resnets.0"
        shapes |= conv(f"{path}.conv1", width, before + width, 3) | conv(f"{path}.conv2", width, width, 3)
        before = width
    return shapes | conv("conv_out", 4, widths[0], 3)


def test_unet():
    file = file_of(milesial())
    parameters, architecture, _ = inspect_checkpoint(file)
    assert (architecture.family, architecture.name, architecture.explained) == ("unet", None, 1.0)
    assert (architecture.dims, architecture.depths) == ((64, 128, 256, 512, 1024), (2, 2, 2, 2, 2))
    assert architecture.head.outputs == (2,)
    assert parameters.learnable == 31_037_698
    assert "not rebuilt in torch: structure alone" in architecture.traits
    assert prove_and_cost(file, architecture, (256, 256)) == (1.0, None)


def test_unet_of_diffusion():
    shapes = diffusers()
    architecture = inspect_checkpoint(file_of(shapes, "unet."))[1]
    assert (architecture.family, architecture.dims) == ("unet", (32, 64, 128, 128))
    assert architecture.explained == pytest.approx(1 - 2 / len(shapes))


def test_levels_without_skips_are_no_unet():
    shapes = milesial()
    for level in range(1, 5):
        name = f"up{level}.conv.double_conv.0.weight"
        shapes[name] = (shapes[name][0], shapes[name][0], 3, 3)
    assert UNet().recognize(file_of(shapes).tensors) is None
    few = {name: shape for name, shape in milesial().items() if not name.startswith(("up1", "up2"))}
    assert UNet().recognize(file_of(few).tensors) is None
    beside = milesial() | {f"other.{n}.weight": (8, 8) for n in range(100)}
    assert UNet().recognize(file_of(beside).tensors) is None


class Residual(nn.Module):
    def __init__(self, width, kernel, two_rows, wrap):
        super().__init__()
        rows = ("convs1", "convs2") if two_rows else ("convs",)
        for row in rows:
            length = 3 if two_rows else 2
            self.add_module(row, nn.ModuleList([wrap(nn.Conv1d(width, width, kernel)) for _ in range(length)]))


class Generator(nn.Module):
    def __init__(self, first, up_kernels, kernels, two_rows, wrap):
        super().__init__()
        self.conv_pre = wrap(nn.Conv1d(80, first, 7))
        self.ups, self.resblocks = nn.ModuleList(), nn.ModuleList()
        for stage, kernel in enumerate(up_kernels):
            width = first >> (stage + 1)
            self.ups.append(wrap(nn.ConvTranspose1d(2 * width, width, kernel)))
            self.resblocks.extend(Residual(width, size, two_rows, wrap) for size in kernels)
        self.conv_post = wrap(nn.Conv1d(width, 1, 7))


GENERATORS = {
    "hifigan_v1": ((512, (16, 16, 4, 4), (3, 7, 11), True), 13_926_017),
    "hifigan_v2": ((128, (16, 16, 4, 4), (3, 7, 11), True), 925_985),
    "hifigan_v3": ((256, (16, 16, 8), (3, 5, 7), False), 1_462_273),
}


@pytest.mark.parametrize("style", ["folded", "weight norm", "parametrized"])
@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_hifigan(name, style):
    from torch.nn.utils import parametrizations, weight_norm

    wrap = {"folded": lambda module: module, "weight norm": weight_norm, "parametrized": parametrizations.weight_norm}[style]
    plan, count = GENERATORS[name]
    module = Generator(*plan, wrap)
    file = file_of(shapes_of(module), "generator.")
    parameters, architecture, _ = inspect_checkpoint(file)
    assert (architecture.family, architecture.name, architecture.explained) == ("hifigan", name, 1.0)
    assert architecture.dims == tuple(plan[0] >> (stage + 1) for stage in range(len(plan[1])))
    assert parameters.learnable == sum(parameter.numel() for parameter in module.parameters())
    if style == "folded":
        assert parameters.learnable == count
    assert prove_and_cost(file, architecture, (64, 64)) == (1.0, None)


def test_a_generator_within_a_larger_network_is_not_its_name():
    with torch.device("meta"):
        shapes = shapes_of(Generator(64, (4, 4), (3,), True, lambda module: module))
    more = {f"enc_p.encoder.{n}.weight": (64, 64, 3) for n in range(100)}
    assert inspect_checkpoint(file_of(shapes))[1].family == "hifigan"
    assert inspect_checkpoint(file_of(shapes | more))[1].family != "hifigan"
