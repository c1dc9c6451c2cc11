from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.regions.taiwan import TAIWAN
from lpr_training.synth.glyphs.characters import CHARACTERS
from lpr_training.synth.plates.countries import TAIWANS
from lpr_training.synth.plates.render import render_plate
from lpr_training.synth.plates.texts import SHARES, random_pattern, random_text
from lpr_training.synth.styles import STYLES
from tests.properties import examples

seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("style", STYLES)
def test_each_style_is_drawn_with_its_own_formats(style: str) -> None:
    plate = render_plate(np.random.default_rng(3), style=style)
    assert plate.style == style
    assert plate.image.dtype == np.uint8
    assert plate.image.shape[1] == 400
    assert plate.mask.shape == plate.image.shape[:2]
    patterns = {f.pattern for f in TAIWAN.formats if f.display(plate.text) == plate.display}
    assert patterns & set(STYLES[style].formats)


@pytest.mark.parametrize("style", STYLES)
def test_ink_stands_out_from_the_plate(style: str) -> None:
    plate = render_plate(np.random.default_rng(5), style=style)
    tall, wide = plate.mask.shape
    middle = plate.image[tall // 3 : -tall // 3, wide // 10 : -wide // 10].astype(float)
    dark, light = np.percentile(middle.reshape(-1, 3), [15, 75], axis=0)
    assert np.abs(light - dark).max() > 60


@examples(40)
@given(seed=seeds)
def test_random_plates_have_legal_texts(seed: int) -> None:
    plate = render_plate(np.random.default_rng(seed))
    assert TAIWAN.display(plate.text) is not None
    assert plate.display.replace("-", "") == plate.text
    assert plate.display in {f.display(plate.text) for f in TAIWAN.formats}


@examples(25)
@given(seed=seeds, text=st.text(CHARACTERS, min_size=1, max_size=8))
def test_any_text_can_be_drawn(seed: int, text: str) -> None:
    plate = render_plate(np.random.default_rng(seed), text=text, width=200)
    assert plate.text == text
    assert plate.image.shape[1] == 200


@pytest.mark.parametrize("text", ["", "abc1234", "ABC-1234", "ÄBC"])
def test_other_characters_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="A-Z and 0-9"):
        render_plate(np.random.default_rng(0), text=text)


def test_the_same_seed_gives_the_same_pixels() -> None:
    first, again, other = (render_plate(np.random.default_rng(s)) for s in (8, 8, 9))
    assert np.array_equal(first.image, again.image)
    assert first.text == again.text
    assert first.text != other.text


def test_corners_are_round() -> None:
    mask = render_plate(np.random.default_rng(1)).mask
    assert mask[0, 0] == mask[-1, -1] == 0
    assert mask[mask.shape[0] // 2, 0] == mask[0, mask.shape[1] // 2] == 255


def test_every_format_has_its_share() -> None:
    assert set(SHARES) == {f.pattern for f in TAIWAN.formats}
    assert sum(SHARES.values()) == pytest.approx(1)
    assert min(SHARES.values()) > 0.01
    assert max(SHARES, key=SHARES.__getitem__) == "AAA-9999"


def test_random_texts_follow_the_shares() -> None:
    rng = np.random.default_rng(0)
    seen = [random_pattern(rng) for _ in range(4000)]
    for pattern, share in SHARES.items():
        assert seen.count(pattern) / 4000 == pytest.approx(share, abs=0.025)


def counted(pattern: str) -> dict[str, int]:
    rng = np.random.default_rng(0)
    texts = "".join(random_text(rng, pattern) for _ in range(2000))
    return {char: texts.count(char) for char in CHARACTERS}


def test_digits_are_even_and_i_and_o_are_rare_on_old_plates() -> None:
    counts = counted("9999-AA")
    digits = [counts[digit] / (2000 * 4) for digit in "0123456789"]
    assert max(digits) - min(digits) < 0.03
    usual = [counts[letter] for letter in CHARACTERS[10:] if letter not in "IO"]
    assert 0 < counts["O"] < counts["I"] < 0.75 * min(usual)


def test_new_plates_carry_neither_i_nor_o_and_few_fours() -> None:
    counts = counted("AAA-9999")
    assert counts["I"] == counts["O"] == 0
    assert 0 < counts["4"] < counts["5"] / 2


def test_every_style_comes_up_and_every_format_has_one() -> None:
    found = [TAIWANS.styles_for(pattern) for pattern in SHARES]
    assert all(found)
    assert {style.name for styles in found for style in styles} == set(STYLES)
    assert all(pattern in s.formats for pattern in SHARES for s in TAIWANS.styles_for(pattern))


def test_fresh_plates_have_dark_even_ink() -> None:
    for seed in range(30):
        plate = render_plate(np.random.default_rng(seed), "88888888", "car", fresh=True)
        assert np.percentile(plate.image, 5) < 70
