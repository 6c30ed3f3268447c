"""report.md: complete, deterministic, in two languages, and proof against what strangers write."""

from __future__ import annotations

import os
import re
import string
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from renderers import sample_reports as samples

from auditor.errors import UsageError
from auditor.escaping import template_folder
from auditor.findings import AuditReport
from auditor.issues.draft import draft
from auditor.renderers.issue_text import IssueText
from auditor.renderers.record_json import JsonRecord
from auditor.renderers.registry import RENDERERS
from auditor.renderers.report import MarkdownReport, render_report
from auditor.renderers.words import LANGUAGES, Words

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = ("report.md", "report.es.md", "issue.md")


def whole(name: str) -> AuditReport:
    report = samples.SITUATIONS[name]()
    return replace(report, issue=draft(report))


def files_of(name: str) -> dict[str, str | None]:
    report = whole(name)
    return {
        "report.md": MarkdownReport().render(report),
        "report.es.md": render_report(report, "es"),
        "issue.md": IssueText().render(report),
    }


def tokens(markdown: str) -> list[Token]:
    return [inner for token in MarkdownIt("gfm-like").parse(markdown) for inner in [token, *(token.children or [])]]


@pytest.mark.parametrize("name", sorted(samples.SITUATIONS))
def test_reports_are_the_golden_ones_byte_for_byte(name: str) -> None:
    """Set GOLDEN=write to write them anew after a change that is meant, and read the difference before committing it."""
    for file, made in files_of(name).items():
        path = GOLDEN / name / file
        if os.environ.get("GOLDEN") == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((made or "").encode())
        expected = path.read_bytes() if path.is_file() else b""
        assert (made or "").encode() == expected, f"{path} differs; GOLDEN=write writes it anew"


