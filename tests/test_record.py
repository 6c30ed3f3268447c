"""audit.json: the contract's names, resolved references, equal bytes; and saved facts that come back equal."""

from __future__ import annotations

import contextlib
import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from renderers import sample_reports as samples

from auditor import record_models
from auditor.errors import UsageError
from auditor.facts import Facts, Training
from auditor.record import dump, facts_from_json, facts_to_json, record_of, schema, stage_record, write_json

CONTRACT = Path(__file__).parents[1].parent / "shared" / "check_contract.py"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)


@pytest.fixture(params=sorted(samples.SITUATIONS))
def situation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_contract_holds(situation: str, tmp_path: Path) -> None:
    if not CONTRACT.is_file():
        pytest.skip("the contract is not beside this checkout")
    (tmp_path / "audit.json").write_text(dump(record_of(samples.SITUATIONS[situation]())))
    made = subprocess.run([sys.executable, str(CONTRACT), str(tmp_path)], capture_output=True, text=True, check=False)
    assert (made.returncode, made.stdout) == (0, "")


def test_equal_reports_give_equal_bytes(situation: str) -> None:
    first, second = (dump(record_of(samples.SITUATIONS[situation]())) for _ in range(2))
    assert first == second
    assert first.endswith("}\n")
    assert "NaN" not in first
    assert "Infinity" not in first
    first.encode()


def test_every_reference_resolves(situation: str) -> None:
    made = json.loads(dump(record_of(samples.SITUATIONS[situation]())))
    evidence = {piece["id"] for piece in made["evidence"]}
    assert [piece["id"] for piece in made["evidence"]] == [f"e{n}" for n in range(1, len(evidence) + 1)]
    for kind in ("links", "claims", "findings"):
        for item in made[kind]:
            assert item["evidence"]
            assert set(item["evidence"]) <= evidence
    assert len({(e["source"], e["locator"], e["quote"], e["sha256"]) for e in made["evidence"]}) == len(evidence)
    assert {piece["source"] for piece in made["evidence"]} <= {source["id"] for source in made["sources"]}


def test_a_checkpoint_is_recorded_whole() -> None:
    made = json.loads(dump(record_of(samples.consistent())))
    large = next(a for a in made["artifacts"] if a["name"] == "PoseNeXt_L.tar")["checkpoints"][0]
    assert large["parameters"] == {"learnable": 8_380_352, "buffers": 11_002, "total": 8_391_354}
    assert large["architecture"]["head"] == {
        "kind": "depthwise_separable",
        "kernels": [3, 3, 3],
        "channels": [512, 512, 512],
        "outputs": [1152],
        "final_layers": ["head.final_layer"],
    }
    assert large["tensors"][0] == {"name": "backbone.downsample_layers.0.0.weight", "shape": [48, 3, 4, 4], "dtype": "float32"}
    assert large["architecture"]["closest"] == [{"name": "convnext_femto", "score": 1.0}]
    assert large["cost"]["input"] == [256, 256]
    assert large["dtypes"] == {"float32": 6}
    assert large["training"]["recorded_metrics"] == {"best": 51.25}


def test_what_could_not_be_read_is_recorded_as_that() -> None:
    made = json.loads(dump(record_of(samples.contradicted())))
    broken = next(a for a in made["artifacts"] if a["name"] == "PoseNeXt_H.tar")
    assert broken["checkpoints"] == []
    assert broken["unreadable"] == [
        {"member": None, "kind": "truncated", "reason": "the file ends before its directory does", "status": "error"}
    ]


def test_a_metric_that_is_not_a_number_is_written_as_text() -> None:
    report = samples.consistent()
    artifact, item = report.facts.inspected()[0]
    training = Training(epoch=1, recorded_metrics=(("loss", math.nan), ("best", math.inf)))
    item = replace(item, checkpoint=replace(item.checkpoint, training=training))
    facts = replace(report.facts, artifacts=(replace(artifact, contents=(item,)), *report.facts.artifacts[1:]))
    made = json.loads(dump(record_of(replace(report, facts=facts))), parse_constant=pytest.fail)
    assert made["artifacts"][0]["checkpoints"][0]["training"]["recorded_metrics"] == {"best": "inf", "loss": "nan"}
    again = facts_from_json(facts_to_json(facts)).artifacts[0].contents[0]
    assert math.isnan(again.checkpoint.training.recorded_metrics[0][1])  # type: ignore[union-attr]


