"""Results in printed output that a document shows."""

from __future__ import annotations

import time

import pytest

from auditor.claims.console import printed_results

LOG = """$ python test.py --gpu 4-7 --stage second --test_epoch 17
>>> Using GPU: 4,5,6,7
08-10 00:26:16 Load checkpoint from ../output/model_dump/snapshot_17.pth.tar
Done (t=4.91s)
100%|##########|
MPJPE from fine mesh: 55.83 mm
PA MPJPE from fine mesh: 41.10 mm"""


def results(text: str, announced: bool = False) -> list[tuple[str, str]]:
    for found in printed_results(text, announced):
        assert text[found.start :].startswith(found.printed)
    return [(found.attribute, found.printed) for found in printed_results(text, announced)]


def test_the_output_of_a_test_is_read_below_its_command():
    assert results(LOG) == [("MPJPE", "55.83 mm"), ("PA MPJPE", "41.10 mm")]


def test_announced_output_may_hold_several_results_in_a_line():
    text = "# TRAIN.PRETRAINED = 'data/heron.pth.tar'\n...Evaluating on the test set...\nMPJPE: 93.5881, PA-MPJPE: 56.5608, PVE: 113.4118, ACCEL_ERR: 27.9"
    expected = [("MPJPE", "93.5881"), ("PA-MPJPE", "56.5608"), ("PVE", "113.4118"), ("ACCEL_ERR", "27.9")]
    assert results(text, announced=True) == expected
    assert results(text) == []


@pytest.mark.parametrize(
    "text",
    [
        LOG.replace("test.py", "train.py"),
        "python demo.py --image a.png\nscore: 0.93",
        "Epoch 1/10\nacc: 77.25",
        "import heron\nmodel = heron.load()\nmiou: 51.25",
        "dropout: 0.5\nscore: 1.0",
        "python eval.py\nthe mIoU of others is 40.1, of ours 41.25",
    ],
)
def test_training_code_and_configuration_are_no_results(text: str):
    assert results(text, announced=True) == []


def test_a_name_that_comes_again_and_again_tells_progress():
    assert results("python eval.py\n" + "\n".join(f"mIoU: {n}.25" for n in range(20, 40))) == []


@pytest.mark.parametrize("line", [" " * 3000, "A=" * 1500, "1:" * 1500, "a " * 1500, "[" * 3000, "mAP (" * 600, "-- " * 1000])
def test_hostile_lines_cost_no_time(line: str):
    start = time.process_time()
    for announced in (True, False):
        list(printed_results(f"$ python test.py\n{line}\n{line[:299]}", announced))
        list(printed_results(f"{line}\n{line[:299]}", announced))
    assert time.process_time() - start < 1.0
