"""What tables and sentences of detectors taught: whose rows and columns are, files of several sizes, results that prose expects."""

from __future__ import annotations

import pytest

from auditor.claims import extract_claims
from auditor.claims.headers import header_of
from auditor.claims.interface import ClaimContext
from auditor.claims.own_words import own_tokens
from auditor.claims.vocabulary import Kind
from auditor.documents.outline import outline
from auditor.facts import Document


def claims(text: str, name: str = "lab/wader"):
    document = Document("README.md", text, "0" * 64, "document:README.md")
    title = text.partition("\n")[0].lstrip("# ")
    return extract_claims([outline(document)], ClaimContext(name, title))


def table(head: str, *rows: str) -> str:
    line = "|" + "---|" * (head.count("|") + 1)
    return "\n".join((f"| {head} |", line, *(f"| {row} |" for row in rows), ""))


def weights(number: int) -> str:
    return f"[w](https://host.example/{number}.pth)"


def test_a_repository_that_is_a_well_known_network_keeps_the_row_of_its_name():
    rows = (f"UNet | 51.4 | {weights(1)}", f"UNet-X | 53.1 | {weights(2)}", f"UNet-W | 54.9 | {weights(3)}")
    text = "# Official UNet\n\n" + table("Model | AP | Weights", *rows)
    assert [c.variant for c in claims(text, "lab/unet")] == ["UNet", "UNet-X", "UNet-W"]


BESIDE = (
    f"UNet-R50 | 42.0 | {weights(1)}",
    f"UNet-R101 | 43.5 | {weights(2)}",
    f"**Grey Heron-R50** | 41.0 | {weights(3)}",
    f"**Grey Heron-R101** | 42.8 | {weights(4)}",
)


def test_bold_own_names_make_well_known_networks_baselines_though_all_have_weights():
    text = "# Grey Heron\n\n" + table("Method | AP | Weights", *BESIDE)
    assert [c.variant for c in claims(text, "lab/GreyHeron")] == ["Grey Heron-R50", "Grey Heron-R101"]
    unlike = text.replace("**Grey Heron-R101**", "**Stork-R101**")  # bold and name disagree: a zoo
    assert len(claims(unlike, "lab/GreyHeron")) == 4


def test_the_title_divides_the_name_of_a_repository():
    assert own_tokens(ClaimContext("lab/GreyHeron", "Grey Heron: a bird")) == (r"grey[\s_-]?heron",)
    assert own_tokens(ClaimContext("lab/GreyHeron", "Birds of the Grey Heron")) == ("greyheron",)


def test_the_official_column_beside_that_of_this_repository_is_others():
    text = "# Wader\n\n" + table("Model | AP (this repo) | AP (official)", "D0 | 33.1 | 33.8", "D1 | 38.8 | 39.6")
    assert [(c.variant, c.value) for c in claims(text)] == [("D0", 33.1), ("D1", 38.8)]
    alone = "# Wader\n\n" + table("Model | AP (val) | AP (official test)", "D0 | 33.1 | 33.8", "D1 | 38.8 | 39.6")
    assert [c.value for c in claims(alone)] == [33.1, 33.8, 38.8, 39.6]


def test_a_file_may_have_several_sizes():
    text = "# Wader\n\n" + table(
        "Model | AP | Model Size", "Wader-S | 27.0 | **2.3MB(FP16)** &#124; **980KB(INT8)**", "UNet | 16.6 | 33.7MB"
    )
    found = [(c.variant, c.attribute, c.value, c.unit, c.setting) for c in claims(text)]
    assert found[1:] == [("Wader-S", "Model Size", 2.3, "MB", "FP16"), ("Wader-S", "Model Size", 980, "KB", "INT8")]


