"""A checkpoint held against a claimed network: the mismatches that torch would print if it were loaded there.

The claimed network is built in the checkpoint's own spelling, with its kind of norm and the head that follows its backbone, so
that only what is claimed otherwise shows. What had to be assumed for that is said in `notes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from auditor.architectures.blueprint import (
    BatchNorm,
    Conv2d,
    ConvTranspose2d,
    GroupNorm,
    LayerNorm,
    Leaf,
    Linear,
    Node,
    Sequence,
    leaves,
    tensors_of,
)
from auditor.architectures.convnext_blueprint import CONVNEXT_SPELLINGS, ConvNeXtPlan, convnext_blueprint
from auditor.architectures.convnext_reading import read_convnext
from auditor.architectures.fit import compare
from auditor.architectures.heads import plan_head
from auditor.architectures.network import HeadPlan
from auditor.architectures.resnet_blueprint import RESNET_SPELLINGS, ResNetPlan, plan_resnet, resnet_blueprint
from auditor.architectures.resnet_reading import read_resnet
from auditor.architectures.search import find
from auditor.architectures.shapes import Shapes
from auditor.errors import UsageError
from auditor.explaining.spec import HELP, Spec, read_spec
from auditor.explaining.torch_messages import messages
from auditor.facts import Checkpoint, Tensor

CLASS_NAMES = {"convnext": "ConvNeXt", "convnextv2": "ConvNeXtV2", "resnet": "ResNet"}


@dataclass(frozen=True, slots=True)
class Held:
    """The outcome of holding a checkpoint against a claimed network."""

    spec: Spec
    family: str
    depths: tuple[int, ...]
    dims: tuple[int, ...]
    lines: tuple[str, ...]  # torch's message line by line, () where everything fits
    notes: tuple[str, ...]  # what was assumed


@dataclass(frozen=True, slots=True)
class _Claimed:
    """The claimed network, before the checkpoint's own head is put on it."""

    family: str
    depths: tuple[int, ...]
    dims: tuple[int, ...]
    backbone: Node
    own: Node | None  # the checkpoint's backbone, where it is of the same family
    own_channels: int
    roots: tuple[str, ...]
    notes: tuple[str, ...]


def against(spec: str | Spec, checkpoint: Checkpoint) -> tuple[str, ...]:
    """Return the lines that torch's `load_state_dict` would print for the checkpoint and the claimed network, () for none.

    Raises `UsageError` for a SPEC that names no network, or whose family nothing tells.
    """
    return hold_against(spec, checkpoint).lines


def hold_against(spec: str | Spec, checkpoint: Checkpoint) -> Held:
    """Return the same with what was built and assumed."""
    asked = read_spec(spec) if isinstance(spec, str) else spec
    tensors = checkpoint.tensors
    claimed = _claimed(asked, tensors)
    expected, passed_over, notes = _with_head(asked, claimed, tensors)
    held = tuple(tensor for tensor in tensors if tensor.name not in passed_over)
    prefix = checkpoint.prefix
    name = "DataParallel" if prefix.startswith("module.") else CLASS_NAMES[claimed.family]
    lines = messages(_renamed(expected, prefix), _renamed(held, prefix), name)
    return Held(asked, claimed.family, claimed.depths, claimed.dims, lines, (*claimed.notes, *notes))


def _renamed(tensors: tuple[Tensor, ...], prefix: str) -> tuple[Tensor, ...]:
    return tuple(replace(tensor, name=prefix + tensor.name) for tensor in tensors) if prefix else tensors


def _claimed(spec: Spec, tensors: tuple[Tensor, ...]) -> _Claimed:
    """Return the claimed backbone in the checkpoint's spelling."""
    convnext = _own_convnext(tensors) if spec.family != "resnet" else None
    resnet = _own_resnet(tensors) if spec.family in ("", "resnet") and convnext is None else None
    if spec.family.startswith("convnext") or convnext is not None:
        return _claimed_convnext(spec, convnext)
    if spec.family == "resnet" or resnet is not None:
        return _claimed_resnet(spec, resnet)
    raise UsageError(
        f"cannot tell which family {spec.text[:80]!r} speaks of", "the checkpoint is no ConvNeXt and no ResNet that is known", HELP
    )


