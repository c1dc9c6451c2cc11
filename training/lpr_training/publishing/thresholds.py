"""The thresholds for detections and readings, chosen on ``dev`` with both networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import lpr
from lpr.errors import ModelError
from lpr.evaluate import Outcome, Report, evaluate
from lpr.models import read_tables, write_model
from lpr.types import Box, Plate
from lpr.utils.progress import progress
from lpr_training.datasets.sets import open_sets

DETECTION = tuple(round(0.2 + 0.05 * n, 2) for n in range(11))
"""The detection thresholds to choose from (scores, 0..1)."""

ACCEPT = (*(round(0.6 + 0.04 * n, 2) for n in range(10)), 1.0)
"""The accept thresholds to choose from (scores, 0..1)."""

READING = tuple(round(0.05 * n, 2) for n in range(20))
"""The minimum confidences of readings to choose from (0..1)."""

TOLERATED = 0.02
"""False readings per picture that :func:`choose` permits: one in fifty pictures."""

SAME_IOU = 0.5
"""From this IoU on, a reading is one of a known plate that the labels lack."""


class Thresholds(NamedTuple):
    """A plate is output if its detection score exceeds ``detection`` and either its reading's
    confidence reaches ``reading`` or its detection score reaches ``accept``."""

    detection: float
    reading: float
    accept: float


def choose(
    report: Report, unlabelled: Mapping[str, Sequence[Box]] | None = None
) -> tuple[Thresholds, dict[str, Any]]:
    """The thresholds that find the most plates with at most :data:`TOLERATED` false readings per
    picture, and the figures with them. Ties go to the fewest false readings, then to the lowest
    values.

    ``report`` comes from a reader with the lowest of :data:`DETECTION` and no minimum confidence.
    Readings of ``unlabelled`` plates (boxes by the pictures' file names) do not count as false
    here; in the figures they do, as in ``lpr eval``.
    """
    known = unlabelled or {}
    best, chosen = (-1, 0), Thresholds(DETECTION[-1], READING[-1], ACCEPT[-1])
    for thresholds in (Thresholds(*t) for t in product(DETECTION, READING, ACCEPT[::-1])):
        outcomes = above(report, thresholds).outcomes
        found = _found(outcomes)
        false = sum(len(_false_readings(outcome, known)) for outcome in outcomes)
        if false <= TOLERATED * len(outcomes) and (found, -false) > best:
            best, chosen = (found, -false), thresholds
    return chosen, above(report, chosen).figures()


def write_best_thresholds(folder: Path, root: Path) -> tuple[Thresholds, dict[str, Any]]:
    """Write the thresholds with the highest :func:`f1` on the held-out pictures of the sets
    ``root`` into ``folder/model.toml``; return them, and the figures with them.

    Raises :class:`lpr.errors.ModelError` for a folder that is no model or lacks a network, and
    :class:`lpr.errors.SourceError` for a set without labels.
    """
    sets = open_sets(root)
    file = folder / "model.toml"
    if not file.is_file():
        raise ModelError(f"{file}: is missing; name a model folder, as lpr export makes it")
    with (
        lpr.load(str(folder), backend="cpu", threshold=DETECTION[0], min_confidence=0.0) as reader,
        progress(sets.held_out(), "picture") as bar,
    ):
        report = evaluate(reader, bar)
    scores = {t: f1(report, t) for t in map(Thresholds._make, product(DETECTION, READING, ACCEPT))}
    best = max(scores.values())
    # The middle one of equals is the farthest from losing or gaining a plate of dev.
    equals = sorted(t for t, score in scores.items() if score == best)
    chosen = equals[len(equals) // 2]
    tables = read_tables(folder)
    put_thresholds(tables, chosen)
    write_model(folder, tables)
    return chosen, above(report, chosen).figures()


def put_thresholds(tables: dict[str, Any], chosen: Thresholds) -> None:
    """Put thresholds into the tables of a ``model.toml``."""
    tables["detector"] |= {"threshold": chosen.detection, "accept_threshold": chosen.accept}
    tables["recognizer"]["min_confidence"] = chosen.reading


def f1(report: Report, thresholds: Thresholds) -> float:
    """The F1 score (0..1) of ``report`` with these thresholds: the harmonic mean of recall (plates
    that are found) and precision (outputs that touch a plate).

    It needs only dozens of pictures, the bound on false readings of :func:`choose` hundreds.
    """
    outcomes = above(report, thresholds).outcomes
    plates = sum(len(outcome.picture.plates) for outcome in outcomes)
    found = _found(outcomes)
    false = sum(len(outcome.false_readings) for outcome in outcomes)
    return 2 * found / max(found + false + plates, 1)


def above(report: Report, thresholds: Thresholds) -> Report:
    """``report`` as it would be with these thresholds."""
    return Report([_above(outcome, thresholds) for outcome in report.outcomes])


def _above(outcome: Outcome, thresholds: Thresholds) -> Outcome:
    kept = [plate for plate in outcome.outputs if _passes(plate, thresholds)]
    if len(kept) == len(outcome.outputs):
        return outcome
    return replace(outcome, outputs=kept, matches=Outcome.of(outcome.picture, kept).matches)


def _passes(plate: Plate, thresholds: Thresholds) -> bool:
    score = plate.detection.confidence
    is_read = plate.confidence >= thresholds.reading or score >= thresholds.accept
    return score > thresholds.detection and is_read


def _found(outcomes: Sequence[Outcome]) -> int:
    return sum(o.is_found(i) for o in outcomes for i in range(len(o.picture.plates)))


def _false_readings(outcome: Outcome, unlabelled: Mapping[str, Sequence[Box]]) -> list[Plate]:
    boxes = unlabelled.get(outcome.picture.path.name, ())
    false = outcome.false_readings
    return [plate for plate in false if all(plate.box.iou(box) < SAME_IOU for box in boxes)]
