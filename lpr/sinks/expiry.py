"""How much evidence is kept, and for how long (``--evidence-keep``)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lpr.errors import OutputError

PLATE_SUFFIX = "-plate"
"""Ends the name, without ``.jpg``, of the picture of a sighting's plate."""

_BYTES = {unit: 1000**power for power, unit in enumerate(("KB", "MB", "GB", "TB"), 1)}
_BYTES |= {unit: 1024**power for power, unit in enumerate(("KIB", "MIB", "GIB", "TIB"), 1)}
_SECONDS = {"H": 3600, "D": 86_400, "W": 7 * 86_400}
# A picture of a plate that EvidenceFolder named: camera, perhaps time, six digits of the number.
_NAME = re.compile(rf".+-\d{{6,}}(-\d+)?{PLATE_SUFFIX}\.jpg")
_INTERVAL = 60.0  # Seconds between two looks at the ages
_RESCAN = 3600.0  # Seconds after which the folder is read again: another watch may write to it
_ABANDONED = 86_400.0  # Seconds after which a temporary folder has no owner: a write takes less


@dataclass(frozen=True, slots=True)
class Retention:
    """At most so many ``size`` bytes, and nothing older than ``age`` seconds; None is no bound."""

    size: float | None = None
    age: float | None = None

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Retention | None:
        """Bounds such as ``10GB`` and ``30d``; of several of a kind, the least. None without any.

        Raises ``ValueError`` for other texts.
        """
        sizes: list[float] = []
        ages: list[float] = []
        for text in (part for each in texts for part in re.split("[,|]", each)):
            match = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([A-Za-z]{1,3})\s*", text)
            unit = match[2].upper() if match else ""
            bounds = sizes if unit in _BYTES else ages if unit in _SECONDS else None
            amount = float(match[1]) * (_BYTES | _SECONDS).get(unit, 0) if match else 0.0
            if bounds is None or amount <= 0:
                raise ValueError(
                    f"{text!r} is neither a size, such as 10GB or 500MB, nor an age, such as 30d, "
                    "12h or 4w"
                )
            bounds.append(amount)
        if not texts:
            return None
        return cls(min(sizes, default=None), min(ages, default=None))


@dataclass(slots=True)
class _Pictures:
    """The files of one sighting: their size in bytes, the time of the last change."""

    files: tuple[Path, ...]
    size: int
    changed: float


class Expiry:
    """Removes the oldest evidence from ``folder``, beyond what ``keep`` allows.

    Only pictures that a watch named are removed, the frame and the plate of a sighting together. A
    bound on the size leaves those of the last sighting.
    """

    def __init__(self, folder: Path, keep: Retention) -> None:
        self._folder = folder
        self._keep = keep
        self._known: dict[Path, _Pictures] = {}
        self._scanned = self._ran = float("-inf")

    def add(self, files: Iterable[Path]) -> None:
        """Count new files; the next :meth:`run` removes what is too much."""
        for file in files:
            if _NAME.fullmatch(file.name):
                self._look_at(file)
        self._ran = float("-inf")

    @property
    def due(self) -> bool:
        """Whether to call :meth:`run`: files were added, or a minute has passed."""
        return time.monotonic() - self._ran >= _INTERVAL

    def run(self) -> None:
        """Remove what is too old or too much.

        Raises :class:`lpr.errors.OutputError` if a file cannot be removed.
        """
        clock = time.monotonic()
        self._ran = clock
        if clock - self._scanned >= _RESCAN:
            self._scanned = clock
            self._scan()
        oldest = sorted(self._known.items(), key=lambda item: item[1].changed)
        total = sum(pictures.size for _, pictures in oldest)
        limit = float("-inf") if self._keep.age is None else time.time() - self._keep.age
        for key, pictures in oldest[:-1] if oldest else ():
            too_much = self._keep.size is not None and total > self._keep.size
            if not too_much and pictures.changed >= limit:
                break
            self._remove(pictures)
            del self._known[key]
            total -= pictures.size
        if oldest and oldest[-1][1].changed < limit:
            self._remove(oldest[-1][1])
            self._known.pop(oldest[-1][0], None)

    def _scan(self) -> None:
        self._known = {}
        for file in list(self._folder.iterdir()):
            if _NAME.fullmatch(file.name):
                self._look_at(file)
            elif file.name.startswith(".lpr-") and file.is_dir():
                self._clear(file)

    def _look_at(self, plate: Path) -> None:
        frame = plate.with_name(plate.name.replace(f"{PLATE_SUFFIX}.jpg", ".jpg"))
        found = []
        for file in (frame, plate):
            with suppress(OSError):
                found.append((file, file.stat()))
        if found:
            self._known[plate] = _Pictures(
                tuple(file for file, _ in found),
                sum(status.st_size for _, status in found),
                max(status.st_mtime for _, status in found),
            )

    @staticmethod
    def _clear(folder: Path) -> None:
        """Remove what a killed watch was writing."""
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _ABANDONED:
                for file in folder.iterdir():
                    file.unlink()
                folder.rmdir()

    @staticmethod
    def _remove(pictures: _Pictures) -> None:
        for file in pictures.files:
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                raise OutputError(f"{file}: cannot be removed: {error.strerror}") from error
