"""Where frames come from: pictures, folders, patterns and videos. All decoding is done here.

:func:`expand` turns what a user names into single sources and never fails; what is wrong with one
of them is said by :func:`open_source`, so that a bad one stands at its place and costs only itself.
"""

from __future__ import annotations

import contextlib
import glob
import math
import os
import re
import stat
import struct
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, ClassVar, Literal, TypeAlias

import cv2
import numpy as np

from lpr.errors import SourceError
from lpr.types import Frame, Image

Kind: TypeAlias = Literal["picture", "video"]

# fmt: off
PICTURE_SUFFIXES = frozenset({
    ".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg",
    ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp",
})
# Not .ts: in a folder that is more often a program than a transport stream.
VIDEO_SUFFIXES = frozenset({
    ".3gp", ".avi", ".flv", ".h264", ".m2ts", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4",
    ".mpeg", ".mpg", ".mts", ".ogv", ".webm", ".wmv",
})
# fmt: on

_PICTURE = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8|BM|II\*\0|MM\0\*|RIFF....WEBP|P[1-6]\s"
    rb"|\0\0\0\x0cjP  |....ftypavi[fs]",
    re.DOTALL,
)
_HEIF = re.compile(rb"....ftyp(hei[cfmsx]|hev[cx]|mif1|msf1)", re.DOTALL)
_ISO = re.compile(rb"....(ftyp|moov|mdat|wide|free|skip)", re.DOTALL)
_AVI = re.compile(rb"RIFF....AVI ", re.DOTALL)
_MATROSKA = re.compile(rb"\x1a\x45\xdf\xa3")
_OTHER_VIDEO = re.compile(
    rb"FLV\x01|OggS|\x30\x26\xb2\x75|\0\0\x01[\xb3\xba]|G.{187}G|.{4}G.{191}G", re.DOTALL
)
_VIDEO = (_ISO, _AVI, _MATROSKA, _OTHER_VIDEO)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a]")

_HIGHEST_FPS = 1000.0

_QUIET: ContextVar[bool] = ContextVar("quiet", default=False)


def expand(arguments: Sequence[str]) -> list[str]:
    """The single sources that ``arguments`` stand for, in order.

    A file stands for itself; a folder for the pictures and videos in it and below, by suffix, in
    the order of their paths, without hidden ones and without following links to folders; a pattern
    (``*``, ``?``, ``[...]``, ``**``) for the same of all that matches, unless a file has that very
    name. An argument that stands for nothing is given back as it is.
    """
    return [source for argument in arguments for source in _expand(argument) or [argument]]


def kind_of(source: str) -> Kind | None:
    """What :func:`open_source` takes ``source`` for, by its first bytes; None if for nothing."""
    try:
        return _kind(source, _head(source))
    except SourceError:
        return None


def open_source(path: str | os.PathLike[str], every: int = 1) -> Source:
    """Open one picture or video file; of a video only the frames 0, ``every``, 2 x ``every``...

    What a file is, its content tells. Raises :class:`lpr.errors.SourceError` where it cannot be
    read; a video that ends too early raises it after the frames that could be read.
    """
    if every < 1:
        raise ValueError(f"every has to be 1 or more, not {every}")
    name = os.fspath(path)
    head = _head(name)
    kind = _kind(name, head)
    if kind == "picture":
        return Picture(name, _decode(name))
    if kind == "video":
        return Video(name, every, exact=bool(_ISO.match(head) or _AVI.match(head)))
    if not head:
        raise SourceError(f"{name}: the file is empty (0 bytes); copy it again")
    if _HEIF.match(head):
        raise SourceError(f"{name}: HEIC pictures cannot be read; convert it to JPEG or PNG")
    raise SourceError(f"{name}: this is neither a picture nor a video that can be read")


