"""Papers from links and from the command line: which are read, from what, and what becomes of those that cannot be had."""

from __future__ import annotations

import io
import tarfile

import pytest
from paper_files import NUMBERS, SOURCE, TITLE, packed, paper_pdf, single

from auditor.claims.extraction import extract_claims
from auditor.claims.interface import ClaimContext
from auditor.demo.internet import Fault, Mishap, Page, World
from auditor.demo.replica import ReplicaAdapter
from auditor.errors import AuditError, FormatError, LimitError
from auditor.facts import Evidence, Link, Status
from auditor.gathering import paper_archive
from auditor.gathering.paper_archive import unpacked
from auditor.gathering.paper_choice import arxiv_id, choose, is_publisher, pdf_address
from auditor.gathering.papers import gather_papers
from auditor.net import Network, NetworkSettings
from auditor.progress import Silent

ABS = "https://arxiv.org/abs/2501.01234"
EPRINT = "https://arxiv.org/e-print/2501.01234"
PDF = "https://arxiv.org/pdf/2501.01234"
OFFICIAL = "This is the official implementation of [WaderPose]"


def link(url, *, label="Paper", line=3, quote="", section="WaderPose", row="", number=1, purpose="paper"):
    evidence = Evidence("document:README.md", f"README.md#L{line}", quote or f"[{label}]({url})", "b" * 64)
    return Link(f"L{number}", url, "other", "page", purpose, label, evidence, section, row, line)


def gathered(pages=None, links=(), given=(), faults=(), **settings):
    world = World(
        pages={url: page if isinstance(page, Page) else Page(page, "application/octet-stream") for url, page in (pages or {}).items()},
        faults=faults,
    )
    adapter = ReplicaAdapter(world)
    network = Network(NetworkSettings(**settings), transport=adapter, sleep=lambda _: None)
    papers = gather_papers(given, links, network, Silent(), title="WaderPose", full_name="lab/WaderPose")
    return papers, [seen.url for seen in adapter.seen]


def source(papers):
    assert len(papers.sources) == 1
    return papers.sources[0]


def test_latex_source_from_arxiv():
    papers, asked = gathered({EPRINT: packed(SOURCE)}, [link(ABS, quote=OFFICIAL)])
    found = source(papers)
    assert (found.id, found.kind, found.status, found.url, found.required) == ("paper:arxiv:2501.01234", "paper", Status.OK, ABS, False)
    assert found.quote == TITLE
    assert "LaTeX source, 2 tables; README.md#L3: " in found.detail
    assert "the paper of this code" in found.detail
    assert asked == [EPRINT]
    claims = extract_claims(papers.outlines, ClaimContext("lab/WaderPose", "WaderPose"))
    assert {(claim.variant, claim.attribute.replace("↓", "").strip(), claim.value) for claim in claims} == NUMBERS
    assert {claim.evidence.source for claim in claims} == {found.id}
    assert {claim.evidence.sha256 for claim in claims} == {found.sha256}
    assert {claim.evidence.locator.split("#")[0] for claim in claims} == {
        "arxiv:2501.01234/sections/experiments.tex", "arxiv:2501.01234/tables/second.tex",
    }  # fmt: skip


@pytest.mark.parametrize(
    "page",
    [
        Page(b"gone", status=404),
        Page(b"no", status=403),
        Page(b"<html>no source</html>"),
        Page(packed({"notes.txt": "no paper"}), "application/gzip"),
        Page(b"\x1f\x8b\x08\x00broken", "application/gzip"),
    ],
)
def test_the_pdf_where_there_is_no_source(page):
    papers, asked = gathered({EPRINT: page, PDF: paper_pdf()}, [link(ABS)])
    assert asked == [EPRINT, PDF]
    assert source(papers).status is Status.OK
    assert "PDF, since its source could not be read" in source(papers).detail
    claims = extract_claims(papers.outlines, ClaimContext("lab/WaderPose", "WaderPose"))
    assert len(claims) == 12
    assert claims[0].evidence.locator == "arxiv:2501.01234.pdf#page=2&table=1"


