"""A real model zoo of another paper: 24 files in three tables, none wrong, then one swapped. Skips without the corpus."""

from __future__ import annotations

import re

import pytest
from internet import worlds

from auditor.demo.internet import HostedRepository, Page, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.torch_pickles import TensorSpec
from auditor.demo.virtual_files import torch_zip
from auditor.kit import default_kit
from auditor.net import Network
from auditor.options import AuditOptions
from auditor.pipeline import conclude, see
from auditor.progress import Silent

TARGET = "facebookresearch/ConvNeXt"
STAGED = {  # published in the paper's table of architectures
    "tiny": ((3, 3, 9, 3), (96, 192, 384, 768)),
    "small": ((3, 3, 27, 3), (96, 192, 384, 768)),
    "base": ((3, 3, 27, 3), (128, 256, 512, 1024)),
    "large": ((3, 3, 27, 3), (192, 384, 768, 1536)),
    "xlarge": ((3, 3, 27, 3), (256, 512, 1024, 2048)),
}
ISOTROPIC = {"small": (18, 384), "base": (18, 768), "large": (36, 1024)}

pytestmark = pytest.mark.skipif(not worlds.has_corpus(), reason="the corpus is not beside this checkout")


def block(prefix, width):
    yield from ((f"{prefix}.dwconv.weight", (width, 1, 7, 7)), (f"{prefix}.dwconv.bias", (width,)))
    yield from ((f"{prefix}.norm.weight", (width,)), (f"{prefix}.norm.bias", (width,)))
    yield from ((f"{prefix}.pwconv1.weight", (4 * width, width)), (f"{prefix}.pwconv1.bias", (4 * width,)))
    yield from ((f"{prefix}.pwconv2.weight", (width, 4 * width)), (f"{prefix}.pwconv2.bias", (width,)))


def pair(name, width):
    return ((f"{name}.weight", (width,)), (f"{name}.bias", (width,)))


def staged(depths, dims, classes):
    yield from (("downsample_layers.0.0.weight", (dims[0], 3, 4, 4)), ("downsample_layers.0.0.bias", (dims[0],)))
    yield from pair("downsample_layers.0.1", dims[0])
    for n in (1, 2, 3):
        yield from pair(f"downsample_layers.{n}.0", dims[n - 1])
        yield from ((f"downsample_layers.{n}.1.weight", (dims[n], dims[n - 1], 2, 2)), (f"downsample_layers.{n}.1.bias", (dims[n],)))
    for stage, (depth, width) in enumerate(zip(depths, dims, strict=True)):
        for n in range(depth):
            yield f"stages.{stage}.{n}.gamma", (width,)
            yield from block(f"stages.{stage}.{n}", width)
    yield from pair("norm", dims[3])
    yield from (("head.weight", (classes, dims[3])), ("head.bias", (classes,)))


def isotropic(depth, width, classes):
    yield from (("stem.weight", (width, 3, 16, 16)), ("stem.bias", (width,)))
    for n in range(depth):
        yield from block(f"blocks.{n}", width)
    yield from pair("norm", width)
    yield from (("head.weight", (classes, width)), ("head.bias", (classes,)))


def audited(**instead):
    files = worlds.corpus_files(TARGET)
    pages = {}
    for url in sorted(set(re.findall(r"https://dl\.fbaipublicfiles\.com/convnext/[\w./-]+\.pth", files["README.md"].decode()))):
        name = url.rpartition("/")[2]
        size = instead.get(name.removesuffix(".pth")) or re.search(r"tiny|small|base|xlarge|large", name).group()
        classes = 21841 if "22k_224" in name else 1000
        tensors = isotropic(*ISOTROPIC[size], classes) if "iso" in name else staged(*STAGED[size], classes)
        content = torch_zip(name, "archive", {"model": {key: TensorSpec(shape) for key, shape in tensors}})
        pages[url] = Page(content, "application/octet-stream")
    world = World(repositories=(HostedRepository(TARGET, files),), pages=pages)
    network = Network(transport=ReplicaAdapter(world), sleep=lambda seconds: None)
    return conclude(see(TARGET, AuditOptions(), default_kit(), network, Silent()), default_kit())


def test_a_right_model_zoo_accuses_nobody_and_finds_the_misprint():
    report = audited()
    assert len(report.facts.inspected()) == 24
    found = {v.name: v.verdict.value for v in report.variants}
    # The README prints 47.0G for the 22K-trained base network at 384x384 and 45.0G for the same network one table above.
    assert found == {
        "ConvNeXt-T": "consistent", "ConvNeXt-S": "consistent", "ConvNeXt-B": "unverifiable",
        "ConvNeXt-L": "consistent", "ConvNeXt-XL": "consistent",
    }  # fmt: skip
    assert report.complete
    assert report.issue is None


def test_one_swapped_file_is_found_and_no_other_is_named():
    report = audited(convnext_base_1k_384="small")
    found = {v.name: v.verdict.value for v in report.variants}
    assert found["ConvNeXt-B"] == "mislabelled"
    assert list(found.values()).count("consistent") == 4
    assert "convnext_base_1k_384.pth" in report.issue.title
    assert "22k_1k_384" not in report.issue.title
    assert "convnext_base_22k_1k_384" not in report.issue.body
