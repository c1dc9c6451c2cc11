"""Crops -> readings, by a network that gives CTC logits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np

from lpr import kernels
from lpr.decode import Decoder
from lpr.errors import PluginError
from lpr.protocols import CtcRecognizer, TextRecognizer
from lpr.regions import Region
from lpr.stopwatch import stage
from lpr.types import Crop, Float32, Reading

MAX_BATCH = 32


class CtcReader:
    """Makes a :class:`TextRecognizer` of a :class:`CtcRecognizer`: cut, run, decode.

    ``regions`` and ``odds`` are for :class:`lpr.decode.Decoder`.
    """

    def __init__(
        self, network: CtcRecognizer, regions: Iterable[Region] = (), odds: float = 1.0
    ) -> None:
        self.network = network
        self._decode = Decoder(network.spec, regions, odds)

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        """One reading for each crop, in order.

        Raises :class:`PluginError` where the network's output is not what its spec says.
        """
        readings: list[Reading] = []
        for start in range(0, len(crops), MAX_BATCH):
            logits = self._logits(crops[start : start + MAX_BATCH])
            with stage("decode"):
                readings.extend(self._decode(logits))
        return readings

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
    recognizer: TextRecognizer | CtcRecognizer, regions: Iterable[Region] = (), odds: float = 1.0
) -> TextRecognizer:
    """The recognizer itself where it reads texts, else its adapter; ``TypeError`` for neither."""
    if isinstance(recognizer, CtcRecognizer):
        return CtcReader(recognizer, regions, odds)
    if isinstance(recognizer, TextRecognizer):
        return recognizer
    raise TypeError(f"{recognizer!r} is neither a TextRecognizer nor a CtcRecognizer")
