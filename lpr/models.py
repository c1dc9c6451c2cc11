"""Model folders: a ``model.toml`` beside the files that it names (docs/models.md).

A model is loaded only when every file is there with the SHA-256 that ``model.toml`` states, so a
damaged or exchanged file is an error and never a wrong reading.
"""

from __future__ import annotations

import hashlib
import math
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from lpr.errors import ModelError
from lpr.specs import (
    Channels,
    CtcSpec,
    DetectorModel,
    DetectorSpec,
    InputShape,
    RecognizerModel,
    Resize,
)
from lpr.specs.calibration import Calibration
from lpr.specs.plate_attributes import LENGTH

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SCHEMA = 1
DEFAULT_MODEL = "tw-light"
PACKS = "lpr.models"
"""The entry point group of model packs."""
SHIPPED = Path(__file__).parent / "weights"

# Of a network's input, in pixels: a slip of the pen must not ask for all memory.
_LARGEST = 8192

# How a tensor of an ONNX file names another file that holds its numbers: the external_data of a
# TensorProto.
_EXTERNAL = b"\x0a\x08location\x12"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Model:
    """A model folder, read and checked. ``regions`` holds codes of :class:`lpr.regions.Region`.

    A folder may hold a detector, a recognizer or both.
    """

    name: str
    version: str
    description: str
    licence: str
    regions: tuple[str, ...]
    folder: Path
    detector_part: DetectorModel | None
    recognizer_part: RecognizerModel | None
    sha256: Mapping[str, str]

    @property
    def detector(self) -> DetectorModel:
        """Raises :class:`ModelError` where the folder holds none."""
        if self.detector_part is None:
            raise ModelError(
                f"{self.name} holds no detector: read with it by --recognizer {self.name}"
            )
        return self.detector_part

    @property
    def recognizer(self) -> RecognizerModel:
        """Raises :class:`ModelError` where the folder holds none."""
        if self.recognizer_part is None:
            raise ModelError(
                f"{self.name} holds no recognizer: choose one with --recognizer, "
                "such as another model's"
            )
        return self.recognizer_part


def installed_models() -> dict[str, Path]:
    """The folders of the models that have a name: those that lpr carries and those of installed
    model packs, sorted.

    A model pack is a distribution with an entry point in the group ``lpr.models``: its name is the
    model's, its value the package whose folder is the model folder. Nothing of it is imported.
    """
    found = {path.parent.name: path.parent for path in SHIPPED.glob("*/model.toml")}
    for point in entry_points(group=PACKS):
        folder = _pack_folder(point)
        if folder is not None:
            found.setdefault(point.name, folder)
    return dict(sorted(found.items()))


def _pack_folder(point: EntryPoint) -> Path | None:
    try:
        spec = find_spec(point.value)
    except (ImportError, ValueError):
        return None
    places = (spec.submodule_search_locations or ()) if spec else ()
    return next((Path(p) for p in places if (Path(p) / "model.toml").is_file()), None)


def is_model(name: str) -> bool:
    """Whether it is an installed model's name or a folder with a ``model.toml``."""
    return name in installed_models() or (Path(name) / "model.toml").is_file()


def locate_model(name: str) -> Path:
    """The folder of an installed model's name or of a path to a model folder.

    Raises :class:`ModelError` where there is no such model.
    """
    installed = installed_models()
    if name in installed:
        return installed[name]
    if (Path(name) / "model.toml").is_file():
        return Path(name)
    known = ", ".join(installed) or "none"
    raise ModelError(
        f"no model {name!r}: it is neither an installed model ({known}) "
        "nor a folder that holds a model.toml"
    )


def load_model(name: str = DEFAULT_MODEL) -> Model:
    """Read and verify a model, by its name or its folder's path; raises :class:`ModelError`."""
    model = read_model(locate_model(name))
    problems = verify(model)
    if problems:
        raise ModelError("; ".join(problems))
    return model


