"""COCO: the labels of all pictures in one JSON file (Lin et al. 2014)."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lpr.errors import SourceError
from lpr_training.labelling.pictures import named_file
from lpr_training.labelling.values import LabelledBox, LabelledImage, checked_box, checked_size

_DIGITS = 300  # A longer integer is about the range of float, and Python reads 4,300 at most


def is_coco(file: Path) -> bool:
    """Whether ``file`` is a JSON object with ``images`` and ``annotations``.

    Raises :class:`SourceError` for one that is damaged.
    """
    content = _load(file)
    return isinstance(content, dict) and {"images", "annotations"} <= content.keys()


def read_coco(file: Path) -> list[LabelledImage]:
    """The labelled pictures of a COCO file, in its order; crowds count as difficult, and a polygon
    without a ``bbox`` as its box.

    Raises :class:`SourceError` for a malformed file, with the entry, and for references to missing
    entries.
    """
    content = _load(file)
    names: dict[Any, str] = {}
    boxes: dict[Any, list[LabelledBox]] = defaultdict(list)
    images: dict[Any, LabelledImage] = {}
    for place, entry in _entries(file, content, "categories"):
        with _naming(place):
            names[entry["id"]] = _text(entry, "name")
    for place, entry in _entries(file, content, "annotations"):
        with _naming(place):
            boxes[entry["image_id"]].append(_box(entry, names, place))
    for place, entry in _entries(file, content, "images"):
        with _naming(place):
            key, name = entry["id"], _text(entry, "file_name")
            if key in images:
                raise ValueError(f"is a second image {key!r}")
            size = checked_size(float(entry.get("width") or 0), float(entry.get("height") or 0))
            labelled = tuple(boxes.pop(key, ()))
            images[key] = LabelledImage(file, _picture(name, file), size, labelled, name)
    if boxes:
        raise SourceError(f"{file}: labels the image {next(iter(boxes))!r}, which is not in it")
    return list(images.values())


def _load(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"), parse_int=_integer)
    except RecursionError as error:
        raise SourceError(f"{file}: cannot be read as JSON (it is nested too deeply)") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{file}: cannot be read as JSON ({error})") from error


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS else math.inf


def _entries(file: Path, content: Any, part: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entries of a part of the file, each with its place for messages."""
    entries = content.get(part) if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise SourceError(f"{file}: no COCO labels (no list {part})")
    for number, entry in enumerate(entries):
        identity = f" (id {entry['id']!r})" if isinstance(entry, dict) and "id" in entry else ""
        place = f"{file}, {part}[{number}]{identity}"
        if not isinstance(entry, dict):
            raise SourceError(f"{place}: no COCO labels (no object)")
        yield place, entry


@contextmanager
def _naming(place: str) -> Iterator[None]:
    try:
        yield
    except KeyError as error:
        raise SourceError(f"{place}: no COCO labels (no {error})") from error
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise SourceError(f"{place}: no COCO labels ({error})") from error


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str | int) or "\0" in str(value):
        raise ValueError(f"{key} is no text")
    return str(value)


def _box(entry: dict[str, Any], names: dict[Any, str], place: str) -> LabelledBox:
    category = entry["category_id"]
    if category not in names:
        raise ValueError(f"there is no category {category!r}")
    if entry.get("bbox"):
        x, y, width, height = map(float, entry["bbox"])
        corners = [x, y, x + width, y + height]
    else:
        corners = _around(entry)
    box = checked_box(corners, place)
    return LabelledBox(box, names[category], None, bool(entry.get("iscrowd")))


def _around(entry: dict[str, Any]) -> list[float]:
    """The box around the polygons of an entry without one."""
    polygons = entry.get("segmentation")
    if not isinstance(polygons, list) or not polygons:
        raise KeyError("bbox")
    xs = [float(value) for polygon in polygons for value in polygon[::2]]
    ys = [float(value) for polygon in polygons for value in polygon[1::2]]
    return [min(xs), min(ys), max(xs), max(ys)]


def _picture(name: str, file: Path) -> Path | None:
    """The picture by its path in the file, in which some programs write backslashes, or else by
    its name alone."""
    above = file.parent.parent
    places = (file.parent, file.parent / "images", above / "images", above)
    names = (name, name.replace("\\", "/"), named_file(name))
    found = (place / each for each in names if each for place in places)
    try:
        return next((path for path in found if path.is_file()), None)
    except OSError:  # a name that is too long for a file
        return None
