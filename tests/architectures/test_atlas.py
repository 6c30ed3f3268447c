"""Known networks found by their shapes alone: odd names, foreign heads, other resolutions; and what is no known network."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.architectures.atlas import LEAST_SCORE, NOTHING, look_up
from auditor.architectures.atlas_data import FILE, atlas, pairs
from auditor.architectures.atlas_parts import MOST_PARTS, parts_of
from auditor.architectures.atlas_shapes import canonical, multisets
from auditor.architectures.atlas_telling import BY_SHAPES, MOST_EXPLAINED, NOT_REBUILT, by_shapes_alone, with_atlas
from auditor.architectures.inspection import inspect_checkpoint, prove_and_cost
from auditor.facts import Architecture, Checkpoint, Tensor

Shapes = list[tuple[int, ...]]


def norm(width: int, batch: bool = True) -> Shapes:
    return [(width,)] * 4 + [()] if batch else [(width,)] * 2


def dense(outputs: int, inputs: int) -> Shapes:
    return [(outputs, inputs), (outputs,)]


def resnet(depths: tuple[int, ...], pixels: int = 3) -> Shapes:
    """He et al. 2016, bottlenecks, without the classifier."""
    shapes: Shapes = [(64, pixels, 7, 7), *norm(64)]
    inputs = 64
    for stage, depth in enumerate(depths):
        width = 64 << stage
        for block in range(depth):
            for outputs, before, kernel in ((width, inputs, 1), (width, width, 3), (4 * width, width, 1)):
                shapes += [(outputs, before, kernel, kernel), *norm(outputs)]
            if block == 0:
                shapes += [(4 * width, inputs, 1, 1), *norm(4 * width)]
            inputs = 4 * width
    return shapes


def vit(depth: int, width: int, patch: int = 16, side: int = 14, fused: bool = True) -> Shapes:
    """Dosovitskiy et al. 2021, without the classifier; the projections to query, key and value in one or in three."""
    shapes: Shapes = [(1, 1, width), (1, side * side + 1, width), (width, 3, patch, patch), (width,), *norm(width, False)]
    for _ in range(depth):
        shapes += dense(3 * width, width) if fused else dense(width, width) * 3
        shapes += [*norm(width, False) * 2, *dense(width, width), *dense(4 * width, width), *dense(width, 4 * width)]
    return shapes


def swin(depths: tuple[int, ...], width: int, window: int = 7) -> Shapes:
    """Liu et al. 2021, without the classifier."""
    shapes: Shapes = [(width, 3, 4, 4), (width,), *norm(width, False)]
    for stage, depth in enumerate(depths):
        dim = width << stage
        for _ in range(depth):
            shapes += [((2 * window - 1) ** 2, dim // 32), *norm(dim, False) * 2, *dense(3 * dim, dim), *dense(dim, dim)]
            shapes += [*dense(4 * dim, dim), *dense(dim, 4 * dim)]
        if stage < len(depths) - 1:
            shapes += [(2 * dim, 4 * dim), *norm(4 * dim, False)]
    return [*shapes, *norm(width << (len(depths) - 1), False)]


def tensors(shapes: Shapes, prefix: str = "") -> tuple[Tensor, ...]:
    """Return tensors under names that say nothing."""
    return tuple(Tensor(f"{prefix}t{number}", shape, "float32", storage=f"{prefix}{number}") for number, shape in enumerate(shapes))


def file_of(found: tuple[Tensor, ...]) -> Checkpoint:
    return Checkpoint(None, "torch_zip", None, None, "", found, "")


KNOWN = {
    "resnet50": (resnet((3, 4, 6, 3)), "resnet"),
    "resnet101": (resnet((3, 4, 23, 3)), "resnet"),
    "resnet152": (resnet((3, 8, 36, 3)), "resnet"),
    "vit_base_patch16_224": (vit(12, 768), "vit"),
    "vit_large_patch16_224": (vit(24, 1024), "vit"),
    "swin_tiny_patch4_window7_224": (swin((2, 2, 6, 2), 96), "swin"),
    "swin_base_patch4_window7_224": (swin((2, 2, 18, 2), 128), "swin"),
}
HEADS: dict[str, Shapes] = {
    "none": [],
    "37 classes": dense(37, 512),
    "deconvolution": [(256, 512, 4, 4), *norm(256), (17, 256, 1, 1), (17,)],
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", KNOWN)
def test_known_networks_under_names_that_say_nothing(name, head):
    shapes, family = KNOWN[name]
    match = look_up((*tensors(shapes), *tensors(HEADS[head], "z")))
    assert name in match.synonyms
    assert (match.family, match.contained, match.exact) == (family, "", True)
    assert match.closest[0] == (match.name, match.score)
    assert match.score > 0.9
    if match.runner_up is not None:
        assert match.runner_up[0] not in match.synonyms
        assert match.runner_up[1] <= match.score


@pytest.mark.parametrize("name", KNOWN)
def test_the_order_of_the_file_and_of_the_axes_says_nothing(name):
    shapes, _ = KNOWN[name]
    shuffled = list(shapes)
    random.Random(3).shuffle(shuffled)
    turned = [shape[::-1] for shape in shuffled]  # as TensorFlow and Flax lay them out, 1x1 convolutions as linear layers
    assert look_up(tensors(turned)) == look_up(tensors(shapes))


def test_a_backbone_among_other_parts():
    neck = [(256, 2048, 1, 1), (256, 256, 3, 3), (256, 256, 3, 3), (512, 256, 5, 5)] * 3
    found = (*tensors(resnet((3, 4, 6, 3)), "model.body."), *tensors(neck, "model.neck."))
    match = look_up(found)
    assert (match.name, match.family, match.contained, match.exact) == ("resnet50", "resnet", "model.body.", True)
    assert 0.5 < match.explained < 1


def test_a_moving_average_beside_the_network():
    one = resnet((3, 4, 6, 3))
    match = look_up((*tensors(one, "model."), *tensors(one, "ema.")))
    assert (match.name, match.exact) == ("resnet50", True)
    assert match.contained in ("model.", "ema.")


def test_another_resolution_is_near_and_not_equal():
    match = look_up(tensors(vit(12, 768, side=41)))
    assert match.name is not None
    assert "base_patch16" in match.name
    assert not match.exact
    assert match.family in ("vit", "unknown")


def test_unpublished_depths_and_widths_have_no_published_name():
    for shapes in (resnet((3, 4, 9, 3)), vit(13, 768), swin((2, 2, 7, 2), 96), vit(12, 776), swin((2, 2, 6, 2), 100 // 32 * 32 + 32)):
        match = look_up(tensors(shapes))
        assert not match.exact
        assert match.family in ("resnet", "vit", "swin", "unknown")
        architecture = inspect_checkpoint(file_of(tensors(shapes)))[1]
        assert architecture.name is None
        assert architecture.explained < 0.95


def test_a_pyramid_of_odd_sizes_is_unknown():
    chance = random.Random(11)
    for _ in range(20):
        widths = [chance.randrange(20, 900) for _ in range(30)]
        shapes = [(after, before, 3, 3) for before, after in itertools.pairwise(widths)]
        match = look_up(tensors(shapes))
        assert match.family == "unknown"
        assert not match.exact


def test_common_convolutions_alone_are_unknown():
    ladder = [(64, 3, 3, 3), (64, 64, 3, 3), (128, 64, 3, 3), (128, 128, 3, 3), (256, 128, 3, 3), (256, 256, 3, 3)] * 2
    up = [(512, 256, 3, 3), (512, 512, 3, 3), (512, 256, 2, 2), (256, 512, 3, 3), (256, 128, 2, 2), (128, 256, 3, 3), (1, 64, 1, 1)]
    assert look_up(tensors(ladder + up)).family == "unknown"


def test_what_inspection_says():
    found = (*tensors(resnet((3, 4, 6, 3))), *tensors(dense(37, 2048), "z"))
    file = file_of(found)
    parameters, architecture, _ = inspect_checkpoint(file)
    assert (architecture.family, architecture.name) == ("resnet", "resnet50")
    assert {BY_SHAPES, NOT_REBUILT} <= set(architecture.traits)
    assert 0.9 < architecture.explained <= MOST_EXPLAINED < 0.95
    assert architecture.variant_of == "timm or torchvision"
    assert len(architecture.closest) == 3
    assert "by shapes alone" in architecture.summary
    assert architecture.first_layer == ("t0", (64, 3, 7, 7))
    assert parameters.total == sum(tensor.numel for tensor in found)
    assert prove_and_cost(file, architecture, (224, 224)) == (architecture.explained, None)


def recognized(
    name: str | None, explained: float = 1.0, family: str = "resnet", closest: tuple[tuple[str, float], ...] = ()
) -> Architecture:
    return Architecture(family, name, (3, 4, 6, 3), (256, 512, 1024, 2048), explained=explained, closest=closest, variant_of="official")


@pytest.mark.parametrize(
    ("before", "name"),
    [
        (recognized(None), "resnet50"),
        (recognized("resnet50"), "resnet50"),
        (recognized("resnet101"), "resnet50"),
        (recognized("wide_thing", family="thing"), "wide_thing"),  # names told it another family
    ],
)
def test_a_recognizer_keeps_its_structure_and_gets_a_missing_name(before, name):
    after = with_atlas(before, tensors(resnet((3, 4, 6, 3))))
    assert after == replace(before, name=name, closest=after.closest)
    assert after.closest[0] == ("resnet50", 1.0)


def test_a_shorter_name_for_the_same_sizes_stays():
    assert with_atlas(recognized("vit_base", family="vit"), tensors(vit(12, 768))).name == "vit_base"


def test_no_name_is_added_to_what_is_only_near():
    before = recognized(None, closest=(("resnet50", 0.9), ("resnet101", 0.5)))
    assert with_atlas(before, tensors(resnet((3, 4, 9, 3)))) == before


def test_near_names_of_the_atlas_stand_among_a_recognizers():
    before = recognized("a", closest=(("a", 1.0), ("b", 0.3), ("c", 0.2)))
    assert [name for name, _ in with_atlas(before, tensors(resnet((3, 4, 7, 3)))).closest] == ["a", "resnet50", "b"]


def test_a_recognizer_that_explains_little_gives_way_to_the_whole():
    shapes = resnet((3, 4, 6, 3))
    after = with_atlas(recognized("odd", 0.4, "part"), tensors(shapes))
    assert (after.family, after.name, after.depths) == ("resnet", "resnet50", (3, 4, 6, 3))
    assert "has a part of the family part (odd)" in after.traits
    assert by_shapes_alone(after)
    assert after.explained < 0.95
    unrelated = recognized("odd", 0.4, "part")
    assert with_atlas(unrelated, tensors([(77, 55, 3, 3)] * 30)) == unrelated


def test_few_or_no_tensors():
    assert look_up(()) == NOTHING
    assert look_up(tensors([(64, 3, 7, 7)] * 3)) == NOTHING
    assert look_up(tensors([(8,)] * 100)) == NOTHING


@pytest.mark.parametrize(
    ("shape", "dims"),
    [
        ((64, 32), ((64, 32), 1)),
        ((32, 64, 1, 1), ((64, 32), 1)),
        ((2304, 768), ((768, 768), 3)),
        ((1, 1, 768), ((768,), 1)),
        ((64, 1, 7, 7), ((64, 7, 7), 1)),
        ((7, 7, 64, 1), ((64, 7, 7), 1)),
        ((), ((), 1)),
        ((0, 5), ((), 0)),
        ((-3, 5), ((), 0)),
        ((2**70, 5), ((), 0)),
        ((2,) * 9, ((), 0)),
    ],
)
def test_canonical_shapes(shape, dims):
    assert canonical(shape) == dims


def test_tables_are_no_weights_and_statistics_are_vectors():
    found = multisets(
        [
            Tensor("a.relative_position_index", (49, 49), "int64"),
            Tensor("a.running_mean", (64,), "float32"),
            Tensor("a.weight", (64, 3, 3, 3), "float32"),
        ]
    )
    assert (dict(found.weights), dict(found.vectors)) == ({(64, 3, 3, 3): 1}, {64: 1})


def test_parts_are_bounded_and_distinct():
    many = [tensor for number in range(40) for tensor in tensors([(8, 8)] * 10, f"p{number}.q.r.")]
    assert [part.prefix for part in parts_of(tuple(many))] == [""]
    two = (*tensors([(8, 8)] * 20, "a.b.c."), *tensors([(8, 8)] * 30, "d.e.f.g.h."))
    assert [part.prefix for part in parts_of(two)] == ["", "d.", "a."]
    nested = tuple(tensor for level in range(1, 30) for tensor in tensors([(8, 8)] * 9, "n." * level))
    assert len(parts_of(nested)) <= MOST_PARTS + 1


def test_absurd_files_end_quickly():
    chance = random.Random(2)
    known = [tuple(dims) for dims in list(atlas().numbers)[:3000]]
    files = [
        [Tensor(f"a.{n}.b.{n % 7}.weight", chance.choice(known), "float32") for n in range(100_000)],
        [Tensor(f"{n}." * 400, (n % 90 + 1, n % 80 + 1), "float32") for n in range(20_000)],
        [Tensor("x" * 100_000, (10**12,) * 4, "float32") for _ in range(200)],
        [Tensor(f"\ud800.{n}", (2**70, -1, 0), "") for n in range(1000)],
        [Tensor("same", known[0], "float32")] * 100_000,
    ]
    for found in files:
        match = look_up(tuple(found))
        assert match.family == "unknown"
        assert not match.exact


SIZES = st.sampled_from([-1, 0, 1, 3, 7, 64, 256, 512, 768, 2304, 3072, 10**12, 2**70])
FILES = st.lists(
    st.builds(
        Tensor, st.sampled_from(["a", "a.b", "a.b.c", "x.running_mean", ""]), st.lists(SIZES, max_size=5).map(tuple), st.just("float32")
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(FILES)
def test_random_tensors_are_never_a_family(found):
    match = look_up(tuple(found))
    assert match.family == "unknown" or match.score >= LEAST_SCORE
    assert not match.exact
    assert 0 <= match.score <= 1
    assert 0 <= match.explained <= 1


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(KNOWN)), st.integers(0, 2**32))
def test_damaged_networks_keep_their_family_or_lose_it(name, seed):
    shapes, family = KNOWN[name]
    chance = random.Random(seed)
    kept = [shape for shape in tensors(shapes) if chance.random() > 0.05]
    changed = tuple(replace(one, shape=(13, 17)) if chance.random() < 0.02 else one for one in kept)
    match = look_up(changed)
    assert match.family in (family, "unknown")
    assert match == look_up(changed)


def test_the_data_file():
    assert FILE.stat().st_size < 3_000_000
    book = atlas()
    assert {"timm", "torch", "torchvision", "transformers"} <= set(book.versions)
    assert len(book.entries) > 1000
    names = {one.name for entry in book.entries for one in entry.published}
    assert {"resnet50", "convnext_atto", "vit_base_patch16_224", "bert_base_uncased", "whisper_tiny", "maskrcnn_resnet50_fpn"} <= names
    assert len({(one.library, one.name) for entry in book.entries for one in entry.published}) > 1600
    for entry in book.entries:
        assert entry.learnable > 0
        assert all(count > 0 for flat in (entry.weights, entry.head, entry.vectors) for _, count in pairs(flat))
        assert all(one.family == one.family.lower() and one.family != "unknown" for one in entry.published)
    assert all(canonical(dims) == (dims, 1) for dims in book.numbers)


def test_every_entry_is_found_by_its_own_shapes():
    book = atlas()
    shapes = list(book.numbers)
    for entry in book.entries[::37]:
        own = [shapes[number] for number, count in pairs(entry.weights) for _ in range(count)]
        vectors = [(size,) for size, count in pairs(entry.vectors) for _ in range(count)]
        if len(own) >= 8:
            match = look_up(tensors(own + vectors))
            assert match.exact
            assert match.score > 0.99


def test_the_atlas_is_loaded_only_when_asked():
    code = (
        "import sys\nimport auditor.architectures.inspection as i\nfrom auditor.architectures.atlas_data import atlas\n"
        "assert atlas.cache_info().currsize == 0\nfrom auditor.facts import Checkpoint\n"
        "i.inspect_checkpoint(Checkpoint(None, '', None, None, '', (), ''))\nassert atlas.cache_info().currsize == 0\n"
        "assert not {'timm', 'torchvision', 'transformers', 'torch', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
