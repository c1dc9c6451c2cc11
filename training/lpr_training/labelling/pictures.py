"""The pictures of label files: their paths, sizes and pixels."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote

from PIL import Image as PillowImage

from lpr.errors import SourceError
from lpr.source import PICTURE_SUFFIXES, first_picture
from lpr.source import orientation as exif
from lpr.source.file import read_head
from lpr.source.video_probe import detect_type
from lpr.types import Image
from lpr_training.labelling.values import LabelledImage, Size

# Folders of labels beside folders of pictures: Darknet's and those of the Pascal VOC sets.
_BESIDE = {"labels": "images", "Annotations": "JPEGImages"}


class Finder:
    """Finds the pictures of label files; lists each folder once."""

    def __init__(self) -> None:
        self._folders: dict[Path, dict[str, list[Path]]] = {}

    def find(self, labels: Path, named: str = "") -> Path | None:
        """The picture with the stem of ``labels``, or else the one called ``named``.

        Searches beside ``labels``, in ``images/`` there and above, and in the folder that mirrors
        the label's (``images/a/b.jpg`` for ``labels/a/b.txt``). Raises :class:`SourceError` if two
        pictures of a folder match.
        """
        folders = list(dict.fromkeys(_folders(labels.parent)))
        # The name that labelling programs store is often outdated.
        named = named_file(named)
        for stem in (labels.stem, Path(named).stem):
            for folder in folders:
                matching = self._pictures(folder).get(stem, []) if stem else []
                exact = [path for path in matching if path.name == Path(named).name]
                if len(exact or matching) > 1:
                    names = " and ".join(path.name for path in matching)
                    raise SourceError(
                        f"{labels}: {names} in {folder} have the same name; rename one"
                    )
                if matching:
                    return (exact or matching)[0]
        return None

    def _pictures(self, folder: Path) -> dict[str, list[Path]]:
        if folder not in self._folders:
            by_stem: dict[str, list[Path]] = {}
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if is_picture(path):
                    by_stem.setdefault(path.stem, []).append(path)
            self._folders[folder] = by_stem
        return self._folders[folder]


def _folders(parent: Path) -> Iterator[Path]:
    yield parent
    yield parent / "images"
    for labels, images in _BESIDE.items():
        yield parent.parent / images
        if labels in parent.parts:
            place = len(parent.parts) - 1 - parent.parts[::-1].index(labels)
            yield Path(*parent.parts[:place], images, *parent.parts[place + 1 :])


def is_picture(path: Path) -> bool:
    """Whether a file is a picture, by its suffix."""
    return path.suffix.lower() in PICTURE_SUFFIXES


def files_below(folder: Path) -> list[Path]:
    """The files in ``folder`` and below, sorted; hidden ones are skipped."""
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent) / name for name in names if not name.startswith(".")]
    return sorted(found)


def load_picture(path: Path) -> Image:
    """A picture, upright, as BGR ``H x W x 3``: of pages or of an animation, the first one.

    Raises :class:`SourceError`.
    """
    if detect_type(str(path), read_head(str(path))) == "video":
        raise SourceError(f"{path}: this is a video; name pictures")
    return first_picture(str(path))


def size_of(image: LabelledImage) -> Size:
    """Width and height by the labels, or else by the picture.

    Raises :class:`SourceError` if there is neither.
    """
    if image.size:
        return image.size
    if image.path is None:
        raise SourceError(
            f"{image.labels}: does not state the picture's size, and no picture of that name lies "
            "beside it or in ../images; put it there"
        )
    return exif.upright_size(*stored_form(image.path))


def stored_form(path: Path) -> tuple[int, int, int]:
    """Width and height of a picture's stored pixels, and its EXIF orientation (1 to 8).

    Only the header is read, where Pillow knows the format. Raises :class:`SourceError`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the size: nothing is decoded
            with PillowImage.open(path) as picture:
                data = picture.info.get("exif", b"")
                return *picture.size, exif.orientation_in(data)
    except (OSError, ValueError, SyntaxError, PillowImage.DecompressionBombError):
        return exif.stored_form(str(path))


def named_file(named: str) -> str:
    """The file name in a path or address as any program writes it: ``images\\a%20b.jpg`` gives
    ``a b.jpg``."""
    return PureWindowsPath(unquote(named)).name
