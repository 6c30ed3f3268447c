from __future__ import annotations

import pytest

from auditor.claims.interface import ClaimContext
from auditor.claims.naming import RowName, bears, own_rows
from auditor.claims.own_words import named, own_name, own_tokens
from auditor.facts import Document, Outline


def rows(*names: str) -> tuple[RowName, ...]:
    """Build rows: `!` at the end is bold, a link follows after a space and `@`."""
    made = []
    for name in names:
        text, _, link = name.partition(" @")
        made.append(RowName(text.rstrip("!"), text.endswith("!"), (link,) if link else ()))
    return tuple(made)


def own(*names: str, tokens: tuple[str, ...] = (), heading: str = "") -> list[int]:
    return sorted(own_rows(rows(*names), tokens, heading))


@pytest.mark.parametrize(
    ("full_name", "title", "tokens"),
    [
        ("a/ConvNeXtPose", "ConvNeXtPose", ("convnextpose",)),
        ("a/Chinese-BERT-wwm", "", ("wwm",)),
        ("a/Swin-Transformer", "Swin Transformer", ("swin",)),
        ("a/detr", "DE⫶TR: End-to-End", ("detr",)),
        ("repo", "DE⫶TR: End-to-End", ("detr",)),
        ("repo", 'RootNet of "Camera Distance"', ("rootnet",)),
        ("a/deep-learning-pytorch", "", (r"deep[\s_-]?learning[\s_-]?pytorch",)),
        ("repo", "", ()),
    ],
)
def test_own_words_come_from_the_name_and_the_title(full_name, title, tokens):
    assert own_tokens(ClaimContext(full_name, title)) == tokens


def test_names_are_borne_at_the_beginning_of_words():
    assert bears("pose_RootNet-L", ("rootnet",))
    assert not bears("CRAFT", ("raft",))


def test_every_mark_of_ownership():
    assert own("Chen et al.[56]", "Ours-M", "Ours-L") == [1, 2]
    assert own("BERT", "ERNIE", "BERT-wwm!", "RoBERTa!") == [2, 3]
    assert own("FCN-R50", "SegThing-B0", "SETR", tokens=("segthing",)) == [1]
    assert own("v3.1 BEiT @https://x.org/a.pt", "v3.0 DPT @https://x.org/b.pt") == [0, 1]
    assert own("T", "S", "B") == [0, 1, 2]
    assert own("Mixer [12]", "MyNet") == [1]
    assert own("Mixer-B/16", "ResMLP-S24", "MyNet @https://drive.google.com/x", heading="comparison") == [2]
    assert own("Strange", "SegThing", tokens=("segthing",), heading="Comparison with the state of the art") == [1]


def test_logs_and_configs_are_no_weights():
    assert own("A @https://x.org/train.log", "B @https://x.org/b.pth", heading="comparison") == [1]


def outline(text: str, title: str = "") -> Outline:
    return Outline(Document("README.md", text, "0" * 64, "document:README.md"), title=title)


def test_a_folder_without_a_name_has_it_from_its_readme():
    clone = "git clone https://github.com/someone/detr.git\n"
    assert named(ClaimContext("repo", "DE⫶TR: End-to-End"), [outline(clone)]).full_name == "someone/detr"
    assert named(ClaimContext("repo", "Vision Mamba"), [outline("https://github.com/other/mamba/tree/main ")]).full_name == "repo"
    assert named(ClaimContext("repo"), [outline("https://github.com/a/SegThing/blob/x.py " * 5)]).full_name == "a/SegThing"
    assert named(ClaimContext("repo"), [outline("Official implementation of **ConvNeXt**, from the paper")]).full_name == "/ConvNeXt"
    assert named(ClaimContext("a/b"), [outline(clone)]).full_name == "a/b"


def test_the_one_model_of_a_repository_is_named():
    assert own_name(ClaimContext("a/b", "RAFT: Recurrent")) == "RAFT"
    assert own_name(ClaimContext("a/VideoThing", "3D poses in video")) == "VideoThing"
    assert own_name(ClaimContext("repo", "")) == "(unnamed)"


def test_baselines_beside_the_own_name_are_not_own_without_a_word_of_comparison():
    assert own("Strange", "SegThing", "SegThing-L", tokens=("segthing",)) == [1, 2]
    assert own("Strange", "SegThing", "+ refinement", "w/ pretraining", tokens=("segthing",)) == [1, 2, 3]


def test_a_zoo_holds_networks_of_others():
    zoo = ("I3D @https://x.org/a.pyth", "C2D @https://x.org/b.pyth", "SegThing @https://x.org/c.pyth", "SegThing-L")
    assert own(*zoo, tokens=("segthing",)) == [0, 1, 2, 3]
    assert own("Swin-Base @https://x.org/a.pth", "Swin-Huge") == [0, 1]


def test_a_name_that_leads_to_a_paper_is_cited_unless_each_does():
    cited = RowName("Mixture", of_paper=True)
    assert own_rows((cited, RowName("SegThing")), (), "") == {1}
    assert own_rows((cited, RowName("Other", of_paper=True)), (), "") == {0, 1}
    assert own_rows((RowName("SegThing", of_paper=True), cited, RowName("x")), ("segthing",), "") == {0}


def test_a_network_that_became_well_known_is_own_at_its_home():
    link = " @https://drive.google.com/file/d/1abc"
    zoo = ("RAFT" + link, "RAFT-HR" + link, "RAFT-L" + link)
    assert own(*zoo, tokens=("raft",)) == [0, 1, 2]
    assert own("ResNet" + link, "RAFT" + link, "RAFT-L" + link, tokens=("raft",)) == [1, 2]
