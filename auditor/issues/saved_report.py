"""What a report's folder says of its issue: `audit.json` and `issue.md`, read with tolerance for what people edit."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from auditor.errors import FilingError
from auditor.findings import ACCUSATIONS, IssueDraft
from auditor.issues.fingerprint import fingerprint, marked, unmarked
from auditor.issues.prefilled import browser_url, short_title

LARGEST_REPORT = 64 << 20
LARGEST_TEXT = 1 << 20
FULL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*/[A-Za-z0-9._-]+")
WORKING_TREE = "working tree"


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be sent, and what stands against it as far as the folder knows. Nothing here was asked of the network."""

    full_name: str
    title: str
    body: str  # as it would be sent, with its hidden fingerprint
    asks: tuple[str, ...]
    fingerprint: str
    server: str  # origin of the repository's page: "https://github.com"
    browser_url: str  # a prefilled form for a person; needs no token
    objections: tuple[tuple[str, str], ...]  # why `file_issue` would refuse at once, each with one thing to do about it

    @property
    def draft(self) -> IssueDraft:
        """Return the draft for comparing with other threads."""
        return IssueDraft(self.title, unmarked(self.body), self.asks, fingerprint=self.fingerprint)


def preview(report_dir: Path) -> Preview:
    """Return what would be sent for a report's folder.

    The text is that of `issue.md`, so that a person may improve it first; a first line `# ...` is the title, else the
    title is that of audit.json. Raises `FilingError` where there is no report or nothing to ask.
    """
    report = _report(report_dir)
    repository = _object(report.get("repository"))
    full_name = str(repository.get("full_name") or "")
    issue = report.get("issue")
    if not isinstance(issue, dict):
        raise FilingError(
            "there is nothing to ask", "the audit found nothing missing, mislabelled or contradicted", "read report.md in the same folder"
        )
    title, body = _text(report_dir, str(issue.get("title") or ""))
    asks = tuple(str(name) for name in _list(issue.get("asks")))
    mark = fingerprint(full_name, asks, _files(report, asks))
    body, server = marked(body, mark), _server(repository)
    url = browser_url(full_name, title, body, server)
    return Preview(full_name, title, body, asks, mark, server, url, _objections(report, full_name, asks))


def _report(report_dir: Path) -> dict[str, Any]:
    """Return the parsed audit.json of a folder."""
    try:
        data = json.loads(_read(report_dir / "audit.json", LARGEST_REPORT))
    except (ValueError, RecursionError) as error:
        raise FilingError(f"{report_dir / 'audit.json'} is not readable", str(error)[:200], "run the audit again") from error
    if not isinstance(data, dict) or not isinstance(data.get("repository"), dict):
        raise FilingError(f"{report_dir / 'audit.json'} is no report of an audit", help="run the audit again")
    return data


def _text(report_dir: Path, title: str) -> tuple[str, str]:
    """Return title and text of issue.md."""
    text = _read(report_dir / "issue.md", LARGEST_TEXT).strip()
    first, _, rest = text.partition("\n")
    heading = re.fullmatch(r"#\s+(.+?)\s*#*", first.strip())
    if heading:
        title, text = heading[1], rest.strip()
    if not title or not unmarked(text):
        raise FilingError(f"{report_dir / 'issue.md'} has no title or no text", help="run the audit again")
    return short_title(title), "".join(
        character for character in text if character in "\n\t" or character.isprintable() or ord(character) > 159
    )


def _read(path: Path, limit: int) -> str:
    """Return a text file of the report's folder."""
    try:
        if path.is_file() and path.stat().st_size > limit:
            raise FilingError(f"{path} is too large", f"more than {limit} bytes", "run the audit again")
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        if path.name == "issue.md" and path.parent.is_dir():
            raise FilingError("there is nothing to ask", f"{path.parent} has no issue.md", "read report.md in the same folder") from error
        raise FilingError(
            f"{path} is not there", "this is not the folder of a report", "for example: audit issue reports/owner__name"
        ) from error
    except (OSError, ValueError) as error:
        raise FilingError(f"{path} could not be read", str(error)) from error


def _objections(report: dict[str, Any], full_name: str, asks: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return why this report may not be sent by the auditor itself."""
    repository = _object(report.get("repository"))
    found: list[tuple[str, str]] = []
    if repository.get("ref") == WORKING_TREE or full_name.startswith("local/") or not FULL_NAME.fullmatch(full_name):
        found.append(("a local folder was audited, not what its authors publish", "run the audit on owner/name"))
    if report.get("complete") is not True:
        found.append(("the audit is incomplete: what it could not see might be the answer", "run the audit again, or send by the browser"))
    verdicts = {str(variant.get("name")): str(variant.get("verdict")) for variant in _objects(report.get("variants"))}
    unfounded = [name for name in asks if verdicts.get(name) not in {str(verdict) for verdict in ACCUSATIONS}]
    if unfounded or not asks:
        found.append(("the report does not say that anything asked for is missing, mislabelled or contradicted", "run the audit again"))
    if repository.get("archived") is True:
        found.append((f"{full_name} is archived: nobody can answer there", "look for the authors' newer repository"))
    if repository.get("has_issues") is False:
        found.append((f"{full_name} has issues disabled", "look for a contact in its README"))
    return tuple(found)


def _files(report: dict[str, Any], asks: tuple[str, ...]) -> list[str]:
    """Return the names of the files that the asked variants' checkpoints lie in."""
    wanted = {
        str(id) for variant in _objects(report.get("variants")) if variant.get("name") in asks for id in _list(variant.get("checkpoints"))
    }
    return [
        str(artifact.get("name"))
        for artifact in _objects(report.get("artifacts"))
        if any(str(checkpoint.get("id")) in wanted for checkpoint in _objects(artifact.get("checkpoints")))
    ]


def _server(repository: dict[str, Any]) -> str:
    """Return the origin of the repository's page; GitHub's own where the report gives no address."""
    try:
        parts = urlsplit(str(repository.get("url") or ""))
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "https://github.com"
    usable = parts.scheme in ("https", "http") and re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?", host)
    return f"{parts.scheme}://{host}" if usable else "https://github.com"


def _object(value: object) -> dict[str, Any]:
    """Return a JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    """Return a JSON list, or an empty one."""
    return value if isinstance(value, list) else []


def _objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of a JSON list."""
    return [item for item in _list(value) if isinstance(item, dict)]