def verify(model: Model) -> list[str]:
    """What is wrong with a model's files, one sentence each; empty when all is well."""
    return [problem for name in model.sha256 if (problem := _file_problem(model, name))]


def _file_problem(model: Model, name: str) -> str | None:
    path = model.folder / name
    if not path.is_file():
        return f"{path} is missing: model.toml names it; install the model again"
    if path.suffix == ".onnx" and _EXTERNAL in path.read_bytes():
        return (
            f"{path} keeps numbers in another file, which no hash covers: store them in it "
            "(onnx.save_model does, unless it is told otherwise)"
        )
    found = sha256(path)
    if found != model.sha256[name]:
        return (
            f"{path} is damaged or was exchanged: its SHA-256 is {found[:12]}..., model.toml says "
            f"{model.sha256[name][:12]}...; install the model again"
        )
    return None


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in lower-case hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_model(folder: Path) -> Model:
    """Read a ``model.toml`` without verifying its files; raises :class:`ModelError`."""
    path = folder / "model.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path}: {error}") from error
    top = _Table(path, "", content)
    schema = top.value("schema", int)
    if schema != SCHEMA:
        raise ModelError(f"{path}: schema {schema} is not known to this lpr (it reads {SCHEMA})")
    hashes = top.table("sha256")
    model = Model(
        name=top.value("name", str),
        version=top.value("version", str),
        description=top.value("description", str),
        licence=top.value("licence", str),
        regions=tuple(str(code) for code in top.value("regions", list)),
        folder=folder,
        detector_part=_detector(folder, top.table("detector")) if "detector" in content else None,
        recognizer_part=_recognizer(folder, top.table("recognizer"))
        if "recognizer" in content
        else None,
        sha256={name: hashes.value(name, str).lower() for name in hashes.content},
    )
    # Free-form records of how the weights were made; nothing here reads them.
    top.known.update({"training", "figures"})
    top.refuse_unknown()
    files: list[Path] = []
    if model.detector_part:
        files += [model.detector_part.cfg, model.detector_part.weights]
    if model.recognizer_part:
        files.append(model.recognizer_part.file)
    if not files:
        raise ModelError(f"{path}: neither [detector] nor [recognizer] is there")
    for file in files:
        if file.name not in model.sha256:
            raise ModelError(f"{path}: [sha256] does not state the hash of {file.name}")
    return model


def _detector(folder: Path, table: _Table) -> DetectorModel:
    model = DetectorModel(
        cfg=folder / table.file("cfg"),
        weights=folder / table.file("weights"),
        spec=DetectorSpec(
            width=table.positive("width"),
            height=table.positive("height"),
            resize=cast(InputShape, table.choice("resize", get_args(InputShape))),
            channels=cast(Channels, table.choice("channels", ("rgb", "bgr"))),
            threshold=table.fraction("threshold"),
            nms=table.fraction("nms"),
            sure=table.fraction("sure", default=1.0),
        ),
        precision=table.word("precision"),
    )
    table.refuse_unknown()
    return model


