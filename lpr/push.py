"""``lpr.Tracker``: a watch that a program feeds frame by frame, without threads.

Not to be mixed up with :class:`lpr.tracking.Tracker`, which matches boxes, and which every watch
uses.
"""

from __future__ import annotations

import logging
import math
import time as clocks
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Literal

from lpr.reader import Reader
from lpr.sightings import Sighting
from lpr.source.given_picture import Colors, PictureLike, as_image
from lpr.types import Frame
from lpr.utils.arguments import expect, expect_number

log = logging.getLogger("lpr")


class Tracker:
    """The vehicles that pass before one camera, each once, from frames that you feed::

        with lpr.load(video=True) as reader, lpr.Tracker(reader, camera="gate") as tracker:
            for image in camera:
                for sighting in tracker.update(image):
                    print(sighting.plate.text)
            for sighting in tracker.finish():
                print(sighting.plate.text)

    The options are those of :func:`lpr.watch`, and so are the sightings: the same frames and times
    give the same ones, if ``every`` is a number (with ``auto``, the next frames are chosen sooner).
    ``start`` is the time of day at time 0, in seconds since 1970; ``source`` goes into the records,
    and is by default the camera's name.

    Each camera needs a tracker, and all may share a reader, which stays open. Call a tracker from
    one thread at a time.
    """

    def __init__(
        self,
        reader: Reader,
        camera: str = "camera",
        source: str | None = None,
        *,
        min_reads: int = 2,
        return_after: float = 60.0,
        early: bool = False,
        every: int | Literal["auto"] = 1,
        skip_still: bool = False,
        roi: str | Sequence[str] = (),
        keep_frames: bool = False,
        start: float | None = None,
    ) -> None:
        """Raises ``TypeError`` for an option of another type, ``ValueError`` for one out of
        range."""
        # Imported late: loading FFmpeg takes time, and reading pictures does not need it.
        from lpr.watching import Watcher, WatchSettings
        from lpr.watching.detection_worker import detect_in_roi
        from lpr.watching.frame_sampling import FrameChooser
        from lpr.watching.settings import parse_roi

        expect("reader", reader, Reader, "a Reader; lpr.load(video=True) opens one")
        expect("camera", camera, str, "a text")
        if source is not None:
            expect("source", source, str, "a text")
        if start is not None:
            expect_number("start", start)
        settings = WatchSettings(
            min_reads=min_reads,
            return_after=return_after,
            early=early,
            every=every,
            skip_still=skip_still,
            roi=parse_roi(roi),
            keep_frames=keep_frames,
        )
        self.camera = camera
        self.source = camera if source is None else source
        self._keep_frames = keep_frames
        self._start = start
        self._watcher = Watcher(self.camera, self.source, reader, settings)
        self._chooser = FrameChooser(settings)
        self._detect = partial(detect_in_roi, reader, settings=settings)
        self._frames = 0
        self._last: float | None = None
        self._timed = False
        self._began = 0.0
        self._closed = False

    def update(
        self, image: PictureLike, time: float | None = None, *, colors: Colors = "bgr"
    ) -> list[Sighting]:
        """Take the next frame; return the sightings that it completes, most often none.

        ``time`` is in seconds, from any origin, and never goes back: the video's timestamp, for
        instance. Without it, the frame counts as taken now, as is right for a live camera: times
        then start at 0 with the first frame, and the time of day is known. Frames are
        :data:`lpr.PictureLike`; ``colors`` is the order of an array's channels. The array may be
        overwritten afterwards.

        Raises ``ValueError`` for a time before the last one, ``TypeError`` or ``ValueError`` for
        what is no picture, and the errors of :meth:`lpr.Reader.read`; the frame is then left out.
        """
        if self._closed:
            raise ValueError("the tracker is closed; make another one for more frames")
        picture = as_image(image, colors)
        if self._keep_frames and picture is image:
            picture = picture.copy()  # sightings keep it; a camera may use its buffer again
        moment, clock = self._time(time)
        frame = Frame(picture, self.source, self._frames, moment, clock)
        self._frames += 1
        self._last = moment
        choice = self._chooser.choose(frame, self._watcher.busy)
        if choice != "detect":
            return self._watcher.skip(frame, still=choice == "still")
        (detections,) = self._detect([frame])
        return self._watcher.see(frame, detections)

    def _time(self, time: float | None) -> tuple[float, float | None]:
        """A frame's time, and its seconds since 1970."""
        if self._frames and (time is not None) != self._timed:
            raise ValueError("give the time of every frame, or of none")
        if time is None:
            now = clocks.monotonic()
            self._began = self._began if self._frames else now
            return now - self._began, clocks.time()
        expect_number("time", time)
        if not math.isfinite(time):
            raise ValueError(f"time has to be a number of seconds, not {time}")
        if self._last is not None and time < self._last:
            raise ValueError(
                f"time goes back from {self._last} to {time} seconds: feed the frames of one "
                "camera in order, and those of another to another tracker"
            )
        self._timed = True
        return float(time), None if self._start is None else self._start + time

    def finish(self) -> list[Sighting]:
        """The sightings of the vehicles still in the picture, if no frame follows for now: at the
        end, or when the camera is lost. Frames may still follow."""
        return self._watcher.end()

    def close(self) -> list[Sighting]:
        """As :meth:`finish`, and for good; further calls return nothing. The reader stays open."""
        self._closed = True
        return self.finish()

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """A ``with`` block cannot return sightings: those not asked for are named in a warning."""
        lost = [sighting.plate.text for sighting in self.close()]
        if lost and error is None:
            log.warning(
                "%s: vehicles were still in the picture at the end of the block (%s): call "
                "finish() in it for their sightings",
                *(self.camera, ", ".join(lost)),
            )
