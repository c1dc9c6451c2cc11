"""Groups of labelled pictures of the same plate or the same sequence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lpr.errors import SourceError
from lpr_training.labelling.groups import connected
from lpr_training.labelling.values import LabelledImage


@dataclass(frozen=True, slots=True)
class PlateGroups:
    """The pictures' absolute paths, their indices in groups that share no plate, and the numbers of
    pictures with a known text and of names that the pattern does not match."""

    paths: tuple[Path, ...]
    groups: tuple[tuple[int, ...], ...]
    with_text: int
    unmatched: int


def group_by_plate(
    folder: Path,
    images: Sequence[LabelledImage],
    texts: Mapping[str, set[str]] | None = None,
    pattern: re.Pattern[str] | None = None,
    divisible: bool = True,
) -> PlateGroups:
    """Group the labelled pictures of ``folder``.

    Pictures with a common text are in one group, and so are those whose names match with the same
    first group of ``pattern``. ``texts`` (by the pictures' names) replace those of the labels.
    Raises :class:`SourceError` for labels without a picture and, if ``divisible``, for one group.
    """
    paths = tuple(_picture(image) for image in images)
    texts_of = [
        {box.text for box in image.boxes if box.text}
        if texts is None
        else texts.get(path.name, set())
        for image, path in zip(images, paths, strict=True)
    ]
    keys = [_key(pattern, path) for path in paths]
    groups = connected([[*t, *k] for t, k in zip(texts_of, keys, strict=True)])
    if divisible and len(groups) < 2:
        raise SourceError(_inseparable(folder, texts_of))
    unmatched = 0 if pattern is None else sum(not key for key in keys)
    return PlateGroups(paths, tuple(map(tuple, groups)), sum(map(bool, texts_of)), unmatched)


def _picture(image: LabelledImage) -> Path:
    if image.path is None:
        raise image.missing()
    return image.path.absolute()


def _key(pattern: re.Pattern[str] | None, path: Path) -> list[tuple[str, str]]:
    """The group of a name, as a pair that no text equals."""
    match = pattern.search(path.name) if pattern else None
    return [("name", match[1])] if match and match[1] is not None else []


def _inseparable(folder: Path, texts_of: Sequence[set[str]]) -> str:
    if len(texts_of) < 2:
        return f"{folder}: holds one labelled picture; training and validation need two"
    common = sorted(set.intersection(*texts_of))
    what = f" the text {common[0]}" if common else " texts or a group"
    return (
        f"{folder}: all {len(texts_of)} pictures share{what}, so none can be held out for "
        "validation; give the plates' texts with --texts FILE.csv"
    )
