"""Re-parameterised convolutions: 3 x 3 kernels with branches that are fused after training.

A network of plain 3 x 3 convolutions learns better with parallel 1 x 1 and identity branches (Ding
et al. 2021, RepVGG), which add up to one 3 x 3 kernel. Here the kernels are added before the
convolution in each step, with a scale per branch (Hu et al. 2022, OREPA: Online Convolutional
Re-parameterization), so training costs no more than that of the plain network.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize


class Branches(nn.Module):
    """A convolution's kernel as ``scale * kernel + point + identity``.

    ``point`` is the 1 x 1 branch; ``identity`` exists if channels and stride allow it. Both start
    at 0, so the network's outputs do not change.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        outputs, inputs = convolution.out_channels, convolution.in_channels
        self.scale = nn.Parameter(torch.ones(outputs, 1, 1, 1))
        self.point = nn.Parameter(torch.zeros(outputs, inputs, 1, 1))
        keeps_shape = inputs == outputs and convolution.stride == (1, 1)
        self.identity = nn.Parameter(torch.zeros(outputs)) if keeps_shape else None

    def forward(self, kernel: Tensor) -> Tensor:
        point: Tensor = self.point
        if self.identity is not None:
            point = point + torch.diag(self.identity)[:, :, None, None]
        return kernel * self.scale + functional.pad(point, (1, 1, 1, 1))


def add_branches(model: nn.Module) -> None:
    """Add branches to every ungrouped 3 x 3 convolution of ``model``."""
    for layer in list(model.modules()):
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3) and layer.groups == 1:
            parametrize.register_parametrization(layer, "weight", Branches(layer))


def fuse_branches(model: nn.Module) -> None:
    """Replace the branches of every convolution of ``model`` by the fused kernel."""
    for layer in list(model.modules()):
        if isinstance(layer, nn.Conv2d) and parametrize.is_parametrized(layer, "weight"):
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)


@contextmanager
def plain_kernels(model: nn.Module, branches: bool) -> Iterator[None]:
    """Fuse the branches of ``model`` within a block; add new ones after it if ``branches``."""
    fuse_branches(model)
    yield
    if branches:
        add_branches(model)
