"""How well a watch did: its sightings and tracks against the exact truth of a film."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lpr import kernels
from lpr.errors import SourceError
from lpr.sightings import Sighting
from lpr.types import Box

LEGIBLE = 10
"""A pass counts whose plate can be read in so many frames; others may be reported or not."""
_SEEN, _NARROWEST = 0.5, 0.025
"""A place counts where so much of the plate is to be seen, and it is that share of the picture's
width; what is found elsewhere is neither right nor wrong."""
_SAME = 0.5


@dataclass(frozen=True, slots=True)
class GroundTruthTrack:
    """A vehicle that passes: its plate's ``text``, in how many frames that is ``legible``, and its
    plate's box and visible share (0..1) by frame."""

    text: str
    legible: int
    boxes: Mapping[int, tuple[Box, float]]


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """All passes of a film; ``width`` is that of its pictures, in pixels."""

    width: int
    passes: tuple[GroundTruthTrack, ...]


@dataclass
class Score:
    """Counts, which can be added up over films.

    ``passes`` are those that count, ``right`` those reported exactly once, with their text.
    ``wrong`` are sightings with another text than their plate's, or of no plate; ``duplicates``
    those of a pass that had one already; ``missed`` passes that had none. The last three are what
    IDF1 is made of (Ristani et al., 2016).
    """

    passes: int = 0
    right: int = 0
    wrong: int = 0
    duplicates: int = 0
    missed: int = 0
    matched_places: int = 0
    true_places: int = 0
    found_places: int = 0
    mistakes: list[str] = field(default_factory=list)

    @property
    def idf1(self) -> float:
        """0..1: of all places, the share that has the right identity from start to end."""
        return 2 * self.matched_places / max(self.true_places + self.found_places, 1)

    def __add__(self, other: Score) -> Score:
        return Score(
            *(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__)
        )


def read_truth(file: Path) -> GroundTruth:
    """The truth of a rendered film, which lies beside it as JSON.

    Raises :class:`lpr.errors.SourceError` for a file that cannot be read as such.
    """
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
        width, height = int(written["video"]["width"]), int(written["video"]["height"])
        return GroundTruth(width, tuple(_pass(each, width, height) for each in written["passes"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{file}: is no truth of a film: {error}") from error


def _pass(written: Mapping[str, Any], width: int, height: int) -> GroundTruthTrack:
    """What of a plate lies in the picture is all that anybody can find."""
    boxes = {}
    for number, x0, y0, x1, y1, visible in written["boxes"]:
        shown = Box(max(x0, 0.0), max(y0, 0.0), min(x1, width), min(y1, height))
        if shown.x0 < shown.x1 and shown.y0 < shown.y1:
            boxes[int(number)] = (shown, float(visible))
    return GroundTruthTrack(written["text"], int(written["legible"]), boxes)


def score(
    truth: GroundTruth,
    sightings: Iterable[Sighting],
    places: Sequence[tuple[int, int, Box]] = (),
) -> Score:
    """Hold sightings, and tracks' ``places`` (frame, track, box), against the truth.

    A sighting belongs to the pass whose plate is where its best look was.
    """
    result = Score()
    reports: dict[int, list[Sighting]] = {}
    for sighting in sightings:
        owner = _owner(truth, sighting)
        if owner is None:
            result.wrong += 1
            result.mistakes.append(f"{_name(sighting)}: no plate is there")
        else:
            reports.setdefault(owner, []).append(sighting)
    for number, each in enumerate(truth.passes):
        said = reports.get(number, [])
        counts = each.legible >= LEGIBLE
        result.passes += counts
        result.right += counts and len(said) == 1 and said[0].plate.text == each.text
        result.missed += counts and not said
        result.duplicates += max(len(said) - 1, 0)
        result.wrong += sum(sighting.plate.text != each.text for sighting in said)
        if counts and not said:
            result.mistakes.append(f"{each.text} from frame {min(each.boxes)}: missed")
        result.mistakes += [
            f"{_name(s)}: it is {each.text}" for s in said if s.plate.text != each.text
        ]
        result.mistakes += [f"{_name(s)}: once more" for s in said[1:]]
    _identities(truth, places, result)
    return result


def _name(sighting: Sighting) -> str:
    return f"{sighting.plate.text} at {sighting.best.moment.time:.1f} s"


def _owner(truth: GroundTruth, sighting: Sighting) -> int | None:
    frame, box = sighting.best.moment.frame, sighting.best.detection.box
    there = [
        (each.boxes[frame][0].iou(box), number)
        for number, each in enumerate(truth.passes)
        if frame in each.boxes
    ]
    near, number = max(there, default=(0.0, -1))
    return number if near >= 0.3 else None


def _identities(truth: GroundTruth, places: Sequence[tuple[int, int, Box]], result: Score) -> None:
    """Each pass is one track at most and the other way round, so that most places agree."""
    if not places:
        return
    numbers = {track: n for n, track in enumerate(dict.fromkeys(t for _, t, _ in places))}
    together: Counter[tuple[int, int]] = Counter()
    found = 0
    for frame, track, box in places:
        there = [
            (number, place, _counts(truth, visible, place.width))
            for number, each in enumerate(truth.passes)
            if frame in each.boxes
            for place, visible in [each.boxes[frame]]
        ]
        same = [number for number, place, counts in there if counts and place.iou(box) >= _SAME]
        if not same and any(_covered(box, place) >= _SAME for _, place, _ in there):
            continue
        found += 1
        for number in same:
            together[number, numbers[track]] += 1
    costs = np.zeros((len(truth.passes), len(numbers)))
    for (number, track), count in together.items():
        costs[number, track] = -count
    result.matched_places += int(-sum(costs[pair] for pair in kernels.assign(costs, 0.0)))
    result.found_places += found
    result.true_places += sum(
        _counts(truth, visible, place.width)
        for each in truth.passes
        for place, visible in each.boxes.values()
    )


def _covered(box: Box, place: Box) -> float:
    """The share of ``box`` that lies in ``place``."""
    width = min(box.x1, place.x1) - max(box.x0, place.x0)
    height = min(box.y1, place.y1) - max(box.y0, place.y0)
    return max(width, 0.0) * max(height, 0.0) / max(box.area, 1e-9)


def _counts(truth: GroundTruth, visible: float, width: float) -> bool:
    return visible >= _SEEN and width >= _NARROWEST * truth.width
