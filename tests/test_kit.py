"""Contract tests over the kit: whatever is added to it is held to these before it has tests of its own."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.blob import BytesBlob
from auditor.errors import FormatError, MissingExtra
from auditor.facts import Document, Facts, Outline, Repository, Tensor
from auditor.formats.interface import Limits
from auditor.kit import default_kit
from auditor.repositories.interface import Target

KIT = default_kit()
HOSTILE_ADDRESSES = (
    "",
    "x",
    "http://",
    "https://[::1",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//a/b",
    "https://e.org/" + "a" * 9000,
    "\0",
    "http://é.com/ü",
)


@pytest.mark.parametrize("room", ["sources", "hosts", "readers", "recognizers", "extractors", "checks", "renderers"])
def test_names_are_unique_and_everything_says_what_it_is(room):
    members = getattr(KIT, room)
    assert members
    names = [member.name for member in members]
    assert len(set(names)) == len(names)
    for member in members:
        assert (type(member).__doc__ or "").strip(), f"{type(member).__name__} has no docstring"


@pytest.mark.parametrize("host", KIT.hosts, ids=lambda host: host.name)
@pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
def test_hosts_accept_without_looking(host, address):
    assert isinstance(host.accepts(address), bool)


def test_some_host_takes_every_address():
    for address in HOSTILE_ADDRESSES:
        assert any(host.accepts(address) for host in KIT.hosts)


@pytest.mark.parametrize("source", KIT.sources, ids=lambda source: source.name)
def test_sources_accept_without_looking(source):
    for text in ("a/b", ".", "", "https://github.com/a/b", "\0"):
        assert isinstance(source.accepts(Target(text)), bool)


@pytest.mark.parametrize("reader", KIT.readers, ids=lambda reader: reader.name)
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_readers_raise_nothing_but_format_errors(reader, data):
    assert isinstance(reader.accepts(data, len(data)), bool)
    with suppress(FormatError, MissingExtra):
        reader.read(BytesBlob(data, "x"), Limits(seconds=5))


@pytest.mark.parametrize("recognizer", KIT.recognizers, ids=lambda recognizer: recognizer.name)
def test_recognizers_survive_strange_tensors(recognizer):
    rng = random.Random(1)
    words = ["weight", "bias", "layers", "0", "1", "stages", "blocks", "attn", "qkv", "norm", "head", "conv1", "bn1", "encoder", "", "é"]
    for _ in range(60):
        tensors = tuple(
            Tensor(
                ".".join(rng.choices(words, k=rng.randint(0, 6))), tuple(rng.choices([0, 1, 3, 64, 10**9], k=rng.randint(0, 4))), "float32"
            )
            for _ in range(rng.randint(0, 40))
        )
        if recognizer.accepts(tensors):
            found = recognizer.recognize(tensors)
            assert found is None or 0 <= found.explained <= 1


@pytest.mark.parametrize("extractor", KIT.extractors, ids=lambda extractor: extractor.name)
def test_extractors_find_nothing_in_nothing(extractor):
    from auditor.claims.interface import ClaimContext

    empty = Outline(Document("README.md", "", "0" * 64, "document:README.md"))
    assert not extractor.accepts(empty) or extractor.extract(empty, ClaimContext("a/b")) == ()


@pytest.mark.parametrize("check", KIT.checks, ids=lambda check: check.name)
def test_checks_of_nothing_find_nothing_and_say_what_they_ask(check):
    nothing = Facts("0", "", 0.0, Repository("a/b", "main", "0" * 40, ""))
    assert check.check(nothing) == ()
    assert check.question.endswith("?")
    assert check.why.endswith(".")


@pytest.mark.parametrize("renderer", KIT.renderers, ids=lambda renderer: renderer.name)
def test_renderers_render_an_empty_audit(renderer):
    from auditor.pipeline import conclude

    report = conclude(Facts("0", "2026-01-01T00:00:00Z", 0.0, Repository("a/b", "main", "0" * 40, "https://github.com/a/b")), KIT)
    text = renderer.render(report)
    assert text is None or text.endswith("\n")
    assert renderer.render(report) == text
