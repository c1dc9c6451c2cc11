"""``lpr.awatch``: a watch in an event loop, which it never blocks and which can end it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from pathlib import Path

import pytest

import lpr
from tests.cli.run import SAMPLES

CLIP = str(SAMPLES / "street.mp4")


def threads() -> list[str]:
    """The threads of watches that run."""
    names = ("source", "track", "lpr.awatch")
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(names)]


def all_ended() -> bool:
    """Whether no thread of a watch is left, shortly after its end."""
    deadline = time.monotonic() + 10
    while threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not threads()


def test_the_sightings_are_those_of_watch_and_the_loop_goes_on() -> None:
    async def watch() -> tuple[list[str], int]:
        turns = 0

        async def turn() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0.001)
                turns += 1

        other = asyncio.create_task(turn())
        found = [s async for s in lpr.awatch(CLIP, threads=1)]
        other.cancel()
        return [s.plate.text for s in found if isinstance(s, lpr.Sighting)], turns

    texts, turns = asyncio.run(watch())
    expected = [s.plate.text for s in lpr.watch(CLIP) if isinstance(s, lpr.Sighting)]
    assert texts == expected
    assert turns > 20  # in seconds of work
    assert all_ended()


def test_cancelling_ends_a_watch_that_waits_for_a_silent_camera() -> None:
    """Nothing listens there, so that no sighting ever comes."""

    async def watch() -> None:
        started = asyncio.Event()

        async def gaps() -> None:
            async for gap in lpr.awatch("gate=rtsp://127.0.0.1:9/1", threads=1):
                assert isinstance(gap, lpr.Gap)
                started.set()

        task = asyncio.create_task(gaps())
        await asyncio.wait_for(started.wait(), 60)
        assert threads()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 60)

    asyncio.run(watch())
    assert all_ended()


@pytest.mark.parametrize("turns", [0, 1, 50])
def test_cancelling_soon_ends_it_as_well(turns: int) -> None:
    """While the readers are opened, or before anything has begun."""

    async def watch() -> None:
        async def sightings() -> None:
            async for _ in lpr.awatch("gate=rtsp://127.0.0.1:9/1", threads=1):
                pass

        task = asyncio.create_task(sightings())
        for _ in range(turns):
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 60)

    asyncio.run(watch())
    assert all_ended()


def test_leaving_the_loop_ends_it() -> None:
    async def first() -> str:
        async with contextlib.aclosing(lpr.awatch(CLIP, threads=1)) as sightings:
            async for sighting in sightings:
                assert isinstance(sighting, lpr.Sighting)
                return sighting.plate.text
        return ""

    assert asyncio.run(first())
    assert all_ended()


def test_errors_come_to_the_loop(tmp_path: Path) -> None:
    async def watch(source: object, **options: object) -> None:
        async for _ in lpr.awatch(source, **options):  # type: ignore[arg-type]
            pass

    with pytest.raises(lpr.SourceError, match=r"none\.mp4"):
        asyncio.run(watch(tmp_path / "none.mp4"))
    with pytest.raises(TypeError, match="every has to be a whole number"):
        asyncio.run(watch(CLIP, every="x"))
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        asyncio.run(watch(CLIP, colour="red"))
    assert all_ended()
