from __future__ import annotations

import pytest

from auditor.claims import extract_claims
from auditor.claims.interface import ClaimContext
from auditor.facts import Block, Document, Outline, RawLink

CONTEXT = ClaimContext("someone/PoseThing", "PoseThing: a network")


def said(*blocks: tuple[str, str], section: str = "Results") -> list[tuple[str, str, object, str | None]]:
    text = "\n".join(block for _, block in blocks)
    line, made = 1, []
    for kind, block in blocks:
        made.append(Block(block, line, kind, ("PoseThing", section)))
        line += block.count("\n") + 1
    document = Document("README.md", text, "0" * 64, "document:README.md")
    claims = extract_claims([Outline(document, blocks=tuple(made))], CONTEXT)
    for claim in claims:
        number = int(claim.evidence.locator.partition("#L")[2])
        assert claim.evidence.quote in text.splitlines()[number - 1]
        assert (claim.origin, claim.rank) == ("text", "primary")
    return [(c.variant, c.attribute, c.value, c.unit) for c in claims]


def test_console_output_that_the_text_announces_is_read():
    blocks = (
        ("code", "python main.py --model posething_base --eval"),
        ("paragraph", "This should give"),
        ("code", "* Acc@1 85.820 Acc@5 97.868 loss 0.563"),
    )
    assert said(*blocks) == [
        ("posething_base", "Acc@1", 85.82, None),
        ("posething_base", "Acc@5", 97.868, None),
        ("posething_base", "loss", 0.563, None),
    ]


def test_training_output_is_not_a_result():
    assert said(("paragraph", "You should see"), ("code", "epoch 1: loss 0.563 acc 85.2")) == []


def test_a_sentence_of_the_own_model_is_read():
    assert said(("paragraph", "PoseThing-L achieves 42.1 AP on COCO.")) == [("PoseThing-L", "AP", 42.1, None)]
    assert said(("paragraph", "Our model was trained for long, achieving 39.5/60.3 AP/AP50.")) == [
        ("PoseThing", "AP", 39.5, None),
        ("PoseThing", "AP50", 60.3, None),
    ]


def test_items_name_their_subject():
    assert said(("item", "BERT-base: 12-layer, 768-hidden, 110M parameters")) == [("BERT-base", "params", 110, "M")]
    assert said(("item", "-arc 3,3,3 (27 frames) should require 6 hours and achieve 48.8 mm.")) == [
        ("-arc 3,3,3 (27 frames)", "error", 48.8, "mm")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "PoseThing outperforms others by 2.1 AP.",
        "PoseThing is compared to SPIN, which has 59.2 mAP.",
        "We use boxes from a detector of 56.4 AP.",
        "Focal lengths are set to 1500mm for both axes.",
        "Train on 10% of the data for 80 epochs.",
        "IdentityFormer achieves >80% accuracy.",
    ],
)
def test_differences_and_other_peoples_numbers_are_left_alone(text):
    assert said(("paragraph", text)) == []


def test_news_is_left_alone():
    assert said(("item", "We obtain 42.1 AP with PoseThing."), section="News") == []
    assert said(("item", "[2022/03/01] PoseThing achieves 42.1 AP.")) == []


def test_results_of_listed_weights_are_of_what_stands_before_them():
    text = "1. [Full set, 10 strides, with averaging (0.459 mAP)](https://www.dropbox.com/s/x/a.pth?dl=1)"
    block = Block("Full set, 10 strides, with averaging (0.459 mAP)", 1, "item", ("PoseThing", "Pretrained models"))
    link = RawLink("https://www.dropbox.com/s/x/a.pth?dl=1", "Full set, 10 strides, with averaging (0.459 mAP)", 1, "inline")
    document = Document("README.md", text, "0" * 64, "document:README.md")
    found = extract_claims([Outline(document, blocks=(block,), links=(link,))], CONTEXT)
    assert [(c.variant, c.attribute, c.value) for c in found] == [("Full set, 10 strides, with averaging", "mAP", 0.459)]
    assert extract_claims([Outline(document, blocks=(block,))], CONTEXT) == ()


def test_the_state_of_the_art_is_a_claim_where_nothing_is_compared():
    own = ("paragraph", "PoseThing achieves new state-of-the-art results of 48.5 mAP on COCO and 95.6% accuracy on ESC.")
    assert [c[2] for c in said(own)] == [48.5, 95.6]
    assert said(("paragraph", "PoseThing is close to state-of-the-art methods at 48.5 mAP.")) == []


def test_a_result_that_a_script_returns_and_one_in_decibels_are_read():
    assert said(("paragraph", "You can check that PoseThing returns: EER 2.4071.")) == [("PoseThing", "EER", 2.4071, None)]
    assert said(("paragraph", "The model achieves a SDR of 8.15 dB on the test set.")) == [("PoseThing", "SDR", 8.15, None)]
    assert said(("paragraph", "With more data we reach 9.35 dB of SDR.")) == [("PoseThing", "SDR", 9.35, None)]
    assert said(("paragraph", "The model of Koala et al. reaches 9.35 dB of SDR.")) == []


def test_what_the_following_command_returns_is_of_the_weights_that_it_loads():
    announced = ("paragraph", "The following script should return: EER 1.2040.")
    assert said(announced, ("code", "python run.py --eval --model Res34 --initial_model koala_lite.model")) == [
        ("koala_lite", "EER", 1.204, None)
    ]
    assert said(announced, ("code", "python run.py --resume weights/KoalaNet/model.pt")) == [("KoalaNet", "EER", 1.204, None)]
    assert said(announced, ("code", "python run.py --model koala_base")) == [("koala_base", "EER", 1.204, None)]
    two = "python run.py --model koala_a\npython run.py --model koala_b"
    assert "koala_a" not in str(said(announced, ("code", two)))


def test_what_a_comparison_achieved_is_the_own_result():
    text = "PoseThing-XL/2 models outperform all prior models on two sets, achieving a state-of-the-art FID of 2.27 on the latter."
    assert said(("paragraph", text)) == [("PoseThing-XL/2", "FID", 2.27, None)]
    assert said(("paragraph", "PoseThing outperforms OtherNet, achieving an FID of 3.1 lower than 2.2.")) == []
    assert said(("paragraph", "PoseThing outperforms OtherNet with an FID of 3.1, a large margin.")) == []


def test_a_name_of_several_words_is_found_in_a_sentence():
    document = Document("README.md", "The Fast Everything encoder reaches 86.2 mIoU on Cityscapes.", "0" * 64, "document:README.md")
    block = Block(document.text, 1, "paragraph", ("Fast Everything", "Results"))
    (claim,) = extract_claims([Outline(document, blocks=(block,))], ClaimContext("someone/Fast-Everything", "Fast Everything: a network"))
    assert (claim.variant, claim.attribute, claim.value) == ("Fast Everything", "mIoU", 86.2)
