"""The file behind ``--output``: whole records, one writer, nothing lost of what was there."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.errors import OutputError
from lpr.sinks import PluggedSink, open_output, sink_formats
from lpr.sinks.output_file import RecordStream
from lpr.sinks.resume import take_up
from tests.properties import examples
from tests.sinks.sample import frame, plate

FORMATS = {format.name: format for format in sink_formats()}
RECORD = '{"schema": 1, "type": "frame", "source": "%s"}\n'


@contextmanager
def file_size_limited(size: int) -> Iterator[None]:
    """As on a full disk, no file grows beyond ``size`` bytes."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("name", FORMATS)
def test_a_full_disk_leaves_whole_records(tmp_path: Path, name: str) -> None:
    path = tmp_path / "out"
    with open_output(path) as stream, PluggedSink(FORMATS[name], stream) as records:
        records.frame(frame(), [plate()])
        size = path.stat().st_size
        with file_size_limited(size + 7), pytest.raises(OutputError, match="too large"):
            records.frame(frame(), [plate()])
        assert path.stat().st_size == size
        records.frame(frame(), [plate()])
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert sum("1234" in line for line in text.splitlines()) == 2


@pytest.mark.parametrize("name", FORMATS)
def test_appended_records_are_those_of_one_run(tmp_path: Path, name: str) -> None:
    once, twice = tmp_path / "once", tmp_path / "twice"
    with open_output(once) as stream, PluggedSink(FORMATS[name], stream) as records:
        records.frame(frame(), [plate()])
        records.frame(frame(), [plate()])
    for _ in range(2):
        with (
            open_output(twice, mode="append", begins=FORMATS[name].begins) as stream,  # type: ignore[attr-defined]
            PluggedSink(FORMATS[name], stream) as records,
        ):
            records.frame(frame(), [plate()])
    assert twice.read_bytes() == once.read_bytes()


def test_records_are_not_replaced_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old\n")
    with pytest.raises(OutputError, match="--overwrite"), open_output(path, mode="new"):
        pass
    assert path.read_text() == "old\n"


def test_an_empty_file_and_a_device_can_be_new(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for path in (tmp_path / "empty", Path(os.devnull)):
        with open_output(path, mode="new") as stream, open_output(Path(os.devnull), mode="new"):
            stream.write("new\n")


def test_a_file_of_something_else_is_not_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes")
    with (
        pytest.raises(OutputError, match="something else"),
        open_output(path, mode="append", begins='{"schema": '),
    ):
        pass
    assert path.read_text() == "my notes"


@pytest.mark.parametrize("torn", ["{", '{"schema": 1, "ty', '{"schema": 1, "text": "A'])
@pytest.mark.parametrize("before", ["", RECORD % "a"])
def test_a_torn_line_is_removed_before_more_is_appended(
    tmp_path: Path, before: str, torn: str
) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(before + torn)
    with open_output(path, mode="append", begins='{"schema": ') as stream:
        stream.write(RECORD % "b")
    assert path.read_text() == before + RECORD % "b"


def test_a_whole_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text((RECORD % "a").rstrip())
    with open_output(path, mode="append", begins='{"schema": ') as stream:
        stream.write(RECORD % "b")
    assert path.read_text() == RECORD % "a" + RECORD % "b"


@pytest.mark.parametrize("mode", ["new", "append", "overwrite"])
def test_a_second_writer_is_refused(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "out.jsonl"
    code = (
        "import sys; from pathlib import Path; from lpr.sinks import open_output\n"
        f"with open_output(Path(sys.argv[1]), mode={mode!r}): pass"
    )
    with open_output(path) as stream:
        run = subprocess.run(
            [sys.executable, "-c", code, path], capture_output=True, text=True, check=False
        )
        stream.write("mine\n")
    assert "another program is writing" in run.stderr
    assert path.read_text() == "mine\n"


def test_fsync_waits_for_each_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    for fsync, times in ((False, 0), (True, 2)):
        with open_output(tmp_path / "out", fsync=fsync) as stream:
            for _ in range(2):
                stream.write("line\n")
                stream.flush()
        assert len(synced) == times


@examples(60)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=6),
    st.integers(1, 30),
)
def test_a_disk_that_takes_a_part_takes_all_or_nothing(lines: list[str], room: int) -> None:
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    fd = os.memfd_create("out")
    stream = RecordStream(os.dup(fd), "out")
    whole = b""
    real = os.write
    for line in lines:
        left = [room]

        def some(fd: int, data: bytes, left: list[int] = left) -> int:
            if not left[0]:
                raise OSError(errno.ENOSPC, "No space left on device")
            part = bytes(data)[: min(left[0], 7)]
            left[0] -= len(part)
            return real(fd, part)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "write", some)
            try:
                stream.write(line + "\n")
                stream.flush()
                whole += (line + "\n").encode()
            except OSError:
                pass
        assert os.pread(fd, 10_000, 0) == whole
    stream.close()
    os.close(fd)


def test_what_is_left_of_an_interrupted_run(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("".join(RECORD % name for name in ("a", "b", "v", "v")))
    with open_output(path, mode="append", begins='{"schema": ') as stream:
        assert take_up(stream, "jsonl", ["a", "b", "v", "c"]) == ["v", "c"]
    assert path.read_text() == RECORD % "a" + RECORD % "b"
