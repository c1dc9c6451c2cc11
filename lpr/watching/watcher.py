"""One camera: the detections of its frames, in order -> the vehicles that passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lpr import kernels
from lpr.reader import Reader
from lpr.recognition.rectify import rectify
from lpr.regions.region import identify
from lpr.sightings import FrameTime, Observation, Sighting, Status
from lpr.tracking import Consensus, Fuse, Fusion, Track, Tracker
from lpr.types import Box, Detection, Frame, Plate, Reading
from lpr.utils.geometry import cut_out
from lpr.utils.text import edit_distance
from lpr.utils.timing import stage
from lpr.watching.detection_worker import track_threshold
from lpr.watching.events import Ignored
from lpr.watching.overlays import SAME_PLACE, OverlayFilter
from lpr.watching.roi import WHOLE_FRAME
from lpr.watching.settings import DEFAULTS, WatchSettings

# A text is certain if it has at least this confidence (0..1) and so many agreeing readings.
_CERTAIN, _CERTAIN_READS = 0.9, 3
_MIN_CONFIDENCE = 0.3  # Minimum confidence of a sighting (0..1); below, more readings do not help
_UNKNOWN_FORMAT_READS = 3  # Factor on ``min_reads`` for a text that fits no format
_OTHER_PLATE_EDITS = 3  # Minimum number of substituted characters in another plate's reading
# A lost track and a new one are the same vehicle if the edit distance of their texts is at most the
# first number, and the IoU of their boxes exceeds the third. For the IoU, boxes are enlarged on
# every side by the second, a fraction of their size. Equal texts of _MIN_UNIQUE_LENGTH suffice.
_REJOIN_EDITS, _REJOIN_BUFFER, _REJOIN_IOU = 2, 2.0, 0.1
_MIN_UNIQUE_LENGTH = 4  # Minimum length of a text that identifies a vehicle; less may be a part
# A plate may be truncated if it is closer to the edge than the larger of these two distances: in
# pixels, and as a fraction of the frame's width.
_EDGE_PIXELS, _EDGE_FRACTION = 2.0, 0.002
_CROP_MARGIN = 0.5  # Margin around a plate's crop, as a fraction of its width and height


class Watcher:
    """Takes a camera's frames with their detections, in order, and returns sightings.

    The sightings depend only on these frames and detections. A detection starts a track if its
    confidence reaches the threshold of the reader's detector; a weaker one only continues a track.
    ``fuse`` replaces the fusion of a track's readings (:class:`lpr.tracking.Fusion`).
    """

    def __init__(
        self,
        camera: str,
        source: str,
        reader: Reader,
        settings: WatchSettings = DEFAULTS,
        fuse: Fuse | None = None,
    ) -> None:
        self.camera = camera
        self.source = source
        self._reader = reader
        self._settings = settings
        self._tracker = Tracker(track_threshold(reader), settings.max_age)
        self._fuse = fuse or Fusion(reader.regions)
        self._overlays = OverlayFilter()
        self._count = 0
        self._reported: dict[int, tuple[int, str]] = {}
        """Sightings reported early, by track: their number and text."""
        self._withdrawn: list[Sighting] = []
        self._departed: dict[str, tuple[float, float]] = {}
        """Vehicles that have left, by text: when last seen (seconds), and the text's confidence."""
        self._last_known = -1
        """The index of the last frame in which the plates' positions are known."""

    @property
    def tracks(self) -> list[Track]:
        """The tracks that have not ended: vehicles in the picture, and those lost only recently."""
        return self._tracker.tracks

    @property
    def busy(self) -> bool:
        """Whether a track's text is not certain yet and more readings may help."""
        return any(
            track.reread.gaining and not _is_certain(track.consensus) for track in self.tracks
        )

    def see(self, frame: Frame, detections: Sequence[Detection]) -> list[Sighting]:
        """Take the next frame and its ``detections``; return the sightings that are due."""
        moment = _time_of(frame)
        with stage("track"):
            plates = self._overlays.plates(frame, detections)
            self._drop_overlay_tracks()
            updated = self._tracker.update(moment, plates)
            self._last_known = moment.frame
        due = [track for track in updated if self._should_read(track, frame)]
        if due:
            crops = [rectify(frame.image, track.detection) for track in due]
            boxes = [detection.box for detection in detections]
            for track, reading in zip(due, self._reader.recognize(crops), strict=True):
                with stage("track"):
                    self._add_reading(track, self._observe(track, frame, boxes, reading))
        self._read_overlays(frame)
        with stage("track"):
            return self._report(moment)

    def _drop_overlay_tracks(self) -> None:
        """Drop the tracks of text that turned out to be burnt in."""
        for overlay in self._overlays.overlays:
            for track in list(self.tracks):
                # From its first detection on: another's track may only end there.
                places = (track.path[0][1], track.box)
                if not all(place.iou(overlay.box) >= SAME_PLACE for place in places):
                    continue
                self.tracks.remove(track)
                reported = self._reported.pop(track.number, None)
                if reported is not None:
                    withdrawn = self._sighting(track, reported[0], "withdrawn")
                    self._withdrawn += filter(None, [withdrawn])

    def _read_overlays(self, frame: Frame) -> None:
        """Read each overlay once, so that it can be named."""
        unread = [overlay for overlay in self._overlays.overlays if overlay.text is None]
        if unread:
            crops = [rectify(frame.image, overlay.detection) for overlay in unread]
            for overlay, reading in zip(unread, self._reader.recognize(crops), strict=True):
                certain = reading.confidence >= _MIN_CONFIDENCE
                overlay.text = reading.text if certain else ""

    def take_ignored(self, ended: bool = False) -> tuple[Ignored, ...]:
        """The burnt-in text that is ignored, each once: as soon as it is certain, or all of it if
        the source has ``ended``."""
        return tuple(
            Ignored(overlay.text or "", overlay.box) for overlay in self._overlays.take_new(ended)
        )

    @property
    def overlays(self) -> list[Box]:
        """Where text is burnt into the picture."""
        return [overlay.box for overlay in self._overlays.overlays]

    def skip(self, frame: Frame, still: bool) -> list[Sighting]:
        """Take a frame that skipped the detector; if it is ``still``, no plate has moved."""
        moment = _time_of(frame)
        if still:
            for track in self.tracks:
                if track.last.frame == self._last_known:
                    track.last = moment
            self._last_known = moment.frame
        return self._report(moment)

    def end(self) -> list[Sighting]:
        """End all tracks; return their sightings, and the withdrawn ones not yet returned."""
        ended, self._tracker.tracks = self._tracker.tracks, []
        return self._take_withdrawn() + [s for track in ended if (s := self._final(track))]

    def _should_read(self, track: Track, frame: Frame) -> bool:
        roi, box = self._settings.roi, track.box
        if self._overlays.covers(box):
            return False
        if not roi.holds(box, frame.width, frame.height):
            return False
        visible = WHOLE_FRAME if self._settings.detect_outside_roi else roi
        x0, y0, x1, y1 = visible.window(frame.width, frame.height)
        margin = max(_EDGE_PIXELS, _EDGE_FRACTION * frame.width)
        # A truncated plate would be read only in part, yet with a high confidence.
        whole = min(box.x0 - x0, box.y0 - y0, x1 - box.x1, y1 - box.y1) > margin
        whole = whole and not track.detection.touches
        return whole and track.reread.due(track.last.time, box.width)

    def _observe(
        self, track: Track, frame: Frame, boxes: Sequence[Box], reading: Reading
    ) -> Observation:
        # A copy, so that the frame itself need not be kept.
        crop = cut_out(frame.image, track.box.grown(_CROP_MARGIN)).copy()
        size = frame.width, frame.height
        seen = Observation(_time_of(frame), track.detection, reading, crop, size)
        if not self._settings.keep_frames:
            return seen
        others = tuple(box for box in boxes if box != track.box)
        return replace(seen, frame=frame.image, others=others)

    def _add_reading(self, track: Track, seen: Observation) -> None:
        moment, reading = seen.moment, seen.reading
        if _contradicts(track, reading):
            track = self._tracker.split(track, moment)
        consensus = self._fuse([*track.readings, reading])
        track.add_reading(seen, consensus)
        confidence = consensus.reading.confidence if consensus else 0.0
        track.reread.record(moment.time, track.box.width, track.text, confidence)
        if consensus is not None:
            self._rejoin(track, moment)

    def _rejoin(self, track: Track, moment: FrameTime) -> None:
        """Merge ``track`` with the lost track of the same vehicle, if there is one."""
        for earlier in self._tracker.lost(moment):
            if earlier is track or not earlier.text or not _same_vehicle(earlier, track, moment):
                continue
            self._tracker.merge(earlier, track)
            earlier.consensus = self._fuse(earlier.readings)
            later = self._reported.pop(track.number, None)
            if later is not None and earlier.number in self._reported:
                self._withdrawn += filter(None, [self._sighting(track, later[0], "withdrawn")])
            elif later is not None:
                self._reported[earlier.number] = later
            return

    def _report(self, moment: FrameTime) -> list[Sighting]:
        sightings = self._take_withdrawn()
        if self._settings.early:
            sightings += [s for track in self.tracks if (s := self._early(track))]
        ended = self._tracker.take_ended(moment.time)
        return sightings + [s for track in ended if (s := self._final(track))]

    def _take_withdrawn(self) -> list[Sighting]:
        withdrawn, self._withdrawn = self._withdrawn, []
        return withdrawn

    def _early(self, track: Track) -> Sighting | None:
        known = track.number in self._reported or not _is_certain(track.consensus)
        if known or not self.is_reportable(track) or self._is_repeat(track):
            return None
        self._count += 1
        self._reported[track.number] = self._count, track.text
        return self._sighting(track, self._count, "early")

    def _final(self, track: Track) -> Sighting | None:
        reported = self._reported.pop(track.number, None)
        reportable = self.is_reportable(track)
        if reported is not None:
            number, text = reported
            status: Status = "confirmed" if track.text == text else "corrected"
            self._remember(track)
            return self._sighting(track, number, status if reportable else "withdrawn")
        repeat = reportable and self._is_repeat(track)
        if reportable:
            self._remember(track)
        if not reportable or repeat:
            return None
        self._count += 1
        return self._sighting(track, self._count, "final")

    def is_reportable(self, track: Track) -> bool:
        """Whether the track is a plate, and its text is certain enough to be reported.

        The mean confidence of its detections has to reach the detector's threshold, and enough
        readings have to agree. A text that fits no format of the regions needs more readings and a
        higher confidence: it may be lettering on a van or a sign.
        """
        consensus = track.consensus
        if consensus is None or track.mean_confidence < self._tracker.threshold:
            return False
        if self._reader.only_certain:
            doubts = self._reader.identify(track.detection, consensus.reading).doubts
            if set(doubts) - {"confidence"}:
                return False
        min_reads = self._settings.min_reads
        min_confidence = max(self._reader.min_confidence, _MIN_CONFIDENCE)
        regions = self._reader.regions
        if regions and identify(consensus.reading.text, regions) is None:
            min_reads *= _UNKNOWN_FORMAT_READS
            min_confidence = max(min_confidence, _CERTAIN)
        return consensus.agreeing >= min_reads and consensus.reading.confidence >= min_confidence

    def plate_of(self, track: Track) -> Plate | None:
        """The track's plate so far, as it would be reported; None if it would not be."""
        if track.consensus is None or not self.is_reportable(track):
            return None
        return self._reader.identify(track.detection, track.consensus.reading)

    def _is_repeat(self, track: Track) -> bool:
        """Whether this vehicle left at most ``return_after`` seconds before the track began."""
        consensus = track.consensus
        for text, (last, confidence) in self._departed.items():
            if consensus is None or track.first.time - last > self._settings.return_after:
                continue
            edits = edit_distance(text, track.text)
            if edits == 0 or (edits == 1 and consensus.reading.confidence < confidence):
                return True
        return False

    def _remember(self, track: Track) -> None:
        now, consensus = track.last.time, track.consensus
        keep_for = self._settings.return_after + self._settings.max_age
        self._departed = {t: d for t, d in self._departed.items() if now - d[0] <= keep_for}
        if consensus is not None:
            self._departed[track.text] = now, consensus.reading.confidence

    def _sighting(self, track: Track, number: int, status: Status) -> Sighting | None:
        best, consensus = track.best, track.consensus
        if best is None or consensus is None:
            return None
        same = best.reading.text == consensus.reading.text
        gaps = best.reading.gaps if same else ()
        reading = replace(consensus.reading, quad=best.reading.quad, gaps=gaps)
        return Sighting(
            number,
            status,
            self.camera,
            self.source,
            self._reader.identify(best.detection, reading),
            track.first,
            track.last,
            track.seen,
            track.reads,
            consensus.agreeing,
            track.direction,
            tuple(track.path),
            best,
        )


