"""Checks of the detections that a plugged detector returns, since plugins may have bugs."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from lpr.errors import PluginError
from lpr.types import Box, Detection, Image

FAR = 10.0
"""Sides of the picture: a coordinate beyond comes from no network, but from a wrong scale."""


def checked(found: object, images: Sequence[Image]) -> list[list[Detection]]:
    """The detections that a detector ``found`` in ``images``: the most confident first, boxes
    clipped to the picture, all numbers Python's own; without those outside of the picture.

    Raises :class:`lpr.errors.PluginError` for anything but a list of valid detections for each
    picture; the message begins with a verb, such as "gave 2 lists for 3 pictures".
    """
    if not isinstance(found, list):
        raise PluginError(f"gave {found!r}, not a list with a list of detections for each picture")
    if len(found) != len(images):
        raise PluginError(f"gave {len(found)} lists for {len(images)} pictures")
    return [_of_picture(each, image) for each, image in zip(found, images, strict=True)]


def _of_picture(found: object, image: Image) -> list[Detection]:
    if not isinstance(found, (list, tuple)):
        raise PluginError(f"gave {found!r}, not a list of detections, for a picture")
    height, width = image.shape[:2]
    valid = (_valid(each, width, height) for each in found)
    return sorted((d for d in valid if d.box.area > 0), key=lambda each: -each.confidence)


def _valid(detection: object, width: int, height: int) -> Detection:
    if not isinstance(detection, Detection):
        raise PluginError(f"gave {detection!r}, not a Detection")
    confidence = detection.confidence
    # NumPy's numbers are Real too; NaN fails the comparison.
    if not isinstance(confidence, Real) or not 0 <= confidence <= 1:
        raise PluginError(f"gave the confidence {confidence!r}, not a number in 0..1")
    box = _numbers(detection.box, (4,), "box")
    corners = _numbers(detection.quad, (4, 2), "quad")
    if box[0] > box[2] or box[1] > box[3]:
        raise PluginError(f"gave {_shown(box)} as box: it has to be x0, y0, x1, y1 in order")
    reach = FAR * max(width, height)
    if max(np.abs(box).max(), np.abs(corners).max()) > reach:
        raise PluginError(
            f"gave the box {_shown(box)} in a picture of {width}x{height}: it has to be in pixels "
            "of the picture"
        )
    xs, ys = corners.T
    if float(np.dot(xs, np.roll(ys, -1)) - np.dot(ys, np.roll(xs, -1))) < 0:
        raise PluginError(
            f"gave {_shown(corners)} as quad: the order is top left, top right, bottom right, "
            "bottom left"
        )
    around = Box(*map(float, (xs.min(), ys.min(), xs.max(), ys.max())))
    whole = Box(*map(float, box))
    if around.intersection(whole.grown(1.0)) != around:
        raise PluginError(f"gave {_shown(corners)} as quad: the corners of another box")
    a, b, c, d = ((float(x), float(y)) for x, y in corners)
    return Detection(whole.clipped(width, height), (a, b, c, d), float(confidence))


def _numbers(value: object, shape: tuple[int, ...], what: str) -> NDArray[np.float64]:
    """``value`` as an array of finite numbers of this shape."""
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.shape != shape or not np.isfinite(array).all():
        wanted = "four numbers" if what == "box" else "four pairs of numbers"
        raise PluginError(f"gave {value!r} as {what}: it has to be {wanted}, none of them NaN")
    return array


def _shown(array: NDArray[np.float64]) -> str:
    return str(array.round(1).tolist())
