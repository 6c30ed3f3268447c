"""The drafted issue: only for what is missing, mislabelled or contradicted, neutral, small, and safe to send."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from renderers import sample_reports as samples

from auditor.facts import Status, Thread
from auditor.findings import IssueDraft, Verdict
from auditor.issues.draft import LONGEST_BODY, LONGEST_TITLE, draft
from auditor.issues.fingerprint import fingerprints_in

ACCUSING = ("missing", "mislabelled", "contradicted", "hostile")
RUDE = re.compile(
    r"incorrect|wrong|cannot be reproduced|fake|fraud|mistake|error|!|\bbug\b|please fix|[\U0001f300-\U0001faff]", re.IGNORECASE
)


def drafted(name: str) -> IssueDraft:
    made = draft(samples.SITUATIONS[name]())
    assert made is not None
    return made


@pytest.mark.parametrize("name", ["consistent", "incomplete", "conflict"])
def test_nobody_is_asked_without_an_accusation(name: str) -> None:
    assert draft(samples.SITUATIONS[name]()) is None


def test_a_secondary_claim_alone_asks_nobody() -> None:
    report = samples.missing()
    claims = tuple(replace(claim, rank="secondary") for claim in report.facts.claims)
    assert draft(replace(report, facts=replace(report.facts, claims=claims))) is None


@pytest.mark.parametrize("name", ACCUSING)
def test_it_asks_about_the_accused_and_nobody_else(name: str) -> None:
    report = samples.SITUATIONS[name]()
    assert drafted(name).asks == tuple(v.name for v in report.variants if v.verdict.accuses)


@pytest.mark.parametrize("name", ACCUSING)
def test_it_is_small_and_marked_once(name: str) -> None:
    made = drafted(name)
    assert len(made.body.encode()) <= LONGEST_BODY
    assert len(made.title) <= LONGEST_TITLE
    assert "\n" not in made.title
    assert fingerprints_in(made.body) == (made.fingerprint,)
    assert made.body.endswith(f"\n\n<!-- audit-fp:{made.fingerprint} -->\n")


@pytest.mark.parametrize("name", ["missing", "mislabelled", "contradicted"])
def test_its_tone_is_neutral(name: str) -> None:
    made = drafted(name)
    words = re.sub(r"```sh.*?```|<!--.*-->", "", made.body, flags=re.DOTALL) + made.title
    assert RUDE.search(re.sub(r"`[^`]*`|\([^)]*\)", "", words)) is None
    assert re.sub(r"`[^`]*`|\([^)]*\)", "", words).count("?") == 1
    assert "Thank you" in made.body
    assert "A tool (auditor 0.1.0) drafted this" in made.body
    assert "**Not checked:** no weight was run and no metric was evaluated" in made.body


def test_what_is_missing_is_quoted_and_what_is_there_is_listed() -> None:
    made = drafted("missing")
    assert made.title == "The linked place holds 3 files, and I found none for `Ours-M` or `Ours-L`"
    assert "parameters 8.38M; GFLOPs 4.30; MPJPE 49.75 mm (protocol 2) (`Ours-L 49.75 4.30 8.38M` in [`assets/P2.png`](" in made.body
    assert f"[`assets/P2.png`]({samples.REPOSITORY.permalink('assets/P2.png')})" in made.body
    for fact in ("7,438,976 learnable values", "85.35 MiB", samples.digest("S")[:16], "2026-11-20 10:30 UTC", samples.FOLDER):
        assert fact in made.body


def test_a_mixed_up_file_is_shown_beside_its_twin() -> None:
    made = drafted("mislabelled")
    assert made.title == "`PoseNeXt_M.tar` and `PoseNeXt_L.tar` hold the same network as `PoseNeXt_S.tar`"
    table = [line for line in made.body.splitlines() if line.startswith("|")]
    assert table[0] == "| Tensor | `PoseNeXt_M.tar` | `PoseNeXt_L.tar` | `PoseNeXt_S.tar` |"
    assert 1 <= len(table) - 2 <= 3
    assert r"| `head.final_layer.weight` | \[576, 256, 1, 1\] | \[576, 256, 1, 1\] | \[576, 256, 1, 1\] |" in table


def test_a_single_file_is_named_with_both_numbers() -> None:
    assert drafted("contradicted").title == "`PoseNeXt_L.zip`: 5,000,000 parameters in the file, 8.38M in the documents"


def test_the_check_by_hand_has_at_most_ten_lines() -> None:
    scripts = re.findall(r"```sh\n(.*?)\n```", drafted("mislabelled").body + drafted("missing").body, re.DOTALL)
    assert len(scripts) == 2
    assert all(len(script.splitlines()) <= 10 for script in scripts)


def test_a_file_of_an_archive_with_odd_pickles_has_no_script_to_load_it() -> None:
    assert "```" not in drafted("contradicted").body


def test_hostile_words_stay_words() -> None:
    made = drafted("hostile")
    body, _, _ = made.body.partition("<!-- audit-fp")
    found = [inner for token in MarkdownIt("gfm-like").parse(body) for inner in [token, *(token.children or [])]]
    assert not [t for t in found if t.type in ("image", "html_block", "heading_open", "hr")]
    assert {t.content for t in found if t.type == "html_inline"} <= {"<span>", "</span>", "<code>", "</code>"}
    for opened in (t for t in found if t.type == "link_open"):
        assert not re.search(r"evil|/issues/|/pull/", str(opened.attrs["href"]))
    shown = "".join(t.content for t in found if t.type in ("text", "text_special"))
    assert not re.search(r"@\w|#\w", shown)


def test_it_says_signed_out_only_where_no_token_can_have_been_sent() -> None:
    report = samples.missing()
    assert "UTC, signed out)" in drafted("missing").body
    hub = tuple(replace(artifact, host="hugging_face") for artifact in report.facts.artifacts)
    made = draft(replace(report, facts=replace(report.facts, artifacts=hub)))
    assert made is not None
    assert "signed out" not in made.body


def test_only_what_was_listed_whole_is_called_that() -> None:
    report = samples.missing()
    other = replace(report.facts.sources[3], id="listing:x", url="https://other.example/data", status=Status.DENIED, required=False)
    made = draft(replace(report, facts=replace(report.facts, sources=(*report.facts.sources, other))))
    assert made is not None
    assert "other.example" not in made.body.partition("Listed completely:")[2].partition("Question")[0]


def test_equal_reports_draft_equal_issues() -> None:
    assert drafted("missing") == drafted("missing")


def test_the_mark_stays_when_words_change_and_not_when_the_question_does() -> None:
    report = samples.missing()
    later = replace(report, facts=replace(report.facts, started_at="2027-01-01T00:00:00Z"))
    less = replace(report, variants=tuple(v for v in report.variants if v.name != "Ours-M"))
    marks = [made.fingerprint for made in map(draft, (report, later, less)) if made]
    assert marks[0] == marks[1] != marks[2]


def test_threads_that_resemble_it_are_asked_for() -> None:
    seen: list[tuple[Thread, ...]] = []

    def similar(made: IssueDraft, threads: tuple[Thread, ...]) -> tuple[tuple[int, str, str], ...]:
        seen.append(threads)
        return tuple((t.number, t.title, t.url) for t in threads)

    report = samples.missing()
    made = draft(report, similar)
    assert made is not None
    assert seen == [report.facts.repository.threads]
    assert made.duplicates == ((7, "Where are the checkpoints of @someone?", "https://github.com/example-lab/PoseNeXt/issues/7"),)


def test_many_long_names_still_fit() -> None:
    report = samples.missing()
    long = "Ours-" + "|@<" * 200
    variants = tuple(replace(report.variants[0], name=f"{long}{n}") for n in range(40))
    made = draft(replace(report, variants=variants))
    assert made is not None
    assert len(made.body.encode()) <= LONGEST_BODY
    assert len(made.asks) == 40
    assert all(v.verdict is Verdict.MISSING for v in variants)
