"""``lpr detect``: the plates of pictures and videos, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import click

from lpr.cli.options import open_reader, reader_options
from lpr.errors import BackendError, LprError, OutputError, PluginError, SourceError
from lpr.loading import registry
from lpr.protocols import RecordSink
from lpr.reader import Reader
from lpr.sinks import MediaSink, PluggedSink, open_output, open_save, same_file, standard_output
from lpr.source import expand, kind_of, open_source, quiet
from lpr.types import Frame, Image, Plate
from lpr.utils.progress import Bar, progress
from lpr.utils.timing import measuring


@click.command("detect")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@reader_options
@click.option(
    "--every",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Look only at every Nth frame of a video.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(sorted(registry().sinks)),
    default="jsonl",
    show_default=True,
    help="How the results are written.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Write results to this file.")
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    help="Write annotated pictures and videos: a file for one source, else a folder.",
)
@click.option(
    "--one-per-picture",
    is_flag=True,
    help="Of a picture's plates only the one that is read with the most certainty.",
)
@click.option(
    "--timings",
    is_flag=True,
    help="Add the milliseconds that each frame took, in all and stage by stage.",
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

    A source that fails is reported and the others are still read; the exit status is then 1.
    """
    with ExitStack() as stack:
        stack.enter_context(quiet())
        planned = expand(sources)
        # The output is opened, and an old one emptied, only once nothing else can be wrong.
        reader = stack.enter_context(open_reader(**options))
        pictures = stack.enter_context(_open_save(save, planned)) if save else None
        if output and pictures and any(same_file(output, path) for path in pictures.planned):
            raise OutputError(f"{output}: --output and --save name the same file; choose another")
        sink = registry().sinks[format_]
        records = stack.enter_context(PluggedSink(sink, _open_stream(stack, output, planned)))
        run = Run(reader, records, pictures, timings, one_per_picture or sink.one_per_picture)
        with progress(planned, "source") as names:
            for name in names:
                run.read(name, every, names)
    run.summarise(len(planned))


def _open_stream(stack: ExitStack, path: Path | None, sources: Sequence[str]) -> TextIO:
    return stack.enter_context(open_output(path, sources)) if path else standard_output()


def _open_save(path: Path, sources: Sequence[str]) -> MediaSink:
    return open_save(path, [(source, kind) for source in sources if (kind := kind_of(source))])


class SaveError(LprError):
    """A source's annotated copy cannot be written: it costs this source and not the others."""


@dataclass
class Run:
    """One call of the command: what it reads with, where results go, what has failed.

    With ``alone``, only the plate of a picture that is read best counts.
    """

    reader: Reader
    records: RecordSink
    pictures: MediaSink | None
    timings: bool
    alone: bool
    failed: list[str] = field(default_factory=list)

    def read(self, name: str, every: int, bar: Bar[str]) -> None:
        """Read one source to its end; its failure is recorded and costs only the rest of it."""
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
        with self._saving():
            if self.pictures:
                self.pictures.frame(frame, plates)

    def _plates(self, image: Image) -> list[Plate]:
        if not self.alone:
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
        if self.failed:
            click.echo(f"lpr: {len(self.failed)} of {total} sources failed", err=True)
            raise click.exceptions.Exit(1)
