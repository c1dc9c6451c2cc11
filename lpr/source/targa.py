"""Targa pictures (.tga), which OpenCV does not read, with FFmpeg's decoder (PyAV)."""

from __future__ import annotations

import av
import numpy as np

from lpr.errors import SourceError
from lpr.types import Image


def decode_targa(name: str, data: bytes) -> Image:
    """Decode a Targa file. Raises :class:`lpr.errors.SourceError` if it is damaged."""
    decoder = av.CodecContext.create("targa", "r")
    try:
        pictures = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    except (av.FFmpegError, ValueError, MemoryError) as error:
        raise SourceError(
            f"{name}: the picture is damaged or no Targa picture; copy it again or convert it to "
            "JPEG or PNG"
        ) from error
    return np.asarray(pictures[0].to_ndarray(format="bgr24"), np.uint8)
