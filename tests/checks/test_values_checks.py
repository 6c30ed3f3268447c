"""What values say: fresh networks are asked about, trained ones never; NaN is told with its place."""

from __future__ import annotations

import pytest
import torch
from making_values import convolutions, folder, inspected, trained, transformer

from auditor.checks.initial_signs import signs_of
from auditor.checks.values import FiniteValues, InitialWeights
from auditor.findings import Outcome, Severity
from auditor.kit import CHECKS
from auditor.verdict import judge


def initial(value: object):
    (found,) = InitialWeights().check(folder({"M.pth": value}))
    return found


def fitting(module: torch.nn.Module) -> set[str]:
    read = inspected(module.state_dict())
    return {sign.name for sign in signs_of(read.checkpoint.tensors, read.values) if sign.fits}


@pytest.mark.parametrize("make", [convolutions, transformer])
@pytest.mark.parametrize("seed", range(4))
def test_a_fresh_network_is_asked_about(make, seed):
    found = initial(make(seed).state_dict())
    assert found.outcome in (Outcome.UNKNOWN, Outcome.FAILS)
    assert found.severity is Severity.MEDIUM
    assert "initial weights" in found.title
    assert found.evidence
    assert "mean" in found.evidence[0].quote


def test_the_signs_of_a_fresh_network_are_independent_and_named():
    assert fitting(convolutions()) == {"running statistics", "normalization", "spread of weights"}
    assert fitting(transformer()) >= {"normalization", "spread of weights"}


@pytest.mark.parametrize(("make", "shape"), [(convolutions, (3, 8, 8)), (transformer, (5, 12))])
@pytest.mark.parametrize("rate", [1e-2, 1e-4])
def test_a_network_that_was_trained_for_five_steps_is_not(make, shape, rate):
    found = initial(trained(make(), *shape, rate=rate).state_dict())
    assert found.outcome is Outcome.HOLDS
    assert found.severity is Severity.INFO
    assert "moved" in found.detail


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_lower_precision_hides_neither(dtype):
    fresh = {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in convolutions().state_dict().items()}
    assert initial(fresh).outcome is not Outcome.HOLDS
    done = trained(convolutions(), 3, 8, 8).state_dict()
    assert initial({n: t.to(dtype) if t.is_floating_point() else t for n, t in done.items()}).outcome is Outcome.HOLDS


def test_known_initializations_are_recognized_by_their_spread():
    linear = [torch.nn.Linear(60, 90) for _ in range(3)]
    for make in (
        lambda w: torch.nn.init.kaiming_normal_(w, mode="fan_out"),
        lambda w: torch.nn.init.kaiming_normal_(w, mode="fan_in"),
        torch.nn.init.xavier_uniform_,
        torch.nn.init.xavier_normal_,
        lambda w: torch.nn.init.trunc_normal_(w, std=0.02),
        lambda w: w,
    ):
        for layer in linear:
            make(layer.weight.data)
        assert "spread of weights" in fitting(torch.nn.Sequential(*linear)), make
    for layer in linear:
        layer.weight.data.mul_(1.4)
    assert "spread of weights" not in fitting(torch.nn.Sequential(*linear))


def test_a_rare_initialization_is_left_open():
    layers = [torch.nn.Linear(60, 90) for _ in range(4)]
    for layer in layers[:2]:
        layer.weight.data.mul_(1.4)
    found = initial(torch.nn.Sequential(*layers).state_dict())
    assert (found.outcome, found.severity) == (Outcome.UNKNOWN, Severity.INFO)
    for layer in layers[2:]:
        layer.weight.data.mul_(0.6)
    assert initial(torch.nn.Sequential(*layers).state_dict()).outcome is Outcome.HOLDS


def test_layer_scales_and_zero_biases_are_signs():
    state = {f"blocks.{n}.gamma": torch.full((96,), 1e-6) for n in range(4)}
    state |= {f"blocks.{n}.pw.weight": torch.nn.init.trunc_normal_(torch.empty(96, 96), std=0.02) for n in range(4)}
    state |= {f"blocks.{n}.pw.bias": torch.zeros(96) for n in range(4)}
    read = inspected(state)
    assert {sign.name for sign in signs_of(read.checkpoint.tensors, read.values) if sign.fits} == {
        "layer scales",
        "biases",
        "spread of weights",
    }
    assert initial(state).outcome is Outcome.FAILS
    state["blocks.2.gamma"] = torch.randn(96) * 1e-3
    assert initial(state).outcome is Outcome.HOLDS


