"""Whatever a log holds, reading it ends soon and never raises; what is read of a part also stands in the whole."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.documents import error_log_messages, error_log_text, error_logs
from auditor.documents.error_logs import read_error_log

SAMPLE = (
    "VARIANT='L'\nRuntimeError: Error(s) in loading state_dict for DataParallel:\n"
    '\tMissing key(s) in state_dict: "m.s.2.9.w", "m.s.2.10.w", ..., "m.s.2.26.w". \n'
    '\tUnexpected key(s) in state_dict: "h.weight", "h.bias". \n'
    "\tsize mismatch for m.0.weight: copying a param with shape torch.Size([48, 3, 4, 4]) from checkpoint, "
    "the shape in current model is torch.Size([192, 3, 4, 4]).\n"
    "size mismatch for m.1.bias: copying a param of torch.Size([48]) from checkpoint, where the shape is torch.Size([192]) in current model.\n"
    "_IncompatibleKeys(missing_keys=['a.b'], unexpected_keys=['c.d'])\n"
    "Some weights of Bert were not initialized from the model checkpoint at x and are newly initialized: ['q.w']\n"
    "- r.w: found shape torch.Size([2, 3]) in the checkpoint and torch.Size([4, 3]) in the model instantiated\n"
    "missing keys in source state_dict: neck.a, neck.b\n\n"
    "Missing keys:\n  l.9.weight\n  l.10.weight\n  ...\n  l.12.weight\n"
)
WHOLE = read_error_log(SAMPLE)
NAMES = {n for e in WHOLE.errors for n in (*e.missing, *e.unexpected, *(m.name for m in e.mismatches))}


def names_of(text: str) -> set[str]:
    return {n for e in read_error_log(text).errors for n in (*e.missing, *e.unexpected, *(m.name for m in e.mismatches))}


def test_the_sample_is_read():
    assert {"m.s.2.26.w", "h.bias", "m.0.weight", "m.1.bias", "a.b", "c.d", "q.w", "r.w", "neck.b", "l.12.weight"} <= NAMES


def test_cut_after_every_character():
    for end in range(len(SAMPLE)):
        # A bare name at the very end may itself be cut; a quoted one is read whole or not at all.
        assert {n for n in names_of(SAMPLE[:end]) if not any(name.startswith(n) for name in NAMES)} == set(), end


def test_begun_at_every_character():
    for start in range(len(SAMPLE)):
        assert {n for n in names_of(SAMPLE[start:]) if not any(name.endswith(n) for name in NAMES)} == set(), start


def test_a_character_gone_from_every_place():
    for at in range(0, len(SAMPLE), 2):
        read_error_log(SAMPLE[:at] + SAMPLE[at + 1 :])


@given(st.integers(3, 200), st.sampled_from(["", "  ", "> ", "[rank3]: "]))
def test_wrapped_anywhere(width, mark):
    text = SAMPLE[: SAMPLE.index("missing keys in source")]
    lines = [line[at : at + width] for line in text.split("\n") for at in range(0, max(1, len(line)), width)]
    expected = names_of(text)
    assert names_of("\n".join(mark + line for line in lines)) == expected


@given(st.text(max_size=400))
@settings(max_examples=200)
def test_any_text(text):
    read_error_log(text)


PIECES = (
    "Error(s) in loading state_dict for ", "X:", "Missing key(s) in state_dict: ", "Unexpected key(s) in state_dict: ", '"a.1.w"', '"a.2.w"',
    ", ", "...", ". ", "\n", "size mismatch for ", "b.w", ": copying a param with shape ", "torch.Size([", "1, 2", "])", " from checkpoint, ",
    "the shape in current model is ", "missing_keys=[", "]", "'", "Missing keys:", "# h", "\\n", "\x1b[0m", "variant=L", "99999999999999999999",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=60))
@settings(max_examples=300)
def test_any_row_of_pieces(pieces):
    for error in read_error_log("".join(pieces)).errors:
        assert error.line >= 1
        assert all(error_logs.LONGEST_RANGE >= row.last - row.first > 1 for row in error.ranges)


@given(
    st.lists(
        st.tuples(st.from_regex(r"[A-Za-z_]\w{0,8}(\.\w{1,8}){0,5}", fullmatch=True), st.lists(st.integers(0, 10**9), max_size=6)),
        min_size=1,
        max_size=12,
        unique_by=lambda p: p[0],
    )
)
def test_names_and_shapes_come_back(pairs):
    lines = [
        f"\tsize mismatch for {name}: copying a param with shape torch.Size({[*shape, 1]}) from checkpoint, "
        f"the shape in current model is torch.Size({[*shape, 2]})."
        for name, shape in pairs
    ]
    (error,) = read_error_log("RuntimeError: Error(s) in loading state_dict for N:\n" + "\n".join(lines)).errors
    assert [(m.name, m.checkpoint_shape, m.model_shape) for m in error.mismatches] == [(n, (*s, 1), (*s, 2)) for n, s in pairs]


@pytest.mark.parametrize(
    "unit",
    [
        " ", "\n", "\\", '"', "a\n", ".", "[", "> ", "\x1b[", "0123456789;", "[1;", "&quot;", "missing keys ", "missing keys:\n", "sizemismatchfor",
        "size mismatch for a", "Error(s) in loading state_dict for ", 'Missing key(s) in state_dict: "a"', '"a",', "...,", "found shape ",
        "a:", "Some weights of X were not initialized from the model checkpoint at ", "variant", "# ", "missing key: a.b,", "- a.b\n",
    ],
)  # fmt: skip
def test_repetition_costs_linear_work(unit):
    # Without a clock: a pattern that backtracks over all of this would not come back.
    text = "state_dict missing key\n" + unit * (400_000 // len(unit))
    read_error_log(text)
    read_error_log(text.replace("\n", " "))
    read_error_log("Missing keys: " + unit * (60_000 // len(unit)) + "!")
    read_error_log("Missing key(s) in state_dict: " + unit * (60_000 // len(unit)))


def test_a_huge_log_keeps_its_one_error_and_its_line():
    filler = "epoch 12  [  100/ 5000]  loss 0.1234 (0.2345)  lr 1.0e-04  eta 1:23:45\n"
    count = 4_000_000 // len(filler)
    text = filler * count + SAMPLE + filler * count
    tracemalloc.start()
    log = read_error_log(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert log.errors[0].line == count + 2
    assert names_of(text) >= {"m.0.weight", "h.bias"}
    assert peak < 32 << 20  # the parts around the error; the rest is passed over block by block


def test_limits_are_said(monkeypatch):
    monkeypatch.setattr(error_log_text, "MAX_CHARACTERS", 120)
    assert read_error_log(SAMPLE).cut
    monkeypatch.undo()
    monkeypatch.setattr(error_log_text, "MAX_LINES", 3)
    assert read_error_log(SAMPLE).cut
    monkeypatch.undo()
    monkeypatch.setattr(error_log_messages, "MAX_NAMES", 2)
    assert any(error.truncated for error in read_error_log('Missing key(s) in state_dict: "a", "b", "c". ').errors)
    assert not WHOLE.cut
