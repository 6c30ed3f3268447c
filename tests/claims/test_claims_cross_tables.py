"""Models as columns under a metric's title, lists of layers, costs of training, and whose rows are beside bold ones."""

from __future__ import annotations

import pytest

from auditor.claims import extract_claims
from auditor.claims.headers import header_of
from auditor.claims.interface import ClaimContext
from auditor.claims.vocabulary import Kind
from auditor.documents.outline import outline
from auditor.facts import Cell, Document, Outline, Table

CROSS = """# Wader

<table>
<tr><th rowspan=2>Dataset</th><th colspan=3>Dice (%)</th><th colspan=3>Recall</th></tr>
<tr><th>UNet</th><th>Heron</th><th>Wader-S</th><th>UNet</th><th>Heron</th><th>Wader-S</th></tr>
<tr><td>Marsh</td><td>70.1</td><td>71.2</td><td>75.3</td><td>0.61</td><td>0.62</td><td>0.65</td></tr>
<tr><td>Lagoon</td><td>60.1</td><td>61.2</td><td>-</td><td>0.51</td><td>0.52</td><td>0.55</td></tr>
</table>
"""


def claims(text: str):
    document = Document("README.md", text, "0" * 64, "document:README.md")
    return extract_claims([outline(document)], ClaimContext("lab/wader", "Wader"))


def test_models_as_columns_become_rows_with_the_data_set_as_setting():
    found = {(c.variant, c.attribute, c.value, c.unit, c.setting) for c in claims(CROSS)}
    assert found == {
        ("Wader-S", "Dice (%)", 75.3, "%", "Marsh"),
        ("Wader-S", "Recall", 0.65, None, "Marsh"),
        ("Wader-S", "Recall", 0.55, None, "Lagoon"),
    }
    assert all("Wader-S" not in c.printed and c.evidence.locator.startswith("README.md#L") for c in claims(CROSS))


def test_a_caption_may_tell_the_metric_of_models_that_are_columns():
    text = "# Wader\n\nmIoU on all data sets:\n\n| Dataset | UNet | Wader-S |\n|---|---|---|\n| Marsh | 70.1 | 75.3 |\n| Lagoon | 60.1 | 65.3 |\n"
    assert [(c.variant, c.attribute, c.value) for c in claims(text)] == [("Wader-S", "mIoU", 75.3), ("Wader-S", "mIoU", 65.3)]


def test_models_as_columns_without_any_metric_are_no_claims():
    text = "# Wader\n\n| Birds | UNet | Wader-S |\n|---|---|---|\n| Marsh | 70.1 | 75.3 |\n"
    assert claims(text) == ()


@pytest.mark.parametrize(
    "head", ["Layer | Output shape | Params", "Layer-# | Output size | #Params", "Layer (type) | Output Shape | Param #"]
)
def test_a_list_of_layers_is_of_no_model(head):
    assert claims(f"# Wader\n\n| {head} |\n|---|---|---|\n| Conv-1 | [8, 64] | 640 |\n| ReLU-2 | [8, 64] | 0 |\n") == ()


@pytest.mark.parametrize(
    "text", ["Train Speed (GPU hours /epoch)", "Training throughput", "Train time (h)", "train memory (GB)", "GPU hours"]
)
def test_what_training_took_is_no_result(text):
    assert header_of(text).kind is Kind.IGNORED
    assert header_of("Infer Speed (FPS)").kind is Kind.METRIC


def test_a_footnote_mark_is_no_part_of_a_metric():
    assert header_of("Latency*").attribute == "Latency"


def test_bold_tells_the_newest_of_own_rows_and_hides_no_older_one():
    text = "# Wader\n\n| Model | AP |\n|---|---|\n| UNet | 30.0 |\n| Wader-S | 40.1 |\n| **Waderv2-S** | 42.5 |\n"
    assert [c.variant for c in claims(text)] == ["Wader-S", "Waderv2-S"]


def test_a_baseline_with_its_own_weights_beside_named_rows_is_foreign():
    rows = "".join(f"| {name} | {value} | [w](https://host.example/{n}.pth) |\n" for n, (name, value) in enumerate(ROWS))
    assert [c.variant for c in claims(f"# Wader\n\n| Model | AP | Weights |\n|---|---|---|\n{rows}")] == ["Tuned UNet", "Wader-S"]


ROWS = (("UNet", 30.5), ("Tuned UNet", 33.5), ("Wader-S", 40.1))


def test_a_spacing_in_millimeters_is_no_error():
    assert claims("# Wader\n\nWader was trained with 1.5mm isotropic spacing, others may affect performance.\n") == ()


