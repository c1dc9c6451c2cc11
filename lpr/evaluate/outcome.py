"""One picture's outputs, matched to its labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lpr.labels import LabelledPicture
from lpr.types import Box, Plate, Timing

FOUND_IOU = 0.5
"""IoU from which a label counts as found, as in PASCAL VOC."""
TOUCH_IOU = 0.3
"""IoU from which an output belongs to a label: its text counts, even if its box is off."""


@dataclass
class Outcome:
    """One picture: its labels, the outputs, and which belong together.

    ``matches`` holds the index of the output for each labelled plate, or None; ``labelled_texts``
    the recognizer's texts for the labelled boxes, and ``scale`` the detector's input pixels per
    pixel of the picture. Both are None for other systems, known by their outputs alone.
    """

    picture: LabelledPicture
    outputs: list[Plate]
    matches: list[int | None]
    timing: Timing | None = None
    labelled_texts: list[str] | None = None
    scale: float | None = None

    @classmethod
    def of(cls, picture: LabelledPicture, outputs: list[Plate], **more: Any) -> Outcome:
        """Match ``outputs`` to the labels of ``picture``."""
        labelled = [plate.box for plate in picture.plates]
        return cls(picture, outputs, match(labelled, [plate.box for plate in outputs]), **more)

    def readings(self) -> Iterator[tuple[str, Plate]]:
        """The labelled text and the output of each plate that has both."""
        for plate, match in zip(self.picture.plates, self.matches, strict=True):
            if plate.text and match is not None:
                yield plate.text, self.outputs[match]

    @property
    def false_readings(self) -> list[Plate]:
        """Outputs with an IoU below 0.3 to every labelled box, difficult ones included, and their
        centre in none."""
        boxes = [*(plate.box for plate in self.picture.plates), *self.picture.difficult]
        return [o for o in self.outputs if not any(_touches(o.box, box) for box in boxes)]

    def counts(self, index: int) -> bool:
        """Whether an output counts; not if it belongs to a difficult plate and to no other."""
        box = self.outputs[index].box
        return index in self.matches or not any(_touches(box, d) for d in self.picture.difficult)

    def is_found(self, index: int) -> bool:
        """Whether a labelled plate has an output with an IoU of at least 0.5."""
        match = self.matches[index]
        box = self.picture.plates[index].box
        return match is not None and self.outputs[match].box.iou(box) >= FOUND_IOU

    def text(self, index: int) -> str:
        """The text read of a labelled plate; empty if it was missed."""
        match = self.matches[index]
        return "" if match is None else self.outputs[match].text

    def input_width(self, index: int) -> float | None:
        """The width of a labelled plate in the detector's input, in pixels."""
        return None if self.scale is None else self.picture.plates[index].box.width * self.scale


def match(labelled: Sequence[Box], outputs: Sequence[Box]) -> list[int | None]:
    """The index of each labelled box's output, or None: one to one, greedily by IoU."""
    pairs = sorted(
        (-box.iou(output), i, j)
        for i, box in enumerate(labelled)
        for j, output in enumerate(outputs)
        if _touches(output, box)
    )
    matches: list[int | None] = [None] * len(labelled)
    taken: set[int] = set()
    for _, i, j in pairs:
        if matches[i] is None and j not in taken:
            matches[i] = j
            taken.add(j)
    return matches


def _touches(output: Box, labelled: Box) -> bool:
    return output.iou(labelled) >= TOUCH_IOU or labelled.contains(output.center)
