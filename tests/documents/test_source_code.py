from __future__ import annotations

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.documents.config_literals import read_config_literals
from auditor.documents.source_code import MAX_CHARACTERS, read_literals


def values(text: str) -> dict[str, object]:
    return {literal.name: literal.value for literal in read_literals(text)}


def test_classes_give_dotted_names_and_exact_lines():
    text = "import os\nclass Config:\n    depth_dim = 32  # why\n    size = (256, 256)\n"
    found = read_literals(text)
    assert [(literal.name, literal.value, literal.line, literal.quote) for literal in found] == [
        ("Config.depth_dim", 32, 3, "depth_dim = 32  # why"),
        ("Config.size", (256, 256), 4, "size = (256, 256)"),
    ]


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("a = -1.5", "a", -1.5),
        ("a: int = 3", "a", 3),
        ("a = b = 'x'", "b", "x"),
        ("a, b = 1, 2", "b", 2),
        ("s = (256, 128)\no = (s[0]//8, s[1]//8)", "o", (32, 16)),
        ("n = 4\nd = [2] * n", "d", [2, 2, 2, 2]),
        ("d = [1] + [2]", "d", [1, 2]),
        ("lr = 5e-4 * 8 / 2", "lr", 5e-4 * 8 / 2),
        ("k = 2 ** 10", "k", 1024),
        ("m = dict(type='X', backbone=dict(depths=[2, 2], fn=call()))", "m", {"type": "X", "backbone": {"depths": [2, 2]}}),
        ("m = {'a': 1, 'b': open('x')}", "m", {"a": 1}),
        ("cfg.MODEL.DEPTHS = [2, 2]", "cfg.MODEL.DEPTHS", [2, 2]),
        ("archs['L'] = {'dims': [96]}", "archs.L", {"dims": [96]}),
        ("if x:\n    a = 1\nelse:\n    b = 2", "b", 2),
        ("def f():\n    net = Net(depths=[3, 3])", "f.net.depths", [3, 3]),
        ("def f():\n    return Net(depths=[3, 3])", "f.Net.depths", [3, 3]),
        ("def f(depths=[3, 3], *, dim=96): pass", "f.dim", 96),
        ("class A:\n    def __init__(self):\n        self.k = 3", "A.__init__.k", 3),
        ("t = tuple([1, 2])", "t", (1, 2)),
    ],
)
def test_literals_are_read_in_every_form(text, name, value):
    assert values(text)[name] == value


@pytest.mark.parametrize(
    "text",
    [
        "a = f()",
        "a = b",
        "a = [x for x in y]",
        "a = __import__('os')",
        "a = 10 ** 10 ** 10",
        "a = 'x' * 10**9",
        "a = [1] * 10**9",
        "a = 1 / 0",
        "a = (1,)[5]",
        "a = lambda: 1",
        "a = 1 << 70",
    ],
)
def test_what_is_no_literal_is_never_run(text):
    assert values(text) == {}


def test_comments_hold_alternatives_with_their_place():
    text = "class Config:\n    # depths = [3, 3, 9, 3]\n    depths = [2, 2, 6, 2]  # not = here\n# size = 5\n# just words = nothing here\n"
    found = [(literal.name, literal.value, literal.line, literal.commented) for literal in read_literals(text)]
    assert found == [("Config.depths", [3, 3, 9, 3], 2, True), ("Config.depths", [2, 2, 6, 2], 3, False), ("size", 5, 4, True)]


def test_source_that_is_broken_still_gives_its_lines():
    text = "<<<<<<< HEAD\ndepths = [2, 2, 6, 2]\n=======\nprint 'old'\n# dims = [1, 2]\nbad = [\n"
    assert values(text) == {"depths": [2, 2, 6, 2], "dims": [1, 2]}


def test_hostile_source_ends_soon():
    assert read_literals("x = " + "[" * 100_000) == ()
    assert read_literals("x = 1\n" * MAX_CHARACTERS) == ()
    assert read_literals("x = " + "-" * 50_000 + "1") == ()
    assert "x" not in values("x = [" + "1," * 100_000 + "]")
    doubling = "a = [1, 1]\n" + "\n".join(f"{b} = [{a}, {a}, {a}, {a}]" for a, b in zip("abcdefghijklmn", "bcdefghijklmno", strict=True))
    assert len(repr(values(doubling))) < 3_000_000
    assert read_literals("\0") == ()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
        lambda c: st.lists(c, max_size=4) | st.tuples(c, c),
        max_leaves=12,
    )
)
def test_any_literal_comes_back_as_it_was(value):
    (found,) = [literal for literal in read_literals(f"x = {value!r}\n") if not literal.commented]
    assert found.value == ast.literal_eval(repr(value))
    assert found.line == 1


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_exception(text):
    for literal in read_literals(text):
        assert literal.line >= 1


def test_every_truncation_of_a_file_is_read_without_an_exception():
    text = "class C:\n    a = (1, [2, 3], {'k': 4})\n    # b = 'x'\n    def f(self, d=[1]):\n        return N(k=2)\n"
    for end in range(len(text)):
        read_literals(text[:end])


def test_yaml_and_json_settings_have_dotted_names_and_lines():
    found = read_config_literals("MODEL:\n  SWIN:\n    DEPTHS: [2, 2, 6, 2]\n  RATE: 0.2\n  ON: true\n")
    assert [(literal.name, literal.value, literal.line) for literal in found] == [
        ("MODEL.SWIN.DEPTHS", [2, 2, 6, 2], 3),
        ("MODEL.RATE", 0.2, 4),
        ("MODEL.ON", True, 5),
    ]
    assert read_config_literals(json.dumps({"dims": [96, 192]}))[0].value == [96, 192]


@pytest.mark.parametrize(
    "text", ["", "[[[[", "!!python/object/apply:os.system ['true']", "- 1\n- 2", "a: b: c", "[" * 50_000, "x" * 300_000]
)
def test_configurations_that_are_none_give_nothing(text):
    assert read_config_literals(text) == ()


def test_aliases_do_not_multiply():
    bomb = "a: &a [1, 1]\n" + "\n".join(
        f"{y}: &{y} [*{x}, *{x}, *{x}, *{x}, *{x}, *{x}, *{x}, *{x}]" for x, y in zip("abcdefghi", "bcdefghij", strict=True)
    )
    assert len(repr(read_config_literals(bomb))) < 3_000_000


@given(st.text(max_size=200))
def test_any_configuration_is_read_without_an_exception(text):
    read_config_literals(text)
