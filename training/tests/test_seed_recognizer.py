"""The ResNet + GRU family in training."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lpr.errors import LprError, ModelError, SourceError  # noqa: E402
from lpr.labels import read_labels  # noqa: E402
from lpr.models import load_model  # noqa: E402
from lpr.specs import CtcSpec  # noqa: E402
from lpr_torch.resnet_gru import ResNetGru  # noqa: E402
from lpr_training.augmentation.geometric import Affine, affine, transform  # noqa: E402
from lpr_training.datasets.label_noise import LabelNoise  # noqa: E402
from lpr_training.datasets.plate_samples import PlateSample, photographed, rendered  # noqa: E402
from lpr_training.datasets.sets import LabelledSet  # noqa: E402
from lpr_training.engine.loop import train  # noqa: E402
from lpr_training.publishing.run_export import finish_recognizer  # noqa: E402
from lpr_training.recognizer.batches import RecognizerBatches, to_input  # noqa: E402
from lpr_training.recognizer.distillation import Distil, Teacher  # noqa: E402
from lpr_training.recognizer.plates import Plates, read_plates  # noqa: E402
from lpr_training.recognizer.recipe import RecognizerRecipe, recognizer_recipe  # noqa: E402
from lpr_training.recognizer.task import RecognizerTask  # noqa: E402
from lpr_training.synth.plates.render import render_plate  # noqa: E402

EXPERIMENTS = {
    "seed-no-axis-switch": ("seed-resnet18", {"axis_switch": False}),
    "seed-gru-128": ("seed-resnet18", {"gru": 128}),
    "seed-dense-128": ("seed-resnet18", {"dense": 128}),
    "seed-dense-norm": ("seed-resnet18-2222-64", {"dense_norm": True}),
    "seed-group-norm": ("seed-resnet18-2222", {"norm": "group"}),
    "seed-transformer": ("seed-resnet18-2222", {"transformer": True}),
    "seed-lstm": ("seed-resnet18-2222", {"reader": "lstm"}),
    "seed-rnn": ("seed-resnet18-2222", {"reader": "rnn"}),
    "seed-convolution": ("seed-resnet18-2222", {"reader": "convolution"}),
    "seed-gru-512": ("seed-resnet18-2222", {"gru": 512}),
    "seed-dense-256": ("seed-resnet18-2222", {"dense": 256}),
    "seed-resnet10": ("seed-resnet18-2222", {"blocks": (1, 1, 1, 1)}),
    "seed-resnet26": ("seed-resnet18-2222", {"blocks": (3, 3, 3, 3)}),
    "seed-backward-reversed": ("seed-resnet18-2222", {"backward_in_order": False}),
}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
TINY = ["resnet_gru.filters=16", "resnet_gru.gru=8", "resnet_gru.dense=16", "schedule.batch=4",
        "schedule.threads=1", "crops.rendered=24", "schedule.steps=4",
        "schedule.check_every=2"]  # fmt: skip


def plates_of(recipe: RecognizerRecipe, data: Path) -> Plates:
    return read_plates(data, recipe.crops, recipe.spec, recipe.schedule.seed)


@pytest.fixture(scope="module")
def plates() -> list[PlateSample]:
    return rendered(24, 5)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sets of the names that training looks for, of rendered plates."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for name in ("taiwan-scenes", "taiwan-crops"):
        (root / name / "images").mkdir(parents=True)
        with (root / name / "labels.csv").open("w", newline="") as stream:
            table = csv.writer(stream)
            table.writerow(["file", "xmin", "ymin", "xmax", "ymax", "text", "split"])
            for number in range(12):
                plate = render_plate(rng, width=120)
                height, width = plate.image.shape[:2]
                file = f"tw{number:04d}.png"
                cv2.imwrite(str(root / name / "images" / file), plate.image)
                split = "train" if number < 6 else "dev"
                table.writerow([file, 0, 0, width, height, plate.text, split])
    return root


def test_the_recipe_is_the_founding_systems() -> None:
    recipe = recognizer_recipe("seed-resnet18-2222-64")
    assert recipe.network == ResNetGru((2, 2, 2, 2), 64, False, 5, 64, False, 256, True, True)
    spec = recipe.spec
    assert (spec.width, spec.height, spec.channels, spec.resize) == (128, 64, "rgb", "stretch")
    assert (spec.mean, spec.std, spec.dropped_steps, spec.blank) == (0, 1, 2, 36)
    assert recipe.crops.affine == Affine(30.0, 0.1, 0.2, 0.2, 0.2)
    assert recipe.keep == "loss"
    assert (recipe.ctc, recipe.schedule.decayed) == ("plate", "convolutions")


@pytest.mark.parametrize(
    ("name", "blocks", "filters", "bottleneck"),
    [
        ("seed-resnet18", (2, 4, 4, 2), 32, False),
        ("seed-resnet18-2222", (2, 2, 2, 2), 32, False),
        ("seed-resnet34", (3, 4, 6, 3), 32, True),
        ("seed-resnet50", (3, 4, 6, 3), 64, True),
        ("seed-resnet101", (3, 4, 23, 3), 64, True),
    ],
)
def test_the_family_differs_in_its_blocks_alone(
    name: str, blocks: tuple[int, ...], filters: int, bottleneck: bool
) -> None:
    best, other = recognizer_recipe("seed-resnet18-2222-64"), recognizer_recipe(name)
    assert other.network == ResNetGru(blocks, filters, bottleneck)
    assert (other.schedule, other.spec, other.crops) == (best.schedule, best.spec, best.crops)


def test_what_was_varied_is_a_field() -> None:
    changes = ["resnet_gru.axis_switch=false", "resnet_gru.dense_norm=true", "resnet_gru.gru=128",
               "resnet_gru.backward_in_order=false", "resnet_gru.dense=128",
               "crops.affine.shear=0.1"]  # fmt: skip
    recipe = recognizer_recipe("seed-resnet18-2222-64", changes)
    assert recipe.network == ResNetGru(
        dense=128, dense_norm=True, gru=128, axis_switch=False, backward_in_order=False
    )
    assert recipe.crops.affine.shear == 0.1


def test_movements_stay_within_their_ranges() -> None:
    rng = np.random.default_rng(0)
    corners = np.array([[0, 0], [128, 0], [128, 64], [0, 64]], np.float64)
    shifts = Affine(shift_x=0.1, shift_y=0.2)
    moved = np.array([transform(affine(rng, (128, 64), shifts), corners) for _ in range(300)])
    by = np.abs(moved - corners).max(axis=(0, 1))
    assert 12 < by[0] <= 12.8
    assert 12 < by[1] <= 12.8
    turned = transform(affine(rng, (128, 64), Affine(rotation=30)), corners)
    assert turned.mean(axis=0) == pytest.approx([64, 32])
    assert np.linalg.norm(turned[1] - turned[0]) == pytest.approx(128)
    assert (affine(rng, (128, 64), Affine()) == np.eye(3)).all()


def test_shear_is_in_degrees() -> None:
    matrices = [affine(np.random.default_rng(n), (128, 64), Affine(shear=10.0)) for n in range(200)]
    angles = np.rad2deg([-np.arcsin(matrix[0, 1]) for matrix in matrices])
    assert 9 < np.abs(angles).max() <= 10


def test_colours_are_those_of_the_spec() -> None:
    image = np.zeros((2, 3, 3), np.uint8)
    image[..., 0] = 255  # blue
    spec = CtcSpec("AB", 2, 3, 2, channels="rgb")
    assert to_input(image, spec)[:, 0, 0].tolist() == [0, 0, 1]
    assert to_input(image, CtcSpec("AB", 2, 3, 2, channels="bgr"))[:, 0, 0].tolist() == [1, 0, 0]


def test_the_teacher_knows_what_it_is_shown(plates: list[PlateSample]) -> None:
    """A pupil that says what the teacher says hears less than one that says anything else."""
    recipe = recognizer_recipe("seed-resnet18-2222-64-cpu")
    spec = recipe.spec
    sampler = RecognizerBatches({}, recipe.crops, spec, recipe.schedule)
    batch = sampler.as_they_are(plates[:8])
    teacher = Teacher(Distil("tw-light"), spec)
    right = torch.full((8, 30, 37), -20.0)
    start = 0
    for number, length in enumerate(batch.lengths.tolist()):
        text = batch.texts[start : start + length].tolist()
        start += length
        assert "".join(spec.alphabet[c] for c in text) == plates[number].text
    seen = torch.from_numpy(teacher._network.logits(teacher._teacher_input(batch.images).numpy()))
    classes = teacher._classes
    right = seen[:, 2:, classes].log_softmax(2)
    other = right.roll(1, dims=0)
    assert teacher.loss(batch.images, right) < teacher.loss(batch.images, other)
    # Its classes in the pupil's order spell the plates.
    best = right.argmax(2)
    texts = [
        "".join(spec.alphabet[c] for c, before in zip(row, [36, *row[:-1]], strict=True)
                if c not in (36, before))
        for row in best.tolist()
    ]  # fmt: skip
    assert sum(a == p.text for a, p in zip(texts, plates, strict=False)) >= 4


def test_a_teacher_of_other_crops_is_refused() -> None:
    with pytest.raises(LprError, match="cannot teach"):
        Teacher(Distil("tw-light"), CtcSpec("AB", 2, 64, 32))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_differs_in_what_it_is_about_alone(name: str) -> None:
    base, changes = EXPERIMENTS[name]
    usual, changed = recognizer_recipe(base), recognizer_recipe(name)
    assert usual.resnet_gru is not None
    assert changed == replace(usual, resnet_gru=replace(usual.resnet_gru, **changes))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("seed-unchecked-boxes", LabelNoise(boxes=0.261)),
        ("seed-unchecked-texts", LabelNoise(texts=0.261)),
    ],
)
def test_unchecked_labels_are_wrong_as_often_as_its_were(
    name: str, wrong: LabelNoise, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wrong.boxes + wrong.texts == pytest.approx(5098 / 19515, abs=1e-3)
    recipe = recognizer_recipe(name, ["crops.rendered=200"])
    assert recipe.crops.wrong == wrong
    monkeypatch.setattr(LabelledSet, "agreed", lambda _: [])
    found = plates_of(recipe, data)
    checked = plates_of(replace(recipe, crops=replace(recipe.crops, wrong=LabelNoise())), data)
    spoilt = [
        a.text != b.text or not np.array_equal(a.quad, b.quad)
        for a, b in zip(found.train["rendered"], checked.train["rendered"], strict=True)
    ]
    assert np.mean(spoilt) == pytest.approx(0.261, abs=0.08)
    texts = [[p.text for p in sets.dev["crops"]] for sets in (found, checked)]
    assert texts[0] == texts[1]


def test_labels_beyond_the_alphabet_are_named(data: Path) -> None:
    pictures = read_labels(data / "taiwan-crops", "train")
    text = pictures[0].plates[0].text or ""
    alphabet = ALPHABET.replace(text[0], "")
    with pytest.raises(SourceError, match=rf"its label {text} has {text[0]}, which the recipe's"):
        photographed(pictures, alphabet)
    recipe = recognizer_recipe("seed-resnet18-2222-64", [f'spec.alphabet="{alphabet}"'])
    with pytest.raises(LprError, match=f"rendered plates also show {text[0]}"):
        plates_of(recipe, data)


@pytest.mark.parametrize("name", ["seed-resnet18-2222-64", "seed-resnet18-2222-64-cpu"])
def test_a_run_goes_from_crops_to_files(
    name: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LabelledSet, "agreed", lambda _: [])
    recipe = recognizer_recipe(name, TINY)
    found = plates_of(recipe, data)
    task = RecognizerTask(recipe, found)
    best = train(task, recipe.schedule, tmp_path)
    figures = task.check(task.model.eval())
    assert math.isfinite(figures["score"])
    assert ("dev_loss" in figures) == (recipe.keep == "loss")
    finish_recognizer(task, best, tmp_path)
    assert (tmp_path / "recognizer.onnx").is_file()
    wider = recognizer_recipe(name, [*TINY, "resnet_gru.filters=32"])
    task = RecognizerTask(wider, found)
    task.start_from_checkpoint(best)
    with pytest.raises(ModelError, match="only plain networks"):
        task.start_from(load_model())
