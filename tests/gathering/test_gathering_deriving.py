"""Files of one structure are recognized once, whichever thread comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from auditor.architectures.inspection import inspect_checkpoint
from auditor.demo.world import pose_checkpoint
from auditor.facts import Unreadable
from auditor.formats.reading import read_contents
from auditor.gathering import deriving
from auditor.gathering.deriving import Structures


def checkpoint(variant: str, epoch: int):
    return read_contents(pose_checkpoint(f"{variant}{epoch}.pth", variant, epoch=epoch))[0]


def test_one_structure_is_recognized_once_and_each_file_keeps_its_own_checkpoint(monkeypatch):
    asked = []

    def counted(item):
        asked.append(item)
        return inspect_checkpoint(item)

    monkeypatch.setattr(deriving, "inspect_checkpoint", counted)
    items = [checkpoint(variant, epoch) for epoch in range(4) for variant in ("XS", "S")]
    structures = Structures()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(structures.derived, items))
    assert len(asked) == 2
    assert [one.checkpoint for one in found] == items
    assert [one.architecture for one in found] == [inspect_checkpoint(item)[1] for item in items]


def test_what_could_not_be_read_stays_as_it_is():
    broken = Unreadable(None, "half a file", "truncated")
    assert Structures().derived(broken) is broken


def test_only_so_many_structures_are_remembered(monkeypatch):
    monkeypatch.setattr(deriving, "MOST_STRUCTURES", 1)
    structures = Structures()
    for variant in ("XS", "S", "XS"):
        item = checkpoint(variant, 1)
        assert structures.derived(item).architecture == inspect_checkpoint(item)[1]
    assert len(structures._known) == 1
