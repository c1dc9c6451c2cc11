"""Compares a country's model with its base model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

import lpr
from lpr.evaluate import evaluate
from lpr.evaluate.run import read_labelled
from lpr.labels import LabelledPicture, LabelledPlate, read_labels
from lpr.models import load_model
from lpr.reader import Reader
from lpr.types import Image
from lpr.utils.progress import progress
from lpr_training.country.pictures import PHOTO
from lpr_training.country.recipe import Rendered
from lpr_training.country.steps import State
from lpr_training.datasets.rendered import HeldOut, kept_out_crops
from lpr_training.engine.metrics import score_texts
from lpr_training.labelling.files import write_text
from lpr_training.labelling.pictures import load_picture
from lpr_training.publishing.thresholds import Thresholds, above
from lpr_training.synth.geometry import bounds

LOWEST = 0.05
"""The detection threshold (0..1) for figures without thresholds."""

Figures: TypeAlias = dict[str, float | None]
"""Figures by the names in :data:`WORDS`; without pictures to measure a figure is missing."""

WORDS = {
    "found": "plates found in rendered streets",
    "exact": "texts read exactly in rendered streets",
    "false": "false readings in a rendered street",
    "precision": "average precision of the boxes there, without thresholds",
    "photos_found": "plates found in photographs",
    "photos_exact": "texts read exactly in photographs",
    "photos_false": "false readings in a photograph",
    "photos_precision": "average precision of the boxes there, without thresholds",
    "crops": "rendered plates read exactly",
    "photos_crops": "photographed plates read exactly",
    "memory": "Taiwan's rendered plates read exactly, under Taiwan's formats",
}
"""The figures, on unseen pictures. Single plates are cut out by their labelled boxes."""


def measure(model: str, region: str, scenes: Path, crops: Path, rendered: Rendered) -> Figures:
    """Figures of a model (a name or a folder) under the formats of ``region``, on the splits
    ``val`` of both sets."""
    streets, photographs = _apart(read_labels(scenes, "val"), scenes)
    plates, photographed = _apart(read_labels(crops, "val"), crops)
    figures: Figures = {}
    thresholds = _thresholds(model)
    with lpr.load(
        model, backend="cpu", regions=[region], threshold=LOWEST, min_confidence=0.0
    ) as reader:
        for prefix, pictures in (("", streets), ("photos_", photographs)):
            if pictures:
                with progress(pictures, "picture") as bar:
                    report = evaluate(reader, bar)
                seen = above(report, thresholds).figures()
                figures |= {f"{prefix}{name}": seen[name] for name in ("found", "exact")}
                figures[f"{prefix}false"] = seen["false_readings_per_picture"]
                figures[f"{prefix}precision"] = report.figures()["average_precision"]
        for name, cut_out in (("crops", plates), ("photos_crops", photographed)):
            if cut_out:
                figures[name] = _exact(reader, ((load_picture(p.path), p.plates) for p in cut_out))
    with lpr.load(model, backend="cpu", regions=["tw"]) as reader:
        figures["memory"] = _exact(reader, _taiwanese(rendered))
    return figures


def _thresholds(model: str) -> Thresholds:
    found = load_model(model)
    spec = found.detector.spec
    return Thresholds(spec.threshold, found.recognizer.min_confidence, spec.accept_threshold)


Labelled: TypeAlias = Iterable[tuple[Image, Sequence[LabelledPlate]]]


def _apart(
    pictures: Sequence[LabelledPicture], folder: Path
) -> tuple[list[LabelledPicture], list[LabelledPicture]]:
    """The rendered pictures in a set's folder, and the photographs."""
    parts: tuple[list[LabelledPicture], list[LabelledPicture]] = ([], [])
    for picture in pictures:
        path = picture.path
        parts[path.parent != folder / "images" or path.name.startswith(PHOTO)].append(picture)
    return parts


def _exact(reader: Reader, pictures: Labelled) -> float:
    """The share (0..1) of labelled boxes whose text is read exactly."""
    read: list[str] = []
    expected: list[str] = []
    for image, plates in pictures:
        read += read_labelled(reader, image, plates)
        expected += [plate.text or "" for plate in plates]
    return round(score_texts(read, expected)[0], 4)


def _taiwanese(rendered: Rendered) -> Labelled:
    for crop in kept_out_crops(HeldOut(rendered.memory, 100 * rendered.seed + 9)):
        yield crop.image, [LabelledPlate(bounds(np.array(crop.quad, np.float32)), crop.text)]


def write_report(
    file: Path,
    names: tuple[str, str],
    figures: Mapping[str, Figures],
    anchors: Mapping[str, Any],
    state: State,
) -> None:
    """Write the comparison as a Markdown page.

    ``names`` are the region's and the base model's; ``figures`` those ``before`` and ``after``;
    ``anchors`` the result of :func:`lpr_training.country.anchors.fit_anchors`.
    """
    region, base = names
    before, after = figures["before"], figures["after"]
    rows = [
        f"| {words} | {_format(name, before[name])} | {_format(name, after[name])} |"
        for name, words in WORDS.items()
        if name in after
    ]
    taken = "new ones are in the cfg" if anchors["taken"] else "those of the base model were kept"
    seconds = {name: step["seconds"] for name, step in state.items()}
    seconds["together"] = sum(seconds.values())
    times = [f"| {name} | {value:.0f} |" for name, value in seconds.items()]
    newline = "\n"
    write_text(
        file,
        f"""\
# {region}, made of {base}

Both models with the formats of the region, on unseen pictures (`val`):

| | {base} | {region} |
| --- | --- | --- |
{newline.join(rows)}

Rendered plates are not photographs; only a labelled set of photographs measures real plates.

Anchors: an average IoU of {anchors["base"]:.1%} with those of {base}, of {anchors["new"]:.1%} \
with new ones; {taken}.

| step | seconds |
| --- | --- |
{newline.join(times)}

The time of an interrupted step counts from its continuation.
""",
    )


def _format(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if name.endswith(("false", "precision")) else f"{value:.1%}"
