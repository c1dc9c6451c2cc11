"""Anchors for Darknet's ``[yolo]`` sections, from labelled boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from tqdm import tqdm  # type: ignore[import-untyped]

from lpr_training.labelling.kmeans import Float64
from lpr_training.labelling.pictures import size_of
from lpr_training.labelling.values import LabelledImage, Size, usable_boxes


def input_sizes(
    images: Sequence[LabelledImage], size: Size, letterbox: bool
) -> tuple[Float64, Counter[str]]:
    """Widths and heights of the boxes in pixels of a network's input, ``N x 2``.

    ``size`` is that of the input. A picture is stretched to it, or keeps its aspect ratio
    (``letterbox``). Also returns the numbers of omitted boxes by reason.
    """
    left_out: Counter[str] = Counter()
    sizes: list[tuple[float, float]] = []
    for image in tqdm(images, unit=" picture", disable=None):
        boxes = usable_boxes(image, left_out)
        if not boxes:
            continue
        width, height = size_of(image)
        across, down = size[0] / width, size[1] / height
        if letterbox:
            across = down = min(across, down)
        sizes += [(b.box.width * across, b.box.height * down) for b in boxes]
    return np.array(sizes, np.float64).reshape(-1, 2), left_out


def rounded(anchors: Float64) -> Float64:
    """``K x 2`` anchors to a tenth of a pixel, as in a cfg; 0.1 at least."""
    return np.maximum(np.round(anchors, 1), 0.1)


def format_anchors(anchors: Float64) -> str:
    """``K x 2`` anchors as the value of ``anchors=`` in a cfg: ``w,h, w,h, ...``."""
    return ", ".join(f"{width:g},{height:g}" for width, height in rounded(anchors))
