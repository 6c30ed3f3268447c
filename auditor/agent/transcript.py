"""`agent.jsonl`: everything that was said between the auditor and a language model, one JSON object a line.

    {"kind": "start", "transcript": "1", "model": ..., "target": ..., "commit": ..., "budget": {...}}
    {"kind": "stage", "name": "investigate"}
    {"kind": "told", "parts": [...]}          what the model was given: instructions, the task, answers of tools
    {"kind": "trouble", "reason": ...}        an attempt that failed, a history that had to be cut
    {"kind": "answer", "parts": [...], "input_tokens": ..., "output_tokens": ..., "usd": ..., "seconds": ...}
    {"kind": "verdict", "proposal": {...}, "accepted": true|false, "reason": ...}
    {"kind": "stopped", "reason": ...}        why no further answer was asked for
    {"kind": "end", "ended": ..., ...totals}

Nothing in it depends on the clock of a replay: what a model said and how long it took are taken from the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from auditor.errors import UsageError

Line = dict[str, Any]

MAX_TRANSCRIPT_BYTES = 256 << 20
FROM_THE_MODEL = ("trouble", "answer", "stopped")  # what a replay takes from the file; the rest it makes anew


class Transcript:
    """The lines so far. `path` with ".part" behind its name gets each of them at once, so that a kill loses none.

    `hidden` are texts that must never be written: keys.
    """

    def __init__(self, path: Path | None = None, hidden: Sequence[str] = ()) -> None:
        self.lines: list[str] = []
        self._hidden = [*hidden, *(json.dumps(text)[1:-1] for text in hidden)]
        self._path = path
        self._part = path.with_name(f"{path.name}.part") if path else None
        if self._part is not None:
            try:
                self._part.parent.mkdir(parents=True, exist_ok=True)
                self._part.write_text("", encoding="utf-8")
            except OSError as error:
                raise UsageError(f"cannot write {self._part}", error.strerror or str(error), "give another place with --out") from error

    def add(self, kind: str, **fields: Any) -> None:
        """Add one line."""
        line = self.hide(json.dumps({"kind": kind, **fields}, ensure_ascii=True, allow_nan=False, default=str))
        self.lines.append(line)
        if self._part is not None:
            try:
                with self._part.open("a", encoding="utf-8", newline="\n") as file:
                    file.write(line + "\n")
            except OSError:  # a full disk ends the file, not the audit
                self._part = None

    def hide(self, text: str) -> str:
        """Return a text without keys: a server may quote the one that it was given."""
        for hidden in filter(None, self._hidden):
            text = text.replace(hidden, "[hidden]")
        return text

    def finish(self) -> None:
        """Give the file its name."""
        if self._part is not None and self._path is not None:
            self._part.replace(self._path)

    def text(self) -> str:
        """Return the whole file."""
        return "".join(line + "\n" for line in self.lines)

    def sha256(self) -> str:
        """Return the digest of the whole file."""
        return hashlib.sha256(self.text().encode()).hexdigest()


class Recorded:
    """A transcript of an earlier audit, to be replayed. Raises `UsageError` where it is none."""

    def __init__(self, path: Path) -> None:
        try:
            if path.stat().st_size > MAX_TRANSCRIPT_BYTES:
                raise UsageError(f"{path} is too large for a transcript", f"more than {MAX_TRANSCRIPT_BYTES} bytes")
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read {path}", str(error), "give the agent.jsonl of an earlier audit") from error
        except (ValueError, RecursionError) as error:
            raise UsageError(
                f"{path} is no transcript of an agent", "a line is not JSON", "give the agent.jsonl of an earlier audit"
            ) from error
        if not lines or not all(isinstance(line, dict) for line in lines) or lines[0].get("transcript") != "1":
            raise UsageError(f"{path} is no transcript of an agent", help="give the agent.jsonl of an earlier audit")
        self.start: Line = lines[0]
        self._rest: Iterator[Line] = iter([line for line in lines if line.get("kind") in FROM_THE_MODEL])

    def next(self) -> Line | None:
        """Return what came from the model next, or None at the end."""
        return next(self._rest, None)
