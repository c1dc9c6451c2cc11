"""One camera: what was found in its frames, in order -> the vehicles that passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lpr import kernels
from lpr.reader import Reader
from lpr.recognition.rectify import rectify
from lpr.regions.region import identify
from lpr.sightings import FrameTime, Observation, Sighting, Status
from lpr.tracking import Consensus, Fuse, Fusion, Track, Tracker
from lpr.types import Box, Detection, Frame, Image, Plate, Reading
from lpr.utils.text import edit_distance
from lpr.utils.timing import stage
from lpr.watching.roi import WHOLE
from lpr.watching.settings import DEFAULTS, WatchSettings

_CERTAIN, _CERTAIN_READS = 0.9, 3
"""A text is certain that so many readings agree on, with this confidence."""
_OTHER_VEHICLE = 3
"""Characters by which a certain reading differs that is of another plate."""
_SHORTEST = 4
"""A text of fewer characters may be borne by two vehicles."""
_LEAST = 0.3
"""Below this, many readings are no better than one of a single picture."""
_STRANGE = 3
"""A text of no known format needs so many times the readings that another does."""
_AROUND = 0.5


class Watcher:
    """Takes a camera's frames with their detections, in order, and gives sightings.

    Everything depends on what it was given before, and on nothing else: the same frames give the
    same sightings.
    """

    def __init__(
        self,
        camera: str,
        source: str,
        reader: Reader,
        sure: float,
        rules: WatchSettings = DEFAULTS,
        fuse: Fuse | None = None,
    ) -> None:
        """Detections of at least ``sure`` begin a track; weaker ones continue it. ``fuse`` says
        what a track's readings agree on, by default :class:`lpr.tracking.Fusion`."""
        self.camera = camera
        self.source = source
        self._reader = reader
        self._rules = rules
        self._tracker = Tracker(sure, rules.patience)
        self._fuse = fuse or Fusion(reader.regions)
        self._reported: dict[int, tuple[int, str]] = {}
        self._gone: dict[str, tuple[float, float]] = {}
        self._count = 0
        self._withdrawn: list[Sighting] = []
        self._known_until = -1

    @property
    def tracks(self) -> list[Track]:
        """The vehicles in the picture, or out of it only for a moment."""
        return self._tracker.tracks

    @property
    def busy(self) -> bool:
        """Whether a plate in the picture is not certain yet, and may become so."""
        return any(
            track.looks.eager and not _certain(track.consensus) for track in self._tracker.tracks
        )

    def see(self, frame: Frame, detections: Sequence[Detection]) -> list[Sighting]:
        """Look at the next frame, in which ``detections`` were found."""
        moment = _moment(frame)
        with stage("track"):
            found = self._tracker.update(moment, detections)
            self._known_until = moment.frame
        due = [track for track in found if self._worth_reading(track, frame)]
        if due:
            crops = [rectify(frame.image, track.detection) for track in due]
            boxes = [detection.box for detection in detections]
            for track, reading in zip(due, self._reader.recognize(crops), strict=True):
                with stage("track"):
                    self._take_in(track, self._view(track, frame, boxes, reading))
        with stage("track"):
            return self._report(moment)

    def pass_over(self, frame: Frame, still: bool) -> list[Sighting]:
        """A frame was not looked at; where it is ``still``, everything is where it was."""
        moment = _moment(frame)
        if still:
            for track in self._tracker.tracks:
                if track.last.frame == self._known_until:
                    track.last = moment
            self._known_until = moment.frame
        return self._report(moment)

    def end(self) -> list[Sighting]:
        """Nothing follows: the sightings of all that is in the picture."""
        ended, self._tracker.tracks = self._tracker.tracks, []
        return self._taken() + [s for track in ended if (s := self._ended(track))]

    def _worth_reading(self, track: Track, frame: Frame) -> bool:
        zone = self._rules.zone
        if not zone.holds(track.box, frame.width, frame.height):
            return False
        seen = WHOLE if self._rules.everywhere else zone
        x0, y0, x1, y1 = seen.window(frame.width, frame.height)
        box, margin = track.box, max(2.0, 0.002 * frame.width)
        # Of a plate that the edge cuts, a part would be read, and with certainty.
        whole = (
            box.x0 > x0 + margin
            and box.y0 > y0 + margin
            and box.x1 < x1 - margin
            and box.y1 < y1 - margin
        )
        return whole and track.looks.due(track.last.time, box.width)

    def _view(
        self, track: Track, frame: Frame, boxes: Sequence[Box], reading: Reading
    ) -> Observation:
        crop, size = _cut(frame.image, track.box), (frame.width, frame.height)
        if not self._rules.keep_frames:
            return Observation(_moment(frame), track.detection, reading, crop, size)
        others = tuple(box for box in boxes if box != track.box)
        return Observation(
            _moment(frame), track.detection, reading, crop, size, frame.image, others
        )

    def _take_in(self, track: Track, view: Observation) -> None:
        moment, reading = view.moment, view.reading
        if _contradicts(track, reading):
            track = self._tracker.split(track, moment)
        fused = self._fuse([*track.readings, reading])
        track.read(view, fused)
        if fused is not None:
            track.looks.looked(
                moment.time, track.box.width, fused.reading.text, fused.reading.confidence
            )
            self._rejoin(track, moment)
        else:
            track.looks.looked(moment.time, track.box.width, "", 0.0)

    def _rejoin(self, track: Track, moment: FrameTime) -> None:
        """Where ``track`` is a vehicle that was lost a moment ago, make them one."""
        for earlier in self._tracker.lost(moment):
            if earlier is track or not earlier.text or not self._same(earlier, track, moment):
                continue
            self._tracker.merge(earlier, track)
            earlier.consensus = self._fuse(earlier.readings)
            later = self._reported.pop(track.number, None)
            if later is not None and earlier.number in self._reported:
                self._withdraw(track, later)
            elif later is not None:
                self._reported[earlier.number] = later
            return

    @staticmethod
    def _same(earlier: Track, later: Track, moment: FrameTime) -> bool:
        apart = edit_distance(earlier.text, later.text)
        if apart == 0 and len(later.text) >= _SHORTEST:
            return True
        near = kernels.buffered_iou([earlier.predicted(moment.time)], [later.box], 2.0)[0, 0]
        return apart <= 2 and bool(near > 0.1)

    def _report(self, moment: FrameTime) -> list[Sighting]:
        sightings = self._taken()
        if self._rules.early:
            sightings += [s for track in self._tracker.tracks if (s := self._early(track))]
        ended = self._tracker.take_ended(moment.time)
        return sightings + [s for track in ended if (s := self._ended(track))]

    def _taken(self) -> list[Sighting]:
        withdrawn, self._withdrawn = self._withdrawn, []
        return withdrawn

    def _early(self, track: Track) -> Sighting | None:
        known = track.number in self._reported or not _certain(track.consensus)
        if known or not self.counts(track) or self._again(track):
            return None
        self._count += 1
        self._reported[track.number] = self._count, track.text
        return self._sighting(track, self._count, "early")

    def _ended(self, track: Track) -> Sighting | None:
        reported = self._reported.pop(track.number, None)
        counts = self.counts(track)
        if reported is not None:
            number, text = reported
            status: Status = "confirmed" if track.text == text else "corrected"
            self._remember(track)
            return self._sighting(track, number, status if counts else "withdrawn")
        again = counts and self._again(track)
        if counts:
            self._remember(track)
        if not counts or again:
            return None
        self._count += 1
        return self._sighting(track, self._count, "final")

    def _withdraw(self, track: Track, reported: tuple[int, str]) -> None:
        sighting = self._sighting(track, reported[0], "withdrawn")
        if sighting is not None:
            self._withdrawn.append(sighting)

    def counts(self, track: Track) -> bool:
        """Whether it is a plate, and enough readings agree on what it says.

        The detector has to be sure of it on the average, and a text that fits no format of the
        regions needs more readings: lettering on vans and signs is what else looks like a plate.
        """
        fused = track.consensus
        if fused is None or track.certainty < self._tracker.sure:
            return False
        least, sure = self._rules.min_reads, max(self._reader.min_confidence, _LEAST)
        regions = self._reader.regions
        if regions and identify(fused.reading.text, regions) is None:
            least, sure = least * _STRANGE, max(sure, _CERTAIN)
        return fused.agreeing >= least and fused.reading.confidence >= sure

    def _again(self, track: Track) -> bool:
        """Whether this very vehicle was here a moment ago."""
        fused = track.consensus
        for text, (last, confidence) in self._gone.items():
            if fused is None or track.first.time - last > self._rules.return_after:
                continue
            apart = edit_distance(text, track.text)
            if apart == 0 or (apart == 1 and fused.reading.confidence < confidence):
                return True
        return False

    def _remember(self, track: Track) -> None:
        now, fused = track.last.time, track.consensus
        self._gone = {
            text: seen
            for text, seen in self._gone.items()
            if now - seen[0] <= self._rules.return_after + self._rules.patience
        }
        if fused is not None:
            self._gone[track.text] = now, fused.reading.confidence

    def _sighting(self, track: Track, number: int, status: Status) -> Sighting | None:
        best, fused = track.best, track.consensus
        if best is None or fused is None:
            return None
        return Sighting(
            number,
            status,
            self.camera,
            self.source,
            self.plate(track, best, fused),
            track.first,
            track.last,
            track.seen,
            track.reads,
            fused.agreeing,
            track.direction,
            tuple(track.path),
            best,
        )

    def plate(self, track: Track, best: Observation, fused: Consensus) -> Plate:
        """What is known of a track, at its best look."""
        reading = replace(fused.reading, quad=best.reading.quad)
        return self._reader.identify(best.detection, reading)


