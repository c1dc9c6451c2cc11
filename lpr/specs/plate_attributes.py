"""A plate's attributes besides its text: the summary before a recognizer's time steps.

A network whose spec has ``summary`` gives an additional row of logits before the first time step,
like a transformer's class token; ``dropped_steps`` is at least 1, so that decoding skips it. The
row begins with :data:`LENGTH` raw values: whether this is a plate; its four corners, which a
network predicts as in WPOD-Net (Silva and Jung 2018, License Plate Detection and Recognition in
Unconstrained Scenarios); one line or two; the colours of ground and ink; the region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lpr.types import Float32
from lpr.utils.activations import sigmoid, softmax

GROUNDS = ("white", "yellow", "green", "red", "blue", "black")
"""The colours of a plate's sheet; grey and beige count as white."""
INKS = ("black", "white", "red", "green", "blue")
"""The colours of its characters."""
REGIONS = ("tw", "eu", "us", "br", "vn", "")
"""The regions that networks distinguish; the last stands for all others."""

PLATE = 0
CORNERS = slice(1, 9)
LINES = 9
GROUND = slice(10, 10 + len(GROUNDS))
INK = slice(GROUND.stop, GROUND.stop + len(INKS))
REGION = slice(INK.stop, INK.stop + len(REGIONS))
LENGTH = REGION.stop
"""Values of a summary; the rest of its row of logits is unused."""

FRAME = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
"""The corners of a crop; the raw values of :data:`CORNERS` are offsets from them."""


@dataclass(frozen=True, slots=True)
class PlateAttributes:
    """``plate`` is the probability that the crop shows a plate, ``two_lines`` that of a second
    line. ``corners`` (``4 x 2``, in reading order) are relative to the crop's width and height.
    ``ground``, ``ink`` and ``region`` are the most likely ones, ``region_confidence`` is the
    region's probability."""

    plate: float
    corners: Float32
    two_lines: float
    ground: str
    ink: str
    region: str
    region_confidence: float


def summaries(rows: Float32) -> list[PlateAttributes]:
    """The attributes in ``rows`` (``N x C``, C at least :data:`LENGTH`)."""
    return [_summary(row) for row in rows]


def _summary(row: Float32) -> PlateAttributes:
    regions = softmax(row[REGION].astype(np.float64))
    region = int(regions.argmax())
    return PlateAttributes(
        plate=float(sigmoid(float(row[PLATE]))),
        corners=np.asarray(row[CORNERS].reshape(4, 2) + FRAME, np.float32),
        two_lines=float(sigmoid(float(row[LINES]))),
        ground=GROUNDS[int(row[GROUND].argmax())],
        ink=INKS[int(row[INK].argmax())],
        region=REGIONS[region],
        region_confidence=float(regions[region]),
    )
