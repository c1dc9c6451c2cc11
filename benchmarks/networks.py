"""Writes Darknet networks to measure: the published YOLO architectures, and any cfg.

Usage: ``python benchmarks/networks.py OUT [CFG...]``

Each becomes ``OUT/NAME.cfg`` with ``OUT/NAME.weights`` beside it: weights drawn as He et al. 2015
propose, batch-norm statistics of a real batch (frames of the shipped clip), so that values inside
the network are of the size that they have in a trained one. ``lpr bench OUT/NAME.cfg`` measures it,
``lpr bench --parity OUT/NAME.cfg`` compares the runtimes.

The architectures are those of Redmon and Farhadi 2018 (YOLOv3) and Bochkovskiy et al. 2020
(YOLOv4), for COCO's 80 classes at 416 x 416, section for section; their billions of operations, as
Darknet
counts them, are checked against the published numbers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lpr.darknet.cfg import Cfg, parse, read_cfg
from lpr.kernels import letterbox
from lpr.source import open_source
from lpr_torch.darknet import DarknetNet

CLIP = Path(__file__).resolve().parents[1] / "samples" / "street.mp4"
V3 = "10,13, 16,30, 33,23, 30,61, 62,45, 59,119, 116,90, 156,198, 373,326"
V4 = "12,16, 19,36, 40,28, 36,75, 76,55, 72,146, 142,110, 192,243, 459,401"
TINY = "10,14, 23,27, 37,58, 81,82, 135,169, 344,319"
BFLOPS = {"yolov3": 65.86, "yolov3-tiny": 5.56, "yolov4": 60.1, "yolov4-tiny": 6.91}
"""As printed by Darknet for 416 x 416."""


def main() -> None:
    out, *more = map(Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    networks = {name: parse(text, name) for name, text in published().items()}
    for name, cfg in networks.items():
        assert abs(cfg.bflops(416, 416) - BFLOPS[name]) < 0.005 * BFLOPS[name], (
            name,
            cfg.bflops(416, 416),
        )
    networks |= {file.stem: read_cfg(file) for file in more}
    for name, cfg in networks.items():
        (out / f"{name}.cfg").write_text(cfg.to_text(), encoding="utf-8")
        initialised(cfg).save(out / f"{name}.weights")
        print(out / f"{name}.cfg", f"{cfg.bflops(cfg.net.width, cfg.net.height):.2f} GFLOP")


def initialised(cfg: Cfg) -> DarknetNet:
    """The network with He's weights and the batch-norm statistics of four frames."""
    torch.manual_seed(0)
    network = DarknetNet(cfg)
    width, height = cfg.net.width, cfg.net.height
    with open_source(str(CLIP), every=20) as source:
        frames = [letterbox(frame.image, width, height)[0] for frame in source][:4]
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0  # the statistics of this batch, whole
    with torch.no_grad():
        network.train()(torch.from_numpy(np.stack(frames)))
    return network.eval()


def published() -> dict[str, str]:
    """Their cfgs."""
    return {
        "yolov3": net() + darknet53() + yolov3_heads(),
        "yolov3-tiny": net() + yolov3_tiny(),
        "yolov4": net() + csp_darknet53() + path_aggregation(),
        "yolov4-tiny": net() + yolov4_tiny(),
    }


def net() -> str:
    return "[net]\nwidth=416\nheight=416\nchannels=3\n\n"


def conv(filters: int, size: int = 3, stride: int = 1, activation: str = "leaky") -> str:
    return (
        f"[convolutional]\nbatch_normalize=1\nfilters={filters}\nsize={size}\nstride={stride}\n"
        f"pad=1\nactivation={activation}\n\n"
    )


def route(*layers: int, more: str = "") -> str:
    return f"[route]\nlayers={','.join(map(str, layers))}\n{more}\n"


def maxpool(size: int, stride: int) -> str:
    return f"[maxpool]\nsize={size}\nstride={stride}\n\n"


def shortcut(layer: int) -> str:
    return f"[shortcut]\nfrom={layer}\nactivation=linear\n\n"


UP = "[upsample]\nstride=2\n\n"


