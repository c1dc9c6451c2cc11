"""The figures of an evaluation, and its mistakes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lpr.evaluate import curves
from lpr.evaluate.outcome import Outcome
from lpr.types import Box
from lpr.utils.text import edit_distance

MIN_WIDTH = 16.0
"""Pixels of the detector's input: narrower plates are left out of ``found_wide``."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake of ``kind`` "missed", "misread", "box off" (badly located) or "false reading".

    ``box`` is in pixels of the picture, the labelled one except for false readings; ``scale`` as in
    :class:`Outcome`.
    """

    path: Path
    kind: str
    labelled: str | None
    read: str
    box: Box
    scale: float | None
    confidence: float

    def as_dict(self) -> dict[str, Any]:
        """The record that ``lpr eval --mistakes`` prints."""
        return {
            "picture": self.path.name,
            "kind": self.kind,
            "labelled": self.labelled,
            "read": self.read,
            "box": [round(v, 1) for v in self.box],
            "input_width": None if self.scale is None else round(self.box.width * self.scale, 1),
        }


@dataclass
class Report:
    """The figures of a run, computed from its ``outcomes``."""

    outcomes: list[Outcome] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """All figures by name; None if there is nothing to count, or no way to know.

        ``found``: recall of labelled boxes at an IoU of 0.5; ``found_wide``: the same for those at
        least :data:`MIN_WIDTH` pixels wide in the detector's input (``plates_wide``). ``exact``:
        share of labelled texts that were read exactly (``texts_wrong`` were not);
        ``exact_on_labelled_boxes``: the same for the recognizer alone. ``character_error_rate``:
        edit distance per labelled character, all characters of a missed plate counted.
        ``readings``: readings of plates with a labelled text, ``readings_wrong`` the wrong ones.
        ``average_precision`` is the detector's, the calibration errors are those of readings and
        characters (:mod:`lpr.evaluate.curves`).
        """
        plates = [(o, i) for o in self.outcomes for i in range(len(o.picture.plates))]
        wide = [(o, i) for o, i in plates if (o.input_width(i) or 0) >= MIN_WIDTH]
        scaled = all(outcome.scale is not None for outcome in self.outcomes)
        texts = [(text, o, i) for o, i in plates if (text := o.picture.plates[i].text)]
        wrong = sum(o.text(i) != text for text, o, i in texts)
        errors = sum(edit_distance(o.text(i), text) for text, o, i in texts)
        recognized = [o.labelled_texts[i] == text for text, o, i in texts if o.labelled_texts]
        readings, characters = curves.of_plates(self.outcomes), curves.of_characters(self.outcomes)
        precision = curves.average_precision(curves.recall_precision(self.outcomes))
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
            "exact_on_labelled_boxes": _share(sum(recognized), len(recognized)),
            "character_error_rate": _share(errors, sum(len(text) for text, _, _ in texts)),
            "readings": len(readings),
            "readings_wrong": sum(not right for _, right in readings),
            "average_precision": _rounded(precision if plates else None),
            "calibration_error": _rounded(curves.expected_error(readings)),
            "character_calibration_error": _rounded(curves.expected_error(characters)),
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
        stages = {
            name: [t.stages.get(name, 0.0) for t in timings] for t in timings for name in t.stages
        }
        return {
            "ms_per_picture_median": round(statistics.median(totals), 2),
            "ms_per_picture_mean": round(statistics.fmean(totals), 2),
            "ms_of_stages": {n: round(statistics.median(ms), 2) for n, ms in stages.items()},
        }

    def mistakes(self) -> list[Mistake]:
        """Every labelled plate that was missed or misread, and every false reading."""
        return [mistake for outcome in self.outcomes for mistake in _mistakes(outcome)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _share(count: int, total: int) -> float | None:
    return round(count / total, 4) if total else None


def _mistakes(outcome: Outcome) -> Iterator[Mistake]:
    picture, scale = outcome.picture, outcome.scale
    for index, plate in enumerate(picture.plates):
        match, read = outcome.matches[index], outcome.text(index)
        if (found := outcome.is_found(index)) and plate.text in (None, read):
            continue
        kind = "missed" if match is None else "misread" if found else "box off"
        confidence = 0.0 if match is None else outcome.outputs[match].confidence
        yield Mistake(picture.path, kind, plate.text, read, plate.box, scale, confidence)
    for output in outcome.false_readings:
        text, box, confidence = output.text, output.box, output.confidence
        yield Mistake(picture.path, "false reading", None, text, box, scale, confidence)
