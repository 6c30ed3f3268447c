"""Assignments of literals in Python, YAML and JSON, read from the syntax and never run.

`read_literals` walks Python's syntax tree: assignments at module, class and function level, dotted names, nested
containers, `dict(...)` calls with keywords, and arithmetic on numbers and on names that were literals before. Assignments
that stand in comments are read too and marked, since a config's commented line is the authors' alternative. Text that is
no Python any more (a merge conflict, Python 2) is read line by line. Everything is bounded: bytes, depth, elements, digits.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from auditor.documents.source_text import split_lines
from auditor.facts import Literal

MAX_CHARACTERS = 2_000_000
MAX_DEPTH = 40
MAX_ELEMENTS = 20_000  # of one literal
MAX_LITERALS = 20_000
MAX_NUMBER = 10**15
MAX_QUOTE = 400
ASSIGNMENT = re.compile(r"^[A-Za-z_][\w.]*\s*(?::[^=]{1,80})?=(?!=)\s*\S")
SCOPES = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While)


class NoLiteralError(Exception):
    """The expression is no literal, or too large a one."""


def read_literals(text: str) -> tuple[Literal, ...]:
    """Return the assignments of literals in Python source, those in comments included, in order of their lines.

    Never raises: source that cannot be parsed gives what single lines give; text past `MAX_CHARACTERS` gives nothing.
    """
    if len(text) > MAX_CHARACTERS:
        return ()
    lines = split_lines(text)
    tree = parsed(text)
    found = list(from_tree(tree, lines)) if tree is not None else list(from_lines(lines))
    known = {literal.name: literal.value for literal in found}
    classes = tuple(class_extents(tree)) if tree is not None else ()
    found.extend(from_comments(text, lines, known, classes))
    return tuple(sorted(found[:MAX_LITERALS], key=lambda literal: (literal.line, literal.commented, literal.name)))


def parsed(text: str) -> ast.Module | None:
    """Return the syntax tree, or None for what is no Python or too deep for its parser."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def from_tree(tree: ast.Module, lines: list[str]) -> Iterator[Literal]:
    """Yield the literals of a syntax tree: scopes give dotted names, blocks of `if` and `try` are looked into."""
    waiting: list[tuple[list[ast.stmt], str, dict[str, Any]]] = [(tree.body, "", {})]
    while waiting:
        body, prefix, names = waiting.pop(0)
        for statement in flat(body):
            if isinstance(statement, SCOPES):
                if prefix.count(".") < 5:
                    waiting.append((statement.body, f"{prefix}{statement.name}.", dict(names)))
                if not isinstance(statement, ast.ClassDef):
                    yield from from_defaults(statement, prefix, names, lines)
                continue
            for name, value in assigned(statement, names):
                names[name] = value
                first, last = statement.lineno, statement.end_lineno or 0
                yield Literal(prefix + name.removeprefix("self."), value, first, quote(lines, first), end=last)


def from_defaults(
    function: ast.FunctionDef | ast.AsyncFunctionDef, prefix: str, names: dict[str, Any], lines: list[str]
) -> Iterator[Literal]:
    """Yield the defaults of a function's arguments: `def __init__(self, depths=[3, 3, 9, 3])` is how many networks say their size."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    defaults = function.args.defaults
    pairs = [
        *zip(arguments[len(arguments) - len(defaults) :], defaults, strict=True),
        *zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True),
    ]
    for argument, default in pairs:
        if default is not None:
            for value in evaluated(default, names):
                first, last = default.lineno, default.end_lineno or 0
                yield Literal(f"{prefix}{function.name}.{argument.arg}", value, first, quote(lines, first), end=last)


def flat(body: list[ast.stmt], depth: int = 0) -> Iterator[ast.stmt]:
    """Yield the statements of a body and of the blocks in it."""
    for statement in body:
        if isinstance(statement, BLOCKS) and depth < MAX_DEPTH:
            for part in ("body", "orelse", "finalbody"):
                yield from flat(getattr(statement, part, []), depth + 1)
        else:
            yield statement


def assigned(statement: ast.stmt, names: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the names that a statement gives a literal value: tuples of names, and keywords of calls such as `model = Net(depths=[2])`."""
    targets: list[ast.expr] = []
    value: ast.expr | None = None
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets, value = [statement.target], statement.value
    elif isinstance(statement, (ast.Return, ast.Expr)) and isinstance(statement.value, ast.Call):
        yield from keywords(dotted(statement.value.func), statement.value, names)
        return
    if value is None:
        return
    for target in targets:
        name = dotted(target)
        for result in evaluated(value, names):
            if name:
                yield name, result
            elif isinstance(target, ast.Tuple) and isinstance(result, (tuple, list)) and len(result) == len(target.elts):
                yield from ((inner, item) for part, item in zip(target.elts, result, strict=True) if (inner := dotted(part)))
        if isinstance(value, ast.Call) and name and dotted(value.func) not in ("dict", "tuple", "list"):
            yield from keywords(name, value, names)


