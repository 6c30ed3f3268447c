"""Tables whose columns are well-known networks, settings that count, or lists of numbers."""

from __future__ import annotations

import hashlib

import pytest

from auditor.claims import extract_claims
from auditor.claims.headers import header_of
from auditor.claims.interface import ClaimContext
from auditor.claims.own_words import own_name
from auditor.claims.tables import TableClaims
from auditor.claims.vocabulary import Kind
from auditor.documents.outline import outline
from auditor.facts import Document

CONTEXT = ClaimContext("someone/HeronNet", "HeronNet")


def claims(text: str, title: str = "# HeronNet\n") -> list[tuple[str, str, object]]:
    text = title + text
    document = Document("README.md", text, hashlib.sha256(text.encode()).hexdigest(), "document:README.md")
    return [(c.variant, c.attribute, c.value) for c in extract_claims([outline(document)], CONTEXT, [TableClaims()])]


def test_kernels_and_depths_in_brackets_are_no_citations():
    table = "| Model | Kernels | Top-1 |\n|---|---|---|\n| HeronNet-T | [3,5] | 81.4 |\n| HeronNet-T | [3,5,7] | 81.7 |\n"
    assert claims(table) == [("HeronNet-T [3,5]", "Top-1", 81.4), ("HeronNet-T [3,5,7]", "Top-1", 81.7)]
    cited = "| Model | Top-1 |\n|---|---|\n| Quill [3,5] | 81.4 |\n| HeronNet-T | 81.7 |\n"
    assert claims(cited) == [("HeronNet-T", "Top-1", 81.7)]


def test_well_known_networks_over_sets_are_the_models():
    table = """## Transfer

| | ViT-B | ViT-L | prev best |
|---|---|---|---|
| ImageNet-1K | **82.6** | 84.9 | 86.1 |
| ImageNet-Sketch (error rate) | 50.7 | 40.8 | 41.5 |
| Marshbirds 2031 | 62.9 | 64.8 | 65.0 |
"""
    assert claims(table) == [
        ("ViT-B", "ImageNet-1K", 82.6),
        ("ViT-B", "error rate", 50.7),
        ("ViT-B", "Marshbirds 2031", 62.9),
        ("ViT-L", "ImageNet-1K", 84.9),
        ("ViT-L", "error rate", 40.8),
        ("ViT-L", "Marshbirds 2031", 64.8),
    ]


def test_rows_without_numbers_do_not_hide_that_models_are_columns():
    table = "| | ViT-Base | ViT-Large |\n|---|---|---|\n| checkpoint | download | download |\n| md5 | 1b2a | 51f5 |\n| reference accuracy | 82.664 | 84.952 |\n"
    assert claims(table) == [("ViT-Base", "reference accuracy", 82.664), ("ViT-Large", "reference accuracy", 84.952)]


def test_of_a_reproduction_the_repositorys_own_row_counts():
    table = (
        "## Linear probing\n\n| | ViT-Base | ViT-Large |\n|---|---|---|\n| paper (TPU) | 67.1 | 74.9 |\n| this repo (GPU) | 66.8 | 75.2 |\n"
    )
    assert [(variant, value) for variant, _, value in claims(table)] == [("ViT-Base", 66.8), ("ViT-Large", 75.2)]


def test_networks_over_baselines_alone_are_no_claims():
    table = "## Linear probing\n\n| | ViT-Base | ViT-Large |\n|---|---|---|\n| Quill | 67.1 | 74.9 |\n| Plume | 66.8 | 75.2 |\n"
    assert not [claim for claim in claims(table) if claim[0].startswith("ViT")]


@pytest.mark.parametrize("header", ["50-layers", "test crop: 320x320", "300 epochs", "+ Distill"])
def test_a_setting_that_counts_may_head_results(header):
    table = f"The accuracy on the marsh images:\n\n| Network | {header} |\n|---|---|\n| HeronNet | 77.48% (model) |\n| HeronNet-XL | 78.88% (model) |\n"
    assert claims(table) == [("HeronNet", "accuracy", 77.48), ("HeronNet-XL", "accuracy", 78.88)]


def test_a_setting_with_whole_numbers_stays_one():
    table = "| Network | 300 epochs | Top-1 |\n|---|---|---|\n| HeronNet | 12 | 77.4 |\n| HeronNet-XL | 24 | 78.8 |\n"
    assert {attribute for _, attribute, _ in claims(table)} == {"Top-1"}


def test_a_column_of_yes_and_no_names_no_model():
    table = "| Depth | Gates | Linear eval |\n|---|---|---|\n| 50 | False | 70.7 |\n| 101 | True | 73.2 |\n"
    assert {variant for variant, _, _ in claims(table)} == {"HeronNet"}


def test_a_number_sign_before_p_counts_parameters():
    assert header_of("#P").kind is Kind.PARAMS
    assert header_of("P").kind is not Kind.PARAMS
    assert header_of("#P (M)").unit == "M"


@pytest.mark.parametrize("title", ["Introduction", "Overview", "News"])
def test_a_heading_of_any_readme_is_no_models_name(title):
    assert own_name(ClaimContext("someone/HeronNet", title), title) == "HeronNet"


def test_weights_that_are_promised_name_no_model():
    table = "| Model | Lr Schd | box AP | model |\n|---|---|---|---|\n| HeronNet-S | 1x | 46.3 | Coming Soon |\n| HeronNet-S | 3x | 47.8 | Coming Soon |\n"
    assert claims(table) == [("HeronNet-S", "box AP", 46.3), ("HeronNet-S", "box AP", 47.8)]


@pytest.mark.parametrize("header", ["imgs/sec", "CPU Lat.", "test perf."])
def test_short_words_for_speed_and_performance(header):
    assert header_of(header).kind is Kind.METRIC


def test_a_speed_in_the_caption_is_not_what_columns_of_scores_hold():
    table = "Throughput (imgs/sec) values are measured on one card.\n\n| Network | imgs/sec | Vanilla | +Distill |\n|---|---|---|---|\n| HeronNet-S | 1210 | 72.3 | 80.9 |\n"
    assert claims(table) == [("HeronNet-S", "imgs/sec", 1210), ("HeronNet-S", "Vanilla", 72.3), ("HeronNet-S", "+Distill", 80.9)]