def head(mask: str, anchors: str, scale_x_y: float = 1.0) -> str:
    filters = len(mask.split(",")) * 85
    return (
        f"[convolutional]\nfilters={filters}\nsize=1\nstride=1\npad=1\nactivation=linear\n\n"
        f"[yolo]\nmask={mask}\nanchors={anchors}\nclasses=80\nnum={len(anchors.split(',')) // 2}\n"
        f"scale_x_y={scale_x_y}\n\n"
    )


def darknet53() -> str:
    text = conv(32)
    for filters, times in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        block = conv(filters // 2, 1) + conv(filters) + shortcut(-3)
        text += conv(filters, 3, 2) + block * times
    return text


def yolov3_heads() -> str:
    def pyramid(filters: int, mask: str) -> str:
        return (conv(filters, 1) + conv(2 * filters)) * 3 + head(mask, V3)

    return (
        pyramid(512, "6,7,8")
        + route(-4)
        + conv(256, 1)
        + UP
        + route(-1, 61)
        + pyramid(256, "3,4,5")
        + route(-4)
        + conv(128, 1)
        + UP
        + route(-1, 36)
        + pyramid(128, "0,1,2")
    )


def yolov3_tiny() -> str:
    text = "".join(conv(filters) + maxpool(2, 2) for filters in (16, 32, 64, 128, 256))
    return (
        text
        + conv(512)
        + maxpool(2, 1)
        + conv(1024)
        + conv(256, 1)
        + conv(512)
        + head("3,4,5", TINY)
        + route(-4)
        + conv(128, 1)
        + UP
        + route(-1, 8)
        + conv(256)
        + head("0,1,2", TINY)
    )


def csp_darknet53() -> str:
    def mish(filters: int, size: int = 3, stride: int = 1) -> str:
        return conv(filters, size, stride, "mish")

    text = mish(32)
    for filters, times in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        half = filters if filters == 64 else filters // 2  # the first stage does not halve
        inner = 32 if filters == 64 else half
        block = mish(inner, 1) + mish(half) + shortcut(-3)
        text += mish(filters, 3, 2) + mish(half, 1) + route(-2) + mish(half, 1) + block * times
        text += mish(half, 1) + route(-1, -(3 * times + 4)) + mish(filters, 1)
    return text


def path_aggregation() -> str:
    """Spatial pyramid, then up and down again, with a head on each level."""
    text = conv(512, 1) + conv(1024) + conv(512, 1)
    text += maxpool(5, 1) + route(-2) + maxpool(9, 1) + route(-4) + maxpool(13, 1)
    text += route(-1, -3, -5, -6) + conv(512, 1) + conv(1024) + conv(512, 1)
    for filters, lateral in ((256, 85), (128, 54)):
        text += conv(filters, 1) + UP + route(lateral) + conv(filters, 1) + route(-1, -3)
        text += (conv(filters, 1) + conv(2 * filters)) * 2 + conv(filters, 1)
    text += conv(256) + head("0,1,2", V4, 1.2)
    text += route(-4) + conv(256, 3, 2) + route(-1, -16)
    text += (conv(256, 1) + conv(512)) * 3 + head("3,4,5", V4, 1.1)
    text += route(-4) + conv(512, 3, 2) + route(-1, -37)
    text += (conv(512, 1) + conv(1024)) * 3 + head("6,7,8", V4, 1.05)
    return text


def yolov4_tiny() -> str:
    text = conv(32, 3, 2) + conv(64, 3, 2)
    for filters in (64, 128, 256):
        half = filters // 2
        text += conv(filters) + route(-1, more="groups=2\ngroup_id=1\n") + conv(half) + conv(half)
        text += route(-1, -2) + conv(filters, 1) + route(-6, -1) + maxpool(2, 2)
    return (
        text
        + conv(512)
        + conv(256, 1)
        + conv(512)
        + head("3,4,5", TINY, 1.05)
        + route(-4)
        + conv(128, 1)
        + UP
        + route(-1, 23)
        + conv(256)
        + head("0,1,2", TINY, 1.05)
    )


if __name__ == "__main__":
    main()
