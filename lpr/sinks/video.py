"""Annotated films of cameras, as H.264 where the machine can (``--save``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.frame import PictureType

from lpr.errors import OutputError
from lpr.sightings import Shown
from lpr.sinks.paths import file_stems, refuse_sources
from lpr.types import Frame, Image
from lpr.utils.closing import Closeable

Draw = Callable[[Image, Sequence[Shown]], Image]

_CODECS = ("libx264", "libopenh264", "h264_mf", "mpeg4")
_TICKS = 90_000
_FRAGMENT = 2


class VideoWriter(Closeable):
    """A video file that grows by a fragment every two seconds: what kills its writer costs some
    seconds, and what was written before can be played.

    Frames keep their times. Frames of another size than the first are scaled to it.
    """

    def __init__(self, path: Path, draw: Draw) -> None:
        self._path = path
        self._draw = draw
        self._container: Any = None
        self._stream: Any = None
        self._last = -1
        self._key = 0

    def frame(self, frame: Frame, shown: Sequence[Shown]) -> None:
        """Write a frame with its tracks. Raises :class:`lpr.errors.OutputError`."""
        image = self._draw(frame.image, shown)
        try:
            if self._container is None:
                self._open(image)
            picture = av.VideoFrame.from_ndarray(image, "bgr24")
            width, height = self._stream.width, self._stream.height
            if (picture.width, picture.height) != (width, height):
                picture = picture.reformat(width, height, "yuv420p")
            self._last = max(self._last + 1, round((frame.time or 0.0) * _TICKS))
            if self._last >= self._key:
                picture.pict_type = PictureType.I
                self._key = self._last + _FRAGMENT * _TICKS
            picture.pts, picture.time_base = self._last, self._stream.time_base
            self._container.mux(self._stream.encode(picture))
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._failure(error) from error

    def _open(self, image: Image) -> None:
        self._path.open("wb").close()  # which says why not, and at once
        # A fragment is whole as soon as it is written: what kills the program costs seconds.
        options = {"movflags": "frag_keyframe+delay_moov+default_base_moof", "flush_packets": "1"}
        self._container = av.open(str(self._path), "w", format="mp4", options=options)
        name = next(name for name in _CODECS if name in av.codecs_available)
        stream = self._container.add_stream(name, rate=30)
        stream.height, stream.width = (side + side % 2 for side in image.shape[:2])
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, _TICKS)
        if name == "libx264":
            stream.options = {
                "preset": "veryfast",
                "crf": "23",
                "bf": "0",
                "rc-lookahead": "5",
                "forced-idr": "1",
            }
            stream.thread_type = "FRAME"  # slices would cost quality and gain nothing
        self._stream = stream

    def close(self) -> None:
        """Finish the file. Raises :class:`lpr.errors.OutputError` where that fails."""
        container, self._container = self._container, None
        if container is None:
            return
        try:
            container.mux(self._stream.encode(None))
            container.close()
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> OutputError:
        reason = getattr(error, "strerror", None) or str(error)
        return OutputError(f"{self._path}: the video cannot be written: {reason}")


def plan_films(path: Path, cameras: Sequence[str], sources: Sequence[str]) -> dict[str, Path]:
    """Where the film of each camera goes: ``path`` itself if it ends in ``.mp4``, which is for one
    camera, else a folder, made where it is missing.

    Raises :class:`lpr.errors.OutputError` where ``path`` does not fit, one of the files in
    ``sources`` would be overwritten, or the folder cannot be made.
    """
    if path.suffix.lower() == ".mp4" and not path.is_dir():
        if len(cameras) > 1:
            raise OutputError(f"{path}: one film cannot hold {len(cameras)} sources; name a folder")
        paths = {cameras[0]: path}
    elif path.suffix and not path.is_dir():
        raise OutputError(f"{path}: films are written as .mp4; name such a file, or a folder")
    else:
        paths = {camera: path / f"{stem}.mp4" for camera, stem in file_stems(cameras).items()}
    refuse_sources(paths.values(), sources)
    for folder in {each.parent for each in paths.values()}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made: {error.strerror}") from error
    return paths
