"""k-means on the widths and heights of boxes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm  # type: ignore[import-untyped]

Float64: TypeAlias = NDArray[np.float64]
Distance: TypeAlias = Literal["iou", "euclidean"]

MAX_ROUNDS = 300
"""Limit of iterations per run: medians need not lower the IoU distance, so a run could cycle."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """``K x 2`` widths and heights by ascending area, and the mean IoU (0..1) of the boxes with
    their nearest centre."""

    centres: Float64
    average_iou: float


def iou_distance(sizes: Float64, centres: Float64) -> Float64:
    """1 - IoU of ``N x 2`` sizes with ``K x 2`` centres at a common corner, as ``K x N``.

    The distance of Redmon & Farhadi 2016 (YOLO9000), section 2.
    """
    widths, heights = sizes.T
    shared = np.minimum(widths, centres[:, :1]) * np.minimum(heights, centres[:, 1:])
    union = widths * heights + centres.prod(axis=1)[:, None] - shared
    return np.asarray(1 - shared / union, np.float64)


def euclidean_distance(sizes: Float64, centres: Float64) -> Float64:
    """Squared distances of ``N x 2`` sizes from ``K x 2`` centres, as ``K x N``."""
    widths, heights = sizes.T
    squares = (widths - centres[:, :1]) ** 2 + (heights - centres[:, 1:]) ** 2
    return np.asarray(squares, np.float64)


def average_iou(sizes: Float64, centres: Float64) -> float:
    """The mean over ``N x 2`` sizes of the IoU with the best of ``K x 2`` centres, 0..1."""
    return float(1 - iou_distance(sizes, centres).min(axis=0).mean())


_Measure: TypeAlias = Callable[[Float64, Float64], Float64]
_Centre: TypeAlias = Callable[[Float64], Float64]
_MEASURES: dict[Distance, tuple[_Measure, _Centre]] = {
    "iou": (iou_distance, lambda members: cast(Float64, np.median(members, axis=0))),
    "euclidean": (euclidean_distance, lambda members: cast(Float64, members.mean(axis=0))),
}


def cluster(
    sizes: Float64, count: int, distance: Distance = "iou", restarts: int = 50, seed: int = 0
) -> Clusters:
    """The best of ``restarts`` k-means runs, by average IoU.

    ``sizes`` is ``N x 2``, all positive. A run starts from distinct boxes drawn at random (Forgy
    1965). A centre is the median of its boxes on each axis (``"iou"``) or their mean
    (``"euclidean"``); a centre without boxes moves to the box farthest from its own centre. Raises
    ``ValueError`` for fewer distinct sizes than ``count``.
    """
    distinct, counts = np.unique(sizes, axis=0, return_counts=True)
    if len(distinct) < count:
        raise ValueError(f"there are only {len(distinct)} different sizes of boxes")
    rng = np.random.default_rng(seed)
    best = Clusters(np.empty((0, 2)), -1.0)
    for _ in tqdm(range(restarts), unit=" start", disable=None):
        drawn = rng.choice(len(distinct), count, replace=False, p=counts / counts.sum())
        found = _run(sizes, distinct[drawn], distance)
        if found.average_iou > best.average_iou:
            best = found
    order = np.lexsort((best.centres[:, 0], best.centres.prod(axis=1)))
    return Clusters(best.centres[order], best.average_iou)


def _run(sizes: Float64, centres: Float64, distance: Distance) -> Clusters:
    """One run until convergence. For IoU, returns the best centres on the way."""
    measure, centre_of = _MEASURES[distance]
    best = Clusters(centres, -1.0)
    before = np.full(len(sizes), -1)
    for _ in range(MAX_ROUNDS):
        distances = measure(sizes, centres)
        nearest = distances.argmin(axis=0)
        far = distances[nearest, np.arange(len(sizes))]
        if distance == "iou" and 1 - far.mean() > best.average_iou:
            best = Clusters(centres, float(1 - far.mean()))
        if np.array_equal(nearest, before):
            break
        before = nearest
        centres = _moved(sizes, nearest, far, len(centres), centre_of)
    return best if distance == "iou" else Clusters(centres, average_iou(sizes, centres))


def _moved(
    sizes: Float64, nearest: NDArray[np.intp], far: Float64, count: int, centre_of: _Centre
) -> Float64:
    """The new centres, ``count x 2``."""
    centres = np.empty((count, 2))
    far = far.copy()
    for index in range(count):
        members = sizes[nearest == index]
        if len(members):
            centres[index] = centre_of(members)
        else:
            farthest = far.argmax()
            centres[index] = sizes[farthest]
            # Another empty centre must not move to the same place.
            far[(sizes == sizes[farthest]).all(axis=1)] = -1
    return centres
