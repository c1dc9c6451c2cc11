"""The settings of a watch; the options of ``lpr watch`` take defaults and help texts from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lpr.source.address import Address
from lpr.source.video_sources import MovingSource, open_moving
from lpr.watching.roi import WHOLE_FRAME, RegionOfInterest


def _help(text: str) -> dict[str, str]:
    return {"help": text}


def _check_above_0(**numbers: float) -> None:
    for name, number in numbers.items():
        if not number > 0:
            raise ValueError(f"{name} has to be above 0, not {number}")


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """What counts as a sighting, and which frames go through the detector.

    Raises ``ValueError`` for a number out of range.
    """

    min_reads: int = field(default=2, metadata=_help("Readings that must agree on a text."))
    return_after: float = field(
        default=60.0,
        metadata=_help("After so many seconds, a vehicle that comes back is a new sighting."),
    )
    early: bool = field(
        default=False,
        metadata=_help(
            "Report a vehicle as soon as its text is certain, and again when it has gone."
        ),
    )
    every: int | Literal["auto"] = field(
        default=1,
        metadata=_help("Detect plates in every Nth frame, or as rarely as misses no vehicle."),
    )
    skip_still: bool = field(default=False, metadata=_help("Skip frames in which nothing moves."))
    roi: RegionOfInterest = field(
        default=WHOLE_FRAME,
        metadata=_help(
            "Count only plates in this region: its corners as fractions of the width and height, "
            "such as '0.1,0.4 0.9,0.4 1,1 0,1'. Repeat the option for several regions."
        ),
    )
    detect_outside_roi: bool = field(
        default=False,
        metadata=_help("Also detect plates outside of the region, so that they can be blurred."),
    )
    keep_frames: bool = field(
        default=False, metadata=_help("Keep the whole frame of each best observation.")
    )
    max_age: float = field(
        default=2.0, metadata=_help("After so many seconds without a detection, a track ends.")
    )

    def __post_init__(self) -> None:
        _check_above_0(min_reads=self.min_reads, every=1 if self.every == "auto" else self.every)
        if not self.return_after >= 0:
            raise ValueError(f"return_after has to be 0 or more, not {self.return_after}")


DEFAULTS = WatchSettings()


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """How sources are opened. Raises ``ValueError`` for a number out of range."""

    start: float | None = field(
        default=None,
        metadata=_help("When a recording begins, unless it contains the time itself."),
    )
    fps: float = field(default=25.0, metadata=_help("Frames per second of a folder of pictures."))
    stall: float = field(
        default=5.0,
        metadata=_help(
            "Reconnect to a camera after so many seconds without a frame, or twice as many with a "
            "frozen one."
        ),
    )

    def __post_init__(self) -> None:
        _check_above_0(fps=self.fps, stall=self.stall)

    def open(self, address: Address) -> MovingSource:
        """Open a source (:func:`lpr.source.video_sources.open_moving`)."""
        return open_moving(address, fps=self.fps, start=self.start, stall=self.stall)
