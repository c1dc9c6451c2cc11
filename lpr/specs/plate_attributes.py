"""What a recognizer tells about a plate besides its text: the summary in front of its time steps.

A network whose spec says ``summary`` gives one row of logits more, before the first time step
(``dropped_steps`` is 1: whoever decodes the text alone passes over it), as a transformer's class
token does. It holds :data:`LENGTH` raw values: whether this is a plate at all; where its corners
are, after WPOD-Net (Silva and Jung 2018, License Plate Detection and Recognition in Unconstrained
Scenarios), whose quadrilaterals are found by a network too; one line or two; the colours of ground
and ink; the region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lpr.specs.calibration import sigmoid
from lpr.types import Float32

GROUNDS = ("white", "yellow", "green", "red", "blue", "black")
"""The colours of a plate's sheet; grey and beige count as white."""
INKS = ("black", "white", "red", "green", "blue")
"""The colours of its characters."""
REGIONS = ("tw", "eu", "us", "br", "vn", "")
"""The regions that networks tell apart; the last is none of the others."""

PLATE = 0
CORNERS = slice(1, 9)
LINES = 9
GROUND = slice(10, 10 + len(GROUNDS))
INK = slice(GROUND.stop, GROUND.stop + len(INKS))
REGION = slice(INK.stop, INK.stop + len(REGIONS))
LENGTH = REGION.stop
"""Values that a summary has; the rest of its row of logits means nothing."""

FRAME = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
"""The corners of a crop, to which the raw values of :data:`CORNERS` are added."""


@dataclass(frozen=True, slots=True)
class PlateAttributes:
    """``plate`` is the probability of a plate, ``two_lines`` that of a second line; ``corners``
    (``4 x 2``, in reading order) are in parts of the crop's width and height; ``ground``, ``ink``
    and ``region`` the likeliest, ``region_confidence`` how likely that is."""

    plate: float
    corners: Float32
    two_lines: float
    ground: str
    ink: str
    region: str
    region_confidence: float


def summaries(rows: Float32) -> list[PlateAttributes]:
    """The summaries in ``rows`` (``N x C``, C at least :data:`LENGTH`)."""
    return [_summary(row) for row in rows]


def _summary(row: Float32) -> PlateAttributes:
    regions = _softmax(row[REGION])
    region = int(regions.argmax())
    return PlateAttributes(
        plate=sigmoid(float(row[PLATE])),
        corners=np.asarray(row[CORNERS].reshape(4, 2) + FRAME, np.float32),
        two_lines=sigmoid(float(row[LINES])),
        ground=GROUNDS[int(row[GROUND].argmax())],
        ink=INKS[int(row[INK].argmax())],
        region=REGIONS[region],
        region_confidence=float(regions[region]),
    )


def _softmax(values: NDArray[np.float32]) -> NDArray[np.float64]:
    exponents = np.exp(values.astype(np.float64) - values.max())
    return np.asarray(exponents / exponents.sum())
