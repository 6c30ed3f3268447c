"""Which names of a listing are one checkpoint: shards, folders, prefixes, parts; and that neighbors stay apart."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.formats import grouping, safetensors_index
from auditor.formats.grouping import FileGroup, group_names, split_part


def kinds(names: list[str]) -> list[tuple[str, str, int]]:
    return [(group.name, group.kind, len(group.members)) for group in group_names(names)]


def test_the_examples():
    for module in (grouping, safetensors_index):
        assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            [
                "model-00001-of-00003.safetensors",
                "model-00002-of-00003.safetensors",
                "model-00003-of-00003.safetensors",
                "model.safetensors.index.json",
            ],
            [("model.safetensors", "shards", 4)],
        ),
        (
            [
                "m/pytorch_model-00001-of-00002.bin",
                "m/pytorch_model-00002-of-00002.bin",
                "m/pytorch_model.bin.index.json",
                "n/pytorch_model.bin",
            ],
            [("m/pytorch_model.bin", "shards", 3)],
        ),
        (
            [
                "model.ckpt-100.index",
                "model.ckpt-100.data-00000-of-00001",
                "model.ckpt-100.meta",
                "model.ckpt-200.index",
                "model.ckpt-200.data-00000-of-00001",
            ],
            [("model.ckpt-100", "tensorflow_checkpoint", 3), ("model.ckpt-200", "tensorflow_checkpoint", 2)],
        ),
        (
            [
                "x/saved_model.pb",
                "x/variables/variables.index",
                "x/variables/variables.data-00000-of-00001",
                "x/assets/vocab.txt",
                "x/other.pth",
            ],
            [("x", "saved_model", 4)],
        ),
        (["ck/.metadata", "ck/__0_0.distcp", "ck/__1_0.distcp", "ck/notes.txt"], [("ck", "torch_dcp", 3)]),
        (
            [
                "g/global_step10/mp_rank_00_model_states.pt",
                "g/global_step10/zero_pp_rank_0_mp_rank_00_optim_states.pt",
                "g/global_step10/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt",
                "g/latest",
            ],
            [("g/global_step10", "deepspeed", 3)],
        ),
        (
            ["o/_METADATA", "o/manifest.ocdbt", "o/d/abc", "o/ocdbt.process_0/manifest.ocdbt", "o/ocdbt.process_0/d/1"],
            [("o", "orbax", 5)],
        ),
        (
            ["a.zip.001", "a.zip.002", "b.z01", "b.zip", "c.part1.rar", "c.part2.rar"],
            [("a.zip", "split_archive", 2), ("b.zip", "split_archive", 2), ("c.rar", "split_archive", 2)],
        ),
        (["net.xml", "net.bin", "n.param", "n.bin", "lone.bin"], [("net", "values_beside", 2), ("n", "values_beside", 2)]),
    ],
)
def test_what_belongs_together(names, expected):
    assert kinds(names) == expected


def test_neighbors_are_variants_and_no_group():
    assert group_names(["model_s.pth", "model_m.pth", "model_l.pth", "a-1.pth", "a-2.pth", "x.index", "README.md"]) == ()
    assert group_names(["convnext_1k_224_ema.pth", "convnext_22k_224.pth", "epoch_1_of_9.pth"]) == ()


def test_missing_shards_are_named():
    (group,) = group_names(["m-00001-of-00003.safetensors", "m-00003-of-00003.safetensors"])
    assert group == FileGroup(
        "m.safetensors", "shards", ("m-00001-of-00003.safetensors", "m-00003-of-00003.safetensors"), ("m-00002-of-00003.safetensors",)
    )
    (group,) = group_names(["m-00001-of-00002.bin"])
    assert group.missing == ("m-00002-of-00002.bin",)


def test_variants_side_by_side_in_shards_stay_apart():
    names = [f"{variant}/model-0000{n}-of-00002.safetensors" for variant in ("base", "large") for n in (1, 2)]
    assert kinds(names) == [("base/model.safetensors", "shards", 2), ("large/model.safetensors", "shards", 2)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("w.zip.001", "part 1 of a split zip"),
        ("w.7z.002", "part 2 of a split 7z"),
        ("w.z01", "part 1 of a split zip"),
        ("w.part3.rar", "part 3 of a split rar"),
        ("w.r00", "part 2 of a split rar"),
        ("w.tar.gz.aa", "part aa of a split tar.gz"),
        ("folder/w.tar.part2.gz", ""),
        ("model.pth", ""),
        ("snapshot_18.pth.tar", ""),
    ],
)
def test_parts_of_split_archives_by_name(name, said):
    assert split_part(name) == said


@given(st.lists(st.text(alphabet="ab/.-_0123456789ofzipdatindexpt", max_size=40), max_size=30))
def test_any_names_are_in_one_group_at_most(names):
    members = [member for group in group_names(names) for member in group.members]
    assert len(members) == len(set(members))
    assert set(members) <= set(names)
