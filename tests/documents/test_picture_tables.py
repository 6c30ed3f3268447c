"""Pictures of tables that are no plain grid, as boxes."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.documents.picture_boxes import Box
from auditor.documents.picture_tables import table_grid

COLUMNS = (20, 220, 340, 460)


def box(text: str, x: int, y: int, width: int = 0) -> Box:
    return Box(x, y, width or 11 * len(text), 24, text, 0.99)


def boxes_of(*rows: tuple[str, ...], left: int = 0, top: int = 40) -> list[Box]:
    return [box(text, left + COLUMNS[n], top + 32 * line) for line, row in enumerate(rows) for n, text in enumerate(row) if text]


def texts(boxes: list[Box]) -> list[list[str]]:
    grid = table_grid(tuple(boxes))
    assert grid is not None
    return [[cell.text for cell in row] for row in grid.rows]


HEAD = ("methods", "MPJPE", "PA MPJPE")


def test_two_tables_side_by_side_are_read_one_after_the_other_each_below_its_caption():
    made = boxes_of(HEAD, ("Heron [1]", "88.0", "56.8"), ("Egret [2]", "77.8", "54.3"), ("Ours", "55.7", "41.1"))
    made += boxes_of(HEAD, ("Heron [1]", "98.0", "81.3"), ("Ours", "93.2", "57.7"), left=520, top=52)
    made += [box("Table 5. A comparison on LakeSet.", 20, 190), box("Table 6. A comparison on PondSet.", 540, 190)]
    grid = table_grid(tuple(made))
    assert grid is not None
    assert [[cell.text for cell in row] for row in grid.rows] == [
        list(HEAD),
        ["A comparison on LakeSet.", "", ""],
        ["Heron [1]", "88.0", "56.8"],
        ["Egret [2]", "77.8", "54.3"],
        ["Ours", "55.7", "41.1"],
        ["A comparison on PondSet.", "", ""],
        ["Heron [1]", "98.0", "81.3"],
        ["Ours", "93.2", "57.7"],
    ]
    assert (grid.header_rows, grid.caption) == (1, "A comparison on")
    assert grid.rows[7][1].region == (740, 116, 44, 24)


def test_one_table_is_not_parted_at_the_gaps_between_its_columns():
    rows = (("Method", "AP", "Backbone", "AP50"), ("Heron", "40.1", "ConvA", "60.1"), ("Egret", "41.1", "ConvA", "61.1"))
    assert texts(boxes_of(*rows)) == [list(row) for row in rows]


def test_a_label_of_two_lines_belongs_to_the_numbers_between_them():
    made = boxes_of(HEAD, ("Heron [1]", "88.0", "56.8"), ("Egret [2]", "77.8", "54.3"))
    made += [box("MarshNet", 30, 138), box("(Ours)", 40, 166), box("55.7", 220, 152), box("41.1", 340, 152)]
    assert texts(made)[-1] == ["MarshNet (Ours)", "55.7", "41.1"]


def test_a_label_of_three_lines_is_known_by_a_middle_that_cannot_stand_alone():
    made = boxes_of(HEAD, ("Heron [1]", "88.0", "56.8"), ("Egret [2]", "77.8", "54.3"))
    made += [box("MarshNet", 30, 136), box("(Ours) +", 30, 164), box("refinement", 30, 192), box("55.7", 220, 164), box("41.1", 340, 164)]
    assert texts(made)[-1] == ["MarshNet (Ours) + refinement", "55.7", "41.1"]


def test_the_titles_of_groups_are_no_part_of_the_label_between_them():
    rows = (
        HEAD,
        ("With truth at hand, all", "", ""),
        ("Ours", "55.7", "41.1"),
        ("Without any of it, all", "", ""),
        ("Ours", "66.7", "51.1"),
    )
    assert [row[0] for row in texts(boxes_of(*rows))] == ["methods", "With truth at hand, all", "Ours", "Without any of it, all", "Ours"]


def test_a_number_that_stands_alone_in_its_column_is_below_its_header():
    rows = (
        ("methods", "PA MPVPE", "PA MPJPE", "F@5"),
        ("Heron", "13.2", "", "0.43"),
        ("Egret", "10.7", "", "0.52"),
        ("Ours", "7.6", "7.4", "0.68"),
    )
    assert texts(boxes_of(*rows)) == [list(row) for row in rows]
    made = [one for one in boxes_of(*rows) if one.text not in ("PA MPVPE", "PA MPJPE")]
    made.append(Box(215, 40, 215, 24, "PA MPVPE PA MPJPE", 0.9))
    assert texts(made)[0] == list(rows[0])


def test_a_header_may_be_wider_than_the_last_column():
    made = boxes_of(("methods", "AP"), ("Heron", "32.7", "20.4"), ("Ours", "34.5", "7.5"))
    made.append(Box(330, 40, 90, 24, "Parameters", 0.9))
    assert texts(made)[0] == ["methods", "AP", "Parameters"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.builds(
            Box,
            st.integers(0, 900),
            st.integers(0, 600),
            st.integers(1, 200),
            st.integers(1, 40),
            st.sampled_from(["1.5", "Ours", "methods", "(b) +", "AP", "-", "table 1. a b c d e"]),
            st.just(0.9),
        ),
        max_size=40,
    )
)
def test_no_arrangement_of_boxes_breaks_it(boxes: list[Box]):
    grid = table_grid(tuple(boxes))
    assert grid is None or len({len(row) for row in grid.rows}) == 1


def test_thousands_of_boxes_cost_little_time():
    many = [box("methods" if n % 40 == 0 else f"{n % 97}.5", 60 * (n % 60), 30 * (n // 60), 50) for n in range(4000)]
    start = time.process_time()
    table_grid(tuple(many))
    assert time.process_time() - start < 20
