"""Checks by hand: run for real where they can be, at most ten lines, and no stranger's word becomes a command."""

from __future__ import annotations

import json
import math
import shlex
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from renderers import sample_reports as samples

from auditor.facts import Artifact, Inspected, Repository, Safety, Tensor
from auditor.telling.by_hand import LONGEST_SCRIPT, check_checkpoint, check_claim, check_listing, decisive_tensors

WILD = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*"'\"`$();&|<>\\\n #!-a/", "END", "$(touch x)"]), max_size=12).map("".join),
)


def local(path: Path, item: Inspected) -> Artifact:
    return replace(samples.artifact(path.name, item, 1), url=str(path))


def run(script: str, folder: Path) -> str:
    here = script.replace("python3 ", f"{shlex.quote(sys.executable)} ")
    return subprocess.run(["bash", "-euc", here], cwd=folder, capture_output=True, text=True, check=True).stdout


TENSORS = (Tensor("a.weight", (2, 3), "float32"), Tensor("b'\"$(x).weight", (4, 5), "float32"), Tensor("n.running_mean", (7,), "float32"))


def item_of(format: str, state_key: str | None = None, prefix: str = "") -> Inspected:
    item = samples.inspected("S")
    return replace(item, checkpoint=replace(item.checkpoint, format=format, state_key=state_key, prefix=prefix, tensors=TENSORS))


@pytest.mark.parametrize("name", ["model.pth", "odd 'name' $(touch pwned).pth"])
def test_the_torch_script_prints_what_it_promises(name: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    state = {f"module.{t.name}": torch.zeros(t.shape) for t in TENSORS}
    torch.save({"epoch": 3, "network": state}, tmp_path / name)
    item = item_of("torch_zip", "network", "module.")
    check = check_checkpoint(local(tmp_path / name, item), item, decisive_tensors(item))
    assert tuple(run(check.script, tmp_path).splitlines()) == check.expected == ("26", "[2, 3] [4, 5]")
    assert not (tmp_path / "pwned").exists()


def test_the_safetensors_script_prints_what_it_promises(tmp_path: Path) -> None:
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for tensor in TENSORS:
        size = 4 * math.prod(tensor.shape)
        header[tensor.name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}  # type: ignore[dict-item]
        offset += size
    words = json.dumps(header).encode()
    (tmp_path / "m.safetensors").write_bytes(struct.pack("<Q", len(words)) + words + bytes(offset))
    item = item_of("safetensors")
    check = check_checkpoint(local(tmp_path / "m.safetensors", item), item, decisive_tensors(item))
    assert tuple(run(check.script, tmp_path).splitlines()) == check.expected


def test_a_checkpoint_in_an_archive_is_unpacked_first(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    import tarfile

    torch.save({t.name: torch.zeros(t.shape) for t in TENSORS}, tmp_path / "inner.pth")
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "inner.pth", "weights/inner.pth")
    item = item_of("torch_zip")
    item = replace(item, checkpoint=replace(item.checkpoint, member="weights/inner.pth"))
    check = check_checkpoint(local(tmp_path / "all.tar.gz", item), item, decisive_tensors(item))
    assert tuple(run(check.script, tmp_path).splitlines()) == check.expected


@given(WILD, WILD, WILD, WILD, WILD)
def test_no_words_of_a_stranger_become_a_command(name: str, url: str, member: str, tensor: str, key: str) -> None:
    item = item_of("torch_zip", key, tensor)
    item = replace(item, checkpoint=replace(item.checkpoint, member=member, tensors=(Tensor(tensor, (2, 2), "float32"),)))
    check = check_checkpoint(replace(samples.artifact("x", item, 1), name=name, url=url), item, decisive_tensors(item))
    lines = check.script.splitlines()
    assert len(lines) <= LONGEST_SCRIPT
    assert lines[-1] == "END"
    assert lines.count("END") == 1
    python = check.script.partition(" <<'END'\n")[2].removesuffix("END")
    compile(python, "script", "exec")


NASTY = (
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "x\ntouch pwned\n",
    "-rf",
    "END\ntouch pwned",
    "a'$(touch pwned)'b",
)


@pytest.mark.parametrize("word", NASTY)
@pytest.mark.parametrize("url", ["https://host.example/{}", "https://drive.google.com/file/d/1AbCdEfGhIjKl/view?{}", "./{}"])
def test_a_shell_runs_none_of_them(word: str, url: str, tmp_path: Path) -> None:
    item = item_of("torch_zip", word, word)
    item = replace(item, checkpoint=replace(item.checkpoint, member=word, tensors=(Tensor(word, (2, 2), "float32"),)))
    check = check_checkpoint(replace(samples.artifact("x", item, 1), name=word, url=url.format(word)), item, decisive_tensors(item))
    claim = replace(samples.AUTHORS_CLAIMS[0], evidence=replace(samples.AUTHORS_CLAIMS[0].evidence, locator=f"{word}#L1"))
    shadows = "".join(f"{name}() {{ :; }}\n" for name in ("curl", "pip", "gdown", "unzip", "tar", "python3", "sed", "cat"))
    script = f"{shadows}{check.script}\n{check_claim(claim, samples.REPOSITORY).script}\n"
    subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, check=False, timeout=20)
    assert not list(tmp_path.rglob("pwned*"))


