"""Training a CTC recognizer of plates: configuration, data, network, loss, check."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from lpr.labels import LabelledPicture, read_labels
from lpr.models import Model
from lpr.recognize import CtcReader
from lpr.specs import CtcSpec
from lpr.types import Box, Crop, Float32, Image
from lpr_training.augment import Matrix, Photometry, photometric, shift, tilt, transform
from lpr_training.datasets import Pyramid, load, read_agreed
from lpr_training.fused import load_fused
from lpr_training.loop import Schedule
from lpr_training.metrics import score_texts
from lpr_training.rendered import rendered_crops
from lpr_training.synth.arrays import as_image

# ---------------------------------------------------------------------------- configuration


@dataclass(frozen=True, slots=True)
class Shape:
    """The network: channels of its eight 3 x 3 convolutions and of the layers after them."""

    channels: tuple[int, ...] = (16, 32, 64, 64, 96, 96, 128, 128)
    strides: tuple[tuple[int, int], ...] = (
        (2, 2), (1, 1), (2, 2), (1, 1), (2, 1), (1, 1), (2, 1), (1, 1),
    )  # fmt: skip
    context: int = 5
    dropout: float = 0.1


@dataclass(frozen=True, slots=True)
class Crops:
    """How crops are made.

    ``real`` is the share of real crops once training has got under way: until step ``easy`` all are
    rendered and easy, until ``mixed`` both the share and the difficulty grow (CTC finds no way into
    the whole variety at once). ``rendered`` plates and ``rendered_abroad`` (the share ``abroad`` of
    the rendered ones shown) are made beforehand, each seen in many ways.
    Light and sharpness change in the share ``spoilt`` of real crops, and in half as many rendered
    ones, which are photographs already: ``before`` the picture is taken there is another light,
    ``after`` it noise and compression. ``pixels`` bounds the width that a plate has in its picture.
    Sigmas: ``turn`` in degrees, ``jitter`` of each side of a box as a part of its size.
    """

    before: Photometry
    after: Photometry
    real: float = 0.5
    scenes: float = 0.3
    easy: int = 400
    mixed: int = 1600
    rendered: int = 8000
    abroad: float = 0.0
    rendered_abroad: int = 0
    spoilt: float = 1.0
    turn: float = 7.0
    jitter: float = 0.035
    pixels: tuple[float, float] = (30, 200)


@dataclass(frozen=True, slots=True)
class RecognizerRecipe:
    """``smoothing`` is the weight of label smoothing."""

    schedule: Schedule
    spec: CtcSpec
    crops: Crops
    smoothing: float = 0.0
    shape: Shape = field(default_factory=Shape)


# ---------------------------------------------------------------------------- network


class CtcNet(nn.Module):
    """Grey crops ``N x 1 x height x width`` to CTC logits ``N x T x C``; T = width / 4."""

    def __init__(self, shape: Shape, height: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 1
        for channels, stride in zip(shape.channels, shape.strides, strict=True):
            layers += _convolution(before, channels, (3, 3), stride, (1, 1))
            before = channels
            height = -(-height // stride[0])
        layers += _convolution(before, before, (height, 1), (1, 1), (0, 0))
        reach = (0, shape.context // 2)
        layers += _convolution(before, before, (1, shape.context), (1, 1), reach)
        layers += [nn.Dropout(shape.dropout), nn.Conv2d(before, classes, 1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        # Not squeeze(): OpenCV's ONNX importer gets its shape wrong in what follows.
        out: Tensor = self.layers(x)[:, :, 0].transpose(1, 2)
        return out


def _convolution(
    before: int, after: int, size: tuple[int, int], stride: tuple[int, int], pad: tuple[int, int]
) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, size, stride, pad, bias=False)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    return [convolution, nn.BatchNorm2d(after, momentum=0.03), nn.ReLU(inplace=True)]


# ---------------------------------------------------------------------------- data


@dataclass(frozen=True, slots=True)
class Batch:
    """``images`` N x 1 x H x W as the network takes them; ``texts`` as class numbers, joined."""

    images: Tensor
    texts: Tensor
    lengths: Tensor


@dataclass(frozen=True, slots=True)
class Written:
    """A plate whose text is known. ``quad`` (4 x 2) holds its corners, or those of its box where
    the corners are not known (``tight`` is False)."""

    picture: Pyramid
    quad: NDArray[np.float64]
    text: str
    tight: bool


def photographed(pictures: Iterable[LabelledPicture]) -> list[Written]:
    """The plates whose texts are known."""
    labelled = [p for p in pictures if any(plate.text for plate in p.plates)]
    return [
        Written(picture, np.array(Box(*map(float, box)).quad), plate.text, tight=False)
        for source, picture in zip(labelled, load(labelled), strict=True)
        for box, plate in zip(picture.boxes, source.plates, strict=True)
        if plate.text
    ]


def rendered(count: int, seed: int, abroad: bool = False) -> list[Written]:
    """Rendered plates of Taiwan or from ``abroad``, the widest first."""
    crops = rendered_crops(count, seed, abroad)
    plates = [Written(Pyramid(c.image), np.array(c.quad), c.text, tight=True) for c in crops]
    return sorted(plates, key=lambda plate: -float(np.ptp(plate.quad[:, 0])))


def frame(corners: NDArray[np.float64], tight: bool) -> Box:
    """The box that a labeller would draw around a plate whose ``corners`` have been moved.

    Corners that were a box's lie outside the plate's own, so the box around them would be too
    large: the middle between the tightest and the loosest box is taken.
    """
    x, y = np.sort(corners[:, 0]), np.sort(corners[:, 1])
    if tight:
        return Box(x[0], y[0], x[3], y[3])
    return Box(x[:2].mean(), y[:2].mean(), x[2:].mean(), y[2:].mean())


def jittered(box: Box, rng: np.random.Generator, sigma: float) -> Box:
    """``box`` as a detector might have placed it: each side moved, now and then by much."""
    if rng.random() < 0.15:
        sigma *= 2
    x, y = box.width * sigma, box.height * sigma
    return Box(*(v + float(rng.normal(0, s)) for v, s in zip(box, (x, y, x, y), strict=True)))


def to_crop(quad: NDArray[np.float64], spec: CtcSpec) -> Matrix:
    """From picture coordinates to those of a crop that shows ``quad`` with the spec's margin."""
    x, y = (n * spec.crop_margin / (1 + 2 * spec.crop_margin) for n in (spec.width, spec.height))
    right, bottom = spec.width - x, spec.height - y
    inner = np.array([(x, y), (right, y), (right, bottom), (x, bottom)], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(quad.astype(np.float32), inner))


