"""The pictures that sightings were read from (``--evidence``)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

import cv2

from lpr.errors import OutputError
from lpr.sightings import Sighting
from lpr.sinks.expiry import PLATE_SUFFIX, Expiry, Retention
from lpr.sinks.media import write_picture
from lpr.sinks.paths import file_stems, make_folders
from lpr.sinks.redaction import PlateRedactor, pixelate
from lpr.types import AnyImage, Box, Image
from lpr.utils.text import unique_name


class EvidenceFolder:
    """Writes each sighting's best frame, and the plate in it, as JPEG files.

    Both hold the pixels that were read, unless a ``redactor`` hides them.
    """

    def __init__(
        self,
        folder: Path,
        cameras: Iterable[str],
        redactor: PlateRedactor | None = None,
        keep: Retention | None = None,
    ) -> None:
        """Files are named after their camera, one of ``cameras``; ``keep`` bounds how many stay.

        Raises :class:`lpr.errors.OutputError` if the folder cannot be made.
        """
        make_folders([folder])
        self._folder = folder
        self._stems = file_stems(cameras)
        self._names: dict[str, str] = {}
        self._redactor = redactor
        self._expiry = Expiry(folder, keep) if keep else None

    def write(self, sighting: Sighting) -> dict[str, Path]:
        """Write the files and return their paths by content: ``frame`` and ``plate``.

        The files of an early sighting are replaced by its final ones; no others are. Raises
        :class:`lpr.errors.OutputError` if they cannot be written: then none is, and those of the
        early sighting are as they were.
        """
        stem = self._stems[sighting.camera]
        clock = sighting.first.clock
        if clock is not None:
            stem += f"-{datetime.fromtimestamp(clock, timezone.utc):%Y%m%dT%H%M%S}"
        name = self._unused_name(f"{stem}-{sighting.number:06d}")
        pictures = {}
        if sighting.best.frame is not None:
            pictures["frame"] = redacted_frame(sighting.best.frame, sighting, self._redactor)
        pictures["plate"] = redacted_crop(sighting, self._redactor)
        files = {
            kind: self._folder / f"{name}{'' if kind == 'frame' else PLATE_SUFFIX}.jpg"
            for kind in pictures
        }
        try:
            # All are written beside before the first takes its place.
            with tempfile.TemporaryDirectory(prefix=".lpr-", dir=self._folder) as beside:
                parts = {kind: Path(beside) / path.name for kind, path in files.items()}
                for kind, picture in pictures.items():
                    write_picture(parts[kind], picture)
                for kind, part in parts.items():
                    part.replace(files[kind])
        except OSError as error:
            raise OutputError(f"{self._folder}: cannot be written: {error.strerror}") from error
        if self._expiry:
            self._expiry.add(files.values())
        return files

    @property
    def expiry(self) -> Expiry | None:
        """Removes what is too old or too much; None if all is kept."""
        return self._expiry

    def _unused_name(self, base: str) -> str:
        """A name that no file of an earlier watch has."""
        if base not in self._names:
            self._names[base] = unique_name(
                base, lambda name: (self._folder / f"{name}{PLATE_SUFFIX}.jpg").exists()
            )
        return self._names[base]


def redacted_frame(frame: Image, sighting: Sighting, redactor: PlateRedactor | None) -> Image:
    """The frame of the best reading; with a ``redactor``, without other vehicles' plates and
    without the plate itself if that is hidden."""
    if redactor is None:
        return frame
    hidden = list(sighting.best.others)
    if redactor.hides(sighting.plate.text):
        hidden.append(sighting.best.detection.box)
    return pixelate(frame, hidden)


def redacted_crop(sighting: Sighting, redactor: PlateRedactor | None) -> Image:
    """The crop of the best reading, pixelated if the ``redactor`` hides its plate."""
    crop = sighting.best.crop
    if redactor is None or not redactor.hides(sighting.plate.text):
        return crop
    height, width = crop.shape[:2]
    return pixelate(crop, [Box(0, 0, width, height)])


def jpeg(image: AnyImage, quality: int = 88) -> bytes:
    """A picture as JPEG, with a quality of 1..100."""
    encoded, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not encoded:
        raise OutputError("a picture cannot be stored as JPEG")
    return data.tobytes()
