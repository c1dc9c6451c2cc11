"""Metrics of boxes and texts: average precision, recall, false boxes, exact texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lpr.evaluate.curves import average_precision, precision_recall_curve
from lpr.types import Float32
from lpr.utils.text import edit_distance


def iou_matrix(a: Float32, b: Float32) -> Float32:
    """Return the IoU (``N x M``) of ``N x 4`` and ``M x 4`` boxes (x0, y0, x1, y1)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(x[:, 2:4] - x[:, :2], 0, None).prod(axis=1) for x in (a, b)]
    union = areas[0][:, None] + areas[1][None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)


def score_boxes(
    detected: Sequence[Float32],
    labelled: Sequence[Float32],
    threshold: float,
    iou: float = 0.5,
    ignored: Sequence[NDArray[np.bool_]] | None = None,
) -> dict[str, float]:
    """Compare each picture's boxes (``N x 5``: x0, y0, x1, y1, score) with its labels (``M x 4``).

    Returns the average precision ``ap`` and, at the ``threshold``, the recall ``found`` and the
    number of ``false`` boxes per picture. A box is correct if it overlaps a label by ``iou`` that
    no box with a higher score has matched; else it is false, even if it shows an unlabelled plate.
    ``ignored`` labels (``M`` per picture) are not missed, and boxes that match them are not
    counted.
    """
    scores: list[float] = []
    right: list[bool] = []
    ignored = ignored or [np.zeros(len(labels), bool) for labels in labelled]
    for boxes, labels, ignore in zip(detected, labelled, ignored, strict=True):
        order = np.argsort(-boxes[:, 4], kind="stable")
        overlaps = iou_matrix(boxes[order, :4], labels)
        taken = np.zeros(len(labels), bool)
        for row, score in zip(overlaps, boxes[order, 4], strict=True):
            free = np.where(taken, -1, row)
            best = int(free.argmax()) if len(labels) else -1
            hit = best >= 0 and bool(free[best] >= iou)
            if hit:
                taken[best] = True
                if ignore[best]:
                    continue
            scores.append(float(score))
            right.append(hit)
    total = sum(int((~ignore).sum()) for ignore in ignored)
    curve = precision_recall_curve(zip(scores, right, strict=True), total)
    hits = np.array(right, bool)[np.array(scores) >= threshold]
    return {
        "ap": average_precision(curve) or 0.0,
        "found": float(hits.sum() / max(total, 1)),
        "false": float((~hits).sum() / max(len(detected), 1)),
    }


def score_texts(read: Sequence[str], truth: Sequence[str]) -> tuple[float, float]:
    """Return the share of texts that are read exactly, and the character error rate."""
    exact = sum(a == b for a, b in zip(read, truth, strict=True))
    errors = sum(edit_distance(a, b) for a, b in zip(read, truth, strict=True))
    return exact / max(len(truth), 1), errors / max(sum(map(len, truth)), 1)