@dataclass(frozen=True)
class Picture:
    """A picture, upright and decoded: one frame without a time.

    16-bit pictures are scaled to 8 bits, grey ones get three equal channels, transparency is
    dropped (the colours count as they are stored), and of an animation the first picture is taken.
    """

    name: str
    image: Image
    kind: ClassVar[Kind] = "picture"
    frames: ClassVar[int | None] = 1
    fps: ClassVar[float | None] = None

    def __iter__(self) -> Iterator[Frame]:
        yield Frame(self.image, self.name)

    def close(self) -> None:
        """Nothing is held open; here so that pictures and videos are used alike."""

    def __enter__(self) -> Picture:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Video:
    """A video file, decoded while it is iterated over, which can be done once.

    ``frames`` and ``fps`` speak of the frames that are given: how many are to come (None where the
    container does not say; many containers only estimate it) and how many make a second of the
    video (None where the container gives no credible rate). A frame's index counts all frames of
    the file; its time is the container's, in seconds from the start, and never decreases. Rotation
    that the container asks for has been done.
    """

    kind: ClassVar[Kind] = "video"

    def __init__(self, name: str, every: int, exact: bool) -> None:
        """``exact`` says that the container counts its frames and does not estimate them."""
        self.name = name
        self._every = every
        self._exact = exact
        try:
            # The whole path, because FFmpeg takes "a:b.mp4" for a protocol called "a".
            path = str(Path(name).absolute())
            path.encode()
            self._capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
        except UnicodeEncodeError:
            raise SourceError(f"{name!r}: the name is not valid UTF-8; rename the file") from None
        if not self._capture.isOpened():
            raise SourceError(
                f"{name}: the video cannot be opened: it is damaged, cut short or in an unknown "
                "format; copy it again or convert it to MP4"
            )
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._rate = rate if 0 < rate <= _HIGHEST_FPS else None
        self._count = int(count) if count > 0 and (exact or self._rate) else None
        self.fps = self._rate / every if self._rate else None
        self.frames = math.ceil(self._count / every) if self._count else None

    def __iter__(self) -> Iterator[Frame]:
        read = 0
        time = 0.0
        while self._capture.grab():
            index, read = read, read + 1
            if index % self._every:
                continue
            decoded, image = self._capture.retrieve()
            if not decoded:
                raise SourceError(f"{self.name}: frame {index} cannot be decoded; convert it")
            time = max(time, self._time(index))
            yield Frame(np.asarray(image, np.uint8), self.name, index, time)
        reason = self._shortfall(read)
        if reason:
            raise SourceError(f"{self.name}: the video {reason}")

    def _time(self, index: int) -> float:
        position = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        # Raw streams, and the last frames of some containers, have no time: it is then given as 0.
        return index / self._rate if position <= 0 and self._rate else position

    def _shortfall(self, read: int) -> str | None:
        """What is missing after ``read`` frames; None if nothing is.

        The size that the container declares is the surest witness. The count alone is not: frames
        that an edit list cuts away are counted, and Matroska's count is a guess.
        """
        missing = self._count - read if self._exact and self._count else None
        if read == 0:
            return "holds no frame that can be decoded; copy it again or convert it to MP4"
        if missing is not None and missing <= 0:
            return None
        of = f"{read} of {self._count} frames" if missing else f"{read} frames"
        if _is_cut(Path(self.name)):
            return f"ended after {of}: the file is cut short; copy it again"
        if missing and missing > max(30, read // 10):
            return f"ended after {of}: the rest is damaged or was cut away in editing"
        return None

    def close(self) -> None:
        self._capture.release()

    def __enter__(self) -> Video:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


Source: TypeAlias = Picture | Video


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what OpenCV, FFmpeg and the picture libraries print off stderr; errors are still raised.

    For commands, not for libraries: it changes the log level of the whole process, and while a
    picture is decoded the process has no stderr. Does nothing where ``OPENCV_LOG_LEVEL`` is set.
    """
    if "OPENCV_LOG_LEVEL" in os.environ:
        yield
        return
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    # FFmpeg's level is read once, when the first video is opened; -8 is its AV_LOG_QUIET.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    token = _QUIET.set(True)
    try:
        yield
    finally:
        _QUIET.reset(token)
        cv2.utils.logging.setLogLevel(level)


@contextlib.contextmanager
def _without_stderr() -> Iterator[None]:
    """libpng and libjpeg write their warnings straight to file descriptor 2."""
    try:
        kept = os.dup(2)
    except OSError:  # the process was started without a stderr
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _decode(name: str) -> Image:
    try:
        data = np.frombuffer(Path(name).read_bytes(), np.uint8)
    except OSError as error:
        raise _unreadable(name, error) from error
    try:
        with _without_stderr() if _QUIET.get() else contextlib.nullcontext():
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error as error:
        if "CV_IO_MAX" not in error.err and error.code != cv2.Error.STS_NO_MEM:
            raise SourceError(f"{name}: the picture cannot be decoded: {error.err}") from error
        raise SourceError(
            f"{name}: the picture is too large (at most 2^30 pixels can be decoded, as far as the "
            "memory suffices); scale it down"
        ) from error
    if image is None:
        raise SourceError(
            f"{name}: the picture is damaged, cut short or of an unknown kind; copy it again or "
            "convert it to JPEG or PNG"
        )
    return np.asarray(image, np.uint8)


def _expand(argument: str) -> list[str]:
    mode = _mode(argument)
    if mode is not None:
        return _scan(argument) if stat.S_ISDIR(mode) else [argument]
    if not glob.has_magic(argument):
        return []
    found: list[str] = []
    # Path.glob would drop a leading "./" and does not skip hidden files.
    for match in sorted(glob.glob(argument, recursive=True)):  # noqa: PTH207
        if stat.S_ISDIR(_mode(match) or 0):
            found.extend(_scan(match))
        elif _has_media_suffix(match):
            found.append(match)
    return list(dict.fromkeys(found))


def _scan(folder: str) -> list[str]:
    """The sources in ``folder`` and below; a folder that may not be read stands for itself."""
    found: list[str] = []
    unreadable: list[str] = []
    for parent, folders, files in os.walk(folder, onerror=lambda e: unreadable.append(e.filename)):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.extend(
            os.path.join(parent, name)  # noqa: PTH118 - Path would drop a leading "./"
            for name in files
            if not name.startswith(".") and _has_media_suffix(name)
        )
    return sorted(found + unreadable, key=lambda path: Path(path).parts)


def _has_media_suffix(name: str) -> bool:
    return Path(name).suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES


def _mode(name: str) -> int | None:
    try:
        return Path(name).stat().st_mode if name else None
    except (OSError, ValueError):
        return None


def _head(name: str) -> bytes:
    """The first bytes of a file. Raises SourceError where there is none or it may not be read."""
    try:
        mode = Path(name).stat().st_mode if name else 0
        if stat.S_ISDIR(mode):
            raise _folder_problem(name)
        if not stat.S_ISREG(mode):
            raise SourceError(f"{name!r}: this is neither a file nor a folder")
        with Path(name).open("rb") as file:
            return file.read(4096)
    except (FileNotFoundError, NotADirectoryError):
        if glob.has_magic(name):
            raise SourceError(f"{name}: no picture or video matches this pattern") from None
        raise SourceError(f"{name}: no such file or folder; check the name") from None
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error


def _folder_problem(name: str) -> SourceError:
    with os.scandir(name):
        pass
    if _scan(name):
        return SourceError(f"{name}: this is a folder; name the files in it")
    looked_for = " ".join(sorted(PICTURE_SUFFIXES | VIDEO_SUFFIXES))
    return SourceError(
        f"{name}: the folder holds no picture or video; looked for {looked_for} in it and below"
    )


def _unreadable(name: str, error: Exception) -> SourceError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    advice = "; check its permissions" if isinstance(error, PermissionError) else ""
    return SourceError(f"{name}: cannot be read: {reason}{advice}")


def _kind(name: str, head: bytes) -> Kind | None:
    video_suffix = Path(name).suffix.lower() in VIDEO_SUFFIXES
    # A raw MJPEG stream begins as a JPEG does: there the suffix decides.
    if _PICTURE.match(head) and not video_suffix:
        return "picture"
    # FFmpeg would render a text as a video, and follow the addresses in a playlist.
    if _HEIF.match(head) or not _BINARY.search(head):
        return None
    if video_suffix or any(magic.match(head) for magic in _VIDEO):
        return "video"
    return None


def _is_cut(path: Path) -> bool:
    """Whether the file is shorter than its container says; False where that does not say."""
    # Some writers are wrong by a few bytes of padding.
    slack = 64
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(64)
        if _ISO.match(head):
            return _end_of_boxes(file, size) > size + slack
        if _AVI.match(head):
            return _end_of_riff(file, size) > size + slack
        if _MATROSKA.match(head):
            return _end_of_segment(head) > size + slack
    return False


def _end_of_boxes(file: BinaryIO, size: int) -> int:
    """Where the last top-level box of an MP4 or QuickTime file ends (ISO/IEC 14496-12, 4.2)."""
    end = 0
    while end < size:
        file.seek(end)
        header = file.read(16)
        if len(header) < 16:
            break
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:], "big")
        if length < 8:
            break
        end += length
    return end


def _end_of_riff(file: BinaryIO, size: int) -> int:
    """Where the last RIFF chunk of an AVI file ends; files beyond 1 GiB have several (OpenDML)."""
    end = 0
    while end < size:
        file.seek(end)
        header = file.read(8)
        if len(header) < 8 or header[:4] != b"RIFF":
            break
        (length,) = struct.unpack("<I", header[4:])
        end += 8 + length
    return end


def _end_of_segment(head: bytes) -> int:
    """Where a Matroska file's segment ends (RFC 8794, 4 and 9559, 4.5); 0 where it is not known."""
    header_length, start = _variable_integer(head, 4)
    segment = start + (header_length or 0)
    if header_length is None or head[segment : segment + 4] != b"\x18\x53\x80\x67":
        return 0
    length, start = _variable_integer(head, segment + 4)
    return 0 if length is None else start + length


def _variable_integer(data: bytes, start: int) -> tuple[int | None, int]:
    """An EBML integer (None for "unknown", which is all ones) and where it ends."""
    width = 9 - data[start].bit_length() if start < len(data) else 9
    if width > 8:
        return None, start
    mask = (1 << 7 * width) - 1
    value = int.from_bytes(data[start : start + width], "big") & mask
    return (None if value == mask else value), start + width
