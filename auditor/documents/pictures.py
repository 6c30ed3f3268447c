"""Pictures of tables into tables, by optical character recognition in a process of its own.

The pictures are strangers' bytes and the recognizer is C++ that needs half a gigabyte, so `read_pictures` starts one
worker for all pictures of an audit: its memory is given back when it ends, and a crash, a bomb or an endless picture is
an error of that one picture. The worker gets no token and no working directory to import from. Recognized letters are
never corrected; a cell keeps the confidence that the recognizer gave it.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import struct
import subprocess  # the worker is this interpreter with a fixed command line
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from auditor.documents.picture_boxes import Box
from auditor.documents.picture_memory import PictureMemory, picture_key
from auditor.documents.picture_tables import table_grid
from auditor.errors import AuditError, FormatError, LimitError, MissingExtra
from auditor.facts import Table

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000  # held against the header, before anything is decoded
MAX_SIDE = 1600  # larger pictures are scaled down before recognition
GLANCE_SIDE = 960  # text is looked for at this size first
MIN_BOXES = 8  # a table of two rows has six cells and headers
MEMORY_BYTES = 4_000_000_000  # address space of the worker; it needs 1.2 GB of it, and half a gigabyte of memory
MAX_RESTARTS = 3
FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
RUNNING: set[subprocess.Popen[bytes]] = set()  # workers, to be killed where the program ends at once


class PictureFile(NamedTuple):
    """A picture to be read: its path and bytes, and where a document shows it."""

    path: str
    data: bytes
    sections: tuple[str, ...] = ()
    caption: str = ""
    line: int = 0


class PictureReader:
    """Reads pictures in this process: the recognizer's start, about a second, is paid once per reader."""

    def __init__(self) -> None:
        self._engine: Any = None

    def boxes(self, data: bytes) -> tuple[Box, ...]:
        """Return the recognized pieces of text. Raises FormatError, LimitError and MissingExtra."""
        import numpy

        picture, scale = decoded(data)
        if self._engine is None:
            self._engine = start_engine()
        if max(picture.size) > GLANCE_SIDE and self._glance(picture) < MIN_BOXES:
            return ()
        result = self._engine(numpy.asarray(picture)[:, :, ::-1], use_rec=True)  # the recognizer wants BGR
        if getattr(result, "boxes", None) is None or result.txts is None:
            return ()
        return tuple(
            box_of(corners, text, score, scale) for corners, text, score in zip(result.boxes, result.txts, result.scores, strict=True)
        )

    def _glance(self, picture: Image) -> int:
        """Return how many pieces of text a small copy of the picture shows: a photograph is done with here, in a tenth of the time."""
        import numpy

        small = picture.copy()
        small.thumbnail((GLANCE_SIDE, GLANCE_SIDE))
        result = self._engine(numpy.asarray(small)[:, :, ::-1], use_rec=False)
        boxes = getattr(result, "boxes", None)
        return 0 if boxes is None else len(boxes)

    def read(self, picture: PictureFile) -> Table | None:
        """Return the table in the picture, or None where it shows none."""
        check_bytes(picture)
        return table_of(picture, self.boxes(picture.data))


def read_picture(data: bytes, path: str, sections: tuple[str, ...] = (), caption: str = "") -> Table | None:
    """Return the table in one picture, read in this process; None where it shows none.

    Raises FormatError for bytes that are no picture, LimitError past `MAX_BYTES` or `MAX_PIXELS`, MissingExtra without rapidocr.
    """
    return PictureReader().read(PictureFile(path, data, sections, caption))


def read_pictures(
    pictures: Sequence[PictureFile], timeout_seconds: float = 180.0, memory: PictureMemory | None = None
) -> list[Table | AuditError | None]:
    """Return, for each picture in order, its table, None where it shows none, or the error that kept it from being read.

    One worker process reads them all within `timeout_seconds`; a picture that makes it crash or hang costs only itself,
    and the next is read by a new worker, `MAX_RESTARTS` times at most. What `memory` has is not read again.
    """
    results: list[Table | AuditError | None] = [None] * len(pictures)
    waiting = []
    for n, picture in enumerate(pictures):
        try:
            check_bytes(picture)
            if (known := memory.recall(picture_key(picture.data)) if memory else None) is None:
                waiting.append(n)
            else:
                results[n] = result_of(picture, known)
        except AuditError as error:
            results[n] = error
    deadline = time.monotonic() + timeout_seconds
    starts = 0
    while waiting:
        if starts > MAX_RESTARTS or time.monotonic() >= deadline:
            for n in waiting:
                results[n] = LimitError(f"the picture {pictures[n].path} was not read", "the time or the tries for pictures were used up")
            break
        starts += 1
        waiting = run_worker(pictures, waiting, results, deadline, memory)
    return results


