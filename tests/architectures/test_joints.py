"""Joints out of a config and the checkpoint of the variant that it describes."""

from __future__ import annotations

import pytest

from auditor.architectures.joints import implied_joints
from auditor.facts import Architecture, Head

ATTO = ((2, 2, 6, 2), (40, 80, 160, 320))
FEMTO = ((3, 3, 9, 3), (48, 96, 192, 384))


def pose(structure, *outputs, kind="depthwise_separable"):
    return Architecture("convnext", None, *structure, head=Head(kind, outputs=outputs))


@pytest.mark.parametrize(
    ("architectures", "bins", "joints"),
    [
        ([pose(ATTO, 576), pose(FEMTO, 1152)], 32, 18),  # the other variant's outputs say nothing
        ([pose(ATTO, 576, kind="deconvolution")], 64, 9),
        ([pose(FEMTO, 1152)], 32, None),
        ([pose(ATTO, 576), pose(ATTO, 1152)], 32, None),
        ([pose(ATTO, 576)], 7, None),
        ([pose(ATTO, 576)], 0, None),
        ([pose(ATTO, 576)], -32, None),
        ([pose(ATTO, 576)], None, None),
        ([pose(ATTO, 1, 1, kind="rootnet")], 1, None),
        ([pose(ATTO, 1000, kind="linear")], 10, None),
        ([pose(ATTO, 16)], 32, None),
        ([Architecture("convnext", None, *ATTO)], 32, None),
        ([], 32, None),
    ],
)
def test_implied_joints(architectures, bins, joints):
    assert implied_joints(architectures, *ATTO, bins) == joints
