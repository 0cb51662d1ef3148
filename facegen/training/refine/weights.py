"""A generator's weights with inputs for more attributes, and with codes of another spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from facegen.drawing.deconv.generator import Decoder


def respread(decoder: Decoder, scale: Tensor, shift: Tensor) -> None:
    """Make a decoder draw of codes (n, d) what it drew of `scale * codes + shift`; both are (d,)."""
    for layer in (cast(nn.Linear, decoder.mapping[0]), decoder.dense, decoder.eigenfaces):
        weight = layer.weight.float().clone()
        layer.bias = nn.Parameter(layer.bias + weight[:, : len(shift)] @ shift, requires_grad=False)
        weight[:, : len(scale)] *= scale
        layer.weight = nn.Parameter(weight, requires_grad=False)


def widened(
    published: Mapping[str, Tensor], wanted: Mapping[str, Tensor], known: Sequence[str], names: Sequence[str]
) -> dict[str, Tensor]:
    """A generator's weights with inputs for more attributes, which do nothing yet.

    Args:
        published: its state dict. wanted: that of the wider one, for its shapes.
        known, names: the attributes of both; `names` begins with `known`.
    """
    state = {}
    for key, tensor in published.items():
        added = wanted[key].shape[-1] - tensor.shape[-1] if tensor.dim() == 2 else 0
        if added:  # .. yes (known), no (known) -> .. yes (names), no (names)
            yes, no = tensor.shape[-1] - 2 * len(known), tensor.shape[-1] - len(known)
            more = tensor.new_zeros(len(tensor), len(names) - len(known))
            tensor = torch.cat([tensor[:, :yes], tensor[:, yes:no], more, tensor[:, no:], more], 1)
        state[key] = tensor
    return state