def run_worker(
    pictures: Sequence[PictureFile],
    waiting: list[int],
    results: list[Table | AuditError | None],
    deadline: float,
    memory: PictureMemory | None = None,
) -> list[int]:
    """Read pictures with one new worker until it fails or all are read, and return the numbers of those still unread."""
    process = start_worker()
    answers: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=listen, args=(process.stdout, answers), daemon=True).start()
    try:
        for place, n in enumerate(waiting):
            answer = ask(process, answers, pictures[n].data, deadline)
            if answer is None:
                why = "the reader ran out of time" if time.monotonic() >= deadline else "the reader ended unexpectedly"
                results[n] = FormatError(f"the picture {pictures[n].path} could not be read", why)
                return waiting[place + 1 :]
            results[n] = result_of(pictures[n], answer)
            if memory is not None and not isinstance(results[n], AuditError):
                memory.keep(picture_key(pictures[n].data), answer)
    finally:
        ended(process)
    return []


def ended(process: subprocess.Popen[bytes]) -> None:
    """End a worker, whatever it is doing."""
    process.kill()
    process.wait()
    RUNNING.discard(process)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def start_worker(module: str = "auditor.documents.pictures") -> subprocess.Popen[bytes]:
    """Return a new worker: a module of ours, run without the current directory on its path and without any secret in its environment."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    environment["OMP_NUM_THREADS"] = str(cores())
    environment["MALLOC_ARENA_MAX"] = "1"  # glibc's pools for each thread keep what was freed
    command = [sys.executable, "-P", "-m", module]
    process = subprocess.Popen(  # noqa: S603 - a fixed command, nothing of it comes from outside
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    RUNNING.add(process)
    return process


def ask(process: subprocess.Popen[bytes], answers: queue.Queue[bytes], data: bytes, deadline: float) -> Any:
    """Send one picture and return the worker's answer, or None when it gave none in time."""
    if process.stdin is None:
        return None
    writer = threading.Thread(target=send, args=(process.stdin, data), daemon=True)
    writer.start()
    try:
        return json.loads(answers.get(timeout=max(0.01, deadline - time.monotonic())))
    except (queue.Empty, ValueError):
        return None


def send(stream: IO[bytes] | None, data: bytes) -> None:
    """Write one picture to the worker: eight bytes of length, then the bytes. A worker that is gone is seen by its silence."""
    with suppress(OSError, ValueError):
        if stream is None:
            return
        stream.write(struct.pack("<Q", len(data)))
        stream.write(data)
        stream.flush()


def listen(stream: IO[bytes] | None, answers: queue.Queue[bytes]) -> None:
    """Hand every line of the worker on, and an empty one when it ends."""
    with suppress(OSError, ValueError):
        while stream is not None and (line := stream.readline(8_000_000)):
            answers.put(line)
    answers.put(b"")


def result_of(picture: PictureFile, answer: Any) -> Table | AuditError | None:
    """Return the table, or the error, that an answer of the worker stands for."""
    kinds = {"LimitError": LimitError, "FormatError": FormatError}
    if isinstance(answer, dict) and "boxes" in answer:
        try:
            boxes = tuple(Box(int(x), int(y), int(w), int(h), str(text), float(c)) for x, y, w, h, text, c in answer["boxes"])
            return table_of(picture, boxes)
        except (TypeError, ValueError, OverflowError):
            return FormatError(f"the picture {picture.path} could not be read", "the reader's answer makes no sense")
    if isinstance(answer, dict) and answer.get("error") == "MissingExtra":
        return MissingExtra("reading tables in pictures", "ocr")
    error = answer if isinstance(answer, dict) else {}
    kind = kinds.get(str(error.get("error")), FormatError)
    return kind(f"the picture {picture.path} could not be read", str(error.get("why", ""))[:300])


def table_of(picture: PictureFile, boxes: tuple[Box, ...]) -> Table | None:
    """Return the boxes of a picture as a table with its origin, or None where they make none."""
    grid = table_grid(boxes)
    if grid is None:
        return None
    caption = " ".join(text for text in (grid.caption, picture.caption) if text)
    digest = hashlib.sha256(picture.data).hexdigest()
    return Table(grid.rows, grid.header_rows, picture.line, "picture", picture.sections, caption, picture.path, digest)


