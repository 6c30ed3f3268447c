from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.facts import Thread
from auditor.findings import IssueDraft
from auditor.issues.fingerprint import fingerprints_in
from auditor.issues.similar import file_names, places, similar_threads, similarities

FOLDER = "1AbCdEfGhIjKlMnOpQrStUvWxYz012345"
DRAFT = IssueDraft(
    title="`PaperNet_L.tar` and `PaperNet_S.tar` hold the same network",
    body=f"The table gives 8.38M for Ours-L. In https://drive.google.com/drive/folders/{FOLDER} the file `PaperNet_L.tar` has 7,438,976.",
    asks=("Ours-L",),
)


def thread(title: str, body: str = "", state: str = "open", number: int = 7) -> Thread:
    return Thread(number, title, state, f"https://github.com/lab/Paper/issues/{number}", body)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (thread("Problem with papernet_l.TAR"), "names papernet_l.tar"),
        (thread("Access denied", f"https://drive.google.com/drive/u/0/folders/{FOLDER}?usp=sharing"), "links to"),
        (thread("Where is the L checkpoint?"), "asks about Ours-L"),
        (thread("Release of weights", "Could you upload Ours-L too?", state="closed"), "asks about Ours-L"),
        (thread("PaperNet_S and PaperNet_L hold the same network?"), "similar title"),
        (thread("Question", "It seems that PaperNet_L.tar and PaperNet_S.tar hold the same network."), "names"),
    ],
)
def test_threads_about_the_same_thing_are_found_and_the_reason_is_said(other: Thread, reason: str) -> None:
    (found,) = similarities(DRAFT, [other])
    assert any(reason in words for words in found.reasons)
    assert similar_threads(DRAFT, [other]) == (other,)


@pytest.mark.parametrize(
    "other",
    [
        thread("Typo in the README"),
        thread("How to train on my own data?", "I use a larger batch and get NaN after 3 epochs"),
        thread("CUDA out of memory", "with the S model, on a GPU with 8 GB"),
        thread("The pretrained model", "loads fine, thanks"),
        thread("l is not defined", "NameError in line 3, where l is missing in model code"),
        thread("Missing requirements.txt", "numpy version?"),
        thread("Dataset download link is broken", "https://drive.google.com/drive/folders/" + "z" * 33),
        thread("best.pth", "what is checkpoint.pth and model_best.pth.tar?"),
        thread("", ""),
    ],
)
def test_other_threads_are_not(other: Thread) -> None:
    assert similar_threads(DRAFT, [other]) == ()


@pytest.mark.parametrize(
    ("variant", "words", "named"),
    [
        ("PaperNet-L", "PaperNet_L", True),
        ("PaperNet-L", "papernet l", True),
        ("PaperNet-L", "PaperNetL", True),
        ("PaperNet-L", "the L one", True),
        ("PaperNet-L", "the l one", False),
        ("PaperNet-L", "L2 loss", False),
        ("PaperNet-Large", "a larger one", False),
        ("Ours-M", "model M", True),
        ("Ours-I", "I'm looking", False),
        ("our model", "your models", False),
        ("a+(b", "a+(b", True),
    ],
)
def test_a_variant_is_named_in_several_spellings(variant: str, words: str, named: bool) -> None:
    draft = IssueDraft("x", "y", (variant,))
    assert bool(similarities(draft, [thread("Question", f"Where can the checkpoint of {words} be found?")])) is named


def test_names_that_everybody_uses_say_nothing() -> None:
    draft = IssueDraft("`checkpoint.pth` is empty, is it meant to be?", "See `checkpoint.pth` and `paper_B.ckpt`.", ("Ours-B",))
    assert file_names(draft.body) == {"paper_b.ckpt"}
    assert similar_threads(draft, [thread("RuntimeError", "torch.load('checkpoint.pth') fails in my fork")]) == ()


def test_the_most_similar_comes_first_and_open_before_closed() -> None:
    weak = thread("Where is the L checkpoint?", number=1)
    strong = thread("PaperNet_L.tar missing", "Please upload the Ours-L weights", number=2, state="closed")
    closed = thread("Where is the L weights file?", number=3, state="closed")
    assert [item.number for item in similar_threads(DRAFT, [closed, weak, strong])] == [2, 1, 3]


def test_places_of_drive_and_the_hub() -> None:
    text = f"https://drive.google.com/file/d/{FOLDER}/view https://drive.google.com/uc?id={FOLDER[::-1]} https://huggingface.co/Lab/Net."
    assert places(text) == {FOLDER, FOLDER[::-1], "lab/net"}
    assert places("https://huggingface.co/datasets/lab/data") == frozenset()


@pytest.mark.parametrize("text", ["a" * 60_000, "a." * 30_000, " " * 60_000, "<!-- " * 12_000, "id=" * 20_000, "model" * 12_000])
def test_texts_made_to_be_slow_are_not(text: str) -> None:
    assert similarities(DRAFT, [thread(text[:300], text)] * 300) is not None
    assert fingerprints_in(text) == ()
    assert file_names(text) == frozenset()


@given(st.text(max_size=300), st.text(max_size=300), st.lists(st.text(max_size=10), max_size=3))
def test_words_of_any_kind_are_compared(title: str, body: str, asks: list[str]) -> None:
    draft = IssueDraft(title, body, tuple(asks))
    for found in similarities(draft, [thread(body, title), thread(title, body)]):
        assert found.reasons
