"""Before anybody is said to lack a checkpoint the rest of the repository's text is searched; nothing else is asked of it."""

from __future__ import annotations

import pytest
from innocent_worlds import LINKED, PLACE, audited, convnext, table

from auditor.demo.internet import Fault, Mishap
from auditor.documents.unread import MOST_BYTES, MOST_FILES, unread_texts
from auditor.facts import TreeEntry

ATTO, FEMTO, PICO = convnext(40), convnext(48), convnext(64)
TWO = LINKED + table("FooNet-T | 3.7M | 75.0", "FooNet-S | 5.2M | 77.0")
SMALL = {"foonet_s.pth": FEMTO}
NOTEBOOK = '{{"cells": [{{"cell_type": "code", "source": ["{}\\n"]}}]}}'


def outcome(report):
    return {v.name: v.verdict.value for v in report.variants}


def searched(report):
    return next((s for s in report.facts.sources if s.kind == "code"), None)


def test_what_is_nowhere_is_missing_after_the_code_was_searched():
    report = audited(TWO, SMALL, tree={"net/blocks.py": b"import torch\n\nWIDTH = 40\n", "train.py": b"print('no address')\n"})
    assert outcome(report)["FooNet-T"] == "missing"
    assert report.complete
    assert searched(report).detail.endswith("searched for addresses of checkpoints: 2")
    assert "other text files name no other place" in report.issue.body
    assert searched(report).id in {e.source for f in report.findings if f.check == "variant-released" for e in f.evidence}


FOUND = {
    "a constant of a module": ("net/blocks.py", f'TINY = "{PLACE}foonet_t.pth"\n'),
    "a loading call": ("engine.py", f'state = torch.hub.load_state_dict_from_url("{PLACE}foonet_t.pth", map_location="cpu")\n'),
    "a notebook": ("play.ipynb", NOTEBOOK.format(f"!wget {PLACE}foonet_t.pth")),
    "a document that nothing links": ("notes/weights.md", f"# Weights\n\n[FooNet-T]({PLACE}foonet_t.pth)\n"),
    "a script that nothing names": ("bin/prepare.sh", f"wget {PLACE}foonet_t.pth\n"),
}


@pytest.mark.parametrize(("path", "text"), FOUND.values(), ids=FOUND)
def test_an_address_in_unread_text_is_followed(path, text):
    report = audited(TWO, SMALL, pages={"foonet_t.pth": ATTO}, tree={path: text.encode()})
    assert outcome(report) == {"FooNet-T": "consistent", "FooNet-S": "consistent"}
    link = next(link for link in report.facts.links if link.url == PLACE + "foonet_t.pth")
    assert (link.evidence.source, link.evidence.locator.partition("#")[0]) == (searched(report).id, path)
    assert len({artifact.id for artifact in report.facts.artifacts}) == len(report.facts.artifacts) == 2
    assert len({item.id for _, item in report.facts.inspected()}) == 2


UNLISTED = {
    "a name that is put into an address": ("net/blocks.py", 'def load(name):\n    return get(f"https://dl.foonet.org/{name}.pth")\n'),
    "a folder and a name": ("net/io.py", 'url = "https://dl.foonet.org/" + name  # weights\n'),
    "a call for a name of the caller's": ("net/io.py", "weights = hf_hub_download(repo, name + '.safetensors')\n"),
    "a download of who knows what": ("setup.sh", "gdown 1zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\n"),
    "a promise": ("docs/plans.md", "# Plans\n\nThe weights of the smaller models will be released soon.\n"),
}


@pytest.mark.parametrize(("path", "text"), UNLISTED.values(), ids=UNLISTED)
def test_a_place_that_no_host_lists_settles_nothing(path, text):
    report = audited(TWO, SMALL, tree={path: text.encode()})
    assert outcome(report)["FooNet-T"] == "unverifiable"
    assert path in next(v.reason for v in report.variants if v.name == "FooNet-T")
    assert report.issue is None


@pytest.mark.parametrize(
    "text",
    [
        "state = model_zoo.load_url(model_urls[name])  # of torchvision\n",
        'backbone = torch.hub.load("someone/backbones", "wide")\n',
        "net = create_model(name, pretrained=True)\n",
        'see = "https://foonet.org/about"\n',
        "# https://docs.foonet.org/train\n",
    ],
)
def test_what_loads_the_networks_of_libraries_excuses_nobody(text):
    assert outcome(audited(TWO, SMALL, tree={"net/blocks.py": text.encode()}))["FooNet-T"] == "missing"


def test_a_file_that_cannot_be_read_leaves_it_open():
    faults = [Fault(host, "*blocks.py*", Mishap.RESET) for host in ("raw.githubusercontent.com", "api.github.com")]
    faults.append(Fault("api.github.com", "*/git/blobs/*", Mishap.RESET))
    report = audited(TWO, SMALL, tree={"net/blocks.py": b"x = 1\n"}, faults=faults)
    assert outcome(report)["FooNet-T"] == "unverifiable"
    assert (searched(report).status.value, report.complete) == ("partial", False)


def test_nothing_is_searched_where_nobody_is_accused():
    report = audited(TWO, SMALL | {"foonet_t.pth": ATTO}, tree={"net/blocks.py": b"x = 1\n"})
    assert searched(report) is None


def test_which_files_are_searched():
    tree = [TreeEntry(f"net/b{n:04}.py", 10_000) for n in range(MOST_FILES + 50)]
    tree += [TreeEntry("tools/download_weights.py", 10), TreeEntry("data/all.json", 300_000), TreeEntry("big.py", 500_000)]
    tree += [TreeEntry("third_party/x/load.py", 10), TreeEntry("README.md", 10), TreeEntry("a.py", 10, symlink_to="b.py")]
    tree += [TreeEntry("pictures/a.png", 10), TreeEntry("LICENSE.txt", 10), TreeEntry("empty.py", 0), TreeEntry("odd.py", None)]
    paths, more = unread_texts(tree, {"README.md"})
    assert paths[0] == "tools/download_weights.py"
    assert (len(paths), more) == (MOST_FILES, 52)
    assert not {"big.py", "third_party/x/load.py", "README.md", "a.py", "pictures/a.png", "LICENSE.txt", "empty.py", "odd.py"} & set(paths)
    large = [TreeEntry(f"m{n}.py", 390_000) for n in range(40)]
    assert len(unread_texts(large, ())[0]) == MOST_BYTES // 390_000
