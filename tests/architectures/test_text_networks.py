"""Text encoders and decoders against lists written here."""

from __future__ import annotations

import pytest
from state_shapes import dense, file_of, norm, total

from auditor.architectures.bert import TextEncoder
from auditor.architectures.gpt import LanguageModel
from auditor.architectures.inspection import inspect_checkpoint, prove_and_cost


def bert(depth, d, words=30522, positions=512, kinds=2, e=None, norms=("weight", "bias")):
    e = e or d
    shapes = {"embeddings.word_embeddings.weight": (words, e), "embeddings.position_embeddings.weight": (positions, e)}
    shapes |= {"embeddings.token_type_embeddings.weight": (kinds, e)} | norm("embeddings.LayerNorm", e, norms)
    if e != d:
        shapes |= dense("embeddings_project", d, e)
    for block in range(depth):
        path = f"encoder.layer.{block}"
        for word in ("query", "key", "value"):
            shapes |= dense(f"{path}.attention.self.{word}", d, d)
        shapes |= dense(f"{path}.attention.output.dense", d, d) | norm(f"{path}.attention.output.LayerNorm", d, norms)
        shapes |= dense(f"{path}.intermediate.dense", 4 * d, d) | dense(f"{path}.output.dense", d, 4 * d)
        shapes |= norm(f"{path}.output.LayerNorm", d, norms)
    return shapes


def under(prefix, shapes):
    return {prefix + name: shape for name, shape in shapes.items()}


def pre_training_head(d, words, norms=("weight", "bias")):
    shapes = {"cls.predictions.bias": (words,), "cls.predictions.decoder.weight": (words, d)}
    shapes |= dense("cls.predictions.transform.dense", d, d) | norm("cls.predictions.transform.LayerNorm", d, norms)
    return shapes | dense("cls.seq_relationship", 2, d)


def electra(depth, d, e):
    return (
        under("electra.", bert(depth, d, e=e))
        | dense("discriminator_predictions.dense", d, d)
        | dense("discriminator_predictions.dense_prediction", 1, d)
    )


def roberta_classifier():
    shapes = under("roberta.", bert(12, 768, 50265, 514, 1))
    return shapes | dense("classifier.dense", 768, 768) | dense("classifier.out_proj", 3, 768)


POOLER = dense("pooler.dense", 768, 768)
ENCODERS = {
    "bert": (bert(12, 768) | POOLER, "bert", "bert_base", ()),
    "bert for pre-training": (under("bert.", bert(12, 768) | POOLER) | pre_training_head(768, 30522), "bert", "bert_base", (30522, 2)),
    "cased": (bert(12, 768, 28996), "bert", "bert_base", ()),
    "classifier": (under("bert.", bert(24, 1024)) | dense("classifier", 5, 1024), "bert", "bert_large", (5,)),
    "questions": (under("bert.", bert(12, 768)) | dense("qa_outputs", 2, 768), "bert", "bert_base", (2,)),
    "roberta": (roberta_classifier(), "roberta", "roberta_base", (3,)),
    "roberta without a prefix": (bert(24, 1024, 50265, 514, 1), "roberta", "roberta_large", ()),
    "xlm": (bert(12, 768, 250002, 514, 1), "roberta", "xlm_roberta_base", ()),
    "electra": (electra(12, 256, 128), "electra", "electra_small", (1,)),
    "deeper": (bert(13, 768), "bert", None, ()),
}


@pytest.mark.parametrize("kind", ENCODERS)
def test_encoders(kind):
    shapes, family, name, outputs = ENCODERS[kind]
    parameters, architecture, _ = inspect_checkpoint(file_of(shapes))
    assert (architecture.family, architecture.name, architecture.explained) == (family, name, 1.0)
    assert architecture.head.outputs == outputs
    assert parameters.learnable == total(shapes)
    assert "the number of attention heads" in architecture.cannot_know
    assert prove_and_cost(file_of(shapes), architecture, (224, 224)) == (1.0, None)


def test_old_norms():
    old = ("gamma", "beta")
    shapes = under("bert.", bert(12, 768, norms=old) | POOLER) | pre_training_head(768, 30522, old)
    architecture = inspect_checkpoint(file_of(shapes))[1]
    assert (architecture.name, architecture.explained) == ("bert_base", 1.0)
    assert any("gamma and beta" in trait for trait in architecture.traits)
    assert prove_and_cost(file_of(shapes), architecture, None)[0] == 1.0


def test_position_ids_are_buffers():
    shapes = bert(12, 768) | {"embeddings.position_ids": (1, 512)}
    parameters, architecture, _ = inspect_checkpoint(file_of(shapes))
    assert (parameters.buffers, architecture.explained) == (512, 1.0)


