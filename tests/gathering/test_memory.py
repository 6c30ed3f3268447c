"""The memory that an audit reports is its own, whoever started it."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASK = "from auditor.gathering.memory import peak_rss_bytes; print(peak_rss_bytes())"
STARTED_BY_A_LARGE_PROGRAM = f"""
import os, sys
ballast = bytearray(os.urandom(1 << 20)) * 300
os.execv(sys.executable, [sys.executable, "-c", {ASK!r}])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the high-water mark of one process image")
def test_the_memory_of_whoever_started_the_audit_is_not_its_own():
    peak = int(subprocess.run([sys.executable, "-c", STARTED_BY_A_LARGE_PROGRAM], capture_output=True, check=True).stdout)
    assert 1 << 20 < peak < 150 << 20


def test_memory_that_was_given_back_still_counts():
    taken = f"ballast = bytearray(b'x') * (200 << 20); del ballast; {ASK}"
    assert int(subprocess.run([sys.executable, "-c", taken], capture_output=True, check=True).stdout) > 200 << 20
