"""What a stranger gets: the wheel works elsewhere, and README says what the program says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_wheel_installed_elsewhere_runs_the_demo(tmp_path):
    pytest.importorskip("build")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, cwd=tmp_path)
    env = {**os.environ, "PYTHONPATH": str(site), "HTTPS_PROXY": "http://127.0.0.1:9"}
    where = [sys.executable, "-c", "import auditor; print(auditor.__file__)"]
    assert subprocess.run(where, capture_output=True, text=True, env=env, cwd=tmp_path).stdout.startswith(str(site))
    demo = [sys.executable, "-m", "auditor", "demo", "--out", "out", "--quiet"]
    done = subprocess.run(demo, capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "missing" in (tmp_path / "out" / "report.md").read_text()
    assert (site / "auditor" / "templates").is_dir()


def test_readme_shows_the_help_as_it_is():
    help_text = subprocess.run(
        [sys.executable, "-m", "auditor", "--help"], capture_output=True, text=True, env={**os.environ, "COLUMNS": "80"}
    ).stdout
    shown = re.search(r"```\n\$ audit --help\n(.*?)```", README, re.DOTALL)
    assert shown, "README has no help block"
    # Run as a module the program is called "python -m auditor"; installed it is "audit".
    assert shown.group(1).strip() == re.sub(r"Usage: .*? \[OPTIONS\]", "Usage: audit [OPTIONS]", help_text).strip()


def test_every_command_and_option_is_in_the_readme():
    from typer.main import get_command

    from auditor.cli import app

    for name, command in get_command(app).commands.items():
        assert f"audit {name}" in README, f"README does not mention `audit {name}`"
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option != "--help":
                    assert option in README, f"README does not mention {option} of `audit {name}`"


def test_readme_links_lead_somewhere():
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", README):
        assert (ROOT / target).exists(), target


def test_help_starts_without_heavy_libraries():
    code = "import sys, auditor.cli; print([m for m in ('torch', 'pydantic', 'rapidocr', 'onnxruntime', 'github', 'gdown', 'jinja2', 'requests', 'rich', 'numpy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_version_is_the_same_everywhere():
    from auditor import __version__

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["dynamic"] == ["version"]
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
