"""What tables and prose of image networks say in words of their own: backbones like recalls, ports, printed evaluations."""

from __future__ import annotations

import hashlib

import pytest

from auditor.claims import extract_claims
from auditor.claims.headers import header_of
from auditor.claims.interface import ClaimContext
from auditor.claims.own_words import own_tokens
from auditor.claims.vocabulary import Kind
from auditor.documents.outline import outline
from auditor.facts import Document

CONTEXT = ClaimContext("someone/PlumeNet", "PlumeNet")
EVALUATED = """ Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.412750
 Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 0.603
 Average Precision  (AP) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = 0.214
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 10 ] = 0.377
 Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = 0.655"""


def claims(text: str, context: ClaimContext = CONTEXT) -> list[tuple[str, str, object]]:
    document = Document("README.md", text, hashlib.sha256(text.encode()).hexdigest(), "document:README.md")
    return [(c.variant, c.attribute, c.value) for c in extract_claims([outline(document)], context)]


@pytest.mark.parametrize(("text", "kind"), [("R5", Kind.METRIC), ("R50", Kind.UNKNOWN), ("R101x3", Kind.UNKNOWN), ("AP50", Kind.METRIC)])
def test_a_backbone_is_no_recall(text, kind):
    assert header_of(text).kind is kind


def test_rows_called_by_a_backbone_do_not_turn_the_table():
    text = "# PlumeNet\n## Evaluation\n\n| Model | box AP | mask AP |\n|---|---|---|\n| Plume-R50 | 42.4 | 37.1 |\n| Plume-R101 | 43.0 | 38.4 |\n"
    assert claims(text)[0] == ("Plume-R50", "box AP", 42.4)


@pytest.mark.parametrize(
    ("full_name", "title"), [("a/retinanet-pytorch", "RetinaNet (PyTorch)"), ("local/x", "RetinaNet in PyTorch"), ("a/keras-retinanet", "")]
)
def test_a_port_is_of_the_network_that_it_is_called_by(full_name, title):
    context = ClaimContext(full_name, title)
    assert any(token == "retinanet" for token in own_tokens(context, title)) or title.endswith("in PyTorch")


def test_a_documents_title_adds_to_the_words_of_the_repository():
    context = ClaimContext("a/Twins-Transformer", "Twins Transformer")
    assert own_tokens(context, "Pretrained Twins-V9 models") == ("twins", "twins\\-v9")
    assert "imagenet\\-1k" not in own_tokens(context, "ImageNet-1K models")


def test_what_the_official_code_gets_is_not_what_a_port_gets():
    text = """# PlumeNet
## Models
The table contains models with pretrained weights, beside other models that I defined.

| Variant | mAP (val2017) | mAP (TF official val2017) | Params (M) |
|---|---|---|---|
| tf_plumenet_d0 | 35.6 | 35.7 | 3.71 |
| plumenet_d0 | 34.9 | N/A | 3.71 |
| quillpan50 | 42.4 | N/A | 23.1 |
"""
    found = claims(text)
    assert [value for _, attribute, value in found if attribute.startswith("mAP")] == [35.6, 34.9, 42.4]
    assert ("quillpan50", "params", 23.1) in found


def test_a_row_that_no_heading_offers_stays_a_baseline():
    text = "# PlumeNet\n## Main results\n\n| Model | mAP |\n|---|---|\n| PlumeNet-S | 35.6 |\n| quillpan50 | 42.4 |\n"
    assert claims(text) == [("PlumeNet-S", "mAP", 35.6)]


def test_a_column_alone_may_say_official():
    text = "# PlumeNet\n## Models\n\n| Model | mAP (official code) |\n|---|---|\n| PlumeNet-S | 35.6 |\n"
    assert claims(text) == [("PlumeNet-S", "mAP (official code)", 35.6)]


def test_a_printed_evaluation_is_of_the_model_of_its_heading():
    assert claims(f"# PlumeNet\n## Results\n### TF-PlumeNet-D3\n```\n{EVALUATED}\n```\n") == [
        ("TF-PlumeNet-D3", "AP", 0.412750),
        ("TF-PlumeNet-D3", "AP50", 0.603),
        ("TF-PlumeNet-D3", "AP (small)", 0.214),
        ("TF-PlumeNet-D3", "AR (maxDets=10)", 0.377),
        ("TF-PlumeNet-D3", "AR (large)", 0.655),
    ]
    assert claims(f"# Detection\n```\n{EVALUATED}\n```\n", ClaimContext("local/x", "Detection")) == []


def test_output_after_giving_is_announced():
    text = "# PlumeNet\n```\npython main.py --eval --model plumenet_small\n```\ngiving\n```\n* Acc@1 77.310 Acc@5 93.115\n```\n"
    assert claims(text) == [("plumenet_small", "Acc@1", 77.310), ("plumenet_small", "Acc@5", 93.115)]


@pytest.mark.parametrize(
    ("sentence", "values"),
    [
        ("PlumeNet obtains `57.2 box AP` and `49.4 mask AP` on test-dev, surpassing previous models by a large margin.", [57.2, 49.4]),
        ("PlumeNet-G achieves 60.8 mIoU on ADE20K (+1.1 mIoU over the previous model).", [60.8]),
        ("PlumeNet achieves 85.9 top-1 accuracy. It also achieves 52.6 box AP on COCO.", [85.9, 52.6]),
        ("PlumeNet outperforms Quill, which gets 80.1 top-1.", []),
        ("Compared to Quill, PlumeNet gets 2.1 mIoU.", []),
        ("Quill is a known network. It achieves 52.6 box AP on COCO.", []),
        ("PlumeNet is small. Quill is large. It achieves 52.6 box AP on COCO.", []),
    ],
)
def test_what_stands_beside_a_comparison_is_read_and_the_comparison_is_not(sentence, values):
    assert [value for _, _, value in claims(f"# PlumeNet\n## Introduction\n{sentence}\n")] == values


def test_other_repositories_of_the_authors_claim_nothing_here():
    assert (
        claims("# PlumeNet\n### Other popular repos:\n- [PlumeNetV2](https://x.org): the first model to achieve 90% top-1 accuracy.\n")
        == []
    )


def test_scores_of_own_models_need_no_metrics_name_where_the_heading_says_scores():
    table = "| Model | Natural | Structured |\n|---|---|---|\n| PlumeNet-B | 79.12 | 60.33 |\n| PlumeNet-L | 78.40 | 58.10 |\n"
    assert claims(f"# PlumeNet\n## Transfer results\n\n{table}") == [
        ("PlumeNet-B", "Natural", 79.12),
        ("PlumeNet-B", "Structured", 60.33),
        ("PlumeNet-L", "Natural", 78.40),
        ("PlumeNet-L", "Structured", 58.1),
    ]
    assert claims(f"# PlumeNet\n## Architecture\n\n{table}") == []


def test_a_models_size_may_be_a_count():
    text = "# PlumeNet\n## Models\n\n| name | model size | acc@1 |\n|---|---|---|\n| PlumeNet-S | 47M | 81.31 |\n| PlumeNet-G | 1.21B | 84.02 |\n"
    assert ("PlumeNet-G", "model size", 1.21) in claims(text)
