"""checkpoints -> costs: prove each recognized network on torch's meta device and count its multiply-accumulates.

The input size comes from the repository's active configuration. What tensors cannot tell (whether a head block upsamples) is
settled, where possible, by the configured output size and depth bins of the checkpoint that the configuration describes, and by
the joint count that follows from it and that all checkpoints of one repository share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from auditor.architectures.cost import CostHints
from auditor.architectures.inspection import prove_and_cost
from auditor.checks.comparing import input_in
from auditor.errors import AuditError, MissingExtra
from auditor.facts import Architecture, Artifact, Claim, Inspected, Unreadable
from auditor.progress import Progress

LARGEST_SIDE = 4096  # an input side beyond this is not a picture's
MOST_SIZES = 4


def with_costs(artifacts: Sequence[Artifact], claims: Sequence[Claim], progress: Progress) -> tuple[Artifact, ...]:
    """Return the artifacts with `explained` proved and `cost` counted, where the network is known and the input size is stated."""
    known = [i for a in artifacts for i in a.contents if isinstance(i, Inspected) and i.architecture.family != "unknown"]
    if not known:
        return tuple(artifacts)
    progress.stage("rebuilding networks", len(known))
    hints = _hints(claims, known)
    sizes = _sizes(claims)
    done: dict[str, tuple[float, Inspected]] = {}
    rebuilt = []
    for artifact in artifacts:
        contents: list[Inspected | Unreadable] = []
        for item in artifact.contents:
            if isinstance(item, Inspected) and item.architecture.family != "unknown":
                item = _proved(item, sizes, hints, claims, done, progress)
            contents.append(item)
        rebuilt.append(replace(artifact, contents=tuple(contents)))
    return tuple(rebuilt)


def _proved(
    item: Inspected,
    sizes: Sequence[tuple[int, int]],
    hints: CostHints,
    claims: Sequence[Claim],
    done: dict[str, tuple[float, Inspected]],
    progress: Progress,
) -> Inspected:
    """Return one checkpoint with its network proved; files of the same structure are proved once."""
    if item.fingerprint in done:
        explained, twin = done[item.fingerprint]
        return replace(
            item,
            cost=twin.cost,
            costs=twin.costs,
            architecture=replace(item.architecture, explained=explained, joints=twin.architecture.joints),
        )
    own = _hints_for(item.architecture, hints, claims)
    try:
        explained, cost = prove_and_cost(item.checkpoint, item.architecture, sizes[0] if sizes else None, own)
        more = [prove_and_cost(item.checkpoint, item.architecture, size, own)[1] for size in sizes[1:]] if cost else []
    except MissingExtra as error:
        progress.warn(f"{error}: {error.help}")
        return item
    except AuditError as error:
        progress.warn(str(error))
        return item
    architecture = replace(item.architecture, explained=explained, joints=_joints(item.architecture, own))
    proved = replace(item, architecture=architecture, cost=cost, costs=tuple(found for found in more if found))
    done[item.fingerprint] = (explained, proved)
    progress.item(architecture.name or architecture.family)
    return proved


def _sizes(claims: Sequence[Claim]) -> list[tuple[int, int]]:
    """Return the input sizes at which costs are counted: the configured one first, then those that claims of costs speak of."""
    configured = _pair(_configured(claims, "input"))
    spoken = [size for claim in claims if claim.attribute == "gflops" and claim.rank == "primary" and (size := input_in(claim.setting))]
    sizes = [size for size in (configured, *spoken) if size is not None and max(size) <= LARGEST_SIDE]
    return list(dict.fromkeys(sizes))[:MOST_SIZES]


def _configured(claims: Sequence[Claim], attribute: str) -> object:
    """Return the one value that the active configuration gives an attribute; None where it gives none, or several."""
    values = [c.value for c in claims if c.origin == "code" and c.rank == "primary" and c.active and c.attribute == attribute]
    distinct = {repr(value) for value in values}
    return values[0] if len(distinct) == 1 else None


def _pair(value: object) -> tuple[int, int] | None:
    """Return a value as (height, width)."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = (value, value)
    if isinstance(value, list | tuple) and len(value) >= 2:
        height, width = value[-2:]
        if all(isinstance(side, int) and 0 < side <= LARGEST_SIDE for side in (height, width)):
            return height, width
    return None


def _hints(claims: Sequence[Claim], known: Sequence[Inspected]) -> CostHints:
    """Return what the configuration says, with the joint count where a checkpoint has exactly the configured backbone."""
    bins = _configured(claims, "depth_dim")
    depth_bins = bins if isinstance(bins, int) and not isinstance(bins, bool) and bins > 0 else None
    output = _pair(_configured(claims, "output"))
    joints = {
        head.outputs[0] // depth_bins
        for item in known
        if depth_bins and (head := item.architecture.head) and len(head.outputs) == 1
        and _is_configured(item.architecture, claims) and head.outputs[0] % depth_bins == 0
    }  # fmt: skip
    return CostHints(output_size=output, depth_bins=depth_bins, joints=joints.pop() if len(joints) == 1 else None)


def _is_configured(architecture: Architecture, claims: Sequence[Claim]) -> bool:
    """Tell whether a network has the depths and dims of the active configuration."""
    depths, dims = _configured(claims, "depths"), _configured(claims, "dims")
    if not isinstance(depths, list | tuple) or not isinstance(dims, list | tuple):
        return False
    return tuple(depths) == architecture.depths and tuple(dims) == architecture.dims


def _hints_for(architecture: Architecture, hints: CostHints, claims: Sequence[Claim]) -> CostHints:
    """Return the hints for one network: the configured sizes are those of the configured network only, the joints everybody's."""
    if hints.joints is None or _is_configured(architecture, claims):
        return hints
    return CostHints(output_size=None, depth_bins=None, joints=hints.joints)


def _joints(architecture: Architecture, hints: CostHints) -> int | None:
    """Return the joint count: what the tensors tell, else the configured one where the outputs are a multiple of it."""
    head = architecture.head
    if architecture.joints is not None or hints.joints is None or head is None or len(head.outputs) != 1:
        return architecture.joints
    return hints.joints if head.outputs[0] % hints.joints == 0 else None
