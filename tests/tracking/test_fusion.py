"""Many readings of one plate become one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.regions.taiwan import TAIWAN
from lpr.tracking import Fusion
from lpr.types import Appearance, Character, Reading


def read(text: str, confidence: float = 0.9, **doubts: float) -> Reading:
    """A reading; ``c3=0.2`` says how certain its fourth character is."""
    certain = [doubts.get(f"c{n}", 0.99) for n in range(len(text))]
    return Reading(text, confidence, tuple(map(Character, text, certain)))


def fused(*readings: Reading, regions: tuple[object, ...] = (TAIWAN,)) -> str:
    consensus = Fusion(regions)(readings)  # type: ignore[arg-type]
    assert consensus is not None
    return consensus.reading.text


def test_nothing_read_is_no_consensus() -> None:
    assert Fusion([TAIWAN])([]) is None
    assert Fusion([TAIWAN])([read("", 0.0)]) is None


def test_one_reading_stands_as_it_is() -> None:
    consensus = Fusion([TAIWAN])([read("ABC1234", 0.8)])
    assert consensus is not None
    assert (consensus.reading.text, consensus.agreeing) == ("ABC1234", 1)
    assert consensus.reading.confidence == pytest.approx(0.8)


def test_characters_are_put_together_of_readings_none_of_which_is_right() -> None:
    assert fused(
        read("ABC1Z34", 0.6, c4=0.4),
        read("A8C1234", 0.6, c1=0.4),
        read("ABC123A", 0.6, c6=0.4),
    ) == "ABC1234"  # fmt: skip


def test_one_clear_look_outweighs_blurred_ones() -> None:
    blurred = [read("ABC1284", 0.3, c5=0.4)] * 4
    assert fused(*blurred, read("ABC1234", 0.99)) == "ABC1234"


def test_a_plate_that_was_half_hidden_for_a_moment_keeps_all_its_characters() -> None:
    whole = [read("UEA1006", confidence) for confidence in (0.92, 0.76, 0.98, 0.5, 0.6, 0.9)]
    assert fused(read("UEA1", 0.98), read("UEA10", 0.97), *whole) == "UEA1006"


def test_a_text_that_nobody_may_bear_gives_way_to_one_that_fits_a_format() -> None:
    readings = [read("ABCI234", 0.5, c3=0.5)] * 3 + [read("ABC1234", 0.5, c3=0.5)] * 2
    assert fused(*readings) == "ABC1234"
    assert fused(*readings, regions=()) == "ABCI234"


def test_what_all_see_stands_also_where_no_format_fits() -> None:
    assert fused(*[read("34A36837", 0.99)] * 5) == "34A36837"


def test_agreement_is_counted_and_doubt_remains() -> None:
    consensus = Fusion([TAIWAN])([read("ABC1234")] * 3 + [read("ABC1284")])
    assert consensus is not None
    assert consensus.agreeing == 3
    assert consensus.reading.confidence < 0.9
    assert [other.text for other in consensus.reading.alternatives] == ["ABC1284"]


def test_what_it_looks_like_is_what_most_looks_say() -> None:
    def look(region: str, sure: float, confidence: float) -> Reading:
        appearance = Appearance("white", "black", 1, region, sure)
        return replace(read("34A23126", confidence), appearance=appearance)

    consensus = Fusion()([look("eu", 0.9, 0.3), look("vn", 0.8, 0.9), look("vn", 0.7, 0.9)])
    assert consensus is not None
    looks = consensus.reading.appearance
    assert looks is not None
    assert (looks.region, looks.ground, looks.lines) == ("vn", "white", 1)
    assert looks.region_confidence == pytest.approx((0.8 + 0.7) * 0.9 / 2.1)


texts = st.text("ABC1280", min_size=0, max_size=8)


@given(st.lists(st.tuples(texts, st.floats(0, 1)), max_size=40))
def test_any_readings_give_a_legal_value(said: list[tuple[str, float]]) -> None:
    consensus = Fusion([TAIWAN])([read(text, confidence) for text, confidence in said])
    if not any(text for text, _ in said):
        assert consensus is None
        return
    assert consensus is not None
    reading = consensus.reading
    assert 0 <= reading.confidence <= 1
    assert len(reading.characters) == len(reading.text)
    assert all(0 <= c.confidence <= 1 for c in reading.characters)
    assert consensus.agreeing == sum(text == reading.text for text, _ in said if text)
