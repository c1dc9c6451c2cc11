"""Re-parameterised convolutions: branches beside a 3 x 3 kernel that end up inside it.

A network of plain 3 x 3 convolutions learns better with 1 x 1 and identity branches beside each of
them (Ding et al. 2021, RepVGG). The branches add up to one 3 x 3 kernel. Here that is done before
the convolution, in each step, with a scale for each branch (Hu et al. 2022, OREPA: Online
Convolutional Re-parameterization), so that training costs no more than that of the plain network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize


class Branches(nn.Module):
    """The kernel of a convolution as ``scale * kernel + point + identity``.

    ``point`` is the 1 x 1 branch; ``identity`` is there where channels and stride allow one. At
    first they add nothing, so that the network computes what it did without them.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        after, before = convolution.out_channels, convolution.in_channels
        self.scale = nn.Parameter(torch.ones(after, 1, 1, 1))
        self.point = nn.Parameter(torch.zeros(after, before, 1, 1))
        through = before == after and convolution.stride == (1, 1)
        self.identity = nn.Parameter(torch.zeros(after)) if through else None

    def forward(self, kernel: Tensor) -> Tensor:
        point: Tensor = self.point
        if self.identity is not None:
            point = point + torch.diag(self.identity)[:, :, None, None]
        return kernel * self.scale + functional.pad(point, (1, 1, 1, 1))


def add_branches(model: nn.Module) -> None:
    """Give every ungrouped 3 x 3 convolution of ``model`` its branches."""
    for layer in list(model.modules()):
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3) and layer.groups == 1:
            parametrize.register_parametrization(layer, "weight", Branches(layer))


def fuse_branches(model: nn.Module) -> None:
    """Leave each convolution of ``model`` with the one kernel that its branches add up to."""
    for layer in list(model.modules()):
        if isinstance(layer, nn.Conv2d) and parametrize.is_parametrized(layer, "weight"):
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
