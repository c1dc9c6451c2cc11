"""Net2WiderNet: a trained network's weights for one with more channels and the same outputs.

Chen et al. 2016, Net2Net: each channel is copied, and the weights that read it are split randomly
among the copies, so that these diverge in training.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lpr.errors import ModelError
from lpr_torch.resnet_gru import ResNetGruNet


def widen(narrow: ResNetGruNet, wide: ResNetGruNet, seed: int) -> dict[str, Tensor]:
    """Return a state dict for ``wide``, whose channels are a multiple of those of ``narrow``.

    Raises :class:`lpr.errors.ModelError` if the networks differ in anything else.
    """
    random = torch.Generator().manual_seed(seed)
    widened: dict[str, Tensor] = {}
    targets = wide.state_dict()
    channels = narrow.last[0].num_features
    for name, value in narrow.state_dict().items():
        shape = targets[name].shape if name in targets else torch.Size()
        if name == "dense.weight":
            # Its inputs are rows x channels of the feature map.
            rows = value.shape[1] // channels
            parts = value.view(len(value), rows, channels)
            grown = torch.Size((shape[0], rows, shape[1] // rows))
            widened[name] = _grown(name, parts, grown, random, 2).reshape(shape)
        else:
            widened[name] = _grown(name, value, shape, random, 1)
    if set(widened) != set(targets):
        raise ModelError("a network can only be widened; the layers have to be the same")
    return widened


def _grown(
    name: str, value: Tensor, shape: torch.Size, random: torch.Generator, inputs: int
) -> Tensor:
    """``value`` at the larger ``shape``: axis 0 is copied, axis ``inputs`` is split."""
    # A recurrent layer's rows are those of three gates in turn, and do not grow.
    growing = (inputs,) if "gru" in name else (0, inputs)
    fits = value.ndim == len(shape) and all(
        new % old == 0 and (new == old or axis in growing)
        for axis, (old, new) in enumerate(zip(value.shape, shape, strict=False))
    )
    if not fits:
        raise ModelError(f"{name} cannot grow from {tuple(value.shape)} to {tuple(shape)}")
    if value.ndim == 0:
        return value
    copies = shape[0] // value.shape[0]
    grown = torch.cat([value] * copies, dim=0)
    shares = shape[inputs] // value.shape[inputs] if value.ndim > inputs else 1
    if shares == 1:
        return grown
    parts = 0.5 + torch.rand((shares, *grown.shape), generator=random)
    parts = parts / parts.sum(0)
    return torch.cat([grown * part for part in parts], dim=inputs)
