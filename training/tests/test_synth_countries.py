from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest

from lpr.errors import BackendError, LprError, PluginError
from lpr.regions import Format, Region
from lpr_training.datasets.rendered import HeldOut, kept_out_crops
from lpr_training.synth.plates import countries
from lpr_training.synth.plates.countries import TAIWANS, Country, country
from lpr_training.synth.plates.origin import Origin, origin
from lpr_training.synth.plates.render import render_plate
from lpr_training.synth.scenes.paste import paste_plate
from lpr_training.synth.scenes.scene import render_scene
from lpr_training.synth.styles import Style

UTOPIA = Region("ut", "Utopia", (Format("AA-99", "cars"), Format("9-AAA", "ships")))
CAR = Style("car", ((300, 100),), ("AA-99",), plate=(40, 40, 200), ink=(255, 255, 255), share=3)
SHIP = Style("ship", ((200, 100),), ("9-AAA",), prefixes="Q", blossoms=False, band=(200, 60, 20))
UTOPIAS = Country(UTOPIA, (CAR, SHIP))


def test_plates_have_the_formats_of_their_styles() -> None:
    rng = np.random.default_rng(1)
    plates = [render_plate(rng, width=120, country=UTOPIAS) for _ in range(60)]
    for plate in plates:
        assert plate.display == UTOPIA.display(plate.text)
        assert {"car": "AA-99", "ship": "9-AAA"}[plate.style] in {
            form.pattern for form in UTOPIA.formats if form.display(plate.text)
        }
    cars = sum(plate.style == "car" for plate in plates)
    assert 36 <= cars <= 54, "three in four"


def test_texts_are_legal_in_every_place() -> None:
    form = Format("AA 9", "boats", letters="XY", narrow=("", "", "7"))
    boats = Country(Region("bo", "Boats", (form,)), (Style("boat", ((300, 100),), ("AA 9",)),))
    rng = np.random.default_rng(4)
    plates = [render_plate(rng, width=120, country=boats) for _ in range(30)]
    assert {plate.text for plate in plates} == {"XX7", "XY7", "YX7", "YY7"}
    assert all(plate.display[2] == " " for plate in plates)


def test_streets_show_plates_of_any_origin() -> None:
    rng = np.random.default_rng(5)
    scenes = [render_scene(rng, 320, 240, Origin(UTOPIAS)) for _ in range(12)]
    plates = [plate for scene in scenes for plate in scene.plates]
    assert len(plates) > 8
    assert all(UTOPIA.display(plate.text) for plate in plates)
    _, pasted = paste_plate(rng, scenes[0].image, origin=Origin(UTOPIAS))
    assert UTOPIA.display(pasted.text)
    assert origin("br").plate(rng, 120).region == "br"
    assert origin("tw").country is TAIWANS


def test_a_given_text_gets_a_style_that_carries_its_format() -> None:
    rng = np.random.default_rng(2)
    assert render_plate(rng, "9ABC", width=120, country=UTOPIAS).style == "ship"
    assert render_plate(rng, "NOFORMAT", width=120, country=UTOPIAS).display == "NOFORMAT"


def test_a_band_lies_along_the_upper_edge() -> None:
    plate = render_plate(np.random.default_rng(3), style="ship", fresh=True, country=UTOPIAS)
    tall, wide = plate.mask.shape
    edge = plate.image[tall // 20 : tall // 10, wide // 20 : wide // 5].reshape(-1, 3)
    assert np.allclose(np.median(edge, axis=0), SHIP.band, atol=12)


def test_styles_carry_formats_of_their_region_only() -> None:
    with pytest.raises(ValueError, match="style odd: ut has no format 999"):
        Country(UTOPIA, (Style("odd", ((1, 1),), ("999",)),))
    with pytest.raises(ValueError, match="ut has no styles"):
        Country(UTOPIA, ())


def test_taiwan_is_a_country_as_any() -> None:
    assert country("tw") is TAIWANS


@pytest.fixture
def packs(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Pretend that region packs are installed: codes and where their styles are."""

    class Plugged:
        @staticmethod
        def region(code: str) -> Region:
            if code != UTOPIA.code:
                raise BackendError(f"no region {code!r}: known are ut")
            return UTOPIA

    def install(**values: str) -> None:
        points = [EntryPoint(name, value, countries.GROUP) for name, value in values.items()]
        monkeypatch.setattr(countries, "entry_points", lambda group: points)

    monkeypatch.setattr(countries, "registry", Plugged)
    countries.installed.cache_clear()
    yield install
    countries.installed.cache_clear()


def test_a_region_pack_brings_styles(packs: Any) -> None:
    packs(ut=f"{__name__}:STYLES")
    assert country("ut").styles == STYLES


STYLES = (CAR, SHIP)
BROKEN = ("no style",)


def test_what_is_missing_or_broken_is_named(packs: Any) -> None:
    packs()
    with pytest.raises(
        LprError, match=r"no styles for the plates of 'ut' \(there are styles for tw\)"
    ):
        country("ut")
    with pytest.raises(BackendError, match="no region 'xx'"):
        country("xx")
    packs(ut=f"{__name__}:BROKEN")
    with pytest.raises(PluginError, match=r"the styles of ut .*BROKEN.*AttributeError"):
        country("ut")


def test_the_example_pack_draws_argentina() -> None:
    pytest.importorskip("lpr_region_example", reason="lpr-region-example is not installed")
    crops = kept_out_crops(HeldOut(count=6, seed=3, region="ar"))
    argentina = country("ar").region
    assert all(argentina.display(crop.text) for crop in crops)
    assert [crop.text for crop in kept_out_crops(HeldOut(count=6, seed=3, region="ar"))] == [
        crop.text for crop in crops
    ]
