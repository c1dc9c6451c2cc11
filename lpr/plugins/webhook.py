"""Sightings by HTTP (``lpr watch --to https://...``): a POST each, kept until it arrives."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from lpr.errors import BackendError, OutputError
from lpr.source.shown_address import shown_source
from lpr.utils.closing import Closeable
from lpr.utils.spool import Entry, Spool, spool_folder

_TIMEOUT = 15.0  # Seconds for a server to answer
_DRAIN = 5.0  # Seconds at the end of a watch for what still waits; the disk keeps the rest
_RETRY = {408, 425, 429}  # Refusals that mean "later"; all others of 4xx mean "never"


class Webhook:
    """The destination of ``http://`` and ``https://`` addresses.

    The body is JSON: ``{"id": ..., "sighting": {...}, "pictures": {"plate": "<base64>"}}`` or
    ``{"gap": {...}}``. The header ``Idempotency-Key`` repeats the id. A user and password in the
    address are sent as Basic authorization.
    """

    name = "webhook"
    schemes = frozenset({"http", "https"})

    def problem(self) -> str | None:
        """Python has all that it takes."""
        return None

    def open(self, address: str, report: Callable[[str], None]) -> _Connection:
        """See :class:`lpr.protocols.Destination`; the server need not answer yet."""
        try:
            parts = urlsplit(address)
            host = parts.hostname
            _ = parts.port
        except ValueError as error:
            raise BackendError("--to: this is no address of a server") from error
        if not host:
            raise BackendError("--to: this address names no server")
        return _Connection(address, report)


class _Connection(Closeable):
    """Delivers from a :class:`lpr.utils.spool.Spool`: nothing is lost while the server is away."""

    def __init__(self, address: str, report: Callable[[str], None]) -> None:
        self._url, self._headers = _request_parts(address)
        self._shown = shown_source(address)
        self._spool = Spool(spool_folder(address), self._post, report, f"--to {self._shown}")

    def sighting(self, uid: str, record: Mapping[str, Any], pictures: Mapping[str, bytes]) -> None:
        self._spool.put(Entry(uid, {"sighting": dict(record)}, pictures))

    def gap(self, record: Mapping[str, Any]) -> None:
        self._spool.put(Entry("", {"gap": dict(record)}))

    def _post(self, entry: Entry) -> None:
        """Send an entry. Raises OutputError to be called again, ValueError for a refusal."""
        body = dict(entry.data)
        headers = {**self._headers, "Content-Type": "application/json"}
        if entry.id:
            body["id"] = entry.id
            # An early sighting and its final one are different requests.
            status = entry.data["sighting"].get("status", "final")
            headers["Idempotency-Key"] = f"{entry.id}-{status}"
        if entry.parts:
            body["pictures"] = {k: base64.b64encode(v).decode() for k, v in entry.parts.items()}
        request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            message = f"the server answers {error.code} {error.reason}"
            if 400 <= error.code < 500 and error.code not in _RETRY:
                raise ValueError(message) from None
            raise OutputError(message) from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise OutputError(f"the server cannot be reached: {reason}") from None

    def close(self) -> None:
        """Wait shortly for what is under way; the rest is sent by the next watch."""
        self._spool.drain(_DRAIN)
        self._spool.close()


def _request_parts(address: str) -> tuple[str, dict[str, str]]:
    """The address without its user and password, and the headers that carry them."""
    parts = urlsplit(address)
    headers = {"User-Agent": "lpr"}
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path or "/", parts.query, "")), headers
