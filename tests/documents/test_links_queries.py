"""Files that a query names, and the hub's lists of models."""

from __future__ import annotations

import pytest

from auditor.addresses import Address, locate, queried_file
from auditor.documents.links import classify_links
from auditor.documents.outline import outline
from auditor.facts import Document


def purposes(text: str) -> dict[str, str]:
    document = Document("README.md", text, "a" * 64, "document:README.md", "readme")
    return {link.url: link.purpose for link in classify_links([outline(document)], "lab/HeronVoice", ())}


@pytest.mark.parametrize(
    ("query", "file"),
    [
        ("models=voice&version=heron_34.zip", "heron_34.zip"),
        ("path=%2Fa%2Fb&files=heron%2B.onnx", "heron+.onnx"),
        ("file=models/heron.pth", "heron.pth"),
        ("v=1.2.x", ""),
        ("page=index.html", ""),
        ("files=" + "a." * 5000, ""),
        ("&".join(f"k{n}=v" for n in range(40)), ""),
    ],
)
def test_the_file_of_a_query(query, file):
    assert queried_file(query) == file


def test_a_query_with_more_fields_than_anybody_writes_is_a_page():
    assert locate("https://lab.org/get?" + "&".join("a=b.zip" for _ in range(900))) == Address("other", "page")


def test_a_server_that_is_asked_for_a_file_sends_a_file():
    assert locate("https://lab.org/downloads?models=voice&version=heron_34.zip") == Address("direct", "file")
    assert locate("https://lab.org/downloads?models=voice") == Address("other", "page")


def test_files_of_queries_are_told_by_their_columns():
    text = """# HeronVoice
| Data | Checkpoint (pt) | Labels |
|--|--|--|
| Marsh | [Heron34](https://lab.org/get?version=heron_34.zip) / [LM](https://lab.org/get?version=lm.onnx) | [zip](https://lab.org/get?set=a.zip) |
"""
    assert purposes(text) == {
        "https://lab.org/get?version=heron_34.zip": "checkpoint",
        "https://lab.org/get?version=lm.onnx": "checkpoint",
        "https://lab.org/get?set=a.zip": "dataset",
    }


def test_a_file_called_model_is_a_checkpoint():
    text = """# HeronVoice
* Download the ``marsh_model.bin`` from [here](https://share.weiyun.com/5Abcd), and save it to the ``models/`` directory.
* Download the ``Marsh.spo`` from [here](https://share.weiyun.com/5Efgh), and save it to the ``graphs/`` directory.
"""
    assert purposes(text) == {"https://share.weiyun.com/5Abcd": "checkpoint", "https://share.weiyun.com/5Efgh": "other"}


@pytest.mark.parametrize(
    ("query", "purpose"),
    [
        ("search=lab%2Fheronvoice", "checkpoint"),
        ("other=heronvoice-v3", "checkpoint"),
        ("pipeline_tag=heronvoice", "other"),
        ("search=stork", "other"),
        ("", "other"),
    ],
)
def test_the_hubs_list_of_own_models(query, purpose):
    url = f"https://huggingface.co/models?{query}" if query else "https://huggingface.co/models"
    assert purposes(f"# HeronVoice: a voice\n\nPretrained models can be found on the [hub]({url}).\n") == {url: purpose}
