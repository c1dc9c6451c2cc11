"""The outputs of ``lpr watch``: records, evidence, a page, annotated videos, and messages."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from lpr.cli.messages import say
from lpr.draw import annotate_tracks
from lpr.loading import registry
from lpr.sightings import Gap, TrackOverlay
from lpr.sinks import (
    SIGHTING_FORMATS,
    EvidenceFolder,
    OutputMode,
    PlateRedactor,
    Timeline,
    open_output,
    standard_output,
)
from lpr.sinks.expiry import Retention
from lpr.sinks.extra import Extra
from lpr.sinks.paths import refuse_twins
from lpr.sinks.publishing import Publishers
from lpr.sinks.timeline import PAGE_BEGINS
from lpr.sinks.video_writer import plan_videos
from lpr.sinks.watch_video import WatchVideo, unique_free
from lpr.source import expand
from lpr.source.address import Address
from lpr.types import Frame
from lpr.utils.progress import Bar
from lpr.watching import Event, Failed, Ignored, Seen


class WatchOutputs:
    """Opens the outputs, which ``stack`` closes, and writes events to them.

    Records go to ``output``, else to stdout, in the format ``format_``, and do not depend on the
    others: a failing one is reported once and tried again. Counts the vehicles and the sources that
    failed.
    """

    def __init__(
        self,
        stack: ExitStack,
        sources: list[Address],
        output: Path | None,
        evidence: Path | None,
        timeline: Path | None,
        save: Path | None,
        redactor: PlateRedactor | None,
        format_: str = "jsonl",
        *,
        keep: Retention | None = None,
        overwrite: bool = False,
        fsync: bool = False,
        to: Sequence[str] = (),
    ) -> None:
        files = expand([a.text for a in sources if a.kind in ("file", "folder")])
        cameras = [address.camera for address in sources]
        # A recording can be watched again; what a camera showed is kept.
        replace = overwrite or not any(address.live for address in sources)
        videos = plan_videos(save, cameras, files) if save else {}
        refuse_twins(path for path in (output, timeline, *videos.values()) if path)
        self._messages: list[str] = []
        if not replace:
            videos = {camera: self._free(path) for camera, path in videos.items()}
        self._evidence = EvidenceFolder(evidence, cameras, redactor, keep) if evidence else None
        self._evidence_extra = Extra("--evidence", self._messages.append)
        self._expiry_extra = Extra("--evidence-keep", self._messages.append)
        self._draw = annotate_tracks if redactor is None else redactor.annotate
        self._films = {
            camera: (WatchVideo(path), Extra(f"--save of {camera}", self._messages.append))
            for camera, path in videos.items()
        }
        self._timeline: Timeline | None = None
        self._timeline_extra = Extra("--timeline", self._messages.append)
        if timeline:
            mode: OutputMode = "overwrite" if replace else "append"
            page = stack.enter_context(open_output(timeline, files, mode, begins=PAGE_BEGINS))
            self._timeline = Timeline(page, redactor)
        stack.callback(self.close_extras)
        format = SIGHTING_FORMATS[format_]
        stream = (
            stack.enter_context(
                open_output(
                    output,
                    files,
                    "overwrite" if overwrite else "append",
                    fsync=fsync,
                    begins=format.begins,
                )
            )
            if output
            else standard_output(fsync=fsync)
        )
        self._records = format(stream)
        stack.enter_context(self._records)
        self._publishers = Publishers(to, registry().destinations, self._messages.append, redactor)
        stack.callback(self._publishers.close)
        self._failed_extras: list[Extra] = []
        self.vehicles = 0
        self.failures = 0

    def _free(self, path: Path) -> Path:
        free = unique_free(path)
        if free != path:
            self._messages.append(f"{path}: is there already; the video becomes {free.name}")
        return free

    def write(self, event: Event, bar: Bar[Event]) -> None:
        """Write an event; messages go to stderr, aside of the progress bar."""
        if isinstance(event, Seen) and event.frame is not None and event.camera in self._films:
            film, extra = self._films[event.camera]
            if film.ready:
                extra.attempt(partial(self._draw_frame, film, event.frame, event.shown))
        self._expire()
        quiet = isinstance(event, Seen) and not event.sightings and not event.ignored
        if quiet and not self._messages:
            return
        with bar.aside():
            if isinstance(event, Seen):
                self._write_sightings(event)
                for ignored in event.ignored:
                    _say_ignored(event.camera, ignored)
            elif isinstance(event, Gap):
                self._write_gap(event)
            else:
                self._write_failure(event)
            self._say_messages()

    def _expire(self) -> None:
        expiry = self._evidence and self._evidence.expiry
        if expiry and expiry.due:
            self._expiry_extra.attempt(expiry.run)

    def _draw_frame(self, film: WatchVideo, frame: Frame, shown: Sequence[TrackOverlay]) -> None:
        film.write(self._draw(frame.image, shown), frame.time)

    def _say_messages(self) -> None:
        while self._messages:  # threads add to them
            say(self._messages.pop(0))

    def close_extras(self) -> None:
        """Finish the page and the videos; further calls do nothing."""
        films, self._films = self._films, {}
        for film, extra in films.values():
            extra.attempt(film.close)
            self._failed_extras.append(extra)
        self._publishers.close()
        timeline, self._timeline = self._timeline, None
        if timeline:
            self._timeline_extra.attempt(timeline.close)
        self._say_messages()

    @property
    def failed_extras(self) -> list[str]:
        """What was not written of the outputs beside the records, in words."""
        extras = [self._evidence_extra, self._expiry_extra, self._timeline_extra]
        return [
            f"{extra.name} failed {extra.failures} times"
            for extra in (*extras, *self._failed_extras)
            if extra.failures
        ] + self._publishers.failures

    def _write_sightings(self, event: Seen) -> None:
        for sighting in event.sightings:
            self.vehicles += sighting.status in ("final", "confirmed", "corrected")
            files = None
            if self._evidence:
                files = self._evidence_extra.attempt(partial(self._evidence.write, sighting))
            self._records.sighting(sighting, files)
            self._publishers.sighting(sighting)
            if self._timeline:
                self._timeline_extra.attempt(partial(self._timeline.sighting, sighting))
            self._expire()

    def _write_gap(self, gap: Gap) -> None:
        self._records.gap(gap)
        self._publishers.gap(gap)
        if self._timeline:
            self._timeline_extra.attempt(partial(self._timeline.gap, gap))
        if gap.until is None:
            message = f"lost: {gap.reason}; reconnecting"
        else:
            message = f"back after {gap.until - gap.since:.1f} s"
        say(f"{gap.camera}: {message}")

    def _write_failure(self, failed: Failed) -> None:
        self.failures += 1
        self._records.error(failed.camera, failed.source, str(failed.error))
        say(str(failed.error))


def _say_ignored(camera: str, ignored: Ignored) -> None:
    x, y = (round(value) for value in ignored.box.center)
    text = f"the text {ignored.text}" if ignored.text else "the text"
    say(f"{camera}: {text} at {x},{y} is burnt into the picture: ignored")
