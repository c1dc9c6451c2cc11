"""A contact sheet of rendered crops."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from lpr.types import Image
from lpr_training.synth.scenes.crops import CropPicture

_COLUMNS = 10
_TILE = (200, 130)  # Width and height of a crop on the sheet, in pixels
_LABEL = 16  # Height of a label, in pixels


def contact_sheet(crops: Iterable[CropPicture]) -> Image:
    """Return ``crops`` in rows of ten, each with its text below (BGR)."""
    tiles = []
    for crop in crops:
        tile = np.zeros((_TILE[1] + _LABEL, _TILE[0] + 4, 3), np.uint8)
        height, width = crop.image.shape[:2]
        scale = min(_TILE[0] / width, _TILE[1] / height)
        shown = cv2.resize(crop.image, None, fx=scale, fy=scale)
        tile[: shown.shape[0], : shown.shape[1]] = shown
        at = (2, _TILE[1] + _LABEL - 4)
        cv2.putText(tile, crop.text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 255, 255), 1)
        tiles.append(tile)
    while len(tiles) % _COLUMNS or not tiles:
        tiles.append(np.zeros((_TILE[1] + _LABEL, _TILE[0] + 4, 3), np.uint8))
    rows = [np.hstack(tiles[i : i + _COLUMNS]) for i in range(0, len(tiles), _COLUMNS)]
    return np.vstack(rows)
