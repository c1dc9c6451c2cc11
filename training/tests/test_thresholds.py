from __future__ import annotations

from pathlib import Path

import pytest

from lpr.evaluate import Outcome, Report
from lpr.labels import LabelledPicture, LabelledPlate
from lpr.types import Box, Detection, Plate, Reading
from lpr_training.thresholds import above, choose

PLATE, LAMP = Box(10, 10, 60, 30), Box(200, 100, 240, 120)


def output(box: Box, detected: float, read: float) -> Plate:
    return Plate(Detection(box, box.quad, detected), Reading("ABC123", read))


def report(*pictures: list[Plate]) -> Report:
    """Pictures with one labelled plate each."""
    picture = LabelledPicture(Path("p.jpg"), (LabelledPlate(PLATE, "ABC123"),))
    return Report(
        [
            Outcome(picture, outputs, [0 if outputs and outputs[0].box == PLATE else None], [""], 1)
            for outputs in pictures
        ]
    )


def test_what_is_false_is_cut_off_and_what_is_found_is_kept() -> None:
    seen = report(
        [output(PLATE, 0.62, 0.9), output(LAMP, 0.41, 0.9)],
        [output(PLATE, 0.7, 0.6), output(LAMP, 0.9, 0.32)],
    )
    threshold, least, figures = choose(seen)
    assert 0.41 <= threshold < 0.62
    assert 0.32 < least <= 0.6
    assert figures["found"] == 1
    assert figures["false_readings_per_picture"] == 0


def test_nothing_is_cut_off_without_need() -> None:
    threshold, least, _ = choose(report([output(PLATE, 0.62, 0.9)]))
    assert (threshold, least) == (0.2, 0)


@pytest.mark.parametrize(
    ("threshold", "least", "found"), [(0.5, 0.5, 1), (0.7, 0, 0), (0, 0.95, 0)]
)
def test_outputs_below_either_threshold_are_gone(
    threshold: float, least: float, found: float
) -> None:
    cut = above(report([output(PLATE, 0.62, 0.9)]), threshold, least)
    assert cut.figures()["found"] == found
