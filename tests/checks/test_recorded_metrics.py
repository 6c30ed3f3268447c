"""What a checkpoint records of its training, held against what is claimed: support or a doubt of low confidence, never a charge."""

from __future__ import annotations

import pytest
import torch
from making_facts import claim
from making_values import convolutions, folder

from auditor.checks.recorded_metrics import RecordedMetrics, TrainingState, metric_key
from auditor.facts import Facts
from auditor.findings import Confidence, Outcome, Severity
from auditor.kit import CHECKS
from auditor.verdict import judge

STATE = convolutions().state_dict()


def seen(entries: dict, *claims) -> Facts:
    return folder({"M.pth": {"state_dict": STATE, **entries}}, claims, full=False)


def accuracy(printed: str, value: float, attribute: str = "Top-1 Acc", unit: str | None = None, **more):
    return claim("Ours-M", attribute, value, unit, printed, **more)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("best_acc1", "accuracy"),
        ("max_accuracy", "accuracy"),
        ("best_prec1", "accuracy"),
        ("Top-1 Acc", "accuracy"),
        ("acc@1 (%)", "accuracy"),
        ("top-1 (%)", "accuracy"),
        ("Acc@5", "top-5 accuracy"),
        ("best_top5", "top-5 accuracy"),
        ("meta.best_mIoU", "mIoU"),
        ("val/mIoU", "mIoU"),
        ("best_mpjpe", "MPJPE"),
        ("PA-MPJPE", "PA-MPJPE"),
        ("p_mpjpe", "PA-MPJPE"),
        ("best_psnr", "PSNR"),
        ("AP50", "AP50"),
        ("loss", ""),
        ("best_loss", ""),
        ("best", ""),
        ("params", ""),
        ("acc_head", ""),
        ("inference speed", ""),
        ("", ""),
    ],
)
def test_names_of_metrics_are_matched_conservatively(name, key):
    assert metric_key(name) == key


@pytest.mark.parametrize(
    ("recorded", "printed", "value", "outcome"),
    [
        (81.34, "81.3", 81.3, Outcome.HOLDS),
        (81.34, "81.34%", 81.34, Outcome.HOLDS),
        (0.81338, "81.3", 81.3, Outcome.HOLDS),
        (81.34, "0.813", 0.813, Outcome.HOLDS),
        (81.39, "81.3", 81.3, Outcome.HOLDS),  # cut off
        (79.9, "81.3", 81.3, Outcome.FAILS),
        (0.5, "81.3", 81.3, Outcome.FAILS),
    ],
)
def test_numbers_are_held_at_their_printed_precision(recorded, printed, value, outcome):
    (found,) = RecordedMetrics().check(seen({"best_acc": recorded}, accuracy(printed, value)))
    assert found.outcome is outcome
    assert found.confidence is Confidence.LOW
    assert found.severity is (Severity.INFO if outcome is Outcome.HOLDS else Severity.LOW)
    assert [piece.locator for piece in found.evidence] == ["assets/t.png#xywh=1,2,3,4", "data.pkl!best_acc"]
    assert found.evidence[1].quote == f"best_acc: {recorded}"


def test_a_fraction_means_nothing_to_millimeters():
    claims = [claim("Ours-M", "MPJPE", 51.05, "mm", "51.05")]
    (far,) = RecordedMetrics().check(seen({"best_mpjpe": 0.5105}, *claims))
    assert far.outcome is Outcome.FAILS
    (near,) = RecordedMetrics().check(seen({"best_mpjpe": 51.0498}, *claims))
    assert near.outcome is Outcome.HOLDS


def test_several_settings_or_several_records_leave_a_difference_open():
    claims = [accuracy("81.3", 81.3, setting="ImageNet"), accuracy("91.0", 91.0, setting="CIFAR")]
    (agrees,) = RecordedMetrics().check(seen({"best_acc": 90.98}, *claims))
    assert agrees.outcome is Outcome.HOLDS
    assert agrees.expected == "Top-1 Acc 91.0 (CIFAR)"
    (differs,) = RecordedMetrics().check(seen({"best_acc": 70.0}, *claims))
    assert differs.outcome is Outcome.UNKNOWN
    (records,) = RecordedMetrics().check(seen({"best_acc": 70.0, "acc": 60.0}, claims[0]))
    assert records.outcome is Outcome.UNKNOWN


def test_what_cannot_be_compared_is_not():
    assert RecordedMetrics().check(seen({"best_loss": 0.3}, accuracy("81.3", 81.3))) == ()
    assert RecordedMetrics().check(seen({"best_acc": 0.3}, claim("Ours-M", "MPJPE", 51.0, "mm", "51.0"))) == ()
    assert RecordedMetrics().check(seen({"best_acc": 0.3}, accuracy("81.3", 81.3, rank="secondary"))) == ()
    assert RecordedMetrics().check(seen({"best_acc": 0.3}, claim("Ours-L", "acc", 81.3, None, "81.3"))) == ()


def test_training_state_and_epochs():
    optimizer = {
        "state": {0: {"exp_avg": torch.zeros(9), "exp_avg_sq": torch.zeros(9)}},
        "param_groups": [{"params": [0], "betas": (0.9, 0.9)}],
    }
    epochs = claim("(unnamed)", "epochs", 70, None, "70", origin="code", locator="main/config.py#L46")
    (last,) = TrainingState().check(seen({"epoch": 69, "optimizer": optimizer}, epochs))
    assert (last.outcome, last.severity) == (Outcome.HOLDS, Severity.INFO)
    assert "epoch 69" in last.title
    assert "Adam" in last.title
    assert last.expected == "70 epochs configured"
    assert "main/config.py#L46" in [piece.locator for piece in last.evidence]
    (early,) = TrainingState().check(seen({"epoch": 18}, epochs))
    assert (early.outcome, early.severity) == (Outcome.UNKNOWN, Severity.INFO)
    (steps,) = TrainingState().check(seen({"global_step": 120_000}, epochs))
    assert steps.outcome is Outcome.HOLDS
    assert "step" in steps.title
    (alone,) = TrainingState().check(seen({"epoch": 18}))
    assert alone.outcome is Outcome.HOLDS
    assert TrainingState().check(seen({})) == ()


def test_no_verdict_changes_by_what_a_file_records():
    claims = (accuracy("81.3", 81.3), claim("Ours-M"))

    def verdicts(entries: dict):
        return [(v.name, v.verdict) for v in judge([f for check in CHECKS for f in check.check(seen(entries, *claims))])]

    assert verdicts({"best_acc": 12.0, "epoch": 3}) == verdicts({})
