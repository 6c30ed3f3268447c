"""Each host x each fault: the right status, no wrong verdict, bounded time, nothing lost that was found elsewhere."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from auditor.facts import Facts, Status
from auditor.hosts import HOSTS, host_for
from auditor.net import Network, NetworkSettings
from faults.faults import FAULTS, FINE
from faults.hosts import CASES, NEVER_ASKED
from faults.matrix import KINDS, Cell, claimed, empty_row, row
from faults.table import PAGE, TITLES, said
from faults.wires import Wires, wired

ACCUSING = ("missing", "mislabelled", "contradicted")
MOST_REQUESTS = 60
MOST_SECONDS = 120  # of waiting on purpose, which takes no time here


@pytest.fixture(scope="module")
def wires() -> Iterator[Wires]:
    with wired() as opened:
        yield opened


@pytest.fixture(scope="module")
def claims(tmp_path_factory) -> Callable[[str], Facts]:
    folder = tmp_path_factory.mktemp("claims")

    @cache
    def of(link: str) -> Facts:
        return claimed(link, folder / hashlib.sha256(link.encode()).hexdigest())

    return of


def written() -> dict[tuple[str, str, str], str]:
    """Return the cells of docs/faults.md by kind, fault and host."""
    found = {}
    for kind, title in TITLES.items():
        part = re.search(rf"^## {re.escape(title)}\n\n(.*?)(?:\n\n|\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part[1].splitlines()] if part else [[]]
        for name, usual, *others in rows[2:]:
            found |= {(kind, name, host): words or usual for host, words in zip(rows[0][2:], others, strict=True)}
    return found


def wrong(cell: Cell) -> list[str]:
    """Return what must not be, of one cell."""
    survived = cell.outcome[0] == "ok"
    found = []
    if cell.verdicts.get("Net-S") != "consistent":
        found.append(f"the network at the host that works is {cell.verdicts.get('Net-S')}")
    if cell.verdicts.get("Net-M") in ACCUSING:
        found.append(f"accused of {cell.verdicts['Net-M']}")
    if survived and cell.verdicts.get("Net-M") != "consistent":
        found.append(f"survived, and yet {cell.verdicts.get('Net-M')}")
    if cell.issue:
        found.append("an issue is drafted")
    if cell.complete != survived:
        found.append(f"complete is {cell.complete}")
    if cell.listing.status is Status.OK and cell.names != ("net_m.pth",):
        found.append(f"listed whole, with {cell.names}")
    if not survived and not any(source.detail for source in (cell.listing, *cell.files) if source.status is not Status.OK):
        found.append("no words")
    if cell.requests > MOST_REQUESTS or cell.seconds > MOST_SECONDS:
        found.append(f"{cell.requests} requests, {cell.seconds:.0f} seconds")
    return found


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_every_host_with_this_fault(fault, wires, claims):
    page = written()
    problems = []
    for cell in row(fault, wires, claims):
        place = f"{cell.host}, {cell.kind}: {said(cell)}"
        problems += [f"{place}: {words}" for words in wrong(cell)]
        if cell.outcome not in (fault.outcomes if cell.met else FINE):
            problems.append(f"{place} is not true of {fault.name}: {cell.listing.detail}")
        if page.get((cell.kind, fault.name, cell.host)) != said(cell):
            problems.append(f"{place}: docs/faults.md says {page.get((cell.kind, fault.name, cell.host))}; run python -m faults")
    assert not problems, "\n".join(problems)


def test_an_empty_folder_is_no_fault_and_what_it_should_hold_is_missing(claims):
    page = written()
    for cell in empty_row(claims):
        assert (cell.host, cell.outcome, cell.complete, cell.names) == (cell.host, ("ok", "empty"), True, ())
        assert (cell.verdicts["Net-S"], cell.verdicts["Net-M"], cell.issue) == ("consistent", "missing", True), cell.host
        assert page[("folder", cell.fault, cell.host)] == said(cell)


def test_every_host_of_the_registry_is_in_the_matrix_and_the_page():
    asked = {case.host for case in CASES}
    assert asked | set(NEVER_ASKED) == {host.name for host in HOSTS}
    assert {host_for(case.folder).name for case in CASES} == asked
    assert {name: host_for(url).name for name, url in NEVER_ASKED.items()} == {name: name for name in NEVER_ASKED}
    faults = [fault.name for fault in FAULTS]
    expected = {(kind, fault, host) for kind in KINDS for fault in faults for host in asked}
    assert set(written()) - {place for place in written() if place[1] == "empty folder"} == expected


@pytest.mark.parametrize("name", NEVER_ASKED)
def test_a_place_that_is_never_asked_needs_no_network(name):
    url = NEVER_ASKED[name]
    network = Network(NetworkSettings(max_requests=0))
    listing = host_for(url).resolve(url, network)
    assert (listing.status, network.requests) == (Status.SKIPPED, 0)
    assert listing.detail
