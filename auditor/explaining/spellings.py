"""What the names of tensors say: which family's spelling they are, which stage and block they stand in, which axis is the width.

Built from the templates of the blueprints, so a spelling that is added there is known here. A log shows a few names of a
network and seldom the one that a recognizer anchors on; so every single name is read by itself here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from auditor.architectures.convnext_blueprint import CONVNEXT_SPELLINGS, ISOTROPIC, ConvNeXtSpelling
from auditor.architectures.resnet_blueprint import RESNET_SPELLINGS, ResNetSpelling

STEM = -1  # the block number of what stands before the first block


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor stands in a network, and which axes of its shape are a stage's channels."""

    stage: int
    block: int | None  # None outside of blocks
    container: str  # the module whose numbered parts the blocks are, "" outside of blocks
    channels: tuple[tuple[int, int], ...] = ()  # (stage, axis of the shape)
    anchor: bool = False  # the block's first weight: a block without it is no block
    stem: bool = False  # the network's first weight
    inner: int | None = None  # axis of the inner width of a bottleneck
    block_kind: str = ""  # basic, bottleneck, where this name alone tells


@dataclass(frozen=True, slots=True)
class Rule:
    """The end of a name, and what it means."""

    pattern: re.Pattern[str]
    even: bool  # torchvision numbers stages 1, 3, 5, 7 and what stands between 2, 4, 6
    first_stage: int
    axes: tuple[tuple[int, int], ...]  # (stage relative to the name's own, axis)
    kind: str  # block, anchor, down, stem, other
    inner: int | None = None
    block_kind: str = ""
    takes_input: bool = False  # axis 1 is the width that comes in: the stage's own, in a first block the one before


@dataclass(frozen=True, slots=True)
class Spelling:
    """One family's names in one code base."""

    family: str
    name: str
    rules: tuple[Rule, ...]

    def place(self, name: str) -> Place | None:
        """Return where a tensor stands, or None where the name is none of this spelling's."""
        return next((place for rule in self.rules if (place := _placed(rule, name)) is not None), None)


def _placed(rule: Rule, name: str) -> Place | None:
    match = rule.pattern.search(name)
    if match is None:
        return None
    groups = match.groupdict()
    number = int(groups.get("stage") or rule.first_stage)
    stage = (number - 1) // 2 if rule.even and rule.kind != "down" else number // 2 if rule.even else number - rule.first_stage
    if stage < 0 or (rule.even and groups.get("stage") and number % 2 != (0 if rule.kind == "down" else 1)):
        return None
    in_block = rule.kind in ("block", "anchor")
    container = name[: match.start("block") - 1] if in_block else ""
    block = int(groups["block"]) if in_block else None
    axes = ((0 if block else -1, 1),) if rule.takes_input else rule.axes
    return Place(
        stage=stage,
        block=block,
        container=container,
        channels=tuple((stage + offset, axis) for offset, axis in axes if stage + offset >= 0),
        anchor=rule.kind == "anchor",
        stem=rule.kind == "stem",
        inner=rule.inner,
        block_kind=rule.block_kind,
    )


def _rule(
    template: str,
    part: str,
    kind: str,
    axes: tuple[tuple[int, int], ...] = (),
    first_stage: int = 0,
    inner: int | None = None,
    block_kind: str = "",
) -> Rule:
    """Return the rule for a template of `ConvNeXtSpelling` or `ResNetSpelling` with what stands below it."""
    pattern = re.escape(template)
    even = r"\{o\}" in pattern or r"\{e\}" in pattern
    for mark in ("s", "o", "e"):
        pattern = pattern.replace(rf"\{{{mark}\}}", r"(?P<stage>\d{1,4})")
    pattern = pattern.replace(r"\{b\}", r"(?P<block>\d{1,5})")
    return Rule(re.compile(rf"(?:^|\.){pattern}{part}$"), even, first_stage, axes, kind, inner, block_kind)


def _convnext(spelling: ConvNeXtSpelling) -> Spelling:
    block, word = spelling.block, re.escape
    own = ((0, 0),)
    rules = [
        _rule(block, rf"\.{word(spelling.depthwise)}\.weight", "anchor", own),
        _rule(block, rf"\.{word(spelling.norm)}\.(?:weight|bias|running_mean|running_var)", "block", own),
        _rule(block, rf"\.{word(spelling.depthwise)}\.bias", "block", own),
        _rule(block, rf"\.{word(spelling.expand)}\.weight", "block", ((0, 1),)),
        _rule(block, rf"\.{word(spelling.project)}\.(?:weight|bias)", "block", own),
        _rule(block, rf"\.{word(spelling.layer_scale)}", "block"),
        _rule(block, rf"\.{word(spelling.grn)}\.(?:{spelling.grn_scale}|{spelling.grn_shift})", "block"),
        _rule(block, rf"\.(?:{word(spelling.expand)}\.bias|{word(spelling.norm)}\.num_batches_tracked)", "block"),
        _rule(spelling.stem_conv, r"\.weight", "stem", own),
        _rule(spelling.stem_conv, r"\.bias", "other", own),
    ]
    if spelling is not ISOTROPIC:
        rules += [
            _rule(spelling.stem_norm, r"\.(?:weight|bias|running_mean|running_var)", "other", own),
            _rule(spelling.down_conv, r"\.weight", "down", ((0, 0), (-1, 1))),
            _rule(spelling.down_conv, r"\.bias", "down", own),
            _rule(spelling.down_norm, r"\.(?:weight|bias|running_mean|running_var)", "down", ((-1, 0),)),
        ]
    return Spelling("convnext", spelling.name, tuple(rules))


