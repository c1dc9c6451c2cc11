"""Small labelled folders that several tests make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

Corners = tuple[float, float, float, float]


def picture(path: Path, width: int = 200, height: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(len(path.stem)).integers(0, 256, (height, width, 3), np.uint8)
    cv2.imwrite(str(path), noise)
    return path


def voc(
    path: Path,
    *boxes: Corners,
    names: Sequence[str] = (),
    size: tuple[int, int] | None = (200, 100),
    difficult: Sequence[int] = (),
) -> Path:
    """A Pascal VOC file; ``difficult`` holds the numbers of the boxes that are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    objects = "".join(
        f"<object><name>{names[number] if number < len(names) else 'plate'}</name>"
        f"<difficult>{int(number in difficult)}</difficult><bndbox><xmin>{x0}</xmin>"
        f"<ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"
        for number, (x0, y0, x1, y1) in enumerate(boxes)
    )
    stated = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>" if size else ""
    path.write_text(
        f"<annotation><filename>{path.stem}.jpg</filename>{stated}{objects}</annotation>"
    )
    return path
