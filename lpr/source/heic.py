"""HEIC pictures, as phones take them, with libheif (``pip install 'lpr[heic]'``)."""

from __future__ import annotations

import numpy as np

from lpr.errors import SourceError
from lpr.types import Image


def decode_heic(name: str, data: bytes) -> Image:
    """The primary picture of a HEIC file, upright.

    Raises :class:`lpr.errors.SourceError` if it is damaged, or pillow-heif is not installed.
    """
    try:
        import pillow_heif  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError as error:
        raise SourceError(
            f"{name}: HEIC pictures need pillow-heif: pip install 'lpr[heic]' (or pip install "
            "pillow-heif), or convert it to JPEG or PNG"
        ) from error
    try:
        file = pillow_heif.open_heif(data, convert_hdr_to_8bit=True, bgr_mode=True)
        image = np.asarray(file[file.primary_index])
    except Exception as error:  # libheif's errors come as several types
        raise SourceError(
            f"{name}: the picture is damaged or cut short ({error}); copy it again or convert it "
            "to JPEG or PNG"
        ) from error
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    return np.ascontiguousarray(image[..., :3], np.uint8)
