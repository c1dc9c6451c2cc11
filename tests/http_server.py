"""A web server on loopback, as cameras and media servers are."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Content = bytes | Callable[[], bytes]
"""What an address gives; a function is called for each request."""


@contextmanager
def serving(
    pages: dict[str, Content], kinds: dict[str, str] | None = None, login: str | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Serve ``pages`` by path, with ``kinds`` as their Content-Type; ``login`` is "user:password".

    Gives the server's address and the paths asked for so far.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            asked.append(self.path)
            expected = base64.b64encode((login or "").encode()).decode()
            if login and self.headers["Authorization"] != f"Basic {expected}":
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
                return
            page = pages.get(path)
            if page is None:
                self.send_error(404)
                return
            data = page if isinstance(page, bytes) else page()
            start, status = 0, 200
            if (wanted := self.headers["Range"]) and not path.endswith(".mjpg"):
                start, status = int(wanted.removeprefix("bytes=").split("-")[0]), 206
            self.send_response(status)
            self.send_header("Content-Type", (kinds or {}).get(path, "application/octet-stream"))
            if not path.endswith(".mjpg"):
                self.send_header("Content-Length", str(len(data) - start))
                self.send_header("Accept-Ranges", "bytes")
                if status == 206:
                    last = len(data) - 1
                    self.send_header("Content-Range", f"bytes {start}-{last}/{len(data)}")
            self.end_headers()
            self.wfile.write(data[start:])

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
