"""``lpr watch``: every vehicle of a video or a camera once."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import click

from lpr.cli.options import Finite, open_readers, watch_options
from lpr.draw import annotate_tracks
from lpr.sightings import Gap
from lpr.sinks import (
    EvidenceFolder,
    PlateRedactor,
    SightingSink,
    Timeline,
    open_output,
    read_known,
    standard_output,
)
from lpr.sinks.paths import refuse_twins
from lpr.sinks.video import VideoWriter, plan_videos
from lpr.source import expand
from lpr.source.address import Address, addresses
from lpr.source.video_sources import open_moving
from lpr.utils.progress import Bar, progress
from lpr.watching import Engine, Event, Failed, RegionOfInterest, Seen, WatchSettings


def parse_every(text: str) -> int:
    """``auto`` (0) or a number from 1; raises ``click.BadParameter``."""
    if text == "auto":
        return 0
    if not re.fullmatch(r"[1-9]\d{0,5}", text):
        raise click.BadParameter(f"{text!r} is neither auto nor a number from 1")
    return int(text)


def parse_moment(text: str) -> float:
    """An ISO 8601 time as seconds since 1970 (UTC unless it says otherwise)."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is no time; write it as 2026-05-01T08:30:00+08:00"
        ) from error
    if not 1970 < moment.year < 9000:
        raise click.BadParameter(f"{text!r}: the year has to lie between 1971 and 8999")
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


@click.command("watch")
@click.argument("sources", metavar="[NAME=]SOURCE...", nargs=-1, required=True)
@watch_options
@click.option(
    "--min-reads",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="Readings that have to agree.",
)
@click.option(
    "--return-after",
    type=Finite(0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="A vehicle that comes back later than this is a new sighting.",
)
@click.option(
    "--early",
    is_flag=True,
    help="Report a vehicle as soon as its text is certain, and once more when it has gone.",
)
@click.option(
    "--every",
    type=parse_every,
    default="1",
    show_default=True,
    metavar="N|auto",
    help="Look for plates in every Nth frame, or as rarely as nothing is missed.",
)
@click.option("--skip-still", is_flag=True, help="Pass over frames in which nothing moves.")
@click.option(
    "--roi",
    multiple=True,
    metavar="POLYGON",
    help="Count only plates in here: corners as shares of width and height, such as "
    "'0.1,0.4 0.9,0.4 1,1 0,1'; several times for several.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Write records to this file.")
@click.option(
    "--evidence",
    type=click.Path(path_type=Path),
    help="Write each sighting's best frame, and its plate, to this folder.",
)
@click.option(
    "--timeline", type=click.Path(path_type=Path), help="Write all sightings as an HTML page."
)
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    help="Write annotated video: an .mp4 for one source, else a folder.",
)
@click.option(
    "--blur",
    type=click.Choice(["plates", "unknown"]),
    help="Hide all plates in pictures and videos, or all but the --known ones.",
)
@click.option(
    "--known", type=click.Path(path_type=Path), help="A text file with known plates, one a line."
)
@click.option(
    "--start",
    type=parse_moment,
    metavar="TIME",
    help="When recordings begin, where they do not say so themselves.",
)
@click.option(
    "--fps",
    type=Finite(0, 1000, min_open=True),
    default=25.0,
    show_default=True,
    help="Pictures a second of a folder of pictures.",
)
@click.option(
    "--stall",
    type=Finite(0.5),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="A camera without a frame for so long, or with a frozen one for twice as long, is "
    "connected to again.",
)
def command(
    sources: tuple[str, ...],
    threads: int,
    min_reads: int,
    return_after: float,
    early: bool,
    every: int,
    skip_still: bool,
    roi: tuple[str, ...],
    output: Path | None,
    evidence: Path | None,
    timeline: Path | None,
    save: Path | None,
    blur: str | None,
    known: Path | None,
    start: float | None,
    fps: float,
    stall: float,
    **options: Any,
) -> None:
    """Report every vehicle that passes, once, as a JSON line.

    A SOURCE is a video file or GIF, a folder of pictures, an address (rtsp://, http://...), a
    camera of this machine (camera:0), or - for standard input. Interrupt it to end it: all that is
    under way is written first.
    """
    planned = addresses(sources)
    veil = _veil(blur, known)
    if veil is not None and (every != 1 or skip_still):
        raise click.UsageError(
            "--blur hides what it finds, and has to look at each frame: leave out --every and "
            "--skip-still"
        )
    try:
        zone = RegionOfInterest.of(roi)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--roi") from error
    rules = WatchSettings(
        min_reads=min_reads,
        return_after=return_after,
        early=early,
        every=every,
        skip_still=skip_still,
        zone=zone,
        everywhere=veil is not None,
        keep_frames=evidence is not None,
    )
    with ExitStack() as stack:
        readers = open_readers(threads or os.cpu_count() or 1, **options)
        for reader in readers:
            stack.enter_context(reader)
        outputs = _Outputs(stack, planned, output, evidence, timeline, save, veil)
        engine = Engine(
            planned,
            readers,
            partial(open_moving, fps=fps, start=start, stall=stall),
            rules=rules,
            show=save is not None,
        )
        stack.enter_context(engine)
        with _ended_by_signals(engine) as signals, progress(engine.events(), "frame") as events:
            for event in events:
                outputs.write(event, events)
        _summarise(engine, outputs, len(planned))
    if signals:
        raise KeyboardInterrupt


