"""Writing files, with errors that name them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2

from lpr.errors import OutputError
from lpr.types import Image
from lpr.utils.files import write_atomically


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` in the block into an :class:`OutputError` that names the file."""
    try:
        yield
    except OSError as error:
        name = error.filename2 or error.filename or path
        raise OutputError(f"{name}: cannot be written ({error.strerror or error})") from error


def write_text(path: Path, text: str) -> None:
    """Write a file as UTF-8, whole or not at all, and make its folder."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(path) as part:
            part.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Any) -> None:
    """Write JSON as :func:`write_text` does."""
    write_text(path, json.dumps(content, indent=1) + "\n")


def write_picture(path: Path, image: Image) -> None:
    """Write a picture (BGR, ``H x W x 3``) in the format of its suffix into an existing folder.

    JPEG files have OpenCV's default quality of 95.
    """
    _, data = cv2.imencode(path.suffix, image)
    with writing(path):
        path.write_bytes(data.tobytes())
