"""What may be shown of a stream's address: by an allow-list, since cameras take passwords anywhere.

Vendors put passwords before the host, into the query, into the path
(``/user=admin&password=X&channel=1``) and under any name. Shown are therefore only the protocol,
the host, the port, and the parts of path and query that are known to name a stream; all else
becomes ``***``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from lpr.source.search import mode_of

HIDDEN = "***"
"""Stands for a part that is not shown."""

PROTOCOLS = ("rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "udp", "tcp", "srt")
"""The protocols that can be watched."""

_PROTOCOL = re.compile(r"([a-z][a-z0-9+.-]+):/", re.IGNORECASE)
_BROKEN_PROTOCOL = re.compile(rf"(?:{'|'.join(PROTOCOLS)})\s*[:;]", re.IGNORECASE)
_WITHOUT_PROTOCOL = re.compile(
    r"[^\s/@]*:.*@[\w.-]+(:\d+)?(/.*)?"  # admin:password@host/path
    r"|\d{1,3}(\.\d{1,3}){3}(:\d+)?(/.*)?"  # 10.0.0.7/path
    r"|.*(pass|pwd|psw|token|secret|auth|key)\w*=.*",
    re.IGNORECASE | re.DOTALL,
)
_KNOWN_PROTOCOLS = {*PROTOCOLS, "ftp", "ftps", "mms", "mmsh", "onvif", "rtp", "sftp", "ws", "wss"}

_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+(%[\w.-]+)?", re.IGNORECASE)
_IP_ADDRESS = re.compile(r"localhost|[\d.]+|\[.*\]")

_NAME = re.compile(r"[\w.~+-]*[^\W\d][\w.~+-]*")
_USER = re.compile(
    "user|admin|root|guest|operator|viewer|pass|pwd|psw|token|auth|key|login|secret", re.I
)

_RUN = re.compile(r"[a-z]+|\d+|[^a-z\d]+", re.IGNORECASE)
_MAX_DIGITS = 3  # Of a number in a path: channels have up to three, a PIN has four or more
_LONG_NUMBERS = {"1080", "1440", "2160"}
_HIKVISION = re.compile(r"channels/\d{1,4}", re.IGNORECASE)  # Channels/1001: camera 10, stream 1
_MAX_LENGTH = 40  # Characters of a part that is shown

# Parts of the usual addresses of cameras and media servers, and places that people name streams
# after. Letters that stand between digits, as in h264, m3u8 and 720p, are words too.
_WORD_LIST = """
    a amp api asf asp av avi avn axis back backyard bin bridge c cam camera cameras cams cgi ch
    chan channel channels chn cif common corridor court d default depot dock door driveway east
    entrance entry exit first flv frame front garage garden gate get h hall hd hevc high highway
    hls house hq image images in index indoor inside inst isapi jpeg jpg junction lane left live
    livestream loading lobby low lq m main major media medium mid mjpeg mjpg mkv motion mov mp
    mpeg mpg multicast net north nph office ogg onvif out outdoor outside p parking pda plate
    plates play prev preview primary profile profiles quality ramp realmonitor rear res right
    road roof rtp rtsp s sd sdp second secondary server shot side site snap snapshot snapshots
    south square stage still stream streaming streams street sub substream third toll track
    trackid traffic ts tunnel tv u unicast v ver video videos view warehouse web webcam webm
    west yard
"""
_WORDS = frozenset(_WORD_LIST.split())
# Parameters that tell a host's streams apart.
_CHANNEL = re.compile(
    r"(?:ch|chn|chan|channel|channelid|channelno|cam|camera|cameraid|camid|input|profile|src|"
    r"stream|streamid|streamtype|subtype|track|trackid)=(.+)",
    re.IGNORECASE,
)


def is_like_an_address(text: str) -> bool:
    """Whether ``text``, which no file is called, is meant as an address, perhaps a wrong one."""
    return bool(
        _PROTOCOL.search(text) or _BROKEN_PROTOCOL.match(text) or _WITHOUT_PROTOCOL.fullmatch(text)
    )


def without_password(text: str) -> str:
    """An address with all but its harmless parts masked; another text as it is.

    Of an address that is malformed, only the protocol is shown: its parts cannot be told apart.
    """
    if not is_like_an_address(text):
        return text
    parts = split_address(text)
    return _masked_whole(text) if parts is None else _Shown.of(parts).address()


def shown_source(text: str) -> str:
    """A source as users name it, for messages and records: a file's name, or a masked address."""
    return text if mode_of(text) is not None else without_password(text)


def default_name(address: str) -> str:
    """The name of a valid address: its host, and what tells the streams of the host apart.

    ``10.0.0.7/stream1``, ``10.0.0.7/cam/realmonitor?channel=1``. Names in the path that are not
    known to be harmless give four hexadecimal digits of a hash, as in ``10.0.0.7#3f2a``. Digits of
    a hash help whoever guesses, so it covers only names: no user, no value of a parameter, no
    number, and nothing that follows a word like ``admin``.
    """
    parts = split_address(address)
    assert parts is not None
    return _Shown.of(parts).name()


