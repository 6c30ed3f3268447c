"""Limits as they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli.limits import limited, said, size_typed, time_typed
from auditor.errors import UsageError
from auditor.net import NetworkSettings


@pytest.mark.parametrize(
    ("text", "size"),
    [("1000", 1000), ("2GB", 2 * 10**9), ("2gb", 2 * 10**9), ("1.5 GiB", 3 << 29), ("500M", 5 * 10**8), ("1KiB", 1024), ("3T", 3 * 10**12)],
)
def test_sizes(text, size):
    assert size_typed(text) == size


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("30m", 1800), ("30 min", 1800), ("1.5h", 5400), ("2s", 2)])
def test_times(text, seconds):
    assert time_typed(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "GB", "2XB", "1e9", "2GB2", "٣GB", "nan", "inf", "1" * 30])
def test_what_is_no_amount_is_a_usage_error(text):
    for read in (size_typed, time_typed):
        with pytest.raises(UsageError) as caught:
            read(text)
        assert caught.value.help


@given(st.text(max_size=20))
def test_any_text_is_an_amount_or_a_usage_error(text):
    for read in (size_typed, time_typed):
        try:
            assert read(text) > 0
        except UsageError:
            continue


def test_reading_whole_files_may_cost_more_and_says_so():
    plain, full = limited(NetworkSettings(), "header"), limited(NetworkSettings(), "full")
    assert plain == NetworkSettings(max_seconds_per_host=plain.max_seconds_per_host)
    assert (full.max_bytes, full.max_bytes_per_host, full.max_seconds) == (64 * 10**9, 64 * 10**9, 6 * 3600)
    assert said(full) == "files are read whole: at most 64 GB and 6 hours (--max-bytes, --max-seconds)"


def test_what_is_typed_counts():
    settings = limited(NetworkSettings(), "full", "3GB", "10m", 2)
    assert (settings.max_bytes, settings.max_seconds, settings.requests_per_host) == (3 * 10**9, 600, 2)
    assert settings.max_bytes_per_host >= 3 * 10**9
    for jobs in (0, -1, 33):
        with pytest.raises(UsageError):
            limited(NetworkSettings(), "header", jobs=jobs)
