"""Other anchors for a detector that has learnt: it goes on giving the boxes that it gave."""

from __future__ import annotations

import torch

from lpr.darknet.cfg import Cfg
from lpr_torch.darknet import ConvolutionBlock, DarknetNet


@torch.no_grad()
def keep_boxes(network: DarknetNet, learnt: Cfg) -> None:
    """Change the heads' biases, in place, so that ``network`` gives the same boxes with its own
    cfg's anchors as it gave with those of the cfg that it has ``learnt`` with.

    A box is ``anchor * exp(t)`` wide and high (Redmon & Farhadi 2018, YOLOv3), so that another
    anchor is another constant in ``t``. Heads of another kind, or with another number of anchors,
    stay as they are.
    """
    for new, old in zip(network.cfg.heads, learnt.heads, strict=True):
        block = network.layers[new.inputs[0]]
        bias = block.convolution.bias if isinstance(block, ConvolutionBlock) else None
        exponential = not getattr(new, "new_coords", False)
        if bias is None or not exponential or len(new.anchors) != len(old.anchors):
            continue
        shift = torch.log(torch.tensor(old.anchors) / torch.tensor(new.anchors))
        bias.view(len(new.anchors), 5 + new.classes)[:, 2:4] += shift
