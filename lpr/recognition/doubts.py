"""Reasons to doubt a reading: not every text that a network gives is that of a plate.

The limits were chosen on the photographs of dev and on rendered plates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lpr.regions import Region
from lpr.regions.region import Match
from lpr.types import Doubt, Reading, Side

LIKELY = 0.5
"""Confidence (0..1) below which a text is more likely wrong than right."""

CUT_CONFIDENCE = 0.25
"""The most (0..1) that a text is worth if characters may be missing: of the photographs of dev, cut
at random places on the left or right, one text in four was still whole."""

CUT_LINE_CONFIDENCE = 0.9
"""The most (0..1) that a line is worth that loses its top or bottom: of the photographs of dev, cut
there, 95 % of the certain texts were right."""


def doubts_of(
    reading: Reading, match: Match | None, regions: Sequence[Region]
) -> tuple[Doubt, ...]:
    """The reasons to doubt ``reading``, whose text has the format ``match`` of ``regions``.

    - ``cut``: the picture's edge cuts the plate off.
    - ``format``: the text fits no format of the regions: it may be lettering or a lamp.
    - ``symbol``: plates of this shape may have a character that the network does not know.
    - ``confidence``: the text is more likely wrong than right.
    """
    doubts: list[Doubt] = []
    if reading.cut:
        doubts.append("cut")
    elif reading.text and match is None and any(region.formats for region in regions):
        doubts.append("format")
    if match is not None and match.format.symbols:
        doubts.append("symbol")
    if reading.confidence < LIKELY:
        doubts.append("confidence")
    return tuple(doubts)


def is_short(text: str, regions: Sequence[Region]) -> bool:
    """Whether ``text`` is shorter than every format of ``regions``."""
    lengths = [len(form.legal) for region in regions for form in region.formats]
    return bool(lengths) and len(text) < min(lengths)


def as_cut(reading: Reading, touches: tuple[Side, ...]) -> Reading:
    """``reading`` of a plate that touches the sides ``touches``, its confidence bounded by what may
    be missing. A recognizer that predicts corners has found which sides cut the plate."""
    cut = reading.cut if reading.quad is not None else reading.cut or touches
    if not cut:
        return reading
    ends = "left" in cut or "right" in cut
    lines = reading.appearance.lines if reading.appearance else None
    most = CUT_LINE_CONFIDENCE if lines == 1 and not ends else CUT_CONFIDENCE
    return replace(reading, cut=cut, confidence=min(reading.confidence, most))
