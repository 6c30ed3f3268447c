from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.checks.names import display_name, file_key, project_words, variant_key

PROJECT = project_words("medialab-ku/ConvNeXtPose")


@pytest.mark.parametrize("name", ["Ours-M", "ConvNeXtPose-M", "ConvNeXtPose (Medium)", "ours (M)", "M", "ConvNeXtPoseM"])
def test_one_variant_by_many_names(name):
    assert variant_key(name, PROJECT) == ("m",)


@pytest.mark.parametrize("path", ["ConvNeXtPose_M.tar", "weights/M/best.pth.tar", "convnextpose-m-snapshot_83.pth", "M.zip"])
def test_files_of_one_variant(path):
    assert file_key(path, PROJECT) == ("m",)


def test_counts_of_snapshots_name_no_variant():
    assert file_key("snapshot_18.pth.tar", PROJECT) == ()


def test_numbers_of_networks_do():
    assert file_key("pose_resnet_50.pth", PROJECT) != file_key("pose_resnet_101.pth", PROJECT)


def test_other_datasets_stay_apart():
    assert variant_key("M-mpii", PROJECT) != variant_key("M", PROJECT)


def test_display_keeps_the_folder_that_says_more():
    assert display_name("weights/XS/best.pth", PROJECT) == "XS/best"
    assert display_name("ConvNeXtPose_XS.tar", PROJECT) == "ConvNeXtPose_XS"


@given(st.text(max_size=60))
def test_any_name_has_a_key(name):
    assert isinstance(variant_key(name, PROJECT), tuple)
    assert isinstance(file_key(name, PROJECT), tuple)
    assert isinstance(display_name(name, PROJECT), str)
