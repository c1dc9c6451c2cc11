"""Crops to train a recognizer on: photographed and rendered plates, changed as they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lpr.errors import SourceError
from lpr.labels import LabelledPicture
from lpr.specs import CtcSpec
from lpr.types import Box, Float32, Image
from lpr_training.augment import (
    Affine,
    Matrix,
    Photometry,
    affine,
    photometric,
    shift,
    tilt,
    transform,
)
from lpr_training.datasets import Pyramid, load
from lpr_training.rendered import rendered_crops
from lpr_training.schedule import Schedule
from lpr_training.synth.arrays import as_image


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
    Sigmas: ``turn`` in degrees, ``lean`` of shear and perspective, ``jitter`` of each side of a box
    as a part of its size. ``affine`` moves what the box shows once more, within the crop.
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
    lean: float = 0.08
    jitter: float = 0.035
    pixels: tuple[float, float] = (30, 200)
    affine: Affine = field(default_factory=Affine)


@dataclass(frozen=True, slots=True)
class Batch:
    """``images`` N x K x H x W as the network takes them (K = 1 for grey, else 3); ``texts`` as
    class numbers, joined."""

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


def photographed(pictures: Iterable[LabelledPicture], alphabet: str) -> list[Written]:
    """The plates whose texts are known.

    Raises :class:`lpr.errors.SourceError` for a text with characters that ``alphabet`` lacks.
    """
    labelled = [p for p in pictures if any(plate.text for plate in p.plates)]
    for picture in labelled:
        for plate in picture.plates:
            if lacking := sorted(set(plate.text or "") - set(alphabet)):
                raise SourceError(
                    f"{picture.path}: its label {plate.text} has {', '.join(lacking)}, which the "
                    "recipe's alphabet lacks; correct the label, or spec.alphabet"
                )
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
    if spec.channels == "gray":
        planes = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[None]
    else:
        planes = np.moveaxis(image[..., ::-1] if spec.channels == "rgb" else image, -1, 0)
    return np.asarray((planes.astype(np.float32) / 255 - spec.mean) / spec.std, np.float32)


class CropSampler:
    """Batches of crops; the one of a step depends on the seed and the step alone."""

    def __init__(
        self, sets: dict[str, list[Written]], crops: Crops, spec: CtcSpec, schedule: Schedule
    ) -> None:
        self.sets, self.crops, self.spec, self.schedule = sets, crops, spec, schedule

    def batch(self, number: int) -> Batch:
        schedule = self.schedule
        step = number // schedule.subdivisions
        return self._batch(
            self.sample(np.random.default_rng([schedule.seed, number, index]), step)
            for index in range(schedule.part)
        )

    def as_they_are(self, plates: Iterable[Written]) -> Batch:
        """One crop of each plate by its labelled box, unchanged."""
        return self._batch((self._cut(plate), plate.text) for plate in plates)

    def _batch(self, samples: Iterable[tuple[Image, str]]) -> Batch:
        images, texts = [], []
        for image, text in samples:
            images.append(to_input(image, self.spec))
            texts.append([self._class(char) for char in text])
        return Batch(
            torch.from_numpy(np.stack(images)),
            torch.tensor([c for text in texts for c in text]),
            torch.tensor([len(text) for text in texts]),
        )

    def _class(self, char: str) -> int:
        place = self.spec.alphabet.index(char)
        return place + (place >= self.spec.blank)

    def _cut(self, plate: Written) -> Image:
        spec = self.spec
        quad = np.array(frame(plate.quad, plate.tight).quad)
        image = np.zeros((spec.height, spec.width, 3), np.uint8)
        plate.picture.draw(to_crop(quad, spec), image, cv2.BORDER_REPLICATE)
        return image

    def sample(self, rng: np.random.Generator, step: int) -> tuple[Image, str]:
        """One crop (``height x width x 3``) and its text."""
        crops = self.crops
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
        crops, spec = self.crops, self.spec
        low, high = plate.quad.min(axis=0), plate.quad.max(axis=0)
        size = (float(high[0] - low[0]), float(high[1] - low[1]))
        turn = crops.turn * hardness * (0.5 if plate.tight else 1)
        matrix = tilt(rng, size, turn, crops.lean * hardness) @ shift(*-low)
        corners = transform(matrix, plate.quad)
        box = jittered(frame(corners, plate.tight), rng, crops.jitter * hardness)
        quad = corners + (np.array(box.quad) - corners) * hardness
        image = np.zeros((spec.height, spec.width, 3), np.uint8)
        moved = affine(rng, (spec.width, spec.height), crops.affine, hardness)
        plate.picture.draw(moved @ to_crop(quad, spec) @ matrix, image, cv2.BORDER_REPLICATE)
        return image

    def photograph(self, image: Image, rng: np.random.Generator) -> Image:
        """``image`` in other light and taken with fewer pixels."""
        crops, spec = self.crops, self.spec
        image = photometric(image, rng, crops.before)
        width = np.exp(rng.uniform(*np.log(crops.pixels))) * (1 + 2 * spec.crop_margin)
        if width < spec.width:
            small = (round(width), max(round(width * spec.height / spec.width), 8))
            image = as_image(cv2.resize(image, small, interpolation=cv2.INTER_AREA))
        image = photometric(image, rng, crops.after)
        whole = cv2.resize(image, (spec.width, spec.height), interpolation=cv2.INTER_LINEAR)
        return as_image(whole)
