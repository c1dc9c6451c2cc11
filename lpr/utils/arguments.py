"""Checks of arguments: a value of another type is refused at once, by the argument's name."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, NoReturn

import numpy as np

from lpr.types import AnyImage, Image


def expect(name: str, value: object, kinds: type | tuple[type, ...], words: str) -> None:
    """Raise ``TypeError`` unless ``value`` is of one of ``kinds``; a bool is no number here."""
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        refuse(name, words, value)


def refuse(name: str, words: str, value: object) -> NoReturn:
    raise TypeError(f"{name} has to be {words}, not {reprlib.repr(value)}")


def expect_number(name: str, value: object) -> None:
    expect(name, value, Real, "a number")


def expect_integer(name: str, value: object) -> None:
    expect(name, value, Integral, "a whole number")


def expect_pair(name: str, value: object) -> tuple[Any, Any]:
    if not isinstance(value, Iterable) or isinstance(value, str) or len(pair := list(value)) != 2:
        refuse(name, "a pair", value)
    return pair[0], pair[1]


def expect_all(name: str, values: Iterable[Any], kind: type, words: str) -> list[Any]:
    """The ``values`` as a list; raises ``TypeError`` unless they are an iterable of ``kind``."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        refuse(name, words, values)
    checked = list(values)
    for value in checked:
        expect(f"each of {name}", value, kind, f"a {kind.__name__}")
    return checked


def check_uint8(image: object) -> None:
    """Raise ``TypeError`` for what is no array of bytes, and therefore no picture."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        given = getattr(image, "dtype", type(image).__name__)
        raise TypeError(
            f"a picture has to be a uint8 array, not {given}; lpr.imread(path) gives one"
        )


def as_picture(image: AnyImage) -> Image:
    """Check that ``image`` is BGR ``uint8``; copy it if the bytes of a pixel are not contiguous.

    Raises ``TypeError`` or ``ValueError`` for anything else.
    """
    check_uint8(image)
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(
            f"a picture has to be H x W x 3 (BGR) with at least one pixel, not {image.shape}; "
            "lpr.imread(path) gives one"
        )
    # Views such as rgb[:, :, ::-1] are common and need a copy; windows of a picture do not.
    contiguous = image.strides[1:] == (3, 1) and image.strides[0] >= 3 * image.shape[1]
    return image if contiguous else np.ascontiguousarray(image)
