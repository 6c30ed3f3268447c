"""Equal files are a question, mirrors and averages a plain fact, and none of it moves a verdict."""

from __future__ import annotations

from dataclasses import replace

import torch
from making_values import convolutions, folder, trained

from auditor.checks.across_files import AverageTwin, SameBytes, SameWeights
from auditor.checks.file_facts import SharedStructure, SizeFits, bare_bytes
from auditor.facts import Artifact, Status
from auditor.findings import Outcome, Severity
from auditor.kit import CHECKS
from auditor.verdict import judge

FIRST, SECOND = convolutions(1).state_dict(), convolutions(2).state_dict()


def test_one_file_under_two_names_is_a_question():
    for hosted in (False, True):
        seen = folder({"M.pth": FIRST, "L.pth": FIRST, "S.pth": SECOND}, full=not hosted, hosted=hosted)
        (found,) = SameBytes().check(seen)
        assert (found.outcome, found.severity) == (Outcome.UNKNOWN, Severity.MEDIUM)
        assert "M.pth, L.pth" in found.title
        assert len(found.evidence) == 2
        assert {piece.source for piece in found.evidence} == {seen.artifacts[0].source, seen.artifacts[1].source}
        assert found.checkpoints == ("k1", "k2")
        assert "Ask" in found.remedy


def test_mirrors_of_one_name_are_no_question():
    (found,) = SameBytes().check(folder({"zoo/M.pth": FIRST, "mirror/ConvNeXtPose_M.tar": FIRST}))
    assert (found.outcome, found.severity) == (Outcome.HOLDS, Severity.INFO)
    assert "copies" in found.title


def test_files_of_others_and_files_without_digest_are_left_alone():
    seen = folder({"M.pth": FIRST, "L.pth": FIRST})
    others = replace(seen, artifacts=tuple(replace(a, owner="baseline") for a in seen.artifacts))
    assert SameBytes().check(others) == ()
    assert SameBytes().check(folder({"M.pth": FIRST, "L.pth": FIRST}, full=False)) == ()
    empty = tuple(
        Artifact(f"a{n}", None, f"{name}.pth", "", "direct", 0, Status.OK, sha256="e3b0") for n, name in enumerate("ML")
    )  # two empty files are equal and say nothing
    assert SameBytes().check(replace(seen, artifacts=empty)) == ()


def test_a_digest_that_the_host_states_otherwise():
    seen = folder({"M.pth": FIRST})
    seen = replace(seen, artifacts=(replace(seen.artifacts[0], sha256="ab" * 32),))
    (found,) = SameBytes().check(seen)
    assert found.outcome is Outcome.FAILS
    assert "ab" * 32 in found.expected


def test_the_same_weights_in_different_files():
    files = {"M.pth": FIRST, "L.pth": {"state_dict": {f"module.{n}": t for n, t in FIRST.items()}, "epoch": 9}, "S.pth": SECOND}
    seen = folder(files)
    (found,) = SameWeights().check(seen)
    assert (found.outcome, found.severity) == (Outcome.UNKNOWN, Severity.MEDIUM)
    assert found.checkpoints == ("k1", "k2")
    assert SameBytes().check(seen) == ()
    (structure,) = SharedStructure().check(seen)
    assert "2 sets of weights" in structure.detail
    assert SameWeights().check(folder(files, full=False)) == ()


def test_equal_files_are_asked_about_once():
    assert SameWeights().check(folder({"M.pth": FIRST, "L.pth": FIRST})) == ()


def test_an_average_inside_a_file():
    ema = {name: tensor.clone() for name, tensor in SECOND.items()}
    (found,) = AverageTwin().check(folder({"M.pth": {"model": FIRST, "model_ema": ema}}))
    assert (found.outcome, found.severity) == (Outcome.HOLDS, Severity.INFO)
    assert "model_ema" in found.title
    assert "model" in found.detail


def test_an_average_beside_a_file():
    (found,) = AverageTwin().check(folder({"M_ema.pth": SECOND, "M.pth": FIRST}))
    assert "M_ema.pth is, by its name, a running average of M.pth" in found.title
    assert found.observed.startswith("their values differ")
    (same,) = AverageTwin().check(folder({"M-EMA.pth": FIRST, "M.pth": FIRST}))
    assert "equal" in same.observed
    (unknown,) = AverageTwin().check(folder({"M_ema.pth": SECOND, "M.pth": FIRST}, full=False))
    assert unknown.observed == "the values were not compared"
    assert AverageTwin().check(folder({"schema.pth": SECOND, "cinema.pth": FIRST})) == ()
    assert AverageTwin().check(folder({"M_ema.pth": {"w": torch.ones(3), "v": torch.ones(2)}, "M.pth": FIRST})) == ()


def test_bytes_per_parameter_by_type():
    half = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in FIRST.items()}
    seen = folder({"M.pth": FIRST, "L.pth": half})
    full, small = (bare_bytes(item) for _, item in seen.inspected())
    assert full == sum(tensor.numel() * tensor.element_size() for tensor in FIRST.values())
    assert small == sum(tensor.numel() * tensor.element_size() for tensor in half.values())
    assert all("times the bare weights" in finding.observed for finding in SizeFits().check(seen))
    weight, block = torch.ones(10, 10), torch.ones(100)
    tied = folder({"M.pth": {"a": weight, "b": weight, "c": block[:30], "d": block[30:100].view(7, 10)}})
    assert bare_bytes(next(item for _, item in tied.inspected())) == 400 + 400


def test_equal_files_move_no_verdict():
    module = trained(convolutions(), 3, 8, 8).state_dict()
    for files in ({"M.pth": module, "L.pth": module}, {"ConvNeXtPose_M.tar": module, "L_ema.pth": {"model": module}}):
        plain, full = (judge([f for check in CHECKS for f in check.check(folder(files, full=full))]) for full in (False, True))
        assert [(v.name, v.verdict) for v in plain] == [(v.name, v.verdict) for v in full]
