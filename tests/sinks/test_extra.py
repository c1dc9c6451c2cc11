"""What records do not depend on: failures are reported once, and tried again."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import av
import pytest

from lpr.errors import OutputError
from lpr.sinks import Timeline, open_output
from lpr.sinks.extra import Extra
from lpr.sinks.watch_video import WatchVideo
from tests.media import noise
from tests.sinks.test_output_file import file_size_limited
from tests.sinks.test_watch_sinks import sighting


def test_the_first_failure_and_the_recovery_are_reported() -> None:
    said: list[str] = []
    extra = Extra("--evidence", said.append)
    results = iter([1, OutputError("full"), ValueError("odd"), 2, OutputError("again")])

    def act() -> int:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    assert [extra.attempt(act) for _ in range(5)] == [1, None, None, 2, None]
    assert extra.failures == 3
    assert [message.split(":")[-1].strip() for message in said] == [
        "full",
        "--evidence works again",
        "again",
    ]


def test_a_page_gets_later_what_it_could_not_take(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    with file_size_limited(10), open_output(path) as stream:
        page = Timeline(stream)
        with pytest.raises(OutputError):
            page.sighting(sighting("ABC1234"))
        assert path.stat().st_size == 0
        with file_size_limited(1 << 20):
            page.sighting(sighting("DEF5678"))
            page.close()
    text = path.read_text()
    assert text.startswith("<!doctype html>")
    assert text.index("ABC1234") < text.index("DEF5678")
    assert text.endswith("</html>\n")


def test_a_page_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    for text in ("ABC1234", "DEF5678"):
        with open_output(path, mode="append") as stream, Timeline(stream) as page:
            page.sighting(sighting(text))
    text = path.read_text()
    assert text.count("<!doctype") == 1
    identities = [part.split('"')[1] for part in text.split("<article id=")[1:]]
    assert len(set(identities)) == 2


def frames_of(path: Path) -> int:
    """How many frames can be played; the last fragment may be cut off."""
    count = 0
    with av.open(str(path)) as video, suppress(av.InvalidDataError):
        for _ in video.decode(video=0):
            count += 1
    return count


def write_frames(film: WatchVideo, numbers: Iterable[int], fps: float = 10) -> None:
    for number in numbers:
        film.write(noise(120, 160, number), number / fps)


def test_a_film_goes_on_in_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lpr.sinks.watch_video._FIRST_PAUSE", 0.0)
    path = tmp_path / "out.mp4"
    film = WatchVideo(path)
    film._pause = 0.0
    with (
        file_size_limited(300_000),
        pytest.raises(OutputError, match="cannot be written"),
    ):
        write_frames(film, range(200))
    assert film.ready
    write_frames(film, range(200, 250))
    film.close()
    assert frames_of(path) > 10
    assert frames_of(tmp_path / "out-2.mp4") == 50


def test_a_film_that_never_began_leaves_nothing(tmp_path: Path) -> None:
    film = WatchVideo(tmp_path / "out.mp4")
    with file_size_limited(0), pytest.raises(OutputError):
        write_frames(film, range(200), fps=110)
    assert not film.ready
    film.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi"])
def test_a_film_whose_end_does_not_fit_says_so(tmp_path: Path, suffix: str) -> None:
    film = WatchVideo(tmp_path / f"out{suffix}")
    write_frames(film, range(10))
    with (
        file_size_limited((tmp_path / f"out{suffix}").stat().st_size + 1),
        pytest.raises(OutputError, match="cannot be written"),
    ):
        film.close()
