"""A paper's LaTeX source into outlines: tables with their captions and numbers, sections, abstract and paragraphs.

One outline for each file that something was found in, so that a claim's evidence names the file and the line in it. LaTeX is not
run: environments are matched, inputs put in, commands looked up. Tables are numbered as LaTeX does, by their captions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from auditor.documents.latex_source import Source, flattened, main_file
from auditor.documents.latex_tables import grid_of
from auditor.documents.latex_text import Macros, braces, group, macros_of, option, visible
from auditor.errors import FormatError
from auditor.facts import Block, Document, Outline, Table

MAX_CELLS = 60_000
MAX_TABLES = 300
MAX_BLOCKS = 5_000
MAX_CAPTION = 2_000
EVENT = re.compile(
    r"\\(?P<kind>begin|end)\s*\{(?P<env>[A-Za-z]{1,30}\*?)\}"
    r"|\\(?P<head>section|subsection|subsubsection|chapter)\*?\s*(?:\[[^\]\n]{0,200}\])?\s*(?=\{)"
    r"|\\(?P<of>captionof|captionsetup)\*?\s*(?:\[[^\]\n]{0,200}\])?\s*\{(?P<what>[a-z]{1,20})\}\s*(?:\[[^\]]{0,500}\])?\s*(?=\{)"
    r"|\\(?P<caption>(?:tab|sub|table|tb)?caption)(?P<star>\*?)\s*(?:\[[^\]]{0,1000}\])?\s*(?=\{)"
    r"|\\(?P<title>(?:icml)?title)(?:running)?\s*(?:\[[^\]]{0,300}\])?\s*(?=\{)"
)
LEVELS = {"chapter": 0, "section": 1, "subsection": 2, "subsubsection": 3}
TABULARS = {
    "tabular": 1,
    "tabular*": 2,
    "tabularx": 2,
    "tabulary": 2,
    "longtable": 1,
    "xltabular": 2,
    "NiceTabular": 1,
    "tblr": 1,
    "supertabular": 1,
    "longtblr": 1,
}
TABLES = frozenset("table table* wraptable sidewaystable sidewaystable* longtable xltabular SCtable floattable margintable".split())
FIGURES = frozenset("figure figure* wrapfigure SCfigure algorithm algorithm*".split())
FRAMES = TABLES | FIGURES | frozenset("minipage subtable subfigure".split())
NO_PROSE = FRAMES | frozenset(TABULARS) | frozenset(
    "equation equation* align align* gather gather* eqnarray multline displaymath math thebibliography lstlisting verbatim tikzpicture "
    "algorithmic minted array matrix split tabbing".split()
)  # fmt: skip
BLANK = re.compile(r"\n[ \t]*\n")
REFERENCES = re.compile(r"\\(?:bibliography|printbibliography)\b")


@dataclass(slots=True)
class Caption:
    """A caption with its place and the table's number; a subcaption has none."""

    at: int
    text: str
    number: int = 0


@dataclass(slots=True)
class Found:
    """A tabular that was read, until its caption is known."""

    at: int
    table: Table
    file: str
    sub: str = ""


@dataclass(slots=True)
class Frame:
    """An environment that may hold tables and captions."""

    env: str
    tables: list[Found] = field(default_factory=list)
    captions: list[Caption] = field(default_factory=list)


def read_latex(files: Mapping[str, str], name: str, source: str, sha256: str) -> tuple[Outline, ...]:
    """Return the outlines of a paper's source, the main file first. `files` are the texts of the archive by path.

    Their documents are called `name/path`, with the id of the `source` and the digest that are given. Raises `FormatError` where no
    file is a LaTeX document.
    """
    files = {path: re.sub(r"\r\n?", "\n", text) for path, text in files.items()}
    main = main_file(files)
    if main is None:
        raise FormatError(f"{name} holds no LaTeX document", "no file begins with a document class")
    flat = flattened(files, main)
    reading = _Reading(flat, macros_of((*(text for path, text in files.items() if path.endswith((".sty", ".cls"))), flat.text)))
    reading.run()
    braces.cache_clear()  # a whole paper is not worth keeping
    paths = dict.fromkeys([main, *(found.file for found in reading.found), *(file for file, _ in reading.blocks)])
    outlines = []
    for path in paths:
        document = Document(f"{name}/{path}", files[path], sha256, source, "paper")
        tables = tuple(found.table for found in reading.found if found.file == path)
        blocks = tuple(block for file, block in reading.blocks if file == path)
        outlines.append(Outline(document, tables=tables, blocks=blocks, title=reading.title, notes=tuple(flat.notes + reading.notes)))
    return tuple(outlines)


