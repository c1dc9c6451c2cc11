"""The loss of a recognizer's plate attributes: its outputs other than the text."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from lpr.specs.plate_attributes import CORNERS, FRAME, GROUND, INK, LINES, PLATE, REGION
from lpr_training.recognizer.batches import AttributeTargets

# Weights of the parts. A corner error of 1/50 of the crop costs as much as a 50:50 guess about the
# plate.
_WEIGHTS = {"plate": 1.0, "corners": 20.0, "lines": 0.5, "ground": 0.2, "ink": 0.2, "region": 0.2}
# Error of a corner above which the loss is linear, in widths and heights of the crop.
_SMOOTH_L1_BETA = 0.02


def attribute_loss(rows: Tensor, targets: AttributeTargets) -> tuple[Tensor, dict[str, float]]:
    """Return the loss and its parts, each averaged over the crops whose target is known.

    Classes have cross entropy, corners smooth L1. ``rows`` is ``N x C``, in the layout of
    :mod:`lpr.specs.plate_attributes`.
    """
    cornered = ~targets.corners.isnan().any(1)
    lined = ~targets.lines.isnan()
    binary = functional.binary_cross_entropy_with_logits
    corners = rows[cornered, CORNERS] + rows.new_tensor(FRAME).reshape(8)
    # Sums divided by counts: the sum over no crops is 0, their mean would be NaN.
    distance = functional.smooth_l1_loss(
        corners, targets.corners[cornered], beta=_SMOOTH_L1_BETA, reduction="sum"
    )
    entropy = binary(rows[lined, LINES], targets.lines[lined], reduction="sum")
    parts = {
        "plate": binary(rows[:, PLATE], targets.plate),
        "corners": distance / (8 * cornered.sum().clamp(min=1)),
        "lines": entropy / lined.sum().clamp(min=1),
    }
    for name, columns in (("ground", GROUND), ("ink", INK), ("region", REGION)):
        target = getattr(targets, name)
        entropy = functional.cross_entropy(
            rows[:, columns], target, ignore_index=-1, reduction="sum"
        )
        parts[name] = entropy / (target >= 0).sum().clamp(min=1)
    loss = sum((_WEIGHTS[name] * part for name, part in parts.items()), rows.sum() * 0)
    return loss, {name: float(part.detach()) for name, part in parts.items()}
