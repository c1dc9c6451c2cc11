"""Crops -> readings, by a network that gives CTC logits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import prod

import numpy as np

from lpr import kernels
from lpr.errors import PluginError
from lpr.protocols import CtcRecognizer, TextRecognizer
from lpr.recognition.corners import fill, seen_in
from lpr.recognition.ctc_decoder import Decoder
from lpr.regions import Region
from lpr.specs.calibration import Calibration
from lpr.specs.plate_attributes import PlateAttributes, summaries
from lpr.types import Appearance, Crop, Float32, Quad, Reading
from lpr.utils.timing import stage

MAX_BATCH = 32
UPRIGHT, EVIDENT = 0.8, 0.95
"""A plate that fills less than ``UPRIGHT`` of its bounding box, or whose text the network holds to
be less than ``EVIDENT``, is rectified and read once more. All others gain nothing by that."""


@dataclass(frozen=True, slots=True)
class CtcOutput:
    """What a network itself says of a crop, before any calibration: its ``logits`` (``T x C``) and
    what they spell; ``summary`` and ``quad`` (in the crop's picture) where it gives them."""

    reading: Reading
    logits: Float32
    summary: PlateAttributes | None = None
    quad: Quad | None = None

    @property
    def certain(self) -> float:
        """The product of what the network says of the characters."""
        return prod(c.confidence for c in self.reading.characters)


class CtcReader:
    """Makes a :class:`TextRecognizer` of a :class:`CtcRecognizer`: cut, run, decode.

    ``regions`` and ``odds`` are for :class:`lpr.recognition.ctc_decoder.Decoder`. Without a
    ``calibration`` a reading is as certain as its characters are on the average. Where the network
    sees a plate's corners (its spec's ``summary``), plates that are tilted or hard to read are
    rectified and read once more.
    """

    def __init__(
        self,
        network: CtcRecognizer,
        regions: Iterable[Region] = (),
        odds: float = 1.0,
        calibration: Calibration | None = None,
    ) -> None:
        self.network = network
        self.calibration = calibration
        self._decode = Decoder(network.spec, regions, odds)

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        """One reading for each crop, in order.

        Raises :class:`PluginError` where the network's output is not what its spec says.
        """
        return [self.judged(look) for look in self.look(crops)]

    def look(self, crops: Sequence[Crop]) -> list[CtcOutput]:
        """What the network says of each crop, in order; of rectified ones where that is better."""
        looks = self._first_look(crops)
        doubtful = [
            (index, Crop(crops[index].image, look.quad))
            for index, look in enumerate(looks)
            if look.quad and (look.certain < EVIDENT or fill(look.quad) < UPRIGHT)
        ]
        again = self._first_look([crop for _, crop in doubtful])
        for (index, crop), look in zip(doubtful, again, strict=True):
            looks[index] = look if look.quad else replace(look, quad=crop.quad)
        return looks

    def judged(self, look: CtcOutput) -> Reading:
        """The reading with calibrated confidences, where the model has any, and all that the
        network told of its plate."""
        reading, told, curve = look.reading, look.summary, self.calibration
        if curve is not None:
            reading = replace(
                reading,
                confidence=curve.of_text(reading.characters, told.plate if told else 1.0),
                characters=curve.of_characters(reading.characters),
            )
        if told is None:
            return reading
        lines = 2 if told.two_lines > 0.5 else 1
        looks = Appearance(told.ground, told.ink, lines, told.region, told.region_confidence)
        return replace(reading, quad=look.quad, appearance=looks)

    def _first_look(self, crops: Sequence[Crop]) -> list[CtcOutput]:
        looks: list[CtcOutput] = []
        for start in range(0, len(crops), MAX_BATCH):
            part = crops[start : start + MAX_BATCH]
            logits = self._logits(part)
            with stage("decode"):
                readings = self._decode(logits)
                if not self.network.spec.summary:
                    looks += map(CtcOutput, readings, logits)
                    continue
                for reading, raw, told, crop in zip(
                    readings, logits, summaries(logits[:, 0]), part, strict=True
                ):
                    quad = seen_in(crop, told.corners, self.network.spec.crop_margin)
                    looks.append(CtcOutput(reading, raw, told, quad))
        return looks

    def _logits(self, crops: Sequence[Crop]) -> Float32:
        with stage("crops"):
            batch = self._batch(crops)
        with stage("recognizer"):
            logits = self.network.logits(batch)
        classes = self.network.spec.classes
        if logits.ndim != 3 or (len(logits), logits.shape[2]) != (len(crops), classes):
            raise PluginError(
                f"{type(self.network).__name__} gave logits of shape {logits.shape} for "
                f"{len(crops)} crops; its spec asks for ({len(crops)}, T, {classes})"
            )
        if not np.isfinite(logits).all():
            raise PluginError(f"{type(self.network).__name__} gave logits that are not finite")
        return np.ascontiguousarray(logits, np.float32)

    def _batch(self, crops: Sequence[Crop]) -> Float32:
        spec = self.network.spec
        batch = np.empty((len(crops), spec.planes, spec.height, spec.width), np.float32)
        start = 0
        for _, group in groupby(crops, key=lambda crop: id(crop.image)):
            same = list(group)
            kernels.warp(
                same[0].image,
                np.asarray([crop.quad for crop in same], np.float32),
                spec.width,
                spec.height,
                resize=spec.resize,
                channels=spec.channels,
                margin=spec.crop_margin,
                mean=spec.mean,
                std=spec.std,
                out=batch[start : start + len(same)],
            )
            start += len(same)
        return batch

    def close(self) -> None:
        self.network.close()


def as_text_recognizer(
    recognizer: TextRecognizer | CtcRecognizer,
    regions: Iterable[Region] = (),
    odds: float = 1.0,
    calibration: Calibration | None = None,
) -> TextRecognizer:
    """The recognizer itself where it reads texts, else its adapter; ``TypeError`` for neither."""
    if isinstance(recognizer, CtcRecognizer):
        return CtcReader(recognizer, regions, odds, calibration)
    if isinstance(recognizer, TextRecognizer):
        return recognizer
    raise TypeError(f"{recognizer!r} is neither a TextRecognizer nor a CtcRecognizer")
