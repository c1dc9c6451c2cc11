"""Labels of any format as a ``labels.csv`` with the splits train, dev and val."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tqdm import tqdm  # type: ignore[import-untyped]

from lpr.errors import OutputError, SourceError
from lpr.labels import LabelRow, write_labels
from lpr.types import Box
from lpr_training.labelling.files import writing
from lpr_training.labelling.formats import read_any
from lpr_training.labelling.groups import divide
from lpr_training.labelling.plate_groups import PlateGroups, group_by_plate
from lpr_training.labelling.selection import Selection
from lpr_training.labelling.values import LabelledImage

Plate: TypeAlias = tuple[Box, str | None]
"""A box in pixels, and its text if known."""


@dataclass(frozen=True, slots=True)
class Row:
    """A picture, its split and its plates."""

    picture: Path
    split: str
    plates: tuple[Plate, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """All pictures in the labels' order, their groups, and counts: boxes left out or clipped,
    pictures whose texts cannot be matched with their boxes (``unplaced``), and names in ``texts``
    without a picture (``strangers``)."""

    rows: tuple[Row, ...]
    together: PlateGroups
    selection: Selection
    unplaced: int
    strangers: int

    def count(self, split: str) -> int:
        """Pictures in a split."""
        return sum(row.split == split for row in self.rows)

    @property
    def plates(self) -> list[Plate]:
        """The plates of all pictures."""
        return [plate for row in self.rows for plate in row.plates]


def make_table(
    folder: Path,
    dev: float,
    val: float,
    seed: int = 0,
    texts: Mapping[str, set[str]] | None = None,
    pattern: re.Pattern[str] | None = None,
    classes: Sequence[str] = (),
    clip: bool = False,
) -> Table:
    """Split the labelled pictures of ``folder`` so that no plate is in two splits.

    ``dev`` and ``val`` are shares (0..1) of the pictures; the rest is ``train``. For groups of
    pictures see :func:`~lpr_training.labelling.plate_groups.group_by_plate`. ``texts`` (by the
    pictures' names) go to the boxes of pictures with one box and one text. ``classes`` are those of
    plates, by default all. Difficult boxes and those of zero area are left out. Raises
    :class:`SourceError` for labels without a picture, for boxes of several classes without
    ``classes``, for boxes that extend beyond their picture (unless ``clip``), and for too few
    groups of pictures.
    """
    images = read_any(folder)
    _check_classes(folder, images, classes)
    together = group_by_plate(folder, images, texts, pattern)
    splits = _splits(folder, together.groups, dev, val, seed)
    selection = Selection(classes, clip)
    unplaced = 0
    rows = []
    for number, image in enumerate(tqdm(images, unit=" picture", disable=None)):
        plates: list[Plate] = [(each.box, each.text) for each in selection.boxes(image)]
        picture = together.paths[number]
        known = (texts or {}).get(picture.name, set())
        if len(known) == len(plates) == 1:
            plates = [(plates[0][0], next(iter(known)))]
        else:
            unplaced += bool(known)
        rows.append(Row(picture, splits[number], tuple(plates)))
    strangers = len(set(texts or ()) - {picture.name for picture in together.paths})
    return Table(tuple(rows), together, selection, unplaced, strangers)


def check_free(file: Path) -> None:
    """Raise :class:`OutputError` for an existing table: it may be made by hand."""
    if file.exists():
        raise OutputError(f"{file}: is there already; remove it, or name another --out")


def write_rows(rows: Iterable[Row], file: Path) -> None:
    """Write a ``labels.csv`` with paths relative to its folder; an existing one is replaced."""
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_labels(file, _label_rows(rows, file.absolute().parent))


def _label_rows(rows: Iterable[Row], folder: Path) -> Iterator[LabelRow]:
    for row in rows:
        name = Path(os.path.relpath(row.picture, folder)).as_posix()
        for box, text in row.plates:
            yield LabelRow(name, box, text, row.split)
        if not row.plates:
            yield LabelRow(name, split=row.split)


def _check_classes(folder: Path, images: Sequence[LabelledImage], classes: Sequence[str]) -> None:
    # A box named after the text of a plate is a plate.
    names = sorted({box.name for image in images for box in image.boxes if not box.text})
    if missing := [
        name for name in classes if not any(b.name == name for i in images for b in i.boxes)
    ]:
        raise SourceError(
            f"{folder}: no box is of the class {missing[0]}; its classes are {', '.join(names)}"
        )
    if not classes and len(names) > 1:
        raise SourceError(
            f"{folder}: its boxes are of the classes {', '.join(names)}; name those of plates: "
            "--class NAME"
        )


def _splits(
    folder: Path, groups: Sequence[Sequence[int]], dev: float, val: float, seed: int
) -> list[str]:
    """The split of each picture. ``val`` is drawn first, so the share of ``dev`` does not affect
    it."""
    if dev + val >= 1:
        raise SourceError(f"{folder}: dev ({dev:g}) and val ({val:g}) leave nothing to train on")
    splits = ["train"] * sum(map(len, groups))
    rest, left = list(groups), 1.0
    for name, share in (("val", val), ("dev", dev)):
        if not share:
            continue
        try:
            _, taken = divide(rest, share / left, seed)
        except ValueError as error:
            raise SourceError(
                f"{folder}: holds too few pictures for train, dev and val: {len(groups)} groups "
                "that share no plate; add pictures, or give --val 0"
            ) from error
        for index in taken:
            splits[index] = name
        rest = [group for group in rest if splits[group[0]] == "train"]
        left -= share
    return splits
