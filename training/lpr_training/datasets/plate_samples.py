"""The examples of recognizers: plates with their labels, and things other than plates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lpr.errors import SourceError
from lpr.labels import LabelledPicture
from lpr.specs import plate_attributes
from lpr.types import Box
from lpr_training.datasets.pyramid import Pyramid, load
from lpr_training.datasets.rendered import rendered_crops, rendered_others
from lpr_training.synth.plates.colours import nearest
from lpr_training.synth.scenes.crops import CropPicture


@dataclass(frozen=True, slots=True)
class AttributeLabels:
    """The attributes of a plate besides its text, as indices into the lists of
    :mod:`lpr.specs.plate_attributes`; -1 if unknown. ``plate`` is False for other things."""

    plate: bool = True
    two_lines: int = -1
    ground: int = -1
    ink: int = -1
    region: int = -1


def region_number(code: str) -> int:
    """The index of a region's code in :class:`AttributeLabels`, the last for all others."""
    regions = plate_attributes.REGIONS
    return regions.index(code if code in regions else "")


@dataclass(frozen=True, slots=True)
class PlateSample:
    """A plate with its text. ``quad`` (4 x 2) holds its corners (``tight``) or those of its box."""

    picture: Pyramid
    quad: NDArray[np.float64]
    text: str
    tight: bool
    looks: AttributeLabels = AttributeLabels()


def photographed(
    pictures: Iterable[LabelledPicture], alphabet: str, looks: AttributeLabels = AttributeLabels()
) -> list[PlateSample]:
    """The plates with a text; ``looks`` holds for all of them.

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
        PlateSample(picture, np.array(Box(*map(float, box)).quad), plate.text, False, looks)
        for source, picture in zip(labelled, load(labelled), strict=True)
        for box, plate in zip(picture.boxes, source.plates, strict=True)
        if plate.text
    ]


def rendered(count: int, seed: int, region: str = "tw") -> list[PlateSample]:
    """Rendered plates of a region's code or from :data:`lpr_training.synth.plates.origin.ABROAD`,
    the widest first."""
    return sorted(
        (as_written(crop) for crop in rendered_crops(count, seed, region)),
        key=lambda plate: -float(np.ptp(plate.quad[:, 0])),
    )


def as_written(crop: CropPicture) -> PlateSample:
    """A rendered plate with all its attributes."""
    looks = AttributeLabels(
        two_lines=crop.lines - 1,
        ground=plate_attributes.GROUNDS.index(nearest(crop.ground, plate_attributes.GROUNDS)),
        ink=plate_attributes.INKS.index(nearest(crop.ink, plate_attributes.INKS)),
        region=region_number(crop.region),
    )
    return PlateSample(Pyramid(crop.image), np.array(crop.quad), crop.text, tight=True, looks=looks)


def others(count: int, seed: int, photographs: Iterable[Pyramid]) -> list[PlateSample]:
    """Things other than plates: ``count`` rendered ones, and three pieces of each photograph that
    touch no plate."""
    looks = AttributeLabels(plate=False)
    samples = [
        PlateSample(Pyramid(image), np.array(box.quad), "", tight=False, looks=looks)
        for image, box in rendered_others(count, seed)
    ]
    for number, picture in enumerate(photographs):
        rng = np.random.default_rng([seed, 7, number])
        for box in free_boxes(rng, picture, 3):
            samples.append(PlateSample(picture, np.array(box.quad), "", tight=False, looks=looks))
    return samples


def free_boxes(rng: np.random.Generator, picture: Pyramid, count: int) -> list[Box]:
    """Up to ``count`` boxes with aspect ratios of plates that touch no plate of a picture, like
    false detections."""
    width, height = picture.size
    plates = [Box(*map(float, box)) for box in picture.boxes]
    boxes: list[Box] = []
    for _ in range(4 * count):
        wide = float(np.exp(rng.uniform(np.log(24), np.log(max(width / 4, 25)))))
        tall = wide / float(rng.uniform(1.2, 4.5))
        if tall >= height or wide >= width:
            continue
        x, y = rng.uniform(0, width - wide), rng.uniform(0, height - tall)
        box = Box(x, y, x + wide, y + tall)
        if len(boxes) < count and not any(box.iou(plate) > 0 for plate in plates):
            boxes.append(box)
    return boxes


def frame(corners: NDArray[np.float64], tight: bool) -> Box:
    """The box that a labeller would draw around a plate with transformed ``corners``.

    Corners of a former box (not ``tight``) lie outside of the plate, so their bounding box would be
    too large: returns the mean of the tightest and the loosest box.
    """
    x, y = np.sort(corners[:, 0]), np.sort(corners[:, 1])
    if tight:
        return Box(x[0], y[0], x[3], y[3])
    return Box(x[:2].mean(), y[:2].mean(), x[2:].mean(), y[2:].mean())


def jittered(box: Box, rng: np.random.Generator, sigma: float) -> Box:
    """``box`` with normal noise on each side, as a detector might place it; doubled for 15 %."""
    if rng.random() < 0.15:
        sigma *= 2
    x, y = box.width * sigma, box.height * sigma
    return Box(*(v + float(rng.normal(0, s)) for v, s in zip(box, (x, y, x, y), strict=True)))
