"""Crops to train a recognizer on: plates, changed as they are shown, and batches of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lpr.specs import CtcSpec
from lpr.types import Float32, Image
from lpr_training.augmentation.geometric import Affine, Matrix, affine, shift, tilt, transform
from lpr_training.augmentation.photometric import Photometry, photometric
from lpr_training.datasets.label_noise import LabelNoise
from lpr_training.datasets.plate_samples import PlateSample, frame, jittered
from lpr_training.engine.schedule import Schedule
from lpr_training.synth.arrays import as_image


@dataclass(frozen=True, slots=True)
class RecognizerBatches:
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
    Plates whose corners are known are shown by these, not by their box, in the share ``rectified``.
    ``region`` is the code of those that are rendered and not from abroad.
    ``others`` is the share of crops that show no plate: rendered things (``rendered_others`` of
    them) and pieces of photographs. ``wrong`` labels are made wrong on purpose.
    """

    before: Photometry
    after: Photometry
    real: float = 0.5
    scenes: float = 0.3
    easy: int = 400
    mixed: int = 1600
    rendered: int = 8000
    region: str = "tw"
    abroad: float = 0.0
    rendered_abroad: int = 0
    spoilt: float = 1.0
    turn: float = 7.0
    lean: float = 0.08
    jitter: float = 0.035
    pixels: tuple[float, float] = (30, 200)
    affine: Affine = field(default_factory=Affine)
    rectified: float = 0.0
    others: float = 0.0
    rendered_others: int = 0
    wrong: LabelNoise = field(default_factory=LabelNoise)


