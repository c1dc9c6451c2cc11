from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr_training.synth.glyphs.characters import CHARACTERS
from lpr_training.synth.glyphs.typeface import Typeface

LOOKALIKES = ["8B", "5S", "2Z", "1I", "6G", "MN", "MW", "0Q", "0D", "VY", "69", "17"]
faces = st.builds(
    Typeface,
    width=st.floats(0.3, 0.7),
    weight=st.floats(0.08, 0.2),
    wobble=st.floats(0, 0.03),
    old=st.booleans(),
    seed=st.integers(0, 100),
)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("char", CHARACTERS)
def test_every_character_fills_its_cell_from_top_to_bottom(char: str, old: bool) -> None:
    ink = Typeface(old=old).mask(char, 50, 100)
    assert ink.shape == (100, 50)
    assert ink.dtype == np.uint8
    rows = (ink > 127).any(axis=1)
    assert rows.all()
    assert 0.1 < (ink > 127).mean() < 0.8


# In six pixels, two of the heaviest stems leave 1.3 between them: grey, and no paper.
@given(face=faces, char=st.sampled_from(CHARACTERS), width=st.integers(7, 60))
def test_ink_and_paper_are_both_there_in_any_typeface(
    face: Typeface, char: str, width: int
) -> None:
    ink = face.mask(char, width, 2 * width)
    assert ink.shape == (2 * width, width)
    assert ink.max() > 127
    assert (ink < 128).any()


@pytest.mark.parametrize("pair", LOOKALIKES)
def test_characters_that_resemble_each_other_differ(pair: str) -> None:
    first, second = (Typeface().mask(char, 40, 80) > 127 for char in pair)
    union = (first | second).sum()
    assert (first ^ second).sum() > 0.04 * union


def test_the_zero_and_the_letter_o_are_drawn_alike() -> None:
    """As on the plates themselves: only the format tells them apart."""
    assert np.array_equal(Typeface().mask("0", 40, 80), Typeface().mask("O", 40, 80))


def test_weight_widens_strokes() -> None:
    thin = Typeface(weight=0.1).mask("H", 50, 100).sum()
    thick = Typeface(weight=0.18).mask("H", 50, 100).sum()
    assert thick > 1.4 * thin


def test_the_edges_are_smooth() -> None:
    ink = Typeface().mask("A", 45, 90)
    assert len(np.unique(ink)) > 8


def test_seeds_vary_the_drawing_and_repeat_it() -> None:
    a, b = (Typeface(wobble=0.02, seed=seed).mask("S", 50, 100) for seed in (1, 2))
    assert not np.array_equal(a, b)
    assert np.array_equal(a, Typeface(wobble=0.02, seed=1).mask("S", 50, 100))


def test_an_unknown_character_is_refused() -> None:
    with pytest.raises(KeyError):
        Typeface().mask("-", 50, 100)
