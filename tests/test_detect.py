from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lpr.darknet.cfg import parse
from lpr.detection.detector import Detector, fitted
from lpr.detection.heads import Head, decode_head
from lpr.detection.threshold_sweep import Sweep
from lpr.errors import PluginError
from tests.darknet.nets import conv
from tests.samples import DETECTOR_SPEC, FixedNetwork, grey, head_with

HEAD = Head(((24.0, 12.0),), classes=1)
SURE = 10.0


def detector(*cells: tuple[int, int, tuple[float, ...]], head: Head = HEAD) -> Detector:
    return Detector(FixedNetwork(head_with(*cells)), [head], DETECTOR_SPEC)


def test_a_cell_is_decoded_as_darknet_does() -> None:
    cell = (1, 2, (0.0, 0.0, math.log(2), 0.0, SURE, SURE))
    boxes, scores = decode_head(head_with(cell), HEAD, 64, 64, 0.5)
    # Centre of cell (column 2, row 1) of 16 px each; width 24 * 2, height 12.
    assert boxes.tolist() == [pytest.approx([40 - 24, 24 - 6, 40 + 24, 24 + 6], abs=1e-4)]
    assert scores[0] == pytest.approx(1, abs=1e-3)


def test_scale_x_y_widens_the_reach_of_a_cell() -> None:
    cell = (0, 0, (20.0, -20.0, 0.0, 0.0, SURE, SURE))
    head = Head(HEAD.anchors, 1, scale_x_y=2.0)
    boxes, _ = decode_head(head_with(cell), head, 64, 64, 0.5)
    center = (boxes[0, :2] + boxes[0, 2:]) / 2
    assert center.tolist() == pytest.approx([1.5 * 16, -0.5 * 16], abs=1e-3)


def test_new_coords_have_been_through_a_sigmoid() -> None:
    cell = (1, 2, (0.5, 0.25, 0.75, 0.5, 0.9, 0.8))
    head = Head(HEAD.anchors, 1, scale_x_y=2.0, new_coords=True)
    boxes, scores = decode_head(head_with(cell), head, 64, 64, 0.5)
    # x: (2 + 2 * 0.5 - 0.5) * 16, y: (1 + 2 * 0.25 - 0.5) * 16; 24 * (2 * 0.75)^2 by 12 * 1.
    assert boxes.tolist() == [pytest.approx([40 - 27, 16 - 6, 40 + 27, 16 + 6], abs=1e-4)]
    assert scores[0] == pytest.approx(0.72)


def test_a_softmax_shares_one_probability_among_the_classes() -> None:
    values = (0.0, 0.0, 0.0, 0.0, SURE, math.log(6), math.log(3), math.log(1))
    head = Head(HEAD.anchors, classes=3, softmax=True)
    _, scores = decode_head(head_with((0, 0, values), classes=3), head, 64, 64, 0.5)
    assert scores.tolist() == [pytest.approx(0.6, abs=1e-3)]


def test_anchors_of_a_region_are_in_cells() -> None:
    text = "[net]\nwidth=64\nheight=64\n" + conv(14, 3, 16, "linear", norm=0)
    cfg = parse(text + "[region]\nanchors=1.5,2, 3,4\nclasses=2\nsoftmax=1\n")
    assert Head.of(cfg.heads[0]) == Head(((24.0, 32.0), (48.0, 64.0)), 2, softmax=True, stride=16)


@given(arrays(np.float32, (12, 3, 5), elements=st.floats(-1000, 1000, width=32)))
def test_any_raw_values_give_finite_boxes_above_the_threshold(output: np.ndarray) -> None:
    head = Head(((10.0, 5.0), (30.0, 15.0)), classes=1)
    boxes, scores = decode_head(output, head, 160, 96, 0.3)
    assert np.isfinite(boxes).all()
    assert (scores > 0.3).all()
    assert len(boxes) == len(scores)


@given(st.floats(0.01, 0.99))
def test_a_score_is_objectness_times_class(probability: float) -> None:
    logit = math.log(probability / (1 - probability))
    cell = (0, 0, (0.0, 0.0, 0.0, 0.0, logit, logit))
    _, scores = decode_head(head_with(cell), HEAD, 64, 64, 0.0)
    assert scores.max() == pytest.approx(probability**2, abs=1e-4)


def test_boxes_come_back_in_the_pixels_of_a_letterboxed_picture() -> None:
    # 128 x 64 shrinks to 64 x 32 in a 64 x 64 input, with 16 px of padding above.
    (plate,) = detector((1, 1, (0.0, 0.0, 0.0, 0.0, SURE, SURE))).find([grey(64, 128)])[0]
    assert plate.box == pytest.approx([(24 - 12) * 2, (24 - 6 - 16) * 2, 72, (24 + 6 - 16) * 2])


def test_boxes_are_clipped_and_those_outside_left_out() -> None:
    found = detector(
        (0, 0, (0.0, 0.0, 3.0, 3.0, SURE, SURE)),  # far beyond every edge
        (3, 0, (0.0, 0.0, -3.0, -3.0, SURE, SURE)),  # in the padding below
    ).find([grey(32, 64)])[0]
    assert [tuple(d.box) for d in found] == [(0, 0, 64, 32)]


def test_overlapping_boxes_leave_the_most_certain_one_first() -> None:
    found = detector(
        (1, 1, (0.0, 0.0, 0.0, 0.0, 1.0, SURE)),
        (1, 2, (-20.0, 0.0, 0.0, 0.0, 2.0, SURE)),  # half a cell off
        (3, 3, (0.0, 0.0, 0.0, 0.0, SURE, SURE)),
    ).find([grey(64, 64)])[0]
    assert [round(d.confidence, 2) for d in found] == [1.0, 0.88]


