"""Realistic repositories in which nobody did wrong, audited whole: no verdict accuses. And beside them, what must still be found."""

from __future__ import annotations

import pytest
from innocent_worlds import LINKED, PLACE, audited, bert, convnext, learnable, saved, table, vit

ATTO, FEMTO, PICO = convnext(40), convnext(48), convnext(64)
TWO = {"foonet_t.pth": ATTO, "foonet_s.pth": FEMTO}
ROWS = ("FooNet-T | 3.7M | 75.0", "FooNet-S | 5.2M | 77.0")
SMALL = {"foonet_s.pth": FEMTO}
TINY = {"foonet_t.pth": ATTO}


def test_the_networks_are_the_published_ones():
    assert [learnable(n) for n in (ATTO, FEMTO, PICO, vit(), bert(30522))] == [3_695_520, 5_217_784, 9_045_672, 5_717_416, 109_482_240]


def verdicts(report):
    return {v.name: v.verdict.value for v in report.variants}


def accuse(report):
    return {v.name: (v.verdict.value, v.reason) for v in report.variants if v.verdict.accuses}


ABLATION = table("Ours | 77.0", "Ours w/o augmentation | 76.1", "Ours + TTA | 77.4", "Ours (ensemble) | 78.9", columns="Method | Top-1")
NAMES = {
    "rows of an ablation": (LINKED + table(*ROWS) + "\n## Ablation\n\n" + ABLATION, TWO),
    "a count of steps in the first column": (LINKED + table(*ROWS) + "\n" + table("1 | 76.0", "3 | 76.1", columns="k | Top-1"), TWO),
    "teacher and average of one": (LINKED + table(ROWS[1], "FooNet-S (teacher) | 5.2M | 77.1", "FooNet-S EMA | 5.2M | 77.4"), SMALL),
    "an ensemble with its count": (LINKED + table(ROWS[0], "FooNet-T (ensemble of 5) | 18.5M | 78"), TINY),
    "a baseline that was run again": (LINKED + table("ConvNeXt-L (our run) | 50M | 83", *ROWS), TWO),
    "Greek letters": (
        LINKED + table("FooNet-α | 3.7M | 75", "FooNet-β | 5.2M | 77"),
        {"foonet_alpha.pth": ATTO, "foonet_beta.pth": FEMTO},
    ),
    "a plus": (LINKED + table("FooNet-S | 3.7M | 75", "FooNet-S+ | 5.2M | 77"), {"foonet_s.pth": ATTO, "foonet_s_plus.pth": FEMTO}),
    "a patch size": (
        LINKED + table("FooNet-Ti/16 | 5.7M | 71", "FooNet-Ti/8 | 5.7M | 73"),
        {"foonet_ti_p16.pth": vit(), "foonet_ti_p8.pth": vit(patch=8)},
    ),
    "dates for names": (LINKED + table(*ROWS), {"20240113_run7f.pth": ATTO, "20240120_run9a.pth": FEMTO}),
    "versions": (LINKED + table("FooNetV1 | 3.7M | 75", "FooNetV2 | 5.2M | 77"), {"foonet_v1.pth": ATTO, "foonetv2.pth": FEMTO}),
    "another project that ends in the name": (LINKED + table(*ROWS, "Deformable FooNet | 40M | 79"), TWO),
}
COUNTS = {
    "of a detector, beside its backbone": (LINKED + table("FooNet-T | 12.5M | 41.0", columns="Model | Params | box AP"), TINY),
    "of what is trained": (LINKED + table("FooNet-T | 0.5M | 71.0", columns="Model | Trainable Params | Top-1"), TINY),
    "in thousands under a header in millions": (LINKED + table("FooNet-T | 3,701 | 75.0", columns="Model | Params (M) | Top-1"), TINY),
    "in millions under a header in thousands": (LINKED + table("FooNet-T | 3.7 | 75.0", columns="Model | Params (K) | Top-1"), TINY),
    "of 1000 classes, of a file for 174": (LINKED + table("FooNet-T | 3.70M | 75"), {"foonet_t.pth": convnext(40, classes=174)}),
    "of another input size": (LINKED + table("FooNet-Ti | 5.5M | 71"), {"foonet_ti.pth": vit(image=512)}),
    "of another input size and number of classes": (LINKED + table("FooNet-Ti | 5.7M | 71"), {"foonet_ti.pth": vit(image=768, classes=21)}),
    "without embeddings": (LINKED + table("FooNet-base | 86M | 72"), {"foonet_base.bin": bert(30522)}),
    "of a smaller vocabulary": (LINKED + table("FooNet-base | 110M | 72"), {"foonet_base.bin": bert(119_547)}),
    "without the auxiliary head": (LINKED + table(ROWS[1]), {"foonet_s.pth": FEMTO | {"aux_head.conv.weight": (512, 384, 3, 3)}}),
    "without a projector": (LINKED + table(ROWS[1]), {"foonet_s.pth": FEMTO | {"projection.0.weight": (4096, 384)}}),
    "with a second network of the file": (
        LINKED + table("FooNet-S | 8.9M | 77"),
        {"foonet_s.pth": saved("s", FEMTO, {"discriminator": ATTO})},
    ),
    "of a part, in prose": (LINKED + "- FooNet-T: 1.1M parameters in the head only\n- FooNet-S: adds only 2.1M parameters\n", TWO),
}


