"""The house rules of the design, held by the syntax tree: floors, sizes, who may touch the network and the world."""

from __future__ import annotations

import ast
import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "auditor"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

# From the ground up. A module may import from lower floors, and from its own room.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"auditor", "errors", "addresses", "escaping"}),
    frozenset({"facts", "blob", "options", "lfs"}),
    frozenset({"findings", "saved_facts"}),
    frozenset({"net", "progress"}),
    frozenset({"github_api"}),
    frozenset({"repositories", "documents", "hosts", "formats", "architectures", "claims", "checks", "verdict"}),
    frozenset({"telling", "explaining"}),
    frozenset({"record_models"}),
    frozenset({"record"}),
    frozenset({"renderers", "issues"}),
    frozenset({"kit"}),
    frozenset({"gathering"}),
    frozenset({"pipeline"}),
    frozenset({"agent"}),
    frozenset({"demo"}),
    frozenset({"command_line"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
PURE = {
    "documents",
    "formats",
    "architectures",
    "claims",
    "checks",
    "verdict",
    "renderers",
    "facts",
    "findings",
    "escaping",
    "addresses",
    "record",
}


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "auditor" if parts == ("__init__",) else parts[0]


def floor(name: str) -> int:
    found = [n for n, rooms in enumerate(FLOORS) if name in rooms]
    assert found, f"{name} stands on no floor: add it to FLOORS"
    return found[0]


def imported(path: Path) -> set[str]:
    """Rooms that a module imports, at the top or inside functions; imports for type checkers count as well."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "auditor" else [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "auditor":
                rooms.add(parts[1] if len(parts) > 1 and not parts[1].startswith("__version") else "auditor")
    return rooms


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    own = room(path)
    for other in imported(path) - {own}:
        assert floor(other) < floor(own), f"{path.relative_to(ROOT)} ({own}) imports {other}"


@pytest.mark.parametrize("path", [p for p in MODULES if room(p) in PURE], ids=lambda path: str(path.relative_to(PACKAGE)))
def test_pure_rooms_do_not_touch_the_network(path):
    source = path.read_text()
    assert "net" not in imported(path)
    assert not re.search(
        r"^\s*(?:import|from) (?:requests|urllib3|socket|http\.client|urllib\.request|github|gdown)\b", source, re.MULTILINE
    )


def test_only_issues_writes_to_the_world():
    for path in MODULES:
        # The demo's replica answers a POST; it never sends one.
        if room(path) not in ("issues", "demo"):
            assert not re.search(r"create_issue|\.post\(|\"POST\"|'POST'|create_comment|\.edit\(|\.delete\(", path.read_text()), path


def test_nothing_unpickles_or_runs_strangers_code():
    banned = re.compile(
        r"pickle\.loads?\(|torch\.load\(|\beval\(|\bexec\(|yaml\.load\(|importlib\.import_module|os\.system|shell=True|allow_pickle=True"
    )
    for path in MODULES:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = line.split("#")[0]
            if banned.search(code) and not re.search(
                r"[\"'].*(?:torch\.load|pickle\.load|eval|exec|os\.system).*[\"']|\w+\.eval\(\)", code
            ):
                assert "`" in code or "torch.load" in code, f"{path}:{number}: {line}"


def test_only_the_command_line_prints():
    for path in MODULES:
        if room(path) in ("cli", "__main__"):
            continue
        calls = [
            n
            for n in ast.walk(ast.parse(path.read_text()))
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print"
        ]
        assert not calls, f"{path} prints"


def test_files_are_small():
    sizes = {path: len(path.read_text().splitlines()) for path in MODULES if path.name != "__init__.py"}
    assert statistics.median(sizes.values()) <= 150
    allowed = {"facts.py", "pickle_walker.py"}  # one record after another; one loop over opcodes
    assert not {str(p): n for p, n in sizes.items() if n > 400 and p.name not in allowed}


def test_pipeline_reads_like_the_diagram():
    assert len((PACKAGE / "pipeline.py").read_text().splitlines()) <= 120


def test_no_path_of_a_machine_and_no_registry_is_named():
    files = [p for p in ROOT.rglob("*") if p.suffix in {".py", ".md", ".toml", ".j2", ".yml", ".yaml", ".sh", ".txt", ".json"}]
    files = [
        p
        for p in files
        if not {".venv", ".git", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"} & set(p.relative_to(ROOT).parts)
    ]
    places = re.compile("/" + "work/|/" + "root/|/" + "tmp/w/|py" + r"pi\.org|python" + r"hosted|registry\." + "npmjs|deb" + r"\.debian")
    for path in [*files, ROOT / "Makefile"]:
        found = places.search(path.read_text(errors="replace"))
        assert not found, f"{path.relative_to(ROOT)} names {found.group(0)}"
