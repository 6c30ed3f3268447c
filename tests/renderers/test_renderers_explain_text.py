"""What `audit explain` prints: 80 columns, nothing of strangers' that a terminal would obey, and records that name their evidence."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.architectures.builders import blueprint_convnext_pose
from auditor.documents.error_logs import read_error_log
from auditor.errors import UsageError
from auditor.explaining.against import hold_against
from auditor.explaining.explanation import explain
from auditor.explaining.files import ExplainedLog, claims_of_logs, explain_paths
from auditor.facts import Checkpoint, Tensor
from auditor.renderers.explain_text import explain_text, held_notes, held_record, held_text, to_record

LOG = (
    "RuntimeError: Error(s) in loading state_dict for DataParallel:\n"
    "\tsize mismatch for module.backbone.downsample_layers.0.0.weight: copying a param with shape torch.Size([48, 3, 4, 4]) from checkpoint, "
    "the shape in current model is torch.Size([192, 3, 4, 4]).\n"
    "Missing keys:\n    module.backbone.stages.2.9.dwconv.weight\n    module.backbone.stages.2.10.dwconv.weight\n    ...\n"
    "    module.backbone.stages.2.26.dwconv.weight  (18 bloques)\n"
)


def made(text: str, path: str = "run.log") -> tuple[ExplainedLog, ...]:
    log = read_error_log(text, path)
    return (ExplainedLog(log, explain(log)),)


def test_text_says_both_sides_and_what_was_inferred():
    text = " ".join(explain_text(made(LOG)).split())
    for words in (
        "checkpoint convnext; stem 48 channels", "model convnext; stem 192 channels", "stage 2: 9 blocks (inferred)", "stage 2: 27 blocks (inferred)",
        "3 missing (18 with the inferred ones)", "published networks not ruled out: convnext_large", "run.log#L2", "only that they differ",
    ):  # fmt: skip
        assert words in text
    assert max(map(len, explain_text(made(LOG)).split("\n"))) <= 80


def test_a_log_without_errors():
    assert explain_text(made("nothing here")) == "run.log: no load_state_dict error was found in it.\n"


@given(st.text(max_size=60), st.text(max_size=40))
@settings(max_examples=40)
def test_anything_is_printed_within_80_columns_and_printable(name, path):
    text = explain_text(made(LOG.replace("downsample_layers", name).replace("DataParallel", name), path))
    assert all(len(line) <= 80 for line in text.split("\n"))
    assert not {character for character in text if unicodedata.category(character) in ("Cc", "Cs")} - {"\n"}


def test_commands_to_the_terminal_are_taken_away():
    text = explain_text(made(LOG.replace("(18 bloques)", "\x1b]0;title\x07"), "\x1b[2Jevil\u202e.log"))
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_records_name_their_evidence():
    record = to_record(made(LOG) + made("nothing", "other.log"))
    assert json.loads(json.dumps(record)) == record
    assert record["schema_version"] == "1"
    (error,) = record["logs"][0]["errors"]
    assert record["logs"][1]["errors"] == []
    ids = {piece["id"] for piece in record["evidence"]}
    assert error["evidence"]
    assert set(error["evidence"]) == ids
    lines = LOG.split("\n")
    for piece in record["evidence"]:
        assert piece["quote"] in lines[int(piece["locator"].rpartition("#L")[2]) - 1]
        assert len(piece["sha256"]) == 64
    assert error["checkpoint"]["stem_channels"] == 48
    assert error["model"]["blocks"] == [{"place": "module.backbone.stages.2", "stage": 2, "count": 27, "exact": True, "inferred": True}]
    assert error["ranges"][0]["last"] == 26


def held(spec: str):
    tensors = blueprint_convnext_pose((2, 2, 6, 2), (40, 80, 160, 320), 128, 576).tensors()
    return hold_against(spec, Checkpoint(None, "torch_zip", None, None, "", tensors, "0" * 64))


def test_against_prints_torchs_lines_as_they_are():
    outcome = held("convnext_femto")
    assert held_text(outcome, "x.pth") == "\n".join(outcome.lines) + "\n"
    assert held_record(outcome, "x.pth")["against"]["fits"] is False
    assert "note: claimed: convnext, depths 2, 2, 6, 2; dims 48, 96, 192, 384" in held_notes(outcome)


def test_hostile_names_of_a_checkpoint_are_made_harmless():
    tensors = (
        *blueprint_convnext_pose((2, 2, 6, 2), (40, 80, 160, 320), 128, 576).tensors(),
        Tensor("backbone.stages.\x1b[2J\u202e", (1,), "float32"),
    )
    text = held_text(hold_against("convnext_atto", Checkpoint(None, "torch_zip", None, None, "", tensors, "0" * 64)), "x.pth")
    assert "Unexpected key(s)" in text
    assert not {"\x1b", "\u202e"} & set(text)


def test_against_says_that_everything_fits():
    outcome = held("convnext_atto")
    assert held_text(outcome, "x.pth") == "x.pth loads into convnext_atto: every name and shape fits.\n"
    assert held_record(outcome, "x.pth")["against"]["fits"] is True


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_files_of_any_encoding(tmp_path, encoding):
    path = tmp_path / "año.log"
    path.write_bytes(("¡Falló!\n" + LOG).encode(encoding))
    (explained,) = explain_paths([str(path)])
    assert len(explained.explanations) == 1
    claims, (source,) = claims_of_logs([str(path)])
    assert [claim.value for claim in claims] == [[48, 3, 4, 4]]
    assert source.sha256 == explained.log.sha256 == claims[0].evidence.sha256


def test_files_that_cannot_be_read(tmp_path):
    for path in (tmp_path, tmp_path / "none.log", "a\x00b"):
        with pytest.raises(UsageError):
            explain_paths([str(path)])


def test_bytes_of_any_kind(tmp_path):
    path = tmp_path / "x.bin"
    for data in (b"", b"\x00" * 100, bytes(range(256)) * 20, LOG.encode() + b"\xff\xfe", b"\xff\xfe" + LOG.encode()):
        path.write_bytes(data)
        explain_text(explain_paths([str(path)]))
