"""A camera that gives a single picture at an HTTP address, which is fetched again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from lpr.source.address import Address
from lpr.source.decoding import MAX_PIXELS, decode, header_of, picture_bytes_limit
from lpr.source.http_client import fetch
from lpr.types import Frame
from lpr.utils.closing import Closeable

_INTERVAL = 0.2  # Seconds between two requests; a camera takes about as long for a picture


class Snapshots(Closeable):
    """The pictures at an address as frames, up to five a second. A picture may come repeatedly.

    ``timeout`` limits each request, in seconds.
    """

    fps: float | None = None

    def __init__(self, address: Address, timeout: float, max_pixels: int = MAX_PIXELS) -> None:
        self._address = address
        self._timeout = timeout
        self._max_pixels = max_pixels
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        """Raises :class:`lpr.errors.SourceError` if a picture cannot be fetched or decoded."""
        name = self._address.shown
        limit = picture_bytes_limit(self._max_pixels)
        began, index, last, image = time.monotonic(), 0, b"", None
        while not self._closed.is_set():
            asked = time.monotonic()
            data = fetch(self._address, limit, self._timeout)
            if image is None or data != last:
                page = header_of(name, data, self._max_pixels).pages[0]
                last, image = data, decode(name, data, page)
            yield Frame(image, name, index, asked - began)
            index += 1
            self._closed.wait(max(0.0, asked + _INTERVAL - time.monotonic()))

    def close(self) -> None:
        """End the iteration after the current request."""
        self._closed.set()