def test_a_source_that_is_a_pdf():
    papers, asked = gathered({EPRINT: paper_pdf()}, [link(ABS)])
    assert asked == [EPRINT]
    assert "PDF, which is its source" in source(papers).detail
    assert len(papers.outlines[0].tables) == 2


def test_a_source_of_one_file():
    text = SOURCE["main.tex"].replace("\\input{sections/experiments}", SOURCE["sections/experiments.tex"])
    papers, _ = gathered({EPRINT: single(text)}, [link(ABS)])
    assert [outline.document.path for outline in papers.outlines] == ["arxiv:2501.01234/main.tex"]
    assert len(papers.outlines[0].tables) == 1


@pytest.mark.parametrize(
    ("page", "status", "words"),
    [
        (Page(b"<html>Sign in to read</html>"), Status.DENIED, "subscribers"),
        (Page(b"no", status=403), Status.DENIED, "does not let us in"),
        (Page(b"I'm a teapot", status=418), Status.DENIED, "answered with an error"),
        (Page(b"no", status=404), Status.MISSING, "does not exist"),
    ],
)
def test_a_publishers_page(page, status, words):
    url = "https://ieeexplore.ieee.org/document/10288440/metrics"
    papers, _ = gathered({url: page}, [link(url, label="WaderPose: Fast Pose Estimation")])
    assert source(papers).status is status
    assert words in source(papers).detail
    assert (source(papers).required, papers.outlines) == (False, ())


def test_a_page_that_names_its_pdf():
    page = "https://openaccess.example.org/html/wader_paper.html"
    named = b'<html><head><meta name="citation_pdf_url" content="/papers/wader_paper.pdf"></head></html>'
    papers, asked = gathered({page: Page(named), "https://openaccess.example.org/papers/wader_paper.pdf": paper_pdf()}, [link(page)])
    assert source(papers).status is Status.OK
    assert asked[-1].endswith("/papers/wader_paper.pdf")
    nothing, _ = gathered({page: Page(b"<html>a project</html>")}, [link(page)])
    assert (source(nothing).status, source(nothing).required) == (Status.SKIPPED, False)
    assert "is not a PDF" in source(nothing).detail


@pytest.mark.parametrize("mishap", [Mishap.TIMEOUT, Mishap.RESET, Mishap.UNKNOWN_HOST, Mishap.CUT])
def test_a_host_that_does_not_answer(mishap):
    papers, asked = gathered({EPRINT: packed(SOURCE), PDF: paper_pdf()}, [link(ABS)], faults=(Fault("arxiv.org", mishap=mishap),))
    assert source(papers).status is Status.ERROR
    assert papers.outlines == ()
    assert PDF not in asked, "the same host is not tried twice"


def test_quota_and_offline():
    papers, _ = gathered({EPRINT: packed(SOURCE)}, [link(ABS)], faults=(Fault("arxiv.org", status=429),))
    assert source(papers).status is Status.QUOTA
    offline, asked = gathered({EPRINT: packed(SOURCE)}, [link(ABS)], offline=True)
    assert (source(offline).status, asked) == (Status.BLOCKED, [])


def test_a_file_of_the_user(tmp_path):
    (tmp_path / "wader.pdf").write_bytes(paper_pdf())
    (tmp_path / "wader.tar.gz").write_bytes(packed(SOURCE))
    (tmp_path / "note.txt").write_text("no paper")
    given = [str(tmp_path / name) for name in ("wader.pdf", "wader.tar.gz", "note.txt", "absent.pdf", ".")]
    papers, asked = gathered(given=given)
    assert [(found.id, found.status) for found in papers.sources[:4]] == [
        ("paper:wader.pdf", Status.OK), ("paper:wader.tar.gz", Status.OK), ("paper:note.txt", Status.ERROR), ("paper:absent.pdf", Status.MISSING),
    ]  # fmt: skip
    assert papers.sources[4].status is Status.MISSING
    assert asked == []
    assert all("named by the user" in found.detail for found in papers.sources[:3])
    assert papers.outlines[0].document.path == "wader.pdf"
    assert papers.outlines[1].document.path == "wader.tar.gz/main.tex"


