"""``lpr detect``: reads the plates of pictures and videos, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from lpr.cli.options import complete_file, open_reader, path_option, reader_options
from lpr.errors import BackendError, LprError, OutputError, PluginError, SourceError
from lpr.loading import registry
from lpr.protocols import RecordSink
from lpr.reader import Reader
from lpr.sinks import MediaSink, PluggedSink, open_output, open_save, same_file, standard_output
from lpr.source import expand, media_type_of, open_source, quiet
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
    "--format",
    "format_",
    type=click.Choice(sorted(registry().sinks)),
    default="jsonl",
    show_default=True,
    help="The format of the results.",
)
@path_option("--output", "Write results to this file.")
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
    format_: str,
    output: Path | None,
    save: Path | None,
    one_per_picture: bool,
    timings: bool,
    **options: Any,
) -> None:
    """Find and read the number plates of pictures, folders, globs and videos.

    A source that fails is reported, and the others are still read; the exit status is then 1.
    """
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
        stream = stack.enter_context(open_output(output, planned)) if output else standard_output()
        records = stack.enter_context(PluggedSink(sink, stream))
        run = Run(reader, records, pictures, timings, one_per_picture or sink.one_per_picture)
        run.can_tile = can_tile
        with progress(planned, "source") as names:
            for name in names:
                run.read(name, every, names)
    run.summarise(len(planned))


def _open_save(path: Path, sources: Sequence[str]) -> MediaSink:
    return open_save(path, [(name, kind) for name in sources if (kind := media_type_of(name))])


class SaveError(LprError):
    """A source's annotated copy cannot be written; the other sources are still read."""


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
    can_tile: bool = False
    large_and_empty: int = 0

    def read(self, name: str, every: int, bar: Bar[str]) -> None:
        """Read one source to its end, or record why it failed."""
        try:
            with open_source(name, every) as source:
                with self._saving():
                    if self.pictures:
                        self.pictures.start(name, source.fps)
                with progress(source, "frame", source.frames) as frames:
                    for frame in frames:
                        self._frame(frame, bar)
        except (SourceError, PluginError, BackendError, SaveError) as error:
            self.failed.append(name)
            with bar.aside():
                self.records.error(name, str(error))
                click.echo(f"lpr: {error}", err=True)

    def _frame(self, frame: Frame, bar: Bar[str]) -> None:
        with measuring() as clock:
            plates = self._plates(frame.image)
        with bar.aside():
            self.records.frame(frame, plates, clock.timing() if self.timings else None)
        self.large_and_empty += not plates and frame.time is None and frame.width >= _LARGE
        with self._saving():
            if self.pictures:
                self.pictures.frame(frame, plates)

    def _plates(self, image: Image) -> list[Plate]:
        if not self.one_per_picture:
            return self.reader.read(image)
        best = self.reader.read_best(image)
        return [] if best is None else [best]

    @staticmethod
    @contextmanager
    def _saving() -> Iterator[None]:
        try:
            yield
        except OutputError as error:
            raise SaveError(str(error)) from error

    def summarise(self, total: int) -> None:
        if self.can_tile and self.large_and_empty:
            where = counted(self.large_and_empty, "large picture")
            hint = f"lpr: no plate in {where}; --tiles auto also looks for small plates"
            click.echo(hint, err=True)
        if self.failed:
            click.echo(f"lpr: {len(self.failed)} of {counted(total, 'source')} failed", err=True)
            raise click.exceptions.Exit(1)
