"""Pictures made harder by a fixed recipe: other light, colours, sharpness and scale.

What a model loses on them says how far it depends on pictures like those that it was trained on.
"""

from __future__ import annotations

import zlib
from dataclasses import replace

import cv2
import numpy as np

from lpr.labels import LabelledPicture
from lpr.types import Box, Image

SEED = 20_261
SCALES = (0.6, 1.5)
SIGMA_GAMMA, SIGMA_GAIN = 0.35, 0.2
SIGMA_BALANCE, SIGMA_SATURATION = 0.12, 0.4
MOST_BLUR = 1.2
"""Of the Gaussian, in pixels of the scaled picture."""


def stressed(image: Image, picture: LabelledPicture) -> tuple[Image, LabelledPicture]:
    """``image`` (BGR, ``H x W x 3``) changed at random, and its labels in its new pixels.

    What is drawn depends on the picture's name alone: its size is multiplied by one of
    :data:`SCALES`, evenly on a logarithmic scale; each channel gets a gain and all a gamma and a
    gain, normal on a logarithmic scale, as the saturation does; a Gaussian of up to
    :data:`MOST_BLUR` blurs the result.
    """
    rng = np.random.default_rng([SEED, zlib.crc32(picture.path.name.encode())])
    height, width = image.shape[:2]
    scale = float(np.exp(rng.uniform(*np.log(SCALES))))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    values = cv2.resize(image, size, interpolation=method).astype(np.float32) / 255
    grey = values.mean(axis=2, keepdims=True)
    values = grey + (values - grey) * np.float32(np.exp(rng.normal(0, SIGMA_SATURATION)))
    values *= np.exp(rng.normal(0, SIGMA_BALANCE, 3)).astype(np.float32)
    values = np.clip(values, 0, 1) ** np.float32(np.exp(rng.normal(0, SIGMA_GAMMA)))
    values *= np.float32(np.exp(rng.normal(0, SIGMA_GAIN)))
    sigma = float(rng.uniform(0, MOST_BLUR))
    if sigma > 0.1:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)
    across, down = size[0] / width, size[1] / height
    plates = tuple(
        replace(
            plate, box=Box(*(v * f for v, f in zip(plate.box, (across, down) * 2, strict=True)))
        )
        for plate in picture.plates
    )
    changed = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return changed, replace(picture, plates=plates)
