"""A picture and its plates as notebooks show them: drawn, and listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import cv2

from lpr.draw import annotate
from lpr.reader import as_picture
from lpr.recognition.rectify import rectify, upright
from lpr.types import AnyImage, Image, Plate
from lpr.utils.html import image

# In pixels: what a notebook's column shows anyway.
_WIDEST = 960
_COLUMNS = ("plate", "", "read", "found", "region", "alternatives")


@dataclass(frozen=True, slots=True)
class Annotated:
    """A picture (BGR, ``uint8``, ``H x W x 3``) and its plates; the last line of a notebook's cell
    shows it with the plates drawn in, and a table of them beneath::

        lpr.Annotated(image, reader.read(image))
    """

    image: AnyImage
    plates: Sequence[Plate]

    def __post_init__(self) -> None:
        """Raises as :meth:`lpr.Reader.read` does for what is no picture."""
        as_picture(self.image)

    def _repr_png_(self) -> bytes:
        """The picture with its plates drawn in, at most 960 pixels wide, as PNG."""
        drawn = annotate(self.image, self.plates)
        scale = min(_WIDEST / drawn.shape[1], 1.0)
        if scale < 1:
            size = (_WIDEST, max(round(drawn.shape[0] * scale), 1))
            return _png(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA))  # type: ignore[arg-type]
        return _png(drawn)

    def _repr_html_(self) -> str:
        """The same picture, and a row for each plate: its text, its crop, how certain it is."""
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