def check_bytes(picture: PictureFile) -> None:
    """Refuse what is too large or plainly no picture of a known kind, by its first bytes. Raises FormatError and LimitError."""
    if len(picture.data) > MAX_BYTES:
        raise LimitError(f"the picture {picture.path} was not read", f"it has {len(picture.data):,} bytes, more than {MAX_BYTES:,}")
    head = picture.data[:16]
    if not (head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")):
        raise FormatError(f"the picture {picture.path} was not read", "it is no PNG, JPEG, WebP or BMP")


def decoded(data: bytes) -> tuple[Image, float]:
    """Return the picture as RGB on white, no side above `MAX_SIDE`, and the factor back to the original's pixels.

    The size in the header is held against `MAX_PIXELS` before decoding. Raises FormatError and LimitError.
    """
    import io

    from PIL import Image as Pillow

    try:
        picture = Pillow.open(io.BytesIO(data), formats=FORMATS)
        width, height = picture.size
        if width * height > MAX_PIXELS:
            raise LimitError("the picture is too large", f"{width} x {height} pixels, more than {MAX_PIXELS:,}")
        if getattr(picture, "n_frames", 1) > 1:
            raise FormatError("the picture is not read", "it is animated")
        scale = max(1.0, max(width, height) / MAX_SIDE)
        if scale > 1:
            picture.draft("RGB", (MAX_SIDE, MAX_SIDE))  # lets a JPEG be decoded at a fraction of its size
        flat = Pillow.new("RGB", picture.size, "white")
        layer = picture.convert("RGBA")
        flat.paste(layer, mask=layer.getchannel("A"))
        if scale > 1:
            flat = flat.resize((max(1, round(width / scale)), max(1, round(height / scale))))
    except AuditError:
        raise
    except Pillow.DecompressionBombError as error:
        raise LimitError("the picture is too large", f"its header claims more than {MAX_PIXELS:,} pixels") from error
    except (OSError, ValueError, SyntaxError, MemoryError, EOFError, struct.error) as error:
        raise FormatError("the picture is broken", type(error).__name__) from error
    return flat, scale


def start_engine() -> Any:
    """Return the recognizer with the models of its own package, so that nothing is ever downloaded. Raises MissingExtra."""
    try:
        import rapidocr
    except ImportError as error:
        raise MissingExtra("reading tables in pictures", "ocr") from error
    from pathlib import Path

    models = Path(rapidocr.__file__).parent / "models"
    options: dict[str, Any] = {
        "Global.use_cls": False,  # tables in documents are upright; the third model costs memory and time
        "Global.log_level": "critical",
        "Global.max_side_len": MAX_SIDE,
        "Det.limit_side_len": 480,  # the default, 736, scales small pictures up at the price of 150 MB
        "Rec.rec_batch_num": 1,  # a batch is as wide as its widest text: one at a time costs no time and saves 100 MB
        "EngineConfig.onnxruntime.intra_op_num_threads": cores(),
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
    }
    for part, key in (("det", "Det.model_path"), ("rec", "Rec.model_path")):
        found = sorted(models.glob(f"*_{part}_*.onnx"))
        if not found:
            raise MissingExtra("reading tables in pictures", "ocr")
        options[key] = str(found[-1])
    return rapidocr.RapidOCR(params=options)


def box_of(corners: Any, text: str, score: float, scale: float) -> Box:
    """Return the upright box around four corners, in pixels of the original picture."""
    xs, ys = [float(x) * scale for x, _ in corners], [float(y) * scale for _, y in corners]
    x, y = max(0, round(min(xs))), max(0, round(min(ys)))
    return Box(x, y, max(1, round(max(xs)) - x), max(1, round(max(ys)) - y), str(text), round(float(score), 4))


def cores() -> int:
    """Return the number of cores that this process may use, four at most: more gain nothing on a table."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(4, allowed))


def limit_memory() -> None:
    """Keep this process within `MEMORY_BYTES` of address space, where the system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer_for(reader: PictureReader, data: bytes) -> dict[str, Any]:
    """Return what the worker says of one picture: its boxes, or the kind and reason of the failure."""
    try:
        boxes = reader.boxes(data)
    except AuditError as error:
        return {"error": type(error).__name__, "why": error.why or error.what}
    except MemoryError:
        return {"error": "LimitError", "why": "reading it needs too much memory"}
    except Exception as error:  # the recognizer raises whatever its C++ parts raise
        return {"error": "FormatError", "why": f"the recognizer failed: {type(error).__name__}"}
    return {"boxes": [[b.x, b.y, b.width, b.height, b.text, b.confidence] for b in boxes]}


def work() -> None:
    """Answer every picture of the standard input with one line of JSON: the worker's whole life."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not come between the answers
    limit_memory()
    reader = PictureReader()
    while len(head := sys.stdin.buffer.read(8)) == 8:
        length = struct.unpack("<Q", head)[0]
        if length > MAX_BYTES:
            break
        output.write(json.dumps(answer_for(reader, sys.stdin.buffer.read(length))).encode() + b"\n")
        output.flush()


if __name__ == "__main__":
    work()
