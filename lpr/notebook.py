"""A picture and its plates in a notebook: drawn, and listed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import cv2

from lpr.types import Image, Plate
from lpr.utils.html import image

_MAX_WIDTH = 960  # Pixels: the width of a notebook's column
_COLUMNS = ("plate", "", "read", "found", "region", "alternatives")


def png_of(drawn: Image) -> bytes:
    """An annotated picture as PNG, at most 960 pixels wide."""
    scale = min(_MAX_WIDTH / drawn.shape[1], 1.0)
    if scale < 1:
        size = (_MAX_WIDTH, max(round(drawn.shape[0] * scale), 1))
        return _png(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA))  # type: ignore[arg-type]
    return _png(drawn)


def html_of(drawn: Image, plates: Sequence[Plate], crops: Sequence[Image]) -> str:
    """An annotated picture, and a row for each plate: text, crop, confidences."""
    header = "".join(f"<th>{column}</th>" for column in _COLUMNS)
    rows = "".join(_row(plate, crop) for plate, crop in zip(plates, crops, strict=True))
    table = f"<table><tr>{header}</tr>{rows}</table>" if rows else "<p>no plates</p>"
    return f"<div>{image(png_of(drawn), 'png')}{table}</div>"


def _row(plate: Plate, crop: Image) -> str:
    others = ", ".join(other.text for other in plate.reading.alternatives)
    cells = (
        f"<b>{escape(plate.display or plate.text or '(unreadable)')}</b>",
        image(_png(crop), "png"),
        f"{plate.confidence:.2f}",
        f"{plate.detection.confidence:.2f}",
        escape(plate.region or ""),
        escape(others),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _png(picture: Image) -> bytes:
    return bytes(cv2.imencode(".png", picture)[1])
