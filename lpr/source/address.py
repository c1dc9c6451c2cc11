"""Video sources as users name them: files, streams, cameras, standard input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from lpr.errors import SourceError
from lpr.source.media_types import PICTURE_SUFFIXES
from lpr.source.search import expand, mode_of
from lpr.source.shown_address import (
    PROTOCOLS,
    default_name,
    is_like_an_address,
    split_address,
    without_password,
)
from lpr.utils.text import unique_name

SourceKind: TypeAlias = Literal["file", "folder", "stream", "recording", "camera", "stdin"]

_STREAM = re.compile(rf"({'|'.join(PROTOCOLS)})://", re.IGNORECASE)
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
        """The source for records and messages: an address without its passwords."""
        return without_password(self.text) if self.kind in ("stream", "recording") else self.text


def is_address(text: str) -> bool:
    """Whether ``text`` is an address such as ``rtsp://...`` or ``http://...``."""
    return bool(_STREAM.match(text))


def is_http(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def addresses(arguments: Iterable[str]) -> list[Address]:
    """The video sources that ``arguments`` name, each with a camera name of its own.

    ``gate=rtsp://...`` names a camera; others are called after their file, or after the host and
    the harmless parts of their address (:func:`lpr.source.shown_address.default_name`). ``-`` is
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
    camera = _CAMERA.fullmatch(text)
    if camera:
        return [(camera[2] or f"/dev/video{camera[1]}", "camera")]
    files = expand([text])
    if files == [text] and is_like_an_address(text) and mode_of(text) is None:
        raise SourceError(f"{without_password(text)}: {_advice(text)}")
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
    if split_address(text) is None:
        raise SourceError(
            f"{without_password(text)}: this is not a valid address; write it as "
            "rtsp://10.0.0.7:554/stream1. In a user, a password or a path write # as %23, / as "
            "%2F, ? as %3F and @ as %40"
        )
    return text


def _advice(text: str) -> str:
    """What is wrong with a text that is meant as an address and does not begin like one."""
    if "=" in text and _STREAM.match(text.split("=", 1)[1]):
        return "the name before = may hold only letters, digits, dots, - and _"
    if re.match(r"[a-z][a-z0-9+.-]*://", text, re.IGNORECASE):
        return (
            "this protocol is not supported; rtsp, rtmp, http, https, srt, udp and tcp are, as in "
            "rtsp://10.0.0.7:554/stream1"
        )
    return (
        "this is neither a file nor a valid address; begin an address with its protocol, as in "
        "rtsp://10.0.0.7:554/stream1"
    )


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
        return default_name(text)
    return Path(text).name if kind == "camera" else Path(text).stem or text
