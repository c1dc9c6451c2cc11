"""Outputs held against labels, and the figures that come of it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lpr.labels import LabelledPicture, LabelledPlate
from lpr.types import Box, Plate, Timing

FOUND_IOU = 0.5
TOUCH_IOU = 0.3
SMALLEST = 16.0
"""Plates narrower than this in the detector's input, in pixels, are counted apart."""


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


@dataclass
class Report:
    """The figures of a run; ``outcomes`` hold what they are made of."""

    outcomes: list[Outcome] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """All figures by name. None where there is nothing to count, or no way to know.

        ``found``: recall of labelled boxes at IoU 0.5; ``found_wide``: of those that are at least
        :data:`SMALLEST` pixels wide in the detector's input (``plates_wide``). ``exact``: labelled
        texts that came out letter for letter (``texts_wrong`` did not);
        ``exact_on_labelled_boxes``: the recognizer alone; ``character_error_rate``: edit distance
        over labelled characters, a plate that was not found counting whole.
        """
        plates = list(self._plates())
        wide = [(o, i) for o, i in plates if (o.input_width(i) or 0) >= SMALLEST]
        scaled = all(outcome.scale is not None for outcome in self.outcomes)
        texts = [(text, o, i) for o, i in plates if (text := o.picture.plates[i].text)]
        wrong = sum(outcome.text(index) != text for text, outcome, index in texts)
        errors = sum(edit_distance(outcome.text(index), text) for text, outcome, index in texts)
        alone = [
            outcome.labelled_texts[index] == text
            for text, outcome, index in texts
            if outcome.labelled_texts is not None
        ]
        false = sum(len(outcome.false_readings) for outcome in self.outcomes)
        return {
            "pictures": len(self.outcomes),
            "plates": len(plates),
            "plates_wide": len(wide) if scaled else None,
            "texts": len(texts),
            "found": _share(sum(o.is_found(i) for o, i in plates), len(plates)),
            "found_wide": _share(sum(o.is_found(i) for o, i in wide), len(wide)),
            "exact": _share(len(texts) - wrong, len(texts)),
            "texts_wrong": wrong,
            "exact_on_labelled_boxes": _share(sum(alone), len(alone)),
            "character_error_rate": _share(errors, sum(len(text) for text, _, _ in texts)),
            "false_readings": false,
            "false_readings_per_picture": _share(false, len(self.outcomes)),
            **self.times(),
        }

    def times(self) -> dict[str, Any]:
        """The median and the mean milliseconds of a picture, and the median of each stage."""
        timings = [o.timing for o in self.outcomes if o.timing is not None]
        if not timings:
            return {"ms_per_picture_median": None, "ms_per_picture_mean": None, "ms_of_stages": {}}
        totals = [timing.ms for timing in timings]
        stages = dict.fromkeys(name for timing in timings for name in timing.stages)
        return {
            "ms_per_picture_median": round(statistics.median(totals), 2),
            "ms_per_picture_mean": round(statistics.fmean(totals), 2),
            "ms_of_stages": {
                name: round(statistics.median(t.stages.get(name, 0.0) for t in timings), 2)
                for name in stages
            },
        }

    def mistakes(self) -> list[dict[str, Any]]:
        """Every labelled plate that was missed or misread, and every false reading."""
        wrong = []
        for outcome in self.outcomes:
            for index, plate in enumerate(outcome.picture.plates):
                misread = plate.text is not None and outcome.text(index) != plate.text
                if misread or not outcome.is_found(index):
                    wrong.append(_mistake(outcome, plate, outcome.text(index), index))
            wrong.extend(_false(outcome, output) for output in outcome.false_readings)
        return wrong

    def _plates(self) -> Iterator[tuple[Outcome, int]]:
        for outcome in self.outcomes:
            for index in range(len(outcome.picture.plates)):
                yield outcome, index


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


def edit_distance(a: str, b: str) -> int:
    """Insertions, deletions and substitutions between two texts (Levenshtein 1966)."""
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (char != other))
    return row[-1]


def _touches(output: Box, labelled: Box) -> bool:
    return output.iou(labelled) >= TOUCH_IOU or labelled.contains(output.center)


def _share(count: int, total: int) -> float | None:
    return round(count / total, 4) if total else None


def _mistake(outcome: Outcome, plate: LabelledPlate, read: str, index: int) -> dict[str, Any]:
    if outcome.matches[index] is None:
        kind = "missed"
    else:
        kind = "misread" if outcome.is_found(index) else "box off"
    width = outcome.input_width(index)
    return {
        "picture": outcome.picture.path.name,
        "kind": kind,
        "labelled": plate.text,
        "read": read,
        "box": [round(v, 1) for v in plate.box],
        "input_width": None if width is None else round(width, 1),
    }


def _false(outcome: Outcome, output: Plate) -> dict[str, Any]:
    return {
        "picture": outcome.picture.path.name,
        "kind": "false reading",
        "labelled": None,
        "read": output.text,
        "box": [round(v, 1) for v in output.box],
        "input_width": None
        if outcome.scale is None
        else round(output.box.width * outcome.scale, 1),
    }