@pytest.mark.parametrize("text", ["batch 32 average time", "avg. time (ms)", "forward time"])
def test_a_time_that_is_no_hyperparameter_is_a_metric(text):
    assert header_of(text).kind is Kind.METRIC


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Download our Wader-R50 from below. You can expect to get the final AP about 42.2.", [("Wader-R50", "AP", 42.2)]),
        ("For our Wader-L, the final AP expected is 48.7.", [("Wader-L", "AP", 48.7)]),
        ("The AP should be close. (42.2 for **Wader-S** and 48.7 for **Wader-L**).", [("Wader-S", "AP", 42.2), ("Wader-L", "AP", 48.7)]),
        ("The AP and PQ should be close. (42.2 for Wader-S and 48.7 for Wader-L).", []),
        ("The AP should be close. (42.2 for UNet and 48.7 for Stork).", []),
        ("Wader-S runs at 33.5 fps on a Titan Xp and achieves 34.1 mAP.", [("Wader-S", "fps", 33.5), ("Wader-S", "mAP", 34.1)]),
        ("Wader-S was trained on 30 fps videos, recorded with a camera at low speed.", []),
        ("Wader-S takes clips of 25 fps.", []),
        ("Our Wader-S achieves that with boxes that match at an IoU of 0.5, and at 0.75 IoU.", []),
        ("Our Wader-S achieves an IoU of 0.861.", [("Wader-S", "IoU", 0.861)]),
        ("Get our `wader_small_config` weights here. This model should get 72.3 mask AP_50.", [("wader_small", "mask AP_50", 72.3)]),
    ],
)
def test_results_that_prose_expects(text, found):
    assert [(c.variant, c.attribute, c.value) for c in claims(f"# Wader\n\n{text}\n")] == found


def test_a_release_with_a_link_to_its_changes_is_no_news():
    text = "# Wader\n\n#### Wader v2 released! ([Changelog](CHANGES.md))\nWader-S achieves 34.1 mAP.\n"
    assert [c.value for c in claims(text)] == [34.1]
    assert claims(text.replace("v2 released!", "changelog")) == ()


@pytest.mark.parametrize(
    ("text", "attribute", "unit"),
    [("Birdcore 8350 (ms)", "Birdcore 8350 (ms)", "ms"), ("CPU (ms)", "CPU (ms)", "ms"), ("Testing time / im", "Testing time / im", None)],
)
def test_a_time_may_be_called_by_its_device_and_unit(text, attribute, unit):
    header = header_of(text)
    assert (header.kind, header.attribute, header.unit) == (Kind.METRIC, attribute, unit)


@pytest.mark.parametrize("text", ["window (ms)", "hop (ms)", "chunk size (ms)", "Fs [Hz]", "train time (ms)", "Test-time aug"])
def test_how_a_sound_is_cut_is_no_time_that_was_measured(text):
    assert header_of(text).kind is not Kind.METRIC


def test_scores_of_an_unknown_task_beside_their_mean_are_read():
    text = "# Wader\n\n" + table("Name | nest-None | nest-Full | det-hmean", "Wader-S | 38.0 | 50.8 | 83.2", "Wader-M | 57.1 | 66.8 | 86.8")
    assert [c.attribute for c in claims(text)][:3] == ["nest-None", "nest-Full", "det-hmean"]


def test_results_in_a_metric_are_read():
    assert [(c.attribute, c.value) for c in claims("# Wader\n\nOur Wader achieves **49.0%** in AP and 86.9 IoU.\n")] == [
        ("AP", 49.0),
        ("IoU", 86.9),
    ]


def test_a_footnote_behind_an_own_name_with_weights_cites_nobody():
    rows = (
        f"Wader-T | 42.9 | {weights(1)}",
        f"**Wader-S** [5] | 46.6 | {weights(2)}",
        "Wader-M [6] | 44.1 | -",
        f"UNet [7] | 40.1 | {weights(3)}",
    )
    assert [c.variant for c in claims("# Wader\n\n" + table("Model | AP | Weights", *rows))] == ["Wader-T", "Wader-S"]


def test_a_link_behind_a_name_is_no_part_of_it():
    rows = ("[Wader](a.html) \\| [config](a.yaml) | R50 | 46.1", "[Wader](b.html) \\| [config](b.yaml) | R101 | 48.2")
    assert [c.variant for c in claims("# Wader\n\n" + table("Name | Backbone | AP", *rows))] == ["Wader R50", "Wader R101"]


def test_seen_and_unseen_objects_of_videos_are_scored():
    text = "# Wader\n\n" + table("Model | G | J-Seen | F-Seen", "Wader-S | 85.5 | 84.3 | 88.6", "Wader-L | 85.8 | 84.8 | 89.2")
    assert [(c.variant, c.attribute) for c in claims(text)][:3] == [("Wader-S", "G"), ("Wader-S", "J-Seen"), ("Wader-S", "F-Seen")]
