"""The strict comparison of names and shapes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from auditor.architectures.fit import Fit, compare
from auditor.facts import Tensor


def tensor(name, *shape):
    return Tensor(name, shape, "float32")


def test_every_tensor_has_one_place():
    expected = [tensor("a", 1), tensor("b", 2), tensor("c", 3)]
    fit = compare(expected, [tensor("b", 2), tensor("x", 1), tensor("a", 9)])
    assert fit == Fit(matched=("b",), mismatched=("a",), unexpected=("x",), missing=("c",))
    assert fit.explained == 1 / 3


def test_a_repeated_name_fits_once():
    fit = compare([tensor("a", 1)], [tensor("a", 1), tensor("a", 1)])
    assert (fit.matched, fit.unexpected, fit.explained) == (("a",), ("a",), 0.5)


def test_scalars_fit_scalars_alone():
    assert compare([tensor("n")], [tensor("n")]).matched == ("n",)
    assert compare([tensor("n")], [tensor("n", 1)]).mismatched == ("n",)


def test_nothing_explains_nothing():
    assert compare([], []).explained == 0.0


TENSORS = st.lists(st.builds(Tensor, st.sampled_from("abcde"), st.sampled_from([(), (1,), (2, 2)]), st.just("float32")), max_size=8)


@given(TENSORS, TENSORS)
def test_no_tensor_is_lost(expected, tensors):
    fit = compare(expected, tensors)
    assert sorted(fit.matched + fit.mismatched + fit.unexpected) == sorted(tensor.name for tensor in tensors)
    assert set(fit.missing) == {tensor.name for tensor in expected} - {tensor.name for tensor in tensors}
    assert 0.0 <= fit.explained <= 1.0