def _own_convnext(tensors: tuple[Tensor, ...]) -> ConvNeXtPlan | None:
    shapes = Shapes(tensors)
    plans = [
        plan
        for spelling in CONVNEXT_SPELLINGS
        for prefix in shapes.prefixes(spelling.anchor)
        if (plan := read_convnext(shapes, spelling, prefix)) is not None
    ]
    found = find(tensors, plans, convnext_blueprint)
    return found.plan if found else None


def _own_resnet(tensors: tuple[Tensor, ...]) -> ResNetPlan | None:
    shapes = Shapes(tensors)
    plans = [
        plan
        for spelling in RESNET_SPELLINGS
        for prefix in shapes.prefixes(spelling.anchor)
        if (plan := read_resnet(shapes, spelling, prefix)) is not None
    ]
    found = find(tensors, plans, resnet_blueprint)
    return found.plan if found else None


def _sizes(spec: Spec, own: ConvNeXtPlan | ResNetPlan | None) -> tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]:
    """Return depths and dims, the checkpoint's own where the claim says nothing of them."""
    notes = []
    depths, dims = spec.depths, spec.dims
    if depths is None or dims is None:
        if own is None:
            raise UsageError(
                f"{spec.text[:80]!r} gives no whole network", "the checkpoint is of another family: both depths and dims are needed", HELP
            )
        notes += [
            f"{word} as in the checkpoint: the claim does not give them" for word, n in (("depths", depths), ("dims", dims)) if n is None
        ]
        depths, dims = depths or own.depths, dims or own.dims
        if len(depths) != len(dims):
            raise UsageError(f"cannot use {spec.text[:80]!r}", f"the checkpoint has {len(own.depths)} stages", HELP)
    return depths, dims, tuple(notes)


def _claimed_convnext(spec: Spec, own: ConvNeXtPlan | None) -> _Claimed:
    depths, dims, notes = _sizes(spec, own)
    plan = own or ConvNeXtPlan(depths, dims)
    if own is None:
        notes = (*notes, "the checkpoint is no ConvNeXt: names are those of the official repository, without a head")
    if spec.first_layer is not None:
        plan = replace(plan, in_channels=spec.first_layer[1], patch=spec.first_layer[2])
        if spec.dims is None:
            dims = (spec.first_layer[0], *dims[1:])
    second = spec.family == "convnextv2"
    if second and plan.grn is None:
        plan = replace(plan, grn=(1, 1, 1, -1), layer_scale=None)
    elif spec.family == "convnext" and plan.grn is not None:
        plan = replace(plan, grn=None, layer_scale=(-1,))
    family = spec.family or ("convnextv2" if plan.grn is not None else "convnext")
    built = convnext_blueprint(replace(plan, depths=depths, dims=dims, stage_norms=tuple(s for s in plan.stage_norms if s < len(dims))))
    return _Claimed(
        family, depths, dims, built, convnext_blueprint(own) if own else None, own.dims[-1] if own else 0, own.roots if own else (), notes
    )


