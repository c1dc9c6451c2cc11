"""Plates cut out of pictures, with a ``labels.csv`` beside them."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from tqdm import tqdm  # type: ignore[import-untyped]

import lpr
from lpr.detection.threshold_sweep import Sweep
from lpr.errors import OutputError, SourceError
from lpr.labels import TABLE, LabelRow, write_labels
from lpr.types import Box, Image
from lpr.utils.geometry import cut_out
from lpr_training.labelling.classes import check_classes
from lpr_training.labelling.files import write_picture, writing
from lpr_training.labelling.formats import Names, read_any
from lpr_training.labelling.pictures import files_below, is_picture, load_picture
from lpr_training.labelling.settle import AS_STATED, Settling
from lpr_training.labelling.values import format_box, usable_boxes

Cut: TypeAlias = tuple[Image, Box, str | None]
"""The pixels of a crop, the plate's box in them, and its text if known."""


def cut(image: Image, box: Box, margin: float) -> tuple[Image, Box] | None:
    """The pixels of ``box`` in a picture (``H x W x 3``), and the box in their coordinates.

    The box is extended to whole pixels, and by ``margin`` (a fraction of its width and height) on
    each side, and clipped to the picture. None if nothing is left.
    """
    height, width = image.shape[:2]
    whole = Box(
        math.floor(box.x0), math.floor(box.y0), math.ceil(box.x1), math.ceil(box.y1)
    ).clipped(width, height)
    if whole.area <= 0:
        return None
    dx, dy = round(margin * box.width), round(margin * box.height)
    wide = Box(whole.x0 - dx, whole.y0 - dy, whole.x1 + dx, whole.y1 + dy).clipped(width, height)
    return cut_out(image, wide), whole.moved(-wide.x0, -wide.y0)


class CropFolder:
    """Writes ``images/*.png`` and, as a context manager at its end, their ``labels.csv``.

    Files of the same name are replaced, others stay. Raises :class:`OutputError`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[LabelRow] = []
        self._names: set[str] = set()

    def __enter__(self) -> CropFolder:
        with writing(self.folder):
            (self.folder / "images").mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with writing(self.folder / TABLE):
            write_labels(self.folder / TABLE, self.rows)

    def add(self, picture: Path, crops: Iterable[Cut], split: str = "") -> None:
        """Write the crops of a picture that is in ``split``."""
        # Pictures in different folders may have the same name.
        names = (f"{picture.stem}-{number}.png" for number in itertools.count())
        for image, box, text in crops:
            name = next(name for name in names if name not in self._names)
            self._names.add(name)
            write_picture(self.folder / "images" / name, image)
            self.rows.append(LabelRow(name, box, text, split))


def by_labels(
    sources: Sequence[Path],
    split: str | None,
    margin: float,
    classes: Sequence[str] = (),
    how: Settling = AS_STATED,
    names: Names | None = None,
) -> Iterator[tuple[Path, list[Cut]]]:
    """Each labelled picture with the crops of its plates, which are the boxes of ``classes``.

    Raises :class:`SourceError` for labels without a picture, for boxes outside of it, and for boxes
    of several classes without ``classes``.
    """
    images = []
    for source in sources:
        of_source = read_any(source, split, how, names)
        check_classes(source, of_source, classes)
        for image in of_source:
            kept = tuple(b for b in image.boxes if not classes or b.name in classes)
            images.append(replace(image, boxes=kept))
    for image in tqdm(images, unit=" picture", disable=None):
        boxes = usable_boxes(image, Counter())
        if not boxes:
            continue
        if image.path is None:
            raise image.missing()
        pixels = load_picture(image.path)
        plates = []
        for labelled in boxes:
            found = cut(pixels, labelled.box, margin)
            if found is None:
                raise SourceError(
                    f"{image.labels}: the box {format_box(labelled.box)} lies outside of "
                    f"{image.path}, which is {pixels.shape[1]} x {pixels.shape[0]}; correct it"
                )
            plates.append((*found, labelled.text))
        yield image.path, plates


def by_model(
    sources: Sequence[Path], model: str, sweep: Sweep | None, margin: float
) -> Iterator[tuple[Path, list[Cut]]]:
    """Each picture of the files and folders with the crops of the plates that a model detects, by
    descending confidence."""
    pictures: list[Path] = []
    for source in sources:
        if source.is_dir():
            pictures += [path for path in files_below(source) if is_picture(path)]
        else:
            pictures.append(source)
    with lpr.load(model, threshold=sweep) as reader:
        for path in tqdm(pictures, unit=" picture", disable=None):
            pixels = load_picture(path)
            cuts = [cut(pixels, found.box, margin) for found in reader.find(pixels)]
            yield path, [(*plate, None) for plate in cuts if plate is not None]


def check_out(out: Path, sources: Iterable[Path]) -> None:
    """Raise :class:`OutputError` if the labels of the crops would replace those of a source."""
    for source in sources:
        folder = source if source.is_dir() else source.parent
        if (folder / TABLE).exists() and folder.absolute() == out.absolute():
            raise OutputError(f"{out}: holds the labels that the crops are cut by; choose another")