@dataclass(slots=True)
class _Reading:
    """One reading of one paper."""

    flat: Source
    macros: Macros
    title: str = ""
    found: list[Found] = field(default_factory=list)
    blocks: list[tuple[str, Block]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sections: list[tuple[int, str]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    tabulars: list[tuple[str, int]] = field(default_factory=list)  # open ones: environment, where the body begins
    silent: list[str] = field(default_factory=list)  # open environments without prose
    number: int = 0
    cells: int = 0

    def run(self) -> None:
        """Go through the paper once, from its beginning to its references."""
        text = self.flat.text
        begin = text.find("\\begin{document}")
        at = spoken = max(0, begin)
        for match in EVENT.finditer(text):
            if match["title"] and not self.title:
                self.title = visible(group(text, match.end())[0] or "", self.macros)[:300]
            if match.start() < at:
                continue
            if not self.silent and not self.frames:
                self._prose(spoken, match.start())
            if match["env"]:
                spoken = self._environment(match)
            elif match["head"]:
                spoken = self._heading(match)
            elif match["caption"] or match["of"]:
                spoken = self._caption(match)
            else:
                spoken = match.end()
            at = match.end()
        if not self.silent and not self.frames:
            self._prose(spoken, len(text))
        while self.frames:
            self._close(self.frames.pop())

    def _environment(self, match: re.Match[str]) -> int:
        """Enter or leave an environment, and return where prose goes on."""
        env, text = match["env"], self.flat.text
        if match["kind"] == "begin":
            after = match.end()
            if env in FRAMES:
                self.frames.append(Frame(env))
            if env in TABULARS:
                after = self._body(match.end(), TABULARS[env])
                self.tabulars.append((env, after))
            if env in NO_PROSE:
                self.silent.append(env)
            if env == "abstract":
                self.sections = [(1, "Abstract")]
            return after
        if self.tabulars and self.tabulars[-1][0] == env:
            _, start = self.tabulars.pop()
            if not self.tabulars:  # a tabular within a cell is a part of that cell
                self._tabular(start, match.start())
        if env in self.silent:
            del self.silent[len(self.silent) - 1 - self.silent[::-1].index(env) :]
        if env in FRAMES and any(frame.env == env for frame in self.frames):
            while self.frames[-1].env != env:
                self._close(self.frames.pop())
            self._close(self.frames.pop())
        if env == "abstract":
            self.sections = []
        return match.end() if len(text) > match.end() else len(text)

    def _body(self, at: int, arguments: int) -> int:
        """Return where a tabular's body begins: behind its width and its columns."""
        for _ in range(arguments):
            at = group(self.flat.text, option(self.flat.text, at))[1]
        return at

    def _heading(self, match: re.Match[str]) -> int:
        """Begin a section."""
        level = LEVELS[match["head"]]
        inside, after = group(self.flat.text, match.end())
        self.sections = [entry for entry in self.sections if entry[0] < level and entry[1] != "Abstract"]
        words = visible(inside or "", self.macros)[:200]
        if words:
            self.sections.append((level, words))
        return after

    def _caption(self, match: re.Match[str]) -> int:
        """Keep a caption with the environment that it stands in, and number it where it is a table's."""
        inside, after = group(self.flat.text, match.end())
        if inside is None or match["of"] == "captionsetup":
            return match.end()
        envs = [frame.env for frame in self.frames]
        kind = next((env for env in reversed(envs) if env in TABLES | FIGURES), "")
        is_sub = match["caption"] in ("subcaption",) or bool(envs and envs[-1] in ("subtable", "subfigure"))
        is_table = (
            match["what"] == "table" if match["of"] else (kind in TABLES or match["caption"] in ("tabcaption", "tablecaption", "tbcaption"))
        )
        if not self.frames and is_table:
            self.number += 1
        if not self.frames or not (is_table or (is_sub and kind in TABLES)):
            return after
        caption = Caption(match.start(), visible(inside, self.macros)[:MAX_CAPTION])
        if not is_sub and not match["star"]:
            self.number += 1
            caption.number = self.number
        self.frames[-1].captions.append(caption)
        return after

    def _tabular(self, start: int, end: int) -> None:
        """Read a tabular and keep it with the environment that it stands in."""
        if len(self.found) + sum(len(frame.tables) for frame in self.frames) >= MAX_TABLES:
            return
        file, line = self.flat.place(start)
        grid = grid_of(self.flat.text, start, end, lambda at: self._line(at, file), self.macros, MAX_CELLS - self.cells)
        if grid is None:
            if end - start > MAX_CELLS:
                self.notes.append(f"the table at line {line} of {file} was left out: too many cells")
            return
        self.cells += sum(map(len, grid.rows))
        table = Table(grid.rows, grid.header_rows, line, "table", tuple(words for _, words in self.sections))
        found = Found(start, table, file)
        if self.frames:
            self.frames[-1].tables.append(found)
        else:
            self.found.append(found)

    def _line(self, offset: int, file: str) -> int:
        """Return the line of a place, 0 where it stands in another file."""
        other, line = self.flat.place(offset)
        return line if other == file else 0

    def _close(self, frame: Frame) -> None:
        """Give the tables of an environment their captions; what has none yet belongs to the environment around."""
        numbered = [caption for caption in frame.captions if caption.number]
        others = [caption for caption in frame.captions if not caption.number]
        if others and not numbered and frame.env in ("subtable", "subfigure", "minipage"):
            for found in frame.tables:
                found.sub = others[0].text
        outer = self.frames[-1] if self.frames else None
        if numbered and frame.tables:
            for found in frame.tables:
                self.found.append(_captioned(found, _nearest(found, frame)))
        elif outer is not None and frame.env not in TABLES:
            outer.tables.extend(frame.tables)
            outer.captions.extend(numbered)
        elif frame.env not in FIGURES:
            self.found.extend(frame.tables)

    def _prose(self, start: int, end: int) -> None:
        """Add the paragraphs between two places."""
        text = self.flat.text
        stop = REFERENCES.search(text, start, end)
        end = stop.start() if stop else end
        at = start
        while at < end and len(self.blocks) < MAX_BLOCKS:
            blank = BLANK.search(text, at, end)
            close = blank.start() if blank else end
            words = visible(text[at:close].replace("\\item", "\n").replace("\n%", "\n"), self.macros)
            if len(words.split()) > 3:
                lead = len(text[at:close]) - len(text[at:close].lstrip())
                file, line = self.flat.place(at + lead)
                self.blocks.append((file, Block(words, line, "paragraph", tuple(words for _, words in self.sections))))
            at = blank.end() if blank else end


def _nearest(found: Found, frame: Frame) -> Caption:
    """Return the caption of a table among those of its environment: the one before it where captions come first, else the next one."""
    captions = [caption for caption in frame.captions if caption.number]
    if captions[0].at < min(other.at for other in frame.tables):
        return max((c for c in captions if c.at < found.at), key=lambda c: c.at, default=captions[0])
    return min((c for c in captions if c.at > found.at), key=lambda c: c.at, default=captions[-1])


def _captioned(found: Found, caption: Caption) -> Found:
    """Return a table with its caption: `Table 3: ...`, and that of its part."""
    words = f"Table {caption.number}: {caption.text}"
    if found.sub:
        words = f"{words} {found.sub}"
    return replace(found, table=replace(found.table, caption=words[:MAX_CAPTION]))
