from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.claims.headers import header_of, metrics_in, setting_of
from auditor.claims.vocabulary import Kind


@pytest.mark.parametrize(
    "text", ["#params", "Params (M)", "Param", "Par. M", "#Param.(M)", "Parameters", "参数量", "#Params", "No. of params", "Params(M)"]
)
def test_parameter_counts_are_recognized(text):
    assert header_of(text).kind is Kind.PARAMS
    assert header_of(text).attribute == "params"


@pytest.mark.parametrize(
    ("text", "unit"),
    [("FLOPs (G)", "G"), ("GFLOPS", "G"), ("#MACs*", None), ("FLOPs", None), ("GMACs", "G"), ("BFLOPs", "G"), ("MFLOPs", "M")],
)
def test_costs_are_recognized_with_their_scale(text, unit):
    header = header_of(text)
    assert (header.kind, header.attribute, header.unit) == (Kind.GFLOPS, "gflops", unit)


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ("acc@1", "acc@1"),
        ("Top1 Acc", "Top1 Acc"),
        ("box AP", "box AP"),
        ("AP (M)", "AP (M)"),
        ("Ap .5", "Ap .5"),
        ("PA MPJPE", "PA MPJPE"),
        ("MPJPE ↓", "MPJPE"),
        ("mAP val 0.5:0.95", "mAP val 0.5:0.95"),
        ("inf_time", "inf_time"),
        ("FPS", "FPS"),
        ("TUM δ1", "δ1"),
        ("Sintel AbsRel", "AbsRel"),
        ("mloU", "mIoU"),
        ("Head", "Head"),
        ("Mean@0.1", "Mean@0.1"),
        ("平均", "平均"),
    ],
)
def test_metrics_keep_their_printed_name(text, attribute):
    assert header_of(text).kind is Kind.METRIC
    assert header_of(text).attribute == attribute


@pytest.mark.parametrize("text", ["download", "config", "log", "url", "#", "", "year", "weights", "lr", "batch size", "下载", "epoch_log"])
def test_columns_that_claim_nothing_are_left_out(text):
    assert header_of(text).kind in (Kind.IGNORED, Kind.UNKNOWN)


@pytest.mark.parametrize("text", ["resolution", "Input size", "Lr schd", "Pretrain", "Epochs", "Test Size", "Receptive Field"])
def test_columns_that_tell_settings_apart_are_settings(text):
    assert header_of(text).kind is Kind.SETTING


def test_a_metric_of_medium_objects_is_not_in_meters():
    assert header_of("AP (M)").unit is None
    assert header_of("Speed V100 (ms)").unit == "ms"


def test_metrics_named_by_a_caption_are_found_in_order():
    assert metrics_in("评测指标为：EM / F1") == ("EM", "F1")
    assert metrics_in("Evaluation metric is PA-MPJPE in mm.") == ("PA-MPJPE",)
    assert metrics_in("The average speed is given.") == ()


def test_settings_are_told_in_the_words_of_the_text():
    assert setting_of("Comparison with Protocol 1 on Human3.6M.") == "Protocol 1 Human3.6M"
    assert setting_of("ADE20K val, 512x512") == "ADE20K val 512x512"


@given(st.text(max_size=200))
def test_any_header_is_understood_without_an_exception(text):
    assert header_of(text).kind in Kind
    metrics_in(text)
    setting_of(text)
