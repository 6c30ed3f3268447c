r"""LaTeX made visible: what a piece of source shows on the page, with the authors' own short commands expanded, within limits.

Nothing is run: commands are looked up in lists. A command that no list knows shows its arguments, or nothing. `\cite{...}`
becomes `[cite]`, since a row that cites is a row of others. The commands are those of LaTeX2e and of the packages that tables
of papers use (booktabs, multirow, makecell, xcolor, siunitx, natbib).
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

CITE = "[cite]"
MAX_DEPTH = 40
MAX_GROUP = 20_000  # characters of one argument
MAX_BODY = 500  # characters of one command of the authors
MAX_COMMANDS = 2_000
MAX_ARGUMENT = 2_000

SYMBOLS = {
    "pm": "±", "mp": "∓", "times": "×", "cdot": "·", "dagger": "†", "ddagger": "‡", "dag": "†", "ddag": "‡", "ast": "*", "star": "*",
    "checkmark": "✓", "cmark": "✓", "ding": "✓", "xmark": "✗", "uparrow": "↑", "downarrow": "↓", "Uparrow": "↑", "Downarrow": "↓",
    "sim": "~", "approx": "≈", "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥", "rightarrow": "→",
    "to": "→", "leftarrow": "←", "infty": "∞", "ldots": "…", "dots": "…", "cdots": "…", "alpha": "α", "beta": "β", "gamma": "γ",
    "delta": "δ", "Delta": "Δ", "epsilon": "ε", "varepsilon": "ε", "lambda": "λ", "mu": "μ", "sigma": "σ", "tau": "τ", "theta": "θ",
    "phi": "φ", "pi": "π", "rho": "ρ", "omega": "ω", "S": "§", "P": "¶", "textdagger": "†", "textasteriskcentered": "*", "circ": "°",
    "degree": "°", "textpm": "±", "texttimes": "×", "textasciitilde": "~", "textbackslash": "\\", "textbar": "|", "mid": "|", "vert": "|",
    "quad": " ", "qquad": " ", "space": " ", "enspace": " ", "tabularnewline": " ", "newline": " ", "linebreak": " ", "log": "log",
    "min": "min", "max": "max", "exp": "exp", "LaTeX": "LaTeX", "TeX": "TeX", "ss": "ß", "o": "ø", "O": "Ø", "ae": "æ", "aa": "å",
    "l": "ł", "L": "Ł", "i": "i", "j": "j", "percent": "%", "ell": "l", "lt": "<", "gt": ">", "vs": "vs", "sharp": "#",
    "etal": "et al.", "eg": "e.g.", "ie": "i.e.",
}  # fmt: skip
SHOWS_NOTHING = {  # name -> how many arguments go with it
    "label": 1, "vspace": 1, "hspace": 1, "includegraphics": 1, "footnote": 1, "tablefootnote": 1, "thanks": 1, "phantom": 1,
    "hphantom": 1, "vphantom": 1, "color": 1, "cellcolor": 1, "rowcolor": 1, "columncolor": 1, "arrayrulecolor": 1, "rule": 2,
    "setlength": 2, "addtolength": 2, "renewcommand": 2, "newcommand": 2, "providecommand": 2, "fontsize": 2, "setcounter": 2,
    "cmidrule": 1, "cline": 1, "cdashline": 1, "specialrule": 3, "Xhline": 1, "noalign": 1, "extracolsep": 1, "tnote": 1, "ref": 1,
    "cref": 1, "Cref": 1, "autoref": 1, "eqref": 1, "pageref": 1, "subref": 1, "hypertarget": 1, "index": 1, "todo": 1, "end": 1,
    "captionsetup": 1, "tabcolsep": 0, "arraystretch": 0, "footnotemark": 0, "footnotetext": 1, "bibliographystyle": 1,
    "bibliography": 1, "pagestyle": 1, "thispagestyle": 1, "iffalse": 0, "definecolor": 3, "input": 1, "include": 1, "import": 2,
    "vskip": 0, "hskip": 0, "kern": 0, "url": 1, "refstepcounter": 1, "addcontentsline": 3, "author": 1, "affiliation": 1, "email": 1,
}  # fmt: skip
SHOWS_LAST = {  # name -> how many arguments it has, of which the last is shown
    "textcolor": 2, "colorbox": 2, "fcolorbox": 3, "href": 2, "multicolumn": 3, "multirow": 3, "scalebox": 2, "resizebox": 3,
    "rotatebox": 2, "raisebox": 2, "parbox": 2, "hyperlink": 2, "hyperref": 1, "foreignlanguage": 2, "adjustbox": 2, "rowfont": 1,
    "multirowcell": 2,
}  # fmt: skip
ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a",
}  # fmt: skip
COMMAND = re.compile(r"\\(?:([A-Za-z@]+)\*?[ \t]*\n?[ \t]*|(.)|$)", re.DOTALL)
CITING = re.compile(r"(?:no)?(?:short|full|foot|paren|text|auto|smart)?cite(?:p|t|alt|alp|author|year|yearpar|num|s)?")
LETTERS = (("}{", " "), ("---", "—"), ("--", "–"), ("``", '"'), ("''", '"'), ("~", " "), ("&", " "), ("`", "'"))
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
PLAIN_RUN = re.compile(r"[^\\{}$~^_%&#`'\-]+")
MARKS = re.compile(r"[†‡*§¶°#∗⋆✓✗+\-−a-zA-Z,]+")
DEFINITION = re.compile(
    r"\\(?:(?P<kind>re|provide)?(?:new)?command\*?\s*\{?\s*\\(?P<a>[A-Za-z@]+)\s*\}?\s*(?:\[(?P<arguments>\d)\]\s*)?(?P<default>\[[^\]\n]{0,80}\]\s*)?"
    r"|(?:def|gdef|edef)\s*\\(?P<b>[A-Za-z@]+)(?P<parameters>(?:#\d){0,9})\s*)(?=\{)"
)


@dataclass(frozen=True, slots=True)
class Macro:
    """One of the authors' commands: its body, how many arguments it takes, and the first one's default where that is optional."""

    body: str
    arguments: int = 0
    default: str | None = None


@dataclass(slots=True)
class Macros:
    """The authors' own commands, and what expanding them may still cost in the whole paper."""

    bodies: dict[str, Macro] = field(default_factory=dict)
    expansions: int = 100_000
    characters: int = 2_000_000

    def expand(self, name: str, text: str, at: int) -> tuple[str, int] | None:
        """Return a command's body with the arguments that stand at a place put in, and the place behind them.

        None for a command that is not the authors'; nothing is shown where the allowance is used up.
        """
        macro = self.bodies.get(name)
        if macro is None:
            return None
        body, at = macro.body, at
        values: list[str] = []
        if macro.default is not None:
            behind = bracket(text, at)
            values.append(text[at + 1 : behind - 1] if behind > at else macro.default)
            at = behind
        while len(values) < macro.arguments:
            value, at = group(text, at)
            values.append((value or "")[:MAX_ARGUMENT])
        for number, value in enumerate(values, 1):
            body = body.replace(f"#{number}", value)
        if self.expansions <= 0 or self.characters < len(body):
            return "", at
        self.expansions -= 1
        self.characters -= len(body)
        return body, at


