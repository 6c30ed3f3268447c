"""Every form in which a state dict is said not to fit, and what is made of it."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path

import pytest

from auditor.documents.error_logs import LoadError, read_error_log

SEED = Path(__file__).parents[2].parent / "shared" / "seeds" / "000_01c80ee4980f7a45.md"
HEADER = "RuntimeError: Error(s) in loading state_dict for Pose:\n"
STEM = (
    "\tsize mismatch for stem.0.weight: copying a param with shape torch.Size([48, 3, 4, 4]) from checkpoint, "
    "the shape in current model is torch.Size([96, 3, 4, 4]).\n"
)
LISTS = '\tMissing key(s) in state_dict: "a.b.weight", "a.b.bias". \n\tUnexpected key(s) in state_dict: "c.weight", "c.bias". \n'
WHOLE = HEADER + LISTS + STEM


def only(text: str) -> LoadError:
    (error,) = read_error_log(text).errors
    return error


def shapes(error: LoadError) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    return [(m.name, m.checkpoint_shape, m.model_shape) for m in error.mismatches]


STEM_SHAPES = [("stem.0.weight", (48, 3, 4, 4), (96, 3, 4, 4))]


def test_the_message_of_torch_now():
    error = only("Traceback (most recent call last):\n" + WHOLE)
    assert error.model == "Pose"
    assert error.missing == ("a.b.weight", "a.b.bias")
    assert error.unexpected == ("c.weight", "c.bias")
    assert shapes(error) == STEM_SHAPES
    assert (error.line, error.missing_line, error.unexpected_line, error.mismatches[0].line) == (2, 3, 4, 5)
    assert not error.truncated
    assert not error.ranges


@pytest.mark.parametrize(
    "message",
    [
        "size mismatch for stem.0.weight: copying a param of torch.Size([48, 3, 4, 4]) from checkpoint, "
        "where the shape is torch.Size([96, 3, 4, 4]) in current model.",
        'While copying the parameter named "stem.0.weight", whose dimensions in the model are torch.Size([96, 3, 4, 4]) '
        "and whose dimensions in the checkpoint are torch.Size([48, 3, 4, 4]), an exception occurred : ('no',).",
        "RuntimeError: While copying the parameter named stem.0.weight, whose dimensions in the model are torch.Size([96, 3, 4, 4]) "
        "and whose dimensions in the checkpoint are torch.Size([48, 3, 4, 4]).",
        'while copying the parameter named "stem.0.weight",whose dimensions in the model are torch.size([96, 3, 4, 4]) '
        "and whose dimensions in the checkpoint are torch.size([48, 3, 4, 4])",
        "Skip loading parameter 'stem.0.weight' to the model due to incompatible shapes: (48, 3, 4, 4) in the checkpoint "
        "but (96, 3, 4, 4) in the model! You might want to double check if this is expected.",
        "Some weights of Pose were not initialized from the model checkpoint at x/y and are newly initialized because the shapes did "
        "not match:\n- stem.0.weight: found shape torch.Size([48, 3, 4, 4]) in the checkpoint and torch.Size([96, 3, 4, 4]) in the "
        "model instantiated\nYou should probably TRAIN this model.",
    ],
    ids=["torch 0.4", "torch 1 copying", "torch 0.3", "lower case", "fvcore", "transformers"],
)
def test_size_mismatches_of_other_versions(message):
    assert shapes(only(message)) == STEM_SHAPES


@pytest.mark.parametrize(
    ("text", "missing", "unexpected"),
    [
        ("_IncompatibleKeys(missing_keys=['a.w', 'b.w'], unexpected_keys=['c.w'])", ("a.w", "b.w"), ("c.w",)),
        ("IncompatibleKeys(missing_keys=[], unexpected_keys=['c.w'])", (), ("c.w",)),
        ("missing keys: ['a.w']\nunexpected keys: ['c.w', 'd.w']", ("a.w",), ("c.w", "d.w")),
        ('unexpected key "module.c.w" in state_dict\'', (), ("module.c.w",)),
        ("KeyError: 'missing keys in state_dict: \"{'a.w', 'b.w'}\"'", ("a.w", "b.w"), ()),
        (
            "unexpected key in source state_dict: c.w, d.w\n\nmissing keys in source state_dict: a.w, b.w\n\n",
            ("a.w", "b.w"),
            ("c.w", "d.w"),
        ),
        ("missing keys in source state_dict: a.w,\nb.w\nEpoch 1", ("a.w", "b.w"), ()),
        ("missing keys in source state_dict: a.w, b_conv, c.wei\nght, d.w\nEpoch 1, 2", ("a.w", "b_conv", "c.weight", "d.w"), ()),
        ("Missing keys:\n- `a.w`\n- `b.w`\n\nUnexpected keys:\n- `c.w`\n", ("a.w", "b.w"), ("c.w",)),
        ("**Missing keys:**\n```\na.w\nb.w\n```\n", ("a.w", "b.w"), ()),
        ("missing_keys = dict_keys(['a.w'])", ("a.w",), ()),
        (
            "Some weights of the model checkpoint at bert-base were not used when initializing Bert: ['c.w']\n- This IS expected if you\n"
            "Some weights of Bert were not initialized from the model checkpoint at bert-base and are newly initialized: ['a.w', 'b.w']\n",
            ("a.w", "b.w"),
            ("c.w",),
        ),
        ("Weights of Bert not initialized from pretrained model: ['a.w']", ("a.w",), ()),
    ],
)
def test_lists_of_names(text, missing, unexpected):
    error = only(text)
    assert (error.missing, error.unexpected) == (missing, unexpected)


REPORT = """\x1b[1mBert LOAD REPORT\x1b[0m from: org/bert
Key                                   | Status     | Details
--------------------------------------+------------+---------------------------------------
cls.predictions.{0, 2}.bias           | UNEXPECTED |
encoder.layer.{0...2}.mlp.weight      | \x1b[33mMISSING\x1b[0m    |
head.{a, b}.weight                    | MISSING    |
classifier.weight                     | MISMATCH   | Reinit due to size mismatch - ckpt: torch.Size([1000, 768]) vs model:torch.Size([2, 768])

Notes:
- MISSING: those params were newly initialized
"""


def test_the_load_report_of_transformers():
    error = only(REPORT)
    assert error.model == "Bert"
    assert error.unexpected == ("cls.predictions.0.bias", "cls.predictions.2.bias")
    assert error.missing == (*(f"encoder.layer.{n}.mlp.weight" for n in range(3)), "head.{a, b}.weight")
    assert shapes(error) == [("classifier.weight", (1000, 768), (2, 768))]
    assert (error.line, error.unexpected_line, error.missing_line, error.mismatches[0].line) == (1, 4, 5, 7)
    assert not error.truncated
    assert not error.ranges


@pytest.mark.parametrize("braces", ["{0...999999}", "{5...2}", "{}", "{1,,2}", "{0...99}.{0...99}.{0...99}", "{1 2}"])
def test_rows_that_draw_too_much_together_stay_as_they_are(braces):
    error = only(f"Bert LOAD REPORT from: x\nlayer.{braces}.w | MISSING |\n")
    assert error.missing == (f"layer.{braces}.w",)


SOURCE_LINE = """   1050         if len(error_msgs) > 0:
   1051             raise RuntimeError('Error(s) in loading state_dict for {}:\\n\\t{}'.format(
-> 1052                                self.__class__.__name__, "\\n\\t".join(error_msgs)))
"""


def test_torchs_own_source_in_a_traceback_is_no_error():
    assert only(SOURCE_LINE + "\n" + WHOLE).line == 5


def test_dots_right_after_a_name():
    error = only(
        HEADER + '\tMissing key(s) in state_dict: "conv1.weight".....\n\nUnexpected key(s) in state_dict: "module.conv1.weight"....'
    )
    assert (error.missing, error.unexpected, error.truncated) == (("conv1.weight",), ("module.conv1.weight",), True)


def test_nothing_is_read_where_nothing_is_wrong():
    for text in (
        "",
        "<All keys matched successfully>",
        "missing keys: []",
        "loaded state_dict, epoch 3",
        "Missing keys: none",
        "\x00\ud800",
        "missing keys: none, really",
        SOURCE_LINE,
    ):
        assert read_error_log(text).errors == ()


def test_several_errors_in_one_log():
    second = HEADER.replace("Pose", "DataParallel") + STEM.replace("96", "192")
    found = read_error_log(WHOLE + "\nla segunda vez:\n" + second).errors
    assert [error.model for error in found] == ["Pose", "DataParallel"]
    assert found[1].mismatches[0].model_shape == (192, 3, 4, 4)
    assert found[1].missing == ()


def test_the_same_message_twice_is_one_error():
    assert len(read_error_log(WHOLE + "\nThe above exception was the direct cause\n" + WHOLE).errors) == 1


def test_messages_without_a_header_part_where_names_repeat():
    found = read_error_log(STEM + STEM.replace("96", "192")).errors
    assert [error.mismatches[0].model_shape[0] for error in found] == [96, 192]


@pytest.mark.parametrize(
    "dressed",
    [
        WHOLE.replace("\n", "\r\n"),
        "".join(f"> {line}\n" for line in WHOLE.splitlines()),
        "".join(f">> > {line}\n" for line in WHOLE.splitlines()),
        "".join(f"[rank0]: {line}\n" for line in WHOLE.splitlines()),
        "".join(f"[1,0]<stderr>:{line}\n" for line in WHOLE.splitlines()),
        "".join(f"        {line}\n" for line in WHOLE.splitlines()),
        "".join(f"│ {line:<300} │\n" for line in WHOLE.splitlines()),
        "\x1b[31m" + WHOLE.replace("size mismatch", "\x1b[1;33msize\x1b[0m mis\x1b[4mmatch\x1b[0m") + "\x1b[0m",
        WHOLE.replace("size mismatch", "[0;31msize mismatch[0m"),
        repr(WHOLE),
        json.dumps({"message": WHOLE}),
        WHOLE.replace('"', "“"),
        WHOLE.replace('"', "â€œ"),
        WHOLE.replace('"', "&quot;"),
        WHOLE.replace(" ", "\xa0"),
        "\ufeff" + WHOLE.replace("state_dict", "state\u200b_dict"),
        "¡Falló otra vez! Salida:\n" + WHOLE + "\n¿Qué hago ahora?",
    ],
    ids=[
        "windows", "quoted", "quoted twice", "torchrun", "mpirun", "indented", "boxed", "colors", "colors without escape", "repr", "json",
        "smart quotes", "mojibake", "html", "hard spaces", "invisible", "prose",
    ],
)  # fmt: skip
def test_dress_changes_nothing(dressed):
    error = only(dressed)
    assert (error.model, error.missing, error.unexpected) == ("Pose", ("a.b.weight", "a.b.bias"), ("c.weight", "c.bias"))
    assert shapes(error) == STEM_SHAPES
    assert not error.truncated


@pytest.mark.parametrize("indent", ["", "    ", "> "])
@pytest.mark.parametrize("width", [9, 17, 40, 79, 80, 132])
def test_lines_wrapped_in_mid_word(width, indent):
    wrapped = "\n".join(indent + line[at : at + width] for line in WHOLE.splitlines() for at in range(0, len(line), width))
    error = only(wrapped)
    assert (error.model, error.missing, error.unexpected) == ("Pose", ("a.b.weight", "a.b.bias"), ("c.weight", "c.bias"))
    assert shapes(error) == STEM_SHAPES


def notebook(**output: object) -> dict[str, object]:
    return {"cells": [{"cell_type": "code", "source": ["load()\n"], "outputs": [output]}], "nbformat": 4}


@pytest.mark.parametrize("indent", [None, 1])
def test_notebooks(indent):
    colored = "\x1b[0;31mRuntimeError\x1b[0m: " + WHOLE.removeprefix("RuntimeError: ")
    error_output = notebook(output_type="error", ename="RuntimeError", evalue=WHOLE[14:], traceback=["\x1b[0;31m---\x1b[0m", colored])
    stream = notebook(output_type="stream", name="stdout", text=WHOLE.splitlines(keepends=True))
    for made in (error_output, stream):
        text = json.dumps(made, indent=indent)
        error = only(text)
        assert (error.model, error.missing, shapes(error)) == ("Pose", ("a.b.weight", "a.b.bias"), STEM_SHAPES)
        lines = text.split("\n")
        for mismatch in error.mismatches:
            assert mismatch.quote
            assert mismatch.quote in lines[mismatch.line - 1]


def test_a_cut_list_is_truncated_and_keeps_what_it_has():
    for tail in ('"a.b.weight", "a.b.bi', '"a.b.weight", ', '"a.b.weight", ...', '"a.b.weight"'):
        error = only(HEADER + "\tMissing key(s) in state_dict: " + tail)
        assert error.missing == ("a.b.weight",)
        assert error.truncated


def test_names_cut_in_the_middle_are_left_out():
    error = only(HEADER + '\tMissing key(s) in state_dict: "a.w", "module.back ... bias", "z.w". \n')
    assert error.missing == ("a.w", "z.w")
    assert error.truncated
    assert not error.ranges


def test_a_header_alone_is_truncated():
    error = only(HEADER)
    assert error.truncated
    assert error.model == "Pose"
    assert not error.missing


class TestRanges:
    def read(self, names: str) -> LoadError:
        return only(f"{HEADER}\tMissing key(s) in state_dict: {names}. \n")

    def test_plain_rows_are_inferred_and_kept_apart(self):
        error = self.read('"s.2.9.w", "s.2.10.w", ..., "s.2.26.w"')
        (row,) = error.ranges
        assert (row.template, row.first, row.last, len(row.names)) == ("s.2.{}.w", 9, 26, 18)
        assert error.missing == ("s.2.9.w", "s.2.10.w", "s.2.26.w")
        assert error.truncated

    @pytest.mark.parametrize(
        "names",
        [
            '"s.2.9.w", ..., "s.2.26.w"',  # no step is shown
            '"s.2.9.w", "s.2.11.w", ..., "s.2.26.w"',
            '"s.2.9.w", "s.2.9.b", ..., "s.2.26.b"',
            '"s.2.9.w", "s.2.10.w", ..., "s.3.26.w"',
            '"s.2.9.w", "s.2.10.w", ..., "t.2.26.w"',
            '"s.2.9.w", "s.2.10.w", ..., "s.2.4.w"',
            '"s.2.9.w", "s.2.10.w", ..., "s.2.026.w"',
            '"s.2.9.w", "s.2.10.w", ..., "s.2.999999.w"',
            '"s.2.9.w", "s.2.10.w", ...',
        ],
    )
    def test_other_rows_are_not(self, names):
        error = self.read(names)
        assert error.ranges == ()
        assert error.truncated


def test_variants_are_taken_from_the_lines_before_their_own_error():
    text = f"VARIANT = 'S'\n{WHOLE}\ncfg.variant: L\n{WHOLE.replace('96', '192')}\n{WHOLE.replace('96', '384')}"
    assert [error.variant for error in read_error_log(text).errors] == ["S", "L", ""]
    assert only("\n" * 60 + WHOLE).variant == ""


def test_messages_far_from_each_other_are_not_one_error():
    found = read_error_log(
        WHOLE + "\n" * 9 + STEM.replace("stem", "root") + "\n" * 9 + "unexpected key in source state_dict: fc.weight\n"
    ).errors
    assert [len(error.mismatches) for error in found] == [1, 1, 0]
    assert read_error_log(WHOLE + "unexpected key in source state_dict: fc.weight\n").errors[1].unexpected == ("fc.weight",)


def test_a_heading_ends_an_error():
    first, second = read_error_log(f"{HEADER}{STEM}\n## Otro intento\n\nMissing keys:\n  x.y.weight\n").errors
    assert (first.missing, second.missing, second.model) == ((), ("x.y.weight",), "")


@pytest.mark.skipif(not SEED.exists(), reason="the shared seeds are not here")
def test_the_two_logs_of_the_investigation():
    text = SEED.read_text()
    log = read_error_log(text, SEED.name)
    s, log_l = log.errors
    assert (s.variant, log_l.variant) == ("S", "L")
    assert [shapes(error) for error in log.errors] == [
        [("module.backbone.downsample_layers.0.0.weight", (48, 3, 4, 4), (width, 3, 4, 4))] for width in (96, 192)
    ]
    assert s.missing == ()
    assert not s.truncated
    (row,) = log_l.ranges
    assert (row.template, row.first, row.last, len(row.names)) == ("module.backbone.stages.2.{}.dwconv.weight", 9, 26, 18)
    lines = text.split("\n")
    for line, quote in ((s.line, s.quote), (log_l.missing_line, log_l.missing_quote)):
        assert quote
        assert quote in lines[line - 1]


class TestAgainstTorch:
    """Messages that the installed torch makes are read back exactly."""

    def message(self, model: object, state: object) -> str:
        with pytest.raises(RuntimeError) as caught:
            model.load_state_dict(state)
        return str(caught.value)

    def modules(self) -> list[tuple[object, object]]:
        from torch import nn

        small, large = (
            nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)),
            nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Linear(2, 2)),
        )
        lstm = nn.LSTM(3, 4, num_layers=2), nn.LSTM(3, 5, num_layers=3, bidirectional=True)
        encoder = nn.TransformerEncoderLayer(8, 2, 16), nn.TransformerEncoderLayer(8, 2, 24)
        named = nn.ModuleDict({"fc-1": nn.Linear(2, 3), "ünï": nn.Linear(1, 1)}), nn.ModuleDict({"fc-1": nn.Linear(2, 2)})
        scalar = nn.ParameterDict({"t": nn.Parameter(nn.Linear(1, 1).bias.sum())}), nn.ParameterDict({"t": nn.Linear(2, 2).weight})
        return [
            (small, large),
            (large, small),
            lstm,
            lstm[::-1],
            encoder,
            named,
            named[::-1],
            scalar,
            scalar[::-1],
            (small, nn.DataParallel(large)),
        ]

    def test_names_and_shapes_are_exact(self):
        for model, other in self.modules():
            state = other.state_dict()
            error = only("RuntimeError: " + self.message(model, state) + "\n")
            ours = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
            theirs = {name: tuple(tensor.shape) for name, tensor in state.items()}
            assert error.model == type(model).__name__
            missing = [n for n in ours if n not in theirs]
            assert sorted(error.missing) == sorted(n for n in missing if not n.endswith("num_batches_tracked"))
            assert sorted(error.unexpected) == sorted(n for n in theirs if n not in ours)
            assert shapes(error) == [(n, theirs[n], s) for n, s in ours.items() if n in theirs and theirs[n] != s]
            assert not error.truncated

    def test_incompatible_keys_printed(self):
        from torch import nn

        answer = nn.Linear(2, 2).load_state_dict(OrderedDict(other=nn.Linear(2, 2).weight), strict=False)
        error = only(f"{answer}")
        assert (error.missing, error.unexpected) == (("weight", "bias"), ("other",))