def keywords(name: str, call: ast.Call, names: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the literal keywords of a call as names below the call's own name."""
    for keyword in call.keywords:
        if keyword.arg and name:
            for value in evaluated(keyword.value, names):
                yield f"{name}.{keyword.arg}", value


def dotted(target: ast.expr) -> str:
    """Return the dotted name of a target, `cfg.MODEL.DEPTHS`, and of a subscript by a text, `archs["L"]`; empty for anything else."""
    parts: list[str] = []
    while len(parts) < 8:
        if isinstance(target, ast.Attribute):
            parts.append(target.attr)
            target = target.value
        elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
            parts.append(target.slice.value[:80])
            target = target.value
        else:
            break
    if not isinstance(target, ast.Name):
        return ""
    return ".".join([target.id, *reversed(parts)])


def evaluated(expression: ast.expr, names: dict[str, Any]) -> tuple[Any, ...]:
    """Return the value of a literal expression in a tuple of one, or an empty tuple where it is no literal."""
    try:
        return (value_of(expression, names, [MAX_ELEMENTS], 0),)
    except (NoLiteralError, ArithmeticError, TypeError, ValueError, IndexError, KeyError, RecursionError):
        return ()


def value_of(node: ast.expr, names: dict[str, Any], left: list[int], depth: int) -> Any:
    """Return the value of a literal, a container, arithmetic or a known name. `left` counts elements down. Raises NoLiteralError."""
    left[0] -= 1
    if depth > MAX_DEPTH or left[0] < 0:
        raise NoLiteralError
    if isinstance(node, ast.Constant):
        return constant(node.value)
    if isinstance(node, (ast.Tuple, ast.List)):
        items = [value_of(item, names, left, depth + 1) for item in node.elts]
        return tuple(items) if isinstance(node, ast.Tuple) else items
    if isinstance(node, ast.Dict):
        return dict_of(zip(node.keys, node.values, strict=True), names, left, depth)
    if isinstance(node, ast.Call):
        return called(node, names, left, depth)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        number = value_of(node.operand, names, left, depth + 1)
        return constant(-number if isinstance(node.op, ast.USub) else +number)
    if isinstance(node, ast.BinOp):
        return arithmetic(node.op, value_of(node.left, names, left, depth + 1), value_of(node.right, names, left, depth + 1))
    if isinstance(node, ast.Subscript):
        return value_of(node.value, names, left, depth + 1)[value_of(node.slice, names, left, depth + 1)]
    name = dotted(node) if isinstance(node, (ast.Name, ast.Attribute)) else ""
    if name and name in names:
        return charged(names[name], left)
    raise NoLiteralError


def charged(value: Any, left: list[int]) -> Any:
    """Return a known value and count its elements: names that hold each other must not multiply without bound."""
    waiting = [value]
    while waiting:
        left[0] -= 1
        if left[0] < 0:
            raise NoLiteralError
        item = waiting.pop()
        waiting.extend(item.values() if isinstance(item, dict) else item if isinstance(item, (list, tuple)) else ())
    return value


def constant(value: Any) -> Any:
    """Return a plain constant: numbers within bounds, short texts, booleans, None. Raises NoLiteralError."""
    if isinstance(value, (bool, type(None))):
        return value
    if isinstance(value, (int, float)) and abs(value) <= MAX_NUMBER:
        return value
    if isinstance(value, str) and len(value) <= 10_000:
        return value
    raise NoLiteralError


def dict_of(pairs: Iterable[tuple[ast.expr | None, ast.expr]], names: dict[str, Any], left: list[int], depth: int) -> dict[Any, Any]:
    """Return a dict; entries whose value is no literal are left out, so that `dict(type=Net, depths=[2])` still gives its depths."""
    result = {}
    for key, value in pairs:
        if key is None:
            continue
        for name in evaluated(key, names):
            if isinstance(name, (str, int, float, bool)):
                try:
                    result[name] = value_of(value, names, left, depth + 1)
                except (NoLiteralError, ArithmeticError, TypeError, ValueError, IndexError, KeyError):
                    if left[0] < 0:
                        raise NoLiteralError from None
    if not result:
        raise NoLiteralError
    return result


def called(node: ast.Call, names: dict[str, Any], left: list[int], depth: int) -> Any:
    """Return the value of `dict(...)`, `tuple(...)`, `list(...)`, `int(...)` on literals: nothing is called. Raises NoLiteralError."""
    name = dotted(node.func)
    if name.rpartition(".")[2] in ("dict", "Dict", "edict", "EasyDict", "CN", "CfgNode", "ConfigDict") and not node.args:
        return dict_of(((ast.Constant(k.arg), k.value) for k in node.keywords if k.arg), names, left, depth)
    if name in ("tuple", "list", "int", "dict", "edict", "EasyDict") and len(node.args) == 1 and not node.keywords:
        value = value_of(node.args[0], names, left, depth + 1)
        if name == "int" and isinstance(value, (int, float)):
            return int(value)
        if name in ("tuple", "list") and isinstance(value, (list, tuple)):
            return tuple(value) if name == "tuple" else list(value)
        if isinstance(value, dict) and name not in ("tuple", "list", "int"):
            return value
    raise NoLiteralError


def arithmetic(operator: ast.operator, a: Any, b: Any) -> Any:
    """Return the sum, difference, product, quotient or repetition of two values, within bounds. Raises NoLiteralError."""
    sequences = isinstance(a, (list, tuple)) and isinstance(b, (list, tuple))
    if isinstance(operator, ast.Add) and sequences and type(a) is type(b) and len(a) + len(b) <= MAX_ELEMENTS:
        return a + b
    if isinstance(operator, ast.Mult) and isinstance(a, (list, tuple)) and isinstance(b, int) and 0 <= b * len(a) <= 1000:
        return a * b
    if not (isinstance(a, (int, float)) and isinstance(b, (int, float))):
        raise NoLiteralError
    match operator:
        case ast.Add():
            return constant(a + b)
        case ast.Sub():
            return constant(a - b)
        case ast.Mult():
            return constant(a * b)
        case ast.Div():
            return constant(a / b)
        case ast.FloorDiv():
            return constant(a // b)
        case ast.Mod():
            return constant(a % b)
        case ast.Pow() if abs(a) <= 1000 and abs(b) <= 10:
            return constant(a**b)
    raise NoLiteralError


def class_extents(tree: ast.Module) -> Iterator[tuple[int, int, str]]:
    """Yield the first and last line of every top-level class with its name and a dot, to place comments in it."""
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            yield statement.lineno, statement.end_lineno or statement.lineno, f"{statement.name}."


def from_comments(text: str, lines: list[str], known: dict[str, Any], classes: tuple[tuple[int, int, str], ...]) -> Iterator[Literal]:
    """Yield the assignments of literals that stand in comments: `# depths = [3, 3, 9, 3]`, marked as commented."""
    for line, comment in comments(text, lines):
        code = comment.lstrip("#! ").strip()
        if len(code) > 2000 or not ASSIGNMENT.match(code):
            continue
        prefix = next((name for first, last, name in classes if first < line <= last), "")
        for literal in one_line(code.rstrip(",;"), known):
            yield Literal(prefix + literal.name, literal.value, line, quote(lines, line), commented=True)


def comments(text: str, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield every comment with its line; by Python's tokens, or for what is no Python by lines that begin with `#`."""
    try:
        found = [(t.start[0], t.string) for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT]
    except (tokenize.TokenError, SyntaxError, IndentationError, ValueError, RecursionError):
        found = [(n, line.strip()) for n, line in enumerate(lines, 1) if line.lstrip().startswith("#")]
    yield from found


def from_lines(lines: list[str]) -> Iterator[Literal]:
    """Yield what single lines give where the whole is no Python."""
    known: dict[str, Any] = {}
    for number, line in enumerate(lines, 1):
        code = line.strip()
        if len(code) <= 2000 and ASSIGNMENT.match(code):
            for literal in one_line(code.split(" #")[0].rstrip(",;"), known):
                known[literal.name] = literal.value
                yield Literal(literal.name, literal.value, number, quote(lines, number))


def one_line(code: str, known: dict[str, Any]) -> Iterator[Literal]:
    """Yield the literals that one line of code assigns."""
    tree = parsed(code)
    for statement in tree.body[:1] if tree is not None else ():
        for name, value in assigned(statement, dict(known)):
            yield Literal(name.removeprefix("self."), value, 1, code)


def quote(lines: list[str], number: int) -> str:
    """Return a source line as evidence quotes it: stripped and cut to `MAX_QUOTE` characters."""
    return lines[number - 1].strip()[:MAX_QUOTE] if 0 < number <= len(lines) else ""
