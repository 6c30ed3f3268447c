"""Published sizes of networks of transformers, as data: (name, module, class, settings of its config that differ from the default).

The sizes are those of the configuration files that the checkpoints of these names are published with.
"""

from __future__ import annotations

from typing import Any

Row = tuple[str, str, str, dict[str, Any]]


def _bert(layers: int, hidden: int, heads: int, **more: Any) -> dict[str, Any]:
    sizes = {"num_hidden_layers": layers, "hidden_size": hidden, "num_attention_heads": heads, "intermediate_size": 4 * hidden}
    return {**sizes, **more}


def _opt(layers: int, hidden: int, heads: int, **more: Any) -> dict[str, Any]:
    sizes = {"num_hidden_layers": layers, "hidden_size": hidden, "num_attention_heads": heads, "ffn_dim": 4 * hidden}
    return {**sizes, "word_embed_proj_dim": hidden, **more}


def _llama(layers: int, hidden: int, inner: int, heads: int, **more: Any) -> dict[str, Any]:
    sizes = {"num_hidden_layers": layers, "hidden_size": hidden, "intermediate_size": inner, "num_attention_heads": heads}
    return {**sizes, "num_key_value_heads": heads, "vocab_size": 32000, **more}


def _t5(layers: int, width: int, inner: int, heads: int, head: int = 64, **more: Any) -> dict[str, Any]:
    return {"num_layers": layers, "d_model": width, "d_ff": inner, "num_heads": heads, "d_kv": head, "vocab_size": 32128, **more}


def _gpt2(layers: int, width: int, heads: int) -> dict[str, Any]:
    return {"n_layer": layers, "n_embd": width, "n_head": heads}


def _vit(layers: int, hidden: int, heads: int, patch: int = 16, image: int = 224, **more: Any) -> dict[str, Any]:
    return _bert(layers, hidden, heads, patch_size=patch, image_size=image, **more)


def _clip(text: tuple[int, int], vision: tuple[int, int, int, int, int], projection: int) -> dict[str, Any]:
    hidden, heads = text
    layers, width, vision_heads, patch, image = vision
    words = {"hidden_size": hidden, "intermediate_size": 4 * hidden, "num_attention_heads": heads, "projection_dim": projection}
    pixels = _vit(layers, width, vision_heads, patch, image, projection_dim=projection)
    return {"text_config": words, "vision_config": pixels, "projection_dim": projection}


def _swin(width: int, depths: list[int], heads: list[int], window: int, image: int = 224, **more: Any) -> dict[str, Any]:
    return {"embed_dim": width, "depths": depths, "num_heads": heads, "window_size": window, "image_size": image, **more}


def _segformer(widths: list[int], depths: list[int], decoder: int) -> dict[str, Any]:
    return {"hidden_sizes": widths, "depths": depths, "decoder_hidden_size": decoder}


def _whisper(layers: int, width: int, heads: int, **more: Any) -> dict[str, Any]:
    sizes: dict[str, Any] = {"d_model": width}
    for side in ("encoder", "decoder"):
        sizes |= {f"{side}_layers": layers, f"{side}_attention_heads": heads, f"{side}_ffn_dim": 4 * width}
    return {**sizes, **more}


def _bart(layers: int, width: int, heads: int, **more: Any) -> dict[str, Any]:
    return _whisper(layers, width, heads, **more)


