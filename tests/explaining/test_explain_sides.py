"""What a log tells of each side: exactly what torch's message holds, and never more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from explain_builders import saved, torch_says

from auditor.architectures.builders import blueprint_convnext_pose, blueprint_resnet_classifier, blueprint_resnet_root, classifier_head
from auditor.architectures.convnext_blueprint import CONVNEXT_SPELLINGS, ISOTROPIC, ConvNeXtPlan, convnext_blueprint
from auditor.architectures.network import Network
from auditor.architectures.published import CONVNEXT
from auditor.architectures.resnet_blueprint import RESNET_SPELLINGS
from auditor.documents.error_logs import read_error_log
from auditor.explaining.explanation import Explanation, explain
from auditor.explaining.log_claims import log_claims
from auditor.facts import Status, Tensor

SEED = Path(__file__).parents[2].parent / "shared" / "seeds" / "000_01c80ee4980f7a45.md"
HEADER = "RuntimeError: Error(s) in loading state_dict for DataParallel:\n"


def explained(text: str) -> Explanation:
    (one,) = explain(read_error_log(text, "run.log"))
    return one


def mismatch(name: str, ours: list[int], theirs: list[int]) -> str:
    return (
        f"\tsize mismatch for {name}: copying a param with shape torch.Size({ours}) from checkpoint, "
        f"the shape in current model is torch.Size({theirs}).\n"
    )


def depths(side) -> dict[int, int]:
    return {stage: blocks.count for stage, blocks in side.depths.items() if blocks.exact}


def two_convnexts(spelling, ours: str, theirs: str) -> Explanation:
    nets = [
        Network(convnext_blueprint(ConvNeXtPlan(CONVNEXT[n].depths, CONVNEXT[n].dims, spelling, "module.net."))) for n in (ours, theirs)
    ]
    return explained(torch_says(nets[1], saved(nets[0])))


@pytest.mark.parametrize("spelling", [s for s in CONVNEXT_SPELLINGS if s is not ISOTROPIC], ids=lambda s: f"{s.name} {s.stem_conv}")
def test_a_whole_message_gives_both_convnexts(spelling):
    one = two_convnexts(spelling, "convnext_atto", "convnext_large")
    assert (one.checkpoint.stem_width, one.model.stem_width) == (40, 192)
    assert dict(one.checkpoint.dims) == {0: 40, 1: 80, 2: 160, 3: 320}
    assert depths(one.checkpoint) == {0: 2, 1: 2, 2: 6, 3: 2}
    assert dict(one.model.dims) == {0: 192, 1: 384, 2: 768, 3: 1536}
    assert depths(one.model) == {0: 3, 1: 3, 2: 27, 3: 3}
    assert (one.checkpoint.fits, one.model.fits) == (("convnext_atto",), ("convnext_large",))
    assert one.difference.kind == "width_and_depth"
    assert not one.partial
    assert not one.inferred


def test_equal_widths_show_depths_alone():
    one = two_convnexts(CONVNEXT_SPELLINGS[0], "convnext_tiny", "convnext_small")
    assert (depths(one.checkpoint), depths(one.model)) == ({2: 9}, {2: 27})
    assert one.checkpoint.dims == ()
    assert one.checkpoint.first_layer is None
    assert one.difference.kind == "depth"
    assert set(one.checkpoint.fits) == {"convnext_tiny"}
    assert {"convnext_small", "convnext_base", "convnext_large"} <= set(one.model.fits)
    back = two_convnexts(CONVNEXT_SPELLINGS[0], "convnext_small", "convnext_tiny")
    assert (depths(back.checkpoint), depths(back.model)) == ({2: 27}, {2: 9})


@pytest.mark.parametrize("spelling", RESNET_SPELLINGS, ids=lambda s: f"{s.name} {s.block}")
def test_resnets_in_every_spelling(spelling):
    nets = [blueprint_resnet_classifier(d, b, spelling) for d, b in (((2, 2, 2, 2), False), ((3, 4, 23, 3), True))]
    one = explained(torch_says(nets[1], saved(nets[0])))
    assert (one.checkpoint.block_kind, one.model.block_kind) == ("basic", "bottleneck")
    assert (one.checkpoint.fits, one.model.fits) == (("resnet18",), ("resnet101",))
    assert one.difference.kind == "another_network"
    deeper = explained(torch_says(nets[1], saved(blueprint_resnet_classifier((3, 4, 6, 3), True, spelling))))
    assert (depths(deeper.checkpoint), depths(deeper.model)) == ({2: 6}, {2: 23})
    assert "resnet50" in deeper.checkpoint.fits
    assert "resnet34" not in deeper.checkpoint.fits


def test_another_family():
    femto = blueprint_convnext_pose((3, 3, 9, 3), (48, 96, 192, 384), 256, 576)
    one = explained(torch_says(femto, saved(blueprint_resnet_root())))
    assert (one.checkpoint.family, one.model.family) == ("resnet", "convnext")
    assert (depths(one.checkpoint), depths(one.model)) == ({0: 3, 1: 4, 2: 6, 3: 3}, {0: 3, 1: 3, 2: 9, 3: 3})
    assert one.difference.kind == "another_network"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (
            'Missing key(s) in state_dict: "a.w", "b.w". \n\tUnexpected key(s) in state_dict: "module.a.w", "module.b.w". ',
            "prefix",
            "DataParallel",
        ),
        ('Missing key(s) in state_dict: "_orig_mod.a.w". \n\tUnexpected key(s) in state_dict: "a.w". ', "prefix", "torch.compile"),
        (
            'Missing key(s) in state_dict: "a.w", "b.w". \n\tUnexpected key(s) in state_dict: "net.x.a.w", "net.x.b.w". ',
            "prefix",
            "`net.x.`",
        ),
        ('Missing key(s) in state_dict: "bn.num_batches_tracked". ', "buffers", "No weight"),
        (mismatch("fc.weight", [1000, 512], [10, 512]) + mismatch("fc.bias", [1000], [10]), "head", "1000 outputs in the checkpoint, 10"),
        (mismatch("x.final_layer.weight", [18, 64, 1, 1], [17, 64, 1, 1]), "head", "joints"),
        ('Missing key(s) in state_dict: "decoder.up.weight". ', "parts", "decoder"),
        (mismatch("proj.thing.weight", [3, 3], [4, 3]), "shapes", "other shapes"),
        ("", "unknown", "no tensor"),
    ],
)
def test_kinds_of_difference(text, kind, words):
    one = explained(HEADER + "\t" + text.lstrip("\t"))
    assert one.difference.kind == kind
    assert words in one.difference.sentence


def test_names_that_overlap_in_part_are_no_prefix():
    one = explained(
        HEADER + '\tMissing key(s) in state_dict: "a.w", "q.w". \n\tUnexpected key(s) in state_dict: "module.a.w", "module.b.w". '
    )
    assert one.difference.kind == "parts"


def test_a_stem_alone_is_not_taken_for_the_whole_message():
    one = explained(HEADER + mismatch("module.backbone.downsample_layers.0.0.weight", [48, 3, 4, 4], [96, 3, 4, 4]))
    assert one.partial
    assert one.checkpoint.blocks == ()
    assert dict(one.checkpoint.dims) == {0: 48}
    assert any("rest of the message" in words for words in one.cannot_tell)
    assert any("blocks in stage 0, 1, 2, 3" in words for words in one.cannot_tell)


def test_one_missing_tensor_of_a_block_is_no_missing_block():
    names = ", ".join(f'"stages.{s}.{b}.gamma"' for s in range(4) for b in range(3))
    one = explained(HEADER + f"\tMissing key(s) in state_dict: {names}. ")
    assert one.checkpoint.blocks == ()
    assert one.model.blocks == ()


def test_a_cut_list_of_blocks_is_inferred():
    names = ", ".join(f'"layer3.{b}.conv1.weight"' for b in range(6, 20))
    one = explained(HEADER + f"\tMissing key(s) in state_dict: {names}, ")
    (blocks,) = one.checkpoint.blocks
    assert (blocks.count, blocks.inferred) == (6, True)
    (longer,) = one.model.blocks
    assert (longer.count, longer.exact) == (20, False)
    assert one.inferred


def test_numbered_blocks_of_networks_that_are_not_read_closer():
    parts = ("attention.self.query.weight", "attention.self.key.weight", "output.dense.weight", "output.dense.bias")
    names = ", ".join(f'"bert.encoder.layer.{b}.{part}"' for b in range(12, 24) for part in parts)
    one = explained(HEADER + f"\tMissing key(s) in state_dict: {names}. ")
    assert one.model.family == "bert"
    assert [(b.place, b.stage, b.count) for b in one.checkpoint.blocks + one.model.blocks] == [
        ("bert.encoder.layer", None, 12),
        ("bert.encoder.layer", None, 24),
    ]
    assert all(b.inferred for b in one.checkpoint.blocks + one.model.blocks)
    assert one.checkpoint.fits is None
    adapters = ", ".join(f'"encoder.layer.{b}.adapter.weight"' for b in range(6, 12))
    one = explained(HEADER + f"\tMissing key(s) in state_dict: {adapters}. ")
    assert one.checkpoint.blocks == ()
    assert [(b.count, b.exact) for b in one.model.blocks] == [(12, False)]


def vit(depth: int, width: int) -> Network:
    from auditor.architectures.blueprint import Conv2d, LayerNorm, Linear, Parameter, Sequence

    blocks = []
    for number in range(depth):
        path = f"backbone.blocks.{number}."
        blocks += [LayerNorm(f"{path}norm1", width), Linear(f"{path}attn.qkv", width, 3 * width), Linear(f"{path}attn.proj", width, width)]
        blocks += [LayerNorm(f"{path}norm2", width), Linear(f"{path}mlp.fc1", width, 4 * width), Linear(f"{path}mlp.fc2", 4 * width, width)]
    stem = (Parameter("backbone.pos_embed", (1, 197, width)), Conv2d("backbone.patch_embed.proj", 3, width, 16))
    return Network(Sequence((*stem, *blocks)), classifier_head("head", width, 10))


def test_vision_transformers():
    one = explained("variant='B'\n" + torch_says(vit(24, 1024), saved(vit(12, 768))))
    assert (one.checkpoint.stem_width, one.model.stem_width) == (768, 1024)
    assert (depths(one.checkpoint), depths(one.model)) == ({0: 12}, {0: 24})
    assert (one.checkpoint.fits, one.model.fits) == (("vit_base",), ("vit_large",))
    assert one.difference.kind == "width_and_depth"
    claims, _ = log_claims(read_error_log("variant='B'\n" + torch_says(vit(24, 1024), saved(vit(12, 768)))), "x.txt")
    assert {c.attribute: c.value for c in claims} == {"first_layer": [768, 3, 16, 16], "dims": [768], "depths": [12]}


def test_the_blocks_of_a_swin_are_not_a_vits():
    names = ", ".join(f'"layers.2.blocks.{b}.attn.qkv.weight"' for b in range(6, 18))
    one = explained(HEADER + f"\tMissing key(s) in state_dict: {names}. ")
    assert one.model.family == "swin"
    assert [(b.place, b.count, b.exact) for b in one.model.blocks] == [("layers.2.blocks", 18, False)]


def test_it_never_says_which_side_is_wrong():
    one = explained(HEADER + mismatch("fc.weight", [1000, 512], [10, 512]))
    assert "only that they differ" in one.cannot_tell[0]


@pytest.mark.skipif(not SEED.exists(), reason="the shared seeds are not here")
class TestSeed:
    def read(self):
        return read_error_log(SEED.read_text(), SEED.name)

    def test_both_pairs(self):
        s, large = explain(self.read())
        assert (s.checkpoint.stem_width, s.model.stem_width) == (48, 96)
        assert (large.checkpoint.stem_width, large.model.stem_width) == (48, 192)
        assert (depths(large.checkpoint), depths(large.model)) == ({2: 9}, {2: 27})
        assert large.model.depths[2].inferred
        assert large.checkpoint.depths[2].inferred
        assert any("18 missing" in sentence for sentence in large.inferred)
        assert large.model.fits == ("convnext_large",)
        assert large.checkpoint.fits == ()  # 48 channels with 9 blocks: published by nobody

    def test_claims_are_secondary_and_their_quotes_stand_there(self):
        log = self.read()
        claims, source = log_claims(log, SEED.name)
        assert [(c.variant, c.attribute, c.value) for c in claims] == [
            ("S", "first_layer", [48, 3, 4, 4]),
            ("L", "first_layer", [48, 3, 4, 4]),
        ]
        assert {(c.rank, c.origin) for c in claims} == {("secondary", "log")}
        assert (source.kind, source.status, source.required) == ("log", Status.PARTIAL, False)
        lines = SEED.read_text().split("\n")
        pieces = [c.evidence for c in claims] + [piece for one in explain(log) for piece in one.evidence]
        for piece in pieces:
            assert piece.quote
            assert piece.quote in lines[int(piece.locator.rpartition("#L")[2]) - 1]
            assert piece.source == source.id
        assert all("[48, 3, 4, 4]" in c.evidence.quote for c in claims)


def test_a_whole_message_claims_depths_and_dims():
    nets = [
        blueprint_convnext_pose(d, w, 256, 576) for d, w in (((3, 3, 9, 3), (48, 96, 192, 384)), ((3, 3, 27, 3), (192, 384, 768, 1536)))
    ]
    text = "variant: 'L'\n" + torch_says(nets[1], saved(nets[0]))
    claims, source = log_claims(read_error_log(text), "x.txt")
    assert {c.attribute: (c.variant, c.value) for c in claims} == {
        "first_layer": ("L", [48, 3, 4, 4]), "dims": ("L", [48, 96, 192, 384]), "depths": ("L", [3, 3, 9, 3]),
    }  # fmt: skip
    assert source.status is Status.OK
    assert source.id == "log:x.txt"
    unnamed, _ = log_claims(read_error_log(text.split("\n", 1)[1]), "x.txt")
    assert {c.variant for c in unnamed} == {""}


def test_a_log_without_errors_is_a_source_without_claims():
    claims, source = log_claims(read_error_log("all is well"), "x.txt")
    assert claims == ()
    assert source.status is Status.OK
    assert "no loading error" in source.detail


def test_every_cut_of_a_real_message_is_explained_without_a_wrong_size():
    nets = [
        Network(convnext_blueprint(ConvNeXtPlan(d, w)), classifier_head("head", w[-1], 9))
        for d, w in (((1, 1, 3, 1), (8, 16, 32, 64)), ((2, 2, 5, 2), (16, 32, 64, 128)))
    ]
    text = torch_says(nets[1], saved(nets[0]))
    whole = explained(text)
    assert (depths(whole.checkpoint), depths(whole.model)) == ({0: 1, 1: 1, 2: 3, 3: 1}, {0: 2, 1: 2, 2: 5, 3: 2})
    for end in range(0, len(text), 67):
        for one in explain(read_error_log(text[:end])):
            for side, full in ((one.checkpoint, whole.checkpoint), (one.model, whole.model)):
                assert set(side.dims) <= set(full.dims)
                for stage, blocks in side.depths.items():
                    assert blocks.count == full.depths[stage].count if blocks.exact else blocks.count <= full.depths[stage].count


def test_names_that_hold_anything_are_explained():
    for name in ("a" * 300, "é.ü.weight", "9.9.9", "stages.99999.99999.dwconv.weight", ".", "..", "module.", "layer4.99999.conv3.weight"):
        explain(read_error_log(HEADER + f'\tMissing key(s) in state_dict: "{name}". \n' + mismatch(name, [1, 2, 3, 4], [])))


def test_order_of_tensors_is_torchs():
    tensors = saved(blueprint_resnet_root())
    assert isinstance(tensors[0], Tensor)
    assert replace(tensors[0]) == tensors[0]
