"""``lpr detect``: reads the plates of pictures and videos, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import click

from lpr.cli.messages import say
from lpr.cli.options import (
    MAX_PIXELS_RANGE,
    complete_file,
    open_reader,
    path_option,
    reader_options,
)
from lpr.errors import BackendError, LprError, OutputError, PluginError, SourceError
from lpr.loading import registry
from lpr.protocols import RecordSink, SinkFormat
from lpr.reader import Reader
from lpr.sinks import (
    MediaSink,
    OutputMode,
    PluggedSink,
    open_output,
    open_save,
    same_file,
    standard_output,
)
from lpr.sinks.resume import check_resumable, take_up
from lpr.source import MAX_PIXELS, expand, media_type_of, open_source, quiet, shown_source
from lpr.types import Frame, Image, Plate
from lpr.utils.progress import Bar, progress
from lpr.utils.text import counted
from lpr.utils.timing import measuring

_LARGE = 1280
"""Pixels: in a picture this wide, a legible plate can be too small for the detector, which takes 24
of its 384 pixels or 80 of these."""


@click.command("detect")
@click.argument(
    "sources", metavar="SOURCE...", nargs=-1, required=True, shell_complete=complete_file
)
@reader_options
@click.option(
    "--every",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Read only every Nth frame of a video.",
)
@click.option(
    "--max-pixels",
    type=MAX_PIXELS_RANGE,
    default=MAX_PIXELS,
    show_default=True,
    metavar="N",
    help="Refuse pictures with more pixels, and videos with a quarter of it a frame.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(sorted(registry().sinks)),
    default="jsonl",
    show_default=True,
    help="The format of the results.",
)
@path_option("--output", "Write results to this file; with results in it, say what to do:")
@click.option("--append", "mode", flag_value="append", help="Add to the results in --output.")
@click.option(
    "--overwrite", "mode", flag_value="overwrite", help="Replace the results in --output."
)
@click.option(
    "--resume",
    "mode",
    flag_value="resume",
    help="Go on with an interrupted run: skip the sources that have results in --output.",
)
@click.option("--fsync", is_flag=True, help="Wait until the disk has each result.")
@path_option("--save", "Write annotated pictures and videos: a file for one source, else a folder.")
@click.option(
    "--one-per-picture",
    is_flag=True,
    help="Keep only the plate with the highest confidence in each picture.",
)
@click.option(
    "--timings", is_flag=True, help="Add the milliseconds of each frame, in total and by stage."
)
def command(
    sources: tuple[str, ...],
    every: int,
    max_pixels: int,
    format_: str,
    output: Path | None,
    mode: str | None,
    fsync: bool,
    save: Path | None,
    one_per_picture: bool,
    timings: bool,
    **options: Any,
) -> None:
    """Find and read the number plates of pictures and videos.

    A SOURCE is a file, a folder, a pattern, an address (http://...), or - for standard input.

    A source that fails is reported, and the others are still read; the exit status is then 1.
    """
    if mode and not output:
        raise click.UsageError(f"--{mode} needs --output FILE")
    if mode == "resume" and output:
        check_resumable(output, format_)
    with ExitStack() as stack:
        stack.enter_context(quiet())
        planned = expand(sources)
        # Opening the output empties an old file: everything else is checked first.
        can_tile = options["tiles"] == "off" and options["sweep"] is None
        reader = stack.enter_context(open_reader(**options))
        pictures = stack.enter_context(_open_save(save, planned)) if save else None
        if output and pictures and any(same_file(output, path) for path in pictures.planned):
            raise OutputError(f"{output}: --output and --save name the same file; choose another")
        sink = registry().sinks[format_]
        stream = (
            stack.enter_context(
                open_output(output, planned, _MODES[mode], fsync=fsync, begins=_beginning(sink))
            )
            if output
            else standard_output(fsync=fsync)
        )
        if mode == "resume":
            planned = _take_up(stream, format_, planned)
        records = stack.enter_context(PluggedSink(sink, stream))
        run = Run(reader, records, pictures, timings, one_per_picture or sink.one_per_picture)
        run.can_tile = can_tile and reader.detector.input_scale(_LARGE, _LARGE) is not None
        with progress(planned, "source") as names:
            for name in names:
                run.read(name, every, max_pixels, names)
    run.summarise(len(planned))


_MODES: dict[str | None, OutputMode] = {
    None: "new",
    "append": "append",
    "overwrite": "overwrite",
    "resume": "append",
}


def _beginning(format: SinkFormat) -> str:
    """How files of a format begin; empty if it does not say so."""
    return str(getattr(format, "begins", ""))


def _take_up(stream: TextIO, format: str, planned: list[str]) -> list[str]:
    left = take_up(stream, format, planned)
    done = len(planned) - len(left)
    if done:
        say(f"{done} of {counted(len(planned), 'source')} were read before")
    return left


def _open_save(path: Path, sources: Sequence[str]) -> MediaSink:
    known = [(shown_source(name), media_type_of(name)) for name in sources]
    return open_save(path, [(name, kind) for name, kind in known if kind])


@contextmanager
def out_of_memory(name: str) -> Iterator[None]:
    """Turn a lack of memory in the block into an error about the source ``name`` alone."""
    try:
        yield
    except MemoryError as error:
        raise SourceError(f"{name}: the memory does not suffice; scale it down") from error


@dataclass
class Run:
    """One run of the command: its reader, its outputs, the sources that failed.

    With ``one_per_picture``, only the plate with the highest confidence counts.
    """

    reader: Reader
    records: RecordSink
    pictures: MediaSink | None
    timings: bool
    one_per_picture: bool
    failed: list[str] = field(default_factory=list)
    unsaved: int = 0
    can_tile: bool = False
    large_and_empty: int = 0

    def read(self, name: str, every: int, max_pixels: int, bar: Bar[str]) -> None:
        """Read one source to its end, or record why it failed."""
        shown = shown_source(name)
        problem: OutputError | None = None
        try:
            with out_of_memory(shown), open_source(name, every, max_pixels=max_pixels) as source:
                pictures = self.pictures
                if pictures:
                    pictures.start(shown, source.fps)
                for frame in bar.parts(source, "frame", source.frames):
                    plates = self._frame(frame, bar)
                    if pictures and problem is None:
                        problem = _problem(partial(pictures.frame, frame, plates))
        except (SourceError, PluginError, BackendError) as error:
            self._fail(shown, error, bar)
        finally:
            if self.pictures:
                ended = _problem(self.pictures.close)
                problem = problem or ended
        if problem is not None:
            self.unsaved += 1
            self._fail(shown, problem, bar, report=self.unsaved == 1)

    def _fail(self, name: str, error: LprError, bar: Bar[str], report: bool = True) -> None:
        if name not in self.failed:
            self.failed.append(name)
        with bar.aside():
            self.records.error(name, str(error))
            if report:
                say(str(error))

    def _frame(self, frame: Frame, bar: Bar[str]) -> list[Plate]:
        with measuring() as clock:
            plates = self._plates(frame.image)
        with bar.aside():
            self.records.frame(frame, plates, clock.timing() if self.timings else None)
        self.large_and_empty += not plates and frame.time is None and frame.width >= _LARGE
        return plates

    def _plates(self, image: Image) -> list[Plate]:
        if not self.one_per_picture:
            return self.reader.read(image)
        best = self.reader.read_best(image)
        return [] if best is None else [best]

    def summarise(self, total: int) -> None:
        if self.unsaved > 1:
            say(f"{self.unsaved} annotated copies could not be written")
        if self.can_tile and self.large_and_empty:
            where = counted(self.large_and_empty, "large picture")
            say(f"no plate in {where}; --tiles auto also looks for small plates")
        if self.failed:
            say(f"{len(self.failed)} of {counted(total, 'source')} failed")
            raise click.exceptions.Exit(1)


def _problem(action: Callable[[], None]) -> OutputError | None:
    """Do what records can do without; returns why it failed, or None."""
    try:
        action()
    except OutputError as error:
        return error
    return None
