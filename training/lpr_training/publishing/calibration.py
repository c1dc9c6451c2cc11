"""Fits the calibration curves of a recognizer's confidences (:mod:`lpr.specs.calibration`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lpr.recognition.ctc_reader import CtcOutput, CtcReader
from lpr.specs.calibration import Calibration, logit
from lpr.types import Crop, Reading
from lpr_training.datasets.plate_samples import (
    PlateSample,
    frame,
    jittered,
    others,
    photographed,
    rendered,
)
from lpr_training.datasets.sets import open_sets
from lpr_training.synth.plates.origin import ABROAD

SEED = 9000
"""The seed of the rendered plates; no training and no report uses it."""

RENDERED, FOREIGN, OTHERS = 2000, 800, 600
"""The numbers of rendered plates, foreign ones, and other things that the curves are fitted to."""

# The weight of the squared coefficients; keeps the Hessian regular for separable data.
_RIDGE = 1e-3


def fit_calibration(reader: CtcReader, root: Path) -> Calibration:
    """The curves that fit best to the held-out plates of the sets ``root``, to rendered ones and to
    things other than plates, where every reading is wrong.

    The held-out plates, in boxes as detectors place them, weigh as much as all rendered crops.
    """
    alphabet = reader.network.spec.alphabet
    dev = photographed(open_sets(root).held_out(), alphabet)
    drawn = rendered(RENDERED, SEED) + rendered(FOREIGN, SEED, ABROAD) + others(OTHERS, SEED, ())
    outputs = _outputs(reader, dev * 3) + _outputs(reader, drawn)
    texts = [plate.text for plate in dev * 3 + drawn]
    weights = np.ones(len(texts))
    weights[: 3 * len(dev)] = len(drawn) / max(3 * len(dev), 1)
    right = np.array([k.reading.text == t for k, t in zip(outputs, texts, strict=True)], float)
    # An empty text is never output, so its confidence does not matter.
    read = np.array([bool(look.reading.text) for look in outputs])
    odds = [look.attributes.plate if look.attributes else 1.0 for look in outputs]
    features = np.array(
        [[1.0, logit(k.confidence), logit(plate)] for k, plate in zip(outputs, odds, strict=True)]
    )
    has_plates = bool(np.ptp(features[:, 2]))
    columns = features if has_plates else features[:, :2]
    of_text = logistic(columns[read], right[read], weights[read])
    of_characters = _characters([look.reading for look in outputs], texts, weights)
    return Calibration(
        offset=round(float(of_text[0]), 4),
        text=round(float(of_text[1]), 4),
        plate=round(float(of_text[2]), 4) if has_plates else 0.0,
        character_offset=round(float(of_characters[0]), 4),
        character=round(float(of_characters[1]), 4),
    )


def logistic(
    features: NDArray[np.float64], right: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The coefficients of the logistic regression of ``right`` (0 or 1) on ``features`` (``N x K``,
    with a column of ones), by Newton's method with a small ridge."""
    coefficients = np.zeros(features.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-np.clip(features @ coefficients, -40, 40)))
        slope = features.T @ (weights * (right - likely)) - _RIDGE * coefficients
        curvature = (features * (weights * likely * (1 - likely))[:, None]).T @ features
        step = np.linalg.solve(curvature + _RIDGE * np.eye(len(coefficients)), slope)
        coefficients = coefficients + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-6:
            break
    return coefficients


def _outputs(reader: CtcReader, plates: Sequence[PlateSample]) -> list[CtcOutput]:
    """The outputs for plates in slightly wrong boxes."""
    rng = np.random.default_rng(SEED)
    boxes = [jittered(frame(plate.quad, tight=True), rng, 0.03) for plate in plates]
    return reader.outputs(
        [Crop(p.picture.levels[0], box.quad) for p, box in zip(plates, boxes, strict=True)]
    )


def _characters(
    readings: Sequence[Reading], texts: Sequence[str], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The curve of single characters, from readings of the right length."""
    rows = [
        (1.0, logit(character.confidence), float(character.char == char), weight)
        for reading, text, weight in zip(readings, texts, weights, strict=True)
        if len(reading.characters) == len(text)
        for character, char in zip(reading.characters, text, strict=True)
    ]
    values = np.array(rows)
    return logistic(values[:, :2], values[:, 2], values[:, 3])
