from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.claims.file import EXAMPLE, read_claims_file
from auditor.errors import UsageError
from auditor.facts import Status

GOOD = """source: config_variants.py of a fork
variants:
  L: {params: 197.8M, gflops: 34.4, dims: [192, 384, 768, 1536], depths: [3, 3, 27, 3], first_layer: [192, 3, 4, 4],
      metrics: {"MPJPE (protocol 2)": 42.3 mm}}
  M: {params: 88600000, dims: [128, 256, 512, 1024]}
"""


def test_the_contracts_file_is_read_with_lines():
    claims, source = read_claims_file(GOOD, "mine.yaml")
    assert [(c.variant, c.attribute, c.value, c.unit) for c in claims] == [
        ("L", "params", 197.8, "M"),
        ("L", "gflops", 34.4, "G"),
        ("L", "dims", [192, 384, 768, 1536], None),
        ("L", "depths", [3, 3, 27, 3], None),
        ("L", "first_layer", [192, 3, 4, 4], None),
        ("L", "MPJPE", 42.3, "mm"),
        ("M", "params", 88600000, None),
        ("M", "dims", [128, 256, 512, 1024], None),
    ]
    assert claims[5].setting == "protocol 2"
    assert claims[5].evidence.locator == "mine.yaml#L4"
    assert claims[0].printed == "197.8M"
    assert {c.evidence.source for c in claims} == {source.id} == {"claims:mine.yaml"}
    assert (source.kind, source.status, source.detail) == ("claims", Status.OK, "config_variants.py of a fork")
    for claim in claims:
        line = int(claim.evidence.locator.partition("#L")[2])
        assert claim.evidence.quote == GOOD.splitlines()[line - 1].strip()


def test_the_rank_is_not_the_files_to_set():
    claims, _ = read_claims_file("rank: primary\nvariants:\n  L: {params: 1.5M, rank: primary, origin: paper}", "f.yaml")
    assert [(c.rank, c.origin) for c in claims] == [("secondary", "file")]


def test_the_example_in_the_help_is_valid():
    assert len(read_claims_file(EXAMPLE, "example.yaml")[0]) == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("- 1", "line 1"),
        ("variants: 3", "variants must be a mapping"),
        ("other: 1\nvariants: {}", "`other` is not known"),
        ("source: x", "no `variants`"),
        ("variants:\n  L: {parms: 3M}", "line 2: `parms` is not known"),
        ("variants:\n  L: {params: big}", "line 2: `params` must be a number"),
        ("variants:\n  L: {params: [1, 2]}", "params must be a single value"),
        ("variants:\n  L: {params: -3M}", "must be a number"),
        ("variants:\n  L: {params: 3 mm}", "cannot be in"),
        ("variants:\n  L: {dims: 96}", "`dims` must be a list"),
        ("variants:\n  L: {dims: [a]}", "whole numbers"),
        ("variants:\n  L: {dims: [1.5]}", "whole numbers"),
        ("variants:\n  L: {metrics: {AP: good}}", "must be one number"),
        ("variants:\n  L: {metrics: 3}", "metrics must be a mapping"),
        ("variants: {L: {params: 1M, params: 2M}}", "stands twice"),
        ("variants: {L: {source: [1]}}", "single value"),
        ("variants: {[a]: {params: 1M}}", "a key must be"),
        ("a: &a [x]\nb: *a", "aliases"),
        ('!!python/object/apply:os.system ["true"]', "aliases, anchors and tags"),
        ("variants: {L: ", "not valid YAML"),
        ("variants:\n\t- x", "not valid YAML"),
        ("[" * 20_000, "nested too deeply"),
        ("x" * 1_000_001, "too long"),
    ],
)
def test_misuse_is_said_with_its_line_and_a_valid_example(text, words):
    with pytest.raises(UsageError) as caught:
        read_claims_file(text, "f.yaml")
    assert words in str(caught.value)
    if "too long" not in words and "nested" not in words:
        assert "variants:" in caught.value.help


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(UsageError, match="UTF-8"):
        read_claims_file(b"\xff\xfe\x00", "f.yaml")
    assert read_claims_file(GOOD.encode(), "mine.yaml")[0]


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_gives_claims_or_a_usage_error(text):
    try:
        claims, _ = read_claims_file(text, "f.yaml")
    except UsageError:
        return
    assert all(claim.rank == "secondary" for claim in claims)
