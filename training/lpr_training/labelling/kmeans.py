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
"""Medians need not lower a distance of IoUs, so that rounds could go in a circle."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """``K x 2`` widths and heights, the smallest area first, and the mean IoU of the boxes with the
    nearest of them, 0..1."""

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

    ``sizes`` is ``N x 2``, all positive. A run starts from boxes drawn at random (Forgy 1965),
    no two alike. A centre is the median of its boxes in each axis (``"iou"``) or their mean
    (``"euclidean"``); one that is left without boxes moves to the box that is farthest from its
    own. Raises ``ValueError`` where there are fewer different sizes than ``count``.
    """
    different, times = np.unique(sizes, axis=0, return_counts=True)
    if len(different) < count:
        raise ValueError(f"there are only {len(different)} different sizes of boxes")
    rng = np.random.default_rng(seed)
    best = Clusters(np.empty((0, 2)), -1.0)
    for _ in tqdm(range(restarts), unit=" start", disable=None):
        drawn = rng.choice(len(different), count, replace=False, p=times / times.sum())
        found = _run(sizes, different[drawn], distance)
        if found.average_iou > best.average_iou:
            best = found
    order = np.lexsort((best.centres[:, 0], best.centres.prod(axis=1)))
    return Clusters(best.centres[order], best.average_iou)


def _run(sizes: Float64, centres: Float64, distance: Distance) -> Clusters:
    """One run to its end. The best centres on the way count, which need not be the last."""
    measure, centre_of = _MEASURES[distance]
    best = Clusters(centres, -1.0)
    before: NDArray[np.intp] | None = None
    for _ in range(MAX_ROUNDS):
        distances = measure(sizes, centres)
        nearest = distances.argmin(axis=0)
        far = distances[nearest, np.arange(len(sizes))]
        if distance == "iou" and 1 - far.mean() > best.average_iou:
            best = Clusters(centres, float(1 - far.mean()))
        if before is not None and np.array_equal(nearest, before):
            break
        before = nearest
        centres = _moved(sizes, nearest, far, len(centres), centre_of)
    if distance == "iou":
        return best
    return Clusters(centres, average_iou(sizes, centres))


def _moved(
    sizes: Float64, nearest: NDArray[np.intp], far: Float64, count: int, centre_of: _Centre
) -> Float64:
    """The centres of the boxes that are assigned to each, ``count x 2``."""
    centres = np.empty((count, 2))
    far = far.copy()
    for index in range(count):
        members = sizes[nearest == index]
        if len(members):
            centres[index] = centre_of(members)
        else:
            farthest = far.argmax()
            centres[index] = sizes[farthest]
            # Another empty centre shall not move to the same place.
            far[(sizes == sizes[farthest]).all(axis=1)] = -1
    return centres
