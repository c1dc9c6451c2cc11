"""``lpr detect``: the plates of pictures and videos, frame by frame."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from lpr.cli.options import open_reader, reader_options
from lpr.errors import PluginError, SourceError
from lpr.pipeline import Reader
from lpr.progress import progress
from lpr.sinks import SINKS, PictureSink, RecordSink, open_output, open_save
from lpr.source import expand, kind_of, open_source, quiet


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
    type=click.Choice(sorted(SINKS)),
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
@click.option("--timings", is_flag=True, help="Add the milliseconds that each frame took.")
def command(
    sources: tuple[str, ...],
    every: int,
    format_: str,
    output: Path | None,
    save: Path | None,
    timings: bool,
    **options: Any,
) -> None:
    """Find and read the number plates of pictures, folders, globs and videos.

    A source that fails is reported and the others are still read; the exit status is then 1.
    """
    with ExitStack() as stack:
        stack.enter_context(quiet())
        planned = expand(sources)
        run = Run(
            reader=stack.enter_context(open_reader(**options)),
            records=stack.enter_context(SINKS[format_](stack.enter_context(open_output(output)))),
            pictures=stack.enter_context(_open_save(save, planned)) if save else None,
            timings=timings,
        )
        for source in planned:
            run.read(source, every)
    run.summarise(len(planned))


def _open_save(path: Path, sources: Sequence[str]) -> PictureSink:
    return open_save(path, [(source, kind_of(source)) for source in sources])


@dataclass
class Run:
    """One call of the command: what it reads with, where results go, what has failed."""

    reader: Reader
    records: RecordSink
    pictures: PictureSink | None
    timings: bool
    failed: list[str] = field(default_factory=list)

    def read(self, name: str, every: int) -> None:
        """Read one source to its end; its failure is recorded and costs only the rest of it."""
        try:
            with open_source(name, every) as source:
                if self.pictures:
                    self.pictures.begin(name, source.fps)
                with progress(source, "frame", total=source.frames, label=name) as frames:
                    for frame in frames:
                        start = time.perf_counter()
                        plates = self.reader.read(frame.image)
                        ms = (time.perf_counter() - start) * 1000
                        self.records.frame(frame, plates, ms if self.timings else None)
                        if self.pictures:
                            self.pictures.frame(frame, plates)
        except (SourceError, PluginError) as error:
            self.failed.append(name)
            self.records.error(name, str(error))
            click.echo(f"lpr: {error}", err=True)

    def summarise(self, total: int) -> None:
        if self.failed:
            click.echo(f"lpr: {len(self.failed)} of {total} sources failed", err=True)
            raise click.exceptions.Exit(1)
