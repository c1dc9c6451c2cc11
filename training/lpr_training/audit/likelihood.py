"""The probability of a text under a network's CTC logits, or by a reading alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lpr.specs import CtcSpec
from lpr.specs.calibration import logit
from lpr.types import Float32, Reading
from lpr.utils.text import edit_distance

Float64: TypeAlias = NDArray[np.float64]


def log_probability(log_softmax: Float64, classes: Sequence[int], blank: int) -> float:
    """The log-probability that a network outputs exactly ``classes``.

    ``log_softmax`` is ``T x C``, natural logarithms of the class probabilities at each time step.
    Sums over all alignments by the forward recursion (Graves et al. 2006, section 4.1); ``-inf``
    if ``T`` steps are too few for the text. Unlike :func:`lpr.kernels.ctc_beam`, which drops
    characters below 1e-6, it covers very improbable texts.
    """
    # The path is the text with blanks before, between and after its classes. A step stays, advances
    # by one, or skips an optional blank: at the beginning, and between different classes.
    path = np.full(2 * len(classes) + 1, blank)
    path[1::2] = classes
    skips = np.zeros(len(path), bool)
    skips[1:2] = True
    skips[3::2] = path[3::2] != path[1:-2:2]
    # Index i of the path is stored at i + 2; index 1 is the start state, left by the first step.
    reached = np.full(len(path) + 2, -math.inf)
    reached[1] = 0.0
    for step in log_softmax[:, path]:
        skipped = np.where(skips, reached[:-2], -math.inf)
        reached[2:] = np.logaddexp(np.logaddexp(reached[2:], reached[1:-1]), skipped) + step
        reached[1] = -math.inf
    return float(np.logaddexp.reduce(reached[-2:]))


def disagreement(logits: Float32, spec: CtcSpec, label: str, reading: str) -> float:
    """The log ratio of the probabilities of the best text and of ``label``, in nats, at least 0.

    ``log P(best) - log P(label)``, where the best is the likelier of ``reading`` and ``label``.
    ``logits`` is ``T x C`` as ``spec`` says. Infinite if the label has characters outside the
    network's alphabet, or too many for its time steps.
    """
    if not set(label) <= set(spec.alphabet):
        return math.inf
    raw = logits[spec.dropped_steps :].astype(np.float64)
    raw -= raw.max(axis=1, keepdims=True)
    log_softmax = raw - np.log(np.exp(raw).sum(axis=1, keepdims=True))
    labelled, read = (
        log_probability(log_softmax, spec.encode(text), spec.blank) for text in (label, reading)
    )
    return math.inf if labelled == -math.inf else max(read - labelled, 0.0)


def disagreement_of_reading(reading: Reading, label: str) -> float:
    """An estimate of :func:`disagreement` for a recognizer without logits, in nats, at least 0.

    The confidence of an alternative is its probability. Otherwise each edit between reading and
    label (Levenshtein) costs the log odds of the reading's confidence. Doubtful and empty readings
    thus contradict no label.
    """
    if reading.text in ("", label):
        return 0.0
    for other in reading.alternatives:
        if other.text == label and other.confidence > 0 and reading.confidence > 0:
            return max(math.log(reading.confidence / other.confidence), 0.0)
    return max(logit(reading.confidence), 0.0) * edit_distance(reading.text, label)
