from __future__ import annotations

from auditor.claims.code import UNNAMED, CodeClaims
from auditor.claims.interface import ClaimContext
from auditor.documents.source_code import read_literals
from auditor.facts import Document, Outline

CONFIG = """
class Config:
    input_shape = (256, 256)
    output_shape = (input_shape[0]//8, input_shape[1]//8)
    depth_dim = 32
    end_epoch = 70
    # backbone_cfg = ([3, 3, 9, 3], [48, 96, 192, 384])
    backbone_cfg = ([2, 2, 6, 2], [40, 80, 160, 320])
    depth = 128
    batch_size = 32
    pixel_mean = (0.485, 0.456, 0.406)
    lr_dec_epoch = [17, 21]
"""


def said(text: str) -> list[tuple[str, str, object, bool]]:
    document = Document("main/config.py", text, "0" * 64, "document:main/config.py", role="config")
    outline = Outline(document, literals=read_literals(text))
    return [(c.variant, c.attribute, c.value, c.active) for c in CodeClaims().extract(outline, ClaimContext("a/b"))]


def test_a_config_says_the_structure_of_one_unnamed_variant():
    assert said(CONFIG) == [
        (UNNAMED, "input", [256, 256], True),
        (UNNAMED, "output", [32, 32], True),
        (UNNAMED, "depth_dim", 32, True),
        (UNNAMED, "epochs", 70, True),
        (UNNAMED, "depths", [3, 3, 9, 3], False),
        (UNNAMED, "dims", [48, 96, 192, 384], False),
        (UNNAMED, "depths", [2, 2, 6, 2], True),
        (UNNAMED, "dims", [40, 80, 160, 320], True),
        (UNNAMED, "head_depth", 128, True),
    ]


def test_the_evidence_is_the_line():
    document = Document("main/config.py", CONFIG, "0" * 64, "document:main/config.py", role="config")
    for claim in CodeClaims().extract(Outline(document, literals=read_literals(CONFIG)), ClaimContext("a/b")):
        line = int(claim.evidence.locator.partition("#L")[2])
        assert CONFIG.splitlines()[line - 1].strip() == claim.evidence.quote
        assert (claim.rank, claim.origin) == ("primary", "code")


def test_a_dictionary_of_variants_names_them():
    text = "MODEL_CONFIGS = {'L': {'depths': [3, 3, 27, 3], 'dims': [192, 384, 768, 1536], 'params': 197.8}, 'M': {'depths': [3, 3, 9, 3]}}"
    assert said(text) == [
        ("L", "depths", [3, 3, 27, 3], True),
        ("L", "dims", [192, 384, 768, 1536], True),
        ("L", "params", 197.8, True),
        ("M", "depths", [3, 3, 9, 3], True),
    ]


def test_parts_of_a_model_are_no_variants():
    assert said("model = dict(backbone=dict(depths=[2, 2, 6, 2], embed_dims=96))") == [(UNNAMED, "depths", [2, 2, 6, 2], True)]


def test_a_function_that_builds_a_variant_names_it():
    assert said("def net_tiny(**kw):\n    return Net(depths=[3, 3, 9, 3], dims=[96, 192, 384, 768], **kw)\n") == [
        ("net_tiny", "depths", [3, 3, 9, 3], True),
        ("net_tiny", "dims", [96, 192, 384, 768], True),
    ]


def test_a_name_beside_the_values_names_the_variant():
    assert said("class C:\n    variant = 'XS'\n    depths = [2, 2, 6, 2]\n") == [("XS", "depths", [2, 2, 6, 2], True)]


def test_ordinary_settings_say_nothing_of_structure():
    assert said("lr = 0.1\nbatch = 32\nseed = 1\nmean = [0.4, 0.5, 0.6]\ndepth = 50\nnames = ['a', 'b']\nflag = True\n") == []
