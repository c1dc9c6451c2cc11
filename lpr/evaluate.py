"""How good a reader is on labelled pictures: found, exactly read, characters wrong, false."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lpr.labels import LabelledPicture, LabelledPlate
from lpr.pipeline import Reader
from lpr.source import open_source
from lpr.types import Box, Crop, Image, Plate

FOUND_IOU = 0.5
TOUCH_IOU = 0.3


@dataclass
class Outcome:
    """One picture: what was labelled, what came out, and which belongs to which.

    ``matches`` gives for each labelled plate the index of its output, or None; ``labelled_texts``
    what the recognizer alone reads when it is given the labelled boxes.
    """

    picture: LabelledPicture
    outputs: list[Plate]
    matches: list[int | None]
    labelled_texts: list[str]
    ms: float

    @property
    def false_readings(self) -> list[Plate]:
        """Outputs that touch no labelled box: IoU below 0.3, and their centre in none."""
        boxes = [plate.box for plate in self.picture.plates]
        return [o for o in self.outputs if not any(_touches(o.box, box) for box in boxes)]

    def is_found(self, index: int) -> bool:
        match = self.matches[index]
        box = self.picture.plates[index].box
        return match is not None and self.outputs[match].box.iou(box) >= FOUND_IOU

    def text(self, index: int) -> str:
        match = self.matches[index]
        return "" if match is None else self.outputs[match].text


@dataclass
class Report:
    """The figures of a run; ``outcomes`` hold what they are made of."""

    outcomes: list[Outcome] = field(default_factory=list)

    def _texts(self) -> list[tuple[str, Outcome, int]]:
        return [
            (plate.text, outcome, index)
            for outcome in self.outcomes
            for index, plate in enumerate(outcome.picture.plates)
            if plate.text
        ]

    def figures(self) -> dict[str, Any]:
        """All figures by name. Shares are None where there is nothing to count.

        ``exact``: labelled texts that came out letter for letter; ``character_error_rate``: edit
        distance over labelled characters, a plate that was not found counting whole; ``found``:
        recall of labelled boxes at IoU 0.5; ``exact_on_labelled_boxes``: the recognizer alone.
        """
        texts = self._texts()
        plates = sum(len(outcome.picture.plates) for outcome in self.outcomes)
        found = sum(o.is_found(i) for o in self.outcomes for i in range(len(o.picture.plates)))
        exact = sum(outcome.text(index) == text for text, outcome, index in texts)
        alone = sum(outcome.labelled_texts[index] == text for text, outcome, index in texts)
        errors = sum(edit_distance(outcome.text(index), text) for text, outcome, index in texts)
        false = sum(len(outcome.false_readings) for outcome in self.outcomes)
        times = [outcome.ms for outcome in self.outcomes]
        return {
            "pictures": len(self.outcomes),
            "plates": plates,
            "texts": len(texts),
            "found": _share(found, plates),
            "exact": _share(exact, len(texts)),
            "exact_on_labelled_boxes": _share(alone, len(texts)),
            "character_error_rate": _share(errors, sum(len(text) for text, _, _ in texts)),
            "false_readings_per_picture": _share(false, len(self.outcomes)),
            "ms_per_picture_median": round(statistics.median(times), 2) if times else None,
            "ms_per_picture_mean": round(statistics.fmean(times), 2) if times else None,
        }

    def mistakes(self) -> list[dict[str, Any]]:
        """Every labelled plate that was missed or misread, and every false reading."""
        wrong = []
        for outcome in self.outcomes:
            for index, plate in enumerate(outcome.picture.plates):
                misread = plate.text is not None and outcome.text(index) != plate.text
                if misread or not outcome.is_found(index):
                    wrong.append(_mistake(outcome, plate, outcome.text(index), index))
            wrong.extend(_mistake(outcome, None, p.text, None) for p in outcome.false_readings)
        return wrong


def evaluate(reader: Reader, pictures: Iterable[LabelledPicture]) -> Report:
    """Read every picture once, whole, and once more by its labelled boxes.

    ``ms`` is the wall time of :meth:`Reader.read` on the decoded picture.
    """
    report = Report()
    for picture in pictures:
        with open_source(picture.path) as source:
            image = next(iter(source)).image
        start = time.perf_counter()
        outputs = reader.read(image)
        ms = (time.perf_counter() - start) * 1000
        matches = match([plate.box for plate in picture.plates], [o.box for o in outputs])
        texts = read_labelled(reader, image, picture.plates)
        report.outcomes.append(Outcome(picture, outputs, matches, texts, ms))
    return report


def read_labelled(reader: Reader, image: Image, plates: Sequence[LabelledPlate]) -> list[str]:
    """What the recognizer reads in the labelled boxes; empty for those without a known text."""
    known = [plate for plate in plates if plate.text]
    readings = reader.recognize([Crop(image, plate.box.quad) for plate in known])
    texts = iter(reading.text for reading in readings)
    return [next(texts) if plate.text else "" for plate in plates]


def match(labelled: Sequence[Box], outputs: Sequence[Box]) -> list[int | None]:
    """For each labelled box the output that belongs to it: one to one, the greatest IoU first."""
    pairs = sorted(
        (-box.iou(output), i, j)
        for i, box in enumerate(labelled)
        for j, output in enumerate(outputs)
        if _touches(output, box)
    )
    matches: list[int | None] = [None] * len(labelled)
    taken: set[int] = set()
    for _, i, j in pairs:
        if matches[i] is None and j not in taken:
            matches[i] = j
            taken.add(j)
    return matches


def edit_distance(a: str, b: str) -> int:
    """Insertions, deletions and substitutions between two texts (Levenshtein 1966)."""
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (char != other))
    return row[-1]


def _touches(output: Box, labelled: Box) -> bool:
    return output.iou(labelled) >= TOUCH_IOU or labelled.contains(output.center)


def _share(count: int, total: int) -> float | None:
    return round(count / total, 4) if total else None


def _mistake(
    outcome: Outcome, plate: LabelledPlate | None, read: str, index: int | None
) -> dict[str, Any]:
    if plate is None or index is None:
        kind = "false reading"
    elif outcome.matches[index] is None:
        kind = "missed"
    else:
        kind = "misread" if outcome.is_found(index) else "box off"
    return {
        "picture": outcome.picture.path.name,
        "kind": kind,
        "labelled": plate.text if plate else None,
        "read": read,
        "box": [round(v, 1) for v in plate.box] if plate else None,
    }