def test_frozen_statistics_alone_are_no_question():
    module = convolutions()
    for layer in module:
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.eval()
    done = trained(module, 3, 8, 8).state_dict()
    assert all(not done[name].any() for name in done if name.endswith("running_mean"))
    assert initial(done).outcome is Outcome.HOLDS


def test_a_placeholder_of_constants_holds_nothing():
    found = initial({"w": torch.zeros(4, 4), "b": torch.zeros(4), "n": torch.tensor(3)})
    assert found.outcome is Outcome.FAILS
    assert "no trained weights" in found.title


def test_too_little_says_nothing():
    assert InitialWeights().check(folder({"M.pth": {"w": torch.randn(3), "v": torch.randn(4)}})) == ()
    assert InitialWeights().check(folder({"M.pth": convolutions().state_dict()}, full=False)) == ()


def test_finite_values():
    state = convolutions().state_dict()
    (good,) = FiniteValues().check(folder({"M.pth": state}))
    assert good.outcome is Outcome.HOLDS
    state["3.weight"][0, 0, 0, 0] = float("nan")
    state["8.bias"][:2] = float("inf")
    (bad,) = FiniteValues().check(folder({"M.pth": {"state_dict": {f"module.{n}": t for n, t in state.items()}}}))
    assert (bad.outcome, bad.severity) == (Outcome.FAILS, Severity.MEDIUM)
    assert "3.weight: 1 NaN, 0 infinite of 4608" in bad.observed
    assert [piece.locator for piece in bad.evidence] == ["data.pkl!module.3.weight", "data.pkl!module.8.bias"]
    assert InitialWeights().check(folder({"M.pth": state}))


def test_masks_hold_infinities_on_purpose():
    state = {"attn_mask": torch.triu(torch.full((8, 8), float("-inf")), 1), "w": torch.randn(8, 8)}
    (found,) = FiniteValues().check(folder({"M.pth": state}))
    assert (found.outcome, found.severity) == (Outcome.FAILS, Severity.INFO)


def test_values_that_could_not_be_read_are_said():
    from dataclasses import replace

    seen = folder({"M.pth": convolutions().state_dict()}, full=False)
    (artifact,) = seen.artifacts
    (item,) = artifact.contents
    noted = replace(item, checkpoint=replace(item.checkpoint, values_note="the host is gone"))
    seen = replace(seen, artifacts=(replace(artifact, contents=(noted,)),))
    (found,) = FiniteValues().check(seen)
    assert (found.outcome, found.detail) == (Outcome.UNKNOWN, "the host is gone")


def test_no_verdict_changes_by_what_values_say():
    files = {
        "ConvNeXtPose_M.tar": convolutions().state_dict(),
        "ConvNeXtPose_L.tar": {"w": torch.full((4, 4), float("nan")), "b": torch.zeros(2)},
    }

    def verdicts(full: bool):
        return [(v.name, v.verdict) for v in judge([f for check in CHECKS for f in check.check(folder(files, full=full))])]

    assert verdicts(full=True) == verdicts(full=False)


def test_values_are_saved_with_the_facts_and_recorded_where_they_are_few():
    from auditor.record import facts_from_json, facts_to_json, stage_record

    huge = torch.full((300,), 1.7e308, dtype=torch.float64) * torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(150)
    state = {**convolutions().state_dict(), "huge": huge, "nan": torch.full((2,), float("nan"))}
    many = {f"w{n}": torch.randn(3) for n in range(65)}
    seen = folder({"M.pth": state, "L.pth": many})
    assert facts_from_json(facts_to_json(seen)) == seen
    first, second = (a["checkpoints"][0]["values"] for a in stage_record("artifacts", artifacts=seen.artifacts)["artifacts"])
    assert [item["name"] for item in first["tensors"]] == list(state)
    assert first["digest"] == seen.artifacts[0].contents[0].values.digest
    assert first["tensors"][-1]["mean"] is None
    assert second["tensors"] == []
    assert second["digest"]
