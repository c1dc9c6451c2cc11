"""The two stages as one reader: a frame goes in at the top, its plates come out at the bottom."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NoReturn

import numpy as np

from lpr import kernels
from lpr.detection.detector import Detector
from lpr.protocols import TextRecognizer
from lpr.recognition.rectify import rectify
from lpr.recognition.validation import read_checked
from lpr.regions import Region
from lpr.regions.region import identify
from lpr.types import AnyImage, Crop, Detection, Image, Plate, Reading
from lpr.utils.closing import CLOSE_TIMEOUT, Closeable, close_with_timeout

_EVIDENT = 0.5


class Reader(Closeable):
    """Finds and reads number plates. Made by :func:`lpr.load`; a context manager.

    Pictures are BGR ``uint8``, ``H x W x 3``; anything else raises ``TypeError`` or ``ValueError``.
    Plates whose reading is less certain than ``min_confidence`` are left out, unless their
    detection is at least as certain as ``sure``. ``device`` is where the detector runs, ``cpu`` or
    ``cuda``.
    """

    def __init__(
        self,
        detector: Detector,
        recognizer: TextRecognizer,
        regions: Iterable[Region] = (),
        min_confidence: float = 0.0,
        recognizer_name: str | None = None,
        sure: float = math.inf,
        device: str = "cpu",
    ) -> None:
        self.device = device
        self.detector = detector
        self.recognizer = recognizer
        self.regions = tuple(regions)
        self.min_confidence = min_confidence
        self.sure = sure
        self._name = recognizer_name or type(recognizer).__name__
        self._closed = False

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Reader holds open networks and cannot be pickled: lpr.load() one in each process"
        )

    def read(self, image: AnyImage) -> list[Plate]:
        """The plates of a picture, the most certain detection first."""
        return self.read_batch([image])[0]

    def read_batch(self, images: Sequence[AnyImage]) -> list[list[Plate]]:
        """The plates of each picture, in order; pictures may differ in size."""
        pictures = [as_picture(image) for image in images]
        detections = self.detector.find(pictures)
        crops = [
            rectify(picture, detection)
            for picture, found in zip(pictures, detections, strict=True)
            for detection in found
        ]
        readings = iter(self.recognize(crops))
        plates = [[self.identify(d, next(readings)) for d in found] for found in detections]
        return [[plate for plate in found if self._counts(plate)] for found in plates]

    def read_best(self, image: AnyImage) -> Plate | None:
        """The plate with the highest mean character confidence, where one plate is expected.

        None where nothing was found or read. A reading without characters counts with its own
        confidence.
        """
        plates = self.read(image)
        best = kernels.pick_best([plate.reading.certainties for plate in plates])
        return plates[best] if best >= 0 else None

    def find(self, image: AnyImage) -> list[Detection]:
        """The first stage alone: where plates are, the most certain first."""
        return self.detector.find([as_picture(image)])[0]

    def recognize(self, crops: Sequence[Crop]) -> list[Reading]:
        """The second stage alone: one reading for each crop, in order.

        Raises :class:`lpr.errors.PluginError` where the recognizer fails, or answers with
        something else than a legal reading for each crop (:mod:`lpr.recognition.validation`).
        """
        crops = [Crop(as_picture(crop.image), crop.quad) for crop in crops]
        return read_checked(f"recognizer {self._name}", self.recognizer, crops) if crops else []

    def _counts(self, plate: Plate) -> bool:
        sure = plate.detection.confidence >= self.sure
        return sure or plate.confidence >= self.min_confidence

    def identify(self, detection: Detection, reading: Reading) -> Plate:
        """What was found and what was read of it, with the region and format that the text fits."""
        regions = self._likeliest_first(reading)
        code, display = identify(reading.text, regions) or (None, None)
        kind = next((r.kind_of(reading.text) for r in regions if r.code == code), None)
        if reading.quad is not None:
            detection = replace(detection, quad=reading.quad)
        return Plate(detection, reading, display, code, kind)

    def _likeliest_first(self, reading: Reading) -> Sequence[Region]:
        """The regions, that which the plate looks like before the others: texts of one region's
        formats often fit another's."""
        looks = reading.appearance
        if looks is None or looks.region_confidence < _EVIDENT:
            return self.regions
        return sorted(self.regions, key=lambda region: region.code != looks.region)

    def close(self) -> None:
        """Close both stages, also where closing one fails; closing again does nothing.

        Raises :class:`lpr.errors.PluginError` that names the one that fails or does not come to an
        end.
        """
        if self._closed:
            return
        self._closed = True
        try:
            network = type(self.detector.network).__name__
            close_with_timeout(f"detector network {network}", self.detector.close)
        finally:
            patience = getattr(self.recognizer, "patience", CLOSE_TIMEOUT)
            close_with_timeout(f"recognizer {self._name}", self.recognizer.close, patience)


def as_picture(image: AnyImage) -> Image:
    """``image`` as the stages take it: with the bytes of a pixel side by side, copied if need be.

    Raises ``TypeError`` or ``ValueError`` for anything but a BGR ``uint8`` picture.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        given = getattr(image, "dtype", type(image).__name__)
        raise TypeError(f"a picture has to be a uint8 array, not {given}")
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(
            f"a picture has to be H x W x 3 (BGR) with at least one pixel, not {image.shape}; "
            "cv2.imread(path, cv2.IMREAD_COLOR) gives one"
        )
    # Views such as rgb[:, :, ::-1] are what people have at hand; a cut-out needs no copy.
    side_by_side = image.strides[1:] == (3, 1) and image.strides[0] >= 3 * image.shape[1]
    return image if side_by_side else np.ascontiguousarray(image)
