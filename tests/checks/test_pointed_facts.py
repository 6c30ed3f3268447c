"""What only a language model read, pointed at or proposed: it may weaken a verdict or raise a doubt, and never accuses anybody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from checks.making_facts import CLAIMS, RESNET, SHA, XS, L, M, S, claim, facts
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.facts import AgentRun, Correspondence, Source, Status
from auditor.findings import Verdict
from auditor.kit import default_kit
from auditor.pipeline import conclude


def told(variant="Ours-M", attribute="params", value=7.59, unit="M", printed="7.59M", **more):
    return claim(variant, attribute, value, unit, printed, origin="agent", found_by="agent", reread=False, **more)


def verdicts(seen):
    return {v.name: v for v in conclude(seen, default_kit()).variants}


def agent(*correspondences):
    return AgentRun("scripted", "finished", correspondences=correspondences)


def test_a_contradiction_that_only_a_model_read_is_unverifiable_and_says_so():
    files = {"M.pth": S}
    by_rule = claim("Ours-M", found_by="agent", origin="agent")
    assert verdicts(facts(files, [by_rule]))["Ours-M"].verdict is Verdict.CONTRADICTED
    pointed = verdicts(facts(files, [told()]))["Ours-M"]
    assert pointed.verdict is Verdict.UNVERIFIABLE
    assert "only a language model read it" in pointed.reason
    report = conclude(facts(files, [told()]), default_kit())
    assert report.exit_status == 0
    assert report.issue is None or not report.issue.asks


def test_it_is_not_missing_where_only_a_model_read_of_it():
    files = {"XS.pth": XS, "S.pth": S}
    assert verdicts(facts(files, [claim("Ours-M", found_by="agent")]))["Ours-M"].verdict is Verdict.MISSING
    pointed = verdicts(facts(files, [told()]))["Ours-M"]
    assert pointed.verdict is Verdict.UNVERIFIABLE
    assert "only a language model's reading" in pointed.reason


def test_agreement_that_a_model_read_counts_where_the_rules_have_nothing_structural():
    metric = claim("Ours-M", "MPJPE", 51.05, "mm", "51.05")
    assert verdicts(facts({"M.pth": M}, [metric]))["Ours-M"].verdict is Verdict.UNVERIFIABLE
    found = verdicts(facts({"M.pth": M}, [metric, told()]))["Ours-M"]
    assert found.verdict is Verdict.CONSISTENT
    assert "language model" in found.reason


def test_another_value_that_agrees_makes_an_accusation_a_doubt():
    files = {"M.pth": S}
    assert verdicts(facts(files, [claim("Ours-M")]))["Ours-M"].verdict is Verdict.CONTRADICTED
    both = verdicts(facts(files, [claim("Ours-M"), told(value=7.44, printed="7.44M")]))["Ours-M"]
    assert both.verdict is Verdict.UNVERIFIABLE
    assert "only a language model read" in both.reason


def test_a_doubt_of_another_attribute_does_not_free_anybody():
    both = verdicts(facts({"M.pth": S}, [claim("Ours-M"), told("Ours-M", "MPJPE", 51.0, "mm", "51.0")]))["Ours-M"]
    assert both.verdict is Verdict.CONTRADICTED


def test_a_name_that_only_a_model_read_takes_no_file_from_anybody():
    files = {"M-mpii.pth": M}
    alone = verdicts(facts(files, [claim("Ours-M")]))["Ours-M"].verdict
    assert alone is not Verdict.MISSING
    assert verdicts(facts(files, [claim("Ours-M"), told("M-mpii", value=9.1, printed="9.1M")]))["Ours-M"].verdict is alone


def behind_agents_link(files, claims):
    seen = facts(files, claims)
    return replace(seen, links=tuple(replace(link, found_by="agent") for link in seen.links))


def test_files_behind_a_link_that_a_model_chose_accuse_nobody():
    assert verdicts(facts({"M.pth": S, "S.pth": S}, CLAIMS))["Ours-M"].verdict.accuses
    assert verdicts(facts({"M.pth": S, "S.pth": S}, CLAIMS))["Ours-L"].verdict is Verdict.MISSING
    found = verdicts(behind_agents_link({"M.pth": S, "S.pth": S}, CLAIMS))
    assert found["Ours-M"].verdict is Verdict.UNVERIFIABLE
    assert found["Ours-L"].verdict is Verdict.UNVERIFIABLE
    assert "nothing was promised" in found["Ours-L"].reason


def test_files_behind_such_a_link_may_agree():
    assert verdicts(behind_agents_link({"M.pth": M, "L.pth": L}, CLAIMS))["Ours-M"].verdict is Verdict.CONSISTENT


def test_a_correspondence_makes_missing_a_doubt_where_the_structure_agrees():
    seen = facts({"L.pth": M, "S.pth": S}, CLAIMS)
    assert verdicts(seen)["Ours-M"].verdict is Verdict.MISSING
    proposed = verdicts(replace(seen, agent=agent(Correspondence("Ours-M", "a1", "its counts are those of Ours-M"))))
    assert proposed["Ours-M"].verdict is Verdict.UNVERIFIABLE
    assert "its counts are those of Ours-M" in proposed["Ours-M"].reason
    assert proposed["Ours-L"].verdict is verdicts(seen)["Ours-L"].verdict


@pytest.mark.parametrize("artifact", ["a2", "a3", "a99"])
def test_a_correspondence_changes_nothing_where_the_structure_says_otherwise(artifact):
    seen = facts({"L.pth": L, "S.pth": S, "snapshot.pth": RESNET}, CLAIMS)
    proposed = replace(seen, agent=agent(Correspondence("Ours-M", artifact, "so it seems")))
    assert {n: v.verdict for n, v in verdicts(proposed).items()} == {n: v.verdict for n, v in verdicts(seen).items()}
    assert verdicts(proposed)["Ours-M"].verdict is Verdict.MISSING


NAMES = st.sampled_from(["Ours-M", "Ours-L", "Ours-S", "Ours-XS", "M", "M-mpii", "snapshot", "large", "ResNet-50", "ours"])
POINTED = st.builds(
    told,
    variant=NAMES,
    attribute=st.just("params"),
    value=st.just(7.59),
    printed=st.sampled_from(["7.59M", "8.38M", "7.44M", "3.53M", "34.0M", "197.8M"]),
    unit=st.just("M"),
)
LISTED = st.builds(
    told,
    variant=NAMES,
    attribute=st.just("dims"),
    value=st.sampled_from([[40, 80, 160, 320], [48, 96, 192, 384], [9, 9, 9, 9]]),
    unit=st.none(),
    printed=st.just(""),
)
SPARE = {"XS": XS, "S": S, "M": M, "L": L, "R": RESNET}
FILES = st.dictionaries(
    st.sampled_from(["M.pth", "L.pth", "S.pth", "M-mpii.pth", "snapshot.pth", "best.pth", "large_x.pth", "resnet.pth"]),
    st.sampled_from(sorted(SPARE)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=120, deadline=None)
@given(
    FILES,
    st.lists(st.sampled_from(CLAIMS), max_size=6),
    st.lists(POINTED | LISTED, max_size=4),
    st.booleans(),
    st.lists(st.integers(1, 4), max_size=2),
)
def test_nothing_that_only_a_model_read_ever_adds_an_accusation(files, claims, pointed, more_files, artifacts):
    made = {name: SPARE[kind] for name, kind in files.items()}
    sober = facts(made, claims)
    with_agent = replace(
        facts(made, [*claims, *pointed]), agent=agent(*(Correspondence("Ours-M", f"a{n}", "so it seems") for n in artifacts))
    )
    if more_files:  # a folder that only the model pointed at
        link = replace(with_agent.links[0], id="L9", url="https://drive.google.com/drive/folders/zzz", found_by="agent")
        extra = facts({"M.pth": S, "L_new.pth": RESNET}, ()).artifacts
        more = tuple(replace(a, id=f"b{n}", link="L9", url=a.url + "b") for n, a in enumerate(extra))
        listing = Source(f"listing:{link.url}", "listing", link.url, Status.OK, required=True, sha256=SHA)
        from auditor.facts import numbered

        with_agent = numbered(
            replace(
                with_agent,
                links=(*with_agent.links, link),
                artifacts=(*with_agent.artifacts, *more),
                sources=(*with_agent.sources, listing),
            )
        )
    before = {v.name: v.verdict for v in verdicts(sober).values() if v.verdict.accuses}
    for name, verdict in verdicts(with_agent).items():
        if verdict.verdict.accuses:
            assert before.get(name) is verdict.verdict, (name, verdict)
