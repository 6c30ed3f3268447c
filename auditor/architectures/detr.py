"""Recognizes detection transformers: a backbone, an encoder, a decoder that asks with learned queries, classes and boxes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from auditor.architectures.anchored import AnchoredRecognizer
from auditor.architectures.blueprint import Aside, Node, tensors_of
from auditor.architectures.detr_spellings import DETR_GRAMMARS
from auditor.architectures.fit import compare
from auditor.architectures.grammar import LEAST_KNOWN, Reading, full_path, read_grammar
from auditor.architectures.grammar_search import every_leaf
from auditor.architectures.network import Recognized, held
from auditor.architectures.published import RESNET_BASIC, RESNET_BOTTLENECK, Structure, closest, exact_name
from auditor.architectures.resnet_blueprint import RESNET_SPELLINGS, ResNetPlan, resnet_blueprint
from auditor.architectures.resnet_reading import read_resnet
from auditor.architectures.search import Found, find
from auditor.architectures.shapes import Shapes, first_layer
from auditor.architectures.words import listed, place_words
from auditor.facts import Architecture, Head, Tensor

QUERIES = ("query_embed", "query_position_embeddings")
TWO_STAGE = ("transformer.enc_output", "enc_output")
# (encoder, decoder, width, perceptron, queries, backbone) of the published networks.
PUBLISHED = {
    (6, 6, 256, 2048, 100, "resnet50"): "detr_resnet50",
    (6, 6, 256, 2048, 100, "resnet101"): "detr_resnet101",
    (6, 6, 256, 1024, 300, "resnet50"): "deformable_detr_resnet50",
}
DETRS = {"detr_resnet50": Structure((6, 6), (256,)), "detr_resnet101": Structure((6, 6), (256,))}
DEFORMABLE = {"deformable_detr_resnet50": Structure((6, 6), (256,))}


@dataclass(frozen=True, slots=True)
class DetrPlan:
    """The transformer as it was read, with the ResNet before it where there is one."""

    reading: Reading
    backbone: ResNetPlan | None

    @property
    def prefix(self) -> str:
        """Return what stands before every name of the transformer."""
        return self.reading.prefix

    @property
    def roots(self) -> tuple[str, ...]:
        """Return the beginnings of names that belong to the transformer alone."""
        return self.reading.roots

    @property
    def dims(self) -> tuple[int, ...]:
        """Return the transformer's width."""
        return self.reading.dims


class DetectionTransformer(AnchoredRecognizer):
    """Finds a DETR or Deformable DETR under any prefix."""

    name = "detr"
    endings = tuple(grammar.anchor for grammar in DETR_GRAMMARS)

    def match(self, tensors: tuple[Tensor, ...]) -> Recognized | None:
        """Return the best fitting network, its backbone included."""
        shapes = Shapes(tensors)
        found = find(tensors, self._plans(shapes, tensors), _blueprint)
        return Recognized(held(_describe(found, shapes), found.network, tensors), found.network) if found else None

    def _plans(self, shapes: Shapes, tensors: tuple[Tensor, ...]) -> Iterable[DetrPlan]:
        backbone = _backbone(shapes, tensors)
        for grammar in DETR_GRAMMARS:
            for prefix in shapes.prefixes(grammar.anchor):
                reading = read_grammar(shapes, grammar, prefix)
                if reading is not None and reading.known >= LEAST_KNOWN and _fits(reading):
                    yield DetrPlan(reading, backbone)


def _fits(reading: Reading) -> bool:
    """Ask for encoder, decoder, queries, classes, boxes and the projection of the backbone's channels."""
    roles = {placed.part.role for placed in reading.outer}
    queries = any(reading.has(path) for path in QUERIES)
    return (
        min(reading.depths) > 0
        and {"classes", "boxes", "projection"} <= roles
        and (queries or any(reading.has(path) for path in TWO_STAGE))
    )


def _backbone(shapes: Shapes, tensors: tuple[Tensor, ...]) -> ResNetPlan | None:
    """Return the ResNet that the file has most of."""
    plans = [
        plan
        for spelling in RESNET_SPELLINGS
        for prefix in shapes.prefixes(spelling.anchor)
        if (plan := read_resnet(shapes, spelling, prefix)) is not None
    ]
    return max(plans, key=lambda plan: len(compare(tensors_of(resnet_blueprint(plan)), tensors).matched), default=None)


def _blueprint(plan: DetrPlan) -> Node:
    parts: list[Node] = [every_leaf(plan.reading)]
    if plan.backbone is not None:
        parts.append(resnet_blueprint(plan.backbone))
    return Aside(tuple(parts))


def _describe(found: Found[DetrPlan], shapes: Shapes) -> Architecture:
    plan, reading = found.plan, found.plan.reading
    family, size = reading.grammar.flavor, reading.size
    structure = Structure(reading.depths, reading.dims)
    backbone = _backbone_words(plan.backbone)
    own = (reading.depths[0], reading.depths[1], size("D"), size("X"), size("Q"), backbone)
    name = PUBLISHED.get(own) if found.whole else None
    before = f"{plan.backbone.prefix}{plan.backbone.spelling.stems[plan.backbone.stem][0][0]}.weight" if plan.backbone else ""
    words = f"{family} of {reading.depths[0]} encoder and {reading.depths[1]} decoder blocks, width {size('D')}, {size('Q')} queries"
    return Architecture(
        family=family,
        name=name if name and name.startswith(family) else None,
        depths=structure.depths,
        dims=structure.dims,
        head=_head(reading),
        closest=closest(structure, DETRS if family == "detr" else DEFORMABLE),
        summary=f"{words}, backbone {backbone or 'of another kind'}, {size('K')} classes",
        first_layer=first_layer(shapes, before, f"{reading.prefix}{reading.grammar.anchor}"),
        variant_of=reading.grammar.spelling,
        traits=_traits(plan),
        cannot_know=("the number of attention heads", "whether dilation replaces the backbone's last stride"),
    )


def _head(reading: Reading) -> Head:
    layers = [placed for placed in reading.outer if placed.part.role in ("classes", "boxes")]
    outputs = tuple(reading.size(placed.part.shape[0]) for placed in layers)
    return Head("detection", outputs=outputs, final_layers=tuple(full_path(reading.prefix, placed.part.path) for placed in layers))


def _backbone_words(plan: ResNetPlan | None) -> str:
    if plan is None:
        return ""
    structure = Structure(plan.depths, plan.dims)
    return exact_name(structure, RESNET_BOTTLENECK if plan.bottleneck else RESNET_BASIC) or f"resnet of depths {listed(plan.depths)}"


def _traits(plan: DetrPlan) -> tuple[str, ...]:
    reading = plan.reading
    traits = [f"backbone {_backbone_words(plan.backbone) or 'of another kind'}", f"perceptron of {reading.size('X')}"]
    if reading.size("L"):
        traits.append(f"{reading.size('L')} levels")
    if any(reading.has(path) for path in TWO_STAGE):
        traits.append("two stages")
    if reading.has("transformer.encoder.norm"):
        traits.append("norms before attention")
    return (*traits, "rebuilt in torch without an order of computation", *place_words(reading.prefix, 3))
