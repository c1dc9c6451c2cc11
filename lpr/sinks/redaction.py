"""Plates that nobody is to see: which ones are made unreadable in pictures."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import cv2

from lpr.draw import annotate_tracks
from lpr.errors import SourceError
from lpr.sightings import Shown
from lpr.types import AnyImage, Box, Image


class PlateRedactor:
    """Hides plates in pictures: all of them or, where some are ``known``, those of all others.

    A plate that has not been read yet is nobody's, and is hidden.
    """

    def __init__(self, known: Collection[str] = ()) -> None:
        self._known = frozenset(known)

    def annotate(self, image: AnyImage, shown: Sequence[Shown]) -> Image:
        """A copy of a frame with its tracks drawn; hidden plates have no text either."""
        hidden = [each for each in shown if self.hides(each.text)]
        drawn = blurred(image, [each.box for each in hidden])
        told = [replace(each, text="") if each in hidden else each for each in shown]
        return annotate_tracks(drawn, told)

    def hides(self, text: str) -> bool:
        """Whether the plate with this text is to be hidden."""
        return text not in self._known


def read_known(file: Path) -> frozenset[str]:
    """The plates of a text file, one a line, however they are spaced; ``#`` begins a comment.

    Raises :class:`lpr.errors.SourceError` where it cannot be read, or holds none.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file}: cannot be read: {error}") from error
    texts = (re.sub("[^A-Z0-9]", "", line.partition("#")[0].upper()) for line in lines)
    known = frozenset(text for text in texts if text)
    if not known:
        raise SourceError(f"{file}: holds no plate; write one a line")
    return known


# Of a plate's width and height, on every side.
_VEIL = 0.15


def blurred(image: AnyImage, boxes: Sequence[Box]) -> Image:
    """A copy of ``image`` in which nothing within ``boxes``, and a little around, can be read.

    Each is made of eight squares across at most, which no sharpening brings back.
    """
    hidden: Image = image.copy()
    height, width = image.shape[:2]
    for box in boxes:
        across, down = box.width * _VEIL, box.height * _VEIL
        x0, y0 = max(int(box.x0 - across), 0), max(int(box.y0 - down), 0)
        x1, y1 = min(int(box.x1 + across) + 1, width), min(int(box.y1 + down) + 1, height)
        if x1 <= x0 or y1 <= y0:
            continue
        part = hidden[y0:y1, x0:x1]
        square = max((x1 - x0) // 8, 1)
        few = (max((x1 - x0) // square, 1), max((y1 - y0) // square, 1))
        coarse = cv2.resize(part, few, interpolation=cv2.INTER_AREA)
        hidden[y0:y1, x0:x1] = cv2.resize(
            coarse, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST
        )
    return hidden