def test_a_metric_over_the_names_is_of_the_whole_table():
    text = "# Zoo\n\n| Performance@(10\\% data) | Veh_L1 | Ped_L1 |\n|---|---|---|\n| HeronNet | 70.9/70.3 | 65.2/54.2 |\n| Stork | 71.4/70.8 | 66.1/55.0 |\n"
    found = [(c.variant, c.attribute, c.value) for c in claims(text)]
    assert len(found) == 8
    assert found[:3] == [("HeronNet", "Veh_L1", 70.9), ("HeronNet", "Veh_L1", 70.3), ("HeronNet", "Ped_L1", 65.2)]


def test_scores_of_splits_need_no_name_of_a_metric():
    text = "# Wader\n\n| Model | Seen | Unseen | Novel classes |\n|---|---|---|---|\n| HeronNet | 20.9 | 10.1 | 4.2 |\n| Stork | 21.4 | 11.8 | 5.0 |\n"
    assert [(c.variant, c.attribute, c.value) for c in claims(text)][:3] == [
        ("HeronNet", "Seen", 20.9),
        ("HeronNet", "Unseen", 10.1),
        ("HeronNet", "Novel classes", 4.2),
    ]
    counts = "# Wader\n\n| Model | Train | Test |\n|---|---|---|\n| HeronNet | 1200 | 300 |\n| Stork | 800 | 200 |\n"
    assert claims(counts) == ()


def test_a_row_called_baseline_is_foreign_unless_it_offers_weights():
    text = "# Wader\n\n| Model | AP | Weights |\n|---|---|---|\n| Baseline | 30.1 | - |\n| Heron | 33.5 | - |\n"
    assert [c.variant for c in claims(text)] == ["Heron"]
    offered = text.replace("30.1 | -", "30.1 | [w](https://host.example/b.pth)")
    assert "Baseline" in [c.variant for c in claims(offered)]


def test_a_line_that_begins_with_a_date_is_news_wherever_its_paragraph_begins():
    text = "# Wader\n\nLatest:\n[2022/6/7]: Our Wader achieves 54.7 AP on the marsh set.\n"
    assert claims(text) == ()
    assert [c.value for c in claims(text.replace("[2022/6/7]: ", ""))] == [54.7]


def test_two_equal_values_of_a_cell_are_two_claims():
    text = "# Wader\n\n| Model | Errors |\n|---|---|\n| Wader-S | 8.6 / 8.6 |\n| Wader-M | 7.7 / 7.9 |\n"
    assert [(c.variant, c.value) for c in claims(text)] == [("Wader-S", 8.6), ("Wader-S", 8.6), ("Wader-M", 7.7), ("Wader-M", 7.9)]


def test_an_arrow_that_tells_which_way_is_better_is_no_part_of_a_metric():
    assert [header_of(text).attribute for text in ("Diversity→", "FID ↓", "→ PSNR")] == ["Diversity", "FID", "PSNR"]


def test_a_caption_with_a_unit_tells_what_was_timed():
    text = "# Wader\n\nRunning speed by points (ms).\n\n| Model | Params | 1 | 10 |\n|---|---|---|---|\n| UNet | 7M | 40 | 90 |\n| Wader-S | 6M | 12 | 14 |\n"
    assert [(c.variant, c.attribute, c.value, c.unit) for c in claims(text)] == [
        ("Wader-S", "params", 6, "M"),
        ("Wader-S", "Running speed", 12, "ms"),
        ("Wader-S", "Running speed", 14, "ms"),
    ]
    assert len(claims(text.replace(" (ms)", ""))) == 1


def picture(path: str, header_rows: int, *rows: tuple[str, ...]) -> Table:
    cells = tuple(tuple(Cell(text, region=(9, 9, 9, 9)) for text in row) for row in rows)
    return Table(cells, header_rows, 3, "picture", ("T", "Results"), "", path, "f" * 64)


def test_a_table_cut_into_pictures_keeps_its_headers():
    first = picture("a.png", 1, ("Method", "PSNR", "SSIM", "LPIPS"), ("Emu [3]", "32.7", "0.91", "0.30"), ("Koala", "34.5", "0.92", "0.29"))
    second = picture("b.png", 0, ("Emu [3]", "28.7", "0.81", "0.40"), ("Koala", "29.5", "0.82", "0.39"))
    document = Document("README.md", "# Koala", "0" * 64, "document:README.md")

    def read(*tables: Table) -> list[tuple[str, str, object, str]]:
        found = extract_claims([Outline(document, title="Koala", tables=tables)], ClaimContext("lab/Koala", "Koala"))
        return [(c.variant, c.attribute, c.value, c.evidence.source) for c in found]

    assert read(first, second)[3:] == [
        ("Koala", "PSNR", 29.5, "picture:b.png"),
        ("Koala", "SSIM", 0.82, "picture:b.png"),
        ("Koala", "LPIPS", 0.39, "picture:b.png"),
    ]
    assert read(second) == []  # nothing says what its numbers are
    others = picture("b.png", 0, ("Emu", "28.7", "0.81", "0.40"), ("Gnu", "29.5", "0.82", "0.39"))
    assert len(read(first, others)) == 3
