"""HRNet against lists of names and shapes written here from the official configurations."""

from __future__ import annotations

import pytest
from state_shapes import batch_norm, conv, file_of

from auditor.architectures.inspection import inspect_checkpoint, prove_and_cost


def convs(path, inputs, outputs, kernel, conv_name="0", norm_name="1"):
    return conv(f"{path}.{conv_name}", outputs, inputs, kernel, bias=False) | batch_norm(f"{path}.{norm_name}", outputs)


def fuse(path, widths, rows):
    shapes = {}
    for i in range(rows):
        for j in range(len(widths)):
            at = f"{path}.{i}.{j}"
            if j > i:
                shapes |= convs(at, widths[j], widths[i], 1)
            for k in range(i - j):
                shapes |= convs(f"{at}.{k}", widths[j], widths[i] if k == i - j - 1 else widths[j], 3)
    return shapes


def pose_hrnet(width, joints=17, modules=(1, 4, 3)):
    widths = [width << i for i in range(4)]
    shapes = conv("conv1", 64, 3, 3, bias=False) | batch_norm("bn1", 64) | conv("conv2", 64, 64, 3, bias=False) | batch_norm("bn2", 64)
    for block in range(4):
        path = f"layer1.{block}"
        for n, (inputs, outputs, kernel) in enumerate(((256 if block else 64, 64, 1), (64, 64, 3), (64, 256, 1)), 1):
            shapes |= convs(path, inputs, outputs, kernel, f"conv{n}", f"bn{n}")
        shapes |= {} if block else convs(f"{path}.downsample", 64, 256, 1)
    shapes |= convs("transition1.0", 256, widths[0], 3) | convs("transition1.1.0", 256, widths[1], 3)
    shapes |= convs("transition2.2.0", widths[1], widths[2], 3) | convs("transition3.3.0", widths[2], widths[3], 3)
    for stage, count in zip((2, 3, 4), modules, strict=True):
        for module in range(count):
            path = f"stage{stage}.{module}"
            for branch in range(stage):
                for block in range(4):
                    for n in (1, 2):
                        at = f"{path}.branches.{branch}.{block}"
                        shapes |= convs(at, widths[branch], widths[branch], 3, f"conv{n}", f"bn{n}")
            rows = 1 if (stage, module) == (4, count - 1) else stage
            shapes |= fuse(f"{path}.fuse_layers", widths[:stage], rows)
    return shapes | conv("final_layer", joints, width, 1)


@pytest.mark.parametrize(("width", "count", "macs"), [(32, 28_536_113, 7.64e9), (48, 63_595_745, 15.7e9)])
def test_pose_networks_have_their_counts_and_costs(width, count, macs):
    file = file_of(pose_hrnet(width))
    parameters, architecture, _ = inspect_checkpoint(file)
    assert (architecture.family, architecture.name, architecture.explained) == ("hrnet", f"hrnet_w{width}", 1.0)
    assert architecture.dims == (width, 2 * width, 4 * width, 8 * width)
    assert (architecture.head.kind, architecture.head.outputs) == ("convolution", (17,))
    assert parameters.learnable == count
    explained, cost = prove_and_cost(file, architecture, (256, 192))
    assert explained == 1.0
    assert cost.macs == pytest.approx(macs, rel=0.01)


def test_the_head_may_stand_beside_the_backbone():
    shapes = {("keypoint_head." if name.startswith("final") else "backbone.") + name: shape for name, shape in pose_hrnet(32).items()}
    architecture = inspect_checkpoint(file_of(shapes))[1]
    assert (architecture.name, architecture.explained) == ("hrnet_w32", 1.0)
    assert architecture.head.final_layers == ("keypoint_head.final_layer",)


def test_segmentation_is_read_and_not_costed():
    shapes = {name: shape for name, shape in pose_hrnet(18).items() if not name.startswith("final")}
    shapes |= fuse("stage4.2.fuse_layers", [18, 36, 72, 144], 4)
    shapes |= conv("last_layer.0", 270, 270, 1) | batch_norm("last_layer.1", 270) | conv("last_layer.3", 19, 270, 1)
    architecture = inspect_checkpoint(file_of(shapes))[1]
    assert (architecture.name, architecture.explained) == ("hrnet_w18", 1.0)
    assert (architecture.head.kind, architecture.head.outputs) == ("segmentation", (19,))
    assert prove_and_cost(file_of(shapes), architecture, (512, 1024)) == (1.0, None)


def test_other_numbers_of_modules_have_no_name():
    architecture = inspect_checkpoint(file_of(pose_hrnet(32, modules=(1, 2, 1))))[1]
    assert (architecture.name, architecture.depths, architecture.explained) == (None, (4, 1, 2, 1), 1.0)


def test_three_stages_are_no_hrnet():
    shapes = {name: shape for name, shape in pose_hrnet(32).items() if not name.startswith("stage4")}
    assert inspect_checkpoint(file_of(shapes))[1].family == "unknown"
