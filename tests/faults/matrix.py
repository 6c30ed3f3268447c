"""The matrix: each host x each fault x what is broken, as a whole audit sees it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from auditor.demo.internet import Page, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.torch_pickles import TensorSpec
from auditor.demo.virtual_files import VirtualFile, torch_zip
from auditor.facts import Facts, Source, Status
from auditor.gathering.artifacts import gather_artifacts
from auditor.hosts import host_for
from auditor.kit import default_kit
from auditor.net import Network, NetworkSettings
from auditor.options import AuditOptions
from auditor.pipeline import conclude, see
from auditor.progress import Silent
from faults.faults import FAULTS, Broken, Fault
from faults.hosts import CASES, Case
from faults.wires import Wires

EMPTY = "empty folder"
WITNESS = "https://witness.example.net/net_s.pth"
KINDS = ("file", "folder", "files of a folder")
"""What the README links and what is broken: a file; a folder; the files of a folder that was listed."""

PATIENT = NetworkSettings(retries=1)
IMPATIENT = NetworkSettings(timeout_seconds=0.2, exchange_seconds=0.2, retries=1)  # where the fault is that nothing comes
AT_ONCE = 24  # cells; they wait more than they work


@dataclass(frozen=True)
class Cell:
    """What became of one link."""

    host: str
    kind: str
    fault: str
    listing: Source
    files: tuple[Source, ...]
    names: tuple[str, ...]  # that were listed
    verdicts: dict[str, str]  # of both variants
    complete: bool
    requests: int
    seconds: float  # that were waited on purpose
    issue: bool  # whether one would be filed
    met: bool  # whether anything that was broken was asked for

    @property
    def outcome(self) -> tuple[str, str]:
        """Return status and state of what was broken."""
        source = self.listing
        if self.kind == "files of a folder" or (source.status is Status.OK and self.files):
            source = next((file for file in self.files if file.status is not Status.OK), self.files[0] if self.files else source)
        return source.status.value, source.state.value


@cache
def checkpoint(name: str, width: int) -> VirtualFile:
    """Return a small network; files of two blocks at least, so that reading takes more than one request."""
    tensors = {"conv.weight": TensorSpec((width, width, 3, 3)), "fc.weight": TensorSpec((10, width)), "fc.bias": TensorSpec((10,))}
    return torch_zip(f"{name}.pth", name, {"state_dict": tensors})


FILES = {"net_m.pth": checkpoint("net_m", 128)}
README = """# Network

Official code of our paper. Pre-trained models: see the table.

| Model | Params | Checkpoint |
| --- | --- | --- |
| Net-S | 0.0738M | [net_s.pth]({witness}) |
| Net-M | 0.1487M | [net_m.pth]({link}) |
"""


@cache
def healthy(case: Case) -> tuple[str, frozenset[str]]:
    """Return the address of the file, and every address that listing the folder asks for."""
    adapter = ReplicaAdapter(case.world(FILES))
    listing = host_for(case.folder).resolve(case.folder, Network(transport=adapter))
    assert (listing.status, [file.name for file in listing.files]) == (Status.OK, ["net_m.pth"]), f"{case.host}: {listing.detail}"
    return case.file or listing.files[0].url, frozenset(seen.url for seen in adapter.seen)


def world_of(case: Case, files: dict[str, VirtualFile]) -> World:
    """Return the world of a host, with one more host that works."""
    world = case.world(files)
    return replace(world, pages={**world.pages, WITNESS: Page(checkpoint("net_s", 90), "application/octet-stream")})


def claimed(link: str, folder: Path) -> Facts:
    """Return what a repository claims that links its second network there; no link is followed yet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(README.format(witness=WITNESS, link=link))
    return see(str(folder), AuditOptions(follow=False), default_kit(), Network(transport=ReplicaAdapter(World())), Silent())


def audited(facts: Facts, network: Network, case: Case, kind: str, fault: str, met: Callable[[], bool] = bool) -> Cell:
    """Follow the links of a repository, judge, and return what became of the broken one."""
    kit, waited = default_kit(), network._door._timer
    begun = waited._ahead
    gathered = gather_artifacts(facts.links, network, kit.hosts, Silent())
    kept = tuple(source for source in facts.sources if not source.id.startswith("listing:"))
    report = conclude(replace(facts, artifacts=gathered.artifacts, sources=(*kept, *gathered.sources)), kit)
    sources = [source for source in gathered.sources if not source.url.startswith(WITNESS)]
    return Cell(
        case.host,
        kind,
        fault,
        next(source for source in sources if source.id.startswith("listing:")),
        tuple(source for source in sources if source.id.startswith("file:")),
        tuple(artifact.name for artifact in gathered.artifacts if not artifact.url.startswith(WITNESS)),
        {variant.name: variant.verdict for variant in report.variants},
        report.complete,
        network.requests,
        waited._ahead - begun,
        report.issue is not None,
        met(),
    )


def row(fault: Fault, wires: Wires, claims: Callable[[str], Facts], cases: tuple[Case, ...] = CASES) -> list[Cell]:
    """Return the cells of one fault: every host, each in every kind, many at one time."""

    def cell(case: Case, kind: str) -> Cell:
        spared = healthy(case)[1] if kind == "files of a folder" else frozenset()
        broken = Broken(ReplicaAdapter(world_of(case, FILES)), fault, lambda url: not url.startswith(WITNESS) and url not in spared, wires)
        network = Network(IMPATIENT if fault.waits else PATIENT, broken, sleep=lambda _: None)
        try:
            return audited(known[case, kind], network, case, kind, fault.name, lambda: broken.asked > 0)
        finally:
            network.close()

    places = [(case, kind) for case in cases for kind in KINDS]
    known = {(case, kind): claims(healthy(case)[0] if kind == "file" else case.folder) for case, kind in places}
    with ThreadPoolExecutor(AT_ONCE if fault.waits else 4) as pool:
        return list(pool.map(lambda place: cell(*place), places))


def empty_row(claims: Callable[[str], Facts], cases: tuple[Case, ...] = CASES) -> list[Cell]:
    """Return the cells of folders without files: no fault, and the only reason in this matrix to call a network missing."""
    return [
        audited(claims(case.folder), Network(PATIENT, ReplicaAdapter(world_of(case, {})), sleep=lambda _: None), case, "folder", EMPTY)
        for case in cases
    ]


__all__ = ["CASES", "FAULTS", "KINDS", "Cell", "claimed", "empty_row", "row"]