def gpt2(depth, d, transposed=True, masks=False):
    shapes = {"wte.weight": (50257, d), "wpe.weight": (1024, d)}
    for block in range(depth):
        path = f"h.{block}"
        for name, outputs, inputs in (("attn.c_attn", 3 * d, d), ("attn.c_proj", d, d), ("mlp.c_fc", 4 * d, d), ("mlp.c_proj", d, 4 * d)):
            shapes |= {f"{path}.{name}.weight": (inputs, outputs) if transposed else (outputs, inputs), f"{path}.{name}.bias": (outputs,)}
        shapes |= norm(f"{path}.ln_1", d) | norm(f"{path}.ln_2", d)
        if masks:
            shapes |= {f"{path}.attn.bias": (1, 1, 1024, 1024), f"{path}.attn.masked_bias": ()}
    return shapes | norm("ln_f", d)


@pytest.mark.parametrize("transposed", [True, False])
@pytest.mark.parametrize("masks", [True, False])
def test_gpt2(transposed, masks):
    shapes = gpt2(12, 768, transposed, masks)
    parameters, architecture, _ = inspect_checkpoint(file_of(shapes))
    assert (architecture.family, architecture.name, architecture.explained) == ("gpt2", "gpt2", 1.0)
    assert architecture.variant_of == ("transformers" if transposed else "nanogpt")
    assert parameters.learnable == 124_439_808
    assert parameters.buffers == (12 * (1024 * 1024 + 1) if masks else 0)
    assert prove_and_cost(file_of(shapes), architecture, None) == (1.0, None)


def llama(depth, d, x, k, words, names):
    tokens, block_path, q, keys, v, o, gate, up, down, norms = names
    shapes = {f"{tokens}.weight": (words, d)}
    for block in range(depth):
        path = block_path.format(block)
        for name, outputs, inputs in ((q, d, d), (keys, k, d), (v, k, d), (o, d, d), (gate, x, d), (up, x, d), (down, d, x)):
            shapes |= dense(f"{path}.{name}", outputs, inputs, bias=False)
        shapes |= {f"{path}.{name}.weight": (d,) for name in norms}
    return shapes


HF = ("model.embed_tokens", "model.layers.{}", *(f"self_attn.{w}_proj" for w in "qkvo"), "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")
META = ("tok_embeddings", "layers.{}", *(f"attention.w{w}" for w in "qkvo"), "feed_forward.w1", "feed_forward.w3", "feed_forward.w2")


def test_llama():
    hf = llama(32, 4096, 11008, 4096, 32000, (*HF, ("input_layernorm", "post_attention_layernorm")))
    hf |= {"model.norm.weight": (4096,), "lm_head.weight": (32000, 4096)}
    meta = llama(32, 4096, 11008, 4096, 32000, (*META, ("attention_norm", "ffn_norm")))
    meta |= {"norm.weight": (4096,), "output.weight": (32000, 4096), "rope.freqs": (64,)}
    for shapes in (hf, meta):
        parameters, architecture, _ = inspect_checkpoint(file_of(shapes))
        assert (architecture.family, architecture.name, architecture.explained) == ("llama", "llama_7b", 1.0)
        assert architecture.head.outputs == (32000,)
        assert parameters.learnable == 6_738_415_616
        assert prove_and_cost(file_of(shapes), architecture, None) == (1.0, None)


def test_shared_keys():
    shapes = llama(4, 512, 1024, 128, 1000, (*HF, ("input_layernorm", "post_attention_layernorm")))
    architecture = inspect_checkpoint(file_of(shapes))[1]
    assert architecture.name is None
    assert "keys and values shared by 4 queries each" in architecture.traits
    assert architecture.explained == 1.0


def test_translation_models_are_not_encoders():
    block = {}
    for side in ("encoder", "decoder"):
        block |= {f"{side}.embed_tokens.weight": (1000, 64)}
        for b in range(3):
            for word in ("q_proj", "k_proj", "v_proj", "out_proj"):
                block |= dense(f"{side}.layers.{b}.self_attn.{word}", 64, 64)
            block |= dense(f"{side}.layers.{b}.fc1", 256, 64) | dense(f"{side}.layers.{b}.fc2", 64, 256)
    assert inspect_checkpoint(file_of(block))[1].family == "unknown"


def test_blocks_without_words_are_nothing():
    shapes = {name: shape for name, shape in bert(4, 64).items() if not name.startswith("embeddings")}
    assert inspect_checkpoint(file_of(shapes))[1].family == "unknown"


def test_a_text_tower_of_something_larger_is_not_the_file():
    tower = under("text.", bert(2, 64, 100))
    pictures = {f"vision.{n}.weight": (512, 512) for n in range(60)}
    assert inspect_checkpoint(file_of(tower))[1].family == "bert"
    assert TextEncoder().recognize(file_of(tower | pictures).tensors) is None


def test_a_decoder_with_much_else_beside_it_has_no_name():
    more = {f"vision.{n}.weight": (64, 64) for n in range(100)}
    architecture = LanguageModel().recognize(file_of(under("text.", gpt2(12, 768)) | more).tensors)
    assert (architecture.family, architecture.name) == ("gpt2", None)
    assert architecture.explained < 0.7
