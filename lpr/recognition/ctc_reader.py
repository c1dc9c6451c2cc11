"""Crops -> readings, by a network that outputs CTC logits."""

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
from lpr.utils.geometry import sides_beyond
from lpr.utils.timing import stage

MAX_BATCH = 32
"""Maximum number of crops per forward pass: larger batches need more memory, but are no faster."""

UPRIGHT_FILL = 0.8
"""A plate that fills a smaller share of its bounding box is rectified and read again."""

CLEAR_CONFIDENCE = 0.95
"""A plate whose text has a lower confidence is rectified and read again; others gain nothing."""


@dataclass(frozen=True, slots=True)
class CtcOutput:
    """A network's uncalibrated output for a crop: ``logits`` (``T x C``) and the ``reading`` they
    decode to; ``attributes`` and ``quad`` (in the crop's picture) if the network predicts them."""

    reading: Reading
    logits: Float32
    attributes: PlateAttributes | None = None
    quad: Quad | None = None

    @property
    def confidence(self) -> float:
        """The product of the characters' confidences, 0..1."""
        return prod(c.confidence for c in self.reading.characters)


class CtcReader:
    """Adapts a :class:`CtcRecognizer` to a :class:`TextRecognizer`: crops, runs, decodes.

    ``regions`` and ``grammar_odds`` configure :class:`lpr.recognition.ctc_decoder.Decoder`. Without
    a ``calibration``, a reading's confidence is the mean of its characters' confidences. If the
    network predicts a plate's corners (its spec has ``summary``), plates that are tilted or hard to
    read are rectified and read again. What is left of a plate that the picture's edge cuts is
    decoded without the regions' formats.
    """

    def __init__(
        self,
        network: CtcRecognizer,
        regions: Iterable[Region] = (),
        grammar_odds: float = 1.0,
        calibration: Calibration | None = None,
    ) -> None:
        self.network = network
        self.calibration = calibration
        self._decode = Decoder(network.spec, regions, grammar_odds)
        self._decode_freely = Decoder(network.spec)

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        """One reading for each crop, in order.

        Raises :class:`PluginError` if the network's output does not match its spec.
        """
        return [self.calibrated(output) for output in self.outputs(crops)]

    def outputs(self, crops: Sequence[Crop]) -> list[CtcOutput]:
        """The network's output for each crop, in order, rectified and run again if needed."""
        outputs = self._run(crops)
        doubtful = [
            (index, replace(crops[index], quad=output.quad))
            for index, output in enumerate(outputs)
            if output.quad
            and (output.confidence < CLEAR_CONFIDENCE or fill(output.quad) < UPRIGHT_FILL)
        ]
        second = self._run([crop for _, crop in doubtful])
        for (index, crop), output in zip(doubtful, second, strict=True):
            outputs[index] = output if output.quad else replace(output, quad=crop.quad)
        return outputs

    def calibrated(self, output: CtcOutput) -> Reading:
        """The reading with calibrated confidences, if the model has a calibration, and with the
        plate's attributes, if the network predicts them."""
        reading, attributes, curve = output.reading, output.attributes, self.calibration
        if curve is not None:
            plate = attributes.plate if attributes else 1.0
            reading = replace(
                reading,
                confidence=curve.of_text(reading.characters, plate),
                characters=curve.of_characters(reading.characters),
            )
        if attributes is None:
            return reading
        appearance = Appearance(
            attributes.ground,
            attributes.ink,
            2 if attributes.two_lines > 0.5 else 1,
            attributes.region,
            attributes.region_confidence,
            attributes.plate,
        )
        return replace(reading, quad=output.quad, appearance=appearance)

    def _run(self, crops: Sequence[Crop]) -> list[CtcOutput]:
        outputs: list[CtcOutput] = []
        spec = self.network.spec
        for start in range(0, len(crops), MAX_BATCH):
            part = crops[start : start + MAX_BATCH]
            logits = self._logits(part)
            with stage("decode"):
                readings = self._decode(logits)
                if not spec.summary:
                    readings = self._decode_cut(part, logits, readings, [None] * len(part))
                    outputs += map(CtcOutput, readings, logits)
                    continue
                attributes = summaries(logits[:, 0])
                quads = [
                    seen_in(crop, each.corners, spec.crop_margin)
                    for crop, each in zip(part, attributes, strict=True)
                ]
                readings = self._decode_cut(part, logits, readings, quads)
                outputs += map(CtcOutput, readings, logits, attributes, quads)
        return outputs

    def _decode_cut(
        self,
        crops: Sequence[Crop],
        logits: Float32,
        readings: Sequence[Reading],
        quads: Sequence[Quad | None],
    ) -> list[Reading]:
        """The ``readings``, those of plates that the picture's edge cuts decoded without formats.

        A plate that touches the edge is cut if its corners (``quads``) say so, if they are known.
        """
        decoded = list(readings)
        for index, (crop, quad) in enumerate(zip(crops, quads, strict=True)):
            cut = crop.touches
            if cut and quad is not None:
                height, width = crop.image.shape[:2]
                cut = sides_beyond(quad, cut, width, height)
            if cut:
                reading = self._decode_freely(logits[index : index + 1])[0]
                decoded[index] = replace(reading, cut=cut)
        return decoded

    def _logits(self, crops: Sequence[Crop]) -> Float32:
        with stage("crops"):
            batch = self._batch(crops)
        with stage("recognizer"):
            logits = self.network.logits(batch)
        classes = self.network.spec.classes
        if logits.ndim != 3 or (len(logits), logits.shape[2]) != (len(crops), classes):
            raise PluginError(
                f"{type(self.network).__name__} gave logits of shape {logits.shape} for "
                f"{len(crops)} crops; its spec requires ({len(crops)}, T, {classes})"
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
    grammar_odds: float = 1.0,
    calibration: Calibration | None = None,
) -> TextRecognizer:
    """Wrap a CtcRecognizer in a :class:`CtcReader`; return a TextRecognizer unchanged.

    Raises ``TypeError`` for anything else.
    """
    if isinstance(recognizer, CtcRecognizer):
        return CtcReader(recognizer, regions, grammar_odds, calibration)
    if isinstance(recognizer, TextRecognizer):
        return recognizer
    raise TypeError(f"{recognizer!r} is neither a TextRecognizer nor a CtcRecognizer")
