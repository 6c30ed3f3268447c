"""A paper's PDF into an outline, read by a process of its own.

PDFs are strangers' bytes and their readers are large, so `read_pdf` starts one worker for each paper: it has no token, may write
nothing, and is held to memory and time. It sends page after page, so that what was read before it was stopped is kept. Pages
without a table are read by PDFium, which is fast and gives text alone; the first page and those that name a table by pdfplumber,
which gives each word's place.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import subprocess  # the worker is this interpreter with a fixed command line
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

from auditor.documents.pdf_layout import outline_of
from auditor.documents.pdf_tables import CAPTION
from auditor.documents.pdf_words import Page, Rule, Word
from auditor.errors import FormatError, LimitError, MissingExtra
from auditor.facts import Outline

MAX_BYTES = 50 << 20
MAX_PAGES = 60
MAX_WORDS = 6_000  # of one page
MAX_RULES = 2_000  # of one page
MAX_TEXT = 60_000  # characters of one page
MAX_ANSWER = 8 << 20  # bytes of one page's answer
MEMORY_BYTES = 2 << 30  # address space of the worker; a usual paper needs 0.2 GB of it
EXTRA = "paper"


def is_pdf(data: bytes) -> bool:
    """Tell whether bytes are a PDF: the mark stands within the first kilobyte (ISO 32000-1, annex H.3.4.1)."""
    return b"%PDF-" in data[:1024]


def read_pdf(data: bytes, path: str, source: str, timeout_seconds: float = 60.0) -> Outline:
    """Return the outline of a PDF called `path`, with the id of its `source`; `notes` say what was left out for lack of time or space.

    Raises FormatError for bytes that are no PDF, are encrypted or broken, LimitError past `MAX_BYTES` or where not one page was read
    in time, MissingExtra without pdfplumber.
    """
    if len(data) > MAX_BYTES:
        raise LimitError(f"{path} was not read", f"it has {len(data):,} bytes, more than {MAX_BYTES:,}")
    if not is_pdf(data):
        raise FormatError(f"{path} is no PDF", "it does not begin as one")
    pages: list[Page] = []
    notes: list[str] = []
    for answer in _answers(data, time.monotonic() + timeout_seconds):
        if "error" in answer:
            _refuse(path, answer, pages, notes)
        elif "pages" in answer:
            notes += ["it has no pages"] if not answer["pages"] else []
            notes += [f"only the first {MAX_PAGES} of {answer['pages']} pages were read"] if answer["pages"] > MAX_PAGES else []
        else:
            pages.append(_page(answer, path))
    if not pages and "it has no pages" in notes:
        raise FormatError(f"{path} could not be read", "it has no pages")
    if not pages:
        raise LimitError(f"{path} could not be read", "the reader ended or ran out of time before the first page")
    return outline_of(pages, path, hashlib.sha256(data).hexdigest(), source, tuple(notes))


def _refuse(path: str, answer: dict[str, Any], pages: list[Page], notes: list[str]) -> None:
    """Raise what an error of the worker stands for, or, where pages were read before it, note it."""
    if answer["error"] == "MissingExtra":
        raise MissingExtra("reading papers in PDF", EXTRA)
    why = str(answer.get("why", ""))[:200]
    if pages:
        notes.append(f"cut after page {len(pages)}: {why}")
        return
    raise (LimitError if answer["error"] == "LimitError" else FormatError)(f"{path} could not be read", why)


def _page(answer: dict[str, Any], path: str) -> Page:
    """Return a page from the worker's answer. Raises FormatError where that makes no sense."""
    try:
        words = tuple(
            Word(float(left), float(top), float(right), float(bottom), str(text)[:300], float(size))
            for left, top, right, bottom, text, size in answer["words"]
        )
        rules = tuple(Rule(float(left), float(right), float(y)) for left, right, y in answer["rules"])
        return Page(int(answer["page"]), float(answer["width"]), float(answer["height"]), words, rules, str(answer["text"]))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"{path} could not be read", "the reader's answer makes no sense") from error


