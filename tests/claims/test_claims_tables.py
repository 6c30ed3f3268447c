from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.claims import extract_claims
from auditor.claims.interface import ClaimContext
from auditor.claims.tables import TableClaims
from auditor.facts import Cell, Document, Outline, Table

CONTEXT = ClaimContext("someone/PoseThing", "PoseThing: a network")


def outline_of(text: str, *, header_rows: int = 1, sections: tuple[str, ...] = ("PoseThing", "Results"), caption: str = "") -> Outline:
    """Build the outline of a Markdown table by hand: `!` after a cell is bold, `<url>` in it a link."""
    rows = []
    for number, line in enumerate(text.strip().splitlines(), 1):
        cells = []
        for raw in (part.strip() for part in line.strip("|").split("|")):
            links = tuple(word[1:-1] for word in raw.split() if word.startswith("<"))
            shown = " ".join(word for word in raw.split() if not word.startswith("<"))
            cells.append(Cell(shown.rstrip("!"), number, links, emphasized=shown.endswith("!"), raw=raw))
        rows.append(tuple(cells))
    document = Document("README.md", text.strip(), hashlib.sha256(text.encode()).hexdigest(), "document:README.md")
    return Outline(document, tables=(Table(tuple(rows), header_rows, 1, "table", sections, caption),), title="PoseThing: a network")


def claims(text: str, **options: object) -> list[tuple[str, str, object, str | None]]:
    found = extract_claims([outline_of(text, **options)], CONTEXT, [TableClaims()])  # type: ignore[arg-type]
    return [(c.variant, c.attribute, c.value, c.unit) for c in found]


def test_ours_are_taken_and_cited_rows_are_not():
    text = """| Models | PA MPJPE | GFLOPS | Param |
| Chen et al.[56] | 32.7 | 14.1 | 20.40M |
| Ours-M | 34.5 | 2.82 | 7.59M |"""
    assert claims(text) == [("Ours-M", "PA MPJPE", 34.5, "mm"), ("Ours-M", "gflops", 2.82, "G"), ("Ours-M", "params", 7.59, "M")]


def test_bold_rows_are_own_where_others_are_not_bold():
    text = """| Arch | AP |
| resnet_50 | 70.4 |
| net_w32! | 74.4 |"""
    assert claims(text) == [("net_w32", "AP", 74.4, None)]


def test_rows_with_the_repositorys_name_are_own_beside_known_networks():
    text = """| | mIoU | Params |
| PoseThing-B0 | 37.4 | 3.7M |
| FCN-R50 | 36.1 | 49.6M |"""
    assert [c[0] for c in claims(text)] == ["PoseThing-B0"] * 2


def test_a_zoo_where_nothing_is_marked_is_all_own():
    text = """| name | resolution | acc@1 |
| tiny | 224x224 | 82.1 |
| small | 224x224 | 83.1 |"""
    assert [c[0] for c in claims(text)] == ["tiny", "small"]


def test_rows_that_offer_weights_are_own_whatever_their_names():
    text = """| Method | AP | download |
| ViT-B | 75.8 | model <https://drive.google.com/file/d/1/view> |
| ViT-L | 78.3 | model <https://drive.google.com/file/d/2/view> |"""
    assert [c[0] for c in claims(text)] == ["ViT-B", "ViT-L"]


def test_repeated_names_are_completed_by_the_backbone():
    text = """| | name | backbone | schedule | box AP | url |
| 0 | Det | R50 | 500 | 42.0 | model |
| 1 | Det | R101 | 500 | 43.5 | model |"""
    assert claims(text) == [("Det R50", "box AP", 42.0, None), ("Det R101", "box AP", 43.5, None)]


def test_settings_tell_two_values_of_a_variant_apart():
    text = """| name | resolution | acc@1 |
| B | 224x224 | 83.8 |
| B | 384x384 | 85.1 |"""
    found = extract_claims([outline_of(text, sections=("T", "ImageNet-1K trained models"))], CONTEXT, [TableClaims()])
    assert [c.setting for c in found] == ["224x224; ImageNet-1K trained models", "384x384; ImageNet-1K trained models"]


def test_group_rows_are_settings_and_headers_may_hold_data_set_and_metric():
    text = """| Model | DIW WHDR | KITTI δ1 | Par. M |
| Inference height 512 | | | |
| BEiT | 0.1137 | 11.56* | 345 |"""
    found = extract_claims([outline_of(text)], CONTEXT, [TableClaims()])
    assert [(c.attribute, c.value, c.unit) for c in found] == [("WHDR", 0.1137, None), ("δ1", 11.56, None), ("params", 345, "M")]
    assert found[0].setting.startswith("DIW; Inference height 512")