@pytest.mark.parametrize("situation", [*NAMES, *COUNTS])
def test_names_and_counts_with_an_innocent_explanation(situation):
    report = audited(*(NAMES | COUNTS)[situation])
    assert accuse(report) == {}
    assert report.issue is None
    assert (report.exit_status, report.complete) == (0, True)


THREE = LINKED + table(*ROWS, "FooNet-L | 9.0M | 79.0")
SAID = {
    "announced": "The weights of FooNet-L will be released soon.",
    "an open box": "## TODO\n\n- [x] Release FooNet-T\n- [ ] Release FooNet-L weights",
    "on request": "For the FooNet-L weights please fill in this [form](https://docs.google.com/forms/d/e/1FAIpQLSd/viewform).",
    "withheld": "Due to licensing restrictions we cannot release the weights of FooNet-L.",
    "a page of models": "More models in the [model zoo](https://foonet.org/zoo.html).",
    "a transfer": "FooNet-L: [weights](https://we.tl/t-abcdef)",
    "an issue": "FooNet-L: see [this issue](https://github.com/lab/FooNet/issues/12) for the weights.",
    "another library": "All models are in timm: `timm.create_model('foonet_large', pretrained=True)`",
    "by itself": "`pip install foonet` downloads all weights automatically.",
    "torch.hub": "```python\nm = torch.hub.load('lab/FooNet', 'foonet_l', pretrained=True)\n```",
    "in Chinese": "FooNet-L 的模型权重即将发布。",
    "another project's release": "L: [release](https://github.com/other/bar/releases/tag/v1)",
}
FETCHED = {
    "download.py": b"BASE = 'https://dl.foonet.org'\nfor size in 'tsl':\n    urlretrieve(f'{BASE}/foonet_{size}.pth')\n",
    "tools/get_pretrained_models.sh": b"gdown $1\n",
    "foonet/hub.py": b"def load(size='l'):\n    return hf_hub_download(repo_id=f'lab/foonet-{size}', filename='model.bin')\n",
}


@pytest.mark.parametrize("words", SAID.values(), ids=SAID.keys())
def test_what_the_authors_say_is_elsewhere_is_not_missing(words):
    report = audited(f"{THREE}\n{words}\n", TWO)
    assert accuse(report) == {}
    assert verdicts(report)["FooNet-L"] == "unverifiable"


@pytest.mark.parametrize("path", FETCHED)
def test_what_code_fetches_is_not_missing(path):
    report = audited(THREE, TWO, tree={path: FETCHED[path]})
    assert verdicts(report) == {"FooNet-T": "consistent", "FooNet-S": "consistent", "FooNet-L": "unverifiable"}


def test_a_row_that_says_soon_is_not_missing():
    report = audited(
        LINKED + table(*(f"{row} | above" for row in ROWS), "FooNet-L | 9.0M | 79 | soon", columns="Model | Params | Top-1 | Link"), TWO
    )
    assert accuse(report) == {}


def test_a_fork_owes_nothing_of_what_its_parent_claims():
    assert verdicts(audited(THREE, TWO, fork_of="origin/FooNet"))["FooNet-L"] == "unverifiable"


@pytest.mark.parametrize(
    "words", ["Code will be released soon.", "Please contact us with questions.", "The dataset is available on request."]
)
def test_what_is_said_of_other_things_excuses_no_model(words):
    assert verdicts(audited(f"{THREE}\n{words}\n", TWO))["FooNet-L"] == "missing"


SEVERAL = "Model | Params | Top-1 | Weights"


@pytest.mark.parametrize(
    ("other", "shapes"),
    [("pretrain", ATTO), ("teacher", convnext(96)), ("backbone", convnext(48, classes=0))],
    ids=["what it was made from", "its teacher", "its backbone"],
)
def test_a_file_beside_the_model_in_its_row_is_not_held_against_the_row(other, shapes):
    row = f"FooNet-X | 5.2M | 77 | [model]({PLACE}x.pth) [{other}]({PLACE}other_x.pth)"
    report = audited("# FooNet\n\n" + table(row, columns=SEVERAL), pages={"x.pth": FEMTO, "other_x.pth": shapes})
    assert accuse(report) == {}
    assert verdicts(report)["FooNet-X"] == "consistent"


def test_a_second_architecture_under_the_project_s_name_is_not_foreign():
    report = audited(LINKED + table("FooNet-T | 3.7M | 75"), {**TINY, "foonet_vit.pth": vit(), "other_vit.pth": vit(384)})
    assert verdicts(report) == {"FooNet-T": "consistent", "foonet_vit": "unclaimed", "other_vit": "foreign"}


