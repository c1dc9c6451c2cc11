"""Scores the sightings and tracks of a watch against the ground truth of a video."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from lpr import kernels
from lpr.errors import SourceError
from lpr.sightings import Sighting
from lpr.types import Box

LEGIBLE = 10
"""Frames in which a plate must be legible for its pass to count; others may be reported or not."""
# A true box counts if this share of the plate is visible and it is this share of the picture wide;
# predictions elsewhere are neither right nor wrong.
_MIN_VISIBLE, _MIN_WIDTH = 0.5, 0.025
_MATCH_IOU = 0.5  # Least IoU (or covered share) of a predicted box and the true box that it matches
_OWNER_IOU = 0.3  # Least IoU of a sighting's best observation and the plate that it belongs to

TrackBox: TypeAlias = tuple[int, int, Box]
"""A frame's number, a track's number, and the track's box in that frame."""


@dataclass(frozen=True, slots=True)
class GroundTruthTrack:
    """A vehicle that passes: its plate's ``text``, the number of frames in which it is ``legible``,
    and its plate's box and visible share (0..1) by frame."""

    text: str
    legible: int
    boxes: Mapping[int, tuple[Box, float]]


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """All passes of a video; ``width`` is that of its pictures, in pixels."""

    width: int
    passes: tuple[GroundTruthTrack, ...]


@dataclass
class Score:
    """Counts, which can be added up over videos.

    ``passes`` are those that count, ``right`` those reported exactly once, with their text.
    ``wrong`` are sightings with a text other than their plate's, or of no plate; ``duplicates``
    further sightings of the same pass; ``missed`` passes without a sighting. The counts of boxes
    give IDF1 (Ristani et al., 2016).
    """

    passes: int = 0
    right: int = 0
    wrong: int = 0
    duplicates: int = 0
    missed: int = 0
    matched_boxes: int = 0
    true_boxes: int = 0
    predicted_boxes: int = 0
    mistakes: list[str] = field(default_factory=list)

    @property
    def idf1(self) -> float:
        """0..1: the share of all boxes whose track keeps the right identity throughout."""
        return 2 * self.matched_boxes / max(self.true_boxes + self.predicted_boxes, 1)

    def __add__(self, other: Score) -> Score:
        names = self.__dataclass_fields__
        return Score(*(getattr(self, name) + getattr(other, name) for name in names))


def read_truth(file: Path) -> GroundTruth:
    """The ground truth of a rendered video, from the JSON file beside it.

    Raises :class:`lpr.errors.SourceError` for a file that is not such a ground truth.
    """
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        width, height = int(record["video"]["width"]), int(record["video"]["height"])
        passes = tuple(_read_pass(each, width, height) for each in record["passes"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(f"{file}: not the ground truth of a video: {error}") from error
    return GroundTruth(width, passes)


def _read_pass(record: Mapping[str, Any], width: int, height: int) -> GroundTruthTrack:
    boxes = {}
    for frame, *corners, visible in record["boxes"]:
        # Only the part of a plate inside the picture can be detected.
        box = Box(*corners).clipped(width, height)
        if box.area > 0:
            boxes[int(frame)] = (box, float(visible))
    return GroundTruthTrack(record["text"], int(record["legible"]), boxes)


def score(
    truth: GroundTruth, sightings: Iterable[Sighting], predictions: Sequence[TrackBox] = ()
) -> Score:
    """Compare sightings, and the boxes of tracks, with the ground truth.

    A sighting belongs to the pass whose plate overlaps its best observation most.
    """
    result = Score()
    sightings_of: dict[int, list[Sighting]] = {}
    for sighting in sightings:
        owner = _owner(truth, sighting)
        if owner is None:
            result.wrong += 1
            result.mistakes.append(f"{_describe(sighting)}: no plate is there")
        else:
            sightings_of.setdefault(owner, []).append(sighting)
    for number, each in enumerate(truth.passes):
        reported = sightings_of.get(number, [])
        misread = [sighting for sighting in reported if sighting.plate.text != each.text]
        counts = each.legible >= LEGIBLE
        result.passes += counts
        result.right += counts and len(reported) == 1 and not misread
        result.missed += counts and not reported
        result.duplicates += max(len(reported) - 1, 0)
        result.wrong += len(misread)
        if counts and not reported:
            result.mistakes.append(f"{each.text} from frame {min(each.boxes)}: missed")
        result.mistakes += [f"{_describe(s)}: it is {each.text}" for s in misread]
        result.mistakes += [f"{_describe(s)}: duplicate" for s in reported[1:]]
    _count_boxes(truth, predictions, result)
    return result


def _describe(sighting: Sighting) -> str:
    return f"{sighting.plate.text} at {sighting.best.moment.time:.1f} s"


def _owner(truth: GroundTruth, sighting: Sighting) -> int | None:
    frame, box = sighting.best.moment.frame, sighting.best.detection.box
    overlaps = [(true.iou(box), number) for number, true, _ in _boxes_in(truth, frame)]
    iou, number = max(overlaps, default=(0.0, -1))
    return number if iou >= _OWNER_IOU else None


def _boxes_in(truth: GroundTruth, frame: int) -> list[tuple[int, Box, float]]:
    return [(n, *each.boxes[frame]) for n, each in enumerate(truth.passes) if frame in each.boxes]


def _count_boxes(truth: GroundTruth, predictions: Sequence[TrackBox], result: Score) -> None:
    """Assign passes and tracks one to one so that most boxes match."""
    if not predictions:
        return
    columns = {track: n for n, track in enumerate(dict.fromkeys(t for _, t, _ in predictions))}
    matches: Counter[tuple[int, int]] = Counter()
    for frame, track, box in predictions:
        true_boxes = _boxes_in(truth, frame)
        close = [each for each in true_boxes if each[1].iou(box) >= _MATCH_IOU]
        same = [number for number, true, share in close if _counts(truth, true, share)]
        if not same and any(_covered(box, true) >= _MATCH_IOU for _, true, _ in true_boxes):
            continue
        result.predicted_boxes += 1
        matches.update((number, columns[track]) for number in same)
    costs = np.zeros((len(truth.passes), len(columns)))
    for (number, column), count in matches.items():
        costs[number, column] = -count
    result.matched_boxes += int(-sum(costs[pair] for pair in kernels.assign(costs, 0.0)))
    boxes = (seen for each in truth.passes for seen in each.boxes.values())
    result.true_boxes += sum(_counts(truth, *seen) for seen in boxes)


def _covered(box: Box, by: Box) -> float:
    """The share of ``box`` that ``by`` covers."""
    return box.intersection(by).area / max(box.area, 1e-9)


def _counts(truth: GroundTruth, box: Box, visible: float) -> bool:
    return visible >= _MIN_VISIBLE and box.width >= _MIN_WIDTH * truth.width
