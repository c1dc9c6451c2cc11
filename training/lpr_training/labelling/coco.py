"""COCO: the labels of all pictures in one JSON file (Lin et al. 2014)."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from lpr.errors import SourceError
from lpr_training.labelling.texts import plate_text
from lpr_training.labelling.values import LabelledBox, LabelledImage, Size, checked_box


def is_coco(file: Path) -> bool:
    """Whether ``file`` is a JSON object with ``images`` and ``annotations``."""
    try:
        content = _load(file)
    except SourceError:
        return False
    return isinstance(content, dict) and {"images", "annotations"} <= content.keys()


def read_coco(file: Path) -> list[LabelledImage]:
    """The labelled pictures of a COCO file, in its order; crowds count as difficult.

    Raises :class:`SourceError` for a malformed file and for references to missing entries.
    """
    content = _load(file)
    try:
        names = {entry["id"]: str(entry["name"]) for entry in content["categories"]}
        boxes: dict[Any, list[LabelledBox]] = defaultdict(list)
        for entry in content["annotations"]:
            boxes[entry["image_id"]].append(_box(entry, names, file))
        images = [
            LabelledImage(
                file, _picture(entry, file), _size(entry), tuple(boxes.pop(entry["id"], ()))
            )
            for entry in content["images"]
        ]
    except KeyError as error:
        raise SourceError(f"{file}: no COCO labels (no {error})") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise SourceError(f"{file}: no COCO labels ({error})") from error
    if boxes:
        raise SourceError(f"{file}: labels the image {next(iter(boxes))!r}, which is not in it")
    return images


def _load(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise SourceError(f"{file}: cannot be read as JSON ({error})") from error


def _box(entry: dict[str, Any], names: dict[Any, str], file: Path) -> LabelledBox:
    if entry["category_id"] not in names:
        raise ValueError(f"there is no category {entry['category_id']!r}")
    x, y, width, height = map(float, entry["bbox"])
    name = names[entry["category_id"]]
    box = checked_box((x, y, x + width, y + height), file)
    return LabelledBox(box, name, plate_text(name), bool(entry.get("iscrowd")))


def _size(entry: dict[str, Any]) -> Size | None:
    width, height = int(entry.get("width") or 0), int(entry.get("height") or 0)
    return (width, height) if width > 0 and height > 0 else None


def _picture(entry: dict[str, Any], file: Path) -> Path | None:
    name = str(entry["file_name"])
    above = file.parent.parent
    places = (file.parent, file.parent / "images", above / "images", above)
    return next((place / name for place in places if (place / name).is_file()), None)
