"""How many values a checkpoint holds: those that an optimizer would see, and the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable

from auditor.facts import Parameters, Tensor

# Last words of names under which torch, torchvision, timm, transformers, thop and common research code register buffers.
BUFFER_NAMES = frozenset(
    """
    running_mean running_var num_batches_tracked weight_u
    relative_position_index relative_coords_table attn_mask position_ids token_type_ids masked_bias causal_mask inv_freq
    final_logits_bias attention_bias_idxs input_resolution context_length vocab_size rel_pos_index relative_index
    cos_cached sin_cached freqs_cis freqs_cos freqs_sin periods rotary_pos_emb pos_table sinusoid_table pe tril filt _float_tensor
    anchors anchor_grid anchor_points priors stride_tensor pixel_mean pixel_std image_mean image_std empty_weight
    total_ops total_params queue queue_ptr cluster_size embed embed_avg ema_w ema_cluster_size initted inited
    input_min input_max output_min output_max min_val max_val std_bias std_scale
    betas alphas_cumprod alphas_cumprod_prev sqrt_alphas_cumprod sqrt_one_minus_alphas_cumprod log_one_minus_alphas_cumprod
    sqrt_recip_alphas_cumprod sqrt_recipm1_alphas_cumprod posterior_variance posterior_log_variance_clipped
    posterior_mean_coef1 posterior_mean_coef2
    """.split()
)
# Names that a learnable tensor of more dimensions has too: weight normalization's `weight_v` is the weight itself, spectral
# normalization's is a vector; rotary frequencies are fixed as one vector and learned as a table for each layer.
VECTOR_BUFFERS = frozenset(("weight_v", "_u", "_v", "freqs", "project", "window"))
# Square tables that let a position see the ones before it: a real bias has one dimension.
MASKS = frozenset(("bias", "mask"))
COLORS = 3  # a picture's mean and deviation are one number a channel
LEARNABLE_DTYPES = ("float", "bfloat", "complex", "half", "double")
MOST_DIMENSIONS = 64  # torch has no tensor of more; a longer shape is a lie and would only cost time


def count_parameters(tensors: Iterable[Tensor]) -> Parameters:
    """Return the numbers of learnable values and of buffer values; tied weights count once.

    Two tensors are tied where they look into the same storage and every tensor of that storage has the same shape: a storage
    with tensors of several shapes is a flat memory block that many different tensors are cut from.
    """
    tensors = tuple(tensors)
    shapes_of: dict[str, set[tuple[int, ...]]] = {}
    for tensor in tensors:
        if tensor.storage:
            shapes_of.setdefault(tensor.storage, set()).add(tensor.shape)
    seen: set[str] = set()
    learnable = buffers = 0
    for tensor in tensors:
        if tensor.storage and len(shapes_of[tensor.storage]) == 1:
            if tensor.storage in seen:
                continue
            seen.add(tensor.storage)
        if is_buffer(tensor):
            buffers += elements(tensor.shape)
        else:
            learnable += elements(tensor.shape)
    return Parameters(learnable=learnable, buffers=buffers)


def is_buffer(tensor: Tensor) -> bool:
    """Tell whether no optimizer would see the tensor: the file's word first, then type and name."""
    if tensor.is_parameter is not None:
        return not tensor.is_parameter
    if tensor.dtype and not tensor.dtype.startswith(LEARNABLE_DTYPES):
        return True
    path, _, last = tensor.name.rpartition(".")
    dims = len(tensor.shape)
    if last in BUFFER_NAMES or path.endswith("cell_anchors"):
        return True
    if last in VECTOR_BUFFERS:
        return dims == 1
    if last in MASKS:  # GPT-2 calls its causal mask `attn.bias`
        return dims >= 2 and tensor.shape[-1] == tensor.shape[-2] and ((dims == 4 and path.endswith("attn")) or last == "mask")
    return last in ("mean", "std") and elements(tensor.shape) == COLORS


def elements(shape: tuple[int, ...]) -> int:
    """Return the number of elements of a shape, 0 for one that no tensor can have."""
    if len(shape) > MOST_DIMENSIONS or any(size < 0 for size in shape):
        return 0
    return math.prod(shape)
