"""Overlays: text that the camera burns into its picture, such as its name in a white box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lpr.types import Box, Detection, Frame, Image
from lpr.utils.geometry import cut_out

SAME_PLACE = 0.5
"""Least IoU of an overlay and a detection of it."""

# An overlay looks drawn: black on white or as clear, with sharp edges, on an even ground. Of 1,388
# photographed plates (taiwan-scenes, train and dev) none looks like this; boxed text does, even in
# H.264 of low quality (CRF 35).
_MIN_CONTRAST = 200.0  # Grey levels (0..255) between the 5th and the 95th percentile
_MIN_SHARPNESS = 0.6  # Step between neighbours at a sharp edge (98th percentile) / contrast
_MIN_EVEN = 0.7  # Share of pixels that have one of the two commonest grey levels
# Black on white, as no light falls on a plate, may be less even: coding disturbs it.
_PURE_CONTRAST, _MIN_PURE_EVEN = 245.0, 0.6
_EVEN_LEVELS = 4  # Grey levels around a commonest one that count as equal to it
_OTHER_LEVELS = 40  # Grey levels by which the two commonest ones differ at least

# Text is as it was while few of its pixels changed: coding noise is less than the limit, a second
# of a clock changes a tenth of the pixels, and plates that move by a stroke's width a quarter.
_CHANGED_LEVELS = 48
_MAX_CHANGED = 0.15
# The picture has moved if so many samples changed by more than noise. What then is as it was, but
# for coding noise, is no part of the scene, however it looks.
_SAMPLE_STEP = 8  # Pixels
_MOVED_LEVELS, _MOVED_SHARE = 12, 0.5
_MAX_NOISE = 5.0  # Mean change in grey levels; H.264 at CRF 23 makes up to 2.5
_MIN_CONTRAST_IN_MOTION = 60.0  # Grey levels; with less, a change would not show
_MIN_MOTION_TIME = 1.0  # Seconds of motion

_MIN_COVER = 0.05  # Share of a plate that an overlay covers: the plate is not read
_SURE_AFTER = 1.0  # Seconds for which an overlay has to stand still before it is announced
_GONE_AFTER = (
    2.0  # Seconds of change after which an announced overlay is gone; less is a disturbance
)
_REFERENCE_AGE = 60.0  # Seconds after which another frame is what later ones are compared with


@dataclass(slots=True)
class Overlay:
    """Burnt-in text that was there ``since``, and unchanged at ``last`` (seconds in the stream).

    ``text`` is what is read of it, None until somebody has read it.
    """

    detection: Detection
    since: float
    last: float
    text: str | None = None

    @property
    def box(self) -> Box:
        """In pixels of the frame."""
        return self.detection.box


class OverlayFilter:
    """Tells burnt-in text from plates.

    An overlay is as it was in the first frame, or in one of about a minute ago, and either looks
    drawn or stood still while the whole picture moved. A parked car's plate does neither.
    """

    def __init__(self) -> None:
        self.overlays: list[Overlay] = []
        self._announced: list[Box] = []
        self._references: list[tuple[float, Image]] = []
        """An older and a newer frame to compare with, at most two, with their times in seconds."""

    def plates(self, frame: Frame, detections: Sequence[Detection]) -> list[Detection]:
        """The ``detections`` in ``frame`` that are not overlays."""
        now = frame.time or 0.0
        self._keep_reference(frame, now)
        since, reference = self._references[0]
        self._forget_changed(frame.image, reference, now)
        moved: bool | None = None
        plates = []
        for detection in detections:
            box = detection.box
            if any(box.iou(overlay.box) >= SAME_PLACE for overlay in self.overlays):
                continue
            found = looks_drawn(cut_out(frame.image, box)) and not _changed(
                frame.image, reference, box
            )
            if not found and now - since >= _MIN_MOTION_TIME:
                if moved is None:
                    moved = _has_moved(frame.image, reference)
                found = moved and _is_same(frame.image, reference, box)
            if found:
                self.overlays.append(Overlay(detection, since, now))
            else:
                plates.append(detection)
        return plates

    def _forget_changed(self, image: Image, reference: Image, now: float) -> None:
        kept = []
        for overlay in self.overlays:
            if not _changed(image, reference, overlay.box):
                overlay.last = now
            sure = overlay.last - overlay.since >= _SURE_AFTER
            if now - overlay.last <= (_GONE_AFTER if sure else 0):
                kept.append(overlay)
        self.overlays = kept

    def _keep_reference(self, frame: Frame, now: float) -> None:
        image = frame.image
        if self._references and self._references[0][1].shape != image.shape:
            self._references, self.overlays = [], []
        if not self._references or now - self._references[-1][0] >= _REFERENCE_AGE:
            self._references = [*self._references[-1:], (now, image)]

    def take_new(self, ended: bool = False) -> list[Overlay]:
        """The overlays to announce, each once: those that have stood still for long enough to be
        sure, or all if the stream has ``ended``."""
        new = [
            overlay
            for overlay in self.overlays
            if (ended or overlay.last - overlay.since >= _SURE_AFTER)
            and not any(overlay.box.iou(box) >= SAME_PLACE for box in self._announced)
        ]
        self._announced += [overlay.box for overlay in new]
        return new

    def covers(self, box: Box) -> bool:
        """Whether an overlay hides part of what is at ``box``."""
        return any(
            box.intersection(overlay.box).area > _MIN_COVER * box.area for overlay in self.overlays
        )


def looks_drawn(crop: Image) -> bool:
    """Whether text is drawn by a computer: clear, sharp and on an even ground."""
    if crop.size == 0:
        return False
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY).astype(np.int16)
    low, high = np.percentile(grey, (5, 95))
    contrast = float(high - low)
    if contrast < _MIN_CONTRAST or grey.shape[1] < 2:
        return False
    sharpness = float(np.percentile(np.abs(np.diff(grey, axis=1)), 98)) / contrast
    least = _MIN_PURE_EVEN if contrast >= _PURE_CONTRAST else _MIN_EVEN
    return sharpness >= _MIN_SHARPNESS and _evenness(grey) >= least


def _evenness(grey: np.ndarray) -> float:
    counts = np.bincount(grey.ravel(), minlength=256).astype(np.float64)
    window = np.ones(2 * _EVEN_LEVELS + 1)
    near = np.convolve(counts, window, "same")
    first = int(near.argmax())
    share = near[first]
    counts[max(first - _OTHER_LEVELS, 0) : first + _OTHER_LEVELS + 1] = 0
    return float((share + np.convolve(counts, window, "same").max()) / grey.size)


def _changed(image: Image, reference: Image, box: Box) -> bool:
    """Whether the text at ``box`` is not as it was."""
    now, before = cut_out(image, box), cut_out(reference, box)
    if now.size == 0:
        return True
    changed = cv2.absdiff(now, before).max(axis=2) > _CHANGED_LEVELS
    return float(changed.mean()) > _MAX_CHANGED


def _is_same(image: Image, reference: Image, box: Box) -> bool:
    """Whether nothing at ``box`` changed but for noise, and a change would show."""
    now, before = cut_out(image, box), cut_out(reference, box)
    if now.size == 0 or float(cv2.absdiff(now, before).mean()) > _MAX_NOISE:
        return False
    low, high = np.percentile(cv2.cvtColor(now, cv2.COLOR_BGR2GRAY), (5, 95))
    return float(high - low) >= _MIN_CONTRAST_IN_MOTION


def _has_moved(image: Image, reference: Image) -> bool:
    now, before = (
        cv2.blur(np.ascontiguousarray(each[::_SAMPLE_STEP, ::_SAMPLE_STEP, 1]), (3, 3))
        for each in (image, reference)
    )
    return float((cv2.absdiff(now, before) > _MOVED_LEVELS).mean()) >= _MOVED_SHARE
