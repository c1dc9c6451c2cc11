"""Drawing: where outlines and texts stand, and that the picture itself is left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.draw import LIGHT_BLUE, annotate, annotate_tracks
from lpr.sightings import TrackOverlay
from lpr.types import Box, Detection, Image, Plate, Reading


def plate(box: Box, text: str = "ABC1234", display: str | None = "ABC-1234") -> Plate:
    return Plate(Detection(box, box.quad, 0.9), Reading(text, 0.9), display, None)


def light_blue(image: Image) -> np.ndarray:
    return np.asarray((image == LIGHT_BLUE).all(axis=2))


def changed(before: Image, after: Image) -> Box:
    """The smallest box around all pixels that differ."""
    ys, xs = np.nonzero((before != after).any(axis=2))
    return Box(xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)


@pytest.fixture(params=[0, 255], ids=["black", "white"])
def street(request: pytest.FixtureRequest) -> Image:
    return np.full((720, 1280, 3), request.param, np.uint8)


def test_the_outline_is_light_blue_and_follows_the_box(street: Image) -> None:
    box = Box(400, 300, 560, 360)
    drawn = annotate(street, [plate(box, "", None)])
    blue = light_blue(drawn)
    for x, y in [(400, 330), (559, 330), (480, 300), (480, 359)]:
        assert blue[y - 2 : y + 3, x - 2 : x + 3].any()
    around = changed(street, drawn)
    assert all(abs(a - b) <= 4 for a, b in zip(around, box, strict=True))
    inside = (slice(310, 350), slice(410, 550))
    np.testing.assert_array_equal(drawn[inside], street[inside])


def test_tilted_corners_are_drawn_too(street: Image) -> None:
    box = Box(400, 300, 560, 360)
    corners = ((400, 300), (560, 320), (560, 360), (400, 340))
    tilted = Plate(Detection(box, corners, 0.9), Reading("", 0.0))
    blue = light_blue(annotate(street, [tilted]))
    assert blue[308:313, 478:483].any()
    assert blue[348:353, 478:483].any()


def test_the_text_stands_on_a_label_above_the_box(street: Image) -> None:
    drawn = annotate(street, [plate(Box(400, 300, 560, 360))])
    label = drawn[262:296, 402:560]
    assert light_blue(label).mean() > 0.6
    assert (label.max(axis=2) < 100).mean() > 0.05


def test_a_longer_text_has_a_longer_label(street: Image) -> None:
    box = Box(400, 300, 420, 310)
    short, long = (
        changed(street, annotate(street, [plate(box, text, None)])).width
        for text in ("A1", "ABC1234")
    )
    assert long > 2 * short


def test_without_room_above_the_label_stands_below(street: Image) -> None:
    drawn = annotate(street, [plate(Box(400, 5, 560, 60))])
    around = changed(street, drawn)
    assert around.y1 > 60 + 20
    assert light_blue(drawn[66:80, 402:560]).mean() > 0.5


def test_a_text_is_made_to_fit_a_narrow_picture() -> None:
    drawn = annotate(np.zeros((120, 60, 3), np.uint8), [plate(Box(20, 80, 40, 90))])
    rows = np.flatnonzero(light_blue(drawn)[:79].mean(axis=1) > 0.6)
    assert rows.size
    label = drawn[rows[0] : rows[-1] + 1]
    assert (label.max(axis=2) < 100).any()


def test_letters_grow_with_the_picture() -> None:
    heights = []
    for scale in (1, 2, 4):
        picture = np.zeros((360 * scale, 640 * scale, 3), np.uint8)
        box = Box(*(v * scale for v in (200, 200, 280, 230)))
        heights.append(200 * scale - changed(picture, annotate(picture, [plate(box)])).y0)
    assert heights[1] == pytest.approx(2 * heights[0], rel=0.25)
    assert heights[2] == pytest.approx(2 * heights[1], rel=0.25)


def test_letters_that_cannot_be_drawn_are_not_drawn(street: Image) -> None:
    box = Box(400, 300, 560, 360)
    drawn = annotate(street, [plate(box, "ABC1234", "粤A·12345")])
    np.testing.assert_array_equal(drawn, annotate(street, [plate(box, "ABC1234", None)]))


def test_doubtful_plates_are_dashed_and_show_their_confidence(street: Image) -> None:
    box = Box(400, 300, 560, 360)
    sure = plate(box)
    doubtful = replace(sure, doubts=("cut",))
    solid, dashed = (light_blue(annotate(street, [p]))[300:302, 400:560] for p in (sure, doubtful))
    assert solid.any(axis=0).mean() > 0.95
    assert 0.3 < dashed.any(axis=0).mean() < 0.8
    widths = [
        light_blue(annotate(street, [p]))[262:296].any(axis=0).sum() for p in (sure, doubtful)
    ]
    assert widths[1] > widths[0] + 20


def test_labels_do_not_hide_each_other(street: Image) -> None:
    """Three plates side by side, closer than their labels are wide."""
    boxes = [Box(x, 300, x + 60, 330) for x in (400, 470, 540)]
    alone = [light_blue(annotate(street, [plate(box)])).sum() for box in boxes]
    together = light_blue(annotate(street, [plate(box) for box in boxes])).sum()
    assert together > 0.97 * sum(alone)


def test_tracks_are_drawn_with_the_display_of_their_plate(street: Image) -> None:
    box = Box(400, 300, 560, 360)
    track = TrackOverlay(1, box, "ABC1234", (), True, plate(box))
    in_watch = annotate_tracks(street, [track])[262:296]
    np.testing.assert_array_equal(in_watch, annotate(street, [plate(box)])[262:296])


def test_nothing_found_nothing_drawn(street: Image) -> None:
    drawn = annotate(street, [])
    np.testing.assert_array_equal(drawn, street)
    assert not np.shares_memory(drawn, street)


edges = st.floats(-200, 400)


@given(
    height=st.integers(1, 200),
    width=st.integers(1, 200),
    boxes=st.lists(st.tuples(edges, edges, edges, edges), max_size=3),
    text=st.text("ABC019", max_size=12),
)
def test_any_box_in_any_picture(
    height: int, width: int, boxes: list[tuple[float, float, float, float]], text: str
) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    before = picture.copy()
    picture.flags.writeable = False
    plates = [
        plate(Box(min(a, c), min(b, d), max(a, c), max(b, d)), text, None) for a, b, c, d in boxes
    ]
    drawn = annotate(picture, plates)
    assert drawn.shape == picture.shape
    assert drawn.dtype == np.uint8
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize(
    "box",
    [Box(-30, -30, 20, 20), Box(1250, 0, 1300, 20), Box(0, 700, 40, 740), Box(0, 0, 1280, 720)],
)
def test_labels_are_kept_inside_the_picture(street: Image, box: Box) -> None:
    whole = annotate(street, [plate(Box(600, 300, 640, 320))])
    label = light_blue(whole).sum()
    assert light_blue(annotate(street, [plate(box)])).sum() > 0.7 * label
