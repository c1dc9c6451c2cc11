"""The requirements of recognizers: those that return texts, and those that return CTC logits."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase, digits

import numpy as np

from lpr.protocols import CtcRecognizer, RecognizerRuntime, TextRecognizer
from lpr.recognition.ctc_reader import as_text_recognizer
from lpr.recognition.validation import problem_with
from lpr.specs import CtcSpec, RecognizerModel
from lpr.testing.runtimes import check_traits, problem_in
from lpr.testing.samples import (
    BATCHES,
    TOLERANCE,
    assert_close,
    check_damaged,
    close_elsewhere,
    from_threads,
    sample_crops,
)
from lpr.types import Crop, Float32, Reading

_MANY = 8  # Times the sample crops: a batch larger than any of lpr's


def check_recognizer_runtime(runtime: RecognizerRuntime, model: RecognizerModel) -> None:
    """Open a recognizer and check it, including its logits if it is a CTC recognizer.

    A runtime that runs files must raise :class:`lpr.errors.ModelError` for a damaged one.
    """
    assert isinstance(runtime, RecognizerRuntime), f"{runtime!r} is no RecognizerRuntime"
    check_traits(runtime)
    problem = problem_in(runtime)
    assert problem is None, f"{runtime.name} does not work here: {problem}"
    recognizer = runtime.open(model, threads=1)
    known = isinstance(recognizer, (CtcRecognizer, TextRecognizer))
    assert known, f"open gave {recognizer!r}: neither a TextRecognizer nor a CtcRecognizer"
    try:
        if isinstance(recognizer, CtcRecognizer):
            check_ctc_recognizer(recognizer)
        check_text_recognizer(as_text_recognizer(recognizer))
    finally:
        close_elsewhere(recognizer.close)
    if runtime.formats:
        check_damaged(runtime, model, "file")


def check_text_recognizer(recognizer: TextRecognizer) -> None:
    """Check for one legal reading per crop, the same in any batch, at any time, from any thread."""
    assert isinstance(recognizer, TextRecognizer), f"{recognizer!r} is no TextRecognizer"
    nothing = recognizer.read([])
    assert nothing == [], f"no crops have to give no readings, an empty list: not {nothing!r}"
    crops = sample_crops()
    before = [crop.image.copy() for crop in crops]
    alone = [_read(recognizer, [crop])[0] for crop in crops]
    together = _read(recognizer, crops)
    _assert_alike(together, alone, "crops read together differ from crops read alone")
    _assert_alike(_read(recognizer, crops), together, "the same crops gave other readings")
    for crop, image in zip(crops, before, strict=True):
        assert np.array_equal(crop.image, image), "a crop's picture was changed"
    many = _read(recognizer, crops * _MANY)
    _assert_alike(many, together * _MANY, "many crops gave other readings than a few")
    for readings in from_threads(lambda: _read(recognizer, crops)):
        _assert_alike(readings, together, "several threads at once gave other readings")


def _read(recognizer: TextRecognizer, crops: Sequence[Crop]) -> list[Reading]:
    readings = recognizer.read(crops)
    wrong = problem_with(readings, len(crops))
    assert wrong is None, f"read {wrong}"
    return readings


def _assert_alike(given: Sequence[Reading], expected: Sequence[Reading], message: str) -> None:
    for a, b in zip(given, expected, strict=True):
        assert a.text == b.text, f"{message}: {a} and {b}"
        assert abs(a.confidence - b.confidence) <= TOLERANCE, f"{message}: {a} and {b}"


def check_ctc_recognizer(recognizer: CtcRecognizer) -> None:
    """Check that logits have the spec's shape, are finite float32, independent of their batch, and
    the same from any thread."""
    spec = recognizer.spec
    assert isinstance(spec, CtcSpec), f"spec is {spec!r}, not an lpr.specs.CtcSpec"
    strange = "".join(sorted(set(spec.alphabet) - set(ascii_uppercase + digits)))
    assert not strange, f"the alphabet holds {strange!r}: only A-Z and 0-9 are allowed"
    twice = "".join(sorted({c for c in spec.alphabet if spec.alphabet.count(c) > 1}))
    assert not twice, f"the alphabet holds {twice!r} more than once"
    assert 0 <= spec.blank < spec.classes, f"blank {spec.blank} is not in 0..{spec.classes - 1}"
    shape = (max(BATCHES), spec.planes, spec.height, spec.width)
    inputs = np.random.default_rng(4).standard_normal(shape).astype(np.float32)
    single = [_logits(recognizer, inputs[i : i + 1]) for i in range(len(inputs))]
    for size in BATCHES:
        rows = _logits(recognizer, inputs[:size])
        steps = single[0].shape[1]
        assert rows.shape == (size, steps, spec.classes), (
            f"logits of shape {rows.shape} for a batch of {size}: expected "
            f"({size}, {steps}, {spec.classes})"
        )
        assert steps > spec.dropped_steps, "every time step would be dropped"
        read = rows[:, spec.dropped_steps :]
        normalised = np.allclose(read.sum(axis=2), 1, atol=1e-3) and read.min() >= 0
        assert not normalised, (
            "each time step sums to 1, as after a softmax: return the raw logits before it"
        )
        assert_close(rows, np.concatenate(single[:size]), "logits depend on the batch")
    for logits in from_threads(lambda: _logits(recognizer, inputs[:1])):
        assert_close(logits, single[0], "several threads at once gave other logits")


def _logits(recognizer: CtcRecognizer, batch: Float32) -> Float32:
    logits = recognizer.logits(batch)
    assert isinstance(logits, np.ndarray), f"logits are {type(logits).__name__}, not a NumPy array"
    assert logits.dtype == np.float32, f"logits are {logits.dtype}, not float32"
    assert np.isfinite(logits).all(), "logits are not finite"
    return logits
