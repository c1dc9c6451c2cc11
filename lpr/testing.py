"""The conformance suite: what the pipeline relies on, checked on any implementation.

Every recognizer and detector runtime that lpr ships passes it; a plugin's tests call it too::

    def test_conformance():
        check_recognizer_runtime(MyRuntime(), lpr.models.load_model().recognizer)

Each function returns quietly, or raises ``AssertionError`` that names the broken promise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from lpr.protocols import (
    CtcRecognizer,
    DetectorNetwork,
    DetectorRuntime,
    RecognizerRuntime,
    TextRecognizer,
)
from lpr.recognize import as_text_recognizer
from lpr.regions import Region
from lpr.specs import DetectorModel, RecognizerModel
from lpr.types import Box, Crop, Float32, Image, Reading

_BATCHES = (1, 2, 5)
_THREADS = 4

# A batch may be summed in another order than a single picture: equal up to float32 rounding.
_TOLERANCE = 1e-3


def noise(height: int, width: int, seed: int = 0) -> Image:
    """A picture of smooth noise, the same for the same arguments."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3))
    picture = coarse.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]
    return np.ascontiguousarray(picture, np.uint8)


def sample_crops() -> list[Crop]:
    """Crops of several sizes and pictures, one of a single pixel, one beyond its picture's edge."""
    street, close = noise(180, 320, seed=1), noise(64, 128, seed=2)
    return [
        Crop(street, Box(20, 30, 140, 80).quad),
        Crop(street, ((200, 40), (300, 60), (296, 110), (196, 90))),
        Crop.whole(close),
        Crop(street, Box(-15, 100, 60, 200).quad),
        Crop.whole(noise(1, 1, seed=3)),
    ]


def check_region(region: Region) -> None:
    """A short code in lower case, formats that know their own texts, and no others."""
    assert isinstance(region, Region), f"{region!r} is no lpr.regions.Region"
    assert re.fullmatch("[a-z]{2,8}", region.code), f"code {region.code!r}: use 2 to 8 of a-z"
    assert region.name, "the region has no name"
    assert region.formats, "a region needs a format"
    for format in region.formats:
        assert format.legal, f"{format.pattern!r} holds neither A nor 9"
        assert format.description, f"{format.pattern!r} says nothing about whose plates it is of"
        for pick in (0, -1):
            text = "".join(choices[pick] for choices in format.legal)
            display = format.display(text)
            assert display is not None, f"{format.pattern!r} does not fit its own text {text}"
            kept = "".join(c for c in display if c.isascii() and c.isalnum())
            assert kept == text, f"{format.pattern!r} displays {text} as {display!r}"
            assert region.display(text) is not None
    assert region.display("") is None, "an empty text is no plate"
    patterns = [format.pattern for format in region.formats]
    assert len(set(patterns)) == len(patterns), "a pattern is there twice"


def check_recognizer_runtime(runtime: RecognizerRuntime, model: RecognizerModel) -> None:
    """Open a recognizer and check it as what it is; its CTC network too, where it is one."""
    assert isinstance(runtime, RecognizerRuntime), f"{runtime!r} lacks what a runtime has"
    assert runtime.problem() is None, f"{runtime.name} does not work here: {runtime.problem()}"
    recognizer = runtime.open(model, threads=1)
    try:
        if isinstance(recognizer, CtcRecognizer):
            check_ctc_recognizer(recognizer)
        check_text_recognizer(as_text_recognizer(recognizer))
    finally:
        recognizer.close()
        recognizer.close()  # closing twice is no error


def check_text_recognizer(recognizer: TextRecognizer) -> None:
    """One legal reading for each crop, the same in any company, at any time, from any thread."""
    assert isinstance(recognizer, TextRecognizer), f"{recognizer!r} lacks what a recognizer has"
    assert recognizer.read([]) == [], "no crops have to give no readings"
    crops = sample_crops()
    before = [crop.image.copy() for crop in crops]
    alone = [_read(recognizer, [crop])[0] for crop in crops]
    for reading in alone:
        _check_reading(reading)
    together = _read(recognizer, crops)
    _assert_alike(together, alone, "crops read together differ from crops read alone")
    _assert_alike(_read(recognizer, crops), together, "the same crops gave other readings")
    for crop, image in zip(crops, before, strict=True):
        assert np.array_equal(crop.image, image), "a crop's picture was changed"
    with ThreadPoolExecutor(_THREADS) as pool:
        for readings in pool.map(lambda _: _read(recognizer, crops), range(2 * _THREADS)):
            _assert_alike(readings, together, "several threads at once gave other readings")