def _veil(blur: str | None, known: Path | None) -> PlateRedactor | None:
    if (blur == "unknown") != (known is not None):
        raise click.UsageError("--blur unknown and --known FILE belong together")
    if blur is None:
        return None
    return PlateRedactor(read_known(known) if known else ())


@contextmanager
def _ended_by_signals(engine: Engine) -> Iterator[list[int]]:
    """The first SIGINT or SIGTERM ends the sources, the next one everything; gives those that
    came."""
    came: list[int] = []

    def handle(number: int, frame: object) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)
        engine.stop()

    before = {each: signal.signal(each, handle) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Outputs:
    """Where a watch writes: records, evidence, a timeline, videos."""

    def __init__(
        self,
        stack: ExitStack,
        planned: list[Address],
        output: Path | None,
        evidence: Path | None,
        timeline: Path | None,
        save: Path | None,
        veil: PlateRedactor | None,
    ) -> None:
        files = expand([a.text for a in planned if a.sort in ("file", "folder")])
        cameras = [address.camera for address in planned]
        videos = plan_videos(save, cameras, files) if save else {}
        refuse_twins(path for path in (output, timeline, *videos.values()) if path)
        self._evidence = EvidenceFolder(evidence, cameras, veil) if evidence else None
        self._draw = annotate_tracks if veil is None else veil.annotate
        self._videos = {c: stack.enter_context(VideoWriter(path)) for c, path in videos.items()}
        self._timeline = None
        if timeline:
            page = stack.enter_context(open_output(timeline, files))
            self._timeline = stack.enter_context(Timeline(page, veil))
        stream = stack.enter_context(open_output(output, files)) if output else standard_output()
        self._records = stack.enter_context(SightingSink(stream))
        self.sightings = 0
        self.failed = 0

    def write(self, event: Event, bar: Bar[Event]) -> None:
        """Write what an event brings; messages for people go to stderr."""
        if isinstance(event, Seen):
            if event.frame is not None and event.camera in self._videos:
                image = self._draw(event.frame.image, event.shown)
                self._videos[event.camera].write(image, event.frame.time)
            if event.sightings:
                with bar.aside():
                    self._sightings(event)
            return
        with bar.aside():
            if isinstance(event, Gap):
                self._gap(event)
            else:
                self._failed(event)

    def _sightings(self, event: Seen) -> None:
        for sighting in event.sightings:
            self.sightings += sighting.status in ("final", "confirmed", "corrected")
            files = self._evidence.write(sighting) if self._evidence else None
            self._records.sighting(sighting, files)
            if self._timeline:
                self._timeline.sighting(sighting)

    def _gap(self, gap: Gap) -> None:
        self._records.gap(gap)
        if self._timeline:
            self._timeline.gap(gap)
        said = (
            f"lost: {gap.reason}; it is tried again"
            if gap.until is None
            else f"back after {gap.until - gap.since:.1f} s"
        )
        click.echo(f"lpr: {gap.camera}: {said}", err=True)

    def _failed(self, failed: Failed) -> None:
        self.failed += 1
        self._records.error(failed.camera, failed.source, str(failed.error))
        click.echo(f"lpr: {failed.error}", err=True)


def _summarise(engine: Engine, outputs: _Outputs, total: int) -> None:
    meter = engine.meter
    dropped = f"; {meter.dropped} came too fast and were dropped" if meter.dropped else ""
    click.echo(f"lpr: {outputs.sightings} vehicles in {meter.frames} frames{dropped}", err=True)
    if outputs.failed:
        click.echo(f"lpr: {outputs.failed} of {total} sources failed", err=True)
        raise click.exceptions.Exit(1)
