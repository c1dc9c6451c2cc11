"""The thresholds of a model folder, chosen by a labelled set of one's own."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from typing import Any

import lpr
from lpr.errors import ModelError
from lpr.evaluate import Report, evaluate
from lpr.utils.progress import progress
from lpr_training.datasets.user_set import check_own, split_pictures
from lpr_training.publishing.publish import write
from lpr_training.publishing.thresholds import DETECTION, READING, SURE, Thresholds, above

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def choose_thresholds(folder: Path, root: Path) -> tuple[Thresholds, dict[str, Any]]:
    """Write the thresholds into ``folder/model.toml`` with which the model does best on the
    pictures held out of the set ``root`` (:func:`lpr_training.datasets.user_set.split_pictures`);
    returns them and the figures with them.

    Raises :class:`lpr.errors.ModelError` for a folder that is no model or lacks a network, and
    :class:`lpr.errors.SourceError` for a set without a ``labels.csv``.
    """
    check_own(root)
    file = folder / "model.toml"
    if not file.is_file():
        raise ModelError(f"{file}: is missing; name a model folder, as lpr export makes it")
    with (
        lpr.load(str(folder), backend="cpu", threshold=DETECTION[0], min_confidence=0.0) as reader,
        progress(split_pictures(root)[1], "picture") as bar,
    ):
        report = evaluate(reader, bar)
    scores = {t: f1(report, t) for t in map(Thresholds._make, product(DETECTION, READING, SURE))}
    best = max(scores.values())
    # Of equals the middle one: it is the farthest from where some plate of dev is lost or gained.
    equals = sorted(t for t, score in scores.items() if score == best)
    chosen = equals[len(equals) // 2]
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    content["detector"] |= {"threshold": chosen.detection, "accept_threshold": chosen.sure}
    content["recognizer"]["min_confidence"] = chosen.reading
    write(content, folder)
    return chosen, above(report, chosen).figures()


def f1(report: Report, thresholds: Thresholds) -> float:
    """The F1 score, 0..1, that ``report`` would have with these thresholds: the harmonic mean of
    the share of plates that are found and the share of what is given out that touches one.

    ``report`` holds what a reader gives with the lowest thresholds. A set of some dozen pictures
    tells no rarer events than these: :func:`lpr_training.publishing.thresholds.choose` bounds false
    readings to one in fifty pictures, which takes hundreds.
    """
    outcomes = above(report, thresholds).outcomes
    plates = sum(len(o.picture.plates) for o in outcomes)
    found = sum(o.is_found(i) for o in outcomes for i in range(len(o.picture.plates)))
    false = sum(len(outcome.false_readings) for outcome in outcomes)
    return 2 * found / max(found + false + plates, 1)
