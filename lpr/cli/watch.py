"""``lpr watch``: every vehicle of a video or a camera, once."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from lpr.cli.messages import say
from lpr.cli.options import (
    MAX_PIXELS_RANGE,
    Finite,
    complete_file,
    open_readers,
    path_option,
    watch_options,
)
from lpr.cli.watch_outputs import WatchOutputs
from lpr.sinks import SIGHTING_FORMATS, PlateRedactor, read_known
from lpr.sinks.expiry import Retention
from lpr.source.address import addresses
from lpr.utils.progress import progress
from lpr.utils.text import counted
from lpr.watching import Engine, RegionOfInterest, SourceSettings, WatchSettings
from lpr.watching.settings import DEFAULTS

S = TypeVar("S", WatchSettings, SourceSettings)


def parse_every(text: str) -> int | Literal["auto"]:
    """``auto`` or a number from 1; raises ``click.BadParameter``."""
    if text == "auto":
        return "auto"
    if not re.fullmatch(r"[1-9]\d{0,5}", text):
        raise click.BadParameter(f"{text!r} is neither auto nor a number from 1")
    return int(text)


def parse_time(text: str) -> float:
    """An ISO 8601 time as seconds since 1970, UTC by default; raises ``click.BadParameter``."""
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a time like 2026-05-01T08:30+08:00") from error
    if not 1970 < time.year < 9000:
        raise click.BadParameter(f"{text!r}: the year has to lie between 1971 and 8999")
    return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).timestamp()


def parse_roi(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> RegionOfInterest:
    """The region of all polygons; raises ``click.BadParameter``."""
    try:
        return RegionOfInterest.parse(texts)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def parse_retention(
    _: click.Context, __: click.Parameter, texts: tuple[str, ...]
) -> Retention | None:
    """The bounds of all texts, None without any; raises ``click.BadParameter``."""
    try:
        return Retention.parse(texts)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _setting(name: str, **attributes: Any) -> Callable[[Any], Any]:
    """The option of a setting, which gives its default and its help text."""
    every = [*fields(WatchSettings), *fields(SourceSettings)]
    setting = next(field for field in every if field.name == name)
    attributes = {"default": setting.default, "show_default": True, **attributes}
    return click.option(f"--{name.replace('_', '-')}", help=setting.metadata["help"], **attributes)


@click.command("watch")
@click.argument(
    "sources",
    metavar="[NAME=]SOURCE...",
    nargs=-1,
    required=True,
    shell_complete=complete_file,
)
@watch_options
@_setting("min_reads", type=click.IntRange(1))
@_setting("return_after", type=Finite(0), metavar="SECONDS")
@_setting("early", is_flag=True)
@_setting("every", type=parse_every, default=str(DEFAULTS.every), metavar="N|auto")
@_setting("skip_still", is_flag=True)
@_setting("roi", callback=parse_roi, default=(), multiple=True, metavar="POLYGON")
@click.option(
    "--format",
    "format_",
    type=click.Choice(sorted(SIGHTING_FORMATS)),
    default="jsonl",
    show_default=True,
    help="The format of the records.",
)
@path_option("--output", "Append records to this file.")
@click.option(
    "--overwrite", is_flag=True, help="Replace what is in --output, --timeline and --save."
)
@click.option("--fsync", is_flag=True, help="Wait until the disk has each record.")
@path_option("--evidence", "Write each sighting's best frame, and its plate, to this folder.")
@click.option(
    "--evidence-keep",
    callback=parse_retention,
    default=(),
    multiple=True,
    metavar="10GB|30d",
    help="Remove the oldest evidence beyond this size or age. Repeat the option for both.",
)
@path_option("--timeline", "Write all sightings as an HTML page.")
@path_option("--save", "Write annotated video: an .mp4 for one source, else a folder.")
@click.option(
    "--to",
    multiple=True,
    metavar="ADDRESS",
    help="Also send sightings there: http(s)://..., or what a plugin adds. May be repeated.",
)
@click.option(
    "--blur",
    type=click.Choice(["plates", "unknown"]),
    help="Blur all plates in pictures and videos, or all but the --known ones.",
)
@path_option("--known", "A text file with known plates, one per line.")
@_setting("start", type=parse_time, metavar="TIME")
@_setting("fps", type=Finite(0, 1000, min_open=True))
@_setting("stall", type=Finite(0.5), metavar="SECONDS")
@_setting("max_pixels", type=MAX_PIXELS_RANGE, metavar="N")
def command(
    sources: tuple[str, ...],
    threads: int,
    format_: str,
    output: Path | None,
    overwrite: bool,
    fsync: bool,
    evidence: Path | None,
    evidence_keep: Retention | None,
    timeline: Path | None,
    save: Path | None,
    to: tuple[str, ...],
    blur: str | None,
    known: Path | None,
    **options: Any,
) -> None:
    """Report every vehicle that passes, once: by default as a JSON line.

    A SOURCE is a video or animated picture, a folder of pictures, an address (rtsp://, http://...),
    a camera of this machine (camera:0), or - for standard input. After an interrupt (Ctrl-C), lpr
    writes all pending records, then exits.
    """
    if evidence_keep and not evidence:
        raise click.UsageError("--evidence-keep needs --evidence FOLDER")
    source_settings = _take(SourceSettings, options)
    planned = source_settings.resolved(addresses(sources))
    redactor = _redactor(blur, known)
    settings = _take(
        WatchSettings,
        options,
        detect_outside_roi=redactor is not None,
        keep_frames=bool(evidence or to),
    )
    if redactor is not None and (settings.every != 1 or settings.skip_still):
        raise click.UsageError("--blur needs every frame: leave out --every and --skip-still")
    with ExitStack() as stack:
        readers = open_readers(threads or os.cpu_count() or 1, **options)
        for reader in readers:
            stack.enter_context(reader)
        outputs = WatchOutputs(
            stack,
            planned,
            output,
            evidence,
            timeline,
            save,
            redactor,
            format_,
            keep=evidence_keep,
            overwrite=overwrite,
            fsync=fsync,
            to=to,
        )
        show = save is not None
        engine = Engine(planned, readers, source_settings.open, settings=settings, show=show)
        stack.enter_context(engine)
        with _stopped_by_signals(engine) as signals, progress(engine.events(), "frame") as events:
            for event in events:
                outputs.write(event, events)
                events.count(engine.stats.finished, _total(engine, len(planned)))
        outputs.close_extras()
        _summarize(engine, outputs, len(planned))
    if signals:
        raise KeyboardInterrupt


def _redactor(blur: str | None, known: Path | None) -> PlateRedactor | None:
    if (blur == "unknown") != (known is not None):
        raise click.UsageError("--blur unknown and --known FILE belong together")
    if blur is None:
        return None
    return PlateRedactor(read_known(known) if known else ())


def _take(settings: type[S], options: dict[str, Any], **others: Any) -> S:
    """The settings among the ``options``, which are removed from them."""
    names = [field.name for field in fields(settings) if field.name in options]
    return settings(**{name: options.pop(name) for name in names}, **others)


@contextmanager
def _stopped_by_signals(engine: Engine) -> Iterator[list[int]]:
    """Stop the engine on the first SIGINT or SIGTERM, interrupt on the next; yield all signals."""
    signals: list[int] = []

    def handle(number: int, frame: object) -> None:
        if signals:
            raise KeyboardInterrupt
        signals.append(number)
        engine.stop()

    before = {each: signal.signal(each, handle) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _total(engine: Engine, sources: int) -> int | None:
    """The frames of all sources; None if one of them does not state it."""
    return engine.stats.stated if engine.stats.stating == sources else None


def _summarize(engine: Engine, outputs: WatchOutputs, sources: int) -> None:
    stats = engine.stats
    dropped = f"; {stats.dropped} came too fast and were dropped" if stats.dropped else ""
    vehicles, frames = counted(outputs.vehicles, "vehicle"), counted(stats.frames, "frame")
    say(f"{vehicles} in {frames}{dropped}")
    if outputs.failures:
        say(f"{outputs.failures} of {counted(sources, 'source')} failed")
    for message in outputs.failed_extras:
        say(message)
    if outputs.failures or outputs.failed_extras:
        raise click.exceptions.Exit(1)
