"""Pascal VOC: one XML file for each picture (Everingham et al. 2010)."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

from lpr.errors import SourceError
from lpr.labels import BOX_COLUMNS
from lpr_training.labelling.pictures import Finder
from lpr_training.labelling.texts import plate_text
from lpr_training.labelling.values import LabelledBox, LabelledImage, Size, checked_box


def read_voc(files: Sequence[Path]) -> list[LabelledImage]:
    """The labels of XML files, in order. Coordinates are not changed.

    The name of an object may be the text of a plate (:func:`plate_text`). Raises
    :class:`SourceError` for a file that is not Pascal VOC.
    """
    finder = Finder()
    return [_read(file, finder) for file in files]


def _read(file: Path, finder: Finder) -> LabelledImage:
    try:
        root = ElementTree.parse(file).getroot()
        if root.tag != "annotation":
            raise ValueError(f"it is a <{root.tag}>, not an <annotation>")
        boxes = tuple(_box(node, file) for node in root.iter("object"))
        path = finder.find(file, root.findtext("filename", "").strip())
        return LabelledImage(file, path, _size(root), boxes)
    except (OSError, ElementTree.ParseError, ValueError) as error:
        raise SourceError(f"{file}: no Pascal VOC labels ({error})") from error


def _box(node: ElementTree.Element, file: Path) -> LabelledBox:
    name = node.findtext("name", "").strip()
    if not name:
        raise ValueError("an <object> without a <name>")
    frame = node.find("bndbox")
    if frame is None:
        raise ValueError(f"the <object> {name} without a <bndbox>")
    box = checked_box([_number(frame, key) for key in BOX_COLUMNS], file)
    difficult = node.findtext("difficult", "0").strip() not in ("", "0")
    return LabelledBox(box, name, plate_text(name), difficult)


def _size(root: ElementTree.Element) -> Size | None:
    """None for an unknown size, which some programs write as 0."""
    node = root.find("size")
    if node is None:
        return None
    width, height = int(_number(node, "width")), int(_number(node, "height"))
    return (width, height) if width > 0 and height > 0 else None


def _number(node: ElementTree.Element, key: str) -> float:
    text = node.findtext(key, "")
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"<{key}> of <{node.tag}> is {text!r}, not a number") from None
