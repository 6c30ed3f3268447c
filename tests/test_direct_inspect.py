"""`audit inspect` has a way past the parser: it takes what the parser would take, means the same, and leaves it the rest."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli.direct import Asked, inspect_arguments
from auditor.demo.world import pose_checkpoint


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["a.pth"], Asked(["a.pth"])),
        (["a.pth", "--json", "b c.pth", "-q"], Asked(["a.pth", "b c.pth"], as_json=True, quiet=True)),
        (["--no-color", "--download", "full", "a"], Asked(["a"], download="full", no_color=True)),
        (["--quiet", "--download", "header", "a"], Asked(["a"], quiet=True)),
    ],
)
def test_plain_arguments_are_understood(words, asked):
    assert inspect_arguments(words) == asked


@pytest.mark.parametrize(
    "words",
    [[], [""], ["-h"], ["a", "--help"], ["--jsn", "a"], ["a", "--download"], ["a", "--download", "all"], ["a", "--download=full"],
     ["--", "-a"], ["-qq", "a"], ["-"], ["--json"]],
)  # fmt: skip
def test_everything_else_is_left_to_the_parser(words):
    assert inspect_arguments(words) is None


@given(
    st.lists(st.sampled_from(["a.pth", "b", "--json", "-q", "--quiet", "--no-color", "--download", "full", "header", "-x", ""]), max_size=6)
)
def test_both_ways_mean_the_same(words):
    import typer.main

    from auditor.cli import app

    asked = inspect_arguments(words)
    if asked is None:
        return
    command = typer.main.get_command(app).commands["inspect"]
    parsed = command.make_context("inspect", list(words)).params
    assert tuple(parsed["paths"]) == tuple(asked.paths)
    shared = {name: parsed[name] for name in ("download", "as_json", "quiet", "no_color")}
    assert shared == {name: getattr(asked, name) for name in shared}
    assert not any(value for name, value in parsed.items() if name not in (*shared, "paths"))


def run(*words, cwd):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-m", "auditor", *words], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)


def test_both_ways_print_and_end_alike(tmp_path):
    torch.save({"w": torch.zeros(3, 4)}, tmp_path / "a.pth")
    (tmp_path / "b.pth").write_text("<html>sign in</html>")
    for paths in (["a.pth"], ["a.pth", "b.pth"], ["b.pth"], ["gone.pth"]):
        direct, parsed = run("inspect", "-q", *paths, cwd=tmp_path), run("inspect", "-q", "--download=header", *paths, cwd=tmp_path)
        assert (direct.returncode, direct.stdout, direct.stderr) == (parsed.returncode, parsed.stdout, parsed.stderr)
    assert run("inspect", cwd=tmp_path).returncode == 2
    assert "Usage" in run("inspect", "--help", cwd=tmp_path).stdout


def test_inspecting_a_local_file_imports_no_parser_and_no_network(tmp_path):
    known = pose_checkpoint("a.pth", "XS")  # a network with a name is not proved here, so torch has no work
    (tmp_path / "a.pth").write_bytes(b"".join(known.chunks()))
    heavy = ("typer", "pydantic", "requests", "urllib3", "jinja2", "numpy", "torch", "bs4", "yaml", "github", "gdown")
    code = (
        "import sys; sys.argv = ['audit', 'inspect', 'a.pth', '-q']\n"
        "from auditor.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print([name for name in {heavy!r} if name in sys.modules])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "[]", done
