"""Video sources as users name them: files, streams, cameras, standard input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from lpr.errors import SourceError
from lpr.source.media_types import PICTURE_SUFFIXES
from lpr.source.search import expand, mode_of
from lpr.utils.text import unique_name

SourceKind: TypeAlias = Literal["file", "folder", "stream", "recording", "camera", "stdin"]

_STREAM = re.compile(r"(rtsps?|rtmps?|https?|udp|tcp|srt)://", re.IGNORECASE)
_LIKE_AN_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
_CAMERA = re.compile(r"camera:(\d+)|(/dev/video\d+)")
_NAMED = re.compile(r"([^\W_][\w.-]*)=(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """A source and its name in sightings, ``camera``; ``text`` is the file or address to open."""

    camera: str
    text: str
    kind: SourceKind

    @property
    def live(self) -> bool:
        """Whether frames that are not read in time are lost."""
        return self.kind in ("stream", "camera")

    @property
    def shown(self) -> str:
        """The source for records and messages: ``text`` without passwords."""
        return without_password(self.text)


def without_password(text: str) -> str:
    """An address with its password masked, and the values of parameters named like secrets."""
    masked = re.sub(r"(:/+)([^:@/]*):.*@", r"\1\2:***@", text, flags=re.DOTALL)
    return re.sub(r"(?i)([?&](?:pass\w*|pwd|token|key|secret|auth)=)[^&\s]*", r"\1***", masked)


def is_address(text: str) -> bool:
    """Whether ``text`` is an address such as ``rtsp://...`` or ``http://...``."""
    return bool(_STREAM.match(text))


def is_http(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def shown_source(text: str) -> str:
    """A source for records and messages: an address without passwords."""
    return without_password(text) if is_address(text) else text


def addresses(arguments: Iterable[str]) -> list[Address]:
    """The video sources that ``arguments`` name, each with a camera name of its own.

    ``gate=rtsp://...`` names a camera; others are called after their file or host. ``-`` is
    standard input, ``camera:0`` or ``/dev/video0`` a camera of this machine. A folder of pictures
    is one source; a folder or pattern of videos is one source per video.

    Raises :class:`lpr.errors.SourceError` if two sources are given the same name, a folder holds
    both pictures and videos, or an address is malformed.
    """
    found: list[tuple[str | None, str, SourceKind]] = []
    for argument in arguments:
        named = None if mode_of(argument) is not None else _NAMED.fullmatch(argument)
        name, text = (named[1], named[2]) if named and "://" not in named[1] else (None, argument)
        sources = _expanded(text)
        numbered = name is not None and len(sources) > 1
        found += [
            (f"{name}-{number}" if numbered else name, each, kind)
            for number, (each, kind) in enumerate(sources, 1)
        ]
    if sum(kind == "stdin" for _, _, kind in found) > 1:
        raise SourceError("-: standard input can be watched only once")
    return _with_unique_names(found)


def _expanded(text: str) -> list[tuple[str, SourceKind]]:
    if text == "-":
        return [(text, "stdin")]
    if _STREAM.match(text):
        return [(_checked(text), "stream")]
    if _LIKE_AN_ADDRESS.match(text) and mode_of(text) is None:
        raise SourceError(
            f"{without_password(text)}: this protocol is not supported; rtsp, rtmp, http, https, "
            "srt, udp and tcp are, as in rtsp://10.0.0.7:554/stream1"
        )
    camera = _CAMERA.fullmatch(text)
    if camera:
        return [(camera[2] or f"/dev/video{camera[1]}", "camera")]
    files = expand([text])
    if not Path(text).is_dir():
        return [(file, "file") for file in files]
    suffixes = PICTURE_SUFFIXES - {".apng", ".gif"}
    pictures = [f for f in files if Path(f).suffix.lower() in suffixes and f != text]
    if pictures and len(pictures) < len(files):
        pattern = Path(text) / "*.mp4"
        raise SourceError(
            f"{text}: the folder holds pictures and videos; name a pattern such as {pattern}"
        )
    if pictures or files == [text]:
        return [(text, "folder")]
    return [(file, "file") for file in files]


def _checked(text: str) -> str:
    """Return an address that has a host and a valid port, if any."""
    try:
        parts = urlsplit(text)
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise SourceError(
            f"{without_password(text)}: this is not a valid address; write it as "
            "rtsp://10.0.0.7:554/stream1"
        )
    return text


def _with_unique_names(found: Sequence[tuple[str | None, str, SourceKind]]) -> list[Address]:
    taken: set[str] = set()
    result = []
    for name, text, kind in found:
        if name in taken:
            raise SourceError(f"{name}: two sources have this name; give each its own")
        camera = name or unique_name(_default_name(text, kind), taken.__contains__)
        taken.add(camera)
        result.append(Address(camera, text, kind))
    return result


def _default_name(text: str, kind: SourceKind) -> str:
    if kind == "stdin":
        return "stdin"
    if kind == "stream":
        parts = urlsplit(text)
        return f"{parts.hostname}{parts.path.rstrip('/')}"
    return Path(text).name if kind == "camera" else Path(text).stem or text