def to_input(image: Image, spec: CtcSpec) -> Float32:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
    return np.asarray((grey - spec.mean) / spec.std, np.float32)[None]


class CropSampler:
    """Batches of crops; the one of a step depends on the seed and the step alone."""

    def __init__(self, sets: dict[str, list[Written]], recipe: RecognizerRecipe) -> None:
        self.sets, self.recipe = sets, recipe

    def batch(self, step: int) -> Batch:
        schedule, spec = self.recipe.schedule, self.recipe.spec
        images, texts = [], []
        for index in range(schedule.batch):
            rng = np.random.default_rng([schedule.seed, step, index])
            image, text = self.sample(rng, step)
            images.append(to_input(image, spec))
            texts.append([spec.alphabet.index(c) for c in text])
        return Batch(
            torch.from_numpy(np.stack(images)),
            torch.tensor([c for text in texts for c in text]),
            torch.tensor([len(text) for text in texts]),
        )

    def sample(self, rng: np.random.Generator, step: int) -> tuple[Image, str]:
        """One crop (``height x width x 3``) and its text."""
        crops = self.recipe.crops
        under_way = float(np.clip((step - crops.easy) / max(crops.mixed - crops.easy, 1), 0, 1))
        if rng.random() < crops.real * under_way:
            plates = self.sets["scenes" if rng.random() < crops.scenes else "crops"]
            plate, hardness = plates[rng.integers(len(plates))], 1.0
        else:
            abroad = rng.random() < crops.abroad * under_way
            plates, hardness = self.sets["abroad" if abroad else "rendered"], max(under_way, 0.1)
            plate = plates[rng.integers(max(int(len(plates) * max(under_way, 0.3)), 1))]
        image = self.view(plate, rng, hardness)
        if rng.random() < crops.spoilt * hardness * (0.5 if plate.tight else 1):
            image = self.photograph(image, rng)
        return image, plate.text

    def view(self, plate: Written, rng: np.random.Generator, hardness: float) -> Image:
        """``plate`` turned and leaning a little more than it does, in a box that does not quite
        fit; the less ``hardness``, the more upright."""
        crops, spec = self.recipe.crops, self.recipe.spec
        low, high = plate.quad.min(axis=0), plate.quad.max(axis=0)
        size = (float(high[0] - low[0]), float(high[1] - low[1]))
        turn = crops.turn * hardness * (0.5 if plate.tight else 1)
        matrix = tilt(rng, size, turn, 0.08 * hardness) @ shift(*-low)
        corners = transform(matrix, plate.quad)
        box = jittered(frame(corners, plate.tight), rng, crops.jitter * hardness)
        quad = corners + (np.array(box.quad) - corners) * hardness
        image = np.zeros((spec.height, spec.width, 3), np.uint8)
        plate.picture.draw(to_crop(quad, spec) @ matrix, image, cv2.BORDER_REPLICATE)
        return image

    def photograph(self, image: Image, rng: np.random.Generator) -> Image:
        """``image`` in other light and taken with fewer pixels."""
        crops, spec = self.recipe.crops, self.recipe.spec
        image = photometric(image, rng, crops.before)
        width = np.exp(rng.uniform(*np.log(crops.pixels))) * (1 + 2 * spec.crop_margin)
        if width < spec.width:
            small = (round(width), max(round(width * spec.height / spec.width), 8))
            image = as_image(cv2.resize(image, small, interpolation=cv2.INTER_AREA))
        image = photometric(image, rng, crops.after)
        whole = cv2.resize(image, (spec.width, spec.height), interpolation=cv2.INTER_LINEAR)
        return as_image(whole)


