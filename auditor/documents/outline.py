"""The structure of one document, by the markup that it is written in."""

from __future__ import annotations

import re

from auditor.documents.builder import Builder
from auditor.documents.commands import command_links
from auditor.documents.html import read_html
from auditor.documents.markdown import read_markdown
from auditor.documents.plain import read_plain
from auditor.documents.source_text import bounded_lines
from auditor.facts import Document, Outline

_MARKDOWN = (".md", ".markdown", ".mdx", ".mkd", ".mkdn", ".mdown", ".rmd", ".qmd")
_SCRIPT = (".sh", ".bash", ".zsh", ".bat", ".ps1", ".cmd")
_CODE = (".py", ".yaml", ".yml", ".json", ".toml", ".cfg", ".ini", ".ipynb")
# A text without a telling suffix is what its markup says it is.
_MARKUP = re.compile(r"^#{1,6} \S|\]\(\S|^\s*\|?\s*:?-{3,}:?\s*\||^```|<(?:table|a href|img|div|p align)", re.MULTILINE | re.IGNORECASE)
_RST_SIGNS = re.compile(r"^\.\. (?:_|\w[\w-]*::)|`[^`\n]+ <[^>\n]+>`_", re.MULTILINE)


def outline(document: Document) -> Outline:
    """Return the links, tables, pictures and blocks of a document. Never raises for what stands in it; `notes` say what was cut."""
    name = document.path.rsplit("/", 1)[-1].lower()
    if document.role == "script" or name.endswith(_SCRIPT):
        return read_script(document)
    if name.endswith(".py"):
        return read_python(document)
    if name.endswith(_CODE):
        return read_script(document)
    if name.endswith((".rst", ".rest")):
        return _rst(document)
    if name.endswith((".html", ".htm")):
        return read_page(document)
    if name.endswith(_MARKDOWN) or _MARKUP.search(document.text[:200_000]):
        return read_markdown(document)
    if _RST_SIGNS.search(document.text[:200_000]):
        return _rst(document)
    return read_plain(document)


def _rst(document: Document) -> Outline:
    """Return the outline of reStructuredText; docutils is loaded for it alone."""
    from auditor.documents.rst import read_rst

    return read_rst(document)


def read_page(document: Document) -> Outline:
    """Return the outline of an HTML page."""
    builder = Builder(document)
    lines, notes = bounded_lines(document.text)
    builder.notes.extend(notes)
    read_html(builder, "\n".join(lines), tuple(lines), 1)
    return builder.outline()


def read_script(document: Document) -> Outline:
    """Return the outline of a shell script or configuration file: one block of code, with what it downloads."""
    builder = Builder(document)
    lines, notes = bounded_lines(document.text)
    builder.notes.extend(notes)
    language = document.path.rsplit(".", 1)[-1].lower() if "." in document.path else "sh"
    builder.code("\n".join(lines), 1, language, list(command_links(enumerate(lines, 1))))
    found = builder.outline()
    if language not in ("yaml", "yml", "json"):
        return found
    from dataclasses import replace

    from auditor.documents.config_literals import read_config_literals

    return replace(found, literals=read_config_literals(document.text))


def read_python(document: Document) -> Outline:
    """Return the outline of a Python file: its literals, and the addresses that it loads weights from. Nothing is run."""
    from dataclasses import replace

    from auditor.documents.source_code import read_literals

    return replace(read_script(document), literals=read_literals(document.text))
