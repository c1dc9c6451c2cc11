"""The settings of a watch; the options of ``lpr watch`` take defaults and help texts from here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lpr.source.address import Address
from lpr.source.decoding import MAX_PIXELS
from lpr.source.remote import resolved
from lpr.source.video_sources import VideoSource, open_video_source
from lpr.utils.arguments import expect, expect_all, expect_integer, expect_number
from lpr.watching.roi import WHOLE_FRAME, RegionOfInterest


def _option(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """What counts as a sighting, and which frames go through the detector.

    Raises ``ValueError`` for a number out of range.
    """

    min_reads: int = _option(2, "Readings that must agree on a text.")
    return_after: float = _option(60.0, "A vehicle that returns later than this is reported again.")
    early: bool = _option(
        False, "Report a vehicle when its text is certain, and again when it has gone."
    )
    every: int | Literal["auto"] = _option(
        1,
        "Detect plates in every Nth frame; auto skips frames while no plate is uncertain.",
    )
    skip_still: bool = _option(False, "Skip frames in which nothing moves.")
    roi: RegionOfInterest = _option(  # noqa: RUF009
        WHOLE_FRAME,
        "Count only plates in this region: its corners as fractions of the width and height, such "
        "as '0.1,0.4 0.9,0.4 1,1 0,1'. A leading ! excludes a region: '!0.8,0 1,0 1,0.1'. Repeat "
        "the option for several regions.",
    )
    detect_outside_roi: bool = False
    """Also detect plates outside of the region, so that they can be blurred."""
    keep_frames: bool = False
    """Keep the whole frame of each best observation."""
    max_age: float = 2.0
    """Seconds without a detection after which a track ends."""

    def __post_init__(self) -> None:
        expect_number("return_after", self.return_after)
        for name in ("early", "skip_still", "detect_outside_roi", "keep_frames"):
            expect(name, getattr(self, name), bool, "True or False")
        expect_integer("min_reads", self.min_reads)
        if self.every != "auto":
            expect_integer("every", self.every)
        _check_above_0(min_reads=self.min_reads, every=1 if self.every == "auto" else self.every)
        if not self.return_after >= 0:
            raise ValueError(f"return_after has to be 0 or more, not {self.return_after}")


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """How sources are opened. Raises ``ValueError`` for a number out of range."""

    start: float | None = _option(None, "Time at which a recording began, if its file lacks it.")
    fps: float = _option(25.0, "Frames per second of a folder of pictures.")
    stall: float = _option(
        5.0,
        "Reconnect to a camera that sends no new frame for so long. A repeated, identical frame is "
        "allowed for twice as long.",
    )
    max_pixels: int = _option(
        MAX_PIXELS, "Refuse pictures with more pixels, and videos with a quarter of it a frame."
    )

    def __post_init__(self) -> None:
        _check_above_0(fps=self.fps, stall=self.stall, max_pixels=self.max_pixels)

    def resolved(self, sources: Iterable[Address]) -> list[Address]:
        """``sources`` with recordings told from cameras (:func:`lpr.source.remote.resolved`)."""
        return resolved(sources, self.stall)

    def open(self, address: Address) -> VideoSource:
        """Open a source (:func:`lpr.source.video_sources.open_video_source`)."""
        return open_video_source(
            address,
            fps=self.fps,
            start=self.start,
            stall=self.stall,
            max_pixels=self.max_pixels,
        )


def parse_roi(roi: str | Sequence[str]) -> RegionOfInterest:
    """The region of one polygon or several, as text. Raises ``TypeError`` or ``ValueError``."""
    areas = [roi] if isinstance(roi, str) else expect_all("roi", roi, str, "a text or several")
    return RegionOfInterest.parse(areas)


def _check_above_0(**numbers: float) -> None:
    for name, number in numbers.items():
        expect_number(name, number)
        if not number > 0:
            raise ValueError(f"{name} has to be above 0, not {number}")


DEFAULTS = WatchSettings()
