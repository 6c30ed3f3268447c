"""Claims of source code and configuration: what a variant is built of, from literals that were read and never run.

A class of settings (`backbone_cfg = ([2, 2, 6, 2], [40, 80, 160, 320])`), a dictionary of variants (`{"L": {"depths": ...}}`)
and a function that builds one variant are the three forms. A line in a comment is the authors' alternative: not active.
"""

from __future__ import annotations

import re
from typing import Any

from auditor.claims.headers import header_of
from auditor.claims.interface import ClaimContext
from auditor.claims.vocabulary import Kind
from auditor.facts import Claim, Evidence, Literal, Outline

UNNAMED = "(unnamed)"
MAX_LEVELS = 6
MAX_CLAIMS_PER_FILE = 2000
MAX_LINES = 400  # of one statement in which the line of a value is looked for
MAX_QUOTE = 400
DEPTHS = frozenset({"depths", "stage_depths", "num_blocks", "n_blocks", "blocks", "num_layers", "layers", "depth", "stage_blocks"})
DIMS = frozenset(
    {"dims", "embed_dims", "embed_dim", "widths", "channels", "num_channels", "hidden_sizes", "hidden_dims", "stage_channels", "filters"}
)
INPUTS = frozenset(
    {"input", "input_shape", "input_size", "img_size", "image_size", "input_img_shape", "input_resolution", "crop_size", "test_size"}
)
OUTPUTS = frozenset({"output", "output_shape", "output_size", "heatmap_size", "heatmap_shape", "output_hm_shape"})
EPOCHS = frozenset({"end_epoch", "epochs", "max_epochs", "num_epochs", "max_epoch", "total_epochs", "n_epochs", "total_epoch"})
HEAD_DEPTHS = frozenset({"head_depth", "head_dim", "head_channels", "deconv_channels", "head_width"})
NAMES = frozenset(
    {"variant", "model_name", "model_type", "model_size", "arch", "model_variant", "backbone_name", "model_arch", "variant_name"}
)
NOT_BUILDERS = frozenset(
    {"__init__", "forward", "main", "setup", "train", "test", "build", "make", "get_args", "parse_args", "init", "set_args"}
)


class CodeClaims:
    """Reads the structure of variants from the literals of a file."""

    name = "code"

    def accepts(self, outline: Outline) -> bool:
        """Tell whether the file has literals."""
        return bool(outline.literals)

    def extract(self, outline: Outline, context: ClaimContext) -> tuple[Claim, ...]:
        """Return the claims of a file in the order of its lines."""
        scopes = scopes_of(outline.literals)
        lines = re.split(r"\r\n?|\n", outline.document.text)
        found: list[Claim] = []
        for literal in outline.literals:
            if "__init__" not in literal.name:
                for variant, attribute, value in said(literal, scopes):
                    found.append(claim_of(literal, variant, attribute, value, outline, lines))
            if len(found) >= MAX_CLAIMS_PER_FILE:
                break
        return tuple(found)


def scopes_of(literals: tuple[Literal, ...]) -> dict[str, dict[str, Any]]:
    """Return the active literals of every scope by their last names: what else is said beside a value decides what it means."""
    scopes: dict[str, dict[str, Any]] = {}
    for literal in literals:
        scope, _, name = literal.name.rpartition(".")
        if not literal.commented:
            scopes.setdefault(scope, {})[name.lower()] = literal.value
    return scopes


def said(literal: Literal, scopes: dict[str, dict[str, Any]]) -> list[tuple[str, str, Any]]:
    """Return (variant, attribute, value) for all that one literal says of a network's structure."""
    scope, _, name = literal.name.rpartition(".")
    beside = scopes.get(scope, {})
    if isinstance(literal.value, dict):
        return of_dict(literal.value, variant_of(scope, beside), name, 0)
    variant = UNNAMED if literal.commented else variant_of(scope, beside)
    return [(variant, attribute, value) for attribute, value in structural(name.lower(), literal.value, beside)]


def variant_of(scope: str, beside: dict[str, Any]) -> str:
    """Return the variant that a scope speaks of: a name set beside the value, else the function that builds it."""
    for key in NAMES:
        if isinstance(name := beside.get(key), str) and 0 < len(name) <= 80 and "/" not in name:
            return name
    function = scope.split(".")[0]
    if "." in scope and function and function[0].islower() and function not in NOT_BUILDERS and not function.startswith("_"):
        return function
    return UNNAMED


def of_dict(value: dict[Any, Any], variant: str, name: str, level: int) -> list[tuple[str, str, Any]]:
    """Return what a dictionary says: entries that are structure belong to the variant; inner dictionaries are variants or parts."""
    if level > MAX_LEVELS:
        return []
    inner = {str(key): item for key, item in value.items() if isinstance(item, dict)}
    variants = [key for key, item in inner.items() if is_definition(item)]
    named = {str(key).lower(): item for key, item in value.items()}
    found: list[tuple[str, str, Any]] = []
    for key, item in named.items():
        if not isinstance(item, dict):
            found.extend((variant, attribute, v) for attribute, v in structural(key, item, named, numbers=variant != UNNAMED))
    for key, item in inner.items():
        own = key if key in variants and len(key) <= 80 and not is_part(key) else variant
        found.extend(of_dict(item, own, name, level + 1))
    return found


