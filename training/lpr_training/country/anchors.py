"""The detector's cfg: the base model's, with new anchors if the old ones fit badly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lpr.darknet.cfg import read_cfg
from lpr_training.labelling.anchors import format_anchors, input_sizes, rounded
from lpr_training.labelling.cfg_anchors import anchors_of, put_anchors
from lpr_training.labelling.files import write_text
from lpr_training.labelling.formats import read_any
from lpr_training.labelling.kmeans import average_iou, cluster

GAIN = 0.05
"""The least gain in average IoU (0..1) that justifies new anchors."""


def fit_anchors(scenes: Path, base: Path, out: Path, seed: int) -> dict[str, Any]:
    """Write the cfg ``out``: ``base`` with anchors for the labelled set ``scenes`` (split
    ``train``).

    Returns the average IoU of the training boxes with the best anchor of the base model (``base``)
    and of new ones (``new``), and whether the new ones are used (``taken``).
    """
    cfg = read_cfg(base)
    size = (cfg.net.width, cfg.net.height)
    sizes, _ = input_sizes(read_any(scenes, "train"), size, letterbox=True)
    old = anchors_of(cfg)
    found = cluster(sizes, len(old), "iou", 50, seed).centres
    before, after = (average_iou(sizes, each) for each in (old, rounded(found)))
    taken = after - before > GAIN
    write_text(out, base.read_text(encoding="utf-8"))
    if taken:
        put_anchors(out, format_anchors(found), len(old))
    return {"base": round(before, 4), "new": round(after, 4), "taken": taken}
