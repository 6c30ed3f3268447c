from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from auditor.documents import pictures
from auditor.documents.pictures import PictureFile, decoded, read_pictures
from auditor.errors import AuditError, FormatError, LimitError
from auditor.facts import Table

ROWS = (
    ("Models", "PA MPJPE", "GFLOPS", "Param"),
    ("Chen et al.[56]", "32.7", "14.1", "20.40M"),
    ("Ours-M", "34.5", "2.82", "7.59M"),
    ("Ours-L", "32.8", "4.30", "8.38M"),
)
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    data = io.BytesIO()
    picture.save(data, kind)
    return data.getvalue()


def drawn(rows=ROWS, size: int = 22, kind: str = "PNG", color: str = "black") -> bytes:
    picture = Image.new("RGB", (760, 60 + 44 * len(rows)), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size)
    for line, row in enumerate(rows):
        for text, x in zip(row, (30, 280, 450, 610), strict=False):
            draw.text((x, 30 + 44 * line), text, fill=color, font=font)
    draw.line((20, 66, 740, 66), fill="black", width=2)
    return encoded(picture, kind)


def png_that_claims(width: int, height: int) -> bytes:
    """Build a PNG whose header claims a size that its few bytes could never hold."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def results() -> dict[str, Table | AuditError | None]:
    """Read all pictures of this file with one worker: its start is paid once."""
    good = drawn()
    files = {
        "table.png": good,
        "table.jpg": drawn(kind="JPEG", color="navy"),
        "blank.png": encoded(Image.new("RGB", (400, 300), "white")),
        "words.png": drawn((("This is", "no table"), ("at all,", "only words"))),
        "alpha.png": encoded(Image.open(io.BytesIO(good)).convert("RGBA")),
        "broken.png": good[: len(good) // 3],
        "noise.png": b"\x89PNG\r\n\x1a\n" + b"\x07" * 500,
        "bomb.png": png_that_claims(60_000, 60_000),
        "text.png": b"<html>not found</html>",
        "moving.gif": encoded(Image.new("P", (40, 40)), "GIF"),
        "empty.png": b"",
        "last.png": good,
    }
    read = read_pictures([PictureFile(name, data, ("Results",), "a caption", 12) for name, data in files.items()], timeout_seconds=300)
    return dict(zip(files, read, strict=True))


def test_a_drawn_table_is_read_cell_by_cell(results):
    table = results["table.png"]
    assert isinstance(table, Table)
    assert tuple(tuple(cell.text for cell in row) for row in table.rows) == ROWS
    assert (table.origin, table.picture, table.header_rows, table.line, table.sections) == ("picture", "table.png", 1, 12, ("Results",))
    assert "a caption" in table.caption
    assert len(table.sha256) == 64


def test_regions_lie_over_the_drawn_texts(results):
    x, y, width, height = results["table.png"].rows[2][3].region
    assert 595 <= x <= 625
    assert 105 <= y <= 130
    assert width < 130
    assert height < 60
    assert all(0 < cell.confidence <= 1 for row in results["table.png"].rows for cell in row)


def test_a_jpeg_in_color_and_a_picture_with_transparency_are_read_too(results):
    for name in ("table.jpg", "alpha.png"):
        assert [row[3].text for row in results[name].rows] == [row[3] for row in ROWS]


def test_pictures_without_a_table_yield_none(results):
    assert results["blank.png"] is None
    assert results["words.png"] is None


@pytest.mark.parametrize("name", ["broken.png", "noise.png", "text.png", "moving.gif", "empty.png"])
def test_broken_and_foreign_bytes_are_errors_of_their_own_picture(results, name):
    assert isinstance(results[name], FormatError)
    assert name in str(results[name])


def test_a_bomb_is_refused_by_its_header(results):
    assert isinstance(results["bomb.png"], LimitError)
    with pytest.raises(LimitError, match="too large"):
        decoded(png_that_claims(60_000, 60_000))
    with pytest.raises(LimitError, match="8000 x 8000"):
        decoded(png_that_claims(8_000, 8_000))


def test_what_comes_after_the_bad_pictures_is_still_read(results):
    assert isinstance(results["last.png"], Table)


def test_too_many_bytes_are_refused_before_anything_starts(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_BYTES", 100)
    monkeypatch.setattr(pictures, "start_worker", lambda: pytest.fail("no worker is needed"))
    (error,) = read_pictures([PictureFile("a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 200)])
    assert isinstance(error, LimitError)
    assert read_pictures([]) == []


def test_a_worker_that_dies_costs_only_its_picture(monkeypatch):
    import subprocess
    import sys

    def dying() -> subprocess.Popen[bytes]:
        program = "import sys; h = sys.stdin.buffer.read(12); sys.exit(3)"
        return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    monkeypatch.setattr(pictures, "start_worker", dying)
    read = read_pictures([PictureFile(f"{n}.png", drawn()) for n in range(6)], timeout_seconds=60)
    assert len(read) == 6
    assert all(isinstance(error, FormatError) for error in read)
    assert "ended unexpectedly" in str(read[0])
    assert isinstance(read[5], LimitError)


def test_a_worker_that_hangs_or_lies_is_not_waited_for(monkeypatch):
    import subprocess
    import sys

    def started(program: str):
        return lambda: subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    monkeypatch.setattr(pictures, "start_worker", started("import time; time.sleep(600)"))
    (error,) = read_pictures([PictureFile("a.png", drawn())], timeout_seconds=0.5)
    assert isinstance(error, FormatError)
    assert "out of time" in str(error)
    monkeypatch.setattr(pictures, "start_worker", started("""print('{"boxes": [[1, 2]]}', flush=True); import time; time.sleep(600)"""))
    (error,) = read_pictures([PictureFile("a.png", drawn())], timeout_seconds=30)
    assert isinstance(error, FormatError)


def test_no_secret_reaches_the_worker(monkeypatch):
    seen = {}
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    monkeypatch.setattr(pictures.subprocess, "Popen", lambda command, **options: seen.update(command=command, **options))
    pictures.start_worker()
    assert "GITHUB_TOKEN" not in seen["env"]
    assert "-P" in seen["command"]


@pytest.mark.parametrize("cut", range(0, 2000, 97))
def test_every_truncation_of_a_picture_is_a_format_error_or_a_picture(cut):
    data = drawn()[:cut]
    with suppress(FormatError):
        assert decoded(data)[1] == 1.0


def test_large_pictures_are_scaled_with_the_factor_known():
    picture, scale = decoded(encoded(Image.new("RGB", (5000, 1000), "white")))
    assert picture.size == (pictures.MAX_SIDE, pictures.MAX_SIDE // 5)
    assert scale == 5000 / pictures.MAX_SIDE
