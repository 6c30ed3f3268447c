"""TELL, written down: the files of a report folder, each whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from auditor.errors import UsageError
from auditor.findings import AuditReport
from auditor.renderers.interface import Renderer
from auditor.saved_facts import facts_to_json


def write_report(report: AuditReport, renderers: Sequence[Renderer], folder: Path) -> tuple[Path, ...]:
    """Write every renderer's file and facts.json; a file that there is no reason for any more is removed.

    Everything is rendered before anything is written, and each file is replaced in one step. Raises `UsageError` where the folder
    cannot be written.
    """
    texts = {renderer.file_name: renderer.render(report) for renderer in renderers}
    texts["facts.json"] = facts_to_json(report.facts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, text in texts.items():
            path = folder / name
            if text is None:
                path.unlink(missing_ok=True)
                continue
            _replace(path, text)
            written.append(path)
    except OSError as error:
        raise UsageError(f"cannot write to {folder}", error.strerror or str(error), "give another place with --out") from error
    return tuple(written)


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, 0o644)  # noqa: PTH101  # mkstemp gives 0600, and a report is meant to be read
        os.replace(name, path)  # noqa: PTH105
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
