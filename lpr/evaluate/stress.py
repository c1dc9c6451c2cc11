"""Pictures made harder by a fixed recipe: light, colours, sharpness and scale.

A model's loss on them shows how much it depends on pictures like its training pictures.
"""

from __future__ import annotations

import zlib
from dataclasses import replace

import cv2
import numpy as np

from lpr.labels import LabelledPicture
from lpr.types import Box, Image

SEED = 20_261
"""Fixed, so that figures under stress can be compared."""
SCALES = (0.6, 1.5)
"""Range of the factor of a picture's size."""
SIGMA_GAMMA, SIGMA_GAIN = 0.35, 0.2
"""Standard deviations of the logarithms of gamma and brightness."""
SIGMA_BALANCE, SIGMA_SATURATION = 0.12, 0.4
"""Standard deviations of the logarithms of each channel's gain and of the saturation."""
MAX_BLUR = 1.2
"""Sigma of the Gaussian blur, in pixels of the scaled picture."""
_MIN_BLUR = 0.1  # Sigma below which a blur changes nothing that can be seen


def stressed(image: Image, picture: LabelledPicture) -> tuple[Image, LabelledPicture]:
    """A randomly changed copy of ``image`` (BGR, ``H x W x 3``), and its labels in the new pixels.

    The random numbers depend on the picture's name alone. The scale is log-uniform within
    :data:`SCALES`; saturation, channel gains, gamma and brightness are log-normal; the Gaussian
    blur is uniform up to :data:`MAX_BLUR`.
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
    sigma = float(rng.uniform(0, MAX_BLUR))
    if sigma > _MIN_BLUR:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)
    across, down = size[0] / width, size[1] / height

    def moved(box: Box) -> Box:
        return Box(box.x0 * across, box.y0 * down, box.x1 * across, box.y1 * down)

    plates = tuple(replace(plate, box=moved(plate.box)) for plate in picture.plates)
    difficult = tuple(map(moved, picture.difficult))
    changed = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return changed, replace(picture, plates=plates, difficult=difficult)
