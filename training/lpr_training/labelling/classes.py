"""Names of objects: those of classes, and those that are the texts of plates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from lpr.errors import SourceError
from lpr.types import Box
from lpr_training.labelling.texts import plate_text
from lpr_training.labelling.values import LabelledImage

# Words of classes, which a number may follow: VEHICLE1, LP02. No plate begins with three of them.
_WORD = re.compile(
    r"(ALPR|ANPR|BIKE|BUS|CAR|CAT|CLASS|CLS|FRAME|ID|IMAGE|IMG|LABEL|LICEN[CS]E|LP|LPR|MOTO\w*|NO|"
    r"NUM|NUMBER|OBJ|OBJECT|PERSON|PLATE|SCOOTER|TRUCK|TYPE|VAN|VEHICLE)[-_ ]?(PLATE)?[-_ ]?"
    r"[0-9]{1,3}"
)


def find_texts(images: Iterable[LabelledImage]) -> list[LabelledImage]:
    """The labels with the texts of boxes that are named after their text.

    A name is a text if it has the form of one (:func:`plate_text`) and no box speaks against it: a
    text names at most one box of a picture, and no box around a box of a class.
    """
    images = list(images)
    classes: set[str] = set()
    for image in images:
        count = Counter(each.name for each in image.boxes)
        classes |= {name for name, number in count.items() if number > 1}
        inner = [each.box for each in image.boxes if _text(each.name) is None]
        for each in image.boxes:
            if any(_surrounds(each.box, box) for box in inner):
                classes.add(each.name)
    return [
        replace(
            image,
            boxes=tuple(
                each if each.text or each.name in classes else replace(each, text=_text(each.name))
                for each in image.boxes
            ),
        )
        for image in images
    ]


def check_classes(
    folder: Path, images: Sequence[LabelledImage], classes: Sequence[str] = ()
) -> None:
    """Raise :class:`SourceError` for boxes of several classes of which ``classes`` does not name
    those of plates, and for a class of which no box is."""
    # A box named after the text of a plate is a plate.
    names = sorted({box.name for image in images for box in image.boxes if not box.text})
    if missing := [
        name for name in classes if not any(b.name == name for i in images for b in i.boxes)
    ]:
        raise SourceError(
            f"{folder}: no box is of the class {missing[0]}; its classes are {', '.join(names)}"
        )
    if not classes and len(names) > 1:
        raise SourceError(
            f"{folder}: its boxes are of the classes {', '.join(names)}; name those of plates: "
            "--class NAME"
        )


def _surrounds(outer: Box, inner: Box) -> bool:
    return (
        outer != inner
        and outer.x0 <= inner.x0
        and outer.y0 <= inner.y0
        and inner.x1 <= outer.x1
        and inner.y1 <= outer.y1
    )


def _text(name: str) -> str | None:
    """The text in a name that is written in capitals and is no word of a class with a number."""
    if any(map(str.islower, name)) or _WORD.fullmatch(name.strip()):
        return None
    return plate_text(name)
