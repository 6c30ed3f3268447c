"""Networks put together from a backbone and a head: for tests, for the demo's replica, for estimates of what is missing."""

from __future__ import annotations

from auditor.architectures.blueprint import BatchNorm, Conv2d, ConvTranspose2d, Linear, Sequence
from auditor.architectures.convnext_blueprint import ConvNeXtPlan, convnext_blueprint
from auditor.architectures.network import HeadPlan, Network
from auditor.architectures.resnet_blueprint import TORCHVISION, ResNetSpelling, plan_resnet, resnet_blueprint
from auditor.facts import Head


def separable_head(prefix: str, inputs: int, widths: tuple[int, ...], outputs: int, kernel: int = 3) -> HeadPlan:
    """Return blocks `deconv_layers_N` (depthwise convolution, batch norm, 1x1 convolution) and a `final_layer`."""
    blocks = []
    before = inputs
    for number, width in enumerate(widths, 1):
        path = f"{prefix}deconv_layers_{number}"
        depthwise = Conv2d(f"{path}.dwconv", before, before, kernel, padding=kernel // 2, groups=before)
        blocks.append(Sequence((depthwise, BatchNorm(f"{path}.norm", before), Conv2d(f"{path}.pwconv", before, width, 1))))
        before = width
    final = Conv2d(f"{prefix}final_layer", before, outputs, 1)
    head = Head("depthwise_separable", (kernel,) * len(widths), widths, (outputs,), (final.name,))
    return HeadPlan(head, tuple(blocks), (final,), open_upsampling=True)


def deconvolution_head(
    prefix: str, inputs: int, widths: tuple[int, ...], finals: tuple[Conv2d, ...], pooled: tuple[Conv2d, ...] = ()
) -> HeadPlan:
    """Return 4x4 transposed convolutions `deconv_layers.0`, `.3`, `.6` with batch norms between, and the final layers given."""
    blocks = []
    before = inputs
    for number, width in enumerate(widths):
        path = f"{prefix}deconv_layers."
        blocks.append(Sequence((ConvTranspose2d(f"{path}{3 * number}", before, width, 4), BatchNorm(f"{path}{3 * number + 1}", width))))
        before = width
    layers = (*finals, *pooled)
    outputs, names = tuple(layer.outputs for layer in layers), tuple(layer.name for layer in layers)
    head = Head("rootnet" if pooled else "deconvolution", (4,) * len(widths), widths, outputs, names)
    return HeadPlan(head, tuple(blocks), finals, pooled)


def classifier_head(name: str, inputs: int, classes: int) -> HeadPlan:
    """Return one linear layer on globally pooled features."""
    return HeadPlan(Head("linear", (), (), (classes,), (name,)), pooled=(Linear(name, inputs, classes),))


def blueprint_convnext_pose(depths: tuple[int, ...], dims: tuple[int, ...], head_channels: int, outputs: int) -> Network:
    """Return a ConvNeXt of batch norms and 1x1 convolutions, without layer scale, with three separable blocks and a final layer."""
    plan = ConvNeXtPlan(depths, dims, prefix="backbone.", norm="batch", pointwise="conv", layer_scale=None)
    return Network(convnext_blueprint(plan), separable_head("head.", dims[-1], (head_channels,) * 3, outputs))


def blueprint_resnet_root(depths: tuple[int, ...] = (3, 4, 6, 3), bottleneck: bool = True, head_prefix: str = "root.") -> Network:
    """Return a ResNet with three deconvolutions of 256 channels, `xy_layer` on them and `depth_layer` on pooled features."""
    plan = plan_resnet(depths, bottleneck, prefix="backbone.")
    xy = Conv2d(f"{head_prefix}xy_layer", 256, 1, 1)
    depth = Conv2d(f"{head_prefix}depth_layer", plan.dims[-1], 1, 1)
    return Network(resnet_blueprint(plan), deconvolution_head(head_prefix, plan.dims[-1], (256,) * 3, (xy,), (depth,)))


def blueprint_resnet_classifier(
    depths: tuple[int, ...], bottleneck: bool, spelling: ResNetSpelling = TORCHVISION, classes: int = 1000
) -> Network:
    """Return a ResNet that classifies pictures."""
    plan = plan_resnet(depths, bottleneck, spelling)
    return Network(resnet_blueprint(plan), classifier_head("fc", plan.dims[-1], classes))
