"""Annotated pictures and videos (``--save``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cv2

from lpr.draw import annotate
from lpr.errors import OutputError
from lpr.sinks.paths import refuse_sources
from lpr.types import Frame, Image, Plate
from lpr.utils.closing import Closeable

if TYPE_CHECKING:
    from cv2.typing import MatLike

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png")
VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".avi")
# Whoever names such a file does not want a folder of that name.
_NOT_WRITTEN = (".bmp", ".gif", ".tif", ".tiff", ".webm", ".webp")

# What OpenCV's wheels can write without further libraries, and every common player shows.
_CODECS = {".mp4": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}
_USUAL_FPS = 25.0


def open_save(path: Path, sources: Sequence[tuple[str, Literal["picture", "video"]]]) -> MediaSink:
    """Plan where the annotated copy of each of ``sources`` goes.

    ``path`` is one picture or video if its suffix says so, for one source of that kind; otherwise a
    folder, made where it is missing, with a file named after each source. Pictures that are neither
    JPEG nor PNG become JPEG, videos in a folder MP4. Files of the same names are replaced.

    Raises :class:`lpr.errors.OutputError` where ``path`` does not fit the sources, a source would
    be overwritten, or the folder cannot be made.
    """
    plan = _plan(path, dict(sources))
    refuse_sources(plan.values(), [source for source, _ in sources])
    for folder in {output.parent for output in plan.values()}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made: {error.strerror}") from error
    return MediaSink(plan)


class MediaSink(Closeable):
    """Writes annotated copies of the sources of a plan, one source after the other.

    Call :meth:`start` before each source's first frame. Leaving it as a context manager finishes
    the video in work, so that it can be played even if what produced its frames failed.
    ``planned`` lists the files that are to be written, ``written`` those that were begun.
    """

    def __init__(self, plan: Mapping[str, Path]) -> None:
        self._plan = plan
        self.planned = tuple(plan.values())
        self._video: _Video | None = None
        self._fps: float | None = None
        self.written: list[Path] = []

    def start(self, source: str, fps: float | None) -> None:
        """From here on frames are those of ``source``, ``fps`` a second (None if not known)."""
        self.close()
        self._fps = fps

    def frame(self, frame: Frame, plates: Sequence[Plate]) -> None:
        """Write a frame with its plates drawn into it.

        Raises :class:`lpr.errors.OutputError` where it cannot be written.
        """
        path = self._plan[frame.source]
        picture = annotate(frame.image, plates)
        if path.suffix.lower() in VIDEO_SUFFIXES:
            if self._video is None:
                self._video = _Video(path, frame.width, frame.height, self._fps or _USUAL_FPS)
                self.written.append(path)
            self._video.write(picture)
        else:
            write_picture(path, picture)
            self.written.append(path)

    def close(self) -> None:
        """Finish the video in work. Raises OutputError where that could not be written whole."""
        video, self._video = self._video, None
        if video is not None:
            video.close()


class _Video:
    """A video file in work. Frames of another size than the first are scaled to it."""

    def __init__(self, path: Path, width: int, height: int, fps: float) -> None:
        self._path = path
        self._frames = 0
        self._frame_size = (width, height)
        # Codecs store colour for 2 x 2 pixels: an odd edge is repeated once and not cut off.
        self._padding = (height % 2, width % 2)
        size = (width + width % 2, height + height % 2)
        codec = cv2.VideoWriter.fourcc(*_CODECS[path.suffix.lower()])
        _touch(path)
        self._writer = cv2.VideoWriter(
            str(path.absolute()), cv2.CAP_FFMPEG, codec, _writable(fps), size
        )
        if not self._writer.isOpened():
            path.unlink()
            raise OutputError(
                f"{path}: OpenCV cannot write a video of {size[0]}x{size[1]} pixels as "
                f"{path.suffix}; save as .avi, or pictures of smaller size"
            )

    def write(self, picture: Image) -> None:
        fitting: MatLike = picture
        if picture.shape[1::-1] != self._frame_size:
            fitting = cv2.resize(fitting, self._frame_size, interpolation=cv2.INTER_AREA)
        if any(self._padding):
            bottom, right = self._padding
            fitting = cv2.copyMakeBorder(fitting, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
        self._writer.write(fitting)
        self._frames += 1

    def close(self) -> None:
        self._writer.release()
        # The writer is silent about a full disk.
        check = cv2.VideoCapture(str(self._path.absolute()), cv2.CAP_FFMPEG)
        frames = check.get(cv2.CAP_PROP_FRAME_COUNT) if check.isOpened() else 0
        check.release()
        if frames < self._frames:
            raise OutputError(f"{self._path}: the video could not be written; is the disk full?")


def _plan(path: Path, sources: Mapping[str, Literal["picture", "video"]]) -> dict[str, Path]:
    suffix = path.suffix.lower()
    wanted = {"picture": PICTURE_SUFFIXES, "video": VIDEO_SUFFIXES}
    if path.is_dir() or suffix not in (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES, *_NOT_WRITTEN):
        return _plan_folder(path, sources)
    if len(sources) > 1:
        raise OutputError(f"{path}: one file cannot hold {len(sources)} sources; name a folder")
    for source, kind in sources.items():
        if suffix not in wanted[kind]:
            fitting = ", ".join(wanted[kind])
            raise OutputError(f"{path}: {source} is a {kind}; save it as {fitting} or in a folder")
    return dict.fromkeys(sources, path)


def _plan_folder(
    folder: Path, sources: Mapping[str, Literal["picture", "video"]]
) -> dict[str, Path]:
    taken: set[str] = set()
    plan = {}
    for source, kind in sources.items():
        stem, suffix = Path(source).stem, Path(source).suffix
        if kind == "video":
            suffix = ".mp4"
        elif suffix.lower() not in PICTURE_SUFFIXES:
            suffix = ".jpg"
        name, number = f"{stem}{suffix}", 1
        # Some file systems hold "A.jpg" and "a.jpg" for the same.
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}{suffix}"
        taken.add(name.casefold())
        plan[source] = folder / name
    return plan


def write_picture(path: Path, picture: Image) -> None:
    try:
        encoded, data = cv2.imencode(path.suffix, picture)
        if not encoded:
            raise OutputError(f"{path}: the picture cannot be stored as {path.suffix}")
        path.write_bytes(data.tobytes())
    except cv2.error as error:
        raise OutputError(
            f"{path}: the picture cannot be stored as {path.suffix}: {error.err}"
        ) from error
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error


def _touch(path: Path) -> None:
    """Say why a file cannot be written, which cv2.VideoWriter does not."""
    try:
        with path.open("wb"):
            pass
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error


def _writable(fps: float) -> float:
    """``fps`` so rounded that MPEG-4, which counts in 1/65535 s at the finest, can hold it."""
    return max(0.01, round(fps, 3 - (fps >= 60) - (fps >= 600)))
