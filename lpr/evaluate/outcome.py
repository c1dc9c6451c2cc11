"""One picture's outputs held against its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lpr.labels import LabelledPicture
from lpr.types import Box, Plate, Timing

FOUND_IOU = 0.5
TOUCH_IOU = 0.3


@dataclass
class Outcome:
    """One picture: what was labelled, what came out, and which belongs to which.

    ``matches`` gives for each labelled plate the index of its output, or None; ``labelled_texts``
    what the recognizer alone reads when it is given the labelled boxes, and ``scale`` the
    detector's input pixels for each pixel of the picture: both None for a system whose inside is
    not known.
    """

    picture: LabelledPicture
    outputs: list[Plate]
    matches: list[int | None]
    timing: Timing | None = None
    labelled_texts: list[str] | None = None
    scale: float | None = None

    @classmethod
    def of(cls, picture: LabelledPicture, outputs: list[Plate], **more: Any) -> Outcome:
        """The outcome of a picture, outputs matched to its labels."""
        labelled = [plate.box for plate in picture.plates]
        return cls(picture, outputs, match(labelled, [plate.box for plate in outputs]), **more)

    @property
    def false_readings(self) -> list[Plate]:
        """Outputs that touch no labelled box: IoU below 0.3, and their centre in none."""
        boxes = [plate.box for plate in self.picture.plates]
        return [o for o in self.outputs if not any(_touches(o.box, box) for box in boxes)]

    def is_found(self, index: int) -> bool:
        match = self.matches[index]
        box = self.picture.plates[index].box
        return match is not None and self.outputs[match].box.iou(box) >= FOUND_IOU

    def text(self, index: int) -> str:
        match = self.matches[index]
        return "" if match is None else self.outputs[match].text

    def input_width(self, index: int) -> float | None:
        """How wide a labelled plate is in the detector's input, in pixels."""
        return None if self.scale is None else self.picture.plates[index].box.width * self.scale


def match(labelled: Sequence[Box], outputs: Sequence[Box]) -> list[int | None]:
    """For each labelled box the output that belongs to it: one to one, the greatest IoU first."""
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