def is_definition(item: dict[Any, Any]) -> bool:
    """Tell whether a dictionary says a network's structure itself."""
    named = {str(key).lower(): value for key, value in item.items()}
    return any(structural(key, value, named) for key, value in named.items() if not isinstance(value, dict))


def is_part(key: str) -> bool:
    """Tell whether a key names a part of a model, not a variant."""
    return key.lower() in {
        "backbone",
        "model",
        "encoder",
        "decoder",
        "neck",
        "head",
        "cfg",
        "config",
        "network",
        "net",
        "params",
        "args",
        "data",
        "train",
        "test",
    }


def structural(name: str, value: Any, beside: dict[str, Any], *, numbers: bool = False) -> list[tuple[str, Any]]:
    """Return the attributes that a name and value say, none where they say nothing of structure.

    `numbers` lets parameter counts and metrics count too: they do inside of a named variant's dictionary.
    """
    if pair := stages_pair(value):
        return [("depths", pair[0]), ("dims", pair[1])]
    if is_stages(value):
        sizes = list(value)
        if name in DEPTHS and max(sizes) <= 200:
            return [("depths", sizes)]
        if name in DIMS and min(sizes) >= 4:
            return [("dims", sizes)]
    if name in INPUTS | OUTPUTS and (size := size_of(value)):
        return [("input" if name in INPUTS else "output", size)]
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return []
    if name in EPOCHS and isinstance(value, int) and value > 0:
        return [("epochs", value)]
    if name == "depth_dim" and value > 0:
        return [("depth_dim", value)]
    if name in HEAD_DEPTHS or (name == "depth" and value >= 32 and any(stages_pair(v) or is_stages(v) for v in beside.values())):
        return [("head_depth", value)]
    return numeric(name, value) if numbers else []


def numeric(name: str, value: int | float) -> list[tuple[str, Any]]:
    """Return a parameter count, a cost or a metric that a variant's dictionary states."""
    header = header_of(name.replace("_", " "))
    if header.kind in (Kind.PARAMS, Kind.GFLOPS):
        return [(header.attribute, value)]
    return [(name, value)] if header.kind is Kind.METRIC and isinstance(value, float) else []


def is_stages(value: Any) -> bool:
    """Tell whether a value is a list of two to eight positive whole numbers: the stages of a network."""
    if not isinstance(value, (list, tuple)) or not 2 <= len(value) <= 8:
        return False
    return all(isinstance(item, int) and not isinstance(item, bool) and 0 < item <= 20_000 for item in value)


def stages_pair(value: Any) -> tuple[list[int], list[int]] | None:
    """Return depths and dims of a pair of lists of equal length such as `([2, 2, 6, 2], [40, 80, 160, 320])`."""
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(is_stages(item) and len(item) >= 3 for item in value):
        return None
    first, second = list(value[0]), list(value[1])
    if len(first) != len(second) or max(first) > 200 or min(second) < 8 or max(first) >= max(second):
        return None
    return first, second


def size_of(value: Any) -> list[int] | None:
    """Return a picture size [height, width] of a number, a pair, or (channels, height, width); None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and 8 <= value <= 8192:
        return [value, value]
    if isinstance(value, (list, tuple)) and len(value) in (2, 3) and all(isinstance(i, int) and not isinstance(i, bool) for i in value):
        sizes = list(value[1:]) if len(value) == 3 and value[0] in (1, 3, 4) else list(value[:2])
        return sizes if len(sizes) == 2 and all(2 <= size <= 8192 for size in sizes) else None
    return None


def line_of(literal: Literal, variant: str, value: Any, lines: list[str]) -> tuple[int, str]:
    """Return the line on which the value stands, and its text: in a statement of many lines that of the value, else of its key.

    The line of the variant's key is looked for first, since two variants may say the same.
    """
    span = range(literal.line, min(literal.end, len(lines), literal.line + MAX_LINES) + 1)
    if len(span) < 2:
        return literal.line, literal.quote
    key = re.compile(rf"[\"']{re.escape(variant)}[\"']|(?<![\w.]){re.escape(variant)}\s*[=:]")
    numbers = re.escape(printed_value(value)).replace(r",\ ", r"\s*,\s*")
    said = re.compile(rf"(?<![\w.]){numbers}(?![\w.])")
    start = next((n for n in span if variant != UNNAMED and key.search(lines[n - 1])), literal.line)
    line = next((n for n in span if n >= start and said.search(lines[n - 1])), start)
    return (line, lines[line - 1].strip()[:MAX_QUOTE]) if line != literal.line else (line, literal.quote)


def claim_of(literal: Literal, variant: str, attribute: str, value: Any, outline: Outline, lines: list[str]) -> Claim:
    """Return one claim of a literal with the source line as evidence."""
    document = outline.document
    line, quote = line_of(literal, variant, value, lines)
    evidence = Evidence(document.source, f"{document.path}#L{line}", quote, document.sha256, "syntax tree")
    unit = None
    if attribute == "params" and isinstance(value, float) and value < 100_000:
        unit = "M"
    elif attribute == "gflops":
        unit = "G" if value < 100_000 else None
    return Claim(
        "",
        variant,
        attribute,
        value,
        unit,
        "",
        "primary",
        "code",
        evidence,
        printed_value(value),
        active=not literal.commented,
        row=quote[:300],
    )


def printed_value(value: Any) -> str:
    """Return a value as code shows it, lists without brackets: `2, 2, 6, 2`."""
    return re.sub(r"[\[\]]", "", str(value))
