"""Batches of augmented crops that a recognizer is trained on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace

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

_MIN_DIFFICULTY = 0.1  # Difficulty of the rendered crops of the first steps, 0..1
_MIN_SHARE = 0.3  # Share of the rendered plates, the widest, that the first steps draw from
_CORNER_ERROR = 0.02  # Standard deviation of a predicted corner, in widths and heights of the plate


@dataclass(frozen=True, slots=True)
class CropSettings:
    """How crops are sampled and augmented. Shares and odds are 0..1.

    Training starts with easy rendered crops alone, because CTC does not converge on the full
    variety from the start. Between the steps ``easy`` and ``mixed``, the share of real crops and
    the difficulty grow.
    """

    before: Photometry  # Photometric changes before the picture is taken: light and colour
    after: Photometry  # Photometric changes after the picture is taken: noise and compression
    real: float = 0.5  # Share of real crops after the step ``mixed``
    scenes: float = 0.3  # Share of scenes among the real crops; the others are close-ups
    easy: int = 400  # Step up to which all crops are rendered and easy
    mixed: int = 1600  # Step from which shares and difficulty have their final values
    rendered: int = 8000  # Number of plates of ``region`` that are rendered in advance
    region: str = "tw"  # A region's code
    abroad: float = 0.0  # Share of foreign plates among the rendered crops
    rendered_abroad: int = 0  # Number of foreign plates that are rendered in advance
    spoilt: float = 1.0  # Share of real crops with photometric changes; half of it if rendered
    turn: float = 7.0  # Standard deviation of the rotation, in degrees
    lean: float = 0.08  # Standard deviation of shear and perspective
    jitter: float = 0.035  # Standard deviation of a box's sides, in widths and heights of the box
    pixels: tuple[float, float] = (30, 200)  # Range of a plate's width in its picture, in pixels
    affine: Affine = field(default_factory=Affine)  # A further movement within the crop
    rectified: float = 0.0  # Share of plates with known corners that are cut by these, not by a box
    others: float = 0.0  # Share of crops without a plate: rendered objects, parts of photographs
    rendered_others: int = 0  # Number of objects without a plate that are rendered in advance
    wrong: LabelNoise = field(default_factory=LabelNoise)  # Labels that are falsified on purpose


@dataclass(frozen=True, slots=True)
class AttributeTargets:
    """Targets of the plate attributes (:mod:`lpr.specs.plate_attributes`) of ``N`` crops; NaN or -1
    marks unknown values."""

    plate: Tensor  # 0 or 1
    corners: Tensor  # ``N x 8``, in widths and heights of the crop
    lines: Tensor  # 0 for one line, 1 for two
    ground: Tensor  # Class numbers, as those of ``ink`` and ``region``
    ink: Tensor
    region: Tensor

    def to(self, device: torch.device) -> AttributeTargets:
        return AttributeTargets(*(getattr(self, f.name).to(device) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Batch:
    """``N`` crops with their targets."""

    images: Tensor  # ``N x K x H x W``, normalised for the network; K is 1 for grey, else 3
    texts: Tensor  # Class numbers of all texts, concatenated
    lengths: Tensor  # Characters of each text
    attributes: AttributeTargets

    def to(self, device: torch.device) -> Batch:
        # The CTC loss takes the lengths from the CPU.
        texts = self.texts.to(device)
        return Batch(self.images.to(device), texts, self.lengths, self.attributes.to(device))


def to_crop(quad: NDArray[np.float64], spec: CtcSpec) -> Matrix:
    """Return the homography (3 x 3) from a picture to a crop of ``quad`` with the spec's margin."""
    x, y = (n * spec.crop_margin / (1 + 2 * spec.crop_margin) for n in (spec.width, spec.height))
    right, bottom = spec.width - x, spec.height - y
    inner = np.array([(x, y), (right, y), (right, bottom), (x, bottom)], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(quad.astype(np.float32), inner))


def to_input(image: Image, spec: CtcSpec) -> Float32:
    """Return a crop (BGR bytes) as the network's input, ``K x H x W``."""
    if spec.channels == "gray":
        planes = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[None]
    else:
        planes = np.moveaxis(image[..., ::-1] if spec.channels == "rgb" else image, -1, 0)
    return np.asarray((planes.astype(np.float32) / 255 - spec.mean) / spec.std, np.float32)


@dataclass(frozen=True, slots=True)
class CropSample:
    """A crop of a plate."""

    image: Image  # BGR, ``height x width x 3``
    plate: PlateSample
    matrix: Matrix  # Homography (3 x 3) from the plate's picture to the crop