LARGE_SPEECH = {"feat_extract_norm": "layer", "conv_bias": True, "do_stable_layer_norm": True}
SMALL_WIDTHS, WIDTHS = [32, 64, 160, 256], [64, 128, 320, 512]
DEBERTA_V3 = {
    "vocab_size": 128100,
    "relative_attention": True,
    "position_buckets": 256,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "type_vocab_size": 0,
}
V11 = {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
GEMMA = {"vocab_size": 256000, "head_dim": 256}

TEXT: tuple[Row, ...] = (
    ("bert-tiny", "bert", "BertForPreTraining", _bert(2, 128, 2)),
    ("bert-mini", "bert", "BertForPreTraining", _bert(4, 256, 4)),
    ("bert-small", "bert", "BertForPreTraining", _bert(4, 512, 8)),
    ("bert-medium", "bert", "BertForPreTraining", _bert(8, 512, 8)),
    ("bert-base-uncased", "bert", "BertForPreTraining", _bert(12, 768, 12)),
    ("bert-base-cased", "bert", "BertForPreTraining", _bert(12, 768, 12, vocab_size=28996)),
    ("bert-base-chinese", "bert", "BertForPreTraining", _bert(12, 768, 12, vocab_size=21128)),
    ("bert-base-multilingual-cased", "bert", "BertForPreTraining", _bert(12, 768, 12, vocab_size=119547)),
    ("bert-base-multilingual-uncased", "bert", "BertForPreTraining", _bert(12, 768, 12, vocab_size=105879)),
    ("bert-base-german-cased", "bert", "BertForPreTraining", _bert(12, 768, 12, vocab_size=30000)),
    ("scibert_scivocab_uncased", "bert", "BertForPreTraining", _bert(12, 768, 12, vocab_size=31090)),
    ("bert-large-uncased", "bert", "BertForPreTraining", _bert(24, 1024, 16)),
    ("bert-large-cased", "bert", "BertForPreTraining", _bert(24, 1024, 16, vocab_size=28996)),
    ("all-MiniLM-L6-v2", "bert", "BertModel", _bert(6, 384, 12)),
    ("all-MiniLM-L12-v2", "bert", "BertModel", _bert(12, 384, 12)),
    ("roberta-base", "roberta", "RobertaForMaskedLM", _bert(12, 768, 12, vocab_size=50265, max_position_embeddings=514, type_vocab_size=1)),
    (
        "roberta-large",
        "roberta",
        "RobertaForMaskedLM",
        _bert(24, 1024, 16, vocab_size=50265, max_position_embeddings=514, type_vocab_size=1),
    ),
    (
        "distilroberta-base",
        "roberta",
        "RobertaForMaskedLM",
        _bert(6, 768, 12, vocab_size=50265, max_position_embeddings=514, type_vocab_size=1),
    ),
    (
        "xlm-roberta-base",
        "xlm_roberta",
        "XLMRobertaForMaskedLM",
        _bert(12, 768, 12, vocab_size=250002, max_position_embeddings=514, type_vocab_size=1),
    ),
    (
        "xlm-roberta-large",
        "xlm_roberta",
        "XLMRobertaForMaskedLM",
        _bert(24, 1024, 16, vocab_size=250002, max_position_embeddings=514, type_vocab_size=1),
    ),
    ("electra-small-discriminator", "electra", "ElectraForPreTraining", _bert(12, 256, 4, embedding_size=128)),
    ("electra-base-discriminator", "electra", "ElectraForPreTraining", _bert(12, 768, 12, embedding_size=768)),
    ("electra-large-discriminator", "electra", "ElectraForPreTraining", _bert(24, 1024, 16, embedding_size=1024)),
    ("electra-base-generator", "electra", "ElectraForMaskedLM", _bert(12, 256, 4, embedding_size=768)),
    ("distilbert-base-uncased", "distilbert", "DistilBertForMaskedLM", {}),
    ("distilbert-base-cased", "distilbert", "DistilBertForMaskedLM", {"vocab_size": 28996}),
    ("distilbert-base-multilingual-cased", "distilbert", "DistilBertForMaskedLM", {"vocab_size": 119547}),
    ("albert-base-v2", "albert", "AlbertForPreTraining", _bert(12, 768, 12)),
    ("albert-large-v2", "albert", "AlbertForPreTraining", _bert(24, 1024, 16)),
    ("albert-xlarge-v2", "albert", "AlbertForPreTraining", _bert(24, 2048, 16)),
    ("albert-xxlarge-v2", "albert", "AlbertForPreTraining", _bert(12, 4096, 64)),
    (
        "deberta-base",
        "deberta",
        "DebertaModel",
        _bert(
            12,
            768,
            12,
            vocab_size=50265,
            relative_attention=True,
            pos_att_type=["c2p", "p2c"],
            position_biased_input=False,
            type_vocab_size=0,
        ),
    ),
    ("deberta-v3-xsmall", "deberta_v2", "DebertaV2Model", _bert(12, 384, 6, **DEBERTA_V3)),
    ("deberta-v3-small", "deberta_v2", "DebertaV2Model", _bert(6, 768, 12, **DEBERTA_V3)),
    ("deberta-v3-base", "deberta_v2", "DebertaV2Model", _bert(12, 768, 12, **DEBERTA_V3)),
    ("deberta-v3-large", "deberta_v2", "DebertaV2Model", _bert(24, 1024, 16, **DEBERTA_V3)),
    ("mpnet-base", "mpnet", "MPNetForMaskedLM", _bert(12, 768, 12, vocab_size=30527, max_position_embeddings=514)),
    (
        "longformer-base-4096",
        "longformer",
        "LongformerModel",
        _bert(12, 768, 12, vocab_size=50265, max_position_embeddings=4098, type_vocab_size=1),
    ),
    ("bigbird-roberta-base", "big_bird", "BigBirdForMaskedLM", _bert(12, 768, 12)),
    ("xlnet-base-cased", "xlnet", "XLNetLMHeadModel", {"n_layer": 12, "d_model": 768, "n_head": 12, "d_inner": 3072}),
    ("xlnet-large-cased", "xlnet", "XLNetLMHeadModel", {"n_layer": 24, "d_model": 1024, "n_head": 16, "d_inner": 4096}),
    ("bart-base", "bart", "BartForConditionalGeneration", _bart(6, 768, 12)),
    ("bart-large", "bart", "BartForConditionalGeneration", _bart(12, 1024, 16)),
    ("mbart-large-cc25", "mbart", "MBartForConditionalGeneration", _bart(12, 1024, 16, vocab_size=250027)),
    ("t5-small", "t5", "T5ForConditionalGeneration", _t5(6, 512, 2048, 8)),
    ("t5-base", "t5", "T5ForConditionalGeneration", _t5(12, 768, 3072, 12)),
    ("t5-large", "t5", "T5ForConditionalGeneration", _t5(24, 1024, 4096, 16)),
    ("t5-3b", "t5", "T5ForConditionalGeneration", _t5(24, 1024, 16384, 32, 128)),
    ("t5-11b", "t5", "T5ForConditionalGeneration", _t5(24, 1024, 65536, 128, 128)),
    ("flan-t5-small", "t5", "T5ForConditionalGeneration", _t5(8, 512, 1024, 6, **V11)),
    ("flan-t5-base", "t5", "T5ForConditionalGeneration", _t5(12, 768, 2048, 12, **V11)),
    ("flan-t5-large", "t5", "T5ForConditionalGeneration", _t5(24, 1024, 2816, 16, **V11)),
    ("flan-t5-xl", "t5", "T5ForConditionalGeneration", _t5(24, 2048, 5120, 32, **V11)),
    ("flan-t5-xxl", "t5", "T5ForConditionalGeneration", _t5(24, 4096, 10240, 64, **V11)),
    ("distilgpt2", "gpt2", "GPT2LMHeadModel", _gpt2(6, 768, 12)),
    ("gpt2", "gpt2", "GPT2LMHeadModel", _gpt2(12, 768, 12)),
    ("gpt2-medium", "gpt2", "GPT2LMHeadModel", _gpt2(24, 1024, 16)),
    ("gpt2-large", "gpt2", "GPT2LMHeadModel", _gpt2(36, 1280, 20)),
    ("gpt2-xl", "gpt2", "GPT2LMHeadModel", _gpt2(48, 1600, 25)),
    (
        "gpt-neo-125m",
        "gpt_neo",
        "GPTNeoForCausalLM",
        {"hidden_size": 768, "num_layers": 12, "num_heads": 12, "attention_types": [[["global", "local"], 6]]},
    ),
    ("gpt-neo-1.3B", "gpt_neo", "GPTNeoForCausalLM", {}),
    ("gpt-j-6b", "gptj", "GPTJForCausalLM", {}),
    ("pythia-70m", "gpt_neox", "GPTNeoXForCausalLM", _bert(6, 512, 8, vocab_size=50304)),
    ("pythia-160m", "gpt_neox", "GPTNeoXForCausalLM", _bert(12, 768, 12, vocab_size=50304)),
    ("pythia-410m", "gpt_neox", "GPTNeoXForCausalLM", _bert(24, 1024, 16, vocab_size=50304)),
    ("pythia-1b", "gpt_neox", "GPTNeoXForCausalLM", _bert(16, 2048, 8, vocab_size=50304)),
    ("pythia-2.8b", "gpt_neox", "GPTNeoXForCausalLM", _bert(32, 2560, 32, vocab_size=50304)),
    ("pythia-6.9b", "gpt_neox", "GPTNeoXForCausalLM", _bert(32, 4096, 32, vocab_size=50432)),
    ("opt-125m", "opt", "OPTForCausalLM", _opt(12, 768, 12)),
    ("opt-350m", "opt", "OPTForCausalLM", _opt(24, 1024, 16, word_embed_proj_dim=512, do_layer_norm_before=False)),
    ("opt-1.3b", "opt", "OPTForCausalLM", _opt(24, 2048, 32)),
    ("opt-2.7b", "opt", "OPTForCausalLM", _opt(32, 2560, 32)),
    ("opt-6.7b", "opt", "OPTForCausalLM", _opt(32, 4096, 32)),
    ("opt-13b", "opt", "OPTForCausalLM", _opt(40, 5120, 40)),
    ("opt-30b", "opt", "OPTForCausalLM", _opt(48, 7168, 56)),
    ("opt-66b", "opt", "OPTForCausalLM", _opt(64, 9216, 72)),
    ("bloom-560m", "bloom", "BloomForCausalLM", {"hidden_size": 1024, "n_layer": 24, "n_head": 16, "vocab_size": 250880}),
    ("bloom-1b1", "bloom", "BloomForCausalLM", {"hidden_size": 1536, "n_layer": 24, "n_head": 16, "vocab_size": 250880}),
    ("bloom-3b", "bloom", "BloomForCausalLM", {"hidden_size": 2560, "n_layer": 30, "n_head": 32, "vocab_size": 250880}),
    ("bloom-7b1", "bloom", "BloomForCausalLM", {"hidden_size": 4096, "n_layer": 30, "n_head": 32, "vocab_size": 250880}),
    ("llama-7b", "llama", "LlamaForCausalLM", _llama(32, 4096, 11008, 32)),
    ("llama-13b", "llama", "LlamaForCausalLM", _llama(40, 5120, 13824, 40)),
    ("llama-33b", "llama", "LlamaForCausalLM", _llama(60, 6656, 17920, 52)),
    ("llama-65b", "llama", "LlamaForCausalLM", _llama(80, 8192, 22016, 64)),
    ("llama2-70b", "llama", "LlamaForCausalLM", _llama(80, 8192, 28672, 64, num_key_value_heads=8)),
    ("llama3-8b", "llama", "LlamaForCausalLM", _llama(32, 4096, 14336, 32, num_key_value_heads=8, vocab_size=128256)),
    ("llama3-70b", "llama", "LlamaForCausalLM", _llama(80, 8192, 28672, 64, num_key_value_heads=8, vocab_size=128256)),
    (
        "llama3.2-1b",
        "llama",
        "LlamaForCausalLM",
        _llama(16, 2048, 8192, 32, num_key_value_heads=8, vocab_size=128256, tie_word_embeddings=True),
    ),
    (
        "llama3.2-3b",
        "llama",
        "LlamaForCausalLM",
        _llama(28, 3072, 8192, 24, num_key_value_heads=8, vocab_size=128256, tie_word_embeddings=True),
    ),
    ("tinyllama-1.1b", "llama", "LlamaForCausalLM", _llama(22, 2048, 5632, 32, num_key_value_heads=4)),
    ("mistral-7b", "mistral", "MistralForCausalLM", _llama(32, 4096, 14336, 32, num_key_value_heads=8)),
    (
        "qwen2-0.5b",
        "qwen2",
        "Qwen2ForCausalLM",
        _llama(24, 896, 4864, 14, num_key_value_heads=2, vocab_size=151936, tie_word_embeddings=True),
    ),
    (
        "qwen2-1.5b",
        "qwen2",
        "Qwen2ForCausalLM",
        _llama(28, 1536, 8960, 12, num_key_value_heads=2, vocab_size=151936, tie_word_embeddings=True),
    ),
    ("qwen2-7b", "qwen2", "Qwen2ForCausalLM", _llama(28, 3584, 18944, 28, num_key_value_heads=4, vocab_size=152064)),
    ("gemma-2b", "gemma", "GemmaForCausalLM", _llama(18, 2048, 16384, 8, **GEMMA, num_key_value_heads=1)),
    ("gemma-7b", "gemma", "GemmaForCausalLM", _llama(28, 3072, 24576, 16, **GEMMA)),
    ("phi-2", "phi", "PhiForCausalLM", _llama(32, 2560, 10240, 32, vocab_size=51200)),
    ("mamba-130m", "mamba", "MambaForCausalLM", {"hidden_size": 768, "num_hidden_layers": 24, "vocab_size": 50280}),
    ("mamba-370m", "mamba", "MambaForCausalLM", {"hidden_size": 1024, "num_hidden_layers": 48, "vocab_size": 50280}),
)

PICTURES: tuple[Row, ...] = (
    ("vit-base-patch16-224", "vit", "ViTForImageClassification", _vit(12, 768, 12)),
    ("vit-base-patch16-384", "vit", "ViTForImageClassification", _vit(12, 768, 12, image=384)),
    ("vit-base-patch32-384", "vit", "ViTForImageClassification", _vit(12, 768, 12, 32, 384)),
    ("vit-large-patch16-224", "vit", "ViTForImageClassification", _vit(24, 1024, 16)),
    ("vit-large-patch32-384", "vit", "ViTForImageClassification", _vit(24, 1024, 16, 32, 384)),
    ("vit-huge-patch14-224-in21k", "vit", "ViTModel", _vit(32, 1280, 16, 14)),
    ("dino-vits16", "vit", "ViTModel", _vit(12, 384, 6)),
    ("dino-vits8", "vit", "ViTModel", _vit(12, 384, 6, 8)),
    ("dino-vitb8", "vit", "ViTModel", _vit(12, 768, 12, 8)),
    ("vit-mae-base", "vit_mae", "ViTMAEForPreTraining", _vit(12, 768, 12)),
    ("vit-mae-large", "vit_mae", "ViTMAEForPreTraining", _vit(24, 1024, 16)),
    ("vit-mae-huge", "vit_mae", "ViTMAEForPreTraining", _vit(32, 1280, 16, 14)),
    ("deit-tiny-distilled-patch16-224", "deit", "DeiTForImageClassificationWithTeacher", _vit(12, 192, 3)),
    ("deit-small-distilled-patch16-224", "deit", "DeiTForImageClassificationWithTeacher", _vit(12, 384, 6)),
    ("deit-base-distilled-patch16-224", "deit", "DeiTForImageClassificationWithTeacher", _vit(12, 768, 12)),
    ("deit-base-distilled-patch16-384", "deit", "DeiTForImageClassificationWithTeacher", _vit(12, 768, 12, image=384)),
    (
        "beit-base-patch16-224",
        "beit",
        "BeitForImageClassification",
        _vit(12, 768, 12, use_relative_position_bias=True, use_mean_pooling=True),
    ),
    (
        "beit-large-patch16-224",
        "beit",
        "BeitForImageClassification",
        _vit(24, 1024, 16, use_relative_position_bias=True, use_mean_pooling=True),
    ),
    ("dinov2-small", "dinov2", "Dinov2Model", {"hidden_size": 384, "num_attention_heads": 6, "patch_size": 14, "image_size": 518}),
    ("dinov2-base", "dinov2", "Dinov2Model", {"patch_size": 14, "image_size": 518}),
    (
        "dinov2-large",
        "dinov2",
        "Dinov2Model",
        {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "patch_size": 14, "image_size": 518},
    ),
    (
        "dinov2-giant",
        "dinov2",
        "Dinov2Model",
        {
            "hidden_size": 1536,
            "num_hidden_layers": 40,
            "num_attention_heads": 24,
            "patch_size": 14,
            "image_size": 518,
            "use_swiglu_ffn": True,
        },
    ),
    ("swin-tiny-patch4-window7-224", "swin", "SwinForImageClassification", _swin(96, [2, 2, 6, 2], [3, 6, 12, 24], 7)),
    ("swin-small-patch4-window7-224", "swin", "SwinForImageClassification", _swin(96, [2, 2, 18, 2], [3, 6, 12, 24], 7)),
    ("swin-base-patch4-window7-224", "swin", "SwinForImageClassification", _swin(128, [2, 2, 18, 2], [4, 8, 16, 32], 7)),
    ("swin-base-patch4-window12-384", "swin", "SwinForImageClassification", _swin(128, [2, 2, 18, 2], [4, 8, 16, 32], 12, 384)),
    ("swin-large-patch4-window7-224", "swin", "SwinForImageClassification", _swin(192, [2, 2, 18, 2], [6, 12, 24, 48], 7)),
    ("swin-large-patch4-window12-384", "swin", "SwinForImageClassification", _swin(192, [2, 2, 18, 2], [6, 12, 24, 48], 12, 384)),
    ("swinv2-tiny-patch4-window8-256", "swinv2", "Swinv2ForImageClassification", _swin(96, [2, 2, 6, 2], [3, 6, 12, 24], 8, 256)),
    ("swinv2-small-patch4-window8-256", "swinv2", "Swinv2ForImageClassification", _swin(96, [2, 2, 18, 2], [3, 6, 12, 24], 8, 256)),
    ("swinv2-base-patch4-window8-256", "swinv2", "Swinv2ForImageClassification", _swin(128, [2, 2, 18, 2], [4, 8, 16, 32], 8, 256)),
    ("swinv2-large-patch4-window12-192-22k", "swinv2", "Swinv2ForImageClassification", _swin(192, [2, 2, 18, 2], [6, 12, 24, 48], 12, 192)),
    ("swin2SR-classical-sr-x2-64", "swin2sr", "Swin2SRForImageSuperResolution", {}),
    ("clip-vit-base-patch32", "clip", "CLIPModel", _clip((512, 8), (12, 768, 12, 32, 224), 512)),
    ("clip-vit-base-patch16", "clip", "CLIPModel", _clip((512, 8), (12, 768, 12, 16, 224), 512)),
    ("clip-vit-large-patch14", "clip", "CLIPModel", _clip((768, 12), (24, 1024, 16, 14, 224), 768)),
    ("clip-vit-large-patch14-336", "clip", "CLIPModel", _clip((768, 12), (24, 1024, 16, 14, 336), 768)),
    ("siglip-base-patch16-224", "siglip", "SiglipModel", {}),
    ("blip-image-captioning-base", "blip", "BlipForConditionalGeneration", {"image_text_hidden_size": 256}),
    ("vilt-b32-mlm", "vilt", "ViltForMaskedLM", {"image_size": 384, "patch_size": 32}),
    ("mit-b0", "segformer", "SegformerForImageClassification", _segformer(SMALL_WIDTHS, [2, 2, 2, 2], 256)),
    ("mit-b1", "segformer", "SegformerForImageClassification", _segformer(WIDTHS, [2, 2, 2, 2], 256)),
    ("mit-b2", "segformer", "SegformerForImageClassification", _segformer(WIDTHS, [3, 4, 6, 3], 768)),
    ("mit-b3", "segformer", "SegformerForImageClassification", _segformer(WIDTHS, [3, 4, 18, 3], 768)),
    ("mit-b4", "segformer", "SegformerForImageClassification", _segformer(WIDTHS, [3, 8, 27, 3], 768)),
    ("mit-b5", "segformer", "SegformerForImageClassification", _segformer(WIDTHS, [3, 6, 40, 3], 768)),
    ("segformer-b0", "segformer", "SegformerForSemanticSegmentation", _segformer(SMALL_WIDTHS, [2, 2, 2, 2], 256)),
    ("segformer-b1", "segformer", "SegformerForSemanticSegmentation", _segformer(WIDTHS, [2, 2, 2, 2], 256)),
    ("segformer-b2", "segformer", "SegformerForSemanticSegmentation", _segformer(WIDTHS, [3, 4, 6, 3], 768)),
    ("segformer-b3", "segformer", "SegformerForSemanticSegmentation", _segformer(WIDTHS, [3, 4, 18, 3], 768)),
    ("segformer-b4", "segformer", "SegformerForSemanticSegmentation", _segformer(WIDTHS, [3, 8, 27, 3], 768)),
    ("segformer-b5", "segformer", "SegformerForSemanticSegmentation", _segformer(WIDTHS, [3, 6, 40, 3], 768)),
    ("detr-resnet50", "detr", "DetrForObjectDetection", {"backbone": "resnet50"}),
    ("detr-resnet101", "detr", "DetrForObjectDetection", {"backbone": "resnet101"}),
    ("conditional-detr-resnet50", "conditional_detr", "ConditionalDetrForObjectDetection", {"backbone": "resnet50"}),
    ("deformable-detr", "deformable_detr", "DeformableDetrForObjectDetection", {"backbone": "resnet50"}),
    (
        "yolos-tiny",
        "yolos",
        "YolosForObjectDetection",
        {**_vit(12, 192, 3), "image_size": [800, 1333], "use_mid_position_embeddings": False},
    ),
    ("yolos-base", "yolos", "YolosForObjectDetection", {**_vit(12, 768, 12), "image_size": [800, 1344]}),
    ("dpt-large", "dpt", "DPTForDepthEstimation", _vit(24, 1024, 16, image=384)),
    ("glpn-nyu", "glpn", "GLPNForDepthEstimation", {"depths": [3, 8, 27, 3], "hidden_sizes": WIDTHS}),
    ("upernet-convnext-tiny", "upernet", "UperNetForSemanticSegmentation", {}),
    ("sam-vit-base", "sam", "SamModel", {}),
    (
        "sam-vit-large",
        "sam",
        "SamModel",
        {
            "vision_config": {
                "hidden_size": 1024,
                "num_hidden_layers": 24,
                "num_attention_heads": 16,
                "global_attn_indexes": [5, 11, 17, 23],
            }
        },
    ),
    (
        "sam-vit-huge",
        "sam",
        "SamModel",
        {
            "vision_config": {
                "hidden_size": 1280,
                "num_hidden_layers": 32,
                "num_attention_heads": 16,
                "global_attn_indexes": [7, 15, 23, 31],
            }
        },
    ),
    ("videomae-base", "videomae", "VideoMAEForPreTraining", {}),
    ("timesformer-base", "timesformer", "TimesformerForVideoClassification", {}),
    ("cvt-13", "cvt", "CvtForImageClassification", {}),
    ("mobilenet_v1_1.0_224", "mobilenet_v1", "MobileNetV1ForImageClassification", {}),
    ("mobilevit-small", "mobilevit", "MobileViTForImageClassification", {}),
    ("levit-128s", "levit", "LevitForImageClassification", {}),
    ("poolformer_s12", "poolformer", "PoolFormerForImageClassification", {}),
    ("regnet-y-040", "regnet", "RegNetForImageClassification", {}),
    ("maskformer-swin-base", "maskformer", "MaskFormerForInstanceSegmentation", {}),
    ("mask2former-swin-tiny", "mask2former", "Mask2FormerForUniversalSegmentation", {}),
    ("layoutlmv3-base", "layoutlmv3", "LayoutLMv3Model", {}),
    ("trocr-base", "trocr", "TrOCRForCausalLM", {}),
)

SOUND: tuple[Row, ...] = (
    ("wav2vec2-base", "wav2vec2", "Wav2Vec2ForPreTraining", {}),
    ("wav2vec2-base-960h", "wav2vec2", "Wav2Vec2ForCTC", {}),
    ("wav2vec2-large", "wav2vec2", "Wav2Vec2ForCTC", _bert(24, 1024, 16)),
    ("wav2vec2-large-960h-lv60", "wav2vec2", "Wav2Vec2ForCTC", _bert(24, 1024, 16, **LARGE_SPEECH)),
    ("hubert-base-ls960", "hubert", "HubertModel", {}),
    ("hubert-large-ll60k", "hubert", "HubertModel", _bert(24, 1024, 16, **LARGE_SPEECH)),
    ("hubert-xlarge-ll60k", "hubert", "HubertModel", _bert(48, 1280, 16, **LARGE_SPEECH)),
    ("wavlm-base", "wavlm", "WavLMModel", {}),
    ("wavlm-large", "wavlm", "WavLMModel", _bert(24, 1024, 16, feat_extract_norm="layer", do_stable_layer_norm=True)),
    ("whisper-tiny", "whisper", "WhisperForConditionalGeneration", _whisper(4, 384, 6)),
    ("whisper-base", "whisper", "WhisperForConditionalGeneration", _whisper(6, 512, 8)),
    ("whisper-small", "whisper", "WhisperForConditionalGeneration", _whisper(12, 768, 12)),
    ("whisper-medium", "whisper", "WhisperForConditionalGeneration", _whisper(24, 1024, 16)),
    ("whisper-large-v2", "whisper", "WhisperForConditionalGeneration", _whisper(32, 1280, 20)),
    ("whisper-large-v3", "whisper", "WhisperForConditionalGeneration", _whisper(32, 1280, 20, num_mel_bins=128, vocab_size=51866)),
    ("ast-finetuned-audioset", "audio_spectrogram_transformer", "ASTForAudioClassification", {"num_labels": 527}),
    ("speecht5_tts", "speecht5", "SpeechT5ForTextToSpeech", {}),
    ("speecht5_hifigan", "speecht5", "SpeechT5HifiGan", {}),
    ("mms-tts", "vits", "VitsModel", {}),
    ("encodec_24khz", "encodec", "EncodecModel", {}),
)

NETWORKS: tuple[Row, ...] = (*TEXT, *PICTURES, *SOUND)
