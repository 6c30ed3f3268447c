"""Whose a row is where the table leaves it out or says it elsewhere, and which metric a part of a cell has."""

from __future__ import annotations

import hashlib

import pytest

from auditor.claims import extract_claims
from auditor.claims.headers import header_of, metrics_in
from auditor.claims.interface import ClaimContext
from auditor.claims.naming import RowName, bears, own_rows
from auditor.claims.own_words import offered_names
from auditor.claims.vocabulary import Kind
from auditor.documents.outline import outline
from auditor.facts import Claim, Document, Outline

CONTEXT = ClaimContext("someone/HeronVoice", "HeronVoice")


def read(text: str) -> Outline:
    return outline(Document("README.md", text, hashlib.sha256(text.encode()).hexdigest(), "document:README.md"))


def claims(text: str) -> list[Claim]:
    return list(extract_claims([read(text)], CONTEXT))


def short(text: str) -> list[tuple[str, str, object]]:
    return [(c.variant, c.attribute, c.value) for c in claims(text)]


def test_a_row_without_a_name_continues_the_one_above():
    text = """# HeronVoice
| Model | Params | Norm | EER (%) |
|:--|:--:|:--:|:--:|
| Egret34 | 6.6M | x | 7.13 |
|         |      | √ | 6.74 |
| Egret221 | 23.8M | x | 5.96 |
| " |      | √ | 5.70 |
"""
    found = claims(text)
    assert [(c.variant, c.value) for c in found if c.attribute == "EER (%)"] == [
        ("Egret34", 7.13),
        ("Egret34", 6.74),
        ("Egret221", 5.96),
        ("Egret221", 5.7),
    ]
    assert [(c.variant, c.value) for c in found if c.attribute == "params"] == [("Egret34", 6.6), ("Egret221", 23.8)]
    assert found[2].evidence.locator == "README.md#L5"
    assert "6.74" in found[2].evidence.quote


def test_a_baseline_stays_a_baseline_in_the_rows_below_its_name():
    text = """# HeronVoice
| Model | Norm | EER (%) |
|:--|:--:|:--:|
| ResNet34 | x | 7.13 |
|          | √ | 6.74 |
| HeronVoice-S | x | 5.96 |
|              | √ | 5.70 |
"""
    assert short(text) == [("HeronVoice-S", "EER (%)", 5.96), ("HeronVoice-S", "EER (%)", 5.7)]


def test_metrics_with_slashes_are_of_the_parts_of_cells():
    text = """# HeronVoice
Results on domain tasks (Precision/Recall/F1 %):

| Lexicon | Harbor_QA | Marsh_NER |
|:--|:--:|:--:|
| WingNet | 0.805/0.888/0.845 | 0.842/0.903/0.871 |
| -- no lexicon | 0.705/0.788/0.745 | -- |
"""
    assert short(text)[:3] == [("WingNet", "Precision", 0.805), ("WingNet", "Recall", 0.888), ("WingNet", "F1", 0.845)]
    assert metrics_in("Accuracy (dev/test %) on different sets") == ("Accuracy",)


def test_a_part_that_is_left_out_counts():
    text = """# HeronVoice
| Model | MNLI | QQP |
|:--|:--:|:--:|
|       | Acc | Acc/F1 |
| HeronVoice-L | 91.3 | 92.3/- |
| HeronVoice-XL | 91.5 | -/89.8 |
"""
    assert [(a, v) for _, a, v in short(text) if v in (92.3, 89.8)] == [("Acc", 92.3), ("F1", 89.8)]


def test_a_model_whose_weights_are_handed_out_is_own_in_every_table():
    text = """# HeronVoice
| Model | Download |
|--|--|
| RoBERTa-tiny-wade (small) | [zip](https://x.org/models/wade.zip) |
| ResNet-50 | [zip](https://x.org/models/r50.zip) |

## Results
| Model | Score |
|--|--|
| BERT-base | 67.57 |
| ResNet-50 | 61.00 |
| RoBERTa-tiny-wade | 69.93 |
| HeronVoice-S | 69.52 |
"""
    assert offered_names([read(text)]) == {"robertatinywade"}
    assert short(text) == [("RoBERTa-tiny-wade", "Score", 69.93), ("HeronVoice-S", "Score", 69.52)]


@pytest.mark.parametrize("name", ["Random guess", "chance", "Acme baseline", "Wordy-Net (baseline)", "Human performance", "人类表现"])
def test_what_nobody_of_the_authors_trained_is_no_own_row(name):
    rows = (RowName(name), RowName("Egret6"), RowName("Egret14"))
    assert own_rows(rows, ("heronvoice",), "") == {1, 2}


def test_a_name_with_a_letter_for_many_languages_bears_the_own_name():
    assert bears("mHeronVoice-Base", ("heronvoice",))
    assert not bears("superheronvoice", ("heronvoice",))


def test_sizes_in_a_column_of_tasks_tell_the_variants():
    text = """# HeronVoice
| Task | Command | Results |
|--|--|--|
| MNLI xlarge | `mnli.sh xlarge` | 91.5/91.2 +/-0.1 |
| RTE large | `rte.sh large` | 86.6 +/-1.0 |
"""
    assert short(text) == [
        ("HeronVoice MNLI xlarge", "Results", 91.5),
        ("HeronVoice MNLI xlarge", "Results", 91.2),
        ("HeronVoice RTE large", "Results", 86.6),
    ]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Backbone Parameters(M)", Kind.PARAMS),
        ("存储大小", Kind.SIZE),
        ("训练速度", Kind.IGNORED),
        ("Finetuning split", Kind.SETTING),
        ("Fine-tune epochs", Kind.SETTING),
        ("Fine-tuning", Kind.METRIC),
        ("Linear probing", Kind.METRIC),
        ("In-domain", Kind.DATASET),
        ("out-of-domain", Kind.DATASET),
    ],
)
def test_what_headers_say(text, kind):
    assert header_of(text).kind is kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Our Egret14 achieves an mAP of 0.431, and Heron-Logmel-CNN achieves an mAP of 0.439.",
            [("Egret14", "mAP", 0.431), ("Heron-Logmel-CNN", "mAP", 0.439)],
        ),
        (
            "An average precision (mAP) of 0.439 is achieved using our proposed Wing-CNN system, outperforming the old baseline of 0.317.",
            [("Wing-CNN", "mAP", 0.439)],
        ),
        ("We train longer: achieving 2.627% (EGRET_c1024) EER on the test set.", [("EGRET_c1024", "EER", 2.627)]),
        ("We saw that ResNet achieves an mAP of 0.301.", []),
        ("The older Stork9 achieves an mAP of 0.301.", []),
    ],
)
def test_the_model_beside_the_verb_is_what_a_sentence_speaks_of(text, expected):
    assert short(f"# HeronVoice\n\n## Results\n\n{text}\n") == expected
