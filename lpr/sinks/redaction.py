"""Redaction: plates made unreadable in pictures and videos (``--blur``)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import cv2

from lpr.draw import annotate_tracks
from lpr.errors import SourceError
from lpr.sightings import TrackOverlay
from lpr.types import AnyImage, Box, Image
from lpr.utils.geometry import cut_out


class PlateRedactor:
    """Hides all plates in pictures except the ``known`` ones, unread plates included."""

    def __init__(self, known: Collection[str] = ()) -> None:
        self._known = frozenset(known)

    def annotate(self, image: AnyImage, tracks: Sequence[TrackOverlay]) -> Image:
        """A copy of a frame with its tracks drawn; hidden plates have no text either."""
        redacted = pixelate(image, [track.box for track in tracks if self.hides(track.text)])
        return annotate_tracks(
            redacted, [replace(t, text="", plate=None) if self.hides(t.text) else t for t in tracks]
        )

    def hides(self, text: str) -> bool:
        """Whether the plate with this text is hidden."""
        return text not in self._known


def read_known(file: Path) -> frozenset[str]:
    """The plates of a text file, one per line, with or without separators; ``#`` begins a comment.

    Raises :class:`lpr.errors.SourceError` if it cannot be read or holds no plate.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file}: cannot be read: {error}") from error
    texts = (re.sub("[^A-Z0-9]", "", line.partition("#")[0].upper()) for line in lines)
    known = frozenset(text for text in texts if text)
    if not known:
        raise SourceError(f"{file}: holds no plate; write one per line")
    return known


_MARGIN = 0.15  # Share of a plate's width and height that is hidden around it, on each side
_SQUARES = 8  # Squares across a hidden plate: about one per character, too coarse to be sharpened


def pixelate(image: AnyImage, boxes: Sequence[Box]) -> Image:
    """A copy of ``image`` with each of ``boxes``, and a margin, about eight squares wide."""
    result: Image = image.copy()
    for box in boxes:
        part = cut_out(result, box.grown(_MARGIN))
        height, width = part.shape[:2]
        if part.size:
            square = max(width // _SQUARES, 1)
            size = (max(width // square, 1), max(height // square, 1))
            coarse = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
            part[:] = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
    return result