def split_address(text: str) -> SplitResult | None:
    """The parts of an address with a host; None if it is malformed, or ambiguous.

    ``/``, ``#`` and ``?`` end a user and password even if they belong to a password, so that its
    rest, up to the ``@``, looks like a path.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if "://" not in text or not host or port == 0 or not _HOST.fullmatch(host):
        return None
    authority, rest = parts.netloc, text.partition("://")[2]
    if "@" in rest[len(authority) :]:
        name, _, of_user = authority.rpartition("@")[2].partition(":")
        certain = _IP_ADDRESS.fullmatch(name) or (
            "@" not in authority and not of_user and "." in name
        )
        if not certain:
            return None
    return parts


def _masked_whole(text: str) -> str:
    protocol = _PROTOCOL.search(text) or re.match(r"(\w+)", text)
    name = protocol[1].lower() if protocol else ""
    return f"{name}://{HIDDEN}" if name in _KNOWN_PROTOCOLS else HIDDEN


@dataclass(frozen=True, slots=True)
class _Shown:
    """The harmless parts of an address; ``***`` stands for each run of others."""

    protocol: str
    user: bool
    host: str
    port: int | None
    path: list[str]
    query: list[str]
    fragment: bool
    hidden_names: list[str]

    @classmethod
    def of(cls, parts: SplitResult) -> _Shown:
        hidden_names: list[str] = []
        segments: list[str] = []
        before = ""
        for segment in parts.path.split("/")[1:]:
            segments.append(_segment(segment, before))
            if segments[-1] == HIDDEN and _NAME.fullmatch(segment) and not _USER.search(before):
                hidden_names.append(segment)
            before = segment
        protocol = parts.scheme if parts.scheme in _KNOWN_PROTOCOLS else HIDDEN
        host = parts.hostname or ""
        return cls(
            protocol,
            "@" in parts.netloc,
            f"[{host}]" if ":" in host else host,
            parts.port,
            _collapsed(segments),
            _parameters(re.split("[&;]", parts.query)) if parts.query else [],
            bool(parts.fragment),
            hidden_names,
        )

    def address(self) -> str:
        user = f"{HIDDEN}@" if self.user else ""
        port = "" if self.port is None else f":{self.port}"
        path = "".join(f"/{segment}" for segment in self.path)
        query = f"?{'&'.join(self.query)}" if self.query else ""
        fragment = f"#{HIDDEN}" if self.fragment else ""
        return f"{self.protocol}://{user}{self.host}{port}{path}{query}{fragment}"

    def name(self) -> str:
        segments = ("&".join(_known(segment.split("&"))) for segment in self.path)
        path = "".join(f"/{segment}" for segment in segments if segment)
        query = "&".join(_known(self.query))
        named = f"{self.host.strip('[]')}{path}" + (f"?{query}" if query else "")
        if not self.hidden_names:
            return named
        content = "/".join([self.host, *self.hidden_names]).encode("utf-8", "surrogatepass")
        return f"{named}#{hashlib.blake2b(content, digest_size=2).hexdigest()}"


def _known(parts: Iterable[str]) -> list[str]:
    return [part for part in parts if part != HIDDEN]


def _segment(segment: str, before: str) -> str:
    """What is shown of a part of the path between two slashes; ``before`` is the one before it."""
    if not segment or is_harmless(segment) or _HIKVISION.fullmatch(f"{before}/{segment}"):
        return segment
    if "=" not in segment:
        return HIDDEN
    # /user=admin&password=X&channel=1, /user=admin_password=X_channel=1, /stream1;pwd=X
    first, *others = re.split("[&;,]", segment)
    pieces = [piece for part in (first, *others) for piece in part.split("_")]
    if is_harmless(first):
        return "&".join([first, *_parameters(pieces[len(first.split("_")) :])])
    return "&".join(_parameters(pieces))


def _parameters(texts: Iterable[str]) -> list[str]:
    return _collapsed(
        text if (match := _CHANNEL.fullmatch(text)) and is_harmless(match[1]) else HIDDEN
        for text in texts
    )


def _collapsed(parts: Iterable[str]) -> list[str]:
    """``parts`` with one ``***`` for several in a row: their number could be a password's."""
    kept: list[str] = []
    for part in parts:
        if part != HIDDEN or kept[-1:] != [HIDDEN]:
            kept.append(part)
    return kept


def is_harmless(text: str) -> bool:
    """Whether ``text`` consists of words and numbers that are known to name streams.

    ``stream1``, ``h264Preview_01_main``, ``video.mjpg``, ``101``.
    """
    if len(text) > _MAX_LENGTH:
        return False
    runs = _RUN.findall(text)
    return bool(runs) and all(
        (run in _LONG_NUMBERS or len(run) <= _MAX_DIGITS)
        if run.isascii() and run.isdigit()
        else _is_of_words(run.lower())
        if run.isascii() and run.isalpha()
        else run in ("-", "_", ".")
        for run in runs
    )


def _is_of_words(letters: str) -> bool:
    """Whether ``letters`` is a word, or several of two letters or more in a row."""
    if letters in _WORDS:
        return True
    reached = {0}
    for end in range(2, len(letters) + 1):
        if any(end - start > 1 and letters[start:end] in _WORDS for start in reached):
            reached.add(end)
    return len(letters) in reached
