"""By which name a README without a title is known, and what its tables then say of others."""

from __future__ import annotations

import hashlib

import pytest

from auditor.claims import extract_claims
from auditor.claims.headers import header_of
from auditor.claims.interface import ClaimContext
from auditor.claims.naming import RowName, own_rows
from auditor.claims.own_words import SECTION, named, own_name
from auditor.claims.vocabulary import Kind
from auditor.documents.outline import outline
from auditor.facts import Document


def read(text: str):
    return outline(Document("README.md", text, hashlib.sha256(text.encode()).hexdigest(), "document:README.md", "readme"))


def short(text: str) -> list[tuple[str, str, object]]:
    found = read(text)
    return [(c.variant, c.attribute, c.value) for c in extract_claims([found], ClaimContext("local/folder", found.title))]


@pytest.mark.parametrize("text", ["Introduction", "1. Overview", "News and Updates", "📰 News", "What's new", "简介", "About"])
def test_sections_are_no_titles(text):
    assert SECTION.fullmatch(text)


@pytest.mark.parametrize("text", ["HeronNet", "About Herons", "News Recommendation", "Introduction to HeronNet"])
def test_titles_are_no_sections(text):
    assert not SECTION.fullmatch(text)


def test_what_a_readme_says_it_is_stands_for_its_title():
    text = """## Introduction

**HNet** is a new network for herons. It uses Swamp-XL as its backbone.

## Results

Model | RACE accuracy | Marsh EM
--- | --- | ---
BERT-Large | 72.0 | 84.1
HNet-Large | **81.7** | **88.9**

The best run (accuracy 81.7) of RACE is produced using HNet-Large.
"""
    assert short(text) == [("HNet-Large", "accuracy", 81.7), ("HNet-Large", "Marsh EM", 88.9), ("HNet-Large", "accuracy", 81.7)]


def test_an_implementation_is_called_by_what_it_implements():
    text = """## Introduction

This repository contains my unofficial reimplementation of the standard [HERON-TDNN](https://arxiv.org/abs/1).

| Dataset | Marsh_O | Marsh_E |
| --- | --- | --- |
| EER | 0.86 | 1.18 |

Our pretrained model performs `EER: 0.96` in the Marsh_O set. With the norm, this system performs `EER: 0.86`.
"""
    assert short(text) == [("HERON-TDNN", "EER", value) for value in (0.86, 1.18, 0.96, 0.86)]


def test_a_clone_of_what_a_readme_needs_is_not_its_repository():
    text = """## News and Updates

* We release **Wader-7B** and **Wader-14B**. Wader-7B speaks, Wader-14B sings. Wader is free.

FILLER

```
git clone https://github.com/fastlab/quick-attention
cd quick-attention && pip install .
```

See [quick-attention](https://github.com/fastlab/quick-attention). Wader needs it, as Wader-7B-Chat does.
"""
    found = read(text.replace("FILLER", "It walks on the shore, and sings. " * 200))
    context = named(ClaimContext("local/folder", found.title), [found])
    assert context.full_name == "local/folder"
    assert context.names == ("Wader",)
    assert own_name(context, found.title) == "Wader"


def test_rows_of_somebody_elses_models_on_a_hub_are_not_own():
    ours, theirs = "https://huggingface.co/heronlab/heron-base", "https://huggingface.co/storks/stork-mini"
    rows = (RowName("storks/stork-mini", links=(theirs,)), RowName("heronlab/heron-base", links=(ours,)), RowName("egret-avg"))
    assert 0 not in own_rows(rows, (), "", owner="HeronLab")
    assert 1 in own_rows(rows, (), "", owner="HeronLab")
    assert 0 in own_rows(rows[:1], (), "", owner="HeronLab")
    assert 0 in own_rows(rows, ("stork",), "", owner="HeronLab")


def test_one_set_of_scores_is_enough_beside_models():
    text = """# Heron
| Arch | Model | STS-B |
|--|--|--|
| A | Heron-first-avg | 59.04 |
| B | Heron-nli-cls | 73.65 |
"""
    assert [value for _, _, value in short(text)] == [59.04, 73.65]
    assert not short(text.replace("59.04", "59"))


def test_sentences_with_scores_are_examples():
    text = """# Heron
| text1 | text2 | score |
|--|--|--|
| A photo of an old train station. | A photo of a motorcycle. | 0.2 |
| A heron is dancing in the rain . | A heron dances in the rain . | 5.0 |
| 女人剥土豆。 | 一个女人在剥土豆。 | 5.0 |
"""
    assert short(text) == []


def test_shots_below_a_test_are_its_setting():
    text = """# Heron
| Model | MMLU | Fens |
|--|--|--|
|       | 5-shot | 4-shot |
| Heron-7B | 58.2 | 11.6 |
"""
    assert short(text) == [("Heron-7B", "MMLU", 58.2), ("Heron-7B", "Fens", 11.6)]


def test_sizes_that_count_parameters():
    text = """# Heron
| Model | Model Size | Avg Accuracy |
|--|--|--|
| Heron-Patch-400 | Base (89M) | 59.9 |
| Heron-Patch-200 | Tiny (6M) | untested |
"""
    assert short(text) == [
        ("Heron-Patch-400", "params", 89),
        ("Heron-Patch-400", "Avg Accuracy", 59.9),
        ("Heron-Patch-200", "params", 6),
    ]
    assert ("Heron-S", "params", 7) in short(text.replace("Heron-Patch-400", "Heron-S").replace("Base (89M)", "7B"))
    assert not [a for _, a, _ in short(text.replace("Base (89M)", "89M").replace("Tiny (6M)", "6M")) if a == "params"]


@pytest.mark.parametrize(("text", "kind"), [("Temperature", Kind.SETTING), ("QPS", Kind.METRIC), ("C-Eval", Kind.METRIC)])
def test_words_of_language_models(text, kind):
    assert header_of(text).kind is kind


def test_somebodys_repository_is_not_own():
    text = "# Heron\n\n## Results\n\nWays to tune Heron were shown in [stork's repo](https://x.org), which obtained 86.24 F1.\n"
    assert short(text) == []