def _claimed_resnet(spec: Spec, own: ResNetPlan | None) -> _Claimed:
    bottleneck = spec.bottleneck if spec.bottleneck is not None else own.bottleneck if own else True
    if spec.dims is None and (own is None or own.bottleneck != bottleneck):
        spec = replace(spec, dims=plan_resnet((1,) * 4, bottleneck).dims)
    depths, dims, notes = _sizes(spec, own)
    if len(depths) != 4 or any(size % (4 if bottleneck else 1) for size in dims):
        raise UsageError(f"cannot use {spec.text[:80]!r}", "a resnet has four stages, and a bottleneck widens four times", HELP)
    if own is None:
        notes = (*notes, "the checkpoint is no ResNet: names are torchvision's, without a head")
    width, groups = spec.width_and_groups or ((dims[0] // 4 if bottleneck else dims[0]), 1)
    plan = own or plan_resnet(depths, bottleneck)
    stem = (spec.first_layer[1], spec.first_layer[2]) if spec.first_layer else (plan.in_channels, plan.stem_kernel)
    built = replace(
        plan,
        depths=depths,
        dims=dims,
        bottleneck=bottleneck,
        widths=tuple(width << stage for stage in range(4)) if bottleneck else dims,
        groups=(groups,) * 4,
        projected=(bottleneck or dims[0] != plan.stem_widths[-1], True, True, True),
        in_channels=stem[0],
        stem_kernel=stem[1],
    )
    return _Claimed(
        "resnet",
        depths,
        dims,
        resnet_blueprint(built),
        resnet_blueprint(own) if own else None,
        own.dims[-1] if own else 0,
        own.roots if own else (),
        notes,
    )


# --------------------------------------------------------------------------------------------------------------- head


def _with_head(spec: Spec, claimed: _Claimed, tensors: tuple[Tensor, ...]) -> tuple[tuple[Tensor, ...], frozenset[str], tuple[str, ...]]:
    """Return the claimed network's tensors with the checkpoint's own head on it, names to leave out of account, and what was assumed."""
    backbone = tensors_of(claimed.backbone)
    if claimed.own is None:
        return backbone, frozenset(), ()
    fit = compare(tensors_of(claimed.own), tensors)
    placed = {*fit.matched, *fit.mismatched}
    rest = tuple(tensor for tensor in tensors if tensor.name not in placed and not tensor.name.startswith(claimed.roots))
    plan = plan_head(rest, claimed.own_channels)
    head = tuple(
        tensor for leaf in _refitted(plan, claimed.own_channels, claimed.dims[-1], spec.head_channels) for tensor in tensors_of(leaf)
    )
    known = {tensor.name for tensor in (*backbone, *head)}
    taken = frozenset(tensor.name for tensor in rest if tensor.name not in known)
    notes = [f"the head is the checkpoint's own ({plan.head.kind}), its input as wide as the claimed backbone's output"] if head else []
    if spec.head_channels is not None and not plan.blocks:
        notes.append("head_depth was not used: the checkpoint's head has no blocks of that kind")
    if taken:
        notes.append(f"{len(taken)} tensors after the backbone are not understood and taken for the same in the claimed network")
    return (*backbone, *head), taken, tuple(notes)


def _refitted(plan: HeadPlan, before: int, after: int, width: int | None) -> Iterator[Leaf]:
    """Yield a head's leaves for a backbone of `after` channels instead of `before`, with blocks of `width` channels where given."""
    carried = before, after
    for block in plan.blocks:
        for leaf in leaves(block):
            made, carried = _carry(leaf, carried, width)
            yield made
    for final in leaves(Sequence(plan.finals)):
        yield _carry(final, carried if plan.blocks else (before, after), None)[0]
    for branch in plan.pooled:
        carried = before, after
        for leaf in leaves(branch):
            made, carried = _carry(leaf, carried, None)
            yield made


def _carry(leaf: Leaf, carried: tuple[int, int], width: int | None) -> tuple[Leaf, tuple[int, int]]:
    """Return a leaf with the channels that reach it now, and what it hands on: (as it was, as it is)."""
    before, after = carried
    match leaf:
        case Conv2d() if leaf.groups == leaf.inputs == leaf.outputs == before and before > 1:
            return replace(leaf, inputs=after, outputs=after, groups=after), carried
        case Conv2d() | ConvTranspose2d() | Linear() if leaf.inputs == before:
            outputs = width or leaf.outputs
            return replace(leaf, inputs=after, outputs=outputs), (leaf.outputs, outputs)
        case BatchNorm() | GroupNorm() | LayerNorm() if leaf.channels == before:
            return replace(leaf, channels=after), carried
        case _:
            return leaf, carried
