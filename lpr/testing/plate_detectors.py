"""The requirements of detectors with networks of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from lpr.detection.plugged_detector import PluggedDetector
from lpr.detection.validation import checked
from lpr.errors import LprError, PluginError, describe
from lpr.protocols import DetectorFactory, PlateDetector
from lpr.testing.runtimes import check_traits, problem_in
from lpr.testing.samples import close_elsewhere, from_threads, noise
from lpr.testing.speed import Speed, speeds_of
from lpr.types import Detection, Image

_MANY = 4  # Times the sample pictures: as many as lpr's largest batch, or more
_SAME_IOU = 0.9  # Of one plate in two runs, whose arithmetic may differ in its order
_SAME_CONFIDENCE = 0.01
_SLACK = 0.02  # Confidence above the threshold from which a plate has to be found again


def check_detector_factory(
    factory: DetectorFactory, argument: str = "", pictures: Sequence[Image] = ()
) -> None:
    """Open a detector with ``argument`` (what follows the colon in ``--detector NAME:ARGUMENT``)
    and check it with :func:`check_plate_detector`.

    If the argument is a file, one that is cut off or missing must raise
    :class:`lpr.errors.ModelError` or another :class:`lpr.errors.LprError`.
    """
    check_detector_traits(factory)
    problem = problem_in(factory)
    assert problem is None, f"{factory.name} does not work here: {problem}"
    detector = factory.open(argument, threads=1)
    assert isinstance(detector, PlateDetector), f"open gave {detector!r}: it lacks find or close"
    try:
        check_plate_detector(detector, pictures)
    finally:
        close_elsewhere(detector.close)
    if argument and Path(argument).is_file():
        _check_damaged(factory, Path(argument))


def check_detector_traits(factory: DetectorFactory) -> None:
    """Check a factory's attributes, and that ``problem()`` never raises and is cheap."""
    assert isinstance(factory, DetectorFactory), f"{factory!r} is no DetectorFactory"
    given = getattr(factory, "argument", "")
    assert isinstance(given, str), f"argument is {given!r}: it has to say in words what is needed"
    check_traits(factory)


def check_plate_detector(detector: PlateDetector, pictures: Sequence[Image] = ()) -> None:
    """Check for valid detections, the same in any batch, at any time, from any thread.

    In ``pictures``, if any are given, the detector has to find something; the suite's own are noise
    and a drawn plate, in which a good detector may find nothing.
    """
    assert isinstance(detector, PlateDetector), f"{detector!r} is no PlateDetector"
    # It checks the optional attributes.
    threshold = _raises_no_plugin_error(lambda: PluggedDetector(detector, "it").threshold)
    nothing = detector.find([])
    assert nothing == [], f"no pictures have to give no lists, an empty list: not {nothing!r}"
    images = [*pictures, *sample_pictures()]
    before = [image.copy() for image in images]
    alone = [_find(detector, [image])[0] for image in images]
    together = _find(detector, images)
    assert isinstance(threshold, float)
    least = threshold + _SLACK
    _assert_alike(together, alone, least, "pictures together gave other plates than each alone")
    again = _find(detector, images)
    _assert_alike(again, together, least, "the same pictures gave other plates")
    for image, copy in zip(images, before, strict=True):
        assert np.array_equal(image, copy), "a picture was changed"
    many = _find(detector, images * _MANY)
    _assert_alike(many, together * _MANY, least, "many pictures gave other plates than a few")
    for found in from_threads(lambda: _find(detector, images)):
        _assert_alike(found, together, least, "several threads at once gave other plates")
    if pictures:
        seen = any(d.confidence > threshold for found in together[: len(pictures)] for d in found)
        assert seen, f"none of the given pictures has a plate above the threshold, {threshold:g}"


def sample_pictures() -> list[Image]:
    """Pictures of several sizes: noise, a single pixel, and a car's rear as one draws it."""
    street = np.full((360, 480, 3), 90, np.uint8)
    cv2.rectangle(street, (120, 120), (360, 320), (60, 30, 20), -1)
    cv2.rectangle(street, (180, 240), (300, 276), (245, 245, 245), -1)
    cv2.putText(street, "ABC-1234", (186, 266), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (20, 20, 20), 2)
    return [street, noise(180, 320, seed=1), noise(200, 64, seed=2), noise(1, 1, seed=3)]


def plate_detector_speed(factory: DetectorFactory, argument: str, threads: int = 1) -> list[Speed]:
    """The speeds of 1 and 8 pictures of 640 x 480 pixels, after a warm-up."""

    @contextmanager
    def opened(batch: int) -> Iterator[Callable[[], object]]:
        images = [noise(480, 640)] * batch
        with closing(factory.open(argument, threads)) as detector:
            yield lambda: detector.find(images)

    return speeds_of(opened)


def _raises_no_plugin_error(attribute: Callable[[], object]) -> object:
    try:
        return attribute()
    except PluginError as error:
        raise AssertionError(str(error)) from None


def _find(detector: PlateDetector, images: Sequence[Image]) -> list[list[Detection]]:
    found = detector.find(images)
    try:
        valid = checked(found, images)
    except PluginError as error:
        raise AssertionError(f"find {error}") from None
    for given, image in zip(found, images, strict=True):
        height, width = image.shape[:2]
        confidences = [detection.confidence for detection in given]
        ordered = confidences == sorted(confidences, reverse=True)
        assert ordered, f"the most confident has to come first, not {confidences[:5]}"
        for x0, y0, x1, y1 in (detection.box for detection in given):
            shown = [round(float(v), 2) for v in (x0, y0, x1, y1)]
            large = max(x1 - x0, y1 - y0) > 1 or max(height, width) == 1
            assert large, f"the box {shown} has no pixel: it has to be in pixels, not in 0..1"
            inside = 0 <= (x0 + x1) / 2 <= width and 0 <= (y0 + y1) / 2 <= height
            assert inside, (
                f"the box {shown} lies outside of its picture of {width}x{height}: it has to be in "
                "pixels of the picture, not of the network's input"
            )
    return valid


def _assert_alike(
    given: Sequence[Sequence[Detection]],
    expected: Sequence[Sequence[Detection]],
    least: float,
    message: str,
) -> None:
    """Detections near the threshold may come and go with the rounding."""
    for a, b in zip(given, expected, strict=True):
        for some, others in ((a, b), (b, a)):
            for one in some:
                if one.confidence >= least:
                    assert any(_same(one, other) for other in others), f"{message}: {a} and {b}"


def _same(one: Detection, other: Detection) -> bool:
    near = abs(one.confidence - other.confidence) <= _SAME_CONFIDENCE
    return near and one.box.iou(other.box) >= _SAME_IOU


def _check_damaged(factory: DetectorFactory, whole: Path) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / whole.name
        for content, words in ((None, "is missing"), (whole.read_bytes(), "is cut off")):
            if content is not None:
                file.write_bytes(content[: len(content) // 2])
            try:
                factory.open(str(file), threads=1).close()
            except LprError:
                continue
            except Exception as error:
                raise AssertionError(
                    f"a file that {words} raised {describe(error)}: it has to be ModelError"
                ) from error
            raise AssertionError(f"{factory.name} opens a file that {words}; raise ModelError")
