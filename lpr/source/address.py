"""What the name of a moving source stands for: a file, a stream, a camera, standard input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from lpr.errors import SourceError
from lpr.source.search import expand, mode_of

Sort: TypeAlias = Literal["file", "folder", "stream", "camera", "stdin"]

_STREAM = re.compile(r"(rtsps?|rtmps?|https?|udp|tcp|srt)://", re.IGNORECASE)
_LIKE_AN_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
_CAMERA = re.compile(r"camera:(\d+)|(/dev/video\d+)")
_NAMED = re.compile(r"([^\W_][\w.-]*)=(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """A source and what its sightings call it. ``text`` is what to open, ``shown`` the same without
    a password; ``camera`` is its name."""

    camera: str
    text: str
    sort: Sort

    @property
    def live(self) -> bool:
        """Whether it goes on whether anybody looks or not."""
        return self.sort in ("stream", "camera")

    @property
    def shown(self) -> str:
        """The source as records and messages name it: no password is ever shown."""
        return without_password(self.text)


def without_password(text: str) -> str:
    """An address without what stands between a user's name and the last @, and without the values
    of parameters that are called like secrets."""
    masked = re.sub(r"(:/+)([^:@/]*):.*@", r"\1\2:***@", text, flags=re.DOTALL)
    return re.sub(r"(?i)([?&](?:pass\w*|pwd|token|key|secret|auth)=)[^&\s]*", r"\1***", masked)


def addresses(arguments: Iterable[str]) -> list[Address]:
    """The moving sources that ``arguments`` stand for, each with a name of its own.

    ``gate=rtsp://...`` names a camera; others are called by their file or host. ``-`` is standard
    input, ``camera:0`` or ``/dev/video0`` a camera of this machine; a folder of pictures is one
    source, and its videos are one each, as those of a pattern are.

    Raises :class:`lpr.errors.SourceError` where two are given one name, a folder holds pictures and
    videos both, or an address is none.
    """
    found: list[tuple[str | None, str, Sort]] = []
    for argument in arguments:
        named = None if mode_of(argument) is not None else _NAMED.fullmatch(argument)
        name, text = (named[1], named[2]) if named and "://" not in named[1] else (None, argument)
        several = _sorted(text)
        numbered = name is not None and len(several) > 1
        found += [
            (f"{name}-{number}" if numbered else name, each, sort)
            for number, (each, sort) in enumerate(several, 1)
        ]
    if sum(sort == "stdin" for _, _, sort in found) > 1:
        raise SourceError("-: standard input can be watched once only")
    return _called(found)


def _sorted(text: str) -> list[tuple[str, Sort]]:
    if text == "-":
        return [(text, "stdin")]
    if _STREAM.match(text):
        return [(_checked(text), "stream")]
    if _LIKE_AN_ADDRESS.match(text) and mode_of(text) is None:
        raise SourceError(
            f"{without_password(text)}: addresses of this kind cannot be watched; rtsp, rtmp, "
            "http, https, srt, udp and tcp can, as in rtsp://10.0.0.7:554/stream1"
        )
    camera = _CAMERA.fullmatch(text)
    if camera:
        return [(camera[2] or f"/dev/video{camera[1]}", "camera")]
    if not Path(text).is_dir():
        return [(each, "file") for each in expand([text])]
    from lpr.source.media_types import PICTURE_SUFFIXES

    inside = expand([text])
    pictures = [
        each
        for each in inside
        if Path(each).suffix.lower() in PICTURE_SUFFIXES - {".gif"} and each != text
    ]
    if pictures and len(pictures) < len(inside):
        raise SourceError(
            f"{text}: the folder holds pictures and videos; name a pattern such as "
            f"{Path(text) / '*.mp4'}"
        )
    return [(text, "folder")] if pictures or inside == [text] else [(e, "file") for e in inside]


def _checked(text: str) -> str:
    """An address that names a host and, if any, a port that there is."""
    try:
        parts = urlsplit(text)
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        raise SourceError(
            f"{without_password(text)}: this is no address; write it as rtsp://10.0.0.7:554/stream1"
        )
    return text


def _called(found: Sequence[tuple[str | None, str, Sort]]) -> list[Address]:
    taken: set[str] = set()
    made = []
    for name, text, sort in found:
        called, number = name or _usual(text, sort), 1
        while called in taken:
            if name is not None:
                raise SourceError(f"{name}: two sources have this name; give each its own")
            number += 1
            called = f"{_usual(text, sort)}-{number}"
        taken.add(called)
        made.append(Address(called, text, sort))
    return made


def _usual(text: str, sort: Sort) -> str:
    if sort == "stdin":
        return "stdin"
    if sort == "stream":
        parts = urlsplit(text)
        return f"{parts.hostname}{parts.path.rstrip('/')}"
    return Path(text).name if sort == "camera" else Path(text).stem or text
