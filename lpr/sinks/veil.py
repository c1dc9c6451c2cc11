"""Plates that nobody is to see: which ones are made unreadable in pictures."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from lpr.draw import annotate_tracks, blurred
from lpr.errors import SourceError
from lpr.sightings import Shown
from lpr.types import AnyImage, Image


class Veil:
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