def _read(recognizer: TextRecognizer, crops: Sequence[Crop]) -> list[Reading]:
    readings = recognizer.read(crops)
    assert len(readings) == len(crops), f"{len(readings)} readings for {len(crops)} crops"
    return readings


def _check_reading(reading: Reading) -> None:
    assert isinstance(reading, Reading), f"{reading!r} is no Reading"
    assert re.fullmatch("[A-Z0-9]*", reading.text), f"{reading.text!r}: only A-Z and 0-9 may be"
    assert 0 <= reading.confidence <= 1, f"confidence {reading.confidence} is not in 0..1"
    if reading.characters:
        assert "".join(c.char for c in reading.characters) == reading.text, "characters != text"
        assert all(0 <= c.confidence <= 1 for c in reading.characters), "confidence not in 0..1"


def _assert_alike(given: Sequence[Reading], expected: Sequence[Reading], message: str) -> None:
    for a, b in zip(given, expected, strict=True):
        assert a.text == b.text, f"{message}: {a} and {b}"
        assert abs(a.confidence - b.confidence) <= _TOLERANCE, f"{message}: {a} and {b}"


def check_ctc_recognizer(recognizer: CtcRecognizer) -> None:
    """Logits of the spec's shape, finite, float32, and each row independent of its batch."""
    spec = recognizer.spec
    assert 0 <= spec.blank < spec.classes, f"blank {spec.blank} is not in 0..{spec.classes - 1}"
    shape = (max(_BATCHES), spec.planes, spec.height, spec.width)
    inputs = np.random.default_rng(4).standard_normal(shape).astype(np.float32)
    single = [_logits(recognizer, inputs[i : i + 1]) for i in range(len(inputs))]
    for size in _BATCHES:
        rows = _logits(recognizer, inputs[:size])
        steps = single[0].shape[1]
        assert rows.shape == (size, steps, spec.classes), (
            f"logits of shape {rows.shape} for a batch of {size}: expected "
            f"({size}, {steps}, {spec.classes})"
        )
        assert steps > spec.dropped_steps, "every time step would be dropped"
        _assert_close(rows, np.concatenate(single[:size]), "logits depend on the batch")


def _logits(recognizer: CtcRecognizer, batch: Float32) -> Float32:
    logits = recognizer.logits(batch)
    assert logits.dtype == np.float32, f"logits are {logits.dtype}, not float32"
    assert np.isfinite(logits).all(), "logits are not finite"
    return logits


def check_detector_runtime(
    runtime: DetectorRuntime,
    model: DetectorModel,
    reference: DetectorNetwork | None = None,
) -> None:
    """Heads of the right shapes at several sizes and batches; equal to ``reference`` if given."""
    assert isinstance(runtime, DetectorRuntime), f"{runtime!r} lacks what a runtime has"
    assert runtime.problem() is None, f"{runtime.name} does not work here: {runtime.problem()}"
    network = runtime.open(model, threads=1)
    try:
        width, height = model.spec.width, model.spec.height
        for columns, rows in ((width, height), (2 * width, height), (width, height)):
            _check_heads(network, columns, rows, reference)
    finally:
        network.close()
        network.close()  # closing twice is no error


def _check_heads(
    network: DetectorNetwork, width: int, height: int, reference: DetectorNetwork | None
) -> None:
    batch = np.random.default_rng(5).random((3, 3, height, width), np.float32)
    single = [network.forward(batch[i : i + 1]) for i in range(len(batch))]
    together = network.forward(batch)
    assert len({len(heads) for heads in (*single, together)}) == 1, "the number of heads varies"
    expected = reference.forward(batch) if reference else together
    assert len(together) == len(expected), f"{len(together)} heads, {len(expected)} expected"
    for index, (head, right) in enumerate(zip(together, expected, strict=True)):
        kind = (np.dtype(head.dtype).name, head.ndim)
        assert kind == ("float32", 4), f"head {index} is {kind}: it has to be float32 N,C,h,w"
        alone = np.concatenate([heads[index] for heads in single])
        _assert_close(head, alone, f"head {index} depends on the batch at {width}x{height}")
        _assert_close(head, right, f"head {index} differs from the reference at {width}x{height}")


def _assert_close(given: Float32, expected: Float32, message: str) -> None:
    assert given.shape == expected.shape, f"{message}: {given.shape} and {expected.shape}"
    scale = max(float(np.abs(expected).max(initial=0)), 1.0)
    difference = float(np.abs(given - expected).max(initial=0)) / scale
    assert difference <= _TOLERANCE, f"{message}: by {difference:.2g} of the largest value"