def test_every_field_is_described() -> None:
    models = [
        m
        for m in vars(record_models).values()
        if isinstance(m, type) and issubclass(m, BaseModel) and m.__module__ == record_models.__name__
    ]
    assert len(models) > 20
    assert [f"{m.__name__}.{name}" for m in models for name, field in m.model_fields.items() if not field.description] == []
    assert [m.__name__ for m in models if not m.__doc__] == []


def test_the_schema_has_the_names_of_the_record() -> None:
    made = schema()
    assert made["$schema"].startswith("https://json-schema.org/")
    assert set(made["required"]) >= {"tool", "sources", "evidence", "links", "claims", "artifacts", "variants", "findings", "stats"}
    record = json.loads(dump(record_of(samples.missing())))
    assert set(record) == set(made["properties"])


def test_lists_of_numbers_and_tensors_stand_on_one_line() -> None:
    tensor = {"name": "w", "shape": [4, 3], "dtype": "float32"}
    assert write_json({"a": [1, 2.5, -3e-07], "b": ["\n  1"], "c": [], "d": {}, "e": [tensor], "f": "ü"}) == (
        '{\n  "a": [1, 2.5, -3e-07],\n  "b": [\n    "\\n  1"\n  ],\n  "c": [],\n  "d": {},\n'
        '  "e": [\n    {"name": "w", "shape": [4, 3], "dtype": "float32"}\n  ],\n  "f": "ü"\n}\n'
    )


@given(JSON)
def test_what_is_written_is_json(value: object) -> None:
    assert json.loads(write_json(value)) == value


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError):
        write_json({"a": math.nan})


@pytest.mark.parametrize("kind", ["links", "claims", "artifacts"])
def test_a_stage_prints_its_records(kind: str) -> None:
    facts = samples.missing().facts
    made = stage_record(kind, links=facts.links, claims=facts.claims, artifacts=facts.artifacts, sources=facts.sources)  # type: ignore[arg-type]
    whole = json.loads(dump(record_of(samples.missing())))
    assert made["schema_version"] == "1"
    json.loads(write_json(made))
    if kind == "artifacts":
        assert made["artifacts"] == whole["artifacts"]
    else:
        assert [item["id"] for item in made[kind]] == [item["id"] for item in whole[kind]]
        assert {e for item in made[kind] for e in item["evidence"]} <= {e["id"] for e in made["evidence"]}


def test_saved_facts_come_back_equal(situation: str) -> None:
    facts = samples.SITUATIONS[situation]().facts
    clean = facts_from_json(facts_to_json(facts))  # what an attack had of lone surrogates is gone now
    assert facts_from_json(facts_to_json(clean)) == clean
    if situation != "hostile":
        assert clean == facts


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(st.characters(exclude_categories=["Cs"]))),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.tuples(inner, inner),
            st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), inner, max_size=3),
        ),
        max_leaves=6,
    )
)
def test_a_claims_value_keeps_its_types(value: object) -> None:
    claim = replace(samples.AUTHORS_CLAIMS[0], value=value)
    facts = replace(samples.consistent().facts, claims=(claim,))
    again = facts_from_json(facts_to_json(facts)).claims[0].value
    assert (again, repr(again)) == (value, repr(value))


def test_saved_facts_render_the_same_report() -> None:
    report = samples.missing()
    again = replace(report, facts=facts_from_json(facts_to_json(report.facts)))
    assert dump(record_of(again)) == dump(record_of(report))


SAVED = facts_to_json(samples.missing().facts)


@pytest.mark.parametrize(
    "broken", ["", "{}", "[]", "null", '{"facts_version": "1"}', '{"facts_version": "1", "facts": {"claims": 3}}', "[" * 100_000]
)
def test_broken_facts_are_a_usage_error(broken: str) -> None:
    with pytest.raises(UsageError):
        facts_from_json(broken)


@given(st.integers(0, len(SAVED) - 2))
def test_cut_off_facts_are_a_usage_error(length: int) -> None:
    with pytest.raises(UsageError):
        facts_from_json(SAVED[:length])


@given(st.sampled_from(sorted(set(re.findall(r'"\w+"', SAVED)))), st.sampled_from(['"x"', "0"]))
def test_facts_with_other_names_are_read_or_refused(name: str, other: str) -> None:
    with contextlib.suppress(UsageError):
        assert isinstance(facts_from_json(SAVED.replace(name, other, 1)), Facts)
