"""A spatial transformer in front of a recognizer: estimates and undoes a crop's affine distortion.

Jaderberg et al. 2015, Spatial Transformer Networks, with an affine map.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_SHRUNK = 2  # The map is estimated from the crop at half its size
# Scale of the layers' output: at the full learning rate, the map diverges before the recognizer
# learns to read (Jaderberg et al. use a tenth of the rate).
_CAUTION = 0.1


class SpatialTransformer(nn.Module):
    """Maps crops ``N x 3 x height x width`` to the same size, each by an affine map that three
    convolutions and two dense layers estimate."""

    def __init__(self, size: tuple[int, int]) -> None:
        """``size`` is (width, height); both must be multiples of 16."""
        super().__init__()
        width, height = size
        layers: list[nn.Module] = []
        before = 3
        for channels in (16, 32, 32):
            convolution = nn.Conv2d(before, channels, 3, 2, 1)
            layers += [convolution, nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
            before = channels
        self.look = nn.Sequential(*layers)
        shrunk = _SHRUNK * 2**3
        self.hidden = nn.Linear(before * (width // shrunk) * (height // shrunk), 32)
        self.affine = nn.Linear(32, len(_IDENTITY))
        y, x = torch.meshgrid(
            (torch.arange(height) + 0.5) / height * 2 - 1,
            (torch.arange(width) + 0.5) / width * 2 - 1,
            indexing="ij",
        )
        grid = torch.stack([x, y, torch.ones_like(x)], dim=-1).view(-1, 3)
        self.register_buffer("grid", grid, persistent=False)
        self.register_buffer("identity", torch.tensor(_IDENTITY), persistent=False)
        self.size = size
        self.start()

    def start(self) -> None:
        """Initialize to the identity map."""
        nn.init.zeros_(self.affine.weight)
        nn.init.zeros_(self.affine.bias)

    def forward(self, crops: Tensor) -> Tensor:
        # Always in single precision: half a pixel matters here.
        with torch.autocast(crops.device.type, enabled=False):
            small = functional.avg_pool2d(crops.float(), _SHRUNK)
            hidden = self.hidden(self.look(small).flatten(1)).relu()
            changes = _CAUTION * self.affine(hidden)
            maps = (self.get_buffer("identity") + changes).view(-1, 2, 3)
            width, height = self.size
            places = (self.get_buffer("grid") @ maps.transpose(1, 2)).view(-1, height, width, 2)
            return functional.grid_sample(
                crops.float(), places, padding_mode="border", align_corners=False
            )
