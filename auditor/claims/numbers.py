"""Numbers as tables and sentences print them, with everything that the print says: value, unit, precision, place in the cell.

`readings("66.3 (65.0) / 85.6 (84.7)")` gives four readings. The printed text is kept exactly, since a claim is compared at the
precision that it was printed with. A cell that is not a number as a whole (`224x224`, `ConvNeXt-T`, `[256, 256]`) gives none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

MAX_CELL = 400
MAX_PARTS = 16

NUMBER = r"[-+−–]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?|[-+−–]?\.\d+(?:[eE][-+]?\d{1,3})?"
UNIT = (  # rates come before the shorter units that they begin with
    r"(?:iter(?:ation)?s?|it|imgs?|images?|frames?|samples?|tokens?|clips?|videos?|words?)/s(?:ec(?:ond)?)?\b"
    r"|(?:ms|sec|s)/(?:iter|it|img|image|frame|sample|token|clip|video|batch)\b"
    r"|%|‰|[KMGBTP]?(?:FLOPS|MACS|MADDS|OPS)\b|(?:mm|cm|ms|fps|hz|sec|s|m|px|pp)\b"
    r"|[KMGT]i?[Bb]\b|[KMGBT]\b|(?:mil(?:lion)?|billion)\b"
)
MARKS = r"[*∗†‡§¶#^°¹²³↑↓+⁺!✓\s]{0,6}"
PART = re.compile(
    rf"^(?P<about>[~≈∼]\s*)?(?P<number>{NUMBER})\s?(?P<unit>{UNIT})?{MARKS}"
    rf"(?:(?:±|\+/-|\+-)\s*(?P<error>{NUMBER})\s*(?:{UNIT})?{MARKS})?"
    rf"(?P<paren>[(（\[].*[)）\]])?{MARKS}(?P<note>(?<=[\s)])[A-Za-z][A-Za-z@.\- ]{{1,14}})?$",
    re.IGNORECASE,
)
INNER = re.compile(rf"^(?P<number>{NUMBER})\s?(?P<unit>{UNIT})?{MARKS}(?:(?:±|\+/-)\s*{NUMBER}\s*)?$", re.IGNORECASE)
LATEX_WRAPPER = re.compile(r"\\(?:[A-Za-z]+)\s*\{([^{}]*)\}")
LATEX_COLOR = re.compile(r"\\(?:text)?color\s*\{[^{}]*\}")
LATEX_LETTERS = {
    rf"\{name}": letter for name, letter in zip("delta epsilon Delta sigma mu alpha beta lambda tau".split(), "δεΔσμαβλτ", strict=True)
}
LATEX_SYMBOLS = {
    r"\pm": "±",
    r"\%": "%",
    r"\times": "x",
    r"\sim": "~",
    r"\approx": "~",
    r"\downarrow": "↓",
    r"\uparrow": "↑",
    r"\dagger": "†",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One number of a cell.

    `printed` is the number with its unit as it stands there ("7.59M"); `part` its place among parts divided by a slash;
    `inner` is True for a number in parentheses after another; `note` is a word beside it ("MPJPE"); `decimals` the
    printed digits after the point; `about` is True for "~".
    """

    value: int | float
    printed: str
    unit: str | None
    part: int = 0
    inner: bool = False
    note: str = ""
    decimals: int = 0
    error: str = ""
    about: bool = False


def plain(text: str) -> str:
    """Return a cell's text without LaTeX, emphasis marks and odd spaces; digits, units and marks are left as they are."""
    if len(text) > 4 * MAX_CELL:
        text = text[: 4 * MAX_CELL]
    if "\\" in text or "$" in text:
        text = without_latex(text)
    text = text.replace("&ast;", "*").replace("&plusmn;", "±").replace("&nbsp;", " ").replace(" ", " ").replace(" ", " ")
    return " ".join(text.replace("`", "").replace("**", "").replace("（", "(").replace("）", ")").split())


