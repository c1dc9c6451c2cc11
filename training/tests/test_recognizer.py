from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lpr import kernels  # noqa: E402
from lpr.errors import ModelError  # noqa: E402
from lpr.specs import CtcSpec  # noqa: E402
from lpr.types import Box  # noqa: E402
from lpr_torch.export import export_onnx  # noqa: E402
from lpr_torch.plain import CtcNet  # noqa: E402
from lpr_training.datasets.plate_samples import PlateSample, frame, jittered, rendered  # noqa: E402
from lpr_training.datasets.pyramid import Pyramid  # noqa: E402
from lpr_training.publishing.run_export import multiplications  # noqa: E402
from lpr_training.recognizer.batches import RecognizerBatches, to_crop, to_input  # noqa: E402
from lpr_training.recognizer.onnx_weights import load_fused  # noqa: E402
from lpr_training.recognizer.recipe import recognizer_recipe  # noqa: E402

RECIPE = recognizer_recipe("tw-light-recognizer", ["schedule.batch=6"])
SPEC = RECIPE.spec


@pytest.fixture(scope="module")
def network() -> CtcNet:
    torch.manual_seed(0)
    return CtcNet(RECIPE.shape, (SPEC.width, SPEC.height), 1, SPEC.classes).eval()


@pytest.fixture(scope="module")
def plates() -> list[PlateSample]:
    return rendered(24, 5)


def sampler(sets: dict[str, list[PlateSample]]) -> RecognizerBatches:
    return RecognizerBatches(sets, RECIPE.crops, SPEC, RECIPE.schedule)


def test_logits_have_the_shape_that_the_spec_promises(network: CtcNet) -> None:
    with torch.no_grad():
        out = network(torch.zeros(3, 1, SPEC.height, SPEC.width))
    assert out.shape == (3, SPEC.width // 4, SPEC.classes)


def test_the_published_recognizer_is_light_enough(network: CtcNet) -> None:
    assert 2 * multiplications(network, (1, 1, SPEC.height, SPEC.width)) <= 0.4e9


def test_the_export_gives_the_same_logits_in_opencv_and_onnx_runtime(
    network: CtcNet, tmp_path: Path
) -> None:
    ort = pytest.importorskip("onnxruntime")
    file = tmp_path / "recognizer.onnx"
    export_onnx(network, np.zeros((1, 1, SPEC.height, SPEC.width), np.float32), file)
    batch = np.random.default_rng(0).normal(0, 1, (4, 1, SPEC.height, SPEC.width))
    batch = batch.astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(batch)).numpy()
    opencv = cv2.dnn.readNetFromONNX(str(file))
    session = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    for count in (4, 1, 3):
        opencv.setInput(batch[:count])
        np.testing.assert_allclose(opencv.forward(), expected[:count], atol=1e-4)
        given = session.run(None, {"crops": batch[:count]})[0]
        np.testing.assert_allclose(given, expected[:count], atol=1e-4)


@pytest.mark.parametrize("box", [Box(20, 30, 90, 65), Box(10, 5, 150, 95)])
def test_training_crops_are_those_that_a_reader_cuts(box: Box) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (10, 16, 3), np.uint8)
    image = np.asarray(cv2.resize(noise, (160, 100), interpolation=cv2.INTER_CUBIC), np.uint8)
    canvas = np.zeros((SPEC.height, SPEC.width, 3), np.uint8)
    Pyramid(image).draw(to_crop(np.array(box.quad), SPEC), canvas, cv2.BORDER_REPLICATE)
    quads = np.array([box.quad], np.float32)
    expected = kernels.warp(
        image, quads, SPEC.width, SPEC.height, margin=SPEC.crop_margin, mean=SPEC.mean, std=SPEC.std
    )
    assert np.abs(to_input(canvas, SPEC) - expected[0]).mean() < 0.02


def test_a_turned_plates_frame_is_tight_where_its_corners_are_known() -> None:
    corners = np.array([(0.0, 2.0), (10.0, 0.0), (12.0, 6.0), (2.0, 8.0)])
    assert frame(corners, tight=True) == Box(0, 0, 12, 8)
    looser = frame(corners, tight=False)
    assert 0 < looser.x0 < looser.x1 < 12
    assert 0 < looser.y0 < looser.y1 < 8


def test_jitter_moves_every_side_a_little() -> None:
    rng = np.random.default_rng(0)
    box = Box(100, 100, 200, 150)
    moved = np.array([jittered(box, rng, 0.03) for _ in range(500)]) - np.array(box)
    assert np.abs(moved.mean(axis=0)).max() < 1
    spread = moved.std(axis=0)
    assert spread / [100, 50, 100, 50] == pytest.approx(np.full(4, 0.033), rel=0.3)