def _resnet(spelling: ResNetSpelling) -> Spelling:
    first, block = spelling.first_stage, spelling.block

    def conv(number: int) -> str:
        return rf"\.{re.escape(spelling.conv_path(number))}\.weight"

    def norm(number: int) -> str:
        return rf"\.{re.escape(spelling.norm_path(number))}\.(?:weight|bias|running_mean|running_var)"

    rules = [
        _rule(block, conv(3), "block", ((0, 0),), first, inner=1, block_kind="bottleneck"),
        _rule(block, norm(3), "block", ((0, 0),), first, block_kind="bottleneck"),
        replace(_rule(block, conv(1), "anchor", (), first, inner=0), takes_input=True),
        _rule(block, conv(2), "block", (), first, inner=0),
        _rule(block, norm(1), "block", (), first, inner=0),
        _rule(block, norm(2), "block", (), first, inner=0),
    ]
    for shortcut, shortcut_norm in spelling.shortcuts:
        rules.append(_rule(block, rf"\.{re.escape(shortcut)}\.weight", "block", ((0, 0),), first))
        rules.append(_rule(block, rf"\.{re.escape(shortcut_norm)}\.(?:weight|bias|running_mean|running_var)", "block", ((0, 0),), first))
    rules.append(_rule(block, r"\.[\w.]{1,80}num_batches_tracked", "block", (), first))
    rules += [_rule(stem[0][0], r"\.weight", "stem") for stem in spelling.stems]
    return Spelling("resnet", spelling.name, tuple(rules))


def _vit() -> Spelling:
    """Return the names of timm, DeiT, MAE and DINO: blocks right below the network, not below a stage as Swin has them."""
    own = ((0, 0),)

    def block(part: str, kind: str = "block", axes: tuple[tuple[int, int], ...] = ()) -> Rule:
        pattern = re.compile(rf"(?:^|(?<=[A-Za-z_])\.)blocks\.(?P<block>\d{{1,5}})\.{part}$")
        return Rule(pattern, False, 0, axes, kind)

    rules = (
        block(r"attn\.qkv\.weight", "anchor", ((0, 1),)),
        block(r"(?:attn\.proj|mlp\.fc2)\.(?:weight|bias)", axes=own),
        block(r"norm[12]\.(?:weight|bias)", axes=own),
        block(r"mlp\.fc1\.weight", axes=((0, 1),)),
        block(r"(?:attn\.qkv\.bias|mlp\.fc1\.bias|ls[12]\.gamma|gamma_[12]|attn\.q_bias|attn\.v_bias)"),
        Rule(re.compile(r"(?:^|\.)patch_embed\.proj\.weight$"), False, 0, own, "stem"),
        Rule(re.compile(r"(?:^|\.)patch_embed\.proj\.bias$"), False, 0, own, "other"),
        Rule(re.compile(r"(?:^|\.)(?:pos_embed|cls_token)$"), False, 0, ((0, 2),), "other"),
    )
    return Spelling("vit", "timm", rules)


@cache
def spellings() -> tuple[Spelling, ...]:
    """Return every spelling that is known."""
    return (*(_convnext(one) for one in CONVNEXT_SPELLINGS), *(_resnet(one) for one in RESNET_SPELLINGS), _vit())


def best_spelling(names: Iterable[str]) -> Spelling | None:
    """Return the spelling that knows most of the names, None where none knows enough to be taken for it.

    A name inside a block counts fully; `conv1.weight` alone is anybody's. A stem counts only where its name says more than one word.
    """
    listed = tuple(names)[:5000]
    best: tuple[float, Spelling] | None = None
    for spelling in spellings():
        score = sum(_weight(spelling, name) for name in listed)
        if score >= 1 and (best is None or score > best[0]):
            best = score, spelling
    return best[1] if best else None


def _weight(spelling: Spelling, name: str) -> float:
    place = spelling.place(name)
    if place is None:
        return 0.0
    if place.block is not None:
        # A bare number before and after (nn.Sequential) is anybody's; more of them, or a word of a family's own, is not.
        return 1.0 if re.search(r"[a-z]", place.container.rpartition(".")[2]) or place.container.count(".") else 0.2
    words = name.split(".")
    return 1.0 if any(len(word) > 8 for word in words[:-1]) else 0.0


_FAMILIES = (
    ("swin", re.compile(r"relative_position_bias_table|layers\.\d{1,3}\.blocks\.\d{1,3}\.|\bswin\b")),
    ("vit", re.compile(r"(?:^|\.)(?:cls_token|pos_embed|patch_embed\.proj\.(?:weight|bias)|blocks\.\d{1,3}\.(?:attn|mlp|norm[12])\.)")),
    ("bert", re.compile(r"(?:^|\.)(?:encoder\.layer\.\d{1,3}\.|embeddings\.(?:word|token_type|position)_embeddings)")),
    ("gpt2", re.compile(r"(?:^|\.)(?:h\.\d{1,3}\.(?:attn|mlp|ln_[12])\.|wte\.|wpe\.)")),
    ("hrnet", re.compile(r"(?:^|\.)stage[234]\.\d{1,3}\.(?:branches|fuse_layers)\.")),
    ("llama", re.compile(r"(?:^|\.)layers\.\d{1,3}\.(?:self_attn\.[qkvo]_proj|mlp\.(?:gate|up|down)_proj)\.")),
)


def family_of(names: Iterable[str]) -> str:
    """Return the family that most names speak of, "" where none does. Only what has a `Spelling` is read closer than that."""
    listed = tuple(names)[:5000]
    scores = {family: sum(1 for name in listed if pattern.search(name)) for family, pattern in _FAMILIES}
    family, score = max(scores.items(), key=lambda pair: pair[1])
    return family if score else ""
