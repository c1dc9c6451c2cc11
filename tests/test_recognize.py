from __future__ import annotations

import numpy as np
import pytest

from lpr.errors import PluginError
from lpr.recognition import ctc_decoder
from lpr.recognition.ctc_reader import CtcReader, as_text_recognizer
from lpr.specs import CtcSpec
from lpr.testing import check_ctc_recognizer, check_text_recognizer, sample_crops
from lpr.types import Crop, Float32
from tests.samples import ALPHABET, CTC_SPEC, FixedLogits, FixedText, grey, logits_of


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("A_C__DD__1__22__44__5", "ACD1245"),
        ("AA_A", "AA"),
        ("____", ""),
        ("AAAA", "A"),
    ],
)
def test_the_best_path_is_merged_and_its_blanks_dropped(path: str, text: str) -> None:
    (reading,) = ctc_decoder.greedy(logits_of(path), CTC_SPEC)
    assert reading.text == text
    assert len(reading.characters) == len(text)
    assert (reading.confidence > 0.99) == bool(text)


def test_confidence_is_the_mean_of_the_characters() -> None:
    logits = logits_of("A_B")
    logits[0, 2] = 0
    logits[0, 2, ALPHABET.index("B")] = 3
    (reading,) = ctc_decoder.greedy(logits, CTC_SPEC)
    a, b = (c.confidence for c in reading.characters)
    assert b == pytest.approx(np.exp(3) / (np.exp(3) + 36), abs=1e-5)
    assert reading.confidence == pytest.approx((a + b) / 2)


@pytest.mark.parametrize("blank", [0, 5, 36])
def test_the_blank_may_stand_anywhere(blank: int) -> None:
    spec = CtcSpec(alphabet=ALPHABET, blank=blank, width=8, height=8)
    (reading,) = ctc_decoder.greedy(logits_of("0_4_5_Z", spec), spec)
    assert reading.text == "045Z"


def test_dropped_steps_are_not_read() -> None:
    spec = CtcSpec(alphabet=ALPHABET, blank=36, width=8, height=8, dropped_steps=2)
    (reading,) = ctc_decoder.greedy(logits_of("XYA_B", spec), spec)
    assert reading.text == "AB"


def test_crops_of_several_pictures_keep_their_order() -> None:
    network = FixedLogits("A_1")
    dark, light = grey(40, 80, 0), grey(40, 80, 255)
    crops = [Crop.whole(dark), Crop.whole(light), Crop.whole(dark)]
    assert [r.text for r in CtcReader(network).read(crops)] == ["A1"] * 3
    (batch,) = network.batches
    assert batch.shape == (3, 1, 32, 64)
    assert batch.mean(axis=(1, 2, 3)).tolist() == pytest.approx([0, 1, 0], abs=1e-3)


def test_more_crops_than_a_batch_holds() -> None:
    readings = CtcReader(FixedLogits("A")).read([Crop.whole(grey(8, 8))] * 70)
    assert len(readings) == 70


@pytest.mark.parametrize("shape", [(1, 5, 36), (2, 5, 37), (5, 37)])
def test_logits_of_the_wrong_shape_are_named(shape: tuple[int, ...]) -> None:
    class Wrong(FixedLogits):
        def logits(self, batch: Float32) -> Float32:
            return np.zeros(shape, np.float32)

    with pytest.raises(PluginError, match=r"Wrong gave logits of shape"):
        CtcReader(Wrong("A")).read([Crop.whole(grey(8, 8))])


def test_logits_that_are_not_finite_are_refused() -> None:
    class Broken(FixedLogits):
        def logits(self, batch: Float32) -> Float32:
            return np.full((len(batch), 5, 37), np.nan, np.float32)

    with pytest.raises(PluginError, match="not finite"):
        CtcReader(Broken("A")).read([Crop.whole(grey(8, 8))])


def test_only_ctc_networks_are_adapted() -> None:
    text = FixedText()
    assert as_text_recognizer(text) is text
    assert isinstance(as_text_recognizer(FixedLogits("A")), CtcReader)


def test_the_suite_passes_honest_recognizers() -> None:
    check_text_recognizer(FixedText())
    check_text_recognizer(CtcReader(FixedLogits("A_B_1")))
    check_ctc_recognizer(FixedLogits("A_B_1"))


class _Short(FixedText):
    def read(self, crops):  # type: ignore[no-untyped-def]
        return super().read(crops)[:1]


class _Moody(FixedText):
    def read(self, crops):  # type: ignore[no-untyped-def]
        self.reading = FixedText(self.reading.text + "A").reading
        return super().read(crops)


class _Scribbling(FixedText):
    def read(self, crops):  # type: ignore[no-untyped-def]
        for crop in crops:
            crop.image[:] = 0
        return super().read(crops)


@pytest.mark.parametrize(
    ("recognizer", "message"),
    [
        (_Short(), "readings for"),
        (_Moody(), "differ|other readings"),
        (_Scribbling(), "picture was changed"),
        (FixedText("abc"), "only A-Z"),
        (FixedText("ABC", confidence=1.5), "not a number in 0..1"),
    ],
)
def test_the_suite_catches_broken_promises(recognizer: FixedText, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_text_recognizer(recognizer)


def test_the_suite_catches_logits_that_depend_on_their_batch() -> None:
    class Leaky(FixedLogits):
        def logits(self, batch: Float32) -> Float32:
            return super().logits(batch) + len(batch)

    with pytest.raises(AssertionError, match="depend on the batch"):
        check_ctc_recognizer(Leaky("AB"))


def test_sample_crops_are_the_same_every_time() -> None:
    for a, b in zip(sample_crops(), sample_crops(), strict=True):
        assert np.array_equal(a.image, b.image)