def test_pictures_of_different_sizes_share_a_batch() -> None:
    reader = detector((1, 1, (0.0, 0.0, 0.0, 0.0, SURE, SURE)))
    found = reader.find([grey(64, 64), grey(128, 128), grey(1, 1)])
    assert [len(plates) for plates in found] == [1, 1, 1]
    assert found[1][0].box == pytest.approx([v * 2 for v in found[0][0].box])
    assert reader.find([]) == []


def test_more_pictures_than_a_batch_holds() -> None:
    reader = detector((1, 1, (0.0, 0.0, 0.0, 0.0, SURE, SURE)))
    assert len(reader.find([grey(8, 8)] * 33)) == 33


def test_a_sweep_lowers_the_threshold_only_where_nothing_was_found() -> None:
    class ByBrightness(FixedNetwork):
        """Gives the first head for bright pictures, the second for dark ones."""

        def forward(self, batch: np.ndarray) -> list[np.ndarray]:
            self.batches.append(batch)
            bright = batch.mean(axis=(1, 2, 3)) > 0.5
            return [np.where(bright[:, None, None, None], *self.heads)]

    doubtful = (3, 3, (0.0, 0.0, 0.0, 0.0, -1.0, SURE))  # 27 %
    network = ByBrightness(
        head_with((0, 1, (0.0, 0.0, 0.0, 0.0, SURE, SURE)), doubtful), head_with(doubtful)
    )
    sweep = Sweep(0.45, 0.10, 0.05)
    found = Detector(network, [HEAD], DETECTOR_SPEC, threshold=sweep).find(
        [grey(64, 64, 250), grey(64, 64, 5)]
    )
    assert [[round(d.confidence, 2) for d in plates] for plates in found] == [[1.0], [0.27]]
    assert len(network.batches) == 1


def test_a_network_with_other_heads_than_its_cfg_is_named() -> None:
    wrong = Detector(FixedNetwork(np.zeros((7, 4, 4), np.float32)), [HEAD], DETECTOR_SPEC)
    with pytest.raises(PluginError, match=r"FixedNetwork.*\(1, 7, 4, 4\)"):
        wrong.find([grey(8, 8)])


def test_closing_the_detector_closes_the_network() -> None:
    network = FixedNetwork(head_with())
    with Detector(network, [HEAD], DETECTOR_SPEC):
        pass
    assert network.closed


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(32, 1024), st.sampled_from([16, 32]))
def test_a_fitted_input_holds_no_more_pixels_than_it_may(
    width: int, height: int, side: int, stride: int
) -> None:
    columns, rows = fitted(width, height, side * side, stride)
    assert columns % stride == rows % stride == 0
    assert stride**2 <= columns * rows <= max(side * side, stride**2)
    assert columns < width + stride
    assert rows < height + stride


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        ((1920, 1080), (512, 288)),
        ((1080, 1920), (288, 512)),
        ((576, 576), (384, 384)),
        ((4000, 3000), (448, 320)),
        ((384, 240), (384, 256)),
        ((1, 1), (32, 32)),
        ((9000, 300), (768, 192)),
    ],
)
def test_inputs_follow_the_pictures_proportions(
    picture: tuple[int, int], size: tuple[int, int]
) -> None:
    assert fitted(*picture, 384 * 384, 32) == size


@given(st.integers(40, 3000), st.integers(40, 3000))
def test_a_picture_is_shown_at_least_as_large_as_in_a_square(width: int, height: int) -> None:
    columns, rows = fitted(width, height, 384 * 384, 32)
    if 0.25 <= width / height <= 4:
        shown = min(columns / width, rows / height)
        assert shown >= min(384 / max(width, height), 1) * 0.999


def test_pictures_of_several_shapes_are_looked_at_in_inputs_of_their_own() -> None:
    spec = replace(DETECTOR_SPEC, resize="fit")
    network = FixedNetwork(head_with((1, 1, (0.0, 0.0, 0.0, 0.0, SURE, SURE)), rows=2, columns=8))
    detector = Detector(network, [HEAD], spec, stride=16)
    wide, square = grey(32, 128), grey(64, 64)
    found = detector.find([wide, square, wide])
    assert [batch.shape for batch in network.batches] == [(2, 3, 32, 128), (1, 3, 64, 64)]
    # The same place of the network's output is another place of a picture of another shape.
    assert found[0] == found[2] != found[1]
    assert found[0][0].box.center == pytest.approx((24, 24))
    assert found[1][0].box.center == pytest.approx((12, 48))


def test_the_input_scale_is_what_a_picture_is_shown_at() -> None:
    network = FixedNetwork(head_with())
    for resize, scale in (("fit", (0.5, 0.5)), ("letterbox", (0.25, 0.25)), ("stretch", (0.25, 1))):
        spec = replace(DETECTOR_SPEC, resize=resize)
        detector = Detector(network, [HEAD], spec, stride=16)
        assert detector.input_scale(256, 64) == scale


def test_a_network_that_gives_nan_is_an_error_and_no_empty_picture() -> None:
    broken = detector()
    forward = broken.network.forward
    broken.network.forward = lambda batch: [out * np.nan for out in forward(batch)]  # type: ignore[method-assign]
    with pytest.raises(PluginError, match=r"no numbers \(NaN\)"):
        broken.find([np.zeros((64, 64, 3), np.uint8)])
