"""Boxes of labels, brought onto the pixels of the pictures as lpr decodes them.

Two things make labels differ from their pictures: pictures that were scaled after labelling, and
cameras that store a picture lying down, with an EXIF orientation that turns it when it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from lpr.errors import SourceError
from lpr.source.orientation import upright_box, upright_size
from lpr.types import Box
from lpr_training.labelling.pictures import stored_form
from lpr_training.labelling.values import UNIT, LabelledImage, Size

Exif: TypeAlias = Literal["stored", "upright"]
"""Whether boxes lie on the stored pixels or on the picture as it is shown."""
StatedSize: TypeAlias = Literal["scale", "ignore"]
"""What a stated size that is not the picture's means: that boxes are to be scaled, or nothing."""

_NAMED = 20  # Files that an error names


@dataclass(frozen=True, slots=True)
class Settling:
    """What the labels leave open; None: an error where it matters."""

    exif: Exif | None = None
    stated_size: StatedSize | None = None


AS_STATED = Settling()
"""Only what the labels state; what they leave open is an error."""


def settle(images: Iterable[LabelledImage], how: Settling) -> list[LabelledImage]:
    """The labels with boxes and sizes of the upright pictures; those without a picture stay.

    Raises :class:`SourceError` for stated sizes that are not the pictures', and for boxes on
    EXIF-turned pictures of which neither the stated size nor ``how`` says where they lie.
    """
    settled: list[LabelledImage] = []
    wrong: list[str] = []
    unclear: list[LabelledImage] = []
    for image in images:
        if image.path is None:
            settled.append(image)
            continue
        width, height, orientation = stored_form(image.path)
        stored, upright = (width, height), upright_size(width, height, orientation)
        stated = image.size
        exif = how.exif or _told(stated, stored, upright, orientation)
        if exif is None and image.boxes and stated in (None, UNIT, stored, upright):
            unclear.append(image)
            continue
        size = stored if exif == "stored" else upright
        scale = (1.0, 1.0)
        if stated == UNIT:
            scale = float(size[0]), float(size[1])
        elif stated and stated != size and how.stated_size != "ignore":
            if how.stated_size is None:
                wrong.append(_mismatch(image, stated, size))
                continue
            scale = size[0] / stated[0], size[1] / stated[1]
        turn = orientation if exif == "stored" else 1
        boxes = tuple(
            replace(each, box=upright_box(_scaled(each.box, scale), width, height, turn))
            for each in image.boxes
        )
        settled.append(replace(image, size=upright, boxes=boxes))
    if wrong:
        raise SourceError(_sizes_message(wrong))
    if unclear:
        raise SourceError(_exif_message(unclear))
    return settled


def _told(stated: Size | None, stored: Size, upright: Size, orientation: int) -> Exif | None:
    """What the stated size tells about the boxes of an EXIF-turned picture."""
    if orientation == 1:
        return "upright"
    if stated in (None, UNIT) or stored == upright:
        return None
    return "stored" if stated == stored else "upright" if stated == upright else None


def _scaled(box: Box, scale: tuple[float, float]) -> Box:
    return Box(box.x0 * scale[0], box.y0 * scale[1], box.x1 * scale[0], box.y1 * scale[1])


def _mismatch(image: LabelledImage, stated: Size, size: Size) -> str:
    swapped = " (width and height are swapped)" if stated == size[::-1] != size else ""
    name = f" of {image.named}" if image.named else ""
    return (
        f"{image.labels}: states the size {stated[0]} x {stated[1]}{name}, the picture is "
        f"{size[0]} x {size[1]}{swapped}"
    )


def _sizes_message(wrong: Sequence[str]) -> str:
    more = f"\n... and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    return "\n".join(wrong[:_NAMED]) + (
        f"{more}\nGive --stated-size scale if the boxes are pixels of the stated size, or "
        "--stated-size ignore if they are pixels of the pictures"
    )


def _exif_message(unclear: Sequence[LabelledImage]) -> str:
    first = unclear[0]
    return (
        f"{first.labels}: the EXIF orientation of {first.path} turns the picture, and the labels "
        "do not tell whether boxes lie on the stored or the upright one "
        f"({len(unclear)} pictures); give --exif stored or --exif upright"
    )
