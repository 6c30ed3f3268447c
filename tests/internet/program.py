"""Runs the whole program, as its users do: a process of its own, which has nothing of ours but the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from internet.proxy import RunningInternet


def audit(
    running: RunningInternet, *arguments: str, cwd: Path, timeout: float = 240, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `audit` with these arguments inside a served world; `environment` is set on top of the world's own."""
    env = running.over(dict(os.environ)) | {"PYTHONPATH": str(Path(__file__).parents[2]), **environment}
    command = [sys.executable, "-m", "auditor", *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout, check=False)
