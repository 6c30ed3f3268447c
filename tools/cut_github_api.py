"""Cuts GitHub's published OpenAPI description down to the operations that the auditor uses: `tests/contracts/github_api.json`.

    npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
    python tools/cut_github_api.py package/generated/api.github.com.json package/package.json

The description is GitHub's own (github/rest-api-description, MIT), repackaged by the Octokit contributors (@octokit/openapi, MIT).
Words for people (descriptions, examples, links to documentation) are left out, and so is whatever no kept operation refers to.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "tests" / "contracts" / "github_api.json"
REPOSITORY = "/repos/{owner}/{repo}"
OPERATIONS = (
    ("get", REPOSITORY),
    ("get", f"{REPOSITORY}/branches/{{branch}}"),
    ("get", f"{REPOSITORY}/commits/{{commit_sha}}/branches-where-head"),
    ("get", f"{REPOSITORY}/commits/{{ref}}"),
    ("get", f"{REPOSITORY}/compare/{{basehead}}"),
    ("get", f"{REPOSITORY}/contents/{{path}}"),
    ("get", f"{REPOSITORY}/forks"),
    ("get", f"{REPOSITORY}/git/blobs/{{file_sha}}"),
    ("get", f"{REPOSITORY}/git/trees/{{tree_sha}}"),
    ("get", f"{REPOSITORY}/issues"),
    ("post", f"{REPOSITORY}/issues"),
    ("get", f"{REPOSITORY}/releases"),
    ("get", f"{REPOSITORY}/releases/latest"),
    ("get", f"{REPOSITORY}/releases/tags/{{tag}}"),
    ("get", "/gists/{gist_id}"),
    ("get", "/search/issues"),
)
COPYRIGHT = "Copyright GitHub (github/rest-api-description); copyright 2020 Octokit contributors; MIT, see github_api.LICENSE"
WORDS = ("description", "summary", "example", "examples", "externalDocs", "title", "tags", "deprecated")


def cut(whole: dict[str, Any], version: str) -> dict[str, Any]:
    """Return the description of `OPERATIONS` alone, with all that they refer to."""
    paths: dict[str, dict[str, Any]] = {}
    for method, path in OPERATIONS:
        paths.setdefault(path, {})[method] = plain(whole["paths"][path][method])
    kept: dict[str, dict[str, Any]] = {}
    waiting = list(references(paths))
    while waiting:
        _, _, kind, name = waiting.pop().split("/")
        if name not in kept.setdefault(kind, {}):
            kept[kind][name] = plain(whole["components"][kind][name])
            waiting += references(kept[kind][name])
    source = f"@octokit/openapi {version}, generated/api.github.com.json, cut by tools/cut_github_api.py"
    info = {
        "title": "GitHub v3 REST API, cut",
        "version": version,
        "license": {"name": "MIT"},
        "x-source": source,
        "x-copyright": COPYRIGHT,
    }
    return {"openapi": whole["openapi"], "info": info, "paths": paths, "components": kept}


def plain(value: Any, *, names: bool = False) -> Any:
    """Return a part of the description without words for people; `names` are those of properties, and stay."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: plain(item, names=key in ("properties", "responses", "headers", "content") and not names)
        for key, item in value.items()
        if names or not (key in WORDS or key.startswith("x-"))
    }


def references(value: Any) -> Iterator[str]:
    """Yield everything that a part of the description refers to."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref" and isinstance(item, str):
                yield item
            else:
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def main() -> None:
    """Write the cut description."""
    whole, package = (json.loads(Path(argument).read_text()) for argument in sys.argv[1:3])
    TARGET.write_text(json.dumps(cut(whole, package["version"]), separators=(",", ":"), sort_keys=True).replace('},"', '},\n"') + "\n")
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, {len(OPERATIONS)} operations")


if __name__ == "__main__":
    main()
