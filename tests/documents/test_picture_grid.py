from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from auditor.documents.picture_boxes import Box, is_number
from auditor.documents.picture_grid import grid_of

COLUMNS = (20, 220, 340, 460)


def box(text: str, x: int, y: int, width: int = 0, confidence: float = 0.99) -> Box:
    return Box(x, y, width or 11 * len(text), 24, text, confidence)


def boxes_of(*rows: tuple[str, ...], top: int = 40) -> list[Box]:
    return [box(text, COLUMNS[n], top + 32 * line) for line, row in enumerate(rows) for n, text in enumerate(row) if text]


def texts(boxes: list[Box]) -> list[list[str]]:
    grid = grid_of(tuple(boxes))
    assert grid is not None
    return [[cell.text for cell in row] for row in grid.rows]


PLAIN = (("Models", "AP", "Param"), ("Chen", "32.7", "20.40M"), ("Ours-M", "34.5", "7.59M"))


def test_rows_columns_and_header_are_found():
    assert texts(boxes_of(*PLAIN)) == [list(row) for row in PLAIN]


def test_the_order_of_the_boxes_does_not_matter():
    assert texts(list(reversed(boxes_of(*PLAIN)))) == [list(row) for row in PLAIN]


def test_cells_keep_their_region_and_confidence():
    made = [*boxes_of(*PLAIN[:2]), box("Ours-M", 20, 104), box("34.5", 220, 104), box("7.59M", 340, 104, 60, 0.71)]
    grid = grid_of(tuple(made))
    assert grid is not None
    cell = grid.rows[2][2]
    assert (cell.text, cell.region, cell.confidence) == ("7.59M", (340, 104, 60, 24), 0.71)


def test_one_box_over_two_columns_is_split():
    made = boxes_of(*PLAIN, ("Ours-L", "32.8", "8.38M"))
    merged = [b for b in made if b.text not in ("34.5", "7.59M")]
    merged.append(Box(220, 104, 175, 24, "34.5 7.59M", 0.9))
    assert texts(merged)[2] == ["Ours-M", "34.5", "7.59M"]


def test_a_word_split_into_two_boxes_is_joined():
    made = [b for b in boxes_of(*PLAIN, ("Ours-L", "32.8", "8.38M")) if b.text != "Chen"]
    made += [box("Chen", 20, 72), box("et al.", 70, 72)]
    assert texts(made)[1][0] == "Chen et al."


def test_one_header_box_over_two_columns_is_split_by_its_words():
    made = [b for b in boxes_of(*PLAIN) if b.text not in ("AP", "Param")]
    made.append(Box(215, 40, 190, 24, "AP     Param", 0.9))
    assert texts(made)[0] == ["Models", "AP", "Param"]


def test_two_level_headers_are_repeated_over_their_columns():
    made = boxes_of(("method", "MPJPE", "PA", "MPVPE"), ("HMR", "88.0", "56.8", "81.3"), ("Ours", "64.9", "46.3", "58.3"))
    made += [Box(250, 8, 110, 24, "Human3.6M", 1.0), Box(465, 8, 50, 24, "3DPW", 1.0)]
    grid = grid_of(tuple(made))
    assert grid is not None
    assert grid.header_rows == 2
    assert [cell.text for cell in grid.rows[0]] == ["", "Human3.6M", "Human3.6M", "3DPW"]


def test_titles_of_groups_stay_between_the_rows():
    rows = (("Models", "AP", "Param"), ("A", "32.7", "20.40M"), ("with extra data",), ("B", "34.5", "7.59M"), ("C", "34.6", "7.69M"))
    assert texts(boxes_of(*rows))[2][0] == "with extra data"


def test_a_title_of_a_group_right_below_the_header_is_no_header():
    rows = (("Methods", "Dir.", "Avg"), ("With ground truth at test time",), ("Yasin [44]", "88.4", "108.3"), ("Ours", "31.0", "34.0"))
    assert texts(boxes_of(*rows)) == [["Methods", "Dir.", "Avg"], [rows[1][0], "", ""], list(rows[2]), list(rows[3])]


def test_columns_so_close_that_they_are_one_text_are_parted():
    made = [box("Methods", 20, 40), Box(200, 40, 140, 24, "S1   S2   S3", 1.0)]
    for line, row in enumerate((("Mehta", "81.0 60.9 64.4"), ("Ours", "94.4 77.5 79.0")), 1):
        made += [box(row[0], 20, 40 + 32 * line), Box(195, 40 + 32 * line, 150, 24, row[1], 0.9)]
    assert texts(made) == [["Methods", "S1", "S2", "S3"], ["Mehta", "81.0", "60.9", "64.4"], ["Ours", "94.4", "77.5", "79.0"]]