def without_latex(text: str) -> str:
    """Return a text with the commands of LaTeX replaced by what they show: `textsf{19}` in color is `19`."""
    text = LATEX_COLOR.sub("", text)
    for command, symbol in {**LATEX_SYMBOLS, **LATEX_LETTERS}.items():
        text = re.sub(re.escape(command) + r"(?![A-Za-z])", symbol, text)
    for _ in range(6):
        shorter = LATEX_WRAPPER.sub(r"\1", text)
        if shorter == text:
            break
        text = shorter
    text = re.sub(r"\\(?:[A-Za-z]+|[,;:! ])", " ", text)
    return re.sub(r"[${}]|\\(?=[_*#&])", "", text)


def readings(text: str) -> tuple[Reading, ...]:
    """Return the numbers of a cell in order, or an empty tuple where the cell is not a number as a whole."""
    if len(text) > MAX_CELL:
        return ()
    parts = split_parts(plain(text))
    if len(parts) > MAX_PARTS:
        return ()
    found: list[Reading] = []
    for place, part in enumerate(parts):
        if not part or part in ("-", "–", "—"):
            continue
        some = part_readings(part, place)
        if not some:
            return ()
        found.extend(some)
    return tuple(found)


def split_parts(text: str) -> list[str]:
    """Return the parts of a cell that slashes, bars or `&` divide, outside of parentheses and of units such as `img/s`."""
    parts, depth, start = [], 0, 0
    for n, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        between_units = letter == "/" and text[max(0, n - 1) : n].isalpha() and text[n + 1 : n + 2].isalpha()
        plus_minus = text[max(0, n - 1) : n + 2] == "+/-"
        if letter in "/|" and depth <= 0 and not between_units and not plus_minus:
            parts.append(text[start:n].strip())
            start = n + 1
    return [*parts, text[start:].strip()]


def is_blank(text: str) -> bool:
    """Tell whether a cell says that there is no value: nothing, a dash, a lone slash, a cross, `N/A`, `TBA`."""
    return re.fullmatch(r"(?i)[\s\-–—/\\?.✗✘×x_*]*|n\.?/?a\.?|tb[ad]|none|oom|nan", text.strip()) is not None


def part_readings(part: str, place: int) -> tuple[Reading, ...]:
    """Return the number of one part, and a number in parentheses behind it unless that is a change or a share of the first."""
    if match := re.fullmatch(r"[(\[]([^()\[\]]+)[)\]]", part):
        part = match[1].strip()
    match = PART.match(part)
    if match is None:
        return ()
    inside = (match["paren"] or "")[1:-1].strip()
    inner = INNER.match(inside)
    note = (match["note"] or "").strip()
    if inside and not inner and len(inside) <= 40:
        note = note or inside
    first = reading(match["number"], match["unit"], part, place, note=note)
    first = replace(first, error=match["error"] or "", about=bool(match["about"]))
    if inner is None or is_relative(inner, first) or re.search("[↑↓⬆⬇]", inside):
        return (first,)
    return (first, reading(inner["number"], inner["unit"] or match["unit"], inside, place, inner=True))


def is_relative(inner: re.Match[str], first: Reading) -> bool:
    """Tell whether a number in parentheses is a change (`(+1.2)`) or a share (`61M (59.8%)`) and so no second value."""
    signed = inner["number"][0] in "+-−–"
    share = inner["unit"] == "%" and first.unit != "%"
    return share or (signed and first.value >= 0)


def reading(number: str, unit: str | None, text: str, place: int, *, inner: bool = False, note: str = "") -> Reading:
    """Return one number with its unit as a reading."""
    clean = number.replace(",", "").replace("−", "-").replace("–", "-").lstrip("+")
    mantissa = re.split("[eE]", clean)[0]
    decimals = len(mantissa.partition(".")[2])
    value = float(clean) if "." in clean or "e" in clean.lower() else int(clean[:30])
    if isinstance(value, int) and abs(value) > 10**18:
        value = float(value)
    start = text.find(number)
    end = start + len(number)
    if unit:
        end = text.find(unit, end) + len(unit)
    return Reading(value, text[start:end], unit, place, inner, note, decimals)
