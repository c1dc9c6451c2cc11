"""A web server for a review, on 127.0.0.1 only, made of the standard library."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import sys
from collections.abc import Callable
from functools import partial
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any, get_args

from lpr.errors import LprError, OutputError
from lpr_training.audit.decisions import Kind
from lpr_training.audit.review import Review

HOST = "127.0.0.1"
_LENGTHS = frozenset(map(str, range(1, 1 << 12)))
_PICTURE = re.compile(r"/(near|far)/(\d{1,9})(?:\?\d*)?")
_POLICY = (
    "default-src 'none'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; style-src 'nonce-{0}'; script-src 'nonce-{0}'"
)


class AuditServer(ThreadingHTTPServer):
    """A server on a port of 127.0.0.1; a context manager.

    It answers only requests whose Host is this machine (against DNS rebinding), and accepts
    decisions only with the token in its page, which other sites cannot read. Pictures are requested
    by the numbers of entries.
    """

    daemon_threads = True
    review: Review

    def __init__(self, port: int = 0) -> None:
        """Port 0 is any free one. Raises :class:`lpr.errors.OutputError` for a used port."""
        self.token = secrets.token_urlsafe(24)
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise OutputError(
                f"port {port} of {HOST} cannot be used ({error.strerror}); choose another --port"
            ) from error

    @property
    def address(self) -> str:
        """The URL of the page."""
        return f"http://{HOST}:{self.server_port}/"

    def serve(self, review: Review) -> None:
        """Serve until ``shutdown()`` or a keyboard interrupt."""
        self.review = review
        with contextlib.suppress(KeyboardInterrupt):
            self.serve_forever(poll_interval=0.1)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore browsers that disconnect before the response."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _RefusalError(Exception):
    """A refused request, with the reason."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: AuditServer
    server_version = "lpr"
    sys_version = ""
    timeout = 30
    _sent = b""

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        # Read even if refused: unread data would reset the connection instead of closing it.
        length = self.headers.get("Content-Length", "")
        self._sent = self.rfile.read(int(length)) if length in _LENGTHS else b""
        self._answer(self._post)

    def _answer(self, handle: Callable[[], None]) -> None:
        try:
            self._check_host()
            handle()
        except _RefusalError as refused:
            self._send_json(refused.status, {"error": str(refused)})
        except IndexError as error:
            self._send_json(HTTPStatus.NOT_FOUND, {"error": str(error)})
        except (ValueError, LprError) as error:
            self._send_json(HTTPStatus.CONFLICT, {"error": str(error)})

    def _check_host(self) -> None:
        port = self.server.server_port
        names = [f"{name}:{port}" for name in (HOST, "localhost")]
        if port == 80:
            names += [HOST, "localhost"]
        if self.headers.get("Host", "") not in names:
            raise _RefusalError(
                HTTPStatus.FORBIDDEN, "this page is only for the machine of its server"
            )
        origin = self.headers.get("Origin")
        if origin is not None and origin not in [f"http://{name}" for name in names]:
            raise _RefusalError(HTTPStatus.FORBIDDEN, "this request comes from another site")

    def _get(self) -> None:
        review = self.server.review
        picture = _PICTURE.fullmatch(self.path)
        if self.path == "/":
            nonce = secrets.token_urlsafe(16)
            template = files("lpr_training.audit").joinpath("page.html").read_text("utf-8")
            values = {"name": escape(review.name), "token": self.server.token, "nonce": nonce}
            page = re.sub(r"\{\{(name|token|nonce)\}\}", lambda found: values[found[1]], template)
            policy = {"Content-Security-Policy": _POLICY.format(nonce)}
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", page.encode(), policy)
        elif self.path == "/entries":
            self._check_token()
            self._send_json(HTTPStatus.OK, review.entries())
        elif picture:
            draw = review.near if picture[1] == "near" else review.far
            # The page changes the address whenever the picture changes.
            keep = {"Cache-Control": "private, max-age=3600"}
            self._send(HTTPStatus.OK, "image/jpeg", draw(int(picture[2])), keep)
        else:
            raise _RefusalError(HTTPStatus.NOT_FOUND, "there is no such page")

    def _post(self) -> None:
        self._check_token()
        review = self.server.review
        if self.path == "/undo":
            self._send_json(HTTPStatus.OK, review.undo())
        elif self.path == "/decide":
            self._send_json(HTTPStatus.OK, self._decision()())
        else:
            raise _RefusalError(HTTPStatus.NOT_FOUND, "there is no such page")

    def _decision(self) -> Callable[[], dict[str, Any]]:
        try:
            sent = json.loads(self._sent)
            number, kind, text = sent["number"], sent["decision"], sent.get("text", "")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise _RefusalError(HTTPStatus.BAD_REQUEST, "this is no decision") from error
        if type(number) is not int or kind not in get_args(Kind) or not isinstance(text, str):
            raise _RefusalError(HTTPStatus.BAD_REQUEST, "this is no decision")
        return partial(self.server.review.decide, number, kind, text)

    def _check_token(self) -> None:
        given = self.headers.get("X-Token", "").encode("utf-8", "replace")
        if not secrets.compare_digest(given, self.server.token.encode()):
            raise _RefusalError(
                HTTPStatus.FORBIDDEN, "this page is of an audit that has ended; load it again"
            )

    def _send_json(self, status: HTTPStatus, value: object) -> None:
        body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        self._send(status, "application/json", body)

    def _send(
        self, status: HTTPStatus, kind: str, body: bytes, more: dict[str, str] | None = None
    ) -> None:
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            **(more or {}),
        }
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing: the page shows every error."""
