"""Draws the table pictures that the demo's README shows, into auditor/demo/files/.

Run it from the top of a checkout: python tools/draw_demo_pictures.py
The font is the one inside Pillow, so every machine draws the same pictures.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FILES = Path(__file__).parent.parent / "auditor" / "demo" / "files"
WIDTH, ROW_HEIGHT, MARGIN = 900, 40, 40
COLUMNS = (80, 440, 600, 760)  # left edge of the first, centers of the others
INK, RULE = (20, 20, 20), (0, 0, 0)

COSTS = {"XS": ("0.82", "3.53M"), "S": ("1.75", "7.44M"), "M": ("2.82", "7.59M"), "L": ("4.30", "8.38M")}
BASELINES = (("Adeyemi et al. [12]", "14.3", "33.60M"), ("Lindqvist et al. [9]", "5.71", "4.36M"), ("Moreau et al. [21]", "13.9", "34.00M"))
TABLES = (
    (
        "shorewalk_aligned.png",
        "Table 2. ShoreWalk, error after alignment",
        "PA MPJPE",
        ("36.9", "38.2", "35.7"),
        {"XS": "41.6", "S": "37.4", "M": "35.8", "L": "34.1"},
    ),
    (
        "shorewalk_absolute.png",
        "Table 3. ShoreWalk, error relative to the root",
        "MPJPE",
        ("53.9", "55.2", "50.7"),
        {"XS": "60.35", "S": "54.90", "M": "52.15", "L": "50.40"},
    ),
)


def font(size: int) -> ImageFont.FreeTypeFont:
    """Return Pillow's own font."""
    found = ImageFont.load_default(size)
    assert isinstance(found, ImageFont.FreeTypeFont)
    return found


def draw_table(title: str, metric: str, baselines: tuple[str, ...], own: dict[str, str]) -> Image.Image:
    """Return a table as papers print them: three rules, the authors' rows below the last."""
    header = ("Model", metric, "GFLOPS", "Param")
    above = [(name, error, cost, size) for (name, cost, size), error in zip(BASELINES, baselines, strict=True)]
    below = [(f"Ours-{variant}", error, *COSTS[variant]) for variant, error in own.items()]
    picture = Image.new("RGB", (WIDTH, 2 * MARGIN + 70 + ROW_HEIGHT * (len(above) + len(below) + 1) + 45), "white")
    pen = ImageDraw.Draw(picture)
    pen.text((MARGIN, MARGIN), title, INK, font(28))
    place = MARGIN + 60
    for number, rows in enumerate(([header], above, below)):
        pen.line((COLUMNS[0] - 20, place, WIDTH - 60, place), RULE, 3 if number == 0 else 2)
        place += 8
        for row in rows:
            pen.text((COLUMNS[0], place), row[0], INK, font(26))
            for center, text in zip(COLUMNS[1:], row[1:], strict=True):
                pen.text((center, place), text, INK, font(26), anchor="ma")
            place += ROW_HEIGHT
        place += 4
    pen.line((COLUMNS[0] - 20, place, WIDTH - 60, place), RULE, 3)
    return picture


def main() -> None:
    """Draw every table."""
    FILES.mkdir(parents=True, exist_ok=True)
    for name, title, metric, baselines, own in TABLES:
        picture = draw_table(title, metric, baselines, own).quantize(16)
        picture.save(FILES / name, optimize=True)
        print(f"{name}: {(FILES / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
