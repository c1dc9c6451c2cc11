"""The pictures that sightings were read from, as files (``--evidence``)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

import cv2

from lpr.errors import OutputError
from lpr.sightings import Sighting
from lpr.sinks.media import write_picture
from lpr.sinks.paths import file_stems
from lpr.sinks.redaction import PlateRedactor, blurred
from lpr.types import Box, Image


class EvidenceFolder:
    """Writes each sighting's best frame, and the plate in it, as JPEG files.

    Both are the very pixels that were read, unless a ``veil`` hides them.
    """

    def __init__(
        self, folder: Path, cameras: Iterable[str], veil: PlateRedactor | None = None
    ) -> None:
        """Files are called after their camera, one of ``cameras``.

        Raises :class:`lpr.errors.OutputError` where the folder cannot be made.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made: {error.strerror}") from error
        self._folder = folder
        self._stems = file_stems(cameras)
        self._names: dict[str, str] = {}
        self._veil = veil

    def write(self, sighting: Sighting) -> dict[str, Path]:
        """The files by what they show: ``frame`` and ``plate``.

        Those of an early sighting are replaced by its last word; no others ever are. Raises
        :class:`lpr.errors.OutputError` where they cannot be written.
        """
        stem = self._stems[sighting.camera]
        clock = sighting.first.clock
        if clock is not None:
            stem += f"-{datetime.fromtimestamp(clock, timezone.utc):%Y%m%dT%H%M%S}"
        name = self._own(f"{stem}-{sighting.number:06d}")
        files = {}
        if sighting.best.frame is not None:
            files["frame"] = self._folder / f"{name}.jpg"
            write_picture(files["frame"], self._shown_frame(sighting.best.frame, sighting))
        files["plate"] = self._folder / f"{name}-plate.jpg"
        write_picture(files["plate"], shown_crop(sighting, self._veil))
        return files

    def _own(self, usual: str) -> str:
        """A name that no file of another watch has."""
        if usual not in self._names:
            name, number = usual, 1
            while (self._folder / f"{name}-plate.jpg").exists():
                number += 1
                name = f"{usual}-{number}"
            self._names[usual] = name
        return self._names[usual]

    def _shown_frame(self, frame: Image, sighting: Sighting) -> Image:
        if self._veil is None:
            return frame
        # The others in the picture are not what it is evidence of.
        hidden = list(sighting.best.others)
        if self._veil.hides(sighting.plate.text):
            hidden.append(sighting.best.detection.box)
        return blurred(frame, hidden)


def shown_crop(sighting: Sighting, veil: PlateRedactor | None) -> Image:
    """The crop of the best look, hidden where the ``veil`` says so."""
    crop = sighting.best.crop
    if veil is None or not veil.hides(sighting.plate.text):
        return crop
    height, width = crop.shape[:2]
    return blurred(crop, [Box(0, 0, width, height)])


def jpeg(image: Image, quality: int = 88) -> bytes:
    """A picture as the bytes of a JPEG file."""
    encoded, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not encoded:
        raise OutputError("a picture cannot be stored as JPEG")
    return data.tobytes()
