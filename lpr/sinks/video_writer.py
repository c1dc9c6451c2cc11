"""Annotated videos as H.264 (``--save``)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
from av.video.frame import PictureType

from lpr.errors import OutputError
from lpr.sinks.paths import file_stems, make_folders, refuse_sources
from lpr.types import Image
from lpr.utils.closing import Closeable

# Encoders in order of preference; the last one is for builds of FFmpeg without H.264.
_CODECS = ("libx264", "libopenh264", "h264_mf", "mpeg4")
# Fast enough for a live camera, without frames that wait for later ones.
_X264 = {"preset": "veryfast", "crf": "23", "bf": "0", "rc-lookahead": "5", "forced-idr": "1"}
_TICKS = 90_000  # Timestamps per second, as in MPEG systems: fine enough for any frame rate
FRAGMENT_SECONDS = 2
"""Seconds of video that are lost if the writer is killed."""
_DEFAULT_FPS = 25.0  # Frames per second for sources that state no rate
# Frames per second: the lowest nominal rate, so that a frame's duration fits its field.
_MIN_FPS = 0.01


class _File:
    """The file that FFmpeg writes to; ``error`` is the first failure.

    FFmpeg keeps failures at a file's end for itself.
    """

    def __init__(self, path: Path) -> None:
        self._raw = path.open("wb", buffering=0)
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._raw.write(rest) :]
        except OSError as error:
            self.error = self.error or error
            raise
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def close(self) -> None:
        self._raw.close()


class VideoWriter(Closeable):
    """Writes a video file that can be played even if its writer is killed.

    The suffix decides the container: .mp4, .mov, .mkv or .avi. Frames keep their times; AVI knows
    none, and gets ``fps`` frames per second. Frames of another size than the first are scaled to
    it; an odd width or height is padded by a repeated edge, since H.264 stores colour for 2 x 2
    pixels. The file is created by the first frame.
    """

    def __init__(self, path: Path, fps: float | None = None) -> None:
        """``fps`` is the nominal frame rate; by default 25."""
        self._path = path
        self._constant = path.suffix.lower() == ".avi"
        self._rate = Fraction(max(fps or _DEFAULT_FPS, _MIN_FPS)).limit_denominator(1001)
        self._size = (0, 0)
        self._container: Any = None
        self._file: _File | None = None
        self._stream: Any = None
        self._last = -1
        self._next_key = 0

    def write(self, image: Image, time: float | None) -> None:
        """Append a frame (BGR, ``H x W x 3``), ``time`` in seconds.

        Raises :class:`lpr.errors.OutputError` if it cannot be written.
        """
        try:
            if self._container is None:
                self._open(image)
            picture = av.VideoFrame.from_ndarray(self._fitted(image), "bgr24")
            base = self._stream.codec_context.time_base
            now = 0 if self._constant else round((time or 0.0) / base)
            self._last = max(self._last + 1, now)
            if self._last >= self._next_key:
                picture.pict_type = PictureType.I
                self._next_key = self._last + round(FRAGMENT_SECONDS / base)
            picture.pts, picture.time_base = self._last, base
            self._mux(picture)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._failure(error) from error

    def _open(self, image: Image) -> None:
        height, width = image.shape[:2]
        self._size = (width, height)
        options = {"flush_packets": "1"}
        if self._path.suffix.lower() in (".mp4", ".mov"):
            options["movflags"] = "frag_keyframe+delay_moov+default_base_moof"
        self._file = _File(self._path)
        suffix = self._path.suffix.lower()
        format = "matroska" if suffix == ".mkv" else suffix[1:]
        self._container = av.open(self._file, "w", format=format, options=options)
        name = next(name for name in _CODECS if name in av.codecs_available)
        stream = self._container.add_stream(name, rate=self._rate)
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        base = 1 / self._rate if self._constant else Fraction(1, _TICKS)
        stream.time_base = stream.codec_context.time_base = base
        if name == "libx264":
            stream.options = _X264
            stream.thread_type = "FRAME"  # slices would cost quality and gain nothing
        self._stream = stream
        try:
            stream.codec_context.open()
        except (av.FFmpegError, ValueError) as error:
            self._abandon()
            self._path.unlink()
            raise OutputError(
                f"{self._path}: cannot write a video of {stream.width}x{stream.height} pixels: "
                f"{name} refuses it; save pictures of a smaller size"
            ) from error

    def _fitted(self, image: Image) -> Any:
        width, height = self._size
        fitted: Any = image
        if image.shape[1::-1] != self._size:
            fitted = cv2.resize(fitted, self._size, interpolation=cv2.INTER_AREA)
        if width % 2 or height % 2:
            edge = cv2.BORDER_REPLICATE
            fitted = cv2.copyMakeBorder(fitted, 0, height % 2, 0, width % 2, edge)
        return fitted

    def _mux(self, picture: av.VideoFrame | None) -> None:
        for packet in self._stream.encode(picture):
            packet.duration = round(1 / (self._rate * packet.time_base))
            self._container.mux(packet)

    def close(self) -> None:
        """Finish the file. Raises :class:`lpr.errors.OutputError` if that fails."""
        if self._container is None:
            return
        try:
            self._mux(None)
            self._container.close()
            if self._file is not None:
                self._file.close()
                if self._file.error is not None:
                    raise self._file.error
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._failure(error) from error
        self._container = None

    def _failure(self, error: Exception) -> OutputError:
        self._abandon()
        reason = f"{getattr(error, 'strerror', None) or error}; is the disk full?"
        return OutputError(f"{self._path}: the video cannot be written: {reason}")

    def _abandon(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            with suppress(av.FFmpegError, OSError, ValueError):
                container.close()
        if self._file is not None:
            with suppress(OSError):
                self._file.close()


def plan_videos(path: Path, cameras: Sequence[str], sources: Sequence[str]) -> dict[str, Path]:
    """Plan the video file of each camera.

    ``path`` is one .mp4 file for one camera, otherwise a folder, made if it is missing. Raises
    :class:`lpr.errors.OutputError` if ``path`` does not fit, one of the files in ``sources`` would
    be overwritten, or the folder cannot be made.
    """
    if path.suffix.lower() == ".mp4" and not path.is_dir():
        if len(cameras) > 1:
            count = len(cameras)
            raise OutputError(f"{path}: one video cannot hold {count} sources; name a folder")
        paths = {cameras[0]: path}
    elif path.suffix and not path.is_dir():
        raise OutputError(f"{path}: videos are written as .mp4; name such a file, or a folder")
    else:
        paths = {camera: path / f"{stem}.mp4" for camera, stem in file_stems(cameras).items()}
    refuse_sources(paths.values(), sources)
    make_folders(each.parent for each in paths.values())
    return paths
