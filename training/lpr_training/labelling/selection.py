"""Selects the boxes to convert: by class, by area, and within their picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from lpr.errors import SourceError
from lpr_training.labelling.pictures import size_of
from lpr_training.labelling.values import LabelledBox, LabelledImage, format_box, usable_boxes


@dataclass
class Selection:
    """Selects boxes of ``classes``, all if empty; counts those left out by reason, and clipped."""

    classes: Collection[str]
    clip: bool
    left_out: Counter[str] = field(default_factory=Counter)
    clipped: int = 0

    def boxes(self, image: LabelledImage) -> Iterator[LabelledBox]:
        """The boxes to use, clipped to their picture.

        Without ``clip``, a box that extends beyond its picture raises :class:`SourceError`.
        """
        for labelled in usable_boxes(image, self.left_out):
            if self.classes and labelled.name not in self.classes:
                self.left_out["of other classes"] += 1
                continue
            width, height = size_of(image)
            box = labelled.box.clipped(width, height)
            if box != labelled.box and not self.clip:
                raise SourceError(
                    f"{image.labels}: the box {format_box(labelled.box)} of {labelled.name} "
                    f"extends beyond its picture of {width} x {height}; correct it, or give --clip"
                )
            self.clipped += box != labelled.box
            if box.area > 0:
                yield replace(labelled, box=box)
            else:
                self.left_out["of zero area"] += 1
