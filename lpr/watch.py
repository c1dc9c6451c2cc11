"""``lpr.watch`` and ``lpr.awatch``: every vehicle of a video or a camera, in a program."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal

from lpr.loading import load_pool
from lpr.models import DEFAULT_MODEL
from lpr.source import MAX_PIXELS
from lpr.utils.arguments import expect_integer

if TYPE_CHECKING:
    from lpr.sightings import Gap, Sighting
    from lpr.watching import Engine, SourceSettings, WatchSettings


def watch(
    *sources: str | os.PathLike[str] | int,
    model: str = DEFAULT_MODEL,
    threads: int = 0,
    min_reads: int = 2,
    return_after: float = 60.0,
    early: bool = False,
    every: int | Literal["auto"] = 1,
    skip_still: bool = False,
    roi: str | Sequence[str] = (),
    keep_frames: bool = False,
    stall: float = 5.0,
    fps: float = 25.0,
    start: float | None = None,
    max_pixels: int = MAX_PIXELS,
    **options: Any,
) -> Iterator[Sighting | Gap]:
    """The vehicles that pass before ``sources``, each once, as they come.

    Sources and arguments are those of ``lpr watch`` (docs/video.md); the number N stands for
    ``camera:N``, a camera of this machine. ``keep_frames`` keeps the whole frame of each best
    observation, ``start`` is in seconds since 1970, and further ``options`` are those of
    :func:`lpr.load`. The iterator ends when all sources have ended; closing it ends them.

    Raises ``TypeError`` for a source of another type, ``ValueError`` for a number out of range,
    :class:`lpr.errors.SourceError` for a source that does not exist, and at the end the first error
    of a source that failed; by then the sightings of all others have been given.
    """
    yield from _Watch.of(
        sources,
        model=model,
        threads=threads,
        min_reads=min_reads,
        return_after=return_after,
        early=early,
        every=every,
        skip_still=skip_still,
        roi=roi,
        keep_frames=keep_frames,
        stall=stall,
        fps=fps,
        start=start,
        max_pixels=max_pixels,
        **options,
    ).sightings()


async def awatch(
    *sources: str | os.PathLike[str] | int, **options: Any
) -> AsyncGenerator[Sighting | Gap, None]:
    """:func:`watch` for asyncio: ``async for sighting in lpr.awatch("rtsp://10.0.0.7/1")``.

    Sources, options and errors are those of :func:`watch`. All work is done in threads, and the
    event loop is never blocked. A slow consumer slows down files, and lets cameras drop frames.
    Cancelling the task ends the watch: cameras, threads and readers are closed before the
    cancellation goes on. To leave the loop early otherwise, wrap it in
    :func:`contextlib.aclosing`.
    """
    import asyncio  # late: it takes time, and few need it
    from concurrent.futures import ThreadPoolExecutor

    loop = asyncio.get_running_loop()
    opened: list[_Watch] = []
    ended = threading.Event()

    def sightings() -> Generator[Sighting | Gap, None, None]:
        opened.append(_Watch.of(sources, **options))
        if not ended.is_set():
            yield from opened[0].sightings()

    given = sightings()
    # A thread of its own: the loop's default ones may all be busy, and this one mostly waits.
    thread = ThreadPoolExecutor(1, "lpr.awatch")
    try:
        while True:
            sighting = await loop.run_in_executor(thread, next, given, None)
            if sighting is None:
                return
            yield sighting
    finally:
        ended.set()
        for watching in opened:
            watching.stop()
        closed = loop.run_in_executor(thread, given.close)
        thread.shutdown(wait=False)
        await asyncio.shield(closed)
        thread.shutdown()  # nothing is left for it to do, so this ends at once


class _Watch:
    """One call of :func:`watch`: its checked arguments, and its engine while it runs."""

    def __init__(
        self,
        sources: Sequence[str],
        settings: WatchSettings,
        source_settings: SourceSettings,
        model: str,
        threads: int,
        options: Mapping[str, Any],
    ) -> None:
        self._sources = sources
        self._settings = settings
        self._source_settings = source_settings
        self._model = model
        self._threads = threads
        self._options = options
        self._engine: Engine | None = None
        self._stopped = False
        self._lock = threading.Lock()

    @classmethod
    def of(
        cls,
        sources: Sequence[object],
        *,
        model: str = DEFAULT_MODEL,
        threads: int = 0,
        roi: str | Sequence[str] = (),
        **options: Any,
    ) -> _Watch:
        """The arguments of :func:`watch`, checked; its defaults are those of the settings."""
        # Imported late: loading FFmpeg takes time, and reading pictures does not need it.
        from lpr.watching import SourceSettings, WatchSettings
        from lpr.watching.settings import parse_roi

        def taken(kind: type) -> dict[str, Any]:
            names = [field.name for field in fields(kind) if field.name in options]
            return {name: options.pop(name) for name in names}

        settings = WatchSettings(roi=parse_roi(roi), **taken(WatchSettings))
        source_settings = SourceSettings(**taken(SourceSettings))
        expect_integer("threads", threads)
        if not threads >= 0:
            raise ValueError(f"threads has to be 0 or more, not {threads}")
        if not sources:
            raise ValueError("name at least one source to watch")
        named = [_named(source) for source in sources]
        return cls(named, settings, source_settings, model, threads, options)

    def sightings(self) -> Iterator[Sighting | Gap]:
        """As :func:`watch` gives them."""
        from lpr.sightings import Gap
        from lpr.source.address import addresses
        from lpr.watching import Engine, Failed

        planned = self._source_settings.resolved(addresses(self._sources))
        failures: list[Failed] = []
        with ExitStack() as stack:
            readers = load_pool(self._threads or os.cpu_count() or 1, self._model, **self._options)
            for reader in readers:
                stack.enter_context(reader)
            engine = stack.enter_context(
                Engine(planned, readers, self._source_settings.open, settings=self._settings)
            )
            with self._lock:
                if self._stopped:
                    return
                self._engine = engine
            for event in engine.events():
                if isinstance(event, Gap):
                    yield event
                elif isinstance(event, Failed):
                    failures.append(event)
                else:
                    yield from event.sightings
        if failures:
            raise failures[0].error

    def stop(self) -> None:
        """End the sources, from another thread; :meth:`sightings` then ends soon."""
        with self._lock:
            self._stopped = True
            if self._engine is not None:
                self._engine.stop()


def _named(source: object) -> str:
    """A source as the command line names it."""
    if isinstance(source, int) and not isinstance(source, bool):
        if source < 0:
            raise ValueError(f"{source}: cameras of this machine are numbered from 0")
        return f"camera:{source}"
    if isinstance(source, str | os.PathLike) and isinstance(name := os.fspath(source), str):
        return name
    raise TypeError(
        f"a source is a file name, an address or the number of a camera, not {source!r}"
    )
