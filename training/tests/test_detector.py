from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.nn.utils.parametrize import is_parametrized  # noqa: E402

from lpr.darknet.cfg import parse, read_cfg  # noqa: E402
from lpr.darknet.weights import read_weights  # noqa: E402
from lpr.detection.heads import Head, decode_head  # noqa: E402
from lpr.models import load_model  # noqa: E402
from lpr.types import Box  # noqa: E402
from lpr_torch.checkpoints import load_detector  # noqa: E402
from lpr_torch.darknet import DarknetNet  # noqa: E402
from lpr_training.datasets.pyramid import Pyramid  # noqa: E402
from lpr_training.detector import task as detector_task  # noqa: E402
from lpr_training.detector.batches import Batch, DetectorBatches  # noqa: E402
from lpr_training.detector.loss import Grid, assign, detection_loss, overlap  # noqa: E402
from lpr_training.detector.recipe import Data, DetectorRecipe  # noqa: E402
from lpr_training.detector.task import find  # noqa: E402
from lpr_training.engine.loop import train  # noqa: E402
from lpr_training.engine.schedule import Schedule  # noqa: E402

HEADS = [Head(((60.0, 30.0),), 1, 2.0), Head(((24.0, 12.0),), 1, 1.2)]
GRID = Grid(HEADS, (96, 64))
SHAPES = [(2, 3), (4, 6)]

CFG = """[net]
width=96
height=96
channels=3
[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=relu
[convolutional]
batch_normalize=1
filters=24
size=3
stride=2
pad=1
activation=relu
[convolutional]
batch_normalize=1
filters=24
size=3
stride=2
pad=1
activation=relu
[convolutional]
batch_normalize=1
filters=24
size=3
stride=1
pad=1
activation=relu
[convolutional]
filters=6
size=1
stride=1
pad=1
activation=linear
[yolo]
mask=0
anchors=32,16
classes=1
num=1
scale_x_y=2.0
"""


def raw(seed: int) -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(2, 6, *shape, generator=draw) for shape in SHAPES]


