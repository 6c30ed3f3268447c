"""Swin and PoolFormer against lists of names and shapes, and small torch modules, written here."""

from __future__ import annotations

import pytest
import torch
from state_shapes import conv, dense, file_of, norm
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from auditor.architectures.inspection import inspect_checkpoint, prove_and_cost


def swin(depths, dim, window, masks=(), merge_before=False, v2=False, classes=1000):
    shapes = conv("patch_embed.proj", dim, 3, 4) | norm("patch_embed.norm", dim)
    for stage, depth in enumerate(depths):
        d = dim << stage
        for block in range(depth):
            path = f"layers.{stage}.blocks.{block}"
            shapes |= swin_block(path, d, window, v2)
            if block % 2 and stage < len(masks):
                shapes |= {f"{path}.attn_mask": (masks[stage], window**2, window**2)}
        if stage < 3:
            at = f"layers.{stage + merge_before}.downsample"
            shapes |= dense(f"{at}.reduction", 2 * d, 4 * d, bias=False) | norm(f"{at}.norm", 2 * d if v2 else 4 * d)
    return shapes | norm("norm", dim << 3) | dense("head", classes, dim << 3)


def swin_block(path, d, window, v2):
    heads, entries = d // 32, (2 * window - 1) ** 2
    shapes = norm(f"{path}.norm1", d) | norm(f"{path}.norm2", d) | dense(f"{path}.attn.qkv", 3 * d, d, bias=not v2)
    shapes |= {f"{path}.attn.relative_position_index": (window**2, window**2)}
    if v2:
        shapes |= {f"{path}.attn.logit_scale": (heads, 1, 1), f"{path}.attn.relative_coords_table": (1, 2 * window - 1, 2 * window - 1, 2)}
        shapes |= {f"{path}.attn.q_bias": (d,), f"{path}.attn.v_bias": (d,)}
        shapes |= dense(f"{path}.attn.cpb_mlp.0", 512, 2) | dense(f"{path}.attn.cpb_mlp.2", heads, 512, bias=False)
    else:
        shapes |= {f"{path}.attn.relative_position_bias_table": (entries, heads)}
    return shapes | dense(f"{path}.attn.proj", d, d) | dense(f"{path}.mlp.fc1", 4 * d, d) | dense(f"{path}.mlp.fc2", d, 4 * d)


MASKS = (64, 16, 4)  # windows of 7 in maps of 56, 28 and 14
SWINS = {
    "swin_tiny_patch4_window7_224": (swin((2, 2, 6, 2), 96, 7, MASKS), 28_288_354, 4.49e9, 224),
    "swin_small_patch4_window7_224": (swin((2, 2, 18, 2), 96, 7, MASKS), 49_606_258, 8.75e9, 224),
    "swin_base_patch4_window12_384": (swin((2, 2, 18, 2), 128, 12), 87_903_584, 47.1e9, 384),
    "swin_large_patch4_window7_224": (swin((2, 2, 18, 2), 192, 7, merge_before=True), 196_532_476, 34.5e9, 224),
}


@pytest.mark.parametrize("name", SWINS)
def test_swin(name):
    shapes, count, macs, side = SWINS[name]
    file = file_of(shapes)
    parameters, architecture, _ = inspect_checkpoint(file)
    assert (architecture.family, architecture.name, architecture.explained) == ("swin", name, 1.0)
    assert parameters.learnable == count
    assert architecture.head.outputs == (1000,)
    explained, cost = prove_and_cost(file, architecture, (side, side))
    assert explained == 1.0
    assert cost.macs == pytest.approx(macs, rel=0.005)


def test_swin_masks_and_indices_are_buffers():
    parameters = inspect_checkpoint(file_of(swin((2, 2, 6, 2), 96, 7, MASKS)))[0]
    assert parameters.buffers == 12 * 49 * 49 + (64 + 16 + 3 * 4) * 49 * 49


def test_swin_v2():
    shapes = swin((2, 2, 6, 2), 96, 8, v2=True)
    parameters, architecture, _ = inspect_checkpoint(file_of(shapes))
    assert (architecture.family, architecture.name, architecture.explained) == ("swinv2", "swinv2_tiny_window8_256", 1.0)
    assert parameters.learnable == 28_347_154
    assert parameters.buffers == 12 * (64 * 64 + 15 * 15 * 2)
    cost = prove_and_cost(file_of(shapes), architecture, (256, 256))[1]
    assert cost.macs == pytest.approx(5.94e9, rel=0.005)
    assert "position biases" in cost.assumption


def test_swin_v2_without_tables_hides_its_windows():
    tables = ("relative_coords_table", "relative_position_index")
    shapes = {name: shape for name, shape in swin((2, 2, 6, 2), 96, 8, v2=True).items() if not name.endswith(tables)}
    architecture = inspect_checkpoint(file_of(shapes))[1]
    assert architecture.name == "swinv2_tiny"
    assert "the size of the windows" in architecture.cannot_know
    assert prove_and_cost(file_of(shapes), architecture, (256, 256)) == (1.0, None)


def test_swin_as_the_backbone_of_a_detector():
    shapes = {name: shape for name, shape in swin((2, 2, 6, 2), 96, 7).items() if not name.startswith(("head", "norm."))}
    for stage in range(4):
        shapes |= norm(f"norm{stage}", 96 << stage)
    architecture = inspect_checkpoint(file_of(shapes, "backbone."))[1]
    assert (architecture.name, architecture.explained) == ("swin_tiny_patch4_window7_224", 1.0)


def test_stages_that_do_not_double_or_know_no_positions_are_no_swin():
    shapes = swin((2, 2, 6, 2), 96, 7)
    blind = {name: shape for name, shape in shapes.items() if "relative_position" not in name}
    short = {name: shape for name, shape in shapes.items() if not name.startswith("layers.3")}
    for other in (blind, short):
        assert inspect_checkpoint(file_of(other))[1].family == "unknown"


