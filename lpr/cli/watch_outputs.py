"""The outputs of ``lpr watch``: records, evidence, a page, annotated videos, and messages."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from lpr.draw import annotate_tracks
from lpr.sightings import Gap
from lpr.sinks import (
    SIGHTING_FORMATS,
    EvidenceFolder,
    PlateRedactor,
    Timeline,
    open_output,
    standard_output,
)
from lpr.sinks.paths import refuse_twins
from lpr.sinks.video_writer import VideoWriter, plan_videos
from lpr.source import expand
from lpr.source.address import Address
from lpr.utils.progress import Bar
from lpr.watching import Event, Failed, Seen


class WatchOutputs:
    """Opens the outputs, which ``stack`` closes, and writes events to them.

    Records go to ``output``, else to stdout, in the format ``format_``. Counts the vehicles and the
    sources that failed.
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
    ) -> None:
        files = expand([a.text for a in sources if a.kind in ("file", "folder")])
        cameras = [address.camera for address in sources]
        videos = plan_videos(save, cameras, files) if save else {}
        refuse_twins(path for path in (output, timeline, *videos.values()) if path)
        self._evidence = EvidenceFolder(evidence, cameras, redactor) if evidence else None
        self._draw = annotate_tracks if redactor is None else redactor.annotate
        self._videos = {
            camera: stack.enter_context(VideoWriter(path)) for camera, path in videos.items()
        }
        self._timeline = None
        if timeline:
            page = stack.enter_context(open_output(timeline, files))
            self._timeline = stack.enter_context(Timeline(page, redactor))
        stream = stack.enter_context(open_output(output, files)) if output else standard_output()
        self._records = SIGHTING_FORMATS[format_](stream)
        stack.enter_context(self._records)
        self.vehicles = 0
        self.failures = 0

    def write(self, event: Event, bar: Bar[Event]) -> None:
        """Write an event; messages go to stderr, aside of the progress bar."""
        if isinstance(event, Seen):
            if event.frame is not None and event.camera in self._videos:
                image = self._draw(event.frame.image, event.shown)
                self._videos[event.camera].write(image, event.frame.time)
            if not event.sightings:
                return
        with bar.aside():
            if isinstance(event, Seen):
                self._write_sightings(event)
            elif isinstance(event, Gap):
                self._write_gap(event)
            else:
                self._write_failure(event)

    def _write_sightings(self, event: Seen) -> None:
        for sighting in event.sightings:
            self.vehicles += sighting.status in ("final", "confirmed", "corrected")
            files = self._evidence.write(sighting) if self._evidence else None
            self._records.sighting(sighting, files)
            if self._timeline:
                self._timeline.sighting(sighting)

    def _write_gap(self, gap: Gap) -> None:
        self._records.gap(gap)
        if self._timeline:
            self._timeline.gap(gap)
        if gap.until is None:
            message = f"lost: {gap.reason}; reconnecting"
        else:
            message = f"back after {gap.until - gap.since:.1f} s"
        click.echo(f"lpr: {gap.camera}: {message}", err=True)

    def _write_failure(self, failed: Failed) -> None:
        self.failures += 1
        self._records.error(failed.camera, failed.source, str(failed.error))
        click.echo(f"lpr: {failed.error}", err=True)