def test_an_address_of_the_user_is_read_once():
    papers, asked = gathered({"https://arxiv.org/e-print/2501.01234v2": packed(SOURCE)}, [link(ABS + "v2")], given=[PDF + "v2"])
    assert source(papers).id == "paper:arxiv:2501.01234v2"
    assert asked == ["https://arxiv.org/e-print/2501.01234v2"]


def test_two_papers_of_one_file_name():
    pages = {"https://a.example.org/paper.pdf": paper_pdf(), "https://b.example.org/paper.pdf": paper_pdf()}
    papers, _ = gathered(pages, given=list(pages))
    assert [found.id for found in papers.sources] == ["paper:paper.pdf", "paper:https://b.example.org/paper.pdf"]
    assert [outline.document.source for outline in papers.outlines] == [found.id for found in papers.sources]


def test_a_paper_with_another_title_is_not_believed():
    other = {**SOURCE, "main.tex": SOURCE["main.tex"].replace("\\method: Fast Pose Estimation \\\\ at the Waterline", "Unrelated Matters")}
    papers, _ = gathered({EPRINT: packed(other)}, [link(ABS)])
    assert (source(papers).status, papers.outlines) == (Status.SKIPPED, ())
    assert "shares no word with the README" in source(papers).detail
    named, _ = gathered({EPRINT: packed(other)}, given=[ABS])
    assert len(named.outlines) == 3, "what the user names is read whatever its title"


def test_papers_of_others_are_listed_and_not_fetched():
    links = [link(ABS, quote=OFFICIAL)] + [
        link(f"https://arxiv.org/abs/1512.{n:05}", label=f"Net{n}", line=100 + n, row="Net | 1.0", number=n + 2) for n in range(30)
    ]
    papers, asked = gathered({EPRINT: packed(SOURCE)}, links)
    assert asked == [EPRINT]
    assert [found.status for found in papers.sources] == [Status.OK] + [Status.SKIPPED] * 21
    assert papers.sources[-1].detail.startswith("10 more papers are linked")
    assert len({found.id for found in papers.sources}) == len(papers.sources)


def test_nothing_to_read():
    papers, asked = gathered(links=[link("https://example.org/data", purpose="dataset")])
    assert (papers.outlines, papers.sources, asked) == ((), (), [])


# ------------------------------------------------------------------------------------------------------------- the choice


@pytest.mark.parametrize(
    ("line", "own"),
    [
        (link("https://a.org/1", label="paper"), True),
        (link("https://a.org/1", label="arXiv", line=12), True),
        (link("https://a.org/1", label="WaderPose: Fast Poses", quote=OFFICIAL, line=90), True),
        (link("https://a.org/1", label="technical report", quote="please refer to our technical report", line=40), True),
        (link("https://a.org/1", label="SomeNet", line=90), False),
        (
            link(
                "https://a.org/1",
                label="paper",
                quote="This code is based on SimpleNet (paper)",
                line=120,
                section="WaderPose > Acknowledgement",
            ),
            False,
        ),
        (link("https://a.org/1", label="paper", line=70, row="ResNet | paper"), False),
        (link("https://a.org/1", label="Other work", line=15, section="WaderPose > News"), False),
    ],
)
def test_which_paper_is_the_own_one(line, own):
    assert [choice.own for choice in choose([line], "WaderPose")] == [own]


