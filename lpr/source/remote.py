"""Pictures and videos at addresses: http, https, rtsp..."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from lpr.errors import SourceError
from lpr.source.address import Address, addresses, is_http
from lpr.source.animation import Animation
from lpr.source.decoding import MAX_PIXELS, picture_bytes_limit, too_large_file
from lpr.source.http_client import content_of, fetch
from lpr.source.live import open_stream
from lpr.source.media_types import MediaType
from lpr.source.picture import Pages, Picture, open_picture
from lpr.source.video_stream import Stream, ThreadType

TIMEOUT = 30.0
"""Seconds within which a recording or a picture has to give data."""
_SNIFFED_AT_ONCE = 16  # Addresses that are asked at the same time


def open_remote(
    name: str, every: int = 1, max_pixels: int = MAX_PIXELS
) -> Picture | Pages | Animation | Stream:
    """Open the picture or video at an address; a live stream goes on until it breaks off.

    Raises :class:`lpr.errors.SourceError` if it cannot be opened.
    """
    (address,) = addresses([name])
    content = content_of(address, TIMEOUT) if is_http(name) else "live"
    if content != "picture":
        threads: ThreadType = "AUTO" if content == "recording" else "NONE"
        return open_stream(address, TIMEOUT, every=every, threads=threads, max_pixels=max_pixels)
    limit = picture_bytes_limit(max_pixels)
    data = fetch(address, limit + 1, TIMEOUT)
    if len(data) > limit:
        raise too_large_file(address.shown, max_pixels)
    return open_picture(address.shown, data, every, max_pixels)


def remote_type(name: str) -> MediaType | None:
    """What :func:`open_remote` would open; None if it would not."""
    try:
        (address,) = addresses([name])
        content = content_of(address, TIMEOUT) if is_http(name) else "live"
    except SourceError:
        return None
    return "picture" if content == "picture" else "video"


def resolved(sources: Iterable[Address], timeout: float) -> list[Address]:
    """``sources``, with the HTTP addresses of recordings as such, which are played once.

    Each is asked, for ``timeout`` seconds at most. One that does not answer is taken for a camera.
    """
    with ThreadPoolExecutor(_SNIFFED_AT_ONCE) as pool:
        return list(pool.map(lambda address: _resolved(address, timeout), sources))


def _resolved(address: Address, timeout: float) -> Address:
    if address.kind == "stream" and is_http(address.text):
        try:
            if content_of(address, timeout) == "recording":
                return replace(address, kind="recording")
        except SourceError:
            pass
    return address