@pytest.mark.parametrize("name", sorted(samples.SITUATIONS))
def test_equal_reports_give_equal_bytes_in_another_process(name: str) -> None:
    if name not in ("hostile", "missing"):
        assert files_of(name) == files_of(name)
        return
    script = (
        "import hashlib, sys; sys.path[:0] = [sys.argv[1]]\n"
        "from renderers import sample_reports as s\n"
        "from auditor.renderers.registry import RENDERERS\n"
        "report = s.SITUATIONS[sys.argv[2]]()\n"
        "print(hashlib.sha256((RENDERERS[0].render(report) + RENDERERS[1].render(report)).encode()).hexdigest())\n"
    )
    tests = str(Path(__file__).parents[1])
    made = [
        subprocess.run(
            [sys.executable, "-c", script, tests, name],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert made[0] == made[1] != ""


def test_the_first_screen_says_everything_that_matters() -> None:
    head = MarkdownReport().render(whole("missing")).split("## ")[0]
    assert "at commit [`08352eef9417`]" in head
    assert "The 2 claimed variants all need an answer" in head
    assert "**2 missing**: `Ours-M`, `Ours-L`; **2 unclaimed**" in head
    assert "**1 foreign**: `snapshot_18`" in head
    assert "yes, everything that a verdict could rest on was seen" in head
    assert len(head.splitlines()) <= 6


def test_what_is_missing_has_expected_counts_sizes_and_metrics() -> None:
    made = MarkdownReport().render(whole("missing"))
    assert "| `Ours-L` | 8.38M | 31.97 MiB | 96.29 MiB | MPJPE 49.75 mm (protocol 2) |" in made
    assert "Saved like its siblings, 12.0 bytes each" in made  # the ResNet is no sibling


def test_a_mixed_up_label_says_what_the_file_is() -> None:
    made = MarkdownReport().render(whole("mislabelled"))
    row = next(line for line in made.splitlines() if line.startswith("| [`PoseNeXt_L.tar`]") and "Ours-L" in line)
    assert "the network of `PoseNeXt_S.tar`" in row
    assert "7,438,976" in row
    assert "shares its weights with another variant on purpose" in made
    assert "| parameters | 8.38M | 7,438,976 learnable | **no** |" in made


def test_an_incomplete_audit_says_what_was_not_seen_and_calls_nothing_missing() -> None:
    made = MarkdownReport().render(whole("incomplete"))
    assert "**Complete:** no, and what was not seen is never called missing" in made
    assert samples.FOLDER in made.split("## ")[0]
    assert "## Missing" not in made
    assert "not everything could be seen" in made


def test_a_conflict_names_both_sources_and_accuses_nobody() -> None:
    made = MarkdownReport().render(whole("conflict"))
    assert "Nothing is asked of the authors" in made
    assert "Expected: params 8.38M. Observed: params 197.8M." in made
    assert "the numbers there were taken from another network of a similar name" in made
    assert "(secondary source)" in made
    assert whole("conflict").issue is None


def test_what_could_not_be_read_is_told() -> None:
    made = MarkdownReport().render(whole("contradicted"))
    assert "the file ends before its directory does" in made
    assert "names classes besides tensors: `numpy.core.multiarray.scalar`" in made
    assert "`PoseNeXt_L.zip > weights/L.pth`" in made


def test_all_evidence_is_there_and_every_number_leads_to_it() -> None:
    for name in samples.SITUATIONS:
        made = MarkdownReport().render(whole(name))
        assert set(re.findall(r"\]\(#(e\d+)\)", made)) <= set(re.findall(r'<a id="(e\d+)"></a>', made))


@pytest.mark.parametrize("name", sorted(samples.SITUATIONS))
@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_are_whole_and_headings_are_ours(name: str, language: str) -> None:
    made = render_report(whole(name), language)
    known = render_report(whole("missing" if name == "hostile" else name), language)
    found = MarkdownIt("gfm-like").parse(made)
    rows: list[int] = []
    for token in found:
        if token.type == "tr_open":
            rows.append(0)
        elif token.type in ("td_open", "th_open"):
            rows[-1] += 1
        elif token.type == "table_close":
            assert len(set(rows)) == 1
            rows = []
    headings = [found[n + 1].content for n, t in enumerate(found) if t.type == "heading_open" and t.tag == "h2"]
    ours = set(
        re.findall(
            r'^(?:\w+) = "(.+)"$', (template_folder() / f"{language}.toml").read_text().split("[head]")[1].split("[column]")[0], re.M
        )
    )
    assert set(headings) <= ours
    assert len(headings) >= len([line for line in known.splitlines() if line.startswith("## ")]) - 1
    assert not re.search(r"\{\w+\}", re.sub(r"`[^`]*`", "", made.replace("{{ 7", "")).replace("\\{", ""))


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_words_stay_words(language: str) -> None:
    made = render_report(whole("hostile"), language)
    found = tokens(made)
    assert not [t for t in found if t.type == "image"]
    html = {re.sub(r'id="e\d+"', "", t.content.strip()) for t in found if t.type == "html_inline"}
    assert html <= {"<span>", "</span>", "<code>", "</code>", "<a >", "</a>"}
    blocks = "".join(t.content for t in found if t.type == "html_block")
    assert re.fullmatch(r"(\s|<details><summary>[^<>]*</summary>|</details>)*", blocks)
    for opened in (t for t in found if t.type == "link_open"):
        href = str(opened.attrs["href"])
        assert re.match(r"https://(drive\.google|github|ieeexplore)|#e\d+$", href), href
        assert not re.search(r"/issues/|/pull/", href)
    shown = "".join(t.content for t in found if t.type in ("text", "text_special"))
    assert not re.search(r"@\w|#\w|:smile:", shown)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", made)


def test_languages_have_the_same_sentences_with_the_same_places() -> None:
    catalogs = []
    for language in LANGUAGES:
        with (template_folder() / f"{language}.toml").open("rb") as file:
            catalogs.append(flat(tomllib.load(file)))
    assert catalogs[0].keys() == catalogs[1].keys()
    for key, words in catalogs[0].items():
        places = [{name for _, name, _, _ in string.Formatter().parse(catalog[key]) if name} - {"count"} for catalog in catalogs]
        assert places[0] == places[1], key
        if not re.search(r"[{–;]|^[,.]|GFLOPs|MACs|Checkpoints|Variant", words) and key not in ("list.comma", "agrees.no"):
            assert words != catalogs[1][key], f"{key} is not translated"


def flat(catalog: dict[str, object], prefix: str = "") -> dict[str, str]:
    made: dict[str, str] = {}
    for key, value in catalog.items():
        made.update(flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: str(value)})
    return made


def test_every_sentence_is_used_and_every_used_sentence_is_there() -> None:
    with (template_folder() / "en.toml").open("rb") as file:
        keys = {
            re.sub(r"\.(one|other|none)$", "", key)
            if key.endswith((".one", ".other", ".failed.none", ".held.none")) and key != "attribute.other"
            else key
            for key in flat(tomllib.load(file))
        }
    package = Path(sys.modules["auditor.renderers"].__file__ or "").parent
    code = "\n".join(path.read_text() for path in [*package.glob("*.py"), *template_folder().rglob("*.j2")])
    called = set(re.findall(r'(?:say|sentence)\(\s*"([\w.]+)"', code)) | set(
        re.findall(r'"((?:verdict|row|step|claim|cost|agrees|list)\.\w+)"', code)
    )
    assert {key for key in called if not key.endswith(".")} <= keys
    chosen = ("word.", "meaning.", "status.", "safety.", "outcome.", "level.", "agrees.", "by_hand.", "claim.", "attribute.")
    assert {key for key in keys - called if not key.startswith(chosen)} == set()


def test_a_language_that_it_does_not_speak() -> None:
    with pytest.raises(UsageError):
        Words("tlh")
    odd = replace(whole("missing"), facts=replace(whole("missing").facts, options=(("language", "tlh"),)))
    assert MarkdownReport().render(odd).startswith("# Checkpoint audit")


def test_the_language_of_the_audit_is_the_language_of_its_report() -> None:
    spanish = replace(whole("missing"), facts=replace(whole("missing").facts, options=(("language", "es"),)))
    assert MarkdownReport().render(spanish).startswith("# Auditoría de los checkpoints")
    assert (IssueText().render(spanish) or "").startswith("# The linked place holds")


def test_what_is_written_and_in_which_order() -> None:
    assert [(r.name, r.file_name) for r in RENDERERS] == [("report", "report.md"), ("record", "audit.json"), ("issue", "issue.md")]
    assert IssueText().render(whole("consistent")) is None
    assert JsonRecord().render(whole("consistent")).startswith('{\n  "schema_version": "1"')


def test_a_local_folder_has_no_links_to_a_commit() -> None:
    report = whole("missing")
    local = replace(report.facts.repository, local=True, url="", commit="", ref="working tree", full_name="local/PoseNeXt")
    made = MarkdownReport().render(replace(report, facts=replace(report.facts, repository=local, sources=())))
    assert "example-lab" not in made
    assert "**e1** `README.md#L88`:" in made
    assert "cat ./assets/P2.png > picture" in made


def test_rendering_needs_no_pydantic_and_importing_it_neither_jinja() -> None:
    script = "import sys, auditor.renderers, auditor.issues.draft, auditor.renderers.terminal\n"
    script += "assert not {'pydantic', 'jinja2', 'rich', 'torch', 'numpy'} & set(sys.modules), sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
