"""Crops -> readings, by a network that gives CTC logits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from lpr import kernels
from lpr.calibration import Calibration
from lpr.corners import fill, seen_in
from lpr.decode import Decoder
from lpr.errors import PluginError
from lpr.protocols import CtcRecognizer, TextRecognizer
from lpr.regions import Region
from lpr.stopwatch import stage
from lpr.summary import Summary, summaries
from lpr.types import Appearance, Crop, Float32, Reading

MAX_BATCH = 32
UPRIGHT = 0.9
"""A plate that fills less of its bounding box is tilted: it is rectified and read once more."""


class CtcReader:
    """Makes a :class:`TextRecognizer` of a :class:`CtcRecognizer`: cut, run, decode.

    ``regions`` and ``odds`` are for :class:`lpr.decode.Decoder`. Without a ``calibration`` a
    reading is as certain as its characters are on the average. Where the network sees a plate's
    corners (its spec's ``summary``), a tilted plate is rectified and read once more.
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
        readings: list[Reading] = []
        for start in range(0, len(crops), MAX_BATCH):
            readings.extend(self._read(crops[start : start + MAX_BATCH]))
        self._read_tilted_again(crops, readings)
        return readings

    def _read(self, crops: Sequence[Crop]) -> list[Reading]:
        logits = self._logits(crops)
        with stage("decode"):
            readings = self._decode(logits)
            if not self.network.spec.summary:
                return [self._judged(reading, 1.0) for reading in readings]
            told = summaries(logits[:, 0])
            return [self._completed(*each) for each in zip(readings, told, crops, strict=True)]

    def _completed(self, reading: Reading, told: Summary, crop: Crop) -> Reading:
        """The reading with what the network told of its plate."""
        appearance = Appearance(
            told.ground,
            told.ink,
            2 if told.two_lines > 0.5 else 1,
            told.region,
            told.region_confidence,
        )
        quad = seen_in(crop, told.corners, self.network.spec.crop_margin)
        return replace(self._judged(reading, told.plate), quad=quad, appearance=appearance)

    def _judged(self, reading: Reading, plate: float) -> Reading:
        """The reading with calibrated confidences, where the model has any."""
        curve = self.calibration
        if curve is None:
            return reading
        return replace(
            reading,
            confidence=curve.of_text(reading.characters, plate),
            characters=curve.of_characters(reading.characters),
        )

    def _read_tilted_again(self, crops: Sequence[Crop], readings: list[Reading]) -> None:
        """In place: what is read with more certainty by its corners takes the first reading's
        place."""
        tilted = [
            (index, Crop(crops[index].image, reading.quad))
            for index, reading in enumerate(readings)
            if reading.quad and fill(reading.quad) < UPRIGHT
        ]
        for start in range(0, len(tilted), MAX_BATCH):
            part = tilted[start : start + MAX_BATCH]
            for (index, _), again in zip(part, self._read([c for _, c in part]), strict=True):
                if again.confidence >= readings[index].confidence:
                    readings[index] = again

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
