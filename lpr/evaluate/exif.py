"""Labelled boxes of pictures that their EXIF orientation turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lpr.evaluate.outcome import Outcome
from lpr.labels import LabelledPicture
from lpr.source.orientation import stored_form, upright_box
from lpr.types import Box


def from_stored(pictures: Iterable[LabelledPicture]) -> Iterator[LabelledPicture]:
    """The pictures with boxes on the stored pixels turned upright, as lpr decodes pictures.

    Raises :class:`lpr.errors.SourceError` for a picture that cannot be decoded.
    """
    for picture in pictures:
        width, height, orientation = stored_form(str(picture.path))
        yield picture if orientation == 1 else _turned(picture, width, height, orientation)


def fit_stored(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    """The plates of EXIF-turned pictures that were found: with the boxes as they are, and with
    boxes taken as on the stored pixels."""
    as_is = stored = 0
    for outcome in outcomes:
        if all(outcome.is_found(index) for index in range(len(outcome.picture.plates))):
            continue  # what is found needs no other explanation
        width, height, orientation = stored_form(str(outcome.picture.path))
        if orientation != 1:
            other = Outcome.of(
                _turned(outcome.picture, width, height, orientation), outcome.outputs
            )
            as_is += sum(outcome.is_found(index) for index in range(len(outcome.matches)))
            stored += sum(other.is_found(index) for index in range(len(other.matches)))
    return as_is, stored


def _turned(picture: LabelledPicture, width: int, height: int, orientation: int) -> LabelledPicture:
    def turned(box: Box) -> Box:
        return upright_box(box, width, height, orientation)

    plates = tuple(replace(plate, box=turned(plate.box)) for plate in picture.plates)
    return replace(picture, plates=plates, difficult=tuple(map(turned, picture.difficult)))
