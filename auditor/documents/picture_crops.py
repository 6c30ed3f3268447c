"""Parts of a picture cut out as PNG, in a process of its own: the picture is strangers' bytes.

A part is shown in the strip of the picture that it stands in, from edge to edge, so that the row can be read with it, and framed.
"""

from __future__ import annotations

import base64
import json
import queue
import struct
import sys
import threading
import time
from collections.abc import Iterator, Sequence

from auditor.documents.pictures import (
    FORMATS,
    MAX_BYTES,
    MAX_PIXELS,
    PictureFile,
    check_bytes,
    ended,
    limit_memory,
    listen,
    send,
    start_worker,
)
from auditor.errors import AuditError, FormatError, LimitError

MAX_REGIONS = 500  # of one picture
MODULE = "auditor.documents.picture_crops"

Region = tuple[int, int, int, int]


def cropped(picture: PictureFile, regions: Sequence[Region], timeout_seconds: float = 60.0) -> tuple[bytes, ...]:
    """Return a PNG for each region (x, y, width, height in pixels): the strip around it with the region framed.

    Raises FormatError for bytes that are no picture and for a region that is not in it, LimitError past `MAX_BYTES`, `MAX_PIXELS`,
    `MAX_REGIONS` and the time.
    """
    check_bytes(picture)
    if len(regions) > MAX_REGIONS:
        raise LimitError(f"the picture {picture.path} was not cut", f"{len(regions)} parts of it are asked for, more than {MAX_REGIONS}")
    asked = json.dumps([list(region) for region in regions]).encode()
    parts: list[bytes] = []
    process = start_worker(MODULE)
    answers: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=listen, args=(process.stdout, answers), daemon=True).start()
    message = struct.pack("<QQ", len(asked), len(picture.data)) + asked + picture.data
    threading.Thread(target=send, args=(process.stdin, message), daemon=True).start()
    deadline = time.monotonic() + timeout_seconds
    try:
        for _ in regions:
            parts.append(part_of(answers.get(timeout=max(0.01, deadline - time.monotonic())), picture))
    except queue.Empty as error:
        raise LimitError(f"the picture {picture.path} could not be cut", "the time for it was used up") from error
    finally:
        ended(process)
    return tuple(parts)


def part_of(line: bytes, picture: PictureFile) -> bytes:
    """Return the PNG that one line of the worker holds. Raises FormatError and LimitError."""
    try:
        said = json.loads(line)
        if "error" not in said:
            return base64.b64decode(said["part"], validate=True)
    except (ValueError, TypeError, KeyError) as error:
        raise FormatError(f"the picture {picture.path} could not be cut", "the worker ended unexpectedly") from error
    kind = LimitError if said["error"] == "LimitError" else FormatError
    raise kind(f"the picture {picture.path} could not be cut", str(said.get("why", ""))[:300])


def strip(size: tuple[int, int], region: Region) -> Region:
    """Return left, top, right, bottom of what is shown of a picture of this size: the region's lines, edge to edge, with some air.

    Raises FormatError where the region is not in the picture.
    """
    width, height = size
    x, y, wide, high = region
    if wide < 1 or high < 1 or x < 0 or y < 0 or x + wide > width or y + high > height:
        raise FormatError("the part is not in the picture", f"{region} of {width} x {height} pixels")
    air = max(4, high // 2)
    return 0, max(0, y - air), width, min(height, y + high + air)


def cut(data: bytes, regions: Sequence[Region]) -> Iterator[bytes]:
    """Yield the PNGs, in this process. Raises FormatError and LimitError."""
    import io

    from PIL import Image, ImageDraw

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise LimitError("the picture is too large", f"{opened.width} x {opened.height} pixels, more than {MAX_PIXELS:,}")
            layer = opened.convert("RGBA")
            picture = Image.new("RGB", layer.size, "white")
            picture.paste(layer, mask=layer.getchannel("A"))
        for region in regions:
            left, top, right, bottom = strip(picture.size, region)
            part = picture.crop((left, top, right, bottom))
            x, y, wide, high = region
            ImageDraw.Draw(part).rectangle((x - 2, y - top - 2, x + wide + 1, y - top + high + 1), outline=(220, 30, 30))
            out = io.BytesIO()
            part.save(out, "PNG")
            yield out.getvalue()
    except Image.DecompressionBombError as error:
        raise LimitError("the picture is too large", f"its header claims more than {MAX_PIXELS:,} pixels") from error
    except (OSError, ValueError, SyntaxError, EOFError, struct.error) as error:
        raise FormatError("the picture is broken", type(error).__name__) from error


def answers_for(data: bytes, regions: Sequence[Region]) -> Iterator[dict[str, str]]:
    """Yield what the worker says: a PNG for each region, or the kind and reason of the failure."""
    try:
        for part in cut(data, regions):
            yield {"part": base64.b64encode(part).decode()}
    except AuditError as error:
        yield {"error": type(error).__name__, "why": error.why or error.what}
    except MemoryError:
        yield {"error": "LimitError", "why": "it needs too much memory"}


def work() -> None:
    """Answer one picture with one line of JSON: the worker's whole life."""
    limit_memory()
    _, asked, length = struct.unpack("<QQQ", sys.stdin.buffer.read(24))  # the first is the length of the whole message
    if asked > MAX_BYTES or length > MAX_BYTES:
        return
    regions = [(int(x), int(y), int(w), int(h)) for x, y, w, h in json.loads(sys.stdin.buffer.read(asked))]
    for answer in answers_for(sys.stdin.buffer.read(length), regions):
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    work()
