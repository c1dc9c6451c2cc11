"""The exponential moving average (EMA) of a network's weights."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn


class EMA:
    """An exponential moving average of a network's weights and batch norm statistics."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = deepcopy(model).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Average in the weights of a step. Early steps use a lower decay, so that the initial
        weights are soon forgotten."""
        decay = min(self.decay, (1 + step) / (20 + step))
        source = model.state_dict()
        for name, value in self.model.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(source[name], 1 - decay)
            else:
                value.copy_(source[name])
