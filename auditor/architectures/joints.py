"""How many joints a volumetric head has, where a repository's config and one of its checkpoints tell together."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.facts import Architecture

JOINT_HEADS = ("depthwise_separable", "deconvolution")


def implied_joints(
    architectures: Iterable[Architecture], depths: tuple[int, ...], dims: tuple[int, ...], depth_bins: int | None
) -> int | None:
    """Return the number of joints that the config's own variant has, or None where nothing or more than one thing follows.

    The config's depth bins hold for the network whose depths and dims it states and for no other: among the checkpoints, those of
    that structure have `joints x depth_bins` outputs. The joints are the dataset's, so they hold for the other variants too.
    """
    if not depth_bins or depth_bins < 1:
        return None
    outputs = {
        architecture.head.outputs[0]
        for architecture in architectures
        if (architecture.depths, architecture.dims) == (depths, dims)
        and architecture.head is not None
        and architecture.head.kind in JOINT_HEADS
        and len(architecture.head.outputs) == 1
    }
    if len(outputs) != 1:
        return None
    joints, remainder = divmod(outputs.pop(), depth_bins)
    return joints if not remainder and joints > 0 else None