def plates(*rows: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor(rows).reshape(-1, 5)


def batch(labelled: torch.Tensor, ignored: torch.Tensor) -> Batch:
    return Batch(torch.zeros(2, 64, 96, 3, dtype=torch.uint8), labelled, ignored)


def test_training_decodes_as_the_reader_does() -> None:
    heads = raw(0)
    boxes, objects, classes = GRID.decode(heads)
    scores = objects.sigmoid() * classes.sigmoid()
    for picture in range(2):
        parts = [
            decode_head(head[picture].numpy(), spec, 96, 64, 0.0)
            for head, spec in zip(heads, HEADS, strict=True)
        ]
        expected_boxes = np.concatenate([part[0] for part in parts])
        expected_scores = np.concatenate([part[1] for part in parts])
        np.testing.assert_allclose(boxes[picture].numpy(), expected_boxes, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(scores[picture].numpy(), expected_scores, rtol=1e-4)


def test_candidates_are_cells_that_can_reach_the_centre() -> None:
    plate = torch.tensor([[30.0, 20.0, 62.0, 36.0]])
    index, usable = GRID.candidates(plate, SHAPES)
    assert usable.any()
    for picked in index[usable].tolist():
        reached = []
        for offset in (-20.0, 20.0):
            heads = [torch.full((1, 6, *shape), offset) for shape in SHAPES]
            boxes, _, _ = GRID.decode([head.clamp(-20, 20) for head in heads])
            reached.append((boxes[0, picked, :2] + boxes[0, picked, 2:]) / 2)
        centre = torch.tensor([46.0, 28.0])
        assert (torch.minimum(*reached) <= centre).all()
        assert (torch.maximum(*reached) >= centre).all()


def test_a_plate_in_the_corner_has_candidates_inside_the_grid() -> None:
    index, usable = GRID.candidates(torch.tensor([[80.0, 50.0, 96.0, 60.0]]), SHAPES)
    assert usable.any()
    assert int(index[usable].max()) < sum(rows * columns for rows, columns in SHAPES)


def test_overlap_agrees_with_boxes() -> None:
    a, b = Box(0, 0, 10, 10), Box(5, 0, 15, 10)
    iou, complete = overlap(torch.tensor([a]), torch.tensor([b]))
    assert float(iou) == pytest.approx(a.iou(b), abs=1e-5)
    assert float(complete) < float(iou)
    same, best = overlap(torch.tensor([a]), torch.tensor([a]))
    assert float(same) == pytest.approx(1, abs=1e-5)
    assert float(best) == pytest.approx(1, abs=1e-5)


def test_a_cell_that_two_plates_want_goes_to_the_better_one() -> None:
    cells = torch.tensor([[0, 1], [0, 1]])
    iou = torch.tensor([[0.9, 0.1], [0.8, 0.7]])
    chosen = assign(iou, torch.full((2, 2), 0.5), cells, torch.ones(2, 2, dtype=torch.bool))
    assert chosen.tolist()[0] == [True, False]
    assert not chosen[1, 0]


def test_every_plate_gets_a_cell_while_nothing_has_been_learnt() -> None:
    cells = torch.tensor([[0, 1], [2, 3]])
    usable = torch.tensor([[True, True], [False, True]])
    chosen = assign(torch.zeros(2, 2), torch.full((2, 2), 0.01), cells, usable)
    assert chosen.any(dim=1).all()
    assert not chosen[1, 0]


def test_pictures_without_plates_teach_only_that_nothing_is_there() -> None:
    heads = [head.requires_grad_() for head in raw(1)]
    total, parts = detection_loss(GRID, heads, batch(plates(), plates()))
    total.backward()
    assert parts["box"] == parts["class"] == 0
    assert all(head.grad[:, 4].gt(0).all() for head in heads)


def test_ignored_plates_teach_nothing() -> None:
    heads = [head.requires_grad_() for head in raw(2)]
    whole = plates((0, 0, 0, 96, 64))
    total, _ = detection_loss(GRID, heads, batch(plates(), whole))
    total.backward()
    assert all(head.grad[0].abs().max() == 0 for head in heads)
    assert all(head.grad[1].abs().max() > 0 for head in heads)


def white_plates(count: int) -> list[Pyramid]:
    made = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        image = rng.integers(0, 90, (96, 96, 3), np.uint8)
        x, y = int(rng.integers(5, 55)), int(rng.integers(5, 70))
        image[y : y + 16, x : x + 32] = 240
        made.append(Pyramid(image, [Box(x, y, x + 32, y + 16)]))
    return made


def test_batches_depend_on_seed_and_step_alone() -> None:
    recipe = DetectorRecipe(
        Schedule(steps=4, batch=3), sizes=((0, 64), (2, 96)), data=Data(edited=0.5)
    )
    sets = {"scenes": white_plates(4), "crops": white_plates(2)}
    first, again = (
        DetectorBatches(sets, recipe, (64, 64)).batch(1),
        DetectorBatches(sets, recipe, (64, 64)).batch(1),
    )
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.plates, again.plates)
    assert first.images.shape == (3, 64, 64, 3)
    assert DetectorBatches(sets, recipe, (64, 64)).batch(2).images.shape == (3, 96, 96, 3)


def test_a_detector_learns_to_find_white_plates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way, small: canvases, assignment, loss, averaged weights, the reader's own find."""
    monkeypatch.setattr(detector_task, "training_pictures", lambda *_: {"scenes": white_plates(20)})
    monkeypatch.setattr(
        detector_task, "dev_pictures", lambda _: {"": white_plates(6), "crops_": white_plates(6)}
    )
    recipe = DetectorRecipe(
        Schedule(steps=60, batch=8, check_every=30, rate=0.01, warmup=5, ema_decay=0.9, threads=1),
        sizes=((0, 96),),
        data=Data(edited=0),
    )
    task = detector_task.DetectorTask(recipe, tmp_path, parse(CFG))
    best = train(task, recipe.schedule, tmp_path)
    assert any(map(is_parametrized, task.model.modules()))
    network = load_detector(best).network  # without branches, as it is published
    held_out = white_plates(30)[20:]
    found = find(network, task.heads, task.size, [p.levels[0] for p in held_out])
    for boxes, picture in zip(found, held_out, strict=True):
        assert Box(*boxes[0, :4].tolist()).iou(Box(*picture.boxes[0].tolist())) > 0.5


def test_other_anchors_begin_with_the_same_boxes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector_task, "training_pictures", lambda *_: {"scenes": white_plates(2)})
    monkeypatch.setattr(detector_task, "dev_pictures", lambda _: {})
    published = load_model("tw-light")
    text = published.detector.cfg.read_text()
    usual, other = (
        parse(text),
        parse(re.sub(r"anchors=.*", "anchors=22,6, 40,30, 60,90", text)),
    )
    picture = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    plain = DarknetNet(usual)
    plain.load(read_weights(published.detector.weights, usual))
    task = detector_task.DetectorTask(
        DetectorRecipe(Schedule(steps=1), branches=False), tmp_path, other
    )
    task.start_from(published)
    with torch.no_grad():
        for ours, theirs, new, old in zip(
            task.model.eval()(picture), plain.eval()(picture), other.heads, usual.heads, strict=True
        ):
            one = decode_head(ours[0].numpy(), Head.of(new), 96, 96, 0.0)
            two = decode_head(theirs[0].numpy(), Head.of(old), 96, 96, 0.0)
            np.testing.assert_allclose(one[0], two[0], rtol=1e-3, atol=1e-3)
            np.testing.assert_allclose(one[1], two[1], rtol=1e-3, atol=1e-4)


def test_canvases_have_the_proportions_that_the_recipe_names() -> None:
    recipe = DetectorRecipe(
        Schedule(steps=40, batch=1), sizes=((0, 128),), aspects=(1.0, 2.0), data=Data(edited=0)
    )
    sizes = {recipe.size_at(step) for step in range(40)}
    assert sizes == {(128, 128), (160, 96)}
    images = DetectorBatches({"scenes": white_plates(4)}, recipe, (64, 64)).batch(0).images
    assert (images.shape[2], images.shape[1]) == recipe.size_at(0)


def test_a_detector_starts_from_a_published_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector_task, "training_pictures", lambda *_: {"scenes": white_plates(2)})
    monkeypatch.setattr(detector_task, "dev_pictures", lambda _: {})
    published = load_model("tw-light")
    cfg = read_cfg(published.detector.cfg)
    task = detector_task.DetectorTask(DetectorRecipe(Schedule(steps=1)), tmp_path, cfg)
    task.start_from(published)
    plain = DarknetNet(cfg)
    plain.load(read_weights(published.detector.weights, cfg))
    picture = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for ours, theirs in zip(task.model.eval()(picture), plain.eval()(picture), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
