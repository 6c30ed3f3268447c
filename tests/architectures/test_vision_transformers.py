"""Vision transformers in every code base's names, against modules and lists written here."""

from __future__ import annotations

import pytest
import torch
from state_shapes import conv, dense, file_of, norm, total
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from auditor.architectures.inspection import inspect_checkpoint, prove_and_cost
from auditor.architectures.vit import VisionTransformer


def timm_block(path, d, hidden, scale=False):
    shapes = norm(f"{path}.norm1", d) | dense(f"{path}.attn.qkv", 3 * d, d) | dense(f"{path}.attn.proj", d, d)
    if scale:
        shapes |= {f"{path}.ls1.gamma": (d,), f"{path}.ls2.gamma": (d,)}
    return shapes | norm(f"{path}.norm2", d) | dense(f"{path}.mlp.fc1", hidden, d) | dense(f"{path}.mlp.fc2", d, hidden)


def timm_vit(depth, d, patch, grid, extra=1, positions=None, scale=False, hidden=None, classes=1000):
    shapes = {"cls_token": (1, 1, d), "pos_embed": (1, positions or grid * grid + extra, d)} | conv("patch_embed.proj", d, 3, patch)
    for block in range(depth):
        shapes |= timm_block(f"blocks.{block}", d, hidden or 4 * d, scale)
    return shapes | norm("norm", d) | (dense("head", classes, d) if classes else {})


def architecture_of(shapes, prefix=""):
    return inspect_checkpoint(file_of(shapes, prefix))[1]


def mae(depth, d, decoder_depth=8, width=512):
    shapes = timm_vit(depth, d, 16, 14, classes=0) | {"mask_token": (1, 1, width), "decoder_pos_embed": (1, 197, width)}
    shapes |= dense("decoder_embed", width, d) | norm("decoder_norm", width) | dense("decoder_pred", 768, width)
    for block in range(decoder_depth):
        shapes |= timm_block(f"decoder_blocks.{block}", width, 4 * width)
    return shapes


PUBLISHED = {
    "vit_tiny_patch16_224": (timm_vit(12, 192, 16, 14), 5_717_416),
    "vit_small_patch16_224": (timm_vit(12, 384, 16, 14), 22_050_664),
    "vit_base_patch16_224": (timm_vit(12, 768, 16, 14), 86_567_656),
    "vit_base_patch16_384": (timm_vit(12, 768, 16, 24), 86_859_496),
    "vit_base_patch32_224": (timm_vit(12, 768, 32, 7), 88_224_232),
    "vit_large_patch16_224": (timm_vit(24, 1024, 16, 14), 304_326_632),
    "vit_huge_patch14_224": (timm_vit(32, 1280, 14, 16), 632_045_800),
    "deit_base_distilled_patch16_224": (
        timm_vit(12, 768, 16, 14, extra=2) | {"dist_token": (1, 1, 768)} | dense("head_dist", 1000, 768),
        87_338_192,
    ),
    "deit3_small_patch16_224": (timm_vit(12, 384, 16, 14, extra=0, scale=True), 22_059_496),
    "vit_base_patch14_dinov2": (timm_vit(12, 768, 14, 37, scale=True, classes=0) | {"mask_token": (1, 768)}, 86_580_480),
    "mae_vit_base_patch16": (mae(12, 768), None),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_structures(name):
    shapes, count = PUBLISHED[name]
    parameters, architecture, _ = inspect_checkpoint(file_of(shapes))
    assert (architecture.family, architecture.name, architecture.explained) == ("vit", name, 1.0)
    assert (architecture.depths, architecture.dims) == ((shapes_depth(shapes),), (shapes["cls_token"][2],))
    assert parameters.learnable == (count if count else total(shapes))
    assert architecture.closest
    assert "the number of attention heads" in architecture.cannot_know
    assert prove_and_cost(file_of(shapes), architecture, None)[0] == 1.0


def shapes_depth(shapes):
    return sum(name.startswith("blocks.") and name.endswith(".norm1.weight") for name in shapes)


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        return self.proj((q @ k.transpose(-2, -1) @ v).transpose(1, 2).reshape(b, n, c))


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1, self.attn, self.norm2 = nn.LayerNorm(dim), Attention(dim, heads), nn.LayerNorm(dim)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(dim, 4 * dim), "fc2": nn.Linear(4 * dim, dim)})

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp["fc2"](functional.gelu(self.mlp["fc1"](self.norm2(x))))


