"""The loss of a recognizer's summary: what a plate is like, besides its text."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from lpr.specs import plate_attributes
from lpr_training.recognizer.batches import AttributeTargets

CORNERS = 20.0
"""Corners that are off by a fiftieth of the crop cost as much as an even guess whether there is a
plate."""


def summary_loss(rows: Tensor, facts: AttributeTargets) -> tuple[Tensor, dict[str, float]]:
    """Cross entropy of what is told by classes, and the distance of the corners (smooth L1, in
    parts of the crop), each over the crops of which it is known.

    ``rows`` is ``N x C``, as :mod:`lpr.specs.plate_attributes` lays it out.
    """
    frame = rows.new_tensor(plate_attributes.FRAME).reshape(8)
    cornered = ~facts.corners.isnan().any(1)
    lined = ~facts.lines.isnan()
    binary = functional.binary_cross_entropy_with_logits
    # Sums over none are 0, means would not be a number.
    parts = {
        "plate": binary(rows[:, plate_attributes.PLATE], facts.plate),
        "corners": functional.smooth_l1_loss(
            rows[cornered, plate_attributes.CORNERS] + frame,
            facts.corners[cornered],
            beta=0.02,
            reduction="sum",
        )
        / (8 * cornered.sum().clamp(min=1)),
        "lines": binary(rows[lined, plate_attributes.LINES], facts.lines[lined], reduction="sum")
        / lined.sum().clamp(min=1),
    }
    for name, place in (
        ("ground", plate_attributes.GROUND),
        ("ink", plate_attributes.INK),
        ("region", plate_attributes.REGION),
    ):
        wanted = getattr(facts, name)
        known = (wanted >= 0).sum().clamp(min=1)
        missed = functional.cross_entropy(rows[:, place], wanted, ignore_index=-1, reduction="sum")
        parts[name] = missed / known
    weights = {"corners": CORNERS, "ground": 0.2, "ink": 0.2, "region": 0.2, "lines": 0.5}
    loss = sum((weights.get(name, 1.0) * part for name, part in parts.items()), rows.sum() * 0)
    return loss, {name: float(part.detach()) for name, part in parts.items()}
