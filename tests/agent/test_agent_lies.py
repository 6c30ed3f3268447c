"""A model that lies in every way that models do, and one that tells the truth in the same places: what verification makes of both."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from false_claims import all_false_claims
from hypothesis import given, settings
from hypothesis import strategies as st
from lying_worlds import demo, heron, wader
from told_sentences import (
    FALSE_SENTENCES,
    TRUE_SENTENCES,
    false_correspondences,
    false_links,
    sentences,
    true_correspondences,
    true_links,
)

from auditor.agent.proposals import ClaimProposal, Place
from auditor.agent.verify import Accepted, Refused, verify
from auditor.agent.verify_places import holds, words_of
from auditor.facts import Claim, Link

WORLDS = {"demo": demo, "heron": heron, "wader": wader}


def disposed(world, proposal):
    """Return what becomes of a proposal in one of the worlds."""
    seen, report, _ = WORLDS[world]()
    return verify(proposal, seen, report)


def readme_lines():
    return heron()[0].outlines[0].document.text.split("\n")


def all_lies():
    lies = all_false_claims()
    lies += [("demo", "sentence that the findings do not carry", proposal) for proposal in sentences(FALSE_SENTENCES)]
    lies += [(world, "file that is not the variant's", proposal) for world, proposal in false_correspondences()]
    return [*lies, *(("heron", "invented or twisted link", proposal) for proposal in false_links(readme_lines()))]


def all_truths():
    truths = [(truth.world, "claim", truth.proposal()) for world in WORLDS.values() for truth in world()[2]]
    bare = [(t.world, "claim in other words", t.proposal(setting="", unit=t.unit)) for t in heron()[2] if t.setting]
    spelled = {"Param": "number of parameters", "GFLOPS": "FLOPs", "MPJPE": "mpjpe", "PA MPJPE": "PA-MPJPE"}
    bare += [(t.world, "claim as a model may spell it", t.proposal(attribute=spelled[t.attribute], value=str(t.value))) for t in demo()[2]]
    told = [("demo", proposal.kind, proposal) for proposal in sentences(TRUE_SENTENCES)]
    files = [(world, "correspondence", proposal) for world, proposal in true_correspondences()]
    return [*truths, *bare, *told, *files, *(("heron", "link", proposal) for proposal in true_links(readme_lines()))]


def test_no_lie_is_accepted(capsys):
    lies = all_lies()
    ways = Counter(way for _, way, _ in lies)
    accepted = [(way, proposal) for world, way, proposal in lies if isinstance(disposed(world, proposal), Accepted)]
    with capsys.disabled():
        print(f"\nlies: {len(lies)} in {len(ways)} ways, {len(accepted)} accepted")  # noqa: T201 - asked for
    assert len(ways) >= 30
    assert len(lies) >= 200
    assert accepted == []


def test_the_truth_is_accepted_with_its_place(capsys):
    truths = all_truths()
    verdicts = [(kind, proposal, disposed(world, proposal)) for world, kind, proposal in truths]
    refused = [(kind, proposal, verdict.reason) for kind, proposal, verdict in verdicts if isinstance(verdict, Refused)]
    with capsys.disabled():
        print(f"\ntruths: {len(truths)}, {len(truths) - len(refused)} accepted")  # noqa: T201 - asked for
    assert len(truths) >= 200
    assert len(refused) <= 0.02 * len(truths), refused
    for _, _, verdict in verdicts:
        if isinstance(verdict, Accepted) and isinstance(verdict.fact, Claim):
            claim = verdict.fact
            assert (claim.found_by, claim.origin) == ("agent", "agent")
            assert claim.evidence.sha256
            assert claim.rank == "primary"


def test_every_reason_is_one_short_sentence():
    for world, _, proposal in all_lies()[::7]:
        verdict = disposed(world, proposal)
        assert isinstance(verdict, Refused)
        assert 10 < len(verdict.reason) <= 300
        assert "\n" not in verdict.reason


def test_a_commented_line_stays_the_authors_alternative():
    lines = heron()[0].outlines[1].document.text.split("\n")
    line = next(n for n, text in enumerate(lines, 1) if "# depths" in text)
    place = Place(document="main/config.py", line=line, quote="depths = [3, 3, 9, 3]")
    verdict = disposed("heron", ClaimProposal(variant="(unnamed)", attribute="depths", value=[3, 3, 9, 3], place=place))
    assert isinstance(verdict, Accepted)
    assert verdict.known
    assert not verdict.fact.active


def test_what_the_rules_know_adds_nothing():
    seen, _, truths = demo()
    ids = {claim.id for claim in seen.facts.claims}
    assert all(disposed("demo", truth.proposal()).known in ids for truth in truths)


def test_the_evidence_of_a_new_claim_is_the_line_itself():
    lines = readme_lines()
    new = [disposed("heron", t.proposal()) for t in heron()[2] if t.document == "README.md"]
    new = [v for v in new if isinstance(v, Accepted) and not v.known]
    assert len(new) >= 10
    for verdict in new:
        path, _, line = verdict.fact.evidence.locator.partition("#L")
        assert path == "README.md"
        assert verdict.fact.evidence.quote in lines[int(line) - 1]
        assert verdict.fact.printed in verdict.fact.evidence.quote


def test_a_sentence_with_one_name_and_one_number_is_read_again_by_rule_and_others_are_not():
    found = {
        (t.variant, t.attribute): disposed("heron", t.proposal()) for t in heron()[2] if t.document == "README.md" and len(t.quote) < 90
    }
    assert found["HeronNet-T", "params"].fact.reread
    assert found["HeronNet-U", "params"].fact.reread
    assert not found["HeronNet-N", "params"].fact.reread
    assert not found["HeronNet-T", "depths"].fact.reread


def test_places_of_others_are_secondary():
    seen, report, truths = wader()
    sources = tuple(replace(s, kind="forks") for s in seen.facts.sources)
    document = seen.outlines[0].document.source
    facts = replace(seen.facts, sources=(*sources, replace(sources[0], id=document)))
    truth = next(t for t in truths if t.document == seen.outlines[0].document.path or t.document.endswith("experiments.tex"))
    outlines = tuple(replace(o, document=replace(o.document, source=document)) for o in seen.outlines)
    verdict = verify(truth.proposal(), replace(seen, facts=facts, outlines=outlines), report)
    assert isinstance(verdict, Accepted)
    assert verdict.fact.rank == "secondary"


def test_links_are_of_the_document_and_say_who_found_them():
    for proposal in true_links(readme_lines()):
        verdict = disposed("heron", proposal)
        assert isinstance(verdict, Accepted), verdict
        assert isinstance(verdict.fact, Link)
        assert verdict.fact.found_by == "agent"
        assert verdict.fact.url in verdict.fact.evidence.quote


def test_sentences_need_a_report():
    seen, _, _ = demo()
    assert isinstance(verify(sentences(TRUE_SENTENCES)[0], seen, None), Refused)


TEXTS = st.text(max_size=60)
QUOTES = st.sampled_from([t.quote for t in heron()[2]]) | TEXTS
PROPOSALS = st.builds(
    ClaimProposal,
    variant=st.sampled_from([t.variant for t in heron()[2]]) | st.text(min_size=1, max_size=20),
    attribute=st.sampled_from([t.attribute for t in heron()[2]]) | st.text(min_size=1, max_size=20),
    value=st.sampled_from([t.value for t in heron()[2]])
    | st.floats()
    | st.integers()
    | st.just(10**5000)
    | TEXTS
    | st.lists(st.integers(), max_size=5),
    unit=st.sampled_from(["M", "G", "mm", "%", None, "K"]) | TEXTS,
    setting=st.sampled_from(["", "COCO", "LVIS", "ImageNet-1K"]) | TEXTS,
    place=st.builds(
        Place,
        document=st.sampled_from(["README.md", "main/config.py", "x"]),
        line=st.none() | st.integers(1, 130),
        quote=QUOTES.filter(bool),
    ),
)


@settings(max_examples=300, deadline=None)
@given(PROPOSALS)
def test_any_proposal_ends_in_a_verdict_and_a_claim_is_printed_at_its_place(proposal):
    verdict = disposed("heron", proposal)
    if isinstance(verdict, Refused):
        return
    path, _, line = verdict.fact.evidence.locator.partition("#L")
    document = next(o.document for o in heron()[0].outlines if o.document.path == path)
    text = document.text.split("\n")[int(line) - 1]
    if verdict.fact.printed:
        assert verdict.fact.printed.split(", ")[0] in text
    assert holds(words_of("\n".join(document.text.split("\n")[(proposal.place.line or 1) - 1 :])), words_of(proposal.place.quote))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.sampled_from(["f1", "f3", "f5", "f16"]))
def test_any_sentence_ends_in_a_verdict(text, finding):
    from auditor.agent.proposals import SummaryProposal

    verdict = disposed("demo", SummaryProposal(text=text or "x", findings=[finding]))
    if isinstance(verdict, Accepted):
        assert not any(c in verdict.fact.text for c in "<>@\n`")


@pytest.mark.parametrize(
    ("line", "quote", "stands"),
    [
        ("| Ours-M | 34.5 |", "Ours-M 34.5", True), ("**Ours-M** reaches `34.5` mm.", "Ours-M reaches 34.5 mm", True),
        ("Ours-M reaches 34.5 mm.", "Ours-M reaches 34 mm", False), ("Ours-M reaches 34.5 mm.", "ours-m reaches 34.5 mm", False),
        ("a 86.5(25.4%) b", "86.5", False), ("a 86.5(25.4%) b", "25.4%", False), ("7.<b>59</b>M", "7.59M", True), ("10<sup>6</sup>", "106", False),
        ("−1.2", "-1.2", False), ("−1.2", "1.2", False), ("1,234", "1", False), ("1,234", "234", False), ("34.5.", "34.5", True), ("3.5±0.2", "0.2", False),
        ("[Ours-M](https://x.org/a_(b).pth) has it", "Ours-M has it", True), ("Ours-M", "Ours", False), ("(Ours-M)", "Ours-M", True), ("a_b_c", "a_b_c", True),
        ("2*3", "23", False), ("x&nbsp;5", "x 5", True), ("7.59 M", "7.59M", False), ("7.59M", "7.59 M", False),
    ],
)  # fmt: skip
def test_quotes_are_whole_words_under_any_markup(line, quote, stands):
    assert holds(words_of(line), words_of(quote)) is stands
