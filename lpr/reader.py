"""The two stages, detection and recognition, as one reader: pictures in, plates out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NoReturn

from lpr import kernels
from lpr.detection.detector import DetectionStage
from lpr.detection.threshold_sweep import Sweep
from lpr.protocols import TextRecognizer
from lpr.recognition.doubts import LIKELY, as_cut, doubts_of, is_short
from lpr.recognition.rectify import rectify
from lpr.recognition.validation import read_checked
from lpr.regions import Region, match
from lpr.result import Result
from lpr.source.given_picture import Colors, PictureLike, as_image, name_of
from lpr.types import Crop, Detection, Image, Plate, Reading
from lpr.utils.arguments import as_picture, expect_all, expect_number, refuse
from lpr.utils.bounded import is_stuck
from lpr.utils.closing import CLOSE_TIMEOUT, Closeable, close_with_timeout
from lpr.utils.deprecated import renamed
from lpr.utils.geometry import touched_sides

MIN_REGION_CONFIDENCE = 0.5
"""From this probability on, the region that a plate looks like is tried before the others."""

CERTAIN_PLATE = 0.9
"""The recognizer's probability (0..1) of a plate from which an unreadable one still counts. On 167
photographs of ``dev``, all plates reach it, and two pieces of lettering below the floor do."""


@renamed(sure="accept_threshold")
class Reader(Closeable):
    """Finds and reads number plates; a context manager that :func:`lpr.load` opens.

    Pictures are :data:`lpr.PictureLike`: files, bytes of files, PIL images and arrays; ``colors``
    is the order of an array's channels, ``"bgr"`` or ``"rgb"``. A file that cannot be read raises
    :class:`lpr.SourceError`; what is no picture, and a closed reader, ``TypeError`` or
    ``ValueError``. Coordinates are pixels of the picture as it is shown.

    Plates read with a confidence below ``min_confidence`` are left out, unless their detection's
    reaches ``accept_threshold``. ``device`` is the detector's, ``cpu`` or ``cuda``. ``batch`` is
    the number of frames of a video that it should be given at once, if so many wait.

    With a ``reading_floor`` above 0, no text with a lower confidence is given out: such a plate has
    an empty text if the recognizer is certain that it is one, else it is left out. A text that fits
    no format then needs a confidence of 0.5, and a text shorter than every format an accepted
    detection. With ``only_certain``, plates with a doubt other than their confidence are left out.
    """

    def __init__(
        self,
        detector: DetectionStage,
        recognizer: TextRecognizer,
        regions: Iterable[Region] = (),
        min_confidence: float = 0.0,
        recognizer_name: str | None = None,
        accept_threshold: float = math.inf,
        device: str = "cpu",
        reading_floor: float = 0.0,
        only_certain: bool = False,
        batch: int = 1,
    ) -> None:
        self.device = device
        self.batch = batch
        self.detector = detector
        self.recognizer = recognizer
        self.regions = tuple(regions)
        self.min_confidence = min_confidence
        self.accept_threshold = accept_threshold
        self.reading_floor = reading_floor
        self.only_certain = only_certain
        self._name = recognizer_name or type(recognizer).__name__
        self._closed = False

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Reader holds open networks and cannot be pickled: lpr.load() one in each process"
        )

    def read(self, image: PictureLike, *, colors: Colors = "bgr") -> Result:
        """The plates of a picture, the most confident detection first: a list of them that also
        draws and exports them."""
        return self.read_batch([image], colors=colors)[0]

    def read_batch(self, images: Sequence[PictureLike], *, colors: Colors = "bgr") -> list[Result]:
        """The plates of each picture, in order; pictures may differ in size.

        All are decoded first, and each result keeps its picture: of thousands of files, pass some
        at a time, and keep ``result.plates``.
        """
        self._check_open()
        given = _each(images)
        pictures = [as_image(image, colors) for image in given]
        detections = [
            _touching(picture, found)
            for picture, found in zip(pictures, self.detector.find(pictures), strict=True)
        ]
        crops = [
            rectify(picture, detection)
            for picture, found in zip(pictures, detections, strict=True)
            for detection in found
        ]
        readings = iter(self.recognize(crops))
        plates = [[self.identify(d, next(readings)) for d in found] for found in detections]
        return [
            Result(picture, [self._legible(p) for p in found if self._counts(p)], name_of(image))
            for image, picture, found in zip(given, pictures, plates, strict=True)
        ]

    def read_best(self, image: PictureLike, *, colors: Colors = "bgr") -> Plate | None:
        """The plate with the highest mean of :attr:`~lpr.Reading.certainties`, for pictures of a
        single plate; None if none is found and read."""
        return best_of(self.read(image, colors=colors))

    def find(
        self,
        image: PictureLike,
        threshold: float | Sweep | None = None,
        *,
        colors: Colors = "bgr",
    ) -> list[Detection]:
        """Run the first stage alone: the detections, the most confident first.

        ``threshold`` (0..1) overrides the detector's own for this call.
        """
        self._check_open()
        if threshold is not None and not isinstance(threshold, Sweep):
            expect_number("threshold", threshold)
        picture = as_image(image, colors)
        return _touching(picture, self.detector.find([picture], threshold)[0])

    def recognize(self, crops: Sequence[Crop]) -> list[Reading]:
        """Run the second stage alone: one reading for each crop, in order.

        Raises :class:`lpr.errors.PluginError` if the recognizer fails or returns anything but a
        valid reading for each crop (:mod:`lpr.recognition.validation`).
        """
        self._check_open()
        crops = expect_all("crops", crops, Crop, "a sequence of Crops")
        if not crops:
            return []
        crops = [replace(crop, image=as_picture(crop.image)) for crop in crops]
        readings = read_checked(f"recognizer {self._name}", self.recognizer, crops)
        return [as_cut(r, crop.touches) for r, crop in zip(readings, crops, strict=True)]

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError("the reader is closed; lpr.load() opens another")

    def _counts(self, plate: Plate) -> bool:
        doubts = set(plate.doubts)
        if self.only_certain and doubts - {"confidence"}:
            return False
        least = max(self.min_confidence, self.reading_floor)
        short = False
        if self.reading_floor > 0 and "format" in doubts:
            least, short = max(least, LIKELY), is_short(plate.text, self.regions)
        if plate.confidence >= least and not short:
            return True
        if plate.detection.confidence < self.accept_threshold:
            return False
        return plate.confidence >= self.reading_floor or _is_certain_plate(plate)

    def _legible(self, plate: Plate) -> Plate:
        """The plate, without its text if that is below the floor."""
        if plate.confidence >= self.reading_floor:
            return plate
        reading = replace(plate.reading, text="", confidence=0.0, characters=(), alternatives=())
        return self.identify(plate.detection, reading)

    def identify(self, detection: Detection, reading: Reading) -> Plate:
        """Combine a detection and its reading with the region and format that the text fits: none
        for a plate that the picture's edge cuts."""
        two_lines = reading.appearance is not None and reading.appearance.lines == 2
        gaps = () if two_lines else reading.gaps  # a new line is no gap
        regions = self._likeliest_first(reading)
        found = None if reading.cut else match(reading.text, regions, gaps)
        doubts = doubts_of(reading, found, self.regions)
        if reading.quad is not None:
            detection = replace(detection, quad=reading.quad)
        if found is None:
            return Plate(detection, reading, doubts=doubts)
        kind, region = found.format.kind_of(reading.text), found.region.code
        return Plate(detection, reading, found.display, region, kind, found.guessed, doubts)

    def _likeliest_first(self, reading: Reading) -> Sequence[Region]:
        """The regions, the one that the plate looks like first: many texts fit several."""
        appearance = reading.appearance
        if appearance is None or appearance.region_confidence < MIN_REGION_CONFIDENCE:
            return self.regions
        return sorted(self.regions, key=lambda region: region.code != appearance.region)

    def close(self) -> None:
        """Close both stages, even if closing one fails; further calls do nothing.

        Raises :class:`lpr.errors.PluginError` with the name of the one that fails or hangs.
        """
        if self._closed:
            return
        self._closed = True
        try:
            close_with_timeout(f"detector {self.detector.name}", self.detector.close)
        finally:
            timeout = getattr(self.recognizer, "close_timeout", CLOSE_TIMEOUT)
            if not is_stuck(self.recognizer):
                close_with_timeout(f"recognizer {self._name}", self.recognizer.close, timeout)


def best_of(plates: Sequence[Plate]) -> Plate | None:
    """The plate with the highest mean of :attr:`~lpr.Reading.certainties`; None without any."""
    best = kernels.pick_best([plate.reading.certainties for plate in plates])
    return plates[best] if best >= 0 else None


def _is_certain_plate(plate: Plate) -> bool:
    """Whether this is a plate even if its text cannot be read. A plate at the picture's edge may
    have lost its text, and not every recognizer tells plates from other things."""
    appearance = plate.reading.appearance
    return bool(plate.detection.touches) or appearance is None or appearance.plate >= CERTAIN_PLATE


def _touching(image: Image, detections: Sequence[Detection]) -> list[Detection]:
    """The detections with the sides of the picture that they touch."""
    height, width = image.shape[:2]
    return [replace(d, touches=touched_sides(d.box, width, height)) for d in detections]


def _each(images: Iterable[PictureLike]) -> list[PictureLike]:
    """The pictures, unless ``images`` is a single one."""
    one = isinstance(images, str | bytes | bytearray | memoryview)
    if one or getattr(images, "ndim", 4) < 4 or not isinstance(images, Iterable):
        refuse("images", "a sequence of pictures", images)
    return list(images)
