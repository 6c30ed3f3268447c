"""By which words a repository's own models are known where its folder has no name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.claims.interface import ClaimContext
from auditor.claims.own_words import is_name, named, own_name, own_repository, own_tokens, said_names
from auditor.facts import Document, Outline


def outline(text: str, title: str = "") -> Outline:
    return Outline(Document("README.md", text, "0" * 64, "document:README.md"), title=title)


def test_a_local_folder_is_called_whatever_somebody_typed():
    assert own_tokens(ClaimContext("local/WaderPose", "")) == ()
    clone = "```\ngit clone https://github.com/lab/WaderPose.git\ncd WaderPose\n```\nsee https://github.com/lab/WaderPose/issues/3 "
    assert named(ClaimContext("local/repo", "A wading network"), [outline(clone)]).full_name == "lab/WaderPose"
    assert named(ClaimContext("someone/else"), [outline(clone)]).full_name == "someone/else"


def test_links_to_others_do_not_make_a_name():
    others = (
        "We use [this](https://github.com/big/Vocoder2), [that](https://github.com/big/Vocoder2) and https://github.com/big/Vocoder2 . " * 3
    )
    data = "git clone https://github.com/lab/wader3d\ncd wader3d\n https://github.com/big/co9d/blob/main/LICENSE \ngit clone https://github.com/big/co9d\ncd co9d"
    assert own_repository([others], ["HiVoice"]) == ""
    assert own_repository([f"wader3d is here.\n{data}"], ["Wading"]) == "lab/wader3d"


def test_badges_count():
    badge = "![s](https://img.shields.io/github/stars/lab/Wader?style=social) https://api.star-history.com/svg?repos=lab/Wader&type=Date\n Wader"
    assert own_repository([badge], []) == "lab/Wader"


@pytest.mark.parametrize(
    ("text", "title", "names"),
    [
        ("@inproceedings{x,\n title={WADe3r: Walking {3D}},", "", ("WADe3r",)),
        ("@inproceedings{x,\n title={Walking with Wading Attention},", "", ()),
        ("The **Fast Wade Anything Model(FastWAM)** is a model.", "Fast Wade Anything", ("FastWAM",)),
        ("uses Convolutional Neural Networks (CNNs) and Multi Object Tracking (MOT).", "Tracking", ()),
        ("We propose a detector called WadeDet. WadeDet is fast; WadeDet is small.", "", ("WadeDet",)),
        ("We compare with a detector called OtherDet.", "", ()),
        ("We present BigSet-Dataset. BigSet-Dataset, BigSet-Dataset.", "", ()),
    ],
)
def test_names_that_a_readme_gives_its_work(text, title, names):
    assert said_names(text, title) == names


def test_joined_words_are_no_name():
    assert not is_name("Single-Shot")
    assert not is_name("Pre-Training")
    assert is_name("Real-WADE")
    assert is_name("Hand4Whole")


def test_of_a_name_made_from_a_known_network_neither_word_counts_alone():
    (token,) = own_tokens(ClaimContext("local/repo", "Bendable DETR"))
    assert token == r"bendable[\s_-]?detr"


def test_the_name_of_the_one_model_is_what_the_readme_says():
    assert own_name(ClaimContext("local/repo", "", ("WadeDet",))) == "WadeDet"
    assert own_name(ClaimContext("local/repo", "")) == "(unnamed)"


@given(st.text(max_size=400), st.text(max_size=60))
def test_no_text_raises(text, title):
    context = named(ClaimContext("local/repo", title), [outline(text, title)])
    assert isinstance(own_tokens(context, title), tuple)
    assert own_name(context, title)
