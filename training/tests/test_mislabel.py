"""Labels made wrong on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.evaluate import edit_distance
from lpr_training.datasets.label_noise import ALIKE, SLIPS, LabelNoise, mislabelled
from lpr_training.datasets.plate_samples import AttributeLabels, PlateSample
from lpr_training.datasets.pyramid import Pyramid

TEXTS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=8)
QUAD = np.array([(10, 10), (90, 10), (90, 40), (10, 40)], np.float64)


def plate(text: str, is_plate: bool = True) -> PlateSample:
    picture = Pyramid(np.zeros((50, 100, 3), np.uint8))
    return PlateSample(picture, QUAD, text, tight=True, looks=AttributeLabels(plate=is_plate))


@pytest.mark.parametrize("name", SLIPS)
@given(text=TEXTS, seed=st.integers(0, 99))
def test_a_slip_changes_one_place(name: str, text: str, seed: int) -> None:
    wrong = SLIPS[name](text, np.random.default_rng(seed))
    assert wrong != text
    assert edit_distance(wrong, text) <= 2
    if name == "two neighbours swapped" and len(set(text)) > 1:
        assert sorted(wrong) == sorted(text)


def test_characters_that_look_alike_are_confused_more_often() -> None:
    wrong = [SLIPS["one character replaced"]("0", np.random.default_rng(n)) for n in range(200)]
    (alike,) = (group for group in ALIKE if "0" in group)
    assert sum(text in alike for text in wrong) > 90


def test_as_many_labels_are_wrong_as_asked_for() -> None:
    plates = {"crops": [plate("ABC1234") for _ in range(2000)]}
    wrong = mislabelled(plates, LabelNoise(texts=0.2, boxes=0.1), seed=3)["crops"]
    texts = [each.text != "ABC1234" for each in wrong]
    boxes = [not np.array_equal(each.quad, QUAD) for each in wrong]
    assert np.mean(texts) == pytest.approx(0.2, abs=0.03)
    assert np.mean(boxes) == pytest.approx(0.1, abs=0.03)
    off = [np.abs(each.quad - QUAD).max() for each, b in zip(wrong, boxes, strict=True) if b]
    assert min(off) > 3
    assert max(off) < 15
    assert plates["crops"][0].text == "ABC1234"


def test_the_same_seed_spoils_the_same_labels() -> None:
    plates = {"crops": [plate("ABC1234") for _ in range(50)]}
    first, again, other = (
        [p.text for p in mislabelled(plates, LabelNoise(texts=0.5), seed)["crops"]]
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_what_is_no_plate_has_no_label_to_be_wrong() -> None:
    things = {"others": [plate("", is_plate=False) for _ in range(20)]}
    assert mislabelled(things, LabelNoise(texts=1.0, boxes=1.0), 1)["others"] == things["others"]
