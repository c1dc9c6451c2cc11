"""Small Darknet networks, one for each thing that a cfg can say, and YOLOv3 as it is published."""

from __future__ import annotations

import numpy as np

from lpr.darknet.cfg import Cfg, parse
from lpr.darknet.layers import ACTIVATIONS
from lpr.darknet.weights import BatchNorm, Convolution, Weights

SIZES = ((48, 36, 1), (36, 60, 3), (48, 36, 2))
"""Width, height and batch that every small network runs at."""


def conv(
    filters: int,
    size: int = 3,
    stride: int = 1,
    activation: str = "relu",
    norm: int = 1,
    **keys: int,
) -> str:
    more = "".join(f"{key}={value}\n" for key, value in keys.items())
    return (
        f"[convolutional]\nbatch_normalize={norm}\nfilters={filters}\nsize={size}\n"
        f"stride={stride}\npad=1\nactivation={activation}\n{more}\n"
    )


def head(classes: int = 1, mask: str = "0,1,2", anchors: str = "10,13, 16,30, 33,23") -> str:
    filters = len(mask.split(",")) * (5 + classes)
    return (
        conv(filters, 1, 1, "linear", norm=0)
        + f"[yolo]\nmask={mask}\nanchors={anchors}\nclasses={classes}\n\n"
    )


def net(body: str, width: int = 48, height: int = 36) -> Cfg:
    return parse(f"[net]\nwidth={width}\nheight={height}\n\n{body}{head()}")


def _pool(size: int, stride: int, padding: int | None = None) -> str:
    more = "" if padding is None else f"padding={padding}\n"
    return f"[maxpool]\nsize={size}\nstride={stride}\n{more}\n"


BODIES: dict[str, str] = {
    **{f"{name} activation": conv(8) + conv(8, activation=name) for name in ACTIVATIONS},
    "strides": conv(8, 3, 2) + conv(8, 3, 2, norm=0),
    "no padding": "[convolutional]\nfilters=8\nsize=1\nstride=2\nactivation=leaky\n",
    "even and large kernels": conv(8, 5) + conv(8, 2, padding=1),
    "groups": conv(8) + conv(8, groups=8) + conv(16, groups=4),
    **{
        f"maxpool {size} / {stride}, padding {padding}": conv(8) + _pool(size, stride, padding)
        for size, stride, padding in (
            *((2, 2, None), (2, 1, None), (3, 2, None), (5, 1, None)),
            *((3, 2, 0), (3, 2, 1), (3, 3, 3), (2, 2, 0), (4, 2, 3)),
        )
    },
    "avgpool": conv(8) + "[avgpool]\n",
    "upsample": conv(8) + _pool(2, 2) + "[upsample]\nstride=2\n[route]\nlayers=-1,0\n",
    "upsample by 4": conv(8, 3, 2) + conv(8, 3, 2) + "[upsample]\nstride=4\n",
    "route groups": (
        conv(8)
        + conv(12)
        + "[route]\nlayers=-1\ngroups=3\ngroup_id=1\n"
        + conv(4)
        + "[route]\nlayers=-1,-3,0\n"
    ),
    "shortcut": conv(8) + conv(8) + "[shortcut]\nfrom=-2\nactivation=leaky\n",
    "shortcut from more channels": conv(12) + conv(8) + "[shortcut]\nfrom=-2\nactivation=linear\n",
    "shortcut from fewer channels": conv(4) + conv(8) + "[shortcut]\nfrom=0\n",
    "sam": conv(8) + conv(8, 1, 1, "logistic") + "[sam]\nfrom=-2\nactivation=linear\n",
    "dropout": conv(8) + "[dropout]\nprobability=.3\n" + conv(4),
    "spatial pyramid": (
        conv(8)
        + _pool(5, 1)
        + "[route]\nlayers=-2\n"
        + _pool(9, 1)
        + "[route]\nlayers=-1,-2,-3,0\n"
    ),
    "dilation": conv(8, dilation=2) + conv(8, 5, 2, dilation=3),
    "upsample with a scale": conv(8) + _pool(2, 2) + "[upsample]\nstride=2\nscale=.5\n",
    "reorg": (
        conv(8)
        + conv(8)
        + "[reorg]\nstride=2\n[route]\nlayers=-2\n"
        + conv(8, 3, 2)
        + "[route]\nlayers=-1,-3\n"
    ),
    "route groups of several layers": (
        conv(8) + conv(12) + "[route]\nlayers=-1,-2\ngroups=4\ngroup_id=3\n"
    ),
    "shortcut from a larger layer": (
        conv(8) + conv(8, 3, 2) + conv(8, 3, 2) + "[shortcut]\nfrom=-3\nactivation=leaky\n"
    ),
    "shortcut from a smaller layer": (
        conv(8, 3, 2) + conv(6, 3, 2) + "[upsample]\nstride=2\n[shortcut]\nfrom=-2\n"
    ),
    "shortcut from several layers": (
        conv(12) + conv(4) + conv(8) + "[shortcut]\nfrom=0,-2\nactivation=leaky\n"
    ),
    "scale channels": (
        conv(8)
        + "[avgpool]\n"
        + conv(4, 1, norm=0)
        + conv(8, 1, 1, "logistic", norm=0)
        + "[scale_channels]\nfrom=0\nactivation=linear\n"
    ),
    "scale pixels": conv(8)
    + conv(1, 1, 1, "logistic")
    + "[scale_channels]\nfrom=0\nscale_wh=1\nactivation=leaky\n",
    "region": (
        conv(8)
        + conv(14, 1, 1, "linear", norm=0)
        + "[region]\nanchors=1.5,2, 3,4\nclasses=2\nsoftmax=1\n[route]\nlayers=0\n"
    ),
    "two heads": conv(8) + head(classes=2) + "[route]\nlayers=-3\n" + conv(8, 3, 2),
}
"""Names and what stands before the last head; every section kind is there."""


