"""General family words for the networks of timm, torchvision and transformers: one ordered table, the first rule that fits wins.

A rule is (library, pattern). The pattern is matched against the start of "module/name", where module is the last word of the module
that registers the network: "resnet/seresnext50_32x4d", "maxxvit/coatnet_0_rw_224". What no rule names is called by its module.
"""

from __future__ import annotations

import re

RULES: tuple[tuple[str, str, str], ...] = (
    # timm: modules that hold several families
    ("timm", r"convnext/convnextv2", "convnextv2"),
    ("timm", r"convnext/", "convnext"),
    ("timm", r"efficientnet/(tf_|gc_)?efficientnetv2", "efficientnetv2"),
    ("timm", r"efficientnet/mobilenetv1", "mobilenetv1"),
    ("timm", r"efficientnet/mobilenet(v2|_edgetpu)", "mobilenetv2"),
    ("timm", r"efficientnet/(tf_)?mixnet", "mixnet"),
    ("timm", r"efficientnet/(se)?mnasnet", "mnasnet"),
    ("timm", r"efficientnet/fbnetc", "fbnet"),
    ("timm", r"efficientnet/spnasnet", "spnasnet"),
    ("timm", r"efficientnet/", "efficientnet"),
    ("timm", r"mobilenetv3/fbnetv3", "fbnet"),
    ("timm", r"mobilenetv3/lcnet", "lcnet"),
    ("timm", r"mobilenetv3/mobilenetv4", "mobilenetv4"),
    ("timm", r"mobilenetv3/", "mobilenetv3"),
    ("timm", r"hardcorenas/", "hardcorenas"),
    ("timm", r"byobnet/(repvgg|gernet|mobileone|regnetz)", "{1}"),
    ("timm", r"byobnet/(bat_|eca_|gc|se)?res", "resnet"),
    ("timm", r"byoanet/((se)?botnet|eca_botnext|eca_halonext)", "botnet"),
    ("timm", r"byoanet/(se|halo)", "halonet"),
    ("timm", r"byoanet/la", "lambdanet"),
    ("timm", r"maxxvit/coatn", "coatnet"),
    ("timm", r"maxxvit/maxxvit", "maxxvit"),
    ("timm", r"maxxvit/", "maxvit"),
    ("timm", r"metaformer/poolformer", "poolformer"),
    ("timm", r"mlp_mixer/(resmlp|gmlp)", "{1}"),
    ("timm", r"cspnet/.*darknet", "darknet"),
    ("timm", r"cspnet/cs3", "cspnet"),
    ("timm", r"eva/vit", "vit"),
    ("timm", r"(vision_transformer|vision_transformer_hybrid|vision_transformer_relpos|vision_transformer_sam|naflexvit)/", "vit"),
    ("timm", r"(qwen3_vit|deepseek_vit|gemma4_vit)/", "vit"),
    ("timm", r"nfnet/nf_(?:se|eca)?(resnet|regnet)", "{1}"),
    ("timm", r"deit/", "deit"),
    ("timm", r"swin_transformer/", "swin"),
    ("timm", r"swin_transformer_v2(_cr)?/", "swinv2"),
    ("timm", r"senet/legacy_senet", "senet"),
    ("timm", r"senet/", "resnet"),
    ("timm", r"inception_(v3|v4|resnet_v2)/", "inception"),
    ("timm", r"xception", "xception"),
    ("timm", r"hieradet_sam2/", "hiera"),
    ("timm", r"efficientvit_", "efficientvit"),
    ("timm", r"efficientformer_v2/", "efficientformerv2"),
    ("timm", r"pvt_v2/", "pvt"),
    ("timm", r"mobilevit/mobilevitv2", "mobilevitv2"),
    # torchvision: the name says it
    ("torchvision", r"detection/fasterrcnn", "faster_rcnn"),
    ("torchvision", r"detection/maskrcnn", "mask_rcnn"),
    ("torchvision", r"detection/keypointrcnn", "keypoint_rcnn"),
    ("torchvision", r"detection/(retinanet|fcos|ssd)", "{1}"),
    ("torchvision", r"segmentation/(deeplabv3|fcn|lraspp)", "{1}"),
    ("torchvision", r"video/(r3d|mc3|r2plus1d)", "resnet3d"),
    ("torchvision", r"video/swin3d", "swin3d"),
    ("torchvision", r"video/mvit_v2", "mvitv2"),
    ("torchvision", r"video/mvit", "mvit"),
    ("torchvision", r"\w+/(wide_)?resne", "resnet"),
    ("torchvision", r"\w+/swin_v2", "swinv2"),
    ("torchvision", r"\w+/swin", "swin"),
    ("torchvision", r"\w+/efficientnet_v2", "efficientnetv2"),
    ("torchvision", r"\w+/mobilenet_v(\d)", "mobilenetv{1}"),
    ("torchvision", r"\w+/shufflenet_v2", "shufflenetv2"),
    ("torchvision", r"\w+/inception", "inception"),
    ("torchvision", r"\w+/([a-z]+)", "{1}"),
    # transformers: the module of the model, with the words that the other libraries use
    ("transformers", r"convnextv2/", "convnextv2"),
    ("transformers", r"mobilenet_v(\d)/", "mobilenetv{1}"),
    ("transformers", r"(vit_mae|dinov2)/", "vit"),
    ("transformers", r"xlm_roberta/", "roberta"),
    ("transformers", r"(deberta)_v2/", "{1}"),
    ("transformers", r"speecht5/.*hifigan", "hifigan"),
    ("transformers", r"audio_spectrogram_transformer/", "ast"),
)


def family_of(library: str, module: str, name: str) -> str:
    """Return the family word of a network that `module` of `library` registers under `name`."""
    for owner, pattern, family in RULES:
        match = re.match(pattern, f"{module}/{name}") if owner == library else None
        if match:
            return family.replace("{1}", match.group(1)) if "{1}" in family else family
    return module
