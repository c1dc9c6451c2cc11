"""A labelled set of one's own: a folder with a ``labels.csv`` (or another table, named itself), in
place of the sets of photographs that the shipped recipes know."""

from __future__ import annotations

from pathlib import Path

from lpr.errors import SourceError
from lpr.labels import LabelledPicture, read_labels
from lpr_training.labelling.formats import is_table, splits_of

HELD_OUT = 5
"""One picture in so many is not trained on, where the labels name no split ``dev``."""


def is_own(root: Path) -> bool:
    """Whether ``root`` is a set of one's own: a folder that holds a ``labels.csv`` itself, and not
    folders of sets, or a table such as the corrected one beside that."""
    return is_table(root)


def check_own(root: Path, or_else: str = "") -> None:
    """Raises :class:`lpr.errors.SourceError` where ``root`` is no set of one's own; ``or_else`` is
    what it holds neither."""
    if not is_own(root):
        raise SourceError(
            f"{root}: holds no labels.csv{or_else}; make one of labels of any format by: "
            f"lpr data table {root} --out {root / 'labels.csv'}"
        )


def check_data(root: Path) -> None:
    """Raises :class:`lpr.errors.SourceError` where ``root`` is neither a set of one's own nor the
    folder of the sets that the shipped recipes train on."""
    if not (root / "taiwan-scenes").is_dir():
        check_own(root, or_else=", nor the sets that the shipped recipes train on")


def split_pictures(
    root: Path, with_text: bool = False
) -> tuple[list[LabelledPicture], list[LabelledPicture]]:
    """The pictures to train on and those to check by, none of them in the split ``val``.

    Trained on is the split ``train``, or where no picture is in it all that are in neither ``dev``
    nor ``val``; checked is by ``dev``, or where there is none by every fifth of the others.
    ``with_text`` leaves out pictures without a text. Raises :class:`lpr.errors.SourceError` for a
    table that is malformed.
    """
    pictures = {
        picture.path: picture
        for picture in read_labels(root)
        if not with_text or any(plate.text for plate in picture.plates)
    }
    splits = splits_of(root)
    train = [p for path, p in pictures.items() if splits.get(path) == "train"] or [
        p for path, p in pictures.items() if path not in splits
    ]
    if dev := [p for path, p in pictures.items() if splits.get(path) == "dev"]:
        return train, dev
    return [p for number, p in enumerate(train) if number % HELD_OUT], train[::HELD_OUT]