def random_weights(cfg: Cfg, seed: int = 0) -> Weights:
    """Weights that keep the values near 1, and small variances among them."""
    random = np.random.default_rng(seed)
    convolutions = []
    for layer in cfg.convolutions:
        shape = layer.weight_shape
        deviation = (2 / (shape[1] * shape[2] * shape[3])) ** 0.5
        weights = random.normal(0, deviation, shape).astype(np.float32)

        def draw(low: float, high: float, n: int = shape[0]) -> np.ndarray:
            return random.uniform(low, high, n).astype(np.float32)

        norm = None
        if layer.batch_normalize:
            norm = BatchNorm(draw(-1, 1), draw(-0.5, 0.5), draw(0.01, 2))
        convolutions.append(Convolution(draw(-0.5, 0.5), weights, norm))
    return Weights(tuple(convolutions), seen=12345)


def pictures(width: int, height: int, count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((count, 3, height, width), np.float32)


def yolov3() -> str:
    """The network of Redmon and Farhadi 2018 for COCO, section for section."""
    anchors = "10,13, 16,30, 33,23, 30,61, 62,45, 59,119, 116,90, 156,198, 373,326"

    def block(filters: int, stride: int = 1, size: int = 3) -> str:
        return conv(filters, size, stride, "leaky")

    def residual(filters: int, times: int) -> str:
        one = block(filters // 2, size=1) + block(filters) + "[shortcut]\nfrom=-3\n"
        return block(filters, 2) + one * times

    def pyramid(filters: int, mask: str) -> str:
        return (block(filters, size=1) + block(2 * filters)) * 3 + head(80, mask, anchors)

    def up(filters: int, layer: int) -> str:
        lateral = "[upsample]\nstride=2\n[route]\nlayers=-1, " + f"{layer}\n"
        return "[route]\nlayers=-4\n" + block(filters, size=1) + lateral

    return (
        "[net]\nbatch=64\nsubdivisions=16\nwidth=416\nheight=416\nchannels=3\n"
        "learning_rate=0.001\npolicy=steps\nsteps=400000,450000\n\n"
        + block(32)
        + "".join(residual(64 * 2**i, times) for i, times in enumerate((1, 2, 8, 8, 4)))
        + pyramid(512, "6,7,8")
        + up(256, 61)
        + pyramid(256, "3,4,5")
        + up(128, 36)
        + pyramid(128, "0,1,2")
    )
