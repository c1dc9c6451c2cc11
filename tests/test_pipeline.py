from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from lpr.detection.detector import Detector
from lpr.detection.heads import Head
from lpr.errors import PluginError
from lpr.reader import Reader
from lpr.regions import Format, Region
from lpr.types import Character, Crop, Image, Reading
from tests.samples import DETECTOR_SPEC, FixedNetwork, FixedText, grey, head_with

HEAD = Head(((24.0, 12.0),), classes=1)
TWO = head_with((0, 1, (0, 0, 0, 0, 9.0, 9.0)), (3, 1, (0, 0, 0, 0, 5.0, 9.0)))
HERE = Region("xx", "X", (Format("AAA-9999", "all"),))


def reader(recognizer: object, **options: object) -> Reader:
    detector = Detector(FixedNetwork(TWO), [HEAD], DETECTOR_SPEC)
    return Reader(detector, recognizer, [HERE], **options)  # type: ignore[arg-type]


class ByHeight:
    """Reads the upper plate as one text and the lower one as another."""

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        return [UPPER if crop.quad[0][1] < crop.image.shape[0] / 2 else LOWER for crop in crops]

    def close(self) -> None: ...


UPPER = Reading("ABC1234", 0.6, tuple(Character(c, 0.6) for c in "ABC1234"))
LOWER = Reading("AB12", 0.9, tuple(Character(c, 0.9) for c in "AB12"))


def test_each_plate_gets_its_own_reading_and_its_regions_way_of_writing() -> None:
    upper, lower = reader(ByHeight()).read(grey(64, 64))
    assert (upper.text, upper.display, upper.region) == ("ABC1234", "ABC-1234", "xx")
    assert (lower.text, lower.display, lower.region) == ("AB12", None, None)
    assert upper.detection.confidence > lower.detection.confidence


def test_batches_give_what_single_pictures_give() -> None:
    reads = reader(ByHeight())
    pictures = [grey(64, 64), grey(100, 50), grey(64, 64, 9)]
    assert reads.read_batch(pictures) == [reads.read(picture) for picture in pictures]
    assert reads.read_batch([]) == []


def test_unsure_readings_are_left_out_when_asked() -> None:
    assert [p.text for p in reader(ByHeight(), min_confidence=0.7).read(grey(64, 64))] == ["AB12"]


def test_a_sure_detection_counts_however_it_is_read() -> None:
    """The upper plate is detected with more than 99.9 %, and read with 60 %."""
    sure = reader(ByHeight(), min_confidence=0.95, accept_threshold=0.999).read(grey(64, 64))
    assert [plate.text for plate in sure] == ["ABC1234"]
    assert reader(ByHeight(), min_confidence=0.95).read(grey(64, 64)) == []


def test_the_best_plate_is_the_one_read_with_most_confidence() -> None:
    best = reader(ByHeight()).read_best(grey(64, 64))
    assert best is not None
    assert best.text == "AB12"


def test_the_best_plate_needs_no_confidences_of_characters() -> None:
    class WithoutCharacters(ByHeight):
        def read(self, crops: Sequence[Crop]) -> list[Reading]:
            return [replace(reading, characters=()) for reading in super().read(crops)]

    best = reader(WithoutCharacters()).read_best(grey(64, 64))
    assert best is not None
    assert best.text == "AB12"


def test_plates_that_nobody_can_read_are_not_the_best() -> None:
    assert reader(FixedText("", 0.0)).read_best(grey(64, 64)) is None


def test_no_plate_is_best_where_there_is_none() -> None:
    empty = Detector(FixedNetwork(head_with()), [HEAD], DETECTOR_SPEC)
    assert Reader(empty, FixedText()).read_best(grey(64, 64)) is None


def test_the_stages_work_on_their_own() -> None:
    reads = reader(ByHeight())
    image = grey(64, 64)
    detections = reads.find(image)
    readings = reads.recognize([Crop(image, d.quad) for d in detections])
    assert [p.reading for p in reads.read(image)] == readings
    assert reads.recognize([]) == []


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (np.zeros((4, 4, 3), np.float32), TypeError),
        (np.zeros((4, 4, 2), np.uint8), ValueError),
        (np.zeros((0, 4, 3), np.uint8), ValueError),
        (7, TypeError),
    ],
)
def test_what_is_no_picture_is_refused(image: Image, error: type[Exception]) -> None:
    with pytest.raises(error, match="a picture "):
        reader(FixedText()).read(image)


def test_views_of_pictures_are_read_like_copies() -> None:
    reads = reader(ByHeight())
    image = np.random.default_rng(0).integers(0, 256, (100, 140, 3), dtype=np.uint8)
    views = [image[:, :, ::-1], image[::-1], image[10:90, 20:120], np.asfortranarray(image)]
    copies = [np.ascontiguousarray(view) for view in views]
    assert reads.read_batch(views) == reads.read_batch(copies)
    crops = [[Crop.whole(i) for i in images] for images in (views, copies)]
    assert reads.recognize(crops[0]) == reads.recognize(crops[1])


def test_a_recognizer_that_loses_a_crop_is_named() -> None:
    class Loses(FixedText):
        def read(self, crops: Sequence[Crop]) -> list[Reading]:
            return super().read(crops)[1:]

    with pytest.raises(PluginError, match="Loses gave 1 readings for 2 crops"):
        reader(Loses()).read(grey(64, 64))


@pytest.mark.parametrize("text", ["ABC-123", "abc", "Ä1", "A 1"])
def test_a_text_beyond_letters_and_digits_is_refused(text: str) -> None:
    with pytest.raises(PluginError, match="only A-Z and 0-9"):
        reader(FixedText(text)).read(grey(64, 64))


def test_an_empty_text_is_a_plate_that_could_not_be_read() -> None:
    (plate, _) = reader(FixedText("", 0.0)).read(grey(64, 64))
    assert (plate.text, plate.display, plate.region) == ("", None, None)
    assert not math.isnan(plate.confidence)


def test_closing_closes_both_stages_even_if_one_fails() -> None:
    class Stuck(FixedNetwork):
        def close(self) -> None:
            raise RuntimeError("stuck")

    text = FixedText()
    reads = Reader(Detector(Stuck(TWO), [HEAD], DETECTOR_SPEC), text)
    with pytest.raises(PluginError, match="detector Stuck failed: RuntimeError: stuck"):
        reads.close()
    assert text.closed
    reads.close()  # again is no error
