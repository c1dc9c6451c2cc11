"""Plates of other countries, and the typefaces that they are lettered in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.errors import LprError
from lpr.plugins.builtin import lpr_regions
from lpr.specs import plate_attributes
from lpr_training.datasets.rendered import HeldOut, kept_out_crops
from lpr_training.datasets.write_rendered import write_preview
from lpr_training.synth.glyphs import fonts
from lpr_training.synth.glyphs.characters import CHARACTERS
from lpr_training.synth.plates.colours import nearest
from lpr_training.synth.plates.foreign import render_foreign
from lpr_training.synth.plates.foreign_styles import MARKETS, market_design
from tests.properties import examples

REGIONS = {region.code: region for region in lpr_regions()}


@examples(60)
@given(seed=st.integers(0, 2**32 - 1), code=st.sampled_from(sorted(MARKETS)))
def test_a_markets_plate_says_what_it_is(seed: int, code: str) -> None:
    plate = render_foreign(np.random.default_rng(seed), 240, region=code)
    again = render_foreign(np.random.default_rng(seed), 240, region=code)
    assert (plate.region, plate.text) == (code, again.text)
    assert np.array_equal(plate.image, again.image)
    assert plate.lines in (1, 2)
    assert set(plate.text) <= set(CHARACTERS)
    assert 4 <= len(plate.text) <= 9
    assert nearest(plate.ground, plate_attributes.GROUNDS) in plate_attributes.GROUNDS
    assert code in plate_attributes.REGIONS


@pytest.mark.parametrize("code", ["br"])
def test_their_texts_fit_the_regions_formats(code: str) -> None:
    for seed in range(60):
        plate = render_foreign(np.random.default_rng(seed), 160, region=code)
        assert REGIONS[code].display(plate.text) is not None, plate.text


def test_lines_and_proportions_are_kept_where_they_are_asked_for() -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):
        two = market_design(rng, None, 2, None)
        wide = market_design(rng, "eu", None, 4.4)
        assert two is not None
        assert wide is not None
        assert len(two.lines) == 2
        assert wide.aspect > 3
    assert market_design(rng, "us", 2, None) is None


def test_two_line_sets_can_be_kept_out() -> None:
    crops = kept_out_crops(HeldOut(count=12, seed=2, region="abroad", lines=2))
    assert {crop.lines for crop in crops} == {2}
    assert len({crop.text for crop in crops}) == 12


def test_a_sheet_shows_a_markets_plates(tmp_path: Path) -> None:
    write_preview(tmp_path / "vn.png", 12, 1, "vn")
    write_preview(tmp_path / "any.png", 12, 1, "abroad")
    one, other = ((tmp_path / name).read_bytes() for name in ("vn.png", "any.png"))
    assert len(one) > 10_000
    assert one != other


@pytest.mark.parametrize(
    ("colour", "name"),
    [((236, 238, 238), "white"), ((40, 196, 238), "yellow"), ((72, 104, 22), "green"),
     ((38, 30, 176), "red"), ((140, 60, 25), "blue"), ((26, 24, 24), "black")],
)  # fmt: skip
def test_colours_have_their_usual_names(colour: tuple[int, int, int], name: str) -> None:
    assert nearest(colour, plate_attributes.GROUNDS) == name


def test_font_files_become_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    shipped = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    (tmp_path / "sans.ttf").write_bytes((shipped / "DejaVuSans-Bold.ttf").read_bytes())
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    for cached in (fonts.font_files, fonts.faces, fonts.letter):
        cached.cache_clear()
    monkeypatch.setenv(fonts.FOLDER, str(tmp_path))
    try:
        (sans,) = fonts.faces(("sans*",))
        wide, narrow = fonts.letter(sans, "W"), fonts.letter(sans, "I")
        assert wide.shape[0] == narrow.shape[0] == fonts.HEIGHT
        assert wide.shape[1] > 2 * narrow.shape[1]
        assert wide.max() == 255
        (broken,) = fonts.faces(("broken*",))
        with pytest.raises(LprError, match=r"broken\.ttf: not a readable font"):
            fonts.letter(broken, "A")
        fonts.font_files.cache_clear()
        monkeypatch.setenv(fonts.FOLDER, str(tmp_path / "none"))
        with pytest.raises(LprError, match="not a folder"):
            fonts.font_files()
    finally:
        monkeypatch.delenv(fonts.FOLDER)
        for cached in (fonts.font_files, fonts.faces, fonts.letter):
            cached.cache_clear()
