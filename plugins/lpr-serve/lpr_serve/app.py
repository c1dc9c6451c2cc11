"""The application: routes, errors, health, metrics."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable

import anyio.to_thread
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from lpr import __version__
from lpr.sinks.expiry import Retention
from lpr_serve import api, codeproject, plate_recognizer
from lpr_serve.auth import needs
from lpr_serve.cameras import Cameras
from lpr_serve.config import Config
from lpr_serve.reading import BusyError, ReadingService
from lpr_store.destination import split_pictures
from lpr_store.errors import StoreError, UnavailableError
from lpr_store.store import Store

log = logging.getLogger("lpr")

_CLEAN = 600.0  # Seconds between two removals of what is too old or too much


def create_app(config: Config) -> FastAPI:
    """The service of a configuration. Its networks, store and cameras open at start-up.

    Raises :class:`lpr.LprError` then if one of them cannot.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with contextlib.ExitStack() as stack:
            app.state.config = config
            app.state.closing = threading.Event()
            app.state.reading = stack.enter_context(
                ReadingService(config.model, config.regions, config.readers, config.queue)
            )
            app.state.store = stack.enter_context(Store(*split_pictures(config.store_address)))
            app.state.cameras = stack.enter_context(
                Cameras(config.cameras, config.store_address, config.model, config.regions)
            )
            cleaning = asyncio.create_task(_clean(app, Retention.parse(config.keep)))
            try:
                yield
            finally:
                app.state.closing.set()
                cleaning.cancel()

    app = FastAPI(
        title="lpr",
        version=__version__,
        description="Reads number plates, and keeps the vehicles that cameras saw.",
        lifespan=lifespan,
    )
    for router in (api.router, plate_recognizer.router, codeproject.router):
        app.include_router(router)
    _add_errors(app)
    _add_health(app)
    return app


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(BusyError)
    async def busy(request: Request, error: BusyError) -> JSONResponse:
        headers = {"Retry-After": str(error.seconds)}
        return JSONResponse({"detail": str(error)}, 429, headers)

    @app.exception_handler(UnavailableError)
    async def away(request: Request, error: UnavailableError) -> JSONResponse:
        log.warning("%s", error)
        headers = {"Retry-After": "5"}
        return JSONResponse({"detail": "the store is not available now"}, 503, headers)

    @app.exception_handler(StoreError)
    async def refused(request: Request, error: StoreError) -> JSONResponse:
        log.error("%s", error)
        return JSONResponse({"detail": "the store cannot do this"}, 500)


def _add_health(app: FastAPI) -> None:
    registry = CollectorRegistry()
    requests = Counter(
        "lpr_requests_total", "Requests by path and status.", ["path", "status"], registry=registry
    )
    seconds = Histogram("lpr_request_seconds", "Seconds a request.", ["path"], registry=registry)
    waiting = Gauge("lpr_pictures_under_way", "Pictures that wait or are read.", registry=registry)
    kept = Gauge("lpr_sightings", "Sightings in the store.", registry=registry)
    up = Gauge("lpr_camera_up", "1 if a camera is watched.", ["camera"], registry=registry)

    @app.middleware("http")
    async def measured(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        began = asyncio.get_running_loop().time()
        response = await call_next(request)
        route = request.scope.get("route")
        path = getattr(route, "path", "other")
        requests.labels(path, response.status_code).inc()
        seconds.labels(path).observe(asyncio.get_running_loop().time() - began)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @app.get("/healthz", tags=["health"])
    def healthz() -> dict[str, bool]:
        """Whether the process answers."""
        return {"ok": True}

    @app.get("/readyz", tags=["health"])
    def readyz(request: Request) -> JSONResponse:
        """Whether pictures can be read and the store answers."""
        try:
            request.app.state.store.revision()
        except StoreError:
            return JSONResponse({"ready": False, "reason": "the store does not answer"}, 503)
        return JSONResponse({"ready": True})

    @app.get("/metrics", tags=["health"], dependencies=[Depends(needs("read"))])
    def metrics(request: Request) -> Response:
        """Figures for Prometheus."""
        state = request.app.state
        waiting.set(state.reading.under_way)
        kept.set(state.store.count())
        for camera in state.cameras.states():
            up.labels(camera["name"]).set(camera["running"])
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")


async def _clean(app: FastAPI, keep: Retention | None) -> None:
    """Remove what is too old or too much, and pictures without a row, again and again."""
    while True:
        try:
            if keep is not None:
                await anyio.to_thread.run_sync(app.state.store.expire, keep.age, keep.size)
            await anyio.to_thread.run_sync(app.state.store.sweep)
        except StoreError as error:
            log.warning("cleaning failed: %s", error)
        await asyncio.sleep(_CLEAN)