class Vit(nn.Module):
    def __init__(self, depth, dim, heads, patch, grid):
        super().__init__()
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, dim, patch, patch)})
        self.cls_token, self.pos_embed = nn.Parameter(torch.zeros(1, 1, dim)), nn.Parameter(torch.zeros(1, grid * grid + 1, dim))
        self.blocks = nn.ModuleList([Block(dim, heads) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, 10)

    def forward(self, x):
        x = self.patch_embed["proj"](x).flatten(2).transpose(1, 2)
        x = torch.cat((self.cls_token, x), 1) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


@pytest.mark.parametrize("heads", [2, 4])
def test_cost_is_torchs_own_with_attention(heads):
    with torch.device("meta"):
        module = Vit(3, 64, heads, 8, 6)
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            module(torch.empty(1, 3, 48, 48))
    file = file_of({name: tuple(tensor.shape) for name, tensor in module.state_dict().items()})
    architecture = inspect_checkpoint(file)[1]
    assert architecture.name is None
    explained, cost = prove_and_cost(file, architecture, (48, 48))
    assert explained == 1.0
    assert cost is not None
    assert cost.macs == counter.get_total_flops() // 2
    assert "48 x 48" in cost.assumption
    (words, fewer), tokens = cost.alternatives[0], 37
    assert "not counted" in words
    assert cost.macs - fewer == 3 * 2 * tokens * tokens * 64


def test_a_decoder_of_pre_training_is_told_apart_and_not_counted_in_the_cost():
    architecture = architecture_of(mae(12, 768))
    assert "pre-training decoder of 8 blocks, width 512" in architecture.traits
    plain = file_of(timm_vit(12, 768, 16, 14, classes=0))
    decoding = file_of(mae(12, 768))
    costs = [prove_and_cost(file, inspect_checkpoint(file)[1], (224, 224))[1] for file in (plain, decoding)]
    assert costs[0].macs == costs[1].macs
    assert "without the decoder" in costs[1].assumption
    assert architecture_of(mae(12, 768, decoder_depth=4)).name is None


def hf_vit(depth, d, template="encoder.layer.{}", new=False):
    shapes = {"embeddings.cls_token": (1, 1, d), "embeddings.position_embeddings": (1, 197, d)}
    shapes |= conv("embeddings.patch_embeddings.projection", d, 3, 16)
    for block in range(depth):
        path = template.format(block)
        words = ("q_proj", "k_proj", "v_proj") if new else ("attention.query", "attention.key", "attention.value")
        for word in words:
            shapes |= dense(f"{path}.attention.{word}", d, d)
        shapes |= dense(f"{path}.attention.{'o_proj' if new else 'output.dense'}", d, d)
        shapes |= dense(f"{path}.{'mlp.fc1' if new else 'intermediate.dense'}", 4 * d, d)
        shapes |= dense(f"{path}.{'mlp.fc2' if new else 'output.dense'}", d, 4 * d)
        shapes |= norm(f"{path}.layernorm_before", d) | norm(f"{path}.layernorm_after", d)
    return shapes | norm("layernorm", d)


def torchvision_vit(depth, d):
    shapes = {"class_token": (1, 1, d), "encoder.pos_embedding": (1, 197, d)} | conv("conv_proj", d, 3, 16)
    for block in range(depth):
        path = f"encoder.layers.encoder_layer_{block}"
        shapes |= {f"{path}.self_attention.in_proj_weight": (3 * d, d), f"{path}.self_attention.in_proj_bias": (3 * d,)}
        shapes |= dense(f"{path}.self_attention.out_proj", d, d) | norm(f"{path}.ln_1", d) | norm(f"{path}.ln_2", d)
        shapes |= dense(f"{path}.mlp.0", 4 * d, d) | dense(f"{path}.mlp.3", d, 4 * d)
    return shapes | norm("encoder.ln", d) | dense("heads.head", 1000, d)


def openai_tower(path, depth, d):
    shapes = {}
    for block in range(depth):
        at = f"{path}transformer.resblocks.{block}"
        shapes |= {f"{at}.attn.in_proj_weight": (3 * d, d), f"{at}.attn.in_proj_bias": (3 * d,)} | dense(f"{at}.attn.out_proj", d, d)
        shapes |= norm(f"{at}.ln_1", d) | norm(f"{at}.ln_2", d) | dense(f"{at}.mlp.c_fc", 4 * d, d) | dense(f"{at}.mlp.c_proj", d, 4 * d)
    return shapes


def openai_clip(width=768, patch=32, text=512):
    grid = 224 // patch
    shapes = {"positional_embedding": (77, text), "text_projection": (text, 512), "logit_scale": ()}
    shapes |= {"visual.class_embedding": (width,), "visual.positional_embedding": (grid * grid + 1, width), "visual.proj": (width, 512)}
    shapes |= conv("visual.conv1", width, 3, patch, bias=False) | norm("visual.ln_pre", width) | norm("visual.ln_post", width)
    shapes |= openai_tower("visual.", 12, width) | openai_tower("", 12, text)
    return shapes | {"token_embedding.weight": (49408, text)} | norm("ln_final", text)


@pytest.mark.parametrize("prefix", ["", "vit.", "model.backbone.vit."])
def test_transformers_files_old_and_new(prefix):
    for shapes in (hf_vit(12, 768), hf_vit(12, 768, "layers.{}", new=True)):
        architecture = architecture_of(shapes, prefix)
        assert (architecture.name, architecture.explained, architecture.variant_of) == ("vit_base_patch16_224", 1.0, "transformers")


def test_torchvision():
    parameters, architecture, _ = inspect_checkpoint(file_of(torchvision_vit(12, 768)))
    assert (architecture.name, architecture.explained, architecture.variant_of) == ("vit_base_patch16_224", 1.0, "torchvision")
    assert parameters.learnable == 86_567_656


def test_clip_has_an_image_tower_and_a_text_tower():
    shapes = openai_clip() | {"input_resolution": (), "context_length": (), "vocab_size": ()}
    parameters, architecture, _ = inspect_checkpoint(file_of(shapes))
    assert (architecture.name, architecture.explained, architecture.variant_of) == ("vit_base_patch32_clip_224", 1.0, "official")
    assert "text tower of 12 blocks, width 512" in architecture.traits
    assert parameters.learnable == 151_277_313  # as OpenAI's ViT-B/32 has
    assert parameters.buffers == 3
    cost = prove_and_cost(file_of(shapes), architecture, (224, 224))[1]
    assert 4.36e9 < cost.macs < 4.45e9
    assert "without the text tower" in cost.assumption


def test_extra_tokens_cost():
    plain = timm_vit(2, 64, 8, 4)
    registers = plain | {"reg_token": (1, 4, 64)}
    costs = [prove_and_cost(file_of(s), architecture_of(s), (32, 32))[1].macs for s in (plain, registers)]
    assert costs[1] > costs[0]


def test_a_name_needs_every_tensor():
    shapes = timm_vit(12, 768, 16, 14)
    del shapes["blocks.3.mlp.fc1.bias"]
    architecture = architecture_of(shapes)
    assert architecture.name is None
    assert architecture.closest[0] == ("vit_base", 1.0)
    assert any("blocks.3.mlp.fc1.bias" in trait for trait in architecture.traits)
    shapes["blocks.3.mlp.fc1.bias"] = (7,)
    architecture = architecture_of(shapes)
    assert architecture.unexplained[0] == "blocks.3.mlp.fc1.bias"
    assert architecture.name is None


def test_borrowed_names():
    shapes = timm_vit(12, 64, 16, 14)
    no_patches = {name: shape for name, shape in shapes.items() if not name.startswith("patch_embed")}
    volumes = shapes | {"patch_embed.proj.weight": (64, 3, 2, 16, 16)}
    talking_heads = shapes | {
        f"blocks.{b}.attn.{name}.{word}": size
        for b in range(12)
        for name in ("proj_l", "proj_w")
        for word, size in (("weight", (4, 4)), ("bias", (4,)))
    }
    wrong_attention = {name: (128, 64) if name.endswith("qkv.weight") else shape for name, shape in shapes.items()}
    for other in (no_patches, volumes, talking_heads, wrong_attention):
        assert architecture_of(other).family == "unknown"


def test_protocol():
    assert not VisionTransformer().accepts(())
    assert VisionTransformer().recognize(()) is None