def _recognizer(folder: Path, table: _Table) -> RecognizerModel:
    alphabet = table.value("alphabet", str)
    model = RecognizerModel(
        file=folder / table.file("file"),
        format=table.value("format", str),
        spec=CtcSpec(
            alphabet=alphabet,
            blank=table.value("blank", int),
            width=table.positive("width"),
            height=table.positive("height"),
            resize=cast(Resize, table.choice("resize", get_args(Resize))),
            channels=cast(Channels, table.choice("channels", get_args(Channels))),
            dropped_steps=table.value("dropped_steps", int),
            crop_margin=table.number("crop_margin"),
            mean=table.number("mean"),
            std=table.number("std"),
            summary=table.flag("summary"),
        ),
        min_confidence=table.fraction("min_confidence", default=0.0),
        odds=table.number("odds", default=1.0),
        precision=table.word("precision"),
        calibration=_calibration(table.table("calibration"))
        if "calibration" in table.content
        else None,
    )
    table.refuse_unknown()
    if model.spec.summary and (model.spec.dropped_steps < 1 or model.spec.classes < LENGTH):
        table.fail("summary", f"have a dropped step and at least {LENGTH - 1} characters")
    if not 0 <= model.spec.blank <= len(alphabet):
        table.fail("blank", f"lie in 0..{len(alphabet)}, the alphabet's length")
    if not re.fullmatch("[A-Z0-9]+", alphabet) or len(set(alphabet)) != len(alphabet):
        table.fail("alphabet", "hold letters of A-Z and digits, each once")
    if not -0.5 < model.spec.crop_margin <= 10:
        table.fail("crop_margin", "lie above -0.5 and not above 10")
    if model.spec.dropped_steps < 0:
        table.fail("dropped_steps", "not be negative")
    if model.odds < 1:
        table.fail("odds", "be at least 1")
    if model.spec.std <= 0:
        table.fail("std", "be above 0")
    return model


def _calibration(table: _Table) -> Calibration:
    curve = Calibration(**{f.name: table.number(f.name) for f in fields(Calibration)})
    table.refuse_unknown()
    for name in ("text", "character"):
        if getattr(curve, name) <= 0:
            table.fail(name, "be above 0: more certain is more likely right")
    return curve


class _Table:
    """A TOML table whose errors name the file, the key and what was expected."""

    def __init__(self, path: Path, name: str, content: Mapping[str, Any]) -> None:
        self.path, self.name, self.content = path, name, content
        self.known: set[str] = set()

    def value(self, key: str, kind: type[T] | tuple[type[T], ...]) -> T:
        self.known.add(key)
        if key not in self.content:
            self.fail(key, "be given")
        value = self.content[key]
        kinds = kind if isinstance(kind, tuple) else (kind,)
        # A TOML boolean is a Python int: true is no width.
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self.fail(key, f"be of type {' or '.join(k.__name__ for k in kinds)}")
        return cast(T, value)

    def positive(self, key: str) -> int:
        number = self.value(key, int)
        if not 0 < number <= _LARGEST:
            self.fail(key, f"lie in 1..{_LARGEST}")
        return number

    def number(self, key: str, default: float | None = None) -> float:
        if default is not None and key not in self.content:
            return default
        number = float(self.value(key, (int, float)))
        if not math.isfinite(number):
            self.fail(key, "be a finite number")
        return number

    def file(self, key: str) -> str:
        name = self.value(key, str)
        if Path(name).name != name:
            self.fail(key, "be the name of a file in the model's own folder")
        return name

    def fraction(self, key: str, default: float | None = None) -> float:
        if default is not None and key not in self.content:
            return default
        number = self.number(key)
        if not 0 <= number <= 1:
            self.fail(key, "lie in 0..1")
        return number

    def word(self, key: str) -> str:
        """May be left out, and is empty then."""
        self.known.add(key)
        return self.value(key, str) if key in self.content else ""

    def flag(self, key: str) -> bool:
        """May be left out, and is false then."""
        self.known.add(key)
        return self.value(key, bool) if key in self.content else False

    def choice(self, key: str, choices: Iterable[str]) -> str:
        value = self.value(key, str)
        if value not in choices:
            self.fail(key, f"be one of {', '.join(choices)}")
        return value

    def table(self, key: str) -> _Table:
        name = f"{self.name}.{key}" if self.name else key
        return _Table(self.path, name, cast("dict[str, Any]", self.value(key, dict)))

    def refuse_unknown(self) -> None:
        for key in self.content:
            if key not in self.known:
                self.fail(key, "not be there: this lpr does not know it")

    def fail(self, key: str, expected: str) -> None:
        place = f"[{self.name}] {key}" if self.name else key
        raise ModelError(f"{self.path}: {place} has to {expected}")
