"""Changes a trained detector's anchors without changing its boxes."""

from __future__ import annotations

import torch

from lpr.darknet.cfg import Cfg
from lpr_torch.darknet import ConvolutionBlock, DarknetNet


@torch.no_grad()
def keep_boxes(network: DarknetNet, learnt: Cfg) -> None:
    """Adapt the heads' biases, in place, so that ``network`` predicts the same boxes with the
    anchors of its cfg as with those of the cfg that it was trained with, ``learnt``.

    A box is ``anchor * exp(t)`` wide and high (Redmon & Farhadi 2018, YOLOv3), so another anchor
    adds a constant to ``t``. Heads of other kinds or with other numbers of anchors do not change.
    """
    for new, old in zip(network.cfg.heads, learnt.heads, strict=True):
        block = network.layers[new.inputs[0]]
        bias = block.convolution.bias if isinstance(block, ConvolutionBlock) else None
        exponential = not getattr(new, "new_coords", False)
        if bias is None or not exponential or len(new.anchors) != len(old.anchors):
            continue
        shift = torch.log(torch.tensor(old.anchors) / torch.tensor(new.anchors))
        bias.view(len(new.anchors), 5 + new.classes)[:, 2:4] += shift