def test_two_own_papers_at_most():
    links = [link(f"https://arxiv.org/abs/2501.0000{n}", label="paper", quote="our paper WaderPose", number=n) for n in range(5)]
    assert sum(choice.own for choice in choose(links, "WaderPose")) == 2
    twice = [link("https://arxiv.org/abs/2501.00001"), link("https://arxiv.org/pdf/2501.00001.pdf", number=2)]
    assert len(choose(twice, "WaderPose")) == 1


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://arxiv.org/abs/2201.03545", "2201.03545"),
        ("http://www.arxiv.org/pdf/2201.03545v2.pdf", "2201.03545v2"),
        ("https://export.arxiv.org/abs/2201.03545?x=1#top", "2201.03545"),
        ("https://arxiv.org/html/2401.00001v1/", "2401.00001v1"),
        ("https://arxiv.org/abs/cs.CV/0701123", "cs.CV/0701123"),
        ("https://arxiv.org/abs/hep-th/9901001v3", "hep-th/9901001v3"),
        ("https://doi.org/10.48550/arXiv.2304.03198", "2304.03198"),
        ("https://huggingface.co/papers/2304.03198", "2304.03198"),
        ("https://arxiv.org/list/cs.CV/recent", None),
        ("https://arxiv.org/abs/2201.03545/../../evil", None),
        ("https://arxiv.org.evil.example/abs/2201.03545", None),
        ("https://evil.example/abs/2201.03545", None),
        ("https://[broken", None),
        ("paper.pdf", None),
    ],
)
def test_identifiers_of_arxiv(url, known):
    assert arxiv_id(url) == known


def test_addresses():
    assert pdf_address("https://openreview.net/forum?id=abc_DEF-1") == "https://openreview.net/pdf?id=abc_DEF-1"
    assert pdf_address("https://github.com/a/b/blob/main/paper.pdf") == "https://github.com/a/b/raw/main/paper.pdf"
    assert pdf_address("https://example.org/x.pdf") == "https://example.org/x.pdf"
    assert is_publisher("https://dl.acm.org/doi/1")
    assert not is_publisher("https://openaccess.thecvf.com/x")
    assert not is_publisher("https://notieee.org/x")


# ----------------------------------------------------------------------------------------------------------- the archive


def test_names_of_members_are_only_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = unpacked(
        packed({"../../up.tex": "a", "/etc/abs.tex": "b", "a/./b/../c.tex": "c", "fig.png": b"\x89PNG", "bin.tex": b"\0\1"}), "arxiv:1"
    )
    assert sorted(found.files) == ["a/c.tex", "etc/abs.tex"]
    assert list(tmp_path.iterdir()) == []


def test_links_and_devices_are_passed_over():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            entry = tarfile.TarInfo("a.tex")
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        entry = tarfile.TarInfo("b.tex")
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"x"))
    assert unpacked(out.getvalue(), "arxiv:1").files == {"b.tex": "x"}


def test_bombs(monkeypatch):
    monkeypatch.setattr(paper_archive, "MAX_UNPACKED", 4 << 20)
    with pytest.raises(LimitError):
        unpacked(packed({"fig.eps": bytes(8 << 20), "main.tex": "late"}), "arxiv:1")
    kept = unpacked(packed({"main.tex": "early", "fig.eps": bytes(8 << 20), "late.tex": "late"}), "arxiv:1")
    assert kept.files == {"main.tex": "early"}
    assert kept.notes[0].startswith("cut: ")
    large = unpacked(packed({"main.tex": "x", "large.tex": "y" * (3 << 20) + "z"}), "arxiv:1")
    assert (list(large.files), "large.tex was left out" in large.notes[0]) == (["main.tex"], True)
    monkeypatch.setattr(paper_archive, "MAX_MEMBERS", 10)
    many = unpacked(packed({f"{n}.tex": "x" for n in range(50)}), "arxiv:1")
    assert len(many.files) == 10


NO_SOURCES = {
    "empty": b"",
    "text": b"text",
    "page": b"<!DOCTYPE html><p>",
    "cut gzip": b"\x1f\x8b\x08\x00\x00",
    "plain gzip": single("no commands"),
    "zeros": b"\0" * 2000,
}


@pytest.mark.parametrize("data", NO_SOURCES.values(), ids=NO_SOURCES.keys())
def test_what_is_no_source(data):
    with pytest.raises(FormatError):
        unpacked(data, "arxiv:1")


def test_cut_anywhere():
    whole = packed(SOURCE)
    for end in range(0, len(whole), 17):
        try:
            found = unpacked(whole[:end], "arxiv:1")
        except AuditError:
            continue
        assert all(SOURCE[name].startswith(text) for name, text in found.files.items() if name in SOURCE)
