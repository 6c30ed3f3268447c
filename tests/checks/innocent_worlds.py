"""Small repositories with networks of published shapes, audited whole, in process: for situations in which nobody did wrong."""

from __future__ import annotations

import hashlib
from math import prod

from auditor.demo.internet import DriveFile, DriveFolder, HostedRepository, Page, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.torch_pickles import TensorSpec
from auditor.demo.virtual_files import torch_zip
from auditor.kit import default_kit
from auditor.net import Network
from auditor.options import AuditOptions
from auditor.pipeline import conclude, see
from auditor.progress import Silent

FOLDER = "1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
LINKED = f"# FooNet\n\nPretrained models: [weights](https://drive.google.com/drive/folders/{FOLDER})\n\n"
PLACE = "https://dl.foonet.org/"


def table(*rows, columns="Model | Params | Top-1"):
    """Return a Markdown table; rows are written as in one, without the outer bars."""
    return "\n".join(f"| {row} |" for row in (columns, " | ".join("-" for _ in columns.split("|")), *rows)) + "\n"


def pair(name, width):
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def convnext(width, classes=1000):
    """Return ConvNeXt of depths 2, 2, 6, 2: 3,695,520 parameters for 40 (atto), 5,217,784 for 48 (femto), 9,045,672 for 64 (pico)."""
    dims = [width << stage for stage in range(4)]
    made = {"downsample_layers.0.0.weight": (width, 3, 4, 4), "downsample_layers.0.0.bias": (width,)} | pair("downsample_layers.0.1", width)
    for n in (1, 2, 3):
        made |= pair(f"downsample_layers.{n}.0", dims[n - 1])
        made |= {f"downsample_layers.{n}.1.weight": (dims[n], dims[n - 1], 2, 2), f"downsample_layers.{n}.1.bias": (dims[n],)}
    for stage, (depth, w) in enumerate(zip((2, 2, 6, 2), dims, strict=True)):
        for block in (f"stages.{stage}.{n}" for n in range(depth)):
            made |= {f"{block}.gamma": (w,), f"{block}.dwconv.weight": (w, 1, 7, 7), f"{block}.dwconv.bias": (w,)} | pair(
                f"{block}.norm", w
            )
            made |= {f"{block}.pwconv1.weight": (4 * w, w), f"{block}.pwconv1.bias": (4 * w,)}
            made |= {f"{block}.pwconv2.weight": (w, 4 * w), f"{block}.pwconv2.bias": (w,)}
    made |= pair("norm", dims[3])
    return made | ({"head.weight": (classes, dims[3]), "head.bias": (classes,)} if classes else {})


def vit(width=192, depth=12, patch=16, image=224, classes=1000):
    """Return a vision transformer: 5,717,416 parameters as it stands."""
    made = {"cls_token": (1, 1, width), "pos_embed": (1, (image // patch) ** 2 + 1, width)}
    made |= {"patch_embed.proj.weight": (width, 3, patch, patch), "patch_embed.proj.bias": (width,)}
    for block in (f"blocks.{n}" for n in range(depth)):
        made |= pair(f"{block}.norm1", width) | pair(f"{block}.norm2", width)
        made |= {f"{block}.attn.qkv.weight": (3 * width, width), f"{block}.attn.qkv.bias": (3 * width,)}
        made |= {f"{block}.attn.proj.weight": (width, width), f"{block}.attn.proj.bias": (width,)}
        made |= {f"{block}.mlp.fc1.weight": (4 * width, width), f"{block}.mlp.fc1.bias": (4 * width,)}
        made |= {f"{block}.mlp.fc2.weight": (width, 4 * width), f"{block}.mlp.fc2.bias": (width,)}
    return made | pair("norm", width) | {"head.weight": (classes, width), "head.bias": (classes,)}


def bert(words):
    """Return BERT base over a vocabulary: 109,482,240 parameters with 30,522 words."""
    made = {"word_embeddings.weight": (words, 768), "position_embeddings.weight": (512, 768), "token_type_embeddings.weight": (2, 768)}
    made = {f"embeddings.{name}": shape for name, shape in (made | pair("LayerNorm", 768)).items()}
    for layer in (f"encoder.layer.{n}" for n in range(12)):
        square = [f"attention.self.{part}" for part in ("query", "key", "value")] + ["attention.output.dense"]
        for name in square:
            made |= {f"{layer}.{name}.weight": (768, 768), f"{layer}.{name}.bias": (768,)}
        made |= pair(f"{layer}.attention.output.LayerNorm", 768) | pair(f"{layer}.output.LayerNorm", 768)
        made |= {f"{layer}.intermediate.dense.weight": (3072, 768), f"{layer}.intermediate.dense.bias": (3072,)}
        made |= {f"{layer}.output.dense.weight": (768, 3072), f"{layer}.output.dense.bias": (768,)}
    made |= {"pooler.dense.weight": (768, 768), "pooler.dense.bias": (768,)}
    return {f"bert.{name}": shape for name, shape in made.items()}


def learnable(shapes):
    return sum(map(prod, shapes.values()))


def saved(name, shapes, beside=()):
    """Return the file of a network, with others under keys of their own."""
    networks = {"model": shapes, **dict(beside)}
    return torch_zip(name, "archive", {key: {n: TensorSpec(s) for n, s in some.items()} for key, some in networks.items()})


def audited(readme, files=(), *, pages=(), tree=(), faults=(), full_name="lab/FooNet", **repository):
    """Return the report on a repository whose Drive folder holds these files; `pages` are files at addresses of their own."""
    entries = []
    for name, content in dict(files).items():
        content = saved(name, content) if isinstance(content, dict) else content
        entries.append(DriveFile("1" + hashlib.sha256(name.encode()).hexdigest()[:32], name, content))
    hosted = HostedRepository(full_name, {"README.md": readme.encode(), **dict(tree)}, **repository)
    served = {PLACE + name: Page(saved(name, shapes), "application/octet-stream") for name, shapes in dict(pages).items()}
    world = World(repositories=(hosted,), drive=(DriveFolder(FOLDER, "weights", tuple(entries)),), pages=served, faults=tuple(faults))
    network = Network(transport=ReplicaAdapter(world), sleep=lambda seconds: None)
    return conclude(see(full_name, AuditOptions(), default_kit(), network, Silent()), default_kit())
