"""The first run of a recognizer, which checks its file against its spec."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lpr.errors import LprError, ModelError
from lpr.protocols import CtcRecognizer


def probe(recognizer: CtcRecognizer, file: Path) -> int:
    """Run a recognizer once and return its number of time steps; ``file`` is for messages.

    Raises :class:`ModelError` if it does not run on an input of its spec's size, or its output is
    not ``1 x T x C`` with the spec's C and more time steps than are dropped.
    """
    spec = recognizer.spec
    shape = (1, spec.planes, spec.height, spec.width)
    prefix = f"{file}: on an input of {_times(shape)}"
    try:
        out = recognizer.logits(np.zeros(shape, np.float32))
    except LprError as error:
        raise ModelError(
            f"{prefix} it does not run: {error}; correct the model's description of the "
            "recognizer, or use another runtime"
        ) from error
    if out.ndim != 3 or out.shape[0] != 1 or out.shape[2] != spec.classes:
        raise ModelError(
            f"{prefix} it gives {_times(out.shape)}; an alphabet of {len(spec.alphabet)} and a "
            f"blank need 1 x T x {spec.classes}: correct the alphabet, or the file"
        )
    if out.shape[1] <= spec.dropped_steps:
        raise ModelError(
            f"{prefix} it gives {out.shape[1]} time steps, and {spec.dropped_steps} are dropped: "
            "correct the model's description of the recognizer"
        )
    return int(out.shape[1])


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
