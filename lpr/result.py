"""What a reader returns for a picture: the plates, with the picture they are in."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpr import notebook
from lpr.draw import annotate
from lpr.errors import LprError, OutputError
from lpr.recognition.rectify import rectify, upright
from lpr.records import FrameRecord
from lpr.sinks.media import PICTURE_SUFFIXES, write_picture
from lpr.sinks.paths import refuse_sources
from lpr.types import AnyImage, Image, Plate
from lpr.utils.arguments import as_picture, expect_all

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped,unused-ignore]
    import supervision as sv


class Result(list[Plate]):
    """The plates of a picture: a list of them, which also draws and exports them.

    ``image`` is the picture (BGR, upright), ``source`` its file, None if unknown. The result keeps
    the picture alive, and does not copy an array: one that is written to afterwards changes the
    result. To keep many results, keep their ``plates``. As the last line of a notebook's cell it
    shows the annotated picture, and a table of the plates with their crops.
    """

    image: Image
    source: str | None

    def __init__(
        self, image: AnyImage, plates: Iterable[Plate] = (), source: str | None = None
    ) -> None:
        """Raises ``TypeError`` or ``ValueError`` if ``image`` is not BGR ``uint8``."""
        super().__init__(expect_all("plates", plates, Plate, "a sequence of Plates"))
        self.image = as_picture(image)
        self.source = source

    def __repr__(self) -> str:
        height, width = self.image.shape[:2]
        plates = ", ".join(f"{p.display or p.text or '?'} {p.confidence:.2f}" for p in self)
        where = f"{self.source}, " if self.source else ""
        return f"<Result: {where}{width} x {height} pixels: {plates or 'no plates'}>"

    @property
    def plates(self) -> list[Plate]:
        """The plates alone, without the picture."""
        return list(self)

    def annotated(self) -> Image:
        """A copy of the picture with the plates drawn in (:func:`lpr.annotate`)."""
        return annotate(self.image, self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the annotated picture as JPEG or PNG; an old file is replaced.

        Raises :class:`lpr.OutputError` for another suffix, if the file cannot be written, or would
        replace the picture's own.
        """
        path = Path(path)
        if path.suffix.lower() not in PICTURE_SUFFIXES:
            raise OutputError(f"{path}: a picture is saved as {', '.join(PICTURE_SUFFIXES)}")
        refuse_sources([path], [self.source] if self.source else [])
        write_picture(path, self.annotated())

    def crops(self) -> list[Image]:
        """Each plate cut out and upright (:func:`lpr.upright`), at its size in the picture."""
        return [upright(rectify(self.image, plate.detection)) for plate in self]

    def to_dict(self) -> dict[str, Any]:
        """The record that ``lpr detect`` writes for the picture (docs/output.md); its ``source`` is
        empty if unknown."""
        height, width = self.image.shape[:2]
        return FrameRecord(self.source or "", 0, None, width, height, tuple(self)).as_dict()

    def to_dataframe(self) -> pd.DataFrame:
        """A row for each plate, with the keys of a record's plate (docs/output.md) after
        ``source``, and the box as ``x0``, ``y0``, ``x1``, ``y1``. Needs pandas."""
        try:
            import pandas as pd
        except ImportError as error:
            raise _missing("to_dataframe", "pandas") from error
        rows = [_row(self.source, plate) for plate in self]
        return pd.DataFrame(rows, columns=None if rows else _columns())

    def to_supervision(self) -> sv.Detections:
        """As ``supervision.Detections``: the boxes and the detections' confidences, class 0, and in
        ``data`` the ``text``, its ``text_confidence`` and the ``region`` (empty if unknown). Needs
        supervision."""
        try:
            import supervision as sv
        except ImportError as error:
            raise _missing("to_supervision", "supervision") from error
        import numpy as np

        return sv.Detections(
            xyxy=np.array([plate.box for plate in self], np.float32).reshape(-1, 4),
            confidence=np.array([plate.detection.confidence for plate in self], np.float32),
            class_id=np.zeros(len(self), int),
            data={
                "class_name": np.array(["plate"] * len(self), str),
                "text": np.array([plate.text for plate in self], str),
                "text_confidence": np.array([plate.confidence for plate in self], np.float32),
                "region": np.array([plate.region or "" for plate in self], str),
            },
        )

    def _repr_png_(self) -> bytes:
        """The annotated picture as PNG, at most 960 pixels wide."""
        return notebook.png_of(self.annotated())

    def _repr_html_(self) -> str:
        """The same picture, and a row per plate: text, crop, confidences."""
        return notebook.html_of(self.annotated(), self, self.crops())


def _row(source: str | None, plate: Plate) -> dict[str, Any]:
    row: dict[str, Any] = {"source": source}
    for key, value in plate.as_dict().items():
        row |= zip(("x0", "y0", "x1", "y1"), value, strict=True) if key == "box" else {key: value}
    return row


def _columns() -> list[str]:
    """The columns of a picture without plates."""
    from lpr.types import Box, Detection, Reading

    box = Box(0, 0, 1, 1)
    return list(_row(None, Plate(Detection(box, box.quad, 0.0), Reading("", 0.0))))


def _missing(method: str, package: str) -> LprError:
    return LprError(f"{method} needs {package}: pip install {package}")
