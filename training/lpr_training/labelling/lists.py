"""The lists of pictures and the ``.data`` file for training with Darknet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lpr.errors import OutputError
from lpr_training.labelling.files import write_text, writing
from lpr_training.labelling.formats import PLATE, Names, read_any
from lpr_training.labelling.groups import divide
from lpr_training.labelling.plate_groups import PlateGroups, group_by_plate
from lpr_training.labelling.settle import AS_STATED, Settling
from lpr_training.labelling.values import LabelledImage
from lpr_training.labelling.yolo import read_classes


@dataclass(frozen=True, slots=True)
class Lists:
    """The pictures to train and to validate with, the names of the classes, and the groups."""

    train: list[Path]
    valid: list[Path]
    names: tuple[str, ...]
    together: PlateGroups


def make_lists(
    folder: Path,
    share: float,
    seed: int,
    texts: Mapping[str, set[str]] | None = None,
    pattern: re.Pattern[str] | None = None,
    split: str | None = None,
    how: Settling = AS_STATED,
    names: Names | None = None,
) -> Lists:
    """Split the labelled pictures of ``folder`` so that no plate is in both lists.

    ``share`` (0..1) of the pictures are for validation; for ``texts``, ``pattern`` and the errors
    raised see :func:`lpr_training.labelling.plate_groups.group_by_plate`.
    """
    images = read_any(folder, split, how, names)
    together = group_by_plate(folder, images, texts, pattern)
    train, valid = divide(together.groups, share, seed)
    training, validation = ([together.paths[index] for index in part] for part in (train, valid))
    return Lists(training, validation, _names(folder, images), together)


def write_lists(lists: Lists, out: Path) -> None:
    """Write ``train.txt``, ``valid.txt``, ``plate.names``, ``plate.data`` and make ``backup/``.

    Raises :class:`OutputError` for a path with white space, which Darknet drops from ``.data``
    files.
    """
    out = out.absolute()
    if re.search(r"\s", str(out)):
        raise OutputError(f"{out}: Darknet cannot read a path with spaces; choose another --out")
    for name, paths in (("train.txt", lists.train), ("valid.txt", lists.valid)):
        write_text(out / name, "".join(f"{path}\n" for path in paths))
    write_text(out / "plate.names", "".join(f"{name}\n" for name in lists.names))
    with writing(out / "backup"):
        (out / "backup").mkdir(exist_ok=True)
    write_text(
        out / "plate.data",
        f"classes={len(lists.names)}\ntrain={out}/train.txt\nvalid={out}/valid.txt\n"
        f"names={out}/plate.names\nbackup={out}/backup\n",
    )


def without_labels(paths: Sequence[Path]) -> list[Path]:
    """The pictures whose labels Darknet does not find.

    Redmon's Darknet replaces the first ``images`` of the path by ``labels``; the forks of AlexeyAB
    and Hank.ai look beside the picture.
    """
    return [
        path
        for path in paths
        if not path.with_suffix(".txt").is_file()
        and not Path(str(path).replace("images", "labels", 1)).with_suffix(".txt").is_file()
    ]


def _names(folder: Path, images: Sequence[LabelledImage]) -> tuple[str, ...]:
    known = read_classes(folder)
    if known:
        return tuple(known)
    # A box named after the text of a plate is a plate.
    names = {PLATE if box.text else box.name for image in images for box in image.boxes}
    return tuple(sorted(names)) or (PLATE,)