@dataclass(frozen=True, slots=True)
class AttributeTargets:
    """What a summary (:mod:`lpr.specs.plate_attributes`) should say of each crop: ``plate`` 0 or 1,
    ``corners`` (N x 8, in parts of the crop), ``lines`` 0 for one and 1 for two, and the numbers of
    ``ground``, ``ink`` and ``region``. NaN and -1 where nobody knows."""

    plate: Tensor
    corners: Tensor
    lines: Tensor
    ground: Tensor
    ink: Tensor
    region: Tensor

    def to(self, device: torch.device) -> AttributeTargets:
        return AttributeTargets(*(getattr(self, f.name).to(device) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Batch:
    """``images`` N x K x H x W as the network takes them (K = 1 for grey, else 3); ``texts`` as
    class numbers, joined."""

    images: Tensor
    texts: Tensor
    lengths: Tensor
    facts: AttributeTargets

    def to(self, device: torch.device) -> Batch:
        # CTC wants to know the lengths before the GPU does anything: they stay.
        texts = self.texts.to(device)
        return Batch(self.images.to(device), texts, self.lengths, self.facts.to(device))


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


@dataclass(frozen=True, slots=True)
class CropSample:
    """A crop (``height x width x 3``) of a plate, and the way (3 x 3) from the plate's picture."""

    image: Image
    plate: PlateSample
    matrix: Matrix


class CropSampler:
    """Batches of crops; the one of a step depends on the seed and the step alone."""

    def __init__(
        self,
        sets: Mapping[str, list[PlateSample]],
        crops: RecognizerBatches,
        spec: CtcSpec,
        schedule: Schedule,
    ) -> None:
        self.sets, self.crops, self.spec, self.schedule = sets, crops, spec, schedule

    def batch(self, number: int) -> Batch:
        schedule = self.schedule
        step = number // schedule.subdivisions
        return self._batch(
            self.sample(np.random.default_rng([schedule.seed, number, index]), step)
            for index in range(schedule.micro_batch)
        )

    def as_they_are(self, plates: Iterable[PlateSample]) -> Batch:
        """One crop of each plate by its labelled box, unchanged."""
        return self._batch(self._cut(plate) for plate in plates)

    def _batch(self, shots: Iterable[CropSample]) -> Batch:
        shots = list(shots)
        texts = [[self._class(char) for char in shot.plate.text] for shot in shots]
        looks = [shot.plate.looks for shot in shots]
        unknown = np.full(8, np.nan)
        corners = [self._corners(shot) if shot.plate.tight else unknown for shot in shots]
        facts = AttributeTargets(
            torch.tensor([float(look.plate) for look in looks]),
            torch.from_numpy(np.stack(corners).astype(np.float32)),
            torch.tensor([float(k.two_lines) if k.two_lines >= 0 else np.nan for k in looks]),
            *(
                torch.tensor([getattr(look, name) for look in looks])
                for name in ("ground", "ink", "region")
            ),
        )
        return Batch(
            torch.from_numpy(np.stack([to_input(shot.image, self.spec) for shot in shots])),
            torch.tensor([c for text in texts for c in text], dtype=torch.long),
            torch.tensor([len(text) for text in texts]),
            facts,
        )

    def _corners(self, shot: CropSample) -> NDArray[np.float64]:
        """A plate's corners in parts of its crop, joined."""
        size = (self.spec.width, self.spec.height)
        return (transform(shot.matrix, shot.plate.quad) / size).reshape(8)

    def _class(self, char: str) -> int:
        place = self.spec.alphabet.index(char)
        return place + (place >= self.spec.blank)

    def _cut(self, plate: PlateSample) -> CropSample:
        spec = self.spec
        quad = np.array(frame(plate.quad, plate.tight).quad)
        image = np.zeros((spec.height, spec.width, 3), np.uint8)
        matrix = to_crop(quad, spec)
        plate.picture.draw(matrix, image, cv2.BORDER_REPLICATE)
        return CropSample(image, plate, matrix)

    def sample(self, rng: np.random.Generator, step: int) -> CropSample:
        """One crop of a random plate, or of something that is none."""
        crops = self.crops
        under_way = float(np.clip((step - crops.easy) / max(crops.mixed - crops.easy, 1), 0, 1))
        hardness = 1.0
        if crops.others and rng.random() < crops.others * under_way:
            plates = self.sets["others"]
            plate = plates[rng.integers(len(plates))]
        elif rng.random() < crops.real * under_way:
            plates = self.sets["scenes" if rng.random() < crops.scenes else "crops"]
            plate = plates[rng.integers(len(plates))]
        else:
            abroad = rng.random() < crops.abroad * under_way
            plates, hardness = self.sets["abroad" if abroad else "rendered"], max(under_way, 0.1)
            plate = plates[rng.integers(max(int(len(plates) * max(under_way, 0.3)), 1))]
        shot = self.view(plate, rng, hardness)
        if rng.random() < crops.spoilt * hardness * (0.5 if plate.tight else 1):
            return CropSample(self.photograph(shot.image, rng), plate, shot.matrix)
        return shot

    def view(self, plate: PlateSample, rng: np.random.Generator, hardness: float) -> CropSample:
        """``plate`` turned and leaning a little more than it does, in a box that does not quite
        fit or by its corners; the less ``hardness``, the more upright."""
        crops, spec = self.crops, self.spec
        low, high = plate.quad.min(axis=0), plate.quad.max(axis=0)
        size = (float(high[0] - low[0]), float(high[1] - low[1]))
        turn = crops.turn * hardness * (0.5 if plate.tight else 1)
        matrix = tilt(rng, size, turn, crops.lean * hardness) @ shift(*-low)
        corners = transform(matrix, plate.quad)
        if plate.tight and crops.rectified and rng.random() < crops.rectified:
            # As a network finds corners: each a little beside its place.
            quad = corners + rng.normal(0, 0.02, (4, 2)) * np.ptp(corners, axis=0)
        else:
            box = jittered(frame(corners, plate.tight), rng, crops.jitter * hardness)
            quad = corners + (np.array(box.quad) - corners) * hardness
        image = np.zeros((spec.height, spec.width, 3), np.uint8)
        moved = affine(rng, (spec.width, spec.height), crops.affine, hardness)
        matrix = moved @ to_crop(quad, spec) @ matrix
        plate.picture.draw(matrix, image, cv2.BORDER_REPLICATE)
        return CropSample(image, plate, matrix)

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
