"""GitHub's published description as a judge: is this a request that the API has, and is this an answer that it gives?

`github_api.json` is the OpenAPI 3.0 description cut down by `tools/cut_github_api.py`; its schemas become JSON Schema here
(`nullable` is OpenAPI's own word, https://spec.openapis.org/oas/v3.0.3#fixed-fields-20).
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from jsonschema import Draft202012Validator, FormatChecker
from requests.adapters import BaseAdapter

DESCRIPTION = Path(__file__).parent / "github_api.json"
FORMATS = FormatChecker(formats=())


@FORMATS.checks("uri", raises=ValueError)
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme and urlsplit(value).netloc)


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or (value[10:11] == "T" and datetime.fromisoformat(value).tzinfo is not None)


@cache
def description() -> dict[str, Any]:
    """The cut description, its schemas in the words of JSON Schema."""
    found: dict[str, Any] = _as_json_schema(json.loads(DESCRIPTION.read_text()))
    return found


def _as_json_schema(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_json_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _as_json_schema(item) for key, item in value.items() if key != "nullable"}
    if value.get("nullable") is True:
        if "enum" in made and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
        return {"anyOf": [made, {"type": "null"}]}
    return made


def resolved(value: dict[str, Any]) -> dict[str, Any]:
    """What a reference to a component stands for."""
    if "$ref" not in value:
        return value
    _, kind, name = value["$ref"].removeprefix("#/").split("/")
    found: dict[str, Any] = description()["components"][kind][name]
    return resolved(found)


def problems(schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with a value, as "where: why"."""
    validator = Draft202012Validator({**schema, "components": description()["components"]}, format_checker=FORMATS)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def operation_of(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    """The operation that a request is for; a template with more fixed words wins, and the last parameter may hold slashes."""
    found = []
    for template, item in description()["paths"].items():
        names = re.findall(r"{(\w+)}", template)
        pattern = re.escape(template)
        for name in names:
            inside = ".+" if name in ("path", "ref", "branch", "basehead", "tag", "tree_sha") else "[^/]+"
            pattern = pattern.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>{inside})")
        if re.fullmatch(pattern, path) and method.lower() in item:
            found.append((len(re.sub(r"{\w+}", "", template)), template, item[method.lower()]))
    if not found:
        return None
    _, template, operation = max(found, key=lambda one: one[0])
    return template, operation


def request_problems(request: requests.PreparedRequest) -> list[str]:
    """What GitHub's description says against a request."""
    parts = urlsplit(request.url or "")
    found = operation_of(request.method or "", unquote(parts.path))
    if found is None:
        return [f"no operation {request.method} {parts.path}"]
    _, operation = found
    wrong, declared = [], {}
    for parameter in map(resolved, operation.get("parameters", [])):
        declared[parameter["in"], parameter["name"]] = parameter
    sent = parse_qsl(parts.query, keep_blank_values=True)
    for name, text in sent:
        parameter = declared.get(("query", name))
        if parameter is None:
            wrong.append(f"parameter {name!r} is not declared")
            continue
        schema = parameter["schema"]
        value = int(text) if schema.get("type") == "integer" and text.isdigit() else text
        wrong += [f"parameter {name!r}: {problem}" for problem in problems(schema, value)]
    asked = {name for name, _ in sent}
    wrong += [
        f"parameter {n!r} is required" for (place, n), p in declared.items() if place == "query" and p.get("required") and n not in asked
    ]
    return wrong + _body_problems(request, operation)


def _body_problems(request: requests.PreparedRequest, operation: dict[str, Any]) -> list[str]:
    if "requestBody" not in operation:
        return ["a body where none is declared"] if request.body else []
    kind = request.headers.get("Content-Type", "").partition(";")[0]
    content = operation["requestBody"]["content"]
    if kind not in content:
        return [f"a body of type {kind!r}"]
    sent = json.loads(request.body or "null")
    schema = content[kind]["schema"]
    unknown = set(sent) - set(schema.get("properties", {})) if isinstance(sent, dict) else set()
    return [f"field {name!r} is not declared" for name in sorted(unknown)] + problems(schema, sent)


def answer_problems(request: requests.PreparedRequest, response: requests.Response) -> list[str]:
    """What GitHub's description says against an answer."""
    found = operation_of(request.method or "", unquote(urlsplit(request.url or "").path))
    if found is None:
        return []
    declared = found[1]["responses"].get(str(response.status_code))
    if declared is None:
        return [f"status {response.status_code} is not declared"]
    content = resolved(declared).get("content", {})
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if not content:
        return []
    if kind not in content:
        return [f"type {kind!r} is not declared"]
    return problems(content[kind]["schema"], response.json())


class Recorded(BaseAdapter):
    """A transport that keeps what went through it."""

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self._inner = inner
        self.exchanges: list[tuple[requests.PreparedRequest, requests.Response]] = []

    def send(self, request: requests.PreparedRequest, stream: bool = False, **options: Any) -> requests.Response:
        response = self._inner.send(request, stream=False, **options)
        self.exchanges.append((request, response))
        return response

    def close(self) -> None:
        self._inner.close()
