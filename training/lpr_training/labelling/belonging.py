"""Which labelled pictures belong together, since they show the same plate or were shot in a row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lpr.errors import SourceError
from lpr_training.labelling.groups import connected
from lpr_training.labelling.values import LabelledImage


@dataclass(frozen=True, slots=True)
class Belonging:
    """The pictures' absolute paths, their indices in groups that share no plate, how many have a
    known text, and how many names the pattern does not fit."""

    paths: tuple[Path, ...]
    groups: tuple[tuple[int, ...], ...]
    with_text: int
    unmatched: int


def belonging(
    folder: Path,
    images: Sequence[LabelledImage],
    texts: Mapping[str, set[str]] | None = None,
    pattern: re.Pattern[str] | None = None,
) -> Belonging:
    """Group the labelled pictures of ``folder``.

    Pictures that show a text in common are kept together, and so are those whose names give the
    same first group of ``pattern``. ``texts`` (by the pictures' names) take the place of those in
    the labels. Raises :class:`SourceError` for labels without a picture and where all pictures
    belong together.
    """
    paths = tuple(_picture(image) for image in images)
    shown = [
        _texts(image) if texts is None else texts.get(path.name, set())
        for image, path in zip(images, paths, strict=True)
    ]
    keys = [_key(pattern, path) for path in paths]
    groups = connected([[*t, *k] for t, k in zip(shown, keys, strict=True)])
    if len(groups) < 2:
        raise SourceError(_inseparable(folder, shown))
    unmatched = 0 if pattern is None else sum(not key for key in keys)
    return Belonging(paths, tuple(map(tuple, groups)), sum(map(bool, shown)), unmatched)


def _picture(image: LabelledImage) -> Path:
    if image.path is None:
        raise SourceError(f"{image.labels}: labels a picture that is not there; add or remove it")
    return image.path.absolute()


def _texts(image: LabelledImage) -> set[str]:
    return {labelled.text for labelled in image.boxes if labelled.text}


def _key(pattern: re.Pattern[str] | None, path: Path) -> list[tuple[str, str]]:
    """The name's group, as something that no text can be equal to."""
    match = pattern.search(path.name) if pattern else None
    return [("name", match[1])] if match and match[1] is not None else []


def _inseparable(folder: Path, shown: Sequence[set[str]]) -> str:
    if len(shown) < 2:
        return f"{folder}: holds one labelled picture; training and validation need two"
    common = sorted(set.intersection(*shown))
    what = f" the text {common[0]}" if common else " texts or a group"
    return (
        f"{folder}: all {len(shown)} pictures belong together, as they share{what}, so none can be "
        "set aside for validation; give the plates' texts with --texts FILE.csv"
    )