def macros_of(texts: Iterable[str]) -> Macros:
    """Return the commands that the texts define; the first `MAX_COMMANDS`, none longer than `MAX_BODY`.

    A command of LaTeX's own that is defined anew for its looks (a header, a rule) keeps its usual meaning.
    """
    macros = Macros()
    for text in texts:
        for match in DEFINITION.finditer(text):
            name = match["a"] or match["b"]
            body, _ = group(text, match.end(), MAX_BODY)
            known = name in SHOWS_NOTHING or name in SHOWS_LAST or CITING.fullmatch(name)
            if body is None or known or (match["kind"] == "provide" and name in macros.bodies):
                continue
            if len(macros.bodies) < MAX_COMMANDS or name in macros.bodies:
                count = int(match["arguments"] or 0) or len(match["parameters"] or "") // 2
                default = match["default"].strip()[1:-1] if match["default"] and count else None
                macros.bodies[name] = Macro(body, count, default)
    return macros


def group(text: str, start: int, limit: int = MAX_GROUP) -> tuple[str | None, int]:
    """Return the argument in braces at a place, and the place behind it; (None, start) where there is none, or no end within `limit`.

    Spaces and one line end before it are passed over.
    """
    place = start
    while place < len(text) and text[place] in " \t\n" and place - start < 80:
        place += 1
    if place >= len(text) or text[place] != "{":
        return None, start
    opened, closed = braces(text)
    n = bisect_left(opened, place)
    if n >= len(opened) or opened[n] != place or not 0 < closed[n] - place <= limit:
        return None, start
    return text[place + 1 : closed[n]], closed[n] + 1