def _certain(consensus: Consensus | None) -> bool:
    return (
        consensus is not None
        and consensus.agreeing >= _CERTAIN_READS
        and consensus.reading.confidence >= _CERTAIN
    )


def _contradicts(track: Track, reading: Reading) -> bool:
    """Whether a certain ``reading`` must be of another plate than the track's.

    A text of which characters are only missing is the same plate, half hidden.
    """
    fused = track.consensus
    if fused is None or fused.agreeing < _CERTAIN_READS or reading.confidence < _CERTAIN:
        return False
    return all(
        edit_distance(text, reading.text) - abs(len(text) - len(reading.text)) >= _OTHER_VEHICLE
        for text in (fused.reading.text, *track.views)
    )


def _moment(frame: Frame) -> FrameTime:
    return FrameTime(frame.index, frame.time or 0.0, frame.clock)


def _cut(image: Image, box: Box) -> Image:
    """The plate and a little around it, copied: the frame itself need not be kept for it."""
    height, width = image.shape[:2]
    across, down = box.width * _AROUND, box.height * _AROUND
    x0, y0 = max(int(box.x0 - across), 0), max(int(box.y0 - down), 0)
    x1, y1 = min(int(box.x1 + across) + 1, width), min(int(box.y1 + down) + 1, height)
    cut: Image = image[y0:y1, x0:x1].copy()
    return cut
