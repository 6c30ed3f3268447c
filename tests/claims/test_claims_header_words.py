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


@pytest.mark.parametrize("text", ["Truck@R11", "Rider@0.5", "Time (ms)", "Infer(ms)", "Inference time (s)", "V100 (ms)", "GPU (fps)"])
def test_a_time_with_its_unit_is_a_metric(text):
    assert header_of(text).kind is Kind.METRIC


@pytest.mark.parametrize("text", ["Time (h)", "Train time (s)", "Frame shift (ms)", "Window (ms)"])
def test_what_training_took_or_a_window_is_none(text):
    assert header_of(text).kind is not Kind.METRIC


def test_devices_beside_a_time_measure_it_too():
    text = """# KoalaWords
## Models

| Model | Params | Latency on V100 (ms) | A100 | RTX4090 (half) | Year |
|---|---|---|---|---|---|
| KoalaWords-S | 24.8M | 12 | 8 | 3 | 2020 |
"""
    assert claims(text) == [
        ("KoalaWords-S", "params", 24.8),
        ("KoalaWords-S", "Latency on V100 (ms)", 12),
        ("KoalaWords-S", "Latency (ms)", 8),
        ("KoalaWords-S", "Latency (ms)", 3),
    ]


def test_one_name_under_model_with_different_weights_stays_a_name():
    text = """# KoalaWords
## Models

| KoalaWords Model | Image Resolution | FID-50K |
|---|---|---|
| [XL/2](https://x.org/a.pt) | 256x256 | 2.71 |
| [XL/2](https://x.org/b.pt) | 512x512 | 3.14 |
"""
    assert claims(text) == [("XL/2", "FID-50K", 2.71), ("XL/2", "FID-50K", 3.14)]


def test_parts_of_a_set_are_no_models():
    text = """# KoalaWords
## Odometry

| Metric | Seq. 09 | Seq. 10 |
|---|---|---|
| t_err (%) | 7.31 | 7.79 |
| r_err (deg) | 3.05 | 4.90 |
"""
    assert claims(text) == [
        ("KoalaWords", "t_err (%)", 7.31),
        ("KoalaWords", "r_err (deg)", 3.05),
        ("KoalaWords", "t_err (%)", 7.79),
        ("KoalaWords", "r_err (deg)", 4.9),
    ]


def test_a_size_in_parentheses_between_set_and_metric_is_no_part_of_it():
    header = header_of("Sintel clean (436x1024) AEPE")
    assert (header.attribute, header.setting) == ("AEPE", "Sintel clean 436x1024")
    assert header_of("ImageNet (top-1) acc").attribute == "(top-1) acc"


def test_links_over_a_table_without_names_name_its_model():
    text = """# KoalaWords
## Pretrained models

[KW-SE50 @ Baidu](https://pan.baidu.com/s/1AbcDef), [KW-SE50 @ Drive](https://drive.google.com/file/d/1AbcDefGhiJklMno/view)

| LFW(%) | AgeDB(%) |
|---|---|
| 0.9952 | 0.9622 |

[Download](https://drive.google.com/file/d/1XbcDefGhiJklMno/view)

| LFW(%) | AgeDB(%) |
|---|---|
| 0.9812 | 0.9511 |
"""
    assert claims(text) == [
        ("KW-SE50", "LFW(%)", 0.9952),
        ("KW-SE50", "AgeDB(%)", 0.9622),
        ("KoalaWords", "LFW(%)", 0.9812),
        ("KoalaWords", "AgeDB(%)", 0.9511),
    ]


def test_rows_of_one_model_are_told_by_what_it_was_trained_on():
    text = """# KoalaWords
## Performance on Marsupials

| Style | easy | hard |
|---|---|---|
| Torch (original size) | 95.48% | 84.43% |
| Other framework | 94.97% | 82.27% |
"""
    assert claims(text) == [
        ("KoalaWords Torch (original size)", "easy", 95.48),
        ("KoalaWords Torch (original size)", "hard", 84.43),
        ("KoalaWords Other framework", "easy", 94.97),
        ("KoalaWords Other framework", "hard", 82.27),
    ]


def test_an_evaluation_needs_no_metrics_name():
    text = """# KoalaWords
## Evaluations on the Bush benchmark

| Models | Non-Occluded | All Area |
|---|---|---|
| EmuNet | 2.61 | 2.87 |
| KoalaWords-deep | 1.63 | 1.81 |
"""
    assert claims(text) == [("KoalaWords-deep", "Non-Occluded", 1.63), ("KoalaWords-deep", "All Area", 1.81)]
