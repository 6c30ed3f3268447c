"""The matrix as the page docs/faults.md: rows are faults, columns are hosts, a cell is what an audit says of the link."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from faults.matrix import EMPTY, KINDS, Cell

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"

TITLES = {
    "file": "A link to a file",
    "folder": "A link to a folder, a record or a repository",
    "files of a folder": "The files of a folder that was listed",
}
HEAD = """# What an audit says when something goes wrong

Every host of the auditor, with every fault, as a whole audit sees it: a repository claims two networks, one of them lies at a host
where something is broken, the other at a host where nothing is. A cell is `status/state` of the source (`facts.Status`,
`facts.State`); `ok` means that the fault was survived and the network was read whole, or that nothing more was asked for. An empty
cell is what "most hosts" says.

In every cell of this page, which the tests hold: the network at the host that works is read and judged `consistent`. Nothing is
called missing, mislabelled or contradicted because of a fault, no issue is drafted, and an audit that did not see a file is not
complete. A folder that was listed in part never counts as listed. No cell asks more than 60 times or waits more than two minutes.
The one folder that may be held against its owner is the one that was listed whole and is empty: there the network is `missing`.

No such name, refused, TLS, timeout, reset and drip are real sockets of the loopback interface, the others answers of a server in
the process. Made by `PYTHONPATH=tests python -m faults`; `tests/faults/test_fault_matrix.py` fails where a cell differs.
"""
FOOT = """
## Places that are never asked

{never}: no request leaves, whatever happens there. They are listed as skipped, with what a person can do, and the audit is not complete.
"""


def said(cell: Cell) -> str:
    """Return a cell in words."""
    status, state = cell.outcome
    return status if state in ("", status) else f"{status}/{state}"


def row_line(name: str, cells: Iterable[Cell]) -> str:
    """Return one line of a table: what most hosts say, then the others by host."""
    found = [said(cell) for cell in cells]
    usual = Counter(found).most_common(1)[0][0]
    return f"| {name} | {usual} | " + " | ".join("" if words == usual else words for words in found) + " |"


def page(cells: Iterable[Cell], never: Iterable[str]) -> str:
    """Return the whole page."""
    cells, made = list(cells), [HEAD]
    for kind in KINDS:
        here = [cell for cell in cells if cell.kind == kind]
        hosts = list(dict.fromkeys(cell.host for cell in here))
        made += [f"\n## {TITLES[kind]}\n", "| Fault | Most hosts | " + " | ".join(hosts) + " |", "| --- " * (len(hosts) + 2) + "|"]
        made += [row_line(fault, [cell for cell in here if cell.fault == fault]) for fault in dict.fromkeys(cell.fault for cell in here)]
    return "\n".join([*made, FOOT.format(never=" and ".join(f"`{name}`" for name in never))])


__all__ = ["EMPTY", "PAGE", "page", "row_line", "said"]
