"""Tesseract for lpr: an external program as recognizer, one process per plate."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np

from lpr.errors import BackendError
from lpr.hookspecs import hookimpl
from lpr.protocols import RecognizerRuntime
from lpr.recognition.rectify import upright
from lpr.specs import RecognizerModel
from lpr.types import Crop, Image, Reading

lpr_interface = 1

# One line of text. (Its whitelist of characters leaves words with a confidence of 0.)
OPTIONS = "--psm 7"
HEIGHT = 64
"""Plates are scaled to this many pixels: their characters are then about 40 high."""
BORDER = 16
"""White pixels around the plate; Tesseract overlooks text that touches the picture's edge."""
WIDEST = 20
"""Plates wider than this many heights are squeezed, so that no crop makes a huge picture."""
TIMEOUT = 30
"""Seconds per plate."""


@hookimpl
def lpr_recognizer_runtimes() -> list[RecognizerRuntime]:
    return [TesseractRuntime()]


class TesseractRuntime:
    """Reads plates with the program ``tesseract`` and its English model."""

    name = "tesseract"
    device = "cpu"
    priority = 0
    formats: frozenset[str] = frozenset()  # brings its own model: used on request only

    def problem(self) -> str | None:
        if find_spec("pytesseract") is None:
            return "pytesseract is not installed; pip install pytesseract"
        if shutil.which("tesseract") is None:
            return "the program tesseract is not installed; apt install tesseract-ocr"
        return None

    def open(self, model: RecognizerModel, threads: int) -> TesseractReader:
        # Child processes inherit it; Tesseract has no other setting. 0 keeps the default.
        if threads:
            os.environ["OMP_THREAD_LIMIT"] = str(threads)
        return TesseractReader()


class TesseractReader:
    """Starts a process for each plate; see :class:`lpr.protocols.TextRecognizer`."""

    def __init__(self) -> None:
        # Imported late: it is slow, and every lpr command loads this module.
        self._tesseract: Any = import_module("pytesseract")

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        return [self.read_one(upright(crop)) for crop in crops]

    def read_one(self, plate: Image) -> Reading:
        """Read an upright plate: BGR, uint8, H x W x 3.

        Raises :class:`lpr.errors.BackendError` if the program fails or takes too long.
        """
        try:
            words = self._tesseract.image_to_data(
                prepare(plate), config=OPTIONS, timeout=TIMEOUT, output_type="dict"
            )
        # Its own errors are RuntimeErrors, also that of a timeout.
        except (RuntimeError, OSError) as error:
            raise BackendError(f"tesseract failed: {error}; does it run by itself?") from error
        return as_reading(words)

    def close(self) -> None:
        """Nothing to release: no process outlives its plate."""


def prepare(plate: Image) -> Image:
    """Return ``plate`` (H x W x 3) as Tesseract needs it: gray, H x W, large, on white."""
    height, width = plate.shape[:2]
    width = max(min(round(width * HEIGHT / height), WIDEST * HEIGHT), 1)
    method = cv2.INTER_CUBIC if height < HEIGHT else cv2.INTER_AREA
    grey = cv2.resize(
        cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY), (width, HEIGHT), interpolation=method
    )
    return np.pad(grey, BORDER, constant_values=255).astype(np.uint8)


def as_reading(words: Mapping[str, Sequence[Any]]) -> Reading:
    """The words of a line as one reading: letters and digits, upper case, all else dropped.

    ``words`` has the columns ``text`` and ``conf`` (0..100, or -1 without a word). Tesseract
    gives a word the confidence of its worst character; the plate gets that of its worst word.
    """
    parts, confidences = [], []
    for word, confidence in zip(words.get("text", ()), words.get("conf", ()), strict=True):
        part = "".join(c for c in word.upper() if c.isascii() and c.isalnum())
        if part:
            parts.append(part)
            confidences.append(min(max(float(confidence) / 100, 0.0), 1.0))
    return Reading("".join(parts), min(confidences, default=0.0))
