"""A picture and its plates in a notebook: drawn, and listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import cv2

from lpr.draw import annotate
from lpr.recognition.rectify import rectify, upright
from lpr.types import AnyImage, Image, Plate
from lpr.utils.arguments import as_picture
from lpr.utils.html import image

_MAX_WIDTH = 960  # Pixels: the width of a notebook's column
_COLUMNS = ("plate", "", "read", "found", "region", "alternatives")


@dataclass(frozen=True, slots=True)
class Annotated:
    """A picture (BGR, ``uint8``, ``H x W x 3``) and its plates. As the last line of a notebook's
    cell, it shows the plates drawn in, and a table of them below::

        lpr.Annotated(image, reader.read(image))
    """

    image: AnyImage
    plates: Sequence[Plate]

    def __post_init__(self) -> None:
        """Raises the errors of :meth:`lpr.Reader.read` if ``image`` is not a picture."""
        as_picture(self.image)

    def _repr_png_(self) -> bytes:
        """The annotated picture as PNG, at most 960 pixels wide."""
        drawn = annotate(self.image, self.plates)
        scale = min(_MAX_WIDTH / drawn.shape[1], 1.0)
        if scale < 1:
            size = (_MAX_WIDTH, max(round(drawn.shape[0] * scale), 1))
            return _png(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA))  # type: ignore[arg-type]
        return _png(drawn)

    def _repr_html_(self) -> str:
        """The same picture, and a row per plate: text, crop, confidences."""
        header = "".join(f"<th>{column}</th>" for column in _COLUMNS)
        rows = "".join(self._row(plate) for plate in self.plates)
        table = f"<table><tr>{header}</tr>{rows}</table>" if rows else "<p>no plates</p>"
        return f"<div>{image(self._repr_png_(), 'png')}{table}</div>"

    def _row(self, plate: Plate) -> str:
        crop = _png(upright(rectify(self.image, plate.detection)))
        others = ", ".join(other.text for other in plate.reading.alternatives)
        cells = (
            f"<b>{escape(plate.display or plate.text or '(unreadable)')}</b>",
            image(crop, "png"),
            f"{plate.confidence:.2f}",
            f"{plate.detection.confidence:.2f}",
            escape(plate.region or ""),
            escape(others),
        )
        return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _png(picture: Image) -> bytes:
    return bytes(cv2.imencode(".png", picture)[1])