@lru_cache(maxsize=16)  # so that no text is gone through again for each of its arguments, closed or not
def braces(text: str) -> tuple[array[int], array[int]]:
    """Return the places of all opening braces, and of the brace that closes each: 0 where none does. Escaped ones are none."""
    opened, closed, waiting = array("l"), array("l"), []
    for match in BRACE.finditer(text):
        if match[0] == "{":
            waiting.append(len(opened))
            opened.append(match.start())
            closed.append(0)
        elif match[0] == "}" and waiting:
            closed[waiting.pop()] = match.start()
    return opened, closed


def bracket(text: str, start: int) -> int:
    """Return the place behind `[...]` where that stands next, else the same place."""
    if text[start : start + 1] != "[":
        return start
    end = text.find("]", start, start + 300)
    return end + 1 if end >= 0 else start


def option(text: str, start: int) -> int:
    r"""Return the place behind up to two `[...]` and one `(...)`, as of `\cmidrule(lr)`, where they stand next."""
    at = bracket(text, bracket(text, start))
    end = text.find(")", at, at + 20) if text[at : at + 1] == "(" else -1
    return end + 1 if end >= 0 else at


def visible(text: str, macros: Macros) -> str:
    """Return what a piece of LaTeX shows, on one line."""
    shown = "".join(_shown(text[: 4 * MAX_GROUP], macros, 0))
    return " ".join(shown.split())


def _shown(text: str, macros: Macros, depth: int) -> list[str]:
    """Return the pieces of what a text shows."""
    out: list[str] = []
    at = 0
    while at < len(text) and depth <= MAX_DEPTH:
        run = PLAIN_RUN.match(text, at)
        if run:
            out.append(run[0])
            at = run.end()
        elif text[at] == "\\":
            at = _command(text, at, out, macros, depth)
        elif text[at] in "^_":
            argument, at = _argument(text, at + 1, macros, depth)
            out += [script] if (script := _script(out, argument)) else []
        else:
            shown, length = _letter(text, at)
            out += [shown] if shown else []
            at += length
    return out


def _letter(text: str, at: int) -> tuple[str, int]:
    """Return what a special letter shows, and how many letters it takes: dashes, quotes, ties; braces and `$` show nothing.

    Two arguments of a command that nobody knows stay apart, so that two numbers never make a third.
    """
    for source, shown in LETTERS:
        if text.startswith(source, at):
            return shown, len(source)
    return ("" if text[at] in "{}$%" else text[at]), 1


def _script(out: list[str], argument: str) -> str:
    """Return a sub- or superscript as it is read: joined to what it stands at, except an exponent of a number."""
    before = next((piece for piece in reversed(out) if piece), "")
    is_power = argument[:1].isdigit() and before[-1:].isdigit() and not before[-1:].isspace()
    return f"^{argument}" if is_power else argument.strip()