def test_what_is_wrong_is_still_found():
    assert verdicts(audited(THREE, TWO)) == {"FooNet-T": "consistent", "FooNet-S": "consistent", "FooNet-L": "missing"}
    swapped = audited(LINKED + table(*ROWS), {"foonet_t.pth": FEMTO, "foonet_s.pth": ATTO})
    assert verdicts(swapped) == {"FooNet-T": "mislabelled", "FooNet-S": "mislabelled"}
    odd = audited(LINKED + table(*ROWS), {"foonet_t.pth": PICO, "foonet_s.pth": FEMTO})
    assert verdicts(odd) == {"FooNet-T": "contradicted", "FooNet-S": "consistent"}
    assert odd.exit_status == 1


def test_an_unofficial_reimplementation_owes_no_row_of_the_paper():
    readme = (
        "# FooNet-pytorch\n\nUnofficial PyTorch implementation of FooNet.\n\n"
        + LINKED.partition("\n")[2]
        + table(*ROWS, "FooNet-L | 9.0M | 79")
    )
    assert accuse(audited(readme, TINY, full_name="joe/FooNet-pytorch")) == {}


PARTS = ("Params (backbone)", "Params w/o head", "Encoder Params", "Learnable Params")


@pytest.mark.parametrize("header", PARTS)
def test_a_count_of_a_part_is_no_count_of_the_file(header):
    assert accuse(audited(LINKED + table("FooNet-T | 1.4M | 75", columns=f"Model | {header} | Top-1"), TINY)) == {}


def test_sources_of_the_authors_that_contradict_each_other_accuse_no_file():
    config = b"class Config:\n    variant = 'FooNet-T'\n    depths = [3, 3, 9, 3]\n    dims = [96, 192, 384, 768]\n"
    report = audited(LINKED + table(ROWS[0]), TINY, tree={"config.py": config})
    assert verdicts(report) == {"FooNet-T": "unverifiable"}
    assert "disagree" in report.variants[0].reason


def conflicts(report):
    return [finding.title for finding in report.findings if finding.check == "claim-conflict" and finding.outcome.value == "fails"]


def test_two_rows_of_one_table_are_no_conflict_and_two_tables_are():
    necks = table("FooNet-T | plain | 3.7M | 75.0", "FooNet-T | folded | 3.5M | 75.2", columns="Model | Wiring | Params | Top-1")
    assert conflicts(audited(LINKED + necks, TINY)) == []
    marked = LINKED + table("FooNet-T | 3.7M | 75.0", "FooNet-T† | 4.1M | 75.9") + "\nTrained again:\n\n" + table("FooNet-T† | 4.1M | 76.0")
    assert conflicts(audited(marked, TINY)) == []
    again = LINKED + "## Models\n\n" + table("FooNet-T | 3.70M | 75.0") + "\nOnce more:\n\n" + table("FooNet-T | 3.69M | 75.0")
    assert len(conflicts(audited(again, TINY))) == 1


LINKS = "Model | Params | Top-1 | Weights"
WITH = f"FooNet-S | 5.2M | 77.0 | [weights]({PLACE}foonet_s.pth)"
HTML = "<table><tr><th>Model</th><th>Params</th><th>Top-1</th><th>Weights</th></tr>\n{}</table>\n"


def html_row(*cells):
    return "<tr>\n" + "\n".join(f"<td>{cell}</td>" for cell in cells) + "\n</tr>\n"


@pytest.mark.parametrize("none", ["-", "–", "", "N/A", "x", "none"])
def test_a_row_that_says_that_it_has_no_link_is_not_asked_about(none):
    rows = table(f"FooNet-T | 3.7M | 75.0 | {none}", WITH, columns=LINKS)
    report = audited("# FooNet\n\n" + rows, pages={"foonet_s.pth": FEMTO})
    assert verdicts(report) == {"FooNet-T": "unverifiable", "FooNet-S": "consistent"}
    written = html_row("FooNet-T", "3.7M", "75.0", none) + html_row(
        "FooNet-S", "5.2M", "77.0", f'<a href="{PLACE}foonet_s.pth">weights</a>'
    )
    report = audited("# FooNet\n\n" + HTML.format(written), pages={"foonet_s.pth": FEMTO})
    assert verdicts(report) == {"FooNet-T": "unverifiable", "FooNet-S": "consistent"}


def test_an_empty_cell_of_another_row_or_column_excuses_nobody():
    rows = table("FooNet-T | 3.7M | 75.0 | 1x", WITH.replace("| [w", "| - [w"), "FooNet-X | - | 79.0 | -", columns=LINKS)
    assert verdicts(audited("# FooNet\n\n" + rows, pages={"foonet_s.pth": FEMTO}))["FooNet-T"] == "missing"
    apart = table("FooNet-T | 3.7M | 75.0") + "\n\nMore:\n\n" + table(WITH, "FooNet-B | 9M | 80.0 | -", columns=LINKS)
    found = verdicts(audited("# FooNet\n\n" + apart, pages={"foonet_s.pth": FEMTO}))
    assert (found["FooNet-T"], found["FooNet-B"]) == ("missing", "unverifiable")