@given(WILD, WILD)
def test_no_words_of_a_claim_become_a_command(path: str, commit: str) -> None:
    claim = samples.AUTHORS_CLAIMS[0]
    for place in ("#L3", "#xywh=1,2,3,4", ""):
        made = replace(claim, evidence=replace(claim.evidence, locator=path.replace("#", "") + place))
        for repository in (replace(samples.REPOSITORY, commit=commit), Repository("local/x", "", "", "", local=True)):
            check = check_claim(made, repository)
            if check.script:
                first = check.script.partition(" | sed")[0].partition(" > picture")[0]
                assert len(shlex.split(first)) in (2, 3)
                assert "\n" not in first or first.count("'") >= 2


def test_claims_are_read_again_where_they_stand() -> None:
    check = check_claim(replace(samples.AUTHORS_CLAIMS[0], evidence=samples.README_LINK.evidence), samples.REPOSITORY)
    address = f"https://raw.githubusercontent.com/example-lab/PoseNeXt/{samples.REPOSITORY.commit}/README.md"
    assert check.script == f"curl -sL {address} | sed -n '88p'"
    assert "crop((420, 338, 472, 358))" in check_claim(samples.AUTHORS_CLAIMS[0], samples.REPOSITORY).script


def test_listings_are_read_again_without_a_sign_in() -> None:
    listing = next(source for source in samples.missing().facts.sources if source.kind == "listing")
    assert "embeddedfolderview?id=1AbCdEfGhIjKlMnOpQrStUvWxYz012345#list" in check_listing(listing).script
    hub = replace(listing, url="https://huggingface.co/some/model/tree/main")
    assert "https://huggingface.co/api/models/some/model/tree/main" in check_listing(hub).script
    other = replace(listing, url="https://pan.example/s/1")
    assert (check_listing(other).kind, check_listing(other).script) == ("page", "")


def test_files_with_odd_pickles_and_unknown_formats_get_no_script() -> None:
    item = item_of("torch_zip")
    odd = replace(item, checkpoint=replace(item.checkpoint, safety=Safety("suspicious")))
    for one in (odd, item_of("darknet")):
        assert check_checkpoint(samples.artifact("x", one, 1), one, ()).kind == "no_script"


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("https://drive.google.com/file/d/1AbCdEfGhIjKlMn/view", "gdown 'https://drive.google.com/uc?id=1AbCdEfGhIjKlMn' -O ./x.pth"),
        ("https://huggingface.co/a/b/blob/main/x.pth", "curl -fL https://huggingface.co/a/b/resolve/main/x.pth -o ./x.pth"),
        ("https://github.com/a/b/blob/main/x.pth", "curl -fL https://github.com/a/b/raw/main/x.pth -o ./x.pth"),
        ("https://[::1", "curl -fL 'https://[::1' -o ./x.pth"),
    ],
)
def test_files_are_fetched_from_where_their_bytes_are(url: str, line: str) -> None:
    item = item_of("torch_zip")
    assert line in check_checkpoint(replace(samples.artifact("sub/x.pth", item, 1), url=url), item, ()).script


def test_decisive_tensors_are_three_at_most_and_from_the_file() -> None:
    for name in samples.NETWORKS:
        item = samples.inspected(name)
        chosen = decisive_tensors(item)
        assert [t.name for t in chosen][:2] == ["backbone.downsample_layers.0.0.weight", "head.final_layer.weight"]
        assert len(chosen) == 3
    assert decisive_tensors(replace(samples.inspected("S"), checkpoint=replace(samples.inspected("S").checkpoint, tensors=()))) == ()
