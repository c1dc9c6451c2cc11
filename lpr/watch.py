"""``lpr.watch``: every vehicle of a video or a camera, in a program."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal

from lpr.loading import load_pool
from lpr.models import DEFAULT_MODEL
from lpr.source import MAX_PIXELS
from lpr.utils.arguments import expect_all, expect_integer

if TYPE_CHECKING:
    from lpr.sightings import Gap, Sighting


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
    # Imported late: loading FFmpeg takes time, and reading pictures does not need it.
    from lpr.sightings import Gap
    from lpr.source.address import addresses
    from lpr.watching import Engine, Failed, RegionOfInterest, SourceSettings, WatchSettings

    areas = [roi] if isinstance(roi, str) else expect_all("roi", roi, str, "a text or several")
    settings = WatchSettings(
        min_reads=min_reads,
        return_after=return_after,
        early=early,
        every=every,
        skip_still=skip_still,
        roi=RegionOfInterest.parse(areas),
        keep_frames=keep_frames,
    )
    source_settings = SourceSettings(start=start, fps=fps, stall=stall, max_pixels=max_pixels)
    expect_integer("threads", threads)
    if not threads >= 0:
        raise ValueError(f"threads has to be 0 or more, not {threads}")
    if not sources:
        raise ValueError("name at least one source to watch")
    planned = source_settings.resolved(addresses(map(_named, sources)))
    failures: list[Failed] = []
    with ExitStack() as stack:
        readers = load_pool(threads or os.cpu_count() or 1, model, **options)
        for reader in readers:
            stack.enter_context(reader)
        engine = stack.enter_context(
            Engine(planned, readers, source_settings.open, settings=settings)
        )
        for event in engine.events():
            if isinstance(event, Gap):
                yield event
            elif isinstance(event, Failed):
                failures.append(event)
            else:
                yield from event.sightings
    if failures:
        raise failures[0].error


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
