"""Tensors that several checkpoints have in common, and what `audit inspect --download full` says of values."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import torch
from making_values import convolutions, folder, trained

from auditor.checks.shared_tensors import SharedTensors
from auditor.findings import Outcome, Severity


def states() -> dict[str, dict[str, torch.Tensor]]:
    first = {name: tensor.clone() for name, tensor in trained(convolutions(), 3, 8, 8).state_dict().items()}
    second = {name: tensor.clone() for name, tensor in trained(convolutions(1), 3, 8, 8).state_dict().items()}
    second["0.weight"] = first["0.weight"].clone()
    return {"M.pth": first, "L.pth": second}


def test_a_backbone_that_was_taken_over_is_told():
    (found,) = SharedTensors().check(folder(states()))
    assert (found.outcome, found.severity) == (Outcome.HOLDS, Severity.INFO)
    assert found.title == "M.pth and L.pth have 1 tensors of equal values in common"
    assert found.observed == "1 of 3 and 3 weights: 0.weight"
    assert len(found.evidence) == 2
    assert all("0.weight" in piece.locator for piece in found.evidence)


def test_constants_equal_files_and_headers_alone_say_nothing():
    fresh = {"M.pth": convolutions(0).state_dict(), "L.pth": convolutions(1).state_dict()}  # norms are equal: ones and zeros
    assert SharedTensors().check(folder(fresh)) == ()
    state = states()["M.pth"]
    assert SharedTensors().check(folder({"M.pth": state, "L.pth": state})) == ()
    assert SharedTensors().check(folder(states(), full=False)) == ()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("files")
    made = states()
    torch.save(made["M.pth"], root / "M.pth")
    made["L.pth"]["8.bias"][0] = float("nan")
    torch.save(made["L.pth"], root / "L.pth")
    torch.save({"state_dict": convolutions(3).state_dict()}, root / "fresh.pth")
    return root


def inspect(place, *options):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "auditor", "inspect", "M.pth", "L.pth", "fresh.pth", "-q", *options]
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=120)


def test_inspect_reads_values_only_when_asked(place):
    full, header = inspect(place, "--download", "full", "--json"), inspect(place, "--json")
    assert full.returncode == header.returncode == 0, full.stderr
    record = json.loads(full.stdout)
    checkpoints = [artifact["checkpoints"][0] for artifact in record["artifacts"]]
    assert [checkpoint["values"]["nonfinite"] for checkpoint in checkpoints] == [0, 1, 0]
    assert len({checkpoint["values"]["digest"] for checkpoint in checkpoints}) == 3
    assert checkpoints[0]["values"]["tensors"][0]["std"] > 0
    titles = [finding["title"] for finding in record["findings"]]
    assert "M.pth and L.pth have 1 tensors of equal values in common" in titles
    assert "L.pth holds values that are not finite, in 1 of 14 tensors" in titles
    assert any(title.startswith("fresh.pth: ") and title.endswith("initial weights") for title in titles)
    ids = {piece["id"] for piece in record["evidence"]}
    assert all(set(finding["evidence"]) <= ids for finding in record["findings"])
    assert json.loads(header.stdout).keys() == {"schema_version", "artifacts"}
    assert all(a["checkpoints"][0]["values"] is None for a in json.loads(header.stdout)["artifacts"])


def test_inspect_tells_a_person_of_values(place):
    told = inspect(place, "--download", "full").stdout
    assert "14 tensors, all finite" in told
    assert "14 tensors, 1 are NaN or infinite" in told
    assert "  8.bias: 1 NaN, 0 infinite of 10" in told
    assert "finite" not in inspect(place).stdout
    assert inspect(place, "--download", "all").returncode == 2