def test_two_level_headers_are_read_together():
    text = """| Method | COCO | COCO |
| | AP | AR |
| PoseThing | 70.1 | 75.2 |"""
    assert claims(text) == [("PoseThing", "AP", 70.1, None), ("PoseThing", "AR", 75.2, None)]


def test_transposed_tables_are_turned():
    text = """| | PoseThing-S | PoseThing-L |
| Params | 7.5M | 8.4M |
| AP | 70.1 | 72.3 |"""
    assert claims(text) == [
        ("PoseThing-S", "params", 7.5, "M"),
        ("PoseThing-S", "AP", 70.1, None),
        ("PoseThing-L", "params", 8.4, "M"),
        ("PoseThing-L", "AP", 72.3, None),
    ]


def test_metrics_of_the_caption_name_the_parts_of_split_columns():
    text = """| Model | dev | test |
| PoseThing | 66.3 (65.0) / 85.6 (84.7) | 70.5 / 87.4 |"""
    found = extract_claims([outline_of(text, caption="Evaluation metrics: EM / F1")], CONTEXT, [TableClaims()])
    assert [(c.attribute, c.value) for c in found] == [("EM", 66.3), ("EM", 65.0), ("F1", 85.6), ("F1", 84.7), ("EM", 70.5), ("F1", 87.4)]
    assert "parentheses" in found[1].setting
    assert found[0].setting.startswith("dev")


def test_columns_that_no_list_knows_are_settings_of_the_captions_metric():
    text = """| Methods | Dir. | Avg |
| Yasin [44] | 88.4 | 108.3 |
| Ours (Full) | 32.5 | 35.2 |"""
    found = extract_claims([outline_of(text, caption="Table 3: PA MPJPE comparison")], CONTEXT, [TableClaims()])
    assert [(c.attribute, c.value, c.unit, c.setting.split(";")[0]) for c in found] == [
        ("PA MPJPE", 32.5, "mm", "Dir"),
        ("PA MPJPE", 35.2, "mm", "Avg"),
    ]


def test_marks_of_yes_and_no_are_settings_and_no_names():
    text = """| Method | Extra data | Backbone | mAP |
| PoseThing | ✗ | S | 22.5 |
| PoseThing | ✓ | S | 28.4 |"""
    found = extract_claims([outline_of(text)], CONTEXT, [TableClaims()])
    assert [(c.variant, c.setting.split(";")[0]) for c in found] == [("PoseThing S", "Extra data ✗"), ("PoseThing S", "Extra data ✓")]


def test_a_metric_in_the_cell_names_its_value():
    text = """| Model | Config | Performance |
| 3D Pose | a.yaml | 39.2mm (MPJPE) |"""
    assert claims(text) == [("3D Pose", "MPJPE", 39.2, "mm")]


def test_units_come_from_cell_then_header_then_heading():
    text = """| Method | MRPE | Speed (ms) |
| PoseThing | 0.386 | 12 |"""
    assert claims(text, sections=("T", "3DPW dataset (test set. meter)")) == [
        ("PoseThing", "MRPE", 0.386, "m"),
        ("PoseThing", "Speed (ms)", 12, "ms"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "| 模型 | BERT | wwm |\n| CMRC 2018 | 3e-5 | 3e-5 |\n| DRCD | 3e-5 | 8e-5 |",
        "| Section | Description |\n| Intro | 12 |",
        "| Resolution | GPUs | 1000 kimg | GPU mem |\n| 128x128 | 1 | 4h 05m | 7.2 GB |",
        "| category | IoU ResNet | IoU PointNet | IoU Swin |\n| chair | 0.4 | 0.5 | 0.6 |",
        "| Year | Venue |\n| 2020 | CVPR |",
    ],
)
def test_tables_that_claim_nothing_give_nothing(text):
    assert claims(text) == []


def test_evidence_is_a_line_that_holds_the_quote():
    text = """| Models | AP | Param |
| Ours-M | 34.5 | 7.59M |"""
    outline = outline_of(text)
    lines = outline.document.text.splitlines()
    for claim in extract_claims([outline], CONTEXT):
        path, _, line = claim.evidence.locator.partition("#L")
        assert path == "README.md"
        assert claim.evidence.quote in lines[int(line) - 1]
        assert claim.printed in claim.evidence.quote
        assert claim.evidence.sha256 == outline.document.sha256
        assert claim.rank == "primary"


