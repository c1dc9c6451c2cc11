"""Reading from HTTP addresses: what is there, and pictures."""

from __future__ import annotations

import time
from http.client import HTTPException, HTTPResponse, responses
from typing import Literal, TypeAlias
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit
from urllib.request import (
    BaseHandler,
    HTTPBasicAuthHandler,
    HTTPDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    Request,
    build_opener,
)

from lpr.errors import SourceError
from lpr.source.address import Address
from lpr.source.media_types import is_binary, media_type_by
from lpr.source.playlist import uris

Content: TypeAlias = Literal["picture", "recording", "live"]
"""What an address holds: a picture, a video that ends, or one that goes on."""

_HEAD = 4096  # Bytes that are looked at: the type of every format shows in them
_PLAYLIST_BYTES = 1 << 22  # of a playlist: a day of segments of two seconds
_PART = 1 << 16  # Bytes that are read at once


def content_of(address: Address, timeout: float) -> Content:
    """What ``address`` (http, https) holds, by its header and first bytes.

    ``timeout`` is in seconds. Raises :class:`lpr.errors.SourceError` if it cannot be opened, or
    holds text.
    """
    return _content(address.text, address.shown, timeout, follow=True)


def _content(url: str, shown: str, timeout: float, *, follow: bool) -> Content:
    with _open(url, shown, timeout) as response:
        if response.headers.get_content_maintype() == "multipart":  # Motion JPEG
            return "live"
        ends = bool(response.length)  # what is left of a stated length
        head = _read(response, _HEAD, shown, timeout)
        if head.lstrip().startswith(b"#EXTM3U"):
            text = (head + _read(response, _PLAYLIST_BYTES, shown, timeout)).decode(
                "utf-8", "replace"
            )
            variant = next(uris(text), None)
            if "#EXT-X-STREAM-INF" in text and variant and follow:
                return _content(urljoin(url, variant), shown, timeout, follow=False)
            return "recording" if "#EXT-X-ENDLIST" in text else "live"
        kind = media_type_by(urlsplit(url).path, head)
        if kind == "picture":
            return "picture"
        if kind is None and not is_binary(head):
            what = "a web page or text" if head else "nothing"
            raise SourceError(f"{shown}: the address holds {what}, neither a picture nor a video")
        return "recording" if ends else "live"


def fetch(address: Address, limit: int, timeout: float) -> bytes:
    """The bytes at ``address``, at most ``limit``, all within ``timeout`` seconds.

    Raises :class:`lpr.errors.SourceError` if they cannot be read.
    """
    with _open(address.text, address.shown, timeout) as response:
        data = _read(response, limit, address.shown, timeout)
        if response.length and len(data) < limit:
            raise SourceError(f"{address.shown}: broke off after {len(data)} bytes")
        return data


def _open(url: str, shown: str, timeout: float) -> HTTPResponse:
    parts = urlsplit(url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
    handlers: list[BaseHandler] = []
    if user:
        passwords = HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, plain, user, password)
        handlers = [HTTPDigestAuthHandler(passwords), HTTPBasicAuthHandler(passwords)]
    request = Request(quote(plain, safe="%/:=&?~#+!$,;'@()*[]"), headers={"User-Agent": "lpr"})
    try:
        response: HTTPResponse = build_opener(*handlers).open(request, timeout=timeout)
    except HTTPError as error:
        error.close()
        # The server's own words may hold anything.
        reason = responses.get(error.code, "")
        raise SourceError(
            f"{shown}: cannot be opened: HTTP {error.code} {reason}".rstrip()
        ) from None
    except URLError as error:
        cause = getattr(error.reason, "strerror", None) or error.reason
        raise SourceError(f"{shown}: cannot be opened: {cause}") from None
    except (OSError, HTTPException, ValueError) as error:
        # The text of such an error may hold the address, with its password.
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise SourceError(f"{shown}: cannot be opened: {reason}") from None
    return response


def _read(response: HTTPResponse, limit: int, shown: str, timeout: float) -> bytes:
    """Up to ``limit`` bytes."""
    deadline = time.monotonic() + timeout
    data = bytearray()
    try:
        while len(data) < limit and (part := response.read1(min(_PART, limit - len(data)))):
            data += part
            if time.monotonic() > deadline:
                raise SourceError(f"{shown}: broke off after {len(data)} bytes: it is too slow")
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise SourceError(f"{shown}: broke off after {len(data)} bytes: {reason}") from None
    return bytes(data)
