"""Readers in threads: results in order, errors in place, nothing left running."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from lpr.errors import PluginError
from lpr.reader_pool import ReaderPool, ReadFrame, read_frames
from lpr.types import Frame


class FakeReader:
    """Reads the number that a frame's first pixel holds; odd frames take longer."""

    device = "cpu"

    def __init__(self, fails_at: int = -1, batch: int = 1) -> None:
        self.batch = batch
        self.batches: list[int] = []
        self._fails_at = fails_at

    def read_batch(self, images: Sequence[Any]) -> list[list[int]]:
        self.batches.append(len(images))
        numbers = [int(image[0, 0, 0]) for image in images]
        time.sleep(0.004 if numbers[0] % 2 else 0.001)
        if self._fails_at in numbers:
            raise PluginError("it broke")
        return [[number] for number in numbers]


def frame(number: int) -> Frame:
    return Frame(np.full((2, 2, 3), number, np.uint8), "film", number, number / 25)


def numbers(results: Sequence[Any]) -> list[Any]:
    return [r.plates[0] if isinstance(r, ReadFrame) and r.plates else r for r in results]


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("readers", [1, 3])
def test_results_come_in_the_order_of_the_frames(readers: int, batch: int) -> None:
    pool: list[Any] = [FakeReader(batch=batch) for _ in range(readers)]
    results = list(read_frames(pool, map(frame, range(50))))
    assert numbers(results) == list(range(50))
    assert max(n for reader in pool for n in reader.batches) <= batch


def test_frames_that_wait_are_read_together() -> None:
    reader: Any = FakeReader(batch=8)
    list(read_frames([reader], map(frame, range(64))))
    assert max(reader.batches) > 1
    assert sum(reader.batches) == 64


def test_what_is_not_a_frame_keeps_its_place() -> None:
    items = [frame(0), "a", frame(1), "b", "c", frame(2)]
    results = list(read_frames([FakeReader(), FakeReader()], items))  # type: ignore[list-item]
    assert numbers(results) == [0, "a", 1, "b", "c", 2]


def test_an_error_stands_in_place_of_the_frames_plates() -> None:
    readers: Any = [FakeReader(3), FakeReader(3)]
    results = list(read_frames(readers, map(frame, range(6))))
    assert [bool(r.error) for r in results] == [False, False, False, True, False, False]  # type: ignore[union-attr]


def test_an_error_of_the_source_comes_after_the_frames_before_it() -> None:
    def frames() -> Iterator[Frame]:
        yield from map(frame, range(5))
        raise OSError("torn")

    results = read_frames([FakeReader()], frames())  # type: ignore[list-item]
    seen = [next(results) for _ in range(5)]
    with pytest.raises(OSError, match="torn"):
        next(results)
    assert numbers(seen) == list(range(5))


def test_a_source_is_decoded_only_a_little_ahead() -> None:
    taken = 0

    def frames() -> Iterator[Frame]:
        nonlocal taken
        while True:
            taken += 1
            yield frame(taken % 256)

    before = set(threading.enumerate())
    results = read_frames([FakeReader(), FakeReader()], frames())  # type: ignore[list-item]
    for _ in range(3):
        next(results)
    time.sleep(0.05)
    assert taken <= 3 + 5
    results.close()  # type: ignore[attr-defined]
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if thread.name in ("reader", "decoder")]


def test_closing_a_pool_cancels_what_waits() -> None:
    began, go = threading.Event(), threading.Event()

    def job(reader: object, frames: Sequence[Frame]) -> list[int]:
        began.set()
        go.wait(5)
        return [0] * len(frames)

    pool = ReaderPool([FakeReader()], job)  # type: ignore[list-item]
    first, second = pool.submit(frame(0)), pool.submit(frame(1))
    began.wait(5)
    threading.Timer(0.05, go.set).start()
    pool.close()
    assert first.result() == 0
    assert second.cancelled()