class Mlp(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(dim, 4 * dim, 1), nn.Conv2d(4 * dim, dim, 1)

    def forward(self, x):
        return self.fc2(functional.gelu(self.fc1(x)))


class PoolBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm1, self.norm2, self.mlp = nn.GroupNorm(1, dim), nn.GroupNorm(1, dim), Mlp(dim)
        self.layer_scale_1, self.layer_scale_2 = nn.Parameter(torch.ones(dim)), nn.Parameter(torch.ones(dim))

    def forward(self, x):
        y = self.norm1(x)
        x = x + self.layer_scale_1[:, None, None] * (functional.avg_pool2d(y, 3, 1, 1) - y)
        return x + self.layer_scale_2[:, None, None] * self.mlp(self.norm2(x))


class Embed(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, padding):
        super().__init__()
        self.proj = nn.Conv2d(inputs, outputs, kernel, stride, padding)

    def forward(self, x):
        return self.proj(x)


class Pool(nn.Module):
    def __init__(self, depths, dims):
        super().__init__()
        self.patch_embed = Embed(3, dims[0], 7, 4, 2)
        network = []
        for stage, (depth, dim) in enumerate(zip(depths, dims, strict=True)):
            network.append(nn.Sequential(*(PoolBlock(dim) for _ in range(depth))))
            if stage < 3:
                network.append(Embed(dim, dims[stage + 1], 3, 2, 1))
        self.network = nn.ModuleList(network)
        self.norm, self.head = nn.GroupNorm(1, dims[-1]), nn.Linear(dims[-1], 1000)

    def forward(self, x):
        x = self.patch_embed(x)
        for part in self.network:
            x = part(x)
        return self.head(self.norm(x).mean((2, 3)))


@pytest.mark.parametrize(
    ("name", "depths", "dims", "count"),
    [
        ("poolformer_s12", (2, 2, 6, 2), (64, 128, 320, 512), 11_915_176),
        ("poolformer_m36", (6, 6, 18, 6), (96, 192, 384, 768), 56_172_520),
        (None, (1, 1, 2, 1), (8, 16, 24, 32), None),
    ],
)
def test_poolformer(name, depths, dims, count):
    with torch.device("meta"):
        module = Pool(depths, dims).eval()
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            module(torch.empty(1, 3, 224, 224))
    file = file_of({name: tuple(tensor.shape) for name, tensor in module.state_dict().items()})
    parameters, architecture, _ = inspect_checkpoint(file)
    assert (architecture.family, architecture.name, architecture.explained) == ("poolformer", name, 1.0)
    assert (architecture.depths, architecture.dims) == (depths, dims)
    assert count is None or parameters.learnable == count
    explained, cost = prove_and_cost(file, architecture, (224, 224))
    assert explained == 1.0
    assert cost.macs == counter.get_total_flops() // 2


def caformer_block(path, d, attention):
    shapes = {f"{path}.norm1.weight": (d,), f"{path}.norm2.weight": (d,)}
    if attention:
        shapes |= dense(f"{path}.token_mixer.qkv", 3 * d, d, bias=False) | dense(f"{path}.token_mixer.proj", d, d, bias=False)
        shapes |= {f"{path}.res_scale1.scale": (d,), f"{path}.res_scale2.scale": (d,)}
        shapes |= dense(f"{path}.mlp.fc1", 4 * d, d, bias=False) | dense(f"{path}.mlp.fc2", d, 4 * d, bias=False)
    else:
        shapes |= conv(f"{path}.token_mixer.pwconv1", 2 * d, d, 1, bias=False) | conv(
            f"{path}.token_mixer.pwconv2", d, 2 * d, 1, bias=False
        )
        shapes |= conv(f"{path}.token_mixer.dwconv", 2 * d, 1, 7, bias=False)
        shapes |= {f"{path}.token_mixer.act1.scale": (1,), f"{path}.token_mixer.act1.bias": (1,)}
        shapes |= conv(f"{path}.mlp.fc1", 4 * d, d, 1, bias=False) | conv(f"{path}.mlp.fc2", d, 4 * d, 1, bias=False)
    return shapes | {f"{path}.mlp.act.scale": (1,), f"{path}.mlp.act.bias": (1,)}


def test_caformer():
    dims = (64, 128, 320, 512)
    shapes = conv("stem.conv", 64, 3, 7) | {"stem.norm.weight": (64,)}
    for stage, depth in enumerate((3, 3, 9, 3)):
        if stage:
            shapes |= conv(f"stages.{stage}.downsample.conv", dims[stage], dims[stage - 1], 3)
            shapes |= {f"stages.{stage}.downsample.norm.weight": (dims[stage - 1],)}
        for block in range(depth):
            shapes |= caformer_block(f"stages.{stage}.blocks.{block}", dims[stage], stage > 1)
    shapes |= norm("head.norm", 512) | dense("head.fc.fc1", 2048, 512) | norm("head.fc.norm", 2048) | dense("head.fc.fc2", 1000, 2048)
    parameters, architecture, _ = inspect_checkpoint(file_of(shapes))
    assert (architecture.family, architecture.name, architecture.explained) == ("metaformer", "caformer_s18", 1.0)
    assert architecture.head.outputs == (1000,)
    assert parameters.learnable == 26_341_656
    assert prove_and_cost(file_of(shapes), architecture, (224, 224))[1].macs == pytest.approx(4.1e9, rel=0.01)
    half = {name: shape for name, shape in shapes.items() if not name.endswith("token_mixer.dwconv.weight")}
    assert inspect_checkpoint(file_of(half))[1].family == "unknown"
