"""Selects the boxes to convert: by class, by area, and within their picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from lpr.errors import SourceError
from lpr_training.labelling.pictures import size_of
from lpr_training.labelling.values import LabelledBox, LabelledImage, format_box, usable_boxes

ROUNDING = 1.0
"""Pixels by which programs' rounding puts a box beyond its picture: it is clipped in silence."""


@dataclass
class Selection:
    """Selects boxes of ``classes``, all if empty; counts those left out by reason, and clipped."""

    classes: Collection[str]
    clip: bool
    left_out: Counter[str] = field(default_factory=Counter)
    clipped: int = 0

    def boxes(self, image: LabelledImage, difficult: bool = False) -> Iterator[LabelledBox]:
        """The boxes to use, or the ``difficult`` ones, clipped to their picture.

        Without ``clip``, a box that extends beyond its picture raises :class:`SourceError`.
        """
        kept = usable_boxes(image, Counter() if difficult else self.left_out)
        if difficult:
            kept = [each for each in image.boxes if each.difficult and each.box.area > 0]
        for labelled in kept:
            if self.classes and labelled.name not in self.classes:
                self.left_out["of other classes"] += 1
                continue
            width, height = size_of(image)
            box = labelled.box.clipped(width, height)
            beyond = max(abs(a - b) for a, b in zip(box, labelled.box, strict=True))
            if beyond > ROUNDING and not self.clip:
                raise SourceError(
                    f"{image.labels}: the box {format_box(labelled.box)} of {labelled.name} "
                    f"extends beyond its picture of {width} x {height}; correct it, or give --clip"
                )
            self.clipped += beyond > ROUNDING
            if box.area > 0:
                yield replace(labelled, box=box)
            else:
                self.left_out["of zero area"] += 1
