"""yolov3_1_cls and how it is trained."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lpr.darknet.cfg import Cfg, read_cfg  # noqa: E402
from lpr.darknet.layers import Convolutional, Shortcut  # noqa: E402
from lpr.runtimes.opencv_detector import OpenCvDetector  # noqa: E402
from lpr.runtimes.opencv_target import CPU  # noqa: E402
from lpr.source import open_source  # noqa: E402
from lpr.specs import DetectorModel, DetectorSpec  # noqa: E402
from lpr.types import Box  # noqa: E402
from lpr_torch.checkpoints import load_detector  # noqa: E402
from lpr_torch.darknet import DarknetNet  # noqa: E402
from lpr_training.augmentation.darknet import Darknet, place  # noqa: E402
from lpr_training.datasets.pyramid import Pyramid  # noqa: E402
from lpr_training.detector import task as detector_task  # noqa: E402
from lpr_training.detector.recipe import detector_recipe  # noqa: E402
from lpr_training.detector.yolov3_loss import YoloLoss  # noqa: E402
from lpr_training.engine.loop import train  # noqa: E402
from lpr_training.recipes import FOLDER  # noqa: E402

ANCHORS = ((69, 25), (78, 33), (71, 29), (44, 19), (75, 37), (47, 23), (58, 27), (91, 42), (55, 22))
STREET = Path(__file__).resolve().parents[2] / "samples" / "street.mp4"


@pytest.fixture(scope="module")
def cfg() -> Cfg:
    return read_cfg(FOLDER / "yolov3_1_cls.cfg")


def test_it_has_the_founding_systems_figures(cfg: Cfg) -> None:
    assert len(cfg.layers) == 111
    assert (cfg.net.width, cfg.net.height) == (320, 240)
    assert cfg.bflops(320, 240) == pytest.approx(116.03, abs=0.005)
    shapes = cfg.shapes(320, 240)
    assert [shapes[i] for i in (0, 7, 38, 63, 64, 67, 84)] == [
        (64, 240, 320), (128, 120, 160), (256, 60, 80), (512, 30, 40),
        (512, 15, 20), (1024, 15, 20), (1024, 15, 20),
    ]  # fmt: skip
    assert [head.index for head in cfg.heads] == [86, 98, 110]
    assert [head.mask for head in cfg.heads] == [(6, 7, 8), (3, 4, 5), (0, 1, 2)]
    assert [shapes[head.index] for head in cfg.heads] == [(18, 15, 20), (18, 30, 40), (18, 60, 80)]
    assert cfg.heads[0].all_anchors == tuple((float(w), float(h)) for w, h in ANCHORS)
    shortcuts = [layer for layer in cfg.layers if isinstance(layer, Shortcut)]
    assert all(layer.inputs == (layer.index - 1, layer.index - 3) for layer in shortcuts)
    unequal = cfg.layers[67]
    assert [cfg.layers[i].out_channels for i in unequal.inputs] == [1024, 512]
    activations = {
        layer.activation for layer in cfg.layers if isinstance(layer, Convolutional)
        and layer.batch_normalize
    }  # fmt: skip
    assert activations == {"leaky"}


def test_opencv_and_torch_give_the_same_heads(cfg: Cfg, tmp_path: Path) -> None:
    """He-initialised weights, batch-norm statistics of a batch of frames."""
    torch.manual_seed(0)
    network = DarknetNet(cfg)
    with open_source(str(STREET)) as source:
        frames = [frame.image for frame, _ in zip(source, range(2), strict=False)]
    images = np.stack([cv2.resize(frame, (320, 240)) for frame in frames])
    batch = np.ascontiguousarray(images[..., ::-1].transpose(0, 3, 1, 2), np.float32) / 255
    for norm in (m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        norm.momentum = None  # the mean over all batches, of which there is one
    with torch.no_grad():
        network.train()(torch.from_numpy(batch))
        heads = network.eval()(torch.from_numpy(batch[:1]))
    spec = DetectorSpec(320, 240, "stretch", "rgb", 0.5, 0.45)
    model = DetectorModel(tmp_path / "net.cfg", tmp_path / "net.weights", spec)
    model.cfg.write_text((FOLDER / "yolov3_1_cls.cfg").read_text())
    network.save(model.weights)
    opencv = OpenCvDetector(model, CPU)
    for ours, theirs in zip(heads, opencv.forward(batch[:1]), strict=True):
        assert np.abs(ours.numpy() - theirs).max() <= 1e-3 * np.abs(theirs).max()


def test_the_schedule_is_darknets() -> None:
    recipe, _ = detector_recipe("seed-yolov3")
    schedule = recipe.schedule
    assert (schedule.steps, schedule.batch, schedule.micro_batch) == (4700, 64, 4)
    assert schedule.rate_at(499) == pytest.approx(0.001 * 0.5**4)
    assert schedule.rate_at(1000) == schedule.rate_at(3799) == 0.001
    assert schedule.rate_at(3800) == pytest.approx(1e-4)
    assert schedule.rate_at(4699) == pytest.approx(1e-5)
    assert (schedule.momentum, schedule.weight_decay) == (0.9, 0.0005)


# One head of two anchors on 2 x 1 cells of 10 x 10 pixels.
TOY = """
[net]
width=20
height=10
channels=3
[convolutional]
filters=12
size=1
stride=10
activation=linear
[yolo]
mask=0,1
anchors=10,5, 4,2
classes=1
num=2
"""


@pytest.fixture
def toy(tmp_path: Path) -> YoloLoss:
    (tmp_path / "toy.cfg").write_text(TOY)
    return YoloLoss(read_cfg(tmp_path / "toy.cfg").heads, (20, 10), 0.7)


def raw(**values: float) -> torch.Tensor:
    """All zeros but ``a{anchor}c{column}k{channel}``."""
    out = torch.zeros(1, 12, 1, 2)
    for name, value in values.items():
        anchor, column, channel = int(name[1]), int(name[3]), int(name[5])
        out[0, 6 * anchor + channel, 0, column] = value
    return out


def plate(*box: float) -> torch.Tensor:
    return torch.tensor([[0.0, *box]])


NONE = torch.zeros(0, 5)


def test_without_plates_every_prediction_learns_to_be_none(toy: YoloLoss) -> None:
    loss, parts = toy([raw(a0c0k4=1.0)], NONE, NONE)
    expected = 3 * math.log(2) + math.log(1 + math.e)
    assert float(loss) == pytest.approx(expected, abs=1e-5)
    assert parts["place"] == parts["extent"] == parts["class"] == 0


def test_a_plate_goes_to_the_anchor_and_cell_that_suit_it(toy: YoloLoss) -> None:
    # 8 x 4 about (13, 5): the first anchor's shape, the second column's cell, at 0.3 and 0.5 of it.
    loss, parts = toy([raw(a0c1k0=0.4, a0c1k2=0.5, a0c1k5=2.0)], plate(9, 3, 17, 7), NONE)
    weight = 2 - 8 * 4 / 200
    x = math.log(1 + math.exp(0.4)) - 0.3 * 0.4
    assert parts["place"] == pytest.approx(weight * (x + math.log(2)), abs=1e-5)
    wide, tall = math.log(0.8), math.log(0.8)
    assert parts["extent"] == pytest.approx(weight * ((0.5 - wide) ** 2 + tall**2) / 2, abs=1e-5)
    assert parts["class"] == pytest.approx(math.log(1 + math.exp(-2)), abs=1e-5)
    assert parts["object"] == pytest.approx(4 * math.log(2), abs=1e-5)
    assert float(loss) == pytest.approx(sum(parts.values()), abs=1e-5)


def test_predictions_that_fit_a_plate_need_not_be_none(toy: YoloLoss) -> None:
    # 9 x 5 about the first cell's middle is the first anchor's; the second anchor's prediction
    # there is as large as the plate (9 / 4 and 5 / 2 of its anchor).
    fitting = raw(a1c0k2=math.log(9 / 4), a1c0k3=math.log(5 / 2), a1c0k4=3.0)
    _, parts = toy([fitting], plate(0.5, 2.5, 9.5, 7.5), NONE)
    assert parts["object"] == pytest.approx(3 * math.log(2), abs=1e-5)


def test_predictions_on_ignored_plates_learn_nothing(toy: YoloLoss) -> None:
    _, parts = toy([raw(a0c0k4=3.0)], NONE, plate(0, 2.5, 10, 7.5))
    assert parts["object"] == pytest.approx(3 * math.log(2), abs=1e-5)


def test_gradients_are_those_that_darknet_states(toy: YoloLoss) -> None:
    """yolo_layer.c: delta = truth - sigmoid (or - value for sizes), times the scale."""
    out = raw(a0c1k0=0.4, a0c1k2=0.5, a0c1k4=-1.0).requires_grad_()
    toy([out], plate(9, 3, 17, 7), NONE)[0].backward()
    grad = out.grad[0, :6, 0, 1]
    weight = 2 - 8 * 4 / 200
    sigmoid = [1 / (1 + math.exp(-v)) for v in (0.4, -1.0)]
    assert grad[0] == pytest.approx(weight * (sigmoid[0] - 0.3), abs=1e-5)
    assert grad[2] == pytest.approx(weight * (0.5 - math.log(0.8)), abs=1e-5)
    assert grad[4] == pytest.approx(sigmoid[1] - 1, abs=1e-5)


BODY = "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
HEAD = """
[convolutional]
filters=12
size=1
activation=linear
[yolo]
mask=0,1
anchors=40,20, 20,10
classes=1
num=2
"""
SMALL = "[net]\nwidth=160\nheight=120\nchannels=3\n" + 3 * BODY + HEAD


def picture(index: int) -> Pyramid:
    rng = np.random.default_rng(index)
    image = rng.integers(40, 90, (120, 160, 3), np.uint8)
    x, y = rng.integers(10, 100), rng.integers(10, 90)
    cv2.rectangle(image, (int(x), int(y)), (int(x) + 40, int(y) + 18), (250, 250, 250), -1)
    return Pyramid(image, [Box(x, y, x + 40, y + 18)])


def test_canvases_show_the_whole_picture_with_its_boxes() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        canvas, boxes, unclear = place(picture(seed), (160, 120), rng, Darknet())
        assert canvas.shape == (120, 160, 3)
        assert not unclear.any()
        (x0, y0, x1, y1), = boxes.round().astype(int)  # fmt: skip
        assert 0 <= x0 < x1 <= 160
        assert 0 <= y0 < y1 <= 120
        inside = canvas[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2].max(axis=2)
        assert inside.mean() > 1.5 * np.median(canvas.max(axis=2))


def test_a_run_is_resumed_after_it_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recipe's own way, on a small network; the checkpoint is what a kill leaves."""
    monkeypatch.setattr(
        detector_task, "training_pictures", lambda *_: {"scenes": list(map(picture, range(8)))}
    )
    monkeypatch.setattr(
        detector_task, "dev_pictures", lambda _: {"": list(map(picture, range(8, 12)))}
    )
    (tmp_path / "small.cfg").write_text(SMALL)
    cfg = read_cfg(tmp_path / "small.cfg")
    changes = ["schedule.batch=4", "schedule.subdivisions=2", "schedule.check_every=6",
               "schedule.warmup=4", "schedule.threads=1", "schedule.save_every=0.0"]  # fmt: skip

    def run(steps: int, out: Path, resume: bool) -> torch.nn.Module:
        recipe, _ = detector_recipe("seed-yolov3", [*changes, f"schedule.steps={steps}"])
        task = detector_task.DetectorTask(recipe, tmp_path, cfg)
        train(task, recipe.schedule, out, resume)
        return load_detector(out / "best.safetensors").network

    run(6, tmp_path / "two", False)
    (tmp_path / "two" / "metrics.jsonl").open("a").write('{"step": 11}\n')
    resumed = run(12, tmp_path / "two", True)
    whole = run(12, tmp_path / "one", False)
    for a, b in zip(resumed.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    steps = (tmp_path / "two" / "metrics.jsonl").read_text().splitlines()
    assert [line[:11] for line in steps] == ['{"step": 6,', '{"step": 12']
