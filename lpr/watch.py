"""Every vehicle of a video or a camera, in a program."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from lpr.loading import load_pool
from lpr.models import DEFAULT_MODEL

if TYPE_CHECKING:
    from lpr.sightings import Gap, Sighting


def watch(
    *sources: str | os.PathLike[str],
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
    **options: Any,
) -> Iterator[Sighting | Gap]:
    """The vehicles that pass before ``sources``, each once, as they come.

    Sources are named, and all else is meant, as ``lpr watch`` does (docs/video.md):
    ``keep_frames`` keeps each best look's whole frame, ``start`` is in seconds since 1970, and
    further ``options`` are those of :func:`lpr.load`. Ends when all sources have; closing the
    iterator ends it sooner.

    Raises ``ValueError`` for numbers out of range, :class:`lpr.errors.SourceError` for names that
    stand for nothing, and in the end the first error of a source that failed; what the others gave
    has come by then.
    """
    # FFmpeg's libraries take a while to load, and who reads single pictures never needs them.
    from lpr.sightings import Gap
    from lpr.source.address import addresses
    from lpr.source.video_sources import open_video_source
    from lpr.watching import Engine, Failed, RegionOfInterest, WatchSettings

    numbers = {"every": 1 if every == "auto" else every, "min_reads": min_reads, "fps": fps}
    for name, number in {**numbers, "stall": stall}.items():
        if not number > 0:
            raise ValueError(f"{name} has to be above 0, not {number}")
    for name, number in {"return_after": return_after, "threads": threads}.items():
        if not number >= 0:
            raise ValueError(f"{name} has to be 0 or more, not {number}")
    if not sources:
        raise ValueError("name at least one source to watch")
    rules = WatchSettings(
        min_reads=min_reads,
        return_after=return_after,
        early=early,
        every=0 if every == "auto" else every,
        skip_still=skip_still,
        zone=RegionOfInterest.of([roi] if isinstance(roi, str) else roi),
        keep_frames=keep_frames,
    )
    planned = addresses([os.fspath(source) for source in sources])
    failures: list[Failed] = []
    with ExitStack() as stack:
        readers = load_pool(threads or os.cpu_count() or 1, model, **options)
        for reader in readers:
            stack.enter_context(reader)
        opener = partial(open_video_source, fps=fps, start=start, stall=stall)
        engine = stack.enter_context(Engine(planned, readers, opener, rules=rules))
        for event in engine.events():
            if isinstance(event, Gap):
                yield event
            elif isinstance(event, Failed):
                failures.append(event)
            else:
                yield from event.sightings
    if failures:
        raise failures[0].error
