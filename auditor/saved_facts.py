"""Saved facts: an audit's observations as a file, from which it is judged and rendered again byte for byte.

This module imports pydantic: import it (or `record`) inside the function that needs it.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from enum import Enum
from typing import Any

from pydantic import TypeAdapter, ValidationError

from auditor.errors import UsageError
from auditor.facts import Facts

Json = Any

_SURROGATE = re.compile("[\ud800-\udfff]")


def facts_to_json(facts: Facts) -> str:
    """Return facts as JSON from which `facts_from_json` makes equal ones.

    Lone surrogates alone are not kept: they become U+FFFD, as they do wherever text is shown.
    """
    made = plain(facts)
    for claim, record in zip(facts.claims, made["claims"], strict=True):
        record["value"] = _packed(claim.value)
    return json.dumps({"facts_version": "1", "facts": made}, ensure_ascii=False, allow_nan=False) + "\n"


def facts_from_json(text: str) -> Facts:
    """Return the facts that were saved. Raises `UsageError` where the text is not such a file."""
    try:
        saved = json.loads(text)
        if not isinstance(saved, dict) or saved.get("facts_version") != "1":
            raise UsageError("these are not saved facts", help="give the facts.json of an earlier audit")
        facts = TypeAdapter(Facts).validate_python(saved.get("facts"))
        claims = tuple(dataclasses.replace(claim, value=_unpacked(claim.value)) for claim in facts.claims)
    except (json.JSONDecodeError, RecursionError, ValidationError, TypeError, ValueError, KeyError) as problem:
        raise UsageError("the saved facts cannot be read", type(problem).__name__, "run the audit again") from problem
    return dataclasses.replace(facts, claims=claims)


def _packed(value: Json) -> Json:
    """Return a free value with its type kept: JSON has no tuples, and only text as keys."""
    if isinstance(value, tuple):
        return {"tuple": [_packed(item) for item in value]}
    if isinstance(value, list):
        return [_packed(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[_packed(key), _packed(item)] for key, item in value.items()]}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    return plain(value)


def _unpacked(value: Json) -> Json:
    """Undo `_packed`."""
    if isinstance(value, list):
        return [_unpacked(item) for item in value]
    if isinstance(value, dict):
        ((kind, inner),) = value.items()
        if kind == "tuple":
            return tuple(_unpacked(item) for item in inner)
        if kind == "float":
            return float(inner)
        return {_unpacked(key): _unpacked(item) for key, item in inner}
    return value


def plain(value: Json) -> Json:
    """Return records as JSON data: clean text, no NaN (as text, which pydantic reads back), lists for tuples."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {plain(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if isinstance(value, float) else plain(str(value))
