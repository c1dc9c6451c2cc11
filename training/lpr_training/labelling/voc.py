"""Pascal VOC: one XML file for each picture (Everingham et al. 2010)."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

from lpr.errors import SourceError
from lpr.labels import BOX_COLUMNS
from lpr_training.labelling.pictures import Finder
from lpr_training.labelling.values import (
    LabelledBox,
    LabelledImage,
    Size,
    checked_box,
    checked_size,
)


def read_voc(files: Sequence[Path]) -> list[LabelledImage]:
    """The labels of XML files, in order. Coordinates are not changed; a polygon counts as its box.

    Raises :class:`SourceError` for a file that is not Pascal VOC.
    """
    finder = Finder()
    return [_read(file, finder) for file in files]


def _read(file: Path, finder: Finder) -> LabelledImage:
    try:
        root = ElementTree.parse(file).getroot()
        if root.tag != "annotation":
            raise ValueError(f"it is a <{root.tag}>, not an <annotation>")
        boxes = tuple(_box(node, file) for node in root.iter("object"))
        named = (root.findtext("filename") or "").strip()
        return LabelledImage(file, finder.find(file, named), _size(root), boxes, named)
    except (OSError, ElementTree.ParseError, LookupError, RecursionError, ValueError) as error:
        raise SourceError(f"{file}: no Pascal VOC labels ({error})") from error


def _box(node: ElementTree.Element, file: Path) -> LabelledBox:
    name = (node.findtext("name") or "").strip()
    if not name:
        raise ValueError("an <object> without a <name>")
    frame = node.find("bndbox")
    if frame is not None:
        corners = [_number(frame, key) for key in BOX_COLUMNS]
    elif (polygon := node.find("polygon")) is not None:
        corners = _corners(polygon)
    else:
        raise ValueError(f"the <object> {name} without a <bndbox>")
    box = checked_box(corners, f"{file}, <object> {name}")
    difficult = (node.findtext("difficult") or "0").strip().lower() not in ("", "0", "false", "no")
    return LabelledBox(box, name, None, difficult)


def _corners(polygon: ElementTree.Element) -> list[float]:
    """The box around a polygon: Roboflow's ``<x1>, <y1>, ...``, LabelMe's ``<pt><x>, <y>``."""
    tags = [child for child in polygon.iter() if child.tag[:1] in ("x", "y")]
    xs, ys = ([_value(each) for each in tags if each.tag[0] == axis] for axis in "xy")
    if not xs or len(xs) != len(ys):
        raise ValueError("a <polygon> without points")
    return [min(xs), min(ys), max(xs), max(ys)]


def _size(root: ElementTree.Element) -> Size | None:
    """None for an unknown size, which some programs write as 0."""
    node = root.find("size")
    if node is None:
        return None
    return checked_size(_number(node, "width"), _number(node, "height"))


def _number(node: ElementTree.Element, key: str) -> float:
    child = node.find(key)
    if child is None:
        raise ValueError(f"<{node.tag}> has no <{key}>")
    return _value(child)


def _value(node: ElementTree.Element) -> float:
    text = (node.text or "").strip()
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"<{node.tag}> is {text[:24]!r}, not a number") from None
