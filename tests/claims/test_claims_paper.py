"""Claims of papers: own rows alone, no ablations, and each number where it stands."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from paper_files import NUMBERS, SOURCE, paper_pdf

from auditor.claims.extraction import extract_claims
from auditor.claims.interface import ClaimContext
from auditor.claims.paper import PaperClaims, settled
from auditor.documents.latex import read_latex
from auditor.documents.pdf import read_pdf

CONTEXT = ClaimContext("lab/WaderPose", "WaderPose")


def claims_of(files, context=CONTEXT):
    if isinstance(files, str):
        files = {"main.tex": "\\documentclass{article}\\title{A Paper}\\begin{document}\n" + files + "\n\\end{document}"}
    return extract_claims(read_latex(files, "arxiv:1", "paper:arxiv:1", "a" * 64), context)


def table(rows, caption="Results on COCO.", header="Method & Params (M) & AP", rule="\\midrule"):
    lines = "".join(f"{row} \\\\\n" for row in rows)
    return f"\\begin{{table}}\\caption{{{caption}}}\\begin{{tabular}}{{lcc}}\n{header} \\\\ {rule}\n{lines}\\end{{tabular}}\\end{{table}}\n"


def variants(claims):
    return list(dict.fromkeys(claim.variant for claim in claims))


@pytest.fixture(scope="module")
def both():
    return {
        "latex": claims_of(SOURCE),
        "pdf": extract_claims([read_pdf(paper_pdf(), "wader.pdf", "paper:wader.pdf")], CONTEXT),
    }


@pytest.mark.parametrize("kind", ["latex", "pdf"])
def test_the_numbers_of_the_authors_and_of_nobody_else(both, kind):
    claims = both[kind]
    assert {(claim.variant, claim.attribute.replace("↓", "").strip(), claim.value) for claim in claims} == NUMBERS
    assert len(claims) == 12
    assert {(claim.origin, claim.rank) for claim in claims} == {("paper", "primary")}
    assert {claim.unit for claim in claims} == {"M", "G", "mm"}
    assert {claim.setting for claim in claims} == {"Human3.6M protocol 1", "Human3.6M protocol 2"}


def test_places_in_latex(both):
    for claim in both["latex"]:
        path, _, line = claim.evidence.locator.removeprefix("arxiv:1/").partition("#L")
        assert claim.evidence.quote == SOURCE[path].split("\n")[int(line) - 1].strip()
        assert str(claim.printed.rstrip("M")) in claim.evidence.quote
        assert claim.evidence.seen_by in ("paper reader, Table 1", "paper reader, Table 2")
        assert (claim.evidence.source, claim.evidence.sha256) == ("paper:arxiv:1", "a" * 64)


def test_places_in_a_pdf(both):
    assert {claim.evidence.locator for claim in both["pdf"]} == {"wader.pdf#page=2&table=1", "wader.pdf#page=3&table=2"}
    quotes = {claim.variant: claim.evidence.quote for claim in both["pdf"] if "page=2" in claim.evidence.locator}
    assert quotes == {"Ours-M": "Ours-M 2.82 7.59M 34.5", "Ours-L": "Ours-L 4.30 8.38M 32.8"}


@pytest.mark.parametrize(
    ("row", "own"),
    [
        (r"Ours & 1.0 & 2.0", True),
        (r"\textbf{WaderPose-S} (ours) & 1.0 & 2.0", True),
        (r"Proposed & 1.0 & 2.0", True),
        (r"WaderPose-B$^\dagger$ & 1.0 & 2.0", True),
        (r"\textbf{PoseNet} & \textbf{1.0} & \textbf{2.0}", False),
        (r"WaderPose~\cite{old} & 1.0 & 2.0", False),
        (r"PoseNet (our implementation) & 1.0 & 2.0", False),
        (r"Sun et al. [12] & 1.0 & 2.0", False),
        (r"Ours w/o flip & 1.0 & 2.0", False),
        (r"WaderPose with ResNet & 1.0 & 2.0", False),
        (r"+ flip (ours) & 1.0 & 2.0", False),
        (r"Our baseline & 1.0 & 2.0", False),
        (r"ResNet-50 & 1.0 & 2.0", False),
        (r" & 1.0 & 2.0", False),
    ],
)
def test_whose_a_row_is(row, own):
    assert bool(claims_of(table([r"Others~\cite{a} & 3.0 & 4.0", row]))) is own


@pytest.mark.parametrize("caption", ["Ablation on COCO.", "Effect of depth.", "Impact of the input size", "Design choices of WaderPose"])
def test_ablations_claim_nothing(caption):
    assert claims_of(table(["Ours & 1.0 & 2.0", "WaderPose & 2.0 & 3.0"], caption)) == ()


def test_a_section_of_ablations_claims_nothing():
    assert claims_of("\\section{Ablation study}" + table(["Ours & 1.0 & 2.0", "PoseNet & 2.0 & 3.0"])) == ()


def test_rows_below_a_title_that_says_ours():
    rows = [
        r"\multicolumn{3}{c}{\textit{Others}}",
        "A & 1.0 & 2.0",
        "B & 2.0 & 3.0",
        r"\multicolumn{3}{c}{\textit{Ours}}",
        "Small & 3.0 & 4.0",
    ]
    assert variants(claims_of(table(rows))) == ["Small"]


def test_a_category_is_no_part_of_the_name():
    rows = [
        r"\multirow{2}{*}{CNN} & A~\cite{a} & 1.0 & 2.0",
        r"& B & 1.0 & 2.0",
        r"\multirow{2}{*}{Pool} & WaderPose-S & 3.0 & 4.0",
        "& WaderPose-M & 5.0 & 6.0",
    ]
    found = claims_of(table(rows, header="Kind & Model & Params (M) & AP"))
    assert variants(found) == ["WaderPose-S", "WaderPose-M"]


def test_a_backbone_beside_the_name_is_a_part_of_it():
    rows = [r"A~\cite{a} & ResNet-50 & 1.0 & 2.0", "Ours & ResNet-50 & 3.0 & 4.0", "Ours & ResNet-101 & 5.0 & 6.0"]
    assert variants(claims_of(table(rows, header="Method & Backbone & Params (M) & AP"))) == ["Ours ResNet-50", "Ours ResNet-101"]


def test_counts_of_a_larger_network_are_not_the_own_ones():
    header = r"& \multicolumn{2}{c}{RetinaNet} \\ Backbone & Params (M) & AP"
    found = claims_of(table(["ResNet-18 & 21.3 & 31.8", "WaderPose-S & 21.7 & 36.2"], header=header))
    assert [claim.value for claim in found] == [36.2]


def test_the_first_table_settles_the_counts_of_a_variant():
    other = {"main.tex": "\\documentclass{a}\\begin{document}\\input{one}\\input{two}", "one.tex": table(["WaderPose-S & 12.0 & 77.2", "B & 1.0 & 2.0"]),
        "two.tex": table(["WaderPose-S & 21.7 & 36.2", "WaderPose-S & 12.0 & 37.2", "B & 1.0 & 2.0"])}  # fmt: skip
    found = claims_of(other)
    assert [claim.value for claim in found if claim.attribute == "params"] == [12.0, 12.0]
    assert [claim.value for claim in found if claim.attribute == "AP"] == [77.2, 36.2, 37.2]
    elsewhere = [replace(claim, origin="table") for claim in found]
    assert settled(elsewhere) == elsewhere


def test_sentences_of_the_abstract():
    abstract = r"\begin{abstract}Our WaderPose-M reaches 34.5 mm PA-MPJPE. PoseNet reaches 20.1 mm MPJPE. WaderPose-M gets 30.0 mm MPJPE~\cite{a}.\end{abstract}"
    later = r"\section{Experiments} Our WaderPose-M reaches 31.5 mm PA-MPJPE with half of the data."
    found = claims_of(abstract + later)
    assert [(claim.variant, claim.value, claim.origin) for claim in found] == [("WaderPose-M", 34.5, "paper")]


def test_the_name_in_the_title_of_the_paper_is_an_own_name():
    files = {
        "main.tex": "\\documentclass{a}\\title{Shoreline: Walking}\\begin{document}" + table(["A & 1.0 & 2.0", "Shoreline-S & 2.0 & 3.0"])
    }
    assert variants(claims_of(files, ClaimContext("lab/code"))) == ["Shoreline-S"]
    other = {"main.tex": files["main.tex"].replace("Shoreline:", "ResNet:").replace("Shoreline-S", "ResNet-50")}
    assert claims_of(other, ClaimContext("lab/code")) == ()


def test_papers_alone():
    assert PaperClaims().accepts(replace(read_latex(SOURCE, "a", "b", "c")[0]))
    assert not PaperClaims().accepts(
        replace(read_latex(SOURCE, "a", "b", "c")[0], document=replace(read_latex(SOURCE, "a", "b", "c")[0].document, role="readme"))
    )