def test_batches_depend_on_seed_and_step_alone(plates: list[PlateSample]) -> None:
    sets = {"rendered": plates, "crops": plates[:8], "scenes": plates[8:16], "abroad": plates[16:]}
    for step in (0, RECIPE.crops.mixed):
        first, again = (sampler(sets).batch(step) for _ in "ab")
        assert torch.equal(first.images, again.images)
        assert first.images.shape == (6, 1, SPEC.height, SPEC.width)
        assert first.images.abs().max() <= 1
        assert first.texts.tolist() == again.texts.tolist()
        assert int(first.lengths.sum()) == len(first.texts)
        assert int(first.texts.max()) < SPEC.blank


def test_the_beginning_is_rendered_upright_and_unspoilt(plates: list[PlateSample]) -> None:
    real = PlateSample(plates[0].picture, plates[0].quad, "REAL", tight=False)
    sets = {"rendered": plates, "abroad": plates, "crops": [real], "scenes": [real]}
    shown = sampler(sets)
    early = {shown.sample(np.random.default_rng(n), 0).plate.text for n in range(60)}
    late = [
        shown.sample(np.random.default_rng(n), RECIPE.crops.mixed).plate.text for n in range(200)
    ]
    assert "REAL" not in early
    assert 0.3 < late.count("REAL") / 200 < 0.7


def test_rendered_plates_show_what_they_say(plates: list[PlateSample]) -> None:
    assert all(set(plate.text) <= set(SPEC.alphabet) and plate.text for plate in plates)
    widths = [np.ptp(plate.quad[:, 0]) for plate in plates]
    assert widths == sorted(widths, reverse=True)


def test_plates_from_abroad_share_the_training(plates: list[PlateSample]) -> None:
    foreign = PlateSample(plates[0].picture, plates[0].quad, "ABROAD", tight=True)
    sets = {"rendered": plates, "abroad": [foreign], "crops": plates, "scenes": plates}
    shown = sampler(sets)
    texts = [
        shown.sample(np.random.default_rng(n), RECIPE.crops.mixed).plate.text for n in range(400)
    ]
    rendered_share = 1 - RECIPE.crops.real
    assert texts.count("ABROAD") / 400 == pytest.approx(
        RECIPE.crops.abroad * rendered_share, abs=0.04
    )


def test_a_published_recognizer_can_be_trained_further(network: CtcNet, tmp_path: Path) -> None:
    """Its file holds folded convolutions; with their batch norms back it computes the same, also
    while it is normalised by batches that look like the examples."""
    file = tmp_path / "recognizer.onnx"
    export_onnx(network, np.zeros((1, 1, SPEC.height, SPEC.width), np.float32), file)
    examples = torch.randn(24, 1, SPEC.height, SPEC.width)
    again = CtcNet(RECIPE.shape, (SPEC.width, SPEC.height), 1, SPEC.classes)
    load_fused(again, file, examples)
    with torch.no_grad():
        expected = network(examples)
        torch.testing.assert_close(again.eval()(examples), expected, rtol=1e-3, atol=1e-3)
        again.layers.train()
        for layer in again.layers:
            if isinstance(layer, torch.nn.Dropout):
                layer.eval()
        torch.testing.assert_close(again(examples), expected, rtol=1e-2, atol=1e-2)


def test_a_deeper_network_starts_where_the_file_ends(network: CtcNet, tmp_path: Path) -> None:
    file = tmp_path / "recognizer.onnx"
    export_onnx(network, np.zeros((1, 1, SPEC.height, SPEC.width), np.float32), file)
    channels, strides = RECIPE.shape.channels, RECIPE.shape.strides
    shape = replace(RECIPE.shape, channels=(*channels, channels[-1]), strides=(*strides, (1, 1)))
    deeper = CtcNet(shape, (SPEC.width, SPEC.height), 1, SPEC.classes)
    images = torch.randn(24, 1, SPEC.height, SPEC.width)
    load_fused(deeper, file, images)
    with torch.no_grad():
        expected = network(images)
        torch.testing.assert_close(deeper.eval()(images), expected, rtol=1e-3, atol=1e-3)


def test_another_networks_file_is_refused(network: CtcNet, tmp_path: Path) -> None:
    file = tmp_path / "recognizer.onnx"
    export_onnx(network, np.zeros((1, 1, SPEC.height, SPEC.width), np.float32), file)
    other = CtcNet(
        replace(RECIPE.shape, channels=(8,) * len(RECIPE.shape.strides)),
        (SPEC.width, SPEC.height),
        1,
        SPEC.classes,
    )
    with pytest.raises(ModelError, match=r"recognizer\.onnx: has convolutions"):
        load_fused(other, file, torch.zeros(2, 1, SPEC.height, SPEC.width))


def test_a_spec_with_another_margin_shows_more(plates: list[PlateSample]) -> None:
    wide = CtcSpec(SPEC.alphabet, SPEC.blank, SPEC.width, SPEC.height, crop_margin=0.2)
    quad = plates[0].quad
    corner = to_crop(quad, wide) @ np.array([*quad[0], 1.0])
    tight = to_crop(quad, SPEC) @ np.array([*quad[0], 1.0])
    assert (corner[:2] / corner[2] > tight[:2] / tight[2]).all()
