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
from lpr_training.labelling.classes import check_classes
from lpr_training.labelling.files import writing
from lpr_training.labelling.formats import Names, own_splits, read_any
from lpr_training.labelling.groups import divide
from lpr_training.labelling.plate_groups import PlateGroups, group_by_plate
from lpr_training.labelling.selection import Selection
from lpr_training.labelling.settle import AS_STATED, Settling

DEFAULT_SHARE = 0.1
"""The share of the pictures in dev, and in val, if none is given."""

Plate: TypeAlias = tuple[Box, str | None]
"""A box in pixels, and its text if known."""


@dataclass(frozen=True, slots=True)
class Row:
    """A picture, its split, its plates, and those that count neither way."""

    picture: Path
    split: str
    plates: tuple[Plate, ...]
    difficult: tuple[Plate, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """All pictures in the labels' order, their groups, and counts: boxes left out or clipped,
    pictures whose texts cannot be matched with their boxes (``unplaced``), and names in ``texts``
    without a picture (``strangers``); whether the splits are the export's (``own_splits``)."""

    rows: tuple[Row, ...]
    together: PlateGroups
    selection: Selection
    unplaced: int
    strangers: int
    own_splits: bool = False

    def count(self, split: str) -> int:
        """Pictures in a split."""
        return sum(row.split == split for row in self.rows)

    @property
    def plates(self) -> list[Plate]:
        """The plates of all pictures."""
        return [plate for row in self.rows for plate in row.plates]


def make_table(
    folder: Path,
    dev: float | None = None,
    val: float | None = None,
    seed: int = 0,
    texts: Mapping[str, set[str]] | None = None,
    pattern: re.Pattern[str] | None = None,
    classes: Sequence[str] = (),
    clip: bool = False,
    how: Settling = AS_STATED,
    names: Names | None = None,
) -> Table:
    """Split the labelled pictures of ``folder`` so that no plate is in two splits.

    ``dev`` and ``val`` are shares (0..1) of the pictures, 0.1 by default; the rest is ``train``.
    Without both, the splits of an export that has its own are kept. For groups of
    pictures see :func:`~lpr_training.labelling.plate_groups.group_by_plate`. ``texts`` (by the
    pictures' names) go to the boxes of pictures with one box and one text. ``classes`` are those of
    plates, by default all. Difficult boxes are kept apart, those of zero area left out. Raises
    :class:`SourceError` for labels without a picture, for boxes of several classes without
    ``classes``, for boxes that extend beyond their picture (unless ``clip``), and for too few
    groups of pictures.
    """
    images = read_any(folder, how=how, names=names)
    check_classes(folder, images, classes)
    own = own_splits(folder, images) if dev is None and val is None else {}
    together = group_by_plate(folder, images, texts, pattern, divisible=not own)
    if own:
        splits = [own[image.path] if image.path else "" for image in images]
    else:
        shares = [DEFAULT_SHARE if share is None else share for share in (dev, val)]
        splits = _splits(folder, together.groups, shares[0], shares[1], seed)
    selection = Selection(classes, clip)
    unplaced = 0
    rows = []
    for number, image in enumerate(tqdm(images, unit=" picture", disable=None)):
        plates: list[Plate] = [(each.box, each.text) for each in selection.boxes(image)]
        difficult = tuple((b.box, b.text) for b in selection.boxes(image, difficult=True))
        picture = together.paths[number]
        known = (texts or {}).get(picture.name, set())
        if len(known) == len(plates) == 1:
            plates = [(plates[0][0], next(iter(known)))]
        else:
            unplaced += bool(known)
        rows.append(Row(picture, splits[number], tuple(plates), difficult))
    selection.left_out.pop("difficult", None)  # they are in the rows
    strangers = len(set(texts or ()) - {picture.name for picture in together.paths})
    return Table(tuple(rows), together, selection, unplaced, strangers, bool(own))


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
        for box, text in row.difficult:
            yield LabelRow(name, box, text, row.split, difficult=True)
        if not row.plates and not row.difficult:
            yield LabelRow(name, split=row.split)


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
