"""The oracle itself, against the original program for the layers that it knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.darknet.nets import BODIES, net, pictures, random_weights
from tests.darknet.original import heads_of
from tests.darknet.reference import forward

# What came with AlexeyAB's fork: the original has other activations in their place, or none.
NEWER = {
    *(f"{name} activation" for name in ("gelu", "hard_mish", "mish", "relu6", "silu", "swish")),
    *("dilation", "route groups", "route groups of several layers", "sam"),
    *("scale channels", "scale pixels", "shortcut from several layers"),
    "no padding",  # its kernels of one pixel ignore their stride
}


@pytest.mark.parametrize("name", sorted(set(BODIES) - NEWER))
def test_the_heads_of_the_original(name: str, tmp_path: Path) -> None:
    cfg = net(BODIES[name])
    weights = random_weights(cfg)
    picture = pictures(cfg.net.width, cfg.net.height, 1)
    theirs = heads_of(cfg, weights, picture[0], tmp_path)
    for ours, right in zip(forward(cfg, weights, picture), theirs, strict=True):
        np.testing.assert_allclose(ours[0], right, atol=1e-4 * np.abs(right).max())
