"""What every record sink promises, and the file behind ``--output``."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TextIO

import pytest

from lpr.errors import OutputError
from lpr.sinks import PluggedSink, open_output, sink_formats
from tests.media import write_picture
from tests.sinks.sample import frame, plate

Sink = Callable[[TextIO], PluggedSink]


@pytest.fixture(params=sink_formats(), ids=lambda format: format.name)
def sink(request: pytest.FixtureRequest) -> Sink:
    return partial(PluggedSink, request.param)


def test_the_formats_of_the_command() -> None:
    names = {"jsonl", "csv", "table", "submission", "openalpr"}
    assert {format.name for format in sink_formats()} == names


def test_the_stream_stays_open(tmp_path: Path, sink: Sink) -> None:
    path = tmp_path / "out"
    with open_output(path) as stream:
        with sink(stream) as records:
            records.frame(frame(), [plate()])
        stream.write("more\n")
    assert path.read_text(encoding="utf-8").endswith("more\n")


def test_what_was_written_before_a_failure_is_there(tmp_path: Path, sink: Sink) -> None:
    path = tmp_path / "out"

    def fail() -> None:
        with open_output(path) as stream, sink(stream) as records:
            records.frame(frame(), [plate()])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert "1234" in path.read_text(encoding="utf-8")


def test_names_that_are_not_unicode_can_be_written(tmp_path: Path, sink: Sink) -> None:
    path = tmp_path / "out"
    with open_output(path) as stream, sink(stream) as records:
        records.frame(frame(os.fsdecode(b"a\xff.jpg")), [plate()])
    written = path.read_text(encoding="utf-8")
    assert r"a\udcff" in written or "alpr_results" in written  # which names no source


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said_clearly(sink: Sink) -> None:
    def write() -> None:
        with open_output(Path("/dev/full")) as stream, sink(stream) as records:
            records.frame(frame(), [plate()])

    with pytest.raises(OutputError, match="/dev/full: cannot be written: No space left"):
        write()


def test_who_stops_reading_is_no_error_of_ours(sink: Sink) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)

    def write() -> None:
        with sink(stream) as records:
            records.frame(frame(), [plate()])

    stream = os.fdopen(write_end, "w")
    try:
        with pytest.raises(BrokenPipeError):
            write()
    finally:
        with pytest.raises(BrokenPipeError):
            stream.close()


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old\n")
    with open_output(path) as stream:
        stream.write("new\n")
    assert path.read_bytes() == b"new\n"


@pytest.mark.parametrize("name", ["no/such/folder/out.jsonl", "."])
def test_what_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(OutputError) as error, open_output(path):
        pass
    assert str(path) in str(error.value)


@pytest.mark.parametrize("link", ["same", "symbolic", "hard"])
def test_a_source_is_not_overwritten(tmp_path: Path, link: str) -> None:
    source = write_picture(tmp_path / "a.jpg")
    before = source.read_bytes()
    path = source if link == "same" else tmp_path / "b.jpg"
    if link == "symbolic":
        path.symlink_to(source)
    if link == "hard":
        path.hardlink_to(source)
    with (
        pytest.raises(OutputError, match="overwrite"),
        open_output(path, ["missing.jpg", str(source)]),
    ):
        pass
    assert source.read_bytes() == before
