"""The labels of a picture, whatever their format."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from lpr.errors import SourceError
from lpr.types import Box

Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""


UNIT: Size = (1, 1)
"""The size of pictures whose boxes are fractions of their width and height."""

LARGEST = 10_000_000
"""A side in pixels that no picture reaches."""


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """A box in pixels with the ``name`` of its class, and its ``text`` (``A-Z0-9``) if known.

    ``difficult`` is Pascal VOC's flag, or COCO's for crowds: such boxes need not be found.
    """

    box: Box
    name: str
    text: str | None = None
    difficult: bool = False


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """The labels of one picture. ``labels`` is the file that holds them, for messages.

    ``named`` is the picture's name in the labels, "" if they do not say it.
    ``path`` is None if there is no picture for the labels, ``size`` if the labels do not state it;
    :func:`lpr_training.labelling.pictures.size_of` then takes it from the picture.
    """

    labels: Path
    path: Path | None
    size: Size | None
    boxes: tuple[LabelledBox, ...]
    named: str = ""

    def missing(self) -> SourceError:
        """The error of labels without a picture."""
        name = f"the picture {self.named}, which" if self.named else "a picture that"
        return SourceError(f"{self.labels}: labels {name} is not there; add or remove it")


def checked_box(corners: Sequence[float], file: Path | str) -> Box:
    """``xmin, ymin, xmax, ymax`` as a box; raises :class:`SourceError` for an invalid one.

    ``file`` is the file, and the entry if known, for messages.
    """
    box = Box(*corners)
    if not all(map(math.isfinite, box)):
        raise SourceError(f"{file}: the box {format_box(box)} is not finite; correct it")
    if box.x0 > box.x1 or box.y0 > box.y1:
        raise SourceError(f"{file}: the box {format_box(box)} is turned inside out; correct it")
    return box


def checked_size(width: float, height: float) -> Size | None:
    """A stated size; None for an unknown one, which some programs write as 0.

    Raises ``ValueError`` for one that no picture has.
    """
    for name, value in (("width", width), ("height", height)):
        if not math.isfinite(value) or value > LARGEST:
            raise ValueError(f"the {name} {value:g} is no size of a picture")
    return (int(width), int(height)) if min(width, height) >= 1 else None


def format_box(box: Box) -> str:
    """A box for messages: ``(305, 242, 354, 256)``."""
    return f"({', '.join(f'{value:g}' for value in box)})"


def usable_boxes(image: LabelledImage, left_out: Counter[str]) -> list[LabelledBox]:
    """The boxes to use; the others are counted in ``left_out`` by reason."""
    kept = []
    for labelled in image.boxes:
        if labelled.difficult:
            left_out["difficult"] += 1
        elif labelled.box.area <= 0:
            left_out["of zero area"] += 1
        else:
            kept.append(labelled)
    return kept


def reasons(counts: Counter[str]) -> str:
    """``3 difficult, 1 of zero area``; empty without counts."""
    return ", ".join(f"{number} {reason}" for reason, number in counts.items())
