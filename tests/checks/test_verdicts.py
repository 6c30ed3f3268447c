"""The law of the house as a table: which facts may lead to which verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest
from making_facts import CLAIMS, RESNET, XS, L, M, S, claim, facts, network

from auditor.facts import Cost, Head, Status, Tensor, Unreadable
from auditor.findings import Verdict
from auditor.kit import CHECKS
from auditor.verdict import exit_status, judge


def verdicts(seen):
    return {v.name: v for v in judge([f for check in CHECKS for f in check.check(seen)])}


def words(seen):
    return {name: v.verdict.value for name, v in verdicts(seen).items()}


def drive(*names):
    by_letter = {"XS": XS, "S": S, "M": M, "L": L}
    return {f"ConvNeXtPose_{name}.tar": by_letter[name] for name in names}


def test_all_four_present_accuses_nobody():
    found = words(facts(drive("XS", "S", "M", "L")))
    assert found == {"Ours-M": "consistent", "Ours-L": "consistent", "ConvNeXtPose_XS": "unclaimed", "ConvNeXtPose_S": "unclaimed"}


def test_m_and_l_missing_and_a_foreign_resnet():
    found = words(facts({**drive("XS", "S"), "snapshot_18.pth.tar": RESNET}))
    assert found["Ours-M"] == found["Ours-L"] == "missing"
    assert found["snapshot_18"] == "foreign"
    assert found["ConvNeXtPose_XS"] == found["ConvNeXtPose_S"] == "unclaimed"


def test_three_files_with_the_tensors_of_s():
    found = verdicts(facts({f"ConvNeXtPose_{n}.tar": S for n in "LMS"}))
    assert found["Ours-M"].verdict is found["Ours-L"].verdict is Verdict.MISLABELLED
    assert "ConvNeXtPose_S.tar" in found["Ours-L"].is_like
    assert found["ConvNeXtPose_S"].verdict is Verdict.UNCLAIMED


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.OK])
def test_a_folder_that_was_not_listed_whole_accuses_nobody(status):
    found = words(facts({}, listing=status))
    assert found == {"Ours-M": "unverifiable", "Ours-L": "unverifiable"}
    found = words(facts(drive("XS", "S"), listing=status))
    assert found["Ours-M"] == found["Ours-L"] == "unverifiable"


def test_an_empty_folder_listed_completely_is_missing():
    assert words(facts({})) == {"Ours-M": "missing", "Ours-L": "missing"}


def test_a_repository_without_checkpoint_links_promised_nothing():
    assert set(words(facts({}, linked=False)).values()) == {"unverifiable"}


@pytest.mark.parametrize(
    "broken", [Unreadable(None, "truncated", "truncated"), Unreadable(None, "a page", "html"), Status.QUOTA, Status.DENIED]
)
def test_an_unreadable_file_might_be_the_missing_one(broken):
    found = words(facts({**drive("XS", "S"), "other.pth": broken}))
    assert found["Ours-M"] == "unverifiable"


def test_a_file_that_is_no_checkpoint_hides_nothing():
    readme = Unreadable(None, "a zip of pictures", "not_a_checkpoint", Status.OK)
    assert words(facts({**drive("XS", "S"), "samples.zip": readme}))["Ours-M"] == "missing"


def test_a_readable_file_of_unknown_name_and_network_might_be_it():
    unknown = network(9_000_000, family="unknown", depths=(), dims=(), explained=0.0)
    assert words(facts({**drive("XS", "S"), "model.pth": unknown}))["Ours-M"] == "unverifiable"


def test_the_network_under_another_name_is_found_by_its_structure():
    found = verdicts(facts({"best.pth": M, **drive("L")}))
    assert found["Ours-M"].verdict is Verdict.CONSISTENT


def test_swapped_names_are_both_mislabelled():
    found = verdicts(facts({"ConvNeXtPose_L.tar": M, "ConvNeXtPose_M.tar": L}))
    assert found["Ours-M"].verdict is found["Ours-L"].verdict is Verdict.MISLABELLED
    assert found["Ours-M"].is_like == "Ours-L"


def test_a_network_that_is_nobodys_contradicts():
    odd = network(5_000_000, depths=(2, 2, 2, 2), dims=(48, 96, 192, 384))
    found = words(facts({"ConvNeXtPose_M.tar": odd, **drive("L")}))
    assert found["Ours-M"] == "contradicted"
    assert found["Ours-L"] == "consistent"


def test_secondary_claims_never_accuse():
    mine = (
        claim("L", "params", 197.8, "M", "197.8M", "secondary", "file"),
        claim("L", "dims", [192, 384, 768, 1536], None, "", "secondary", "file"),
        claim("L", "MPJPE (protocol 2)", 42.3, "mm", "42.3 mm", "secondary", "file"),
    )
    seen = facts(drive("XS", "S", "M", "L"), (*CLAIMS, *mine))
    assert words(seen)["Ours-L"] == "consistent"
    conflicts = [f for check in CHECKS for f in check.check(seen) if f.check == "claim-conflict"]
    assert any("197.8M" in f.detail and "8.38M" in f.detail for f in conflicts)
    assert any("42.3" in f.detail and "49.75" in f.detail for f in conflicts)
    assert any("192, 384" in f.detail and "48, 96" in f.detail for f in conflicts)
    only = facts(drive("XS"), mine)
    assert not any(v.verdict.accuses for v in verdicts(only).values())


def test_a_network_that_could_not_be_accounted_for_accuses_nobody():
    vague = network(5_000_000, family="convnext", explained=0.6)
    assert words(facts({"ConvNeXtPose_M.tar": vague, **drive("L")}))["Ours-M"] == "unverifiable"


def test_a_number_read_badly_from_a_picture_accuses_nobody():
    unsure = tuple(replace(c, confidence=0.7) for c in CLAIMS)
    found = words(facts({"ConvNeXtPose_M.tar": S, "ConvNeXtPose_L.tar": S, "ConvNeXtPose_S.tar": S}, unsure))
    assert found["Ours-M"] == "unverifiable"
    assert words(facts(drive("XS"), unsure))["Ours-M"] == "unverifiable"


def test_a_backbone_without_head_is_explained():
    bare = network(7_000_000, head=Head("none"))
    assert words(facts({"ConvNeXtPose_M.tar": bare, **drive("L")}))["Ours-M"] == "unverifiable"


def test_another_number_of_classes_is_explained():
    tensors = (
        Tensor("backbone.stem.weight", (96, 3, 4, 4), "float32"),
        Tensor("head.weight", (21841, 768), "float32"),
        Tensor("head.bias", (21841,), "float32"),
    )
    head = Head("linear", outputs=(21841,), final_layers=("head",))
    learnable = 27_820_128 + 21841 * 769
    net = network(learnable, depths=(3, 3, 9, 3), dims=(96, 192, 384, 768), head=head, tensors=tensors)
    own = (claim("T", "params", 28.59, "M", "28.59M"),)
    found = verdicts(facts({"convnext_T.pth": net}, own, full_name="x/convnext"))["T"]
    assert found.verdict is Verdict.CONSISTENT
    assert "1000 classes" in found.comparisons[0].note


def test_a_near_name_accuses_nobody():
    odd = network(5_000_000, depths=(2, 2, 2, 2))
    assert words(facts({"ConvNeXtPose_M_muco.tar": odd, **drive("L")}))["Ours-M"] == "unverifiable"


def test_an_exact_name_keeps_the_near_one_out():
    odd = network(5_000_000, depths=(2, 2, 2, 2))
    found = words(facts({"ConvNeXtPose_M_muco.tar": odd, **drive("M", "L")}))
    assert found["Ours-M"] == "consistent"


def test_the_worst_of_several_checkpoints_counts_and_each_comparison_names_its_own():
    found = verdicts(facts({"a/ConvNeXtPose_M.tar": M, "b/ConvNeXtPose_M.tar": network(5_000_000), **drive("L")}))["Ours-M"]
    assert found.verdict is Verdict.CONTRADICTED
    assert len({c.checkpoint for c in found.comparisons}) == 2


def test_flops_may_agree_under_an_alternative_wiring():
    cost = Cost(1_800_000_000, (256, 256), "two blocks upsample", (("all blocks upsample", 2_795_000_000),))
    found = verdicts(facts({"ConvNeXtPose_M.tar": replace(M, cost=cost), **drive("L")}))["Ours-M"]
    assert found.verdict is Verdict.CONSISTENT
    note = next(c.note for c in found.comparisons if c.attribute == "gflops")
    assert "all blocks upsample" in note


def test_flops_alone_never_accuse():
    found = verdicts(facts({"ConvNeXtPose_M.tar": replace(M, cost=Cost(9_000_000_000, (256, 256))), **drive("L")}))["Ours-M"]
    assert found.verdict is Verdict.UNVERIFIABLE


def test_rows_bind_a_link_to_its_own_numbers():
    seen = facts(
        {"x.pth": M}, (claim("Net-T", locator="README.md#L9"), claim("Net-T", value=28.6, printed="28.6M", locator="README.md#L30"))
    )
    seen = replace(seen, links=(replace(seen.links[0], row="Net-T | 7.59M | here"),))
    found = verdicts(seen)["Net-T"]
    assert found.verdict is Verdict.CONSISTENT
    assert len(found.comparisons) == 1


def test_exit_status_follows_fail_on():
    missing = judge([f for check in CHECKS for f in check.check(facts({}))])
    assert exit_status(missing, True, "missing") == 1
    assert exit_status(missing, True, "mislabelled") == 0
    assert exit_status(missing, False, "mislabelled") == 4
    assert exit_status(missing, True, "never") == 0
    assert exit_status((), False, "missing") == 4


def test_judging_is_pure():
    seen = facts(drive("XS", "S", "M", "L"))
    assert verdicts(seen) == verdicts(seen)


def test_every_accusation_has_a_primary_claim():
    for files in ({}, {f"ConvNeXtPose_{n}.tar": S for n in "LMS"}):
        seen = facts(files)
        rank = {c.id: c.rank for c in seen.claims}
        for verdict in verdicts(seen).values():
            if verdict.verdict.accuses:
                assert "primary" in [rank[c] for c in verdict.claims]


@pytest.mark.parametrize("name", ["ResNet-50", "DeiT-S", "BERT-Large, Cased", "HRNet-W32 baseline"])
def test_what_may_be_a_baseline_is_never_missing(name):
    assert words(facts(drive("XS", "S"), (claim(name, printed="25.6M", value=25.6),)))[name] == "unverifiable"


@pytest.mark.parametrize("name", ["Ours-M", "ConvNeXtPose-M", "ConvNeXtPose (Large)", "M", "Large", "our model"])
def test_what_is_surely_own_may_be_missing(name):
    assert words(facts(drive("XS", "S"), (claim(name, printed="25.6M", value=25.6),)))[name] == "missing"
