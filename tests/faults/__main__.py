"""Measure the whole matrix and write docs/faults.md: `PYTHONPATH=tests python -m faults`."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

from auditor.facts import Facts
from faults.hosts import NEVER_ASKED
from faults.matrix import FAULTS, claimed, empty_row, row
from faults.table import PAGE, page, said
from faults.wires import wired

with tempfile.TemporaryDirectory() as folder, wired() as wires:

    @cache
    def claims(link: str) -> Facts:
        """Return what a repository claims that links there."""
        return claimed(link, Path(folder) / hashlib.sha256(link.encode()).hexdigest())

    cells = []
    for fault in FAULTS:
        found = row(fault, wires, claims)
        cells += found
        sys.stdout.write(f"{fault.name}: {dict(Counter(said(cell) for cell in found))}\n")
    cells += empty_row(claims)
PAGE.write_text(page(cells, NEVER_ASKED), encoding="utf-8")
sys.stdout.write(f"{len(cells)} cells, written to {PAGE}\n")