def _is_certain(consensus: Consensus | None) -> bool:
    return (
        consensus is not None
        and consensus.agreeing >= _CERTAIN_READS
        and consensus.reading.confidence >= _CERTAIN
    )


def _contradicts(track: Track, reading: Reading) -> bool:
    """Whether ``reading`` is certain and must be of another plate than the track's.

    A text that only lacks characters is of the same plate, partly occluded.
    """
    consensus = track.consensus
    if consensus is None or consensus.agreeing < _CERTAIN_READS or reading.confidence < _CERTAIN:
        return False
    return all(
        edit_distance(text, reading.text) - abs(len(text) - len(reading.text)) >= _OTHER_PLATE_EDITS
        for text in (consensus.reading.text, *track.observations)
    )


def _same_vehicle(earlier: Track, later: Track, moment: FrameTime) -> bool:
    edits = edit_distance(earlier.text, later.text)
    if edits == 0 and len(later.text) >= _MIN_UNIQUE_LENGTH:
        return True
    predicted = earlier.predicted(moment.time)
    iou = kernels.buffered_iou([predicted], [later.box], _REJOIN_BUFFER)[0, 0]
    return edits <= _REJOIN_EDITS and bool(iou > _REJOIN_IOU)


def _time_of(frame: Frame) -> FrameTime:
    return FrameTime(frame.index, frame.time or 0.0, frame.clock)