def _answers(data: bytes, deadline: float) -> Iterator[dict[str, Any]]:
    """Yield the worker's answers as they come; a last one with an error where it ended early or ran out of time."""
    process = _start()
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_send, args=(process.stdin, data), daemon=True).start()
    threading.Thread(target=_listen, args=(process.stdout, lines), daemon=True).start()
    try:
        while True:
            try:
                answer = json.loads(lines.get(timeout=max(0.01, deadline - time.monotonic())))
            except queue.Empty:
                yield {"error": "LimitError", "why": "the time for reading it was used up"}
                return
            except ValueError:
                yield {"error": "FormatError", "why": "the reader ended unexpectedly"}
                return
            if not isinstance(answer, dict) or "done" in answer:
                return
            yield answer
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _start() -> subprocess.Popen[bytes]:
    """Return a new worker: this module, run without the current directory on its path and without any secret in its environment."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-P", "-m", "auditor.documents.pdf"]
    return subprocess.Popen(  # noqa: S603 - a fixed command, nothing of it comes from outside
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )


def _send(stream: IO[bytes] | None, data: bytes) -> None:
    """Write the paper to the worker. A worker that is gone is seen by its silence."""
    with suppress(OSError, ValueError):
        if stream is not None:
            stream.write(data)
            stream.close()


def _listen(stream: IO[bytes] | None, lines: queue.Queue[bytes]) -> None:
    """Hand every line of the worker on, and an empty one when it ends."""
    with suppress(OSError, ValueError):
        while stream is not None and (line := stream.readline(MAX_ANSWER)):
            lines.put(line)
    lines.put(b"")


# ------------------------------------------------------------------------------------------------------- in the worker


def _limit() -> None:
    """Keep this process within its memory and let it write no file, where the system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _texts(data: bytes) -> list[str] | None:
    """Return the text of each page by PDFium, None where it is not installed or cannot read the paper."""
    try:
        import pypdfium2
    except ImportError:
        return None
    try:
        paper = pypdfium2.PdfDocument(data)
        return [paper[n].get_textpage().get_text_bounded()[:MAX_TEXT] for n in range(min(len(paper), MAX_PAGES))]
    except Exception:  # PDFium raises its own; pdfplumber says what is wrong
        return None


def _pages(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the answers for one paper."""
    import io

    try:
        import pdfplumber
    except ImportError:
        yield {"error": "MissingExtra"}
        return
    texts = _texts(data)
    with pdfplumber.open(io.BytesIO(data)) as paper:
        yield {"pages": len(paper.pages)}
        for number, page in enumerate(paper.pages[:MAX_PAGES], 1):
            text = texts[number - 1] if texts and number <= len(texts) else None
            answer: dict[str, Any] = {"page": number, "width": float(page.width), "height": float(page.height), "words": [], "rules": []}
            answer["text"] = text or ""
            if number == 1 or text is None or CAPTION.search(text):
                answer |= {"words": _words(page), "rules": _rules(page)}
                page.close()
            yield answer


def _words(page: Any) -> list[tuple[float, float, float, float, str, float]]:
    """Return the upright words of a page with their boxes and sizes."""
    found = page.extract_words(x_tolerance=1.5, y_tolerance=2, extra_attrs=["size"], keep_blank_chars=False)
    return [
        (round(w["x0"], 2), round(w["top"], 2), round(w["x1"], 2), round(w["bottom"], 2), w["text"], round(w["size"], 1))
        for w in found[:MAX_WORDS]
        if w.get("upright", True) and w["bottom"] > w["top"]
    ]


def _rules(page: Any) -> list[tuple[float, float, float]]:
    """Return the horizontal rules of a page: lines, rectangles and pictures (of dvips) as thin as lines, and edges of drawn frames."""
    shapes = (*page.lines, *page.rects, *page.curves, *page.images)
    found = [shape for shape in shapes[: 4 * MAX_RULES] if shape["x1"] - shape["x0"] > 3]
    rules = [(shape["x0"], shape["x1"], (shape["top"] + shape["bottom"]) / 2) for shape in found if shape["bottom"] - shape["top"] < 2]
    frames = [shape for shape in found if shape["bottom"] - shape["top"] >= 2 and shape.get("stroke") and not shape.get("fill")]
    rules += [(shape["x0"], shape["x1"], shape[side]) for shape in frames for side in ("top", "bottom")]
    return [(round(a, 2), round(b, 2), round(y, 2)) for a, b, y in rules[:MAX_RULES]]


def work() -> None:
    """Read one paper from the standard input and answer page by page, one line of JSON each: the worker's whole life."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not come between the answers
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    _limit()

    def say(answer: dict[str, Any]) -> None:
        output.write(json.dumps(answer).encode() + b"\n")
        output.flush()

    try:
        for answer in _pages(data):
            say(answer)
        say({"done": True})
    except MemoryError:
        say({"error": "LimitError", "why": "reading it needs too much memory"})
    except RecursionError:
        say({"error": "LimitError", "why": "it is nested too deeply"})
    except Exception as error:  # the libraries raise whatever broken bytes make them raise
        name = f"{type(error).__name__} {error!r}"
        encrypted = "Password" in name or "Encrypt" in name
        say({"error": "FormatError", "why": "it is encrypted" if encrypted else f"it is broken: {type(error).__name__}"})


if __name__ == "__main__":
    work()
