"""Headers of tables that name models, sets and metrics in words no list has."""

from __future__ import annotations

import hashlib

import pytest

from auditor.claims import extract_claims
from auditor.claims.headers import header_of
from auditor.claims.interface import ClaimContext
from auditor.claims.tables import TableClaims
from auditor.claims.vocabulary import Kind
from auditor.documents.outline import outline
from auditor.facts import Document

CONTEXT = ClaimContext("someone/KoalaWords", "KoalaWords")


def claims(text: str) -> list[tuple[str, str, object]]:
    document = Document("README.md", text, hashlib.sha256(text.encode()).hexdigest(), "document:README.md")
    return [(c.variant, c.attribute, c.value) for c in extract_claims([outline(document)], CONTEXT, [TableClaims()])]


@pytest.mark.parametrize("text", ["language model", "Masked language model", "Speech model", "compared methods"])
def test_a_kind_of_model_names_models(text):
    assert header_of(text).kind is Kind.VARIANT


@pytest.mark.parametrize("text", ["teacher model", "Pre-trained model"])
def test_a_model_that_another_starts_from_names_no_row(text):
    assert header_of(text).kind is not Kind.VARIANT


def test_a_metric_in_parentheses_is_of_the_set_before_them():
    header = header_of("Harbor Reviews (dev) (acc)")
    assert (header.kind, header.attribute, header.setting) == (Kind.METRIC, "acc", "Harbor Reviews (dev)")
    assert header_of("Speed (FPS)").attribute == "Speed (FPS)"
    assert header_of("mIoU (ss/ms)").attribute == "mIoU (ss/ms)"


def test_a_set_before_two_metrics_is_their_setting():
    header = header_of("KQuAD EM / F1")
    assert (header.attribute, header.setting) == ("EM / F1", "KQuAD")


def test_links_under_one_word_name_no_model():
    text = """# KoalaWords
## Models

| method | epochs | top-1 | url | args |
|---|---|---|---|---|
| KoalaWords | 800 | 75.1 | [model](https://x.org/a.pth) | [script](./a.sh) |
| KoalaWords | 400 | 74.2 | [model](https://x.org/b.pth) | [script](./b.sh) |
| KoalaWords | 100 | 70.3 | [model](https://x.org/c.pth) | - |
"""
    assert claims(text) == [("KoalaWords", "top-1", 75.1), ("KoalaWords", "top-1", 74.2), ("KoalaWords", "top-1", 70.3)]
