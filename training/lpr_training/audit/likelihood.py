"""How probable a text is, by a network's CTC logits or by a mere reading."""

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
    """The logarithm of the probability that a network spells exactly ``classes``.

    ``log_softmax`` is ``T x C``, natural logarithms of each time step's class probabilities.
    The sum over all alignments, by the forward recursion (Graves et al. 2006, section 4.1);
    ``-inf`` where ``T`` steps are too few for the text. Unlike :func:`lpr.kernels.ctc_beam`, which
    gives up on characters below 1e-6, it says how improbable the improbable is.
    """
    # The text with blanks before, between and after its classes. A step stays, goes on by one, or
    # leaps over a blank that need not be there: at the beginning, and between unlike classes.
    path = np.full(2 * len(classes) + 1, blank)
    path[1::2] = classes
    leaps = np.zeros(len(path), bool)
    leaps[1:2] = True
    leaps[3::2] = path[3::2] != path[1:-2:2]
    # Place i of the path is at i + 2; at 1 is the start, where nobody stays.
    reached = np.full(len(path) + 2, -math.inf)
    reached[1] = 0.0
    for step in log_softmax[:, path]:
        leapt = np.where(leaps, reached[:-2], -math.inf)
        reached[2:] = np.logaddexp(np.logaddexp(reached[2:], reached[1:-1]), leapt) + step
        reached[1] = -math.inf
    return float(np.logaddexp.reduce(reached[-2:]))


def disagreement(logits: Float32, spec: CtcSpec, label: str, reading: str) -> float:
    """How much more probable the best text is than ``label``, in nats: 0 or more.

    ``log P(best) - log P(label)``, the best being the likelier of ``reading`` and ``label``.
    ``logits`` is ``T x C`` as ``spec`` says. Infinite where the label holds characters that are not
    in the network's alphabet, or more than its time steps can spell.
    """
    if not set(label) <= set(spec.alphabet):
        return math.inf
    raw = logits[spec.dropped_steps :].astype(np.float64)
    raw -= raw.max(axis=1, keepdims=True)
    log_softmax = raw - np.log(np.exp(raw).sum(axis=1, keepdims=True))
    labelled, read = (
        log_probability(log_softmax, _classes(text, spec), spec.blank) for text in (label, reading)
    )
    return math.inf if labelled == -math.inf else max(read - labelled, 0.0)


def disagreement_of_reading(reading: Reading, label: str) -> float:
    """An estimate of the same for a recognizer that gives no logits, in nats: 0 or more.

    An alternative's confidence is its probability. Otherwise each character that has to be changed
    (Levenshtein) counts as the logarithm of the odds that it was read right, by the reading's
    confidence; so what was read in doubt contradicts nothing, and neither does what was not read.
    """
    if reading.text in ("", label):
        return 0.0
    for other in reading.alternatives:
        if other.text == label and other.confidence > 0 and reading.confidence > 0:
            return max(math.log(reading.confidence / other.confidence), 0.0)
    return max(logit(reading.confidence), 0.0) * edit_distance(reading.text, label)


def _classes(text: str, spec: CtcSpec) -> list[int]:
    """A text's classes; those from the blank on are one further than in the alphabet."""
    places = map(spec.alphabet.index, text)
    return [place + (place >= spec.blank) for place in places]
