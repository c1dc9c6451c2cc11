"""What a recognizer's confidences are worth: the curves of :mod:`lpr.specs.calibration`, fitted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lpr.labels import read_labels
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
from lpr_training.synth.plates.origin import ABROAD

SEED = 9000
"""Of the rendered plates: no training and no report has them."""

RENDERED, FOREIGN, OTHERS = 2000, 800, 600

_RIDGE = 1e-3


def fit_calibration(reader: CtcReader, root: Path) -> Calibration:
    """The curves that fit best on the labelled plates of ``dev`` under ``root``, on rendered ones
    and on things that are no plates, whatever is read there being wrong.

    The plates of ``dev``, in boxes as detectors place them, weigh as much as all that is rendered.
    """
    alphabet = reader.network.spec.alphabet
    dev = [
        plate
        for name in ("taiwan-scenes", "taiwan-crops")
        for plate in photographed(read_labels(root / name, "dev"), alphabet)
    ]
    drawn = rendered(RENDERED, SEED) + rendered(FOREIGN, SEED, ABROAD) + others(OTHERS, SEED, ())
    looks = _looks(reader, dev * 3) + _looks(reader, drawn)
    wanted = [plate.text for plate in dev * 3 + drawn]
    weights = np.concatenate(
        [np.full(3 * len(dev), len(drawn) / max(3 * len(dev), 1)), np.ones(len(drawn))]
    )
    right = np.array([k.reading.text == t for k, t in zip(looks, wanted, strict=True)], float)
    # An empty text is never given out, so its confidence is of no consequence.
    read = np.array([bool(look.reading.text) for look in looks])
    odds = [look.summary.plate if look.summary else 1.0 for look in looks]
    features = np.array(
        [[1.0, logit(k.certain), logit(plate)] for k, plate in zip(looks, odds, strict=True)]
    )
    has_plates = bool(np.ptp(features[:, 2]))
    columns = features if has_plates else features[:, :2]
    of_text = logistic(columns[read], right[read], weights[read])
    of_characters = _characters([look.reading for look in looks], wanted, weights)
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
    """Coefficients of the logistic curve that makes ``right`` (0 or 1) likeliest; ``features`` is
    ``N x K``, a column of ones among them. Newton's method, with a small ridge."""
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


def _looks(reader: CtcReader, plates: Sequence[PlateSample]) -> list[CtcOutput]:
    """Plates in boxes that do not quite fit."""
    rng = np.random.default_rng(SEED)
    boxes = [jittered(frame(plate.quad, tight=True), rng, 0.03) for plate in plates]
    return reader.look(
        [Crop(p.picture.levels[0], box.quad) for p, box in zip(plates, boxes, strict=True)]
    )


def _characters(
    readings: Sequence[Reading], wanted: Sequence[str], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The curve of single characters, by readings as long as what is written."""
    rows, right, heavy = [], [], []
    for reading, text, weight in zip(readings, wanted, weights, strict=True):
        if len(reading.characters) != len(text):
            continue
        for character, char in zip(reading.characters, text, strict=True):
            rows.append([1.0, logit(character.confidence)])
            right.append(float(character.char == char))
            heavy.append(weight)
    return logistic(np.array(rows), np.array(right), np.array(heavy))