def test_captions_are_told_apart_from_headers():
    made = [*boxes_of(*PLAIN, top=140), box("TABLE 4. Comparison with Protocol 1 on Human3.6M.", 5, 20)]
    grid = grid_of(tuple(made))
    assert grid is not None
    assert grid.caption.startswith("TABLE 4.")
    assert grid.header_rows == 1


def test_ticks_and_labels_of_a_plot_beside_the_table_are_left_out():
    ticks = [Box(2, y, 14, 20, str(y), 1.0) for y in (0, 300, 600)] + [Box(x, 400, 30, 20, str(x), 1.0) for x in (30, 250, 500)]
    assert texts([*boxes_of(*PLAIN), *ticks]) == [list(row) for row in PLAIN]


def test_dashes_that_were_read_as_ones_are_dropped():
    made = [*boxes_of(*PLAIN), Box(460, 114, 8, 6, "1", 0.6), Box(460, 82, 8, 6, "1", 0.6)]
    assert texts(made) == [list(row) for row in PLAIN]


def test_what_is_no_table_gives_none():
    assert grid_of(()) is None
    assert grid_of((box("hello", 0, 0),)) is None
    assert grid_of(tuple(boxes_of(("one", "two"), ("three", "four")))) is None
    assert grid_of(tuple(boxes_of(("1", "2"), ("3", "4"), ("5", "6")))) is None


def test_a_hundred_thousand_boxes_end_soon():
    many = tuple(Box(60 * (n % 300), 30 * (n // 300), 50, 20, "1.5", 1.0) for n in range(100_000))
    grid = grid_of(many)
    assert grid is None or len(grid.rows) < 100_000


def test_numbers_as_tables_print_them():
    assert all(map(is_number, ("34.5", "7.59M", "86.5(25.4%)", "1,234", "-31", "80.1±0.3", "159Mb", "3.7 G")))
    assert not any(map(is_number, ("Ours-M", "[56]", "224x224", "MPJPE", "-", "")))


@given(
    st.lists(
        st.builds(
            Box,
            st.integers(0, 900),
            st.integers(0, 900),
            st.integers(0, 300),
            st.integers(0, 60),
            st.text(max_size=8) | st.sampled_from(["1.5", "AP", "a b"]),
            st.floats(0, 1),
        ),
        max_size=40,
    )
)
def test_any_boxes_give_a_rectangle_or_nothing(boxes):
    grid = grid_of(tuple(boxes))
    if grid is not None:
        assert len({len(row) for row in grid.rows}) == 1
        assert 0 < grid.header_rows < len(grid.rows)


def test_a_line_of_thresholds_is_a_header():
    rows = texts(boxes_of(("Method", "VOC", "COCO"), ("", "0.5", "0.75"), ("Small", "80.0", "31.3"), ("Large", "81.8", "35.5")))
    assert rows == [["Method", "VOC", "COCO"], ["", "0.5", "0.75"], ["Small", "80.0", "31.3"], ["Large", "81.8", "35.5"]]


def test_an_outdented_title_between_header_and_rows_keeps_the_header():
    rows = [box("Methods", 60, 40), box("AP", 220, 40), box("Param", 340, 40), box("*", 10, 72), box("Body methods", 30, 72)]
    rows += [
        box("Chen", 60, 104),
        box("32.7", 220, 104),
        box("20.4M", 340, 104),
        box("Ours", 60, 136),
        box("34.5", 220, 136),
        box("7.5M", 340, 136),
    ]
    assert texts(rows)[0] == ["Methods", "AP", "Param"]


def test_rows_with_nothing_over_them_may_continue_another_picture():
    rows = (("Emu", "32.7", "0.91", "30.1"), ("Ours-M", "34.5", "0.92", "31.1"), ("Ours-L", "35.5", "0.93", "32.1"))
    grid = grid_of(tuple(boxes_of(*rows)))
    assert grid is not None
    assert grid.header_rows == 0
    assert [[cell.text for cell in row] for row in grid.rows] == [list(row) for row in rows]
    assert grid_of((*boxes_of(*rows), box("A street in the rain", 20, 8))) is None  # something else stands over them
    assert grid_of(tuple(boxes_of(*(row[:3] for row in rows)))) is None  # too little to tell from ticks
