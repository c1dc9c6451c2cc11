"""What an export says about itself: Ultralytics writes it into the ONNX file's metadata."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lpr.errors import ModelError

IMAGE_SIZE = 640
"""Sides of the input in pixels where neither the file's input nor its metadata says so."""

STRIDE = 32
"""Pixels of the input to a cell of the coarsest grid; an input's sides are multiples of it."""

_SHOWN = 10  # Names of classes in a message


@dataclass(frozen=True, slots=True)
class Metadata:
    """``names`` of the classes by their numbers, ``task`` (``detect``, ``obb``, ``pose``,
    ``segment``; empty if unstated), ``width`` and ``height`` of the training's pictures,
    ``keypoints`` (number, values of each), and whether it is an RT-DETR."""

    names: Mapping[int, str]
    task: str
    width: int
    height: int
    stride: int
    keypoints: tuple[int, int]
    rtdetr: bool

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Metadata:
        """The metadata of a file; what it does not state, or not legibly, has a default."""
        names = _value(texts, "names")
        if isinstance(names, (list, tuple)):
            names = dict(enumerate(names))
        sides = _numbers(_value(texts, "imgsz"), 2) or (IMAGE_SIZE, IMAGE_SIZE)
        described = texts.get("description", "").lower().replace("-", "")
        stride = _numbers([_value(texts, "stride")], 1) or (STRIDE,)
        keypoints = _numbers(_value(texts, "kpt_shape"), 2) or (0, 0)
        return cls(
            {int(k): str(v) for k, v in names.items()} if isinstance(names, dict) else {},
            texts.get("task", ""),
            sides[1],
            sides[0],
            stride[0],
            (keypoints[0], keypoints[1]),
            "rtdetr" in described,
        )

    def classes(self, asked: Sequence[str], count: int | None, file: object) -> list[int]:
        """The numbers of the classes that are plates: those ``asked`` for, by name or number; else
        those that are called plates; else the only one. ``count`` is the number of classes.

        Raises :class:`ModelError` if that leaves none.
        """
        if not asked:
            plates = [n for n, name in self.names.items() if _is_plate(name)]
            if len(self.names) == 1 or count == 1:
                return [0]
            if plates:
                return plates
            reason = "none of its classes is called a plate" if self.names else "it names no class"
            raise ModelError(f"{file}: {reason}; say which, as in {file}@{self._example()}")
        known = {name.lower(): number for number, name in self.names.items()}
        numbers = []
        for each in (text.strip() for text in asked):
            number = known.get(each.lower(), int(each) if each.isdecimal() else -1)
            if number < 0 or (self.names and number not in self.names):
                raise ModelError(f"{file}: has no class {each!r}; it has {self._listed()}")
            numbers.append(number)
        return numbers

    def _listed(self) -> str:
        names = list(self.names.values())
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return ", ".join(names[:_SHOWN]) + more

    def _example(self) -> str:
        return f"CLASS (it has {self._listed()})" if self.names else "0, the first"


def _is_plate(name: str) -> bool:
    letters = "".join(filter(str.isalpha, name.lower()))
    return "plate" in letters or letters in ("lp", "anpr", "alpr")


def _value(texts: Mapping[str, str], key: str) -> Any:
    """The Python literal of a key; None without it or if it is none."""
    try:
        return ast.literal_eval(texts[key])
    except (KeyError, ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _numbers(value: Any, count: int) -> tuple[int, ...] | None:
    """``count`` positive whole numbers; None for anything else."""
    good = isinstance(value, (list, tuple)) and len(value) == count
    if not good or not all(type(each) is int and each > 0 for each in value):
        return None
    return tuple(value)
