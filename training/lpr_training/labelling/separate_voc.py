"""Separates a folder of pictures and Pascal VOC files into pictures and labels."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm  # type: ignore[import-untyped]

from lpr.errors import OutputError, SourceError
from lpr_training.labelling.files import writing
from lpr_training.labelling.pictures import files_below, is_picture
from lpr_training.labelling.voc import read_voc


@dataclass(frozen=True, slots=True)
class Sorted:
    """Pairs of a file and its new path, and the files without a partner."""

    pairs: tuple[tuple[Path, Path], ...]
    pictures_alone: tuple[Path, ...]
    labels_alone: tuple[Path, ...]

    def warnings(self) -> Iterator[str]:
        """One line for each file without a partner."""
        for path in self.pictures_alone:
            yield f"{path}: a picture without labels; it is copied too"
        for path in self.labels_alone:
            yield f"{path}: labels without a picture; left in place"


def sort_out(folder: Path, out: Path) -> Sorted:
    """Plan ``out/images`` and ``out/labels``; nothing is written yet.

    A picture and its ``.xml`` have the same folder and stem; subfolders are kept. Raises
    :class:`SourceError` if there is no picture, if two pictures of a folder have the same stem and
    for an XML file that is not Pascal VOC, and :class:`OutputError` for a path that is blocked.
    """
    targets = (out / "images", out / "labels")
    files = [
        file
        for file in files_below(folder)
        if not any(file.absolute().is_relative_to(target.absolute()) for target in targets)
    ]
    pictures = _by_stem([file for file in files if is_picture(file)])
    labels = _by_stem([file for file in files if file.suffix.lower() == ".xml"])
    if not pictures:
        raise SourceError(f"{folder}: holds no picture; check the name")
    read_voc(list(labels.values()))
    paired = [path for stem, path in labels.items() if stem in pictures]
    pairs = [
        (path, target / path.relative_to(folder))
        for target, paths in zip(targets, (pictures.values(), paired), strict=True)
        for path in paths
    ]
    for _, target in pairs:
        _check_free(target, out)
    alone = (
        tuple(path for stem, path in some.items() if stem not in others)
        for some, others in ((pictures, labels), (labels, pictures))
    )
    return Sorted(tuple(pairs), *alone)


def carry_out(plan: Sorted, move: bool) -> None:
    """Copy (or move) the files to their new paths; existing files are replaced."""
    for source, target in tqdm(plan.pairs, unit=" file", disable=None):
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            if move:
                shutil.move(source, target)
            else:
                shutil.copy2(source, target)


def _by_stem(files: list[Path]) -> dict[Path, Path]:
    found: dict[Path, Path] = {}
    for file in files:
        other = found.setdefault(file.with_suffix(""), file)
        if other != file:
            raise SourceError(
                f"{file}: {other.name} beside it has the same name, so their labels would be "
                "ambiguous; rename one"
            )
    return found


def _check_free(target: Path, out: Path) -> None:
    if target.is_dir():
        raise OutputError(f"{target}: a folder is in the place of a file; choose another --out")
    for parent in (out, *target.parents):
        if parent.exists() and not parent.is_dir():
            raise OutputError(f"{parent}: a file is in the place of a folder; choose another --out")
