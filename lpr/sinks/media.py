"""Annotated pictures and videos (``--save``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import urlsplit

import cv2

from lpr.draw import annotate
from lpr.errors import OutputError
from lpr.sinks.paths import make_folders, refuse_sources
from lpr.types import Frame, Image, Plate
from lpr.utils.closing import Closeable
from lpr.utils.files import write_atomically
from lpr.utils.text import unique_name

if TYPE_CHECKING:
    from lpr.sinks.video_writer import VideoWriter

MediaType: TypeAlias = Literal["picture", "video"]

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png")
VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".avi")
# Suffixes of media files that are not written: such a path is a mistake, not a folder.
_UNSUPPORTED = (".bmp", ".gif", ".tif", ".tiff", ".webm", ".webp")


def open_save(path: Path, sources: Sequence[tuple[str, MediaType]]) -> MediaSink:
    """Plan the annotated copy of each source.

    ``path`` is one picture or video if its suffix says so, for one source of that kind; otherwise a
    folder, made if it is missing, with a file named after each source. Pictures that are neither
    JPEG nor PNG become JPEG, videos in a folder MP4. Further pages of a picture get a number. Files
    of the same names are replaced.

    Raises :class:`lpr.errors.OutputError` if ``path`` does not fit the sources, a source would be
    overwritten, or the folder cannot be made.
    """
    plan = _plan(path, dict(sources))
    refuse_sources(plan.values(), [source for source, _ in sources])
    make_folders(output.parent for output in plan.values())
    return MediaSink(plan)


class MediaSink(Closeable):
    """Writes annotated copies of the sources of a plan, one source after the other.

    Call :meth:`start` before each source's first frame. ``planned`` lists the files to be written,
    ``written`` those that were begun.
    """

    def __init__(self, plan: Mapping[str, Path]) -> None:
        self._plan = plan
        self.planned = tuple(plan.values())
        self._video: VideoWriter | None = None
        self._fps: float | None = None
        self.written: list[Path] = []

    def start(self, source: str, fps: float | None) -> None:
        """Begin ``source``, which has ``fps`` frames per second (None if unknown)."""
        self.close()
        self._fps = fps

    def frame(self, frame: Frame, plates: Sequence[Plate]) -> None:
        """Write a frame with its plates drawn into it.

        Raises :class:`lpr.errors.OutputError` if it cannot be written.
        """
        path = self._plan[frame.source]
        picture = annotate(frame.image, plates)
        if path.suffix.lower() in VIDEO_SUFFIXES:
            if self._video is None:
                from lpr.sinks.video_writer import (
                    VideoWriter,  # imports PyAV, which pictures do not need
                )

                self._video = VideoWriter(path, self._fps)
                self.written.append(path)
            self._video.write(picture, frame.time)
        else:
            path = self._page(path, frame)
            write_picture(path, picture)
            self.written.append(path)

    def _page(self, path: Path, frame: Frame) -> Path:
        """Where a page goes: the first one to ``path``, the others beside it."""
        if frame.index == 0:
            return path
        stem, number = path.stem, frame.index + 1
        path = path.with_name(
            unique_name(
                f"{stem}-page{number}",
                lambda name: path.with_name(name) in self.planned,
                path.suffix,
            )
        )
        refuse_sources([path], self._plan)
        return path

    def close(self) -> None:
        """Finish the current video. Raises OutputError if that fails."""
        video, self._video = self._video, None
        if video is not None:
            video.close()


def _plan(path: Path, sources: Mapping[str, MediaType]) -> dict[str, Path]:
    suffix = path.suffix.lower()
    suffixes = {"picture": PICTURE_SUFFIXES, "video": VIDEO_SUFFIXES}
    if path.is_dir() or suffix not in (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES, *_UNSUPPORTED):
        return _plan_folder(path, sources)
    if len(sources) > 1:
        raise OutputError(f"{path}: one file cannot hold {len(sources)} sources; name a folder")
    for source, kind in sources.items():
        if suffix not in suffixes[kind]:
            allowed = ", ".join(suffixes[kind])
            raise OutputError(f"{path}: {source} is a {kind}; save it as {allowed} or in a folder")
    return dict.fromkeys(sources, path)


def _plan_folder(folder: Path, sources: Mapping[str, MediaType]) -> dict[str, Path]:
    taken: set[str] = set()
    plan = {}
    for source, kind in sources.items():
        stem, suffix = _file_name(source)
        if kind == "video":
            suffix = ".mp4"
        elif suffix.lower() not in PICTURE_SUFFIXES:
            suffix = ".jpg"
        # Some file systems do not tell "A.jpg" and "a.jpg" apart.
        name = unique_name(stem, lambda name: name.casefold() in taken, suffix)
        taken.add(name.casefold())
        plan[source] = folder / name
    return plan


def _file_name(source: str) -> tuple[str, str]:
    """The stem and suffix of a source's file, or of the path in its address."""
    if source == "-":
        return "stdin", ""
    path = Path(urlsplit(source).path if "://" in source else source)
    return path.stem or "video", path.suffix


def write_picture(path: Path, picture: Image) -> None:
    """Write a picture (BGR) in the format of its suffix; an old file is replaced whole.

    Raises OutputError if that fails; an old file is then as it was.
    """
    try:
        encoded, data = cv2.imencode(path.suffix, picture)
        if not encoded:
            raise OutputError(f"{path}: the picture cannot be stored as {path.suffix}")
        with write_atomically(path) as part:
            part.write_bytes(data.tobytes())
    except cv2.error as error:
        raise OutputError(
            f"{path}: the picture cannot be stored as {path.suffix}: {error.err}"
        ) from error
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error