# ---------------------------------------------------------------------------- check


class TorchRecognizer:
    """A network in training as a :class:`lpr.protocols.CtcRecognizer`: it is checked by the code
    that will run it."""

    def __init__(self, model: nn.Module, spec: CtcSpec) -> None:
        self.model, self.spec = model, spec

    @torch.no_grad()
    def logits(self, batch: Float32) -> Float32:
        return np.ascontiguousarray(self.model(torch.from_numpy(batch)).numpy())

    def close(self) -> None: ...


class RecognizerTask:
    """A recognizer, its crops and its check on ``dev``, for :func:`lpr_training.loop.train`."""

    def __init__(self, recipe: RecognizerRecipe, root: Path) -> None:
        seed = recipe.schedule.seed
        torch.manual_seed(seed)
        self.recipe, self.spec = recipe, recipe.spec
        self.network = CtcNet(recipe.shape, recipe.spec.height, recipe.spec.classes)
        self.model: nn.Module = self.network
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        scenes = read_labels(root / "taiwan-scenes", "train")
        sets = {
            "crops": photographed(read_labels(root / "taiwan-crops", "train")),
            "scenes": photographed(scenes + read_agreed(root / "taiwan-scenes")),
            "rendered": rendered(recipe.crops.rendered, seed),
            "abroad": rendered(recipe.crops.rendered_abroad, seed, abroad=True),
        }
        self.batch: Callable[[int], Batch] = CropSampler(sets, recipe).batch
        self.dev = {
            "crops": photographed(read_labels(root / "taiwan-crops", "dev")),
            "scenes": photographed(read_labels(root / "taiwan-scenes", "dev")),
        }

    def start_from(self, model: Model) -> None:
        """Take over a published recognizer's weights.

        Raises :class:`lpr.errors.ModelError` where its file holds another network.
        """
        batches = [self.batch(self.recipe.schedule.steps + number).images for number in range(16)]
        load_fused(self.network.layers, model.recognizer.file, torch.cat(batches))

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, float]]:
        logits = self.model(batch.images)
        steps = torch.full((len(logits),), logits.shape[1])
        scores = logits.log_softmax(2)
        # Label smoothing: the uniform distribution's cross entropy, beyond its least value.
        uniform = -scores.mean() - math.log(logits.shape[2])
        loss = functional.ctc_loss(
            scores.transpose(0, 1),
            batch.texts,
            steps,
            batch.lengths,
            blank=self.spec.blank,
            zero_infinity=True,
        )
        return loss + self.recipe.smoothing * uniform, {"ctc": float(loss.detach())}

    def check(self, model: nn.Module, margin: float | None = None) -> dict[str, float]:
        """Read the plates of ``dev``, by their labelled boxes and by boxes that are a little off;
        with another ``margin`` around them than the spec's, if one is given."""
        spec = self.spec if margin is None else replace(self.spec, crop_margin=margin)
        reader = CtcReader(TorchRecognizer(model, spec))
        figures: dict[str, float] = {}
        for name, plates in self.dev.items():
            rng = np.random.default_rng(0)
            wanted = [plate.text for plate in plates]
            boxes = [frame(plate.quad, tight=True) for plate in plates]
            for end, moved in (("", boxes), ("_jittered", [jittered(b, rng, 0.04) for b in boxes])):
                crops = [
                    Crop(p.picture.levels[0], b.quad) for p, b in zip(plates, moved, strict=True)
                ]
                texts = [reading.text for reading in reader.read(crops)]
                figures[name + end], figures[f"{name}{end}_cer"] = score_texts(texts, wanted)
        keys = ("crops", "crops_jittered", "scenes", "scenes_jittered")
        # Texts that are nearly right count too: in the beginning none is exact.
        figures["score"] = sum(figures[k] - figures[f"{k}_cer"] / 2 for k in keys) / len(keys)
        return figures
