"""Outputs held against labels, and the figures that come of it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lpr.evaluate import calibration, curves
from lpr.evaluate.outcome import Outcome
from lpr.labels import LabelledPlate
from lpr.types import Plate
from lpr.utils.text import edit_distance

SMALLEST = 16.0
"""Plates narrower than this in the detector's input, in pixels, are counted apart."""


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
        over labelled characters, a plate that was not found counting whole. ``readings``
        of labelled texts are given out, ``readings_wrong`` of them wrong. ``average_precision``
        is that of places, ``calibration_error`` that of readings and of characters
        (:mod:`lpr.evaluate.curves`, :mod:`lpr.evaluate.calibration`).
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
        said = calibration.of_plates(self.outcomes)
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
            "readings": len(said),
            "readings_wrong": sum(not right for _, right in said),
            "average_precision": _rounded(
                curves.average_precision(curves.recall_precision(self.outcomes)) if plates else None
            ),
            "calibration_error": _rounded(calibration.expected_error(said)),
            "character_calibration_error": _rounded(
                calibration.expected_error(calibration.of_characters(self.outcomes))
            ),
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


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


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
