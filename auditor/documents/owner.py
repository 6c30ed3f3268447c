"""Whose checkpoint a link leads to: this paper's, a baseline's, one to start training from, or another project's."""

from __future__ import annotations

import re

from auditor.documents.purpose_settled import Place

_INITIALIZATION = re.compile(
    r"initiali[sz]|(?:backbones?|encoders?)\s+(?:weights?\s+)?pre-?train|pre-?trained\s+(?:weights?\s+(?:of|for)\s+(?:the\s+)?)?(?:backbones?|encoders?)|"
    r"backbone\s+weights|starting\s+point|init(?:ial)?\s+(?:weights|checkpoint)|torchvision|before\s+training|to\s+start\s+training|预训练(?:的)?骨干|初始化",
    re.IGNORECASE,
)
_IMAGENET = re.compile(r"image-?net[\w-]*\s+pre-?train|pre-?train\w*\s+(?:\w+\s+){0,4}image-?net", re.IGNORECASE)
_BASELINE = re.compile(
    r"(?<![a-z])(?:baselines?|previous\s+work|prior\s+work|compared?\s+methods?|competing|competitors?|other\s+methods)(?![a-z])",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"third[-\s]?party|other\s+(?:implementations?|projects?|applications?|resources)|community|related\s+(?:work|projects?|repos)|(?:used|use[sd]?)\s+in\s+the\s+following\s+other|"
    r"unofficial|acknowledg|external\s+(?:models?|weights|resources)|(?:released|provided|published|pre-?trained)\s+by\s+(?!us\b|our\b)|"
    r"官方(?:发布|提供)|第三方",
    re.IGNORECASE,
)


def owner_of(place: Place, full_name: str) -> str:
    """Return own, baseline, initialization or other, from headings, row and sentence; `own` where nothing says otherwise.

    The name of the repository counts against the words: a row or sentence that names it speaks of its own checkpoint.
    """
    link = place.link
    label = re.sub(r"\S+://\S+", " ", link.label)
    name = re.sub(r"[^a-z0-9]", "", full_name.rsplit("/", 1)[-1].lower())
    heading = link.sections[-1] if link.sections else ""
    near = " ".join((label, " ".join(link.row[:2]), heading)) if link.row else " ".join((place.before, label, place.after[:160], heading))
    if _OTHERS.search(" ".join((near, *link.sections[-2:], place.lead if not link.row else ""))):
        return "other"
    if _foreign_option(label, link.form):
        return "initialization"
    names_us = len(name) > 3 and name in re.sub(r"[^a-z0-9]", "", f"{place.before} {label} {' '.join(link.row[:2])}".lower())
    if names_us:
        return "own"
    if _BASELINE.search(near):
        return "baseline"
    about_training = re.search(r"(?<![a-z])train(?:ing)?(?![a-z])", heading, re.IGNORECASE)
    if re.search(r"(?<![a-z-])(?:trained|our|released)\s+models?(?![a-z])", near, re.IGNORECASE):
        return "own"
    if not link.row and _INITIALIZATION.search(near):
        return "initialization"
    # A paper about pre-training releases ImageNet weights as its own; under "Training" they are where training starts.
    if about_training and (_IMAGENET.search(near) or _INITIALIZATION.search(near)):
        return "initialization"
    return "own"


def _foreign_option(label: str, form: str) -> bool:
    """Tell whether a command's option hands over weights to start from."""
    return form in ("command", "code") and bool(
        re.search(r"--(?:init|pretrained[_-]?backbone|backbone[_-]?weights|imagenet[\w-]*)[\s=]", label)
    )