class RecognizerBatches:
    """Batches of crops; each depends on the seed and its number alone."""

    def __init__(
        self,
        sets: Mapping[str, list[PlateSample]],
        crops: CropSettings,
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
        """Return one crop of each plate by its labelled box, without augmentation."""
        return self._batch(self._cut(plate) for plate in plates)

    def _batch(self, samples: Iterable[CropSample]) -> Batch:
        samples = list(samples)
        texts = [self.spec.encode(sample.plate.text) for sample in samples]
        labels = [sample.plate.looks for sample in samples]
        unknown = np.full(8, np.nan)
        corners = [self._corners(s) if s.plate.tight else unknown for s in samples]
        attributes = AttributeTargets(
            torch.tensor([float(label.plate) for label in labels]),
            torch.from_numpy(np.stack(corners).astype(np.float32)),
            torch.tensor([float(k.two_lines) if k.two_lines >= 0 else np.nan for k in labels]),
            *(
                torch.tensor([getattr(label, name) for label in labels])
                for name in ("ground", "ink", "region")
            ),
        )
        return Batch(
            torch.from_numpy(np.stack([to_input(s.image, self.spec) for s in samples])),
            torch.tensor([c for text in texts for c in text], dtype=torch.long),
            torch.tensor([len(text) for text in texts]),
            attributes,
        )

    def _corners(self, sample: CropSample) -> NDArray[np.float64]:
        """A plate's corners (8 numbers), in widths and heights of the crop."""
        size = (self.spec.width, self.spec.height)
        return (transform(sample.matrix, sample.plate.quad) / size).reshape(8)

    def _cut(self, plate: PlateSample) -> CropSample:
        spec = self.spec
        quad = np.array(frame(plate.quad, plate.tight).quad)
        image = np.zeros((spec.height, spec.width, 3), np.uint8)
        matrix = to_crop(quad, spec)
        plate.picture.draw(matrix, image, cv2.BORDER_REPLICATE)
        return CropSample(image, plate, matrix)

    def sample(self, rng: np.random.Generator, step: int) -> CropSample:
        """Return an augmented crop of a random plate, or of something else."""
        crops = self.crops
        progress = float(np.clip((step - crops.easy) / max(crops.mixed - crops.easy, 1), 0, 1))
        difficulty = 1.0
        if crops.others and rng.random() < crops.others * progress:
            plates = self.sets["others"]
            plate = plates[rng.integers(len(plates))]
        elif rng.random() < crops.real * progress:
            plates = self.sets["scenes" if rng.random() < crops.scenes else "crops"]
            plate = plates[rng.integers(len(plates))]
        else:
            abroad = rng.random() < crops.abroad * progress
            plates = self.sets["abroad" if abroad else "rendered"]
            difficulty = max(progress, _MIN_DIFFICULTY)
            # The widest plates come first.
            plate = plates[rng.integers(max(int(len(plates) * max(progress, _MIN_SHARE)), 1))]
        sample = self.view(plate, rng, difficulty)
        if rng.random() < crops.spoilt * difficulty * (0.5 if plate.tight else 1):
            return replace(sample, image=self.photograph(sample.image, rng))
        return sample

    def view(self, plate: PlateSample, rng: np.random.Generator, difficulty: float) -> CropSample:
        """Return a crop of ``plate``, rotated and sheared, by an inaccurate box or by its corners.
        The changes are in proportion to ``difficulty`` (0..1)."""
        crops, spec = self.crops, self.spec
        low, high = plate.quad.min(axis=0), plate.quad.max(axis=0)
        size = (float(high[0] - low[0]), float(high[1] - low[1]))
        turn = crops.turn * difficulty * (0.5 if plate.tight else 1)
        matrix = tilt(rng, size, turn, crops.lean * difficulty) @ shift(*-low)
        corners = transform(matrix, plate.quad)
        if plate.tight and crops.rectified and rng.random() < crops.rectified:
            # A network that predicts corners misplaces each a little.
            quad = corners + rng.normal(0, _CORNER_ERROR, (4, 2)) * np.ptp(corners, axis=0)
        else:
            box = jittered(frame(corners, plate.tight), rng, crops.jitter * difficulty)
            quad = corners + (np.array(box.quad) - corners) * difficulty
        image = np.zeros((spec.height, spec.width, 3), np.uint8)
        moved = affine(rng, (spec.width, spec.height), crops.affine, difficulty)
        matrix = moved @ to_crop(quad, spec) @ matrix
        plate.picture.draw(matrix, image, cv2.BORDER_REPLICATE)
        return CropSample(image, plate, matrix)

    def photograph(self, image: Image, rng: np.random.Generator) -> Image:
        """Return ``image`` in other light, and at a lower resolution."""
        crops, spec = self.crops, self.spec
        image = photometric(image, rng, crops.before)
        width = np.exp(rng.uniform(*np.log(crops.pixels))) * (1 + 2 * spec.crop_margin)
        if width < spec.width:
            small = (round(width), max(round(width * spec.height / spec.width), 8))
            image = as_image(cv2.resize(image, small, interpolation=cv2.INTER_AREA))
        image = photometric(image, rng, crops.after)
        whole = cv2.resize(image, (spec.width, spec.height), interpolation=cv2.INTER_LINEAR)
        return as_image(whole)