def _argument(text: str, start: int, macros: Macros, depth: int) -> tuple[str, int]:
    """Return what the next argument shows: a group, a command or one letter; and the place behind it."""
    inside, after = group(text, start)
    if inside is not None:
        return "".join(_shown(inside, macros, depth + 1)), after
    if start < len(text) and text[start] == "\\":
        out: list[str] = []
        after = _command(text, start, out, macros, depth + 1)
        return "".join(out), after
    return text[start : start + 1].strip("{}$"), start + 1


def _command(text: str, at: int, out: list[str], macros: Macros, depth: int) -> int:
    """Add what the command at a place shows, and return the place behind it."""
    match = COMMAND.match(text, at)
    if match is None:
        return at + 1
    name, sign, after = match[1], match[2], match.end()
    if not name:
        return _sign(text, after, sign or "", out, macros, depth)
    if depth < MAX_DEPTH and (expanded := macros.expand(name, text, after)) is not None:
        body, behind = expanded
        out.extend(_shown(body, macros, depth + 1))
        if "\\xspace" in body and behind == after and text[after - 1].isspace():  # gives the space back that TeX swallows behind a command
            out.append(" ")
        return behind
    if name in SYMBOLS:
        out.append(_mark(text, after) if name == "ding" else SYMBOLS[name])
        return group(text, after)[1] if name == "ding" else after
    if CITING.fullmatch(name):
        after = _behind(text, after, 1)
        out.append("" if name.startswith("no") else f" {CITE}")
        return after
    if name in SHOWS_NOTHING:
        return _behind(text, after, SHOWS_NOTHING[name])
    if name in SHOWS_LAST:
        return _behind(text, after, SHOWS_LAST[name] - 1)
    if name == "begin":
        return _behind_begin(text, after)
    if name in ACCENTS and len(name) == 1:
        return _accent(text, after, name, out, macros, depth)
    if name in ("makecell", "shortstack", "thead", "makebox", "mbox", "framebox", "num", "SI", "qty"):
        return bracket(text, after)
    return after


def _sign(text: str, after: int, sign: str, out: list[str], macros: Macros, depth: int) -> int:
    """Add what a command of one sign shows."""
    if sign == "\\":
        out.append(" ")
        return bracket(text, after + (text[after : after + 1] == "*"))
    if sign in "%&$#_{}":
        out.append(sign)
    elif sign == ",":
        between = text[after : after + 1].isdigit() and next((p for p in reversed(out) if p), "")[-1:].isdigit()
        out.append("" if between else " ")
    elif sign in ";: \n":
        out.append(" ")
    elif sign in ACCENTS and re.match(r"\s*[{A-Za-z\\]", text[after : after + 3]):
        return _accent(text, after, sign, out, macros, depth)
    elif sign == "|":
        out.append("|")
    return after


def _accent(text: str, after: int, sign: str, out: list[str], macros: Macros, depth: int) -> int:
    """Add a letter with its accent."""
    argument, after = _argument(text, after, macros, depth)
    out.append(unicodedata.normalize("NFC", argument[:1] + ACCENTS[sign] + argument[1:]) if argument.strip() else argument)
    return after


def _mark(text: str, after: int) -> str:
    r"""Return the mark of pifont's `\ding{...}`: 51 to 54 are check marks, 55 to 56 crosses."""
    number, _ = group(text, after)
    return "✗" if number in ("53", "54", "55", "56") else "✓"


def _behind(text: str, at: int, arguments: int) -> int:
    """Return the place behind the options and so many arguments."""
    at = option(text, at)
    for _ in range(arguments):
        _, behind = group(text, at)
        if behind == at:
            break
        at = option(text, behind)
    return at


def _behind_begin(text: str, at: int) -> int:
    """Return the place behind `{name}` and, of a table within a cell, its columns."""
    name, at = group(text, at)
    if name and name.startswith("tabular"):
        at = _behind(text, at, 1 if name in ("tabular",) else 2)
    return at
