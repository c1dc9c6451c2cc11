"""``lpr detect``: reads the plates of pictures and videos, frame by frame."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
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
    open_readers,
    path_option,
    reader_options,
)
from lpr.cli.source_frames import (
    SOURCE_ERRORS,
    Results,
    SourceBegin,
    SourceEnd,
    SourceItem,
    SourceResults,
    out_of_memory,
    source_frames,
)
from lpr.errors import LprError, OutputError
from lpr.loading import registry
from lpr.protocols import RecordSink, SinkFormat
from lpr.reader import Reader, best_of
from lpr.reader_pool import ReadFrame, read_frames, read_in_turn
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
from lpr.source import MAX_PIXELS, expand, media_type_of, quiet, shown_source
from lpr.source.address import is_address
from lpr.types import Plate
from lpr.utils.progress import Bar, progress
from lpr.utils.text import counted

_FEW = 8
"""Pictures that one reader reads in the time that it takes to open another."""

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
        ahead = reads_ahead(planned)
        readers = _open_readers(stack, ahead, **options)
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
        run = Run(records, pictures, timings, one_per_picture or sink.one_per_picture)
        run.can_tile = can_tile and readers[0].detector.input_scale(_LARGE, _LARGE) is not None
        items = source_frames(planned, every, max_pixels)
        with (
            closing(_read(readers, items, ahead)) as results,
            progress(planned, "source") as names,
        ):
            for name in names:
                run.read(name, results, names)
    run.summarise(len(planned))


_MODES: dict[str | None, OutputMode] = {
    None: "new",
    "append": "append",
    "overwrite": "overwrite",
    "resume": "append",
}


def reads_ahead(sources: Sequence[str]) -> bool:
    """Whether the frames of ``sources`` are decoded ahead, for several readers: not those of live
    sources, which would hold up the end of the run, nor a few pictures, which are read before
    several readers are open."""
    if any(source == "-" or is_address(source) for source in sources):
        return False
    return len(sources) > _FEW or any(media_type_of(source) == "video" for source in sources)


def _open_readers(stack: ExitStack, several: bool, **options: Any) -> list[Reader]:
    """One reader or, with ``several`` and unless a number of threads is asked for, one per core of
    one thread each: no core then waits for another."""
    if several and options["threads"] == 0:
        readers = open_readers(os.cpu_count() or 1, **{**options, "threads": 1}, scale=1.0)
    else:
        readers = [open_reader(**options)]
    for reader in readers:
        stack.enter_context(reader)
    return readers


def _read(
    readers: Sequence[Reader], items: Iterator[SourceItem], ahead: bool
) -> Generator[ReadFrame | SourceBegin | SourceEnd, None, None]:
    return read_frames(readers, items) if ahead else read_in_turn(readers[0], items)


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


@dataclass
class Run:
    """One run of the command: its outputs, and the sources that failed.

    With ``one_per_picture``, only the plate with the highest confidence counts.
    """

    records: RecordSink
    pictures: MediaSink | None
    timings: bool
    one_per_picture: bool
    failed: list[str] = field(default_factory=list)
    unsaved: int = 0
    can_tile: bool = False
    large_and_empty: int = 0

    def read(self, name: str, results: Results, bar: Bar[str]) -> None:
        """Record the results of one source to its end, or why it failed."""
        shown = shown_source(name)
        begin = next(results)
        if isinstance(begin, SourceBegin):
            self._read_opened(shown, SourceResults(begin, results), bar)
        elif isinstance(begin, SourceEnd) and begin.error is not None:
            self._fail(shown, begin.error, bar)

    def _read_opened(self, shown: str, source: SourceResults, bar: Bar[str]) -> None:
        problem: OutputError | None = None
        pictures, begin = self.pictures, source.begin
        try:
            with out_of_memory(shown):
                if pictures:
                    pictures.start(shown, begin.fps)
                for result in bar.parts(source, "frame", begin.frames):
                    plates = self._record(result, bar)
                    if pictures and problem is None:
                        problem = _problem(partial(pictures.frame, result.frame, plates))
        except SOURCE_ERRORS as error:
            self._fail(shown, error, bar)
            source.skip()
        finally:
            if pictures:
                ended = _problem(pictures.close)
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

    def _record(self, result: ReadFrame, bar: Bar[str]) -> list[Plate]:
        """Write the record of a frame; returns the plates in it."""
        frame, plates = result.frame, result.plates
        if self.one_per_picture:
            best = best_of(plates)
            plates = [] if best is None else [best]
        with bar.aside():
            self.records.frame(frame, plates, result.timing if self.timings else None)
        self.large_and_empty += not plates and frame.time is None and frame.width >= _LARGE
        return plates

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
