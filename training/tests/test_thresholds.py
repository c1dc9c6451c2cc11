from __future__ import annotations

from pathlib import Path

import pytest

from lpr.evaluate import Outcome, Report
from lpr.labels import LabelledPicture, LabelledPlate
from lpr.types import Box, Detection, Plate, Reading
from lpr_training.publishing.thresholds import Thresholds, above, choose

PLATE, LAMP = Box(10, 10, 60, 30), Box(200, 100, 240, 120)


def output(box: Box, detected: float, read: float) -> Plate:
    return Plate(Detection(box, box.quad, detected), Reading("ABC123", read))


def report(*pictures: list[Plate]) -> Report:
    """Pictures with one labelled plate each."""
    picture = LabelledPicture(Path("p.jpg"), (LabelledPlate(PLATE, "ABC123"),))
    return Report([Outcome.of(picture, outputs) for outputs in pictures])


def test_what_is_false_is_cut_off_and_what_is_found_is_kept() -> None:
    seen = report(
        [output(PLATE, 0.62, 0.9), output(LAMP, 0.41, 0.9)],
        [output(PLATE, 0.7, 0.6), output(LAMP, 0.9, 0.32)],
    )
    chosen, figures = choose(seen)
    assert 0.41 <= chosen.detection < 0.62
    assert 0.32 < chosen.reading <= 0.6
    assert figures["found"] == 1
    assert figures["false_readings_per_picture"] == 0


def test_a_sure_detection_needs_no_sure_reading() -> None:
    seen = report([output(PLATE, 0.95, 0.2)], [output(LAMP, 0.6, 0.3)])
    chosen, figures = choose(seen)
    assert 0.6 < chosen.accept <= 0.95 or chosen.detection >= 0.6
    assert figures["found"] == 0.5
    assert figures["false_readings_per_picture"] == 0


def test_nothing_is_cut_off_without_need() -> None:
    chosen, _ = choose(report([output(PLATE, 0.62, 0.9)]))
    assert chosen == (0.2, 0, 1)


@pytest.mark.parametrize(
    ("thresholds", "found"),
    [
        (Thresholds(0.5, 0.5, 1), 1),
        (Thresholds(0.7, 0, 0), 0),
        (Thresholds(0, 0.95, 1), 0),
        (Thresholds(0, 0.95, 0.6), 1),
    ],
)
def test_outputs_below_the_thresholds_are_gone(thresholds: Thresholds, found: float) -> None:
    cut = above(report([output(PLATE, 0.62, 0.9)]), thresholds)
    assert cut.figures()["found"] == found


def test_a_reading_of_a_plate_that_nobody_labelled_is_not_wrong() -> None:
    seen = report([output(PLATE, 0.62, 0.9), output(LAMP, 0.7, 0.95)])
    strict, _ = choose(seen)
    assert strict.detection >= 0.7 or strict.reading > 0.9
    chosen, figures = choose(seen, {"p.jpg": [LAMP]})
    assert chosen == (0.2, 0, 1)
    assert figures["false_readings"] == 1


def test_a_few_wrong_readings_are_tolerated_for_more_plates() -> None:
    """One in a hundred pictures, for a plate that is as doubtful."""
    pictures = [[output(PLATE, 0.62, 0.9)] for _ in range(98)]
    seen = report(*pictures, [output(PLATE, 0.4, 0.5)], [output(LAMP, 0.4, 0.5)])
    chosen, figures = choose(seen)
    assert chosen == (0.2, 0, 1)
    assert figures["false_readings"] == 1
    fewer, figures = choose(report(*pictures[:20], *[[output(LAMP, 0.4, 0.5)]]))
    assert fewer.detection >= 0.4 or fewer.reading > 0.5
    assert figures["false_readings"] == 0