def test_picture_tables_give_regions_and_confidence():
    def cell(text: str, x: int, y: int, confidence: float = 1.0) -> Cell:
        return Cell(text, region=(x, y, 50, 20), confidence=confidence, raw=text)

    rows = (
        (cell("Models", 0, 0), cell("Param", 100, 0)),
        (cell("Moon et al.[14]", 0, 30), cell("34.34M", 100, 30)),
        (cell("Ours-M", 0, 60), cell("7.59M", 100, 60, 0.8)),
    )
    document = Document("README.md", "text", "0" * 64, "document:README.md")
    table = Table(rows, 1, 3, "picture", ("T", "Human3.6M dataset using protocol 1"), "", "assets/a.png", "f" * 64)
    (claim,) = extract_claims([Outline(document, tables=(table,))], CONTEXT)
    assert (claim.variant, claim.attribute, claim.value, claim.unit, claim.printed) == ("Ours-M", "params", 7.59, "M", "7.59M")
    assert claim.evidence.locator == "assets/a.png#xywh=100,60,50,20"
    assert claim.evidence.source == "picture:assets/a.png"
    assert claim.evidence.quote == "Ours-M | 7.59M"
    assert (claim.evidence.sha256, claim.origin, claim.confidence) == ("f" * 64, "picture", 0.8)
    assert "protocol 1" in claim.setting


def test_the_same_value_in_the_same_place_is_one_claim():
    outline = outline_of("| Model | AP |\n| PoseThing | 70.1 |")
    assert len(extract_claims([outline, outline], CONTEXT)) == 1


def test_a_table_of_a_hundred_thousand_cells_is_read_in_bounds():
    row = tuple(Cell(f"{n}.5", 1, raw=f"{n}.5") for n in range(1000))
    head = (Cell("Model", 1), *(Cell("AP", 1) for _ in range(999)))
    document = Document("README.md", "x", "0" * 64, "document:README.md")
    table = Table((head, *(row for _ in range(100))), 1, 1, "table")
    found = extract_claims([Outline(document, tables=(table,))], CONTEXT)
    assert len(found) <= 20_000


def test_a_huge_cell_harms_nothing():
    text = "| Model | AP |\n| PoseThing | " + "9" * 200_000 + " |\n| PoseThing-L | 70.1 |"
    assert ("PoseThing-L", "AP", 70.1, None) in claims(text)


@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=5), min_size=1, max_size=6), st.integers(0, 3))
def test_any_grid_is_read_without_an_exception(grid, header_rows):
    rows = tuple(tuple(Cell(text, 1, raw=text) for text in row) for row in grid)
    document = Document("README.md", "line", "0" * 64, "document:README.md")
    table = Table(rows, min(header_rows, len(rows)), 1, "table", ("a", "b"), "mAP")
    for claim in extract_claims([Outline(document, tables=(table,))], CONTEXT):
        assert claim.variant
        assert claim.attribute


def test_one_metric_in_two_settings_of_a_header():
    text = """| Model | mIoU (ss/ms) | MPJPE left/right |
| PoseThing-S | 47.9 / 48.1 | 44.3/46.2 |"""
    assert [c[1:3] for c in claims(text)] == [("mIoU (ss)", 47.9), ("mIoU (ms)", 48.1), ("MPJPE left", 44.3), ("MPJPE right", 46.2)]


def test_a_column_of_devices_is_no_metric():
    text = """| Runtime | FP32 | FP16 |
| A100 | 86.8ms | 69.4ms |
| V100 | 95.8ms | 57.7ms |
| 4090 | 384ms | 152ms |"""
    assert not [c for c in claims(text) if c[2] == 4090]


def test_counts_of_tracking_are_metrics_and_lone_marks_are_no_values():
    text = """| Model | MOTA | FP | Fin. 384 |
| PoseThing-S | 80.3 | 25491 | \\ |
| PoseThing-L | 81.3 | 25400 | 87.5 |"""
    assert ("PoseThing-S", "FP", 25491, None) in claims(text)
    assert ("PoseThing-L", "Fin. 384", 87.5, None) in claims(text)


def test_a_nameless_model_is_told_by_the_set_it_was_trained_on():
    outline = outline_of("""| Dataset | # params of the Transformer | FID |
| FFHQ | 355M | 10.38 |
| LSUN | 370M | 7.45 |""")
    found = extract_claims([replace(outline, title="")], ClaimContext("local/repo", ""), [TableClaims()])
    assert [(c.variant, c.attribute, c.value) for c in found][:2] == [("FFHQ", "params", 355), ("FFHQ", "FID", 10.38)]


@pytest.mark.parametrize(
    ("row", "variant"),
    [("Ours", "PoseThing (Ours)"), ("Our method", "PoseThing (Our method)"), ("Proposed", "PoseThing (Proposed)"), ("Ours-M", "Ours-M")],
)
def test_a_row_that_says_only_ours_is_of_what_the_repository_presents(row, variant):
    text = f"""| Method | PA MPJPE |
| Chen et al. [56] | 32.7 |
| {row} | 34.5 |"""
    assert claims(text) == [(variant, "PA MPJPE", 34.5, "mm")]
