"""Model folders: a ``model.toml`` and the files that it names (docs/models.md).

:func:`load_model` verifies the SHA-256 of every file, so a damaged or exchanged file is an error
and never a wrong reading.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path, PurePath
from typing import Any, TypeVar

from lpr.errors import ModelError
from lpr.specs import CtcSpec, DetectorModel, DetectorSpec, RecognizerModel
from lpr.specs.calibration import Calibration
from lpr.specs.plate_attributes import LENGTH
from lpr.utils.external_data import has_external_data
from lpr.utils.packages import package_folders
from lpr.utils.toml import build, parse_toml, to_toml

SCHEMA = 1
DEFAULT_MODEL = "tw-light"
PACKS = "lpr.models"
"""The entry point group of model packs."""
SHIPPED = Path(__file__).parent / "weights"
"""The folder of the models that lpr contains."""

MAX_INPUT_SIDE = 8192
"""Pixels of a network's input on a side: a misprint must not exhaust the memory."""

_Spec = TypeVar("_Spec", DetectorSpec, CtcSpec)


@dataclass(frozen=True, slots=True)
class Model:
    """The content of a model folder: a detector, a recognizer or both.

    ``regions`` are codes of :class:`lpr.regions.Region`, ``sha256`` the hashes by file name.
    Instead of a Darknet detector there may be a ``plugged_detector``: the name of a plugin's and
    its file, as ``--detector`` takes them (``yolo-onnx:/models/mine/best.onnx``).
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
    plugged_detector: str = ""

    @property
    def detector(self) -> DetectorModel:
        """The Darknet detector; raises :class:`ModelError` if there is none."""
        if self.plugged_detector:
            name = self.plugged_detector.partition(":")[0]
            raise ModelError(f"{self.name} has the detector of the plugin {name}, no Darknet one")
        if self.detector_part is None:
            raise ModelError(f"{self.name} holds no detector: use it with --recognizer {self.name}")
        return self.detector_part

    @property
    def recognizer(self) -> RecognizerModel:
        """The recognizer; raises :class:`ModelError` if there is none."""
        if self.recognizer_part is None:
            raise ModelError(
                f"{self.name} holds no recognizer: choose one with --recognizer, "
                "such as another model's"
            )
        return self.recognizer_part


def installed_models() -> dict[str, Path]:
    """The folders of the shipped models and of installed model packs, by the models' names, sorted.

    A model pack is a distribution with an entry point in the group ``lpr.models``, which has the
    model's name; its value is the package whose folder is the model folder. Nothing is imported.
    """
    folders = {path.parent.name: path.parent for path in SHIPPED.glob("*/model.toml")}
    for point in entry_points(group=PACKS):
        folder = _pack_folder(point)
        if folder is not None:
            folders.setdefault(point.name, folder)
    return dict(sorted(folders.items()))


def _pack_folder(point: EntryPoint) -> Path | None:
    folders = package_folders(point.value)
    return next((folder for folder in folders if (folder / "model.toml").is_file()), None)


def is_model(name: str) -> bool:
    """Whether ``name`` is an installed model's, or a folder with a ``model.toml``."""
    return name in installed_models() or (Path(name) / "model.toml").is_file()


def locate_model(name: str) -> Path:
    """The folder of an installed model, by its name, or a model folder itself, by its path.

    Raises :class:`ModelError` if there is no such model.
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
    """Read and verify an installed model or a model folder.

    Raises :class:`ModelError` if it is missing, malformed or damaged.
    """
    model = read_model(locate_model(name))
    problems = verify(model)
    if problems:
        raise ModelError("; ".join(problems))
    return model


def verify(model: Model) -> list[str]:
    """The problems with a model's files, one sentence each; empty if there are none."""
    return [problem for name in model.sha256 if (problem := _file_problem(model, name))]


def _file_problem(model: Model, name: str) -> str | None:
    path = model.folder / name
    if not path.is_file():
        return f"{path} is missing: model.toml names it; install the model again"
    try:
        actual, expected = sha256(path), model.sha256[name]
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}"
    if actual != expected:
        return (
            f"{path} is damaged or was exchanged: its SHA-256 is {actual[:12]}..., model.toml says "
            f"{expected[:12]}...; install the model again"
        )
    try:
        if path in _onnx_files(model) and has_external_data(path.read_bytes()):
            return (
                f"{path} keeps its weights in another file, which no hash covers: store them in "
                "it, as onnx.save_model does by default"
            )
    except ModelError as error:
        return f"{path}: {error}"
    return None


def _onnx_files(model: Model) -> set[Path]:
    """The files that a runtime may open as ONNX: those that are said to be, and ``*.onnx``."""
    files = {model.folder / name for name in model.sha256 if name.lower().endswith(".onnx")}
    if model.recognizer_part is not None and model.recognizer_part.format == "onnx":
        files.add(model.recognizer_part.file)
    return files


def sha256(path: Path) -> str:
    """The SHA-256 of a file as lower-case hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_model(folder: Path) -> Model:
    """Read a ``model.toml`` without verifying its files; raises :class:`ModelError`."""
    path = str(folder / "model.toml")
    tables = read_tables(folder)
    if tables.get("schema", SCHEMA) != SCHEMA:
        words = f"schema {tables['schema']} is unknown to this lpr, which reads {SCHEMA}"
        raise ModelError(f"{path}: {words}")
    top = build(_Tables, tables, path, error=ModelError)
    plugged, detector = "", None
    if top.detector is not None and "plugin" in top.detector:
        table = build(_PluggedTable, top.detector, path, "detector", error=ModelError)
        plugged = f"{table.plugin}:{folder / table.file}"
    elif top.detector is not None:
        detector = _detector(folder, path, top.detector)
    recognizer = None if top.recognizer is None else _recognizer(folder, path, top.recognizer)
    if top.detector is None and recognizer is None:
        raise ModelError(f"{path}: has neither [detector] nor [recognizer]")
    for file in top.sha256:
        if not _is_inside(file):
            raise ModelError(f"{path}: [sha256] names {file!r}, which is not in the model's folder")
    for file in _files(tables):
        if file not in top.sha256:
            raise ModelError(f"{path}: [sha256] does not state the hash of {file}")
    return Model(
        name=top.name,
        version=top.version,
        description=top.description,
        licence=top.licence,
        regions=top.regions,
        folder=folder,
        detector_part=detector,
        recognizer_part=recognizer,
        sha256={name: digits.lower() for name, digits in top.sha256.items()},
        plugged_detector=plugged,
    )


def read_tables(folder: Path) -> dict[str, Any]:
    """The tables of a ``model.toml`` for :func:`write_model`, unchecked, under their current keys.

    Raises :class:`ModelError` for a file that is missing or no TOML.
    """
    path = folder / "model.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: {error}") from error
    return _renamed(parse_toml(text, str(path), ModelError))


def write_model(folder: Path, tables: Mapping[str, Any]) -> Model:
    """Write ``folder/model.toml``, read it back and return the model.

    ``tables`` is its content (docs/models.md) except for ``schema`` and ``[sha256]``, which are
    filled in: the hashes of the files in ``folder`` that ``[detector]`` and ``[recognizer]`` name.
    Raises :class:`ModelError` for invalid tables.
    """
    path = folder / "model.toml"
    content = _renamed({"schema": SCHEMA, **tables})
    files = [name for name in _files(content) if (folder / name).is_file()]
    content["sha256"] = {name: sha256(folder / name) for name in files}
    path.write_text("\n".join(to_toml(content)) + "\n", encoding="utf-8")
    return read_model(folder)


def _files(tables: Mapping[str, Any]) -> list[str]:
    """The names of a model's files besides ``model.toml``."""
    places = (
        *(("detector", "cfg"), ("detector", "weights"), ("detector", "file")),
        ("recognizer", "file"),
    )
    return [tables[part][key] for part, key in places if key in tables.get(part, {})]


def _renamed(tables: dict[str, Any]) -> dict[str, Any]:
    """The tables with lpr 0.1's keys renamed; a key that has its new name already counts."""
    for part, old, new in _OLD_KEYS:
        table = tables.get(part)
        if isinstance(table, dict) and old in table:
            table = {new if key == old else key: value for key, value in table.items()} | table
            tables = tables | {part: {key: value for key, value in table.items() if key != old}}
    return tables


_OLD_KEYS = (("detector", "sure", "accept_threshold"), ("recognizer", "odds", "grammar_odds"))


@dataclass(frozen=True, kw_only=True)
class _Tables:
    """A ``model.toml``. ``training`` and ``figures`` are records of the training, unused here."""

    schema: int
    name: str
    version: str
    description: str
    licence: str
    regions: tuple[str, ...]
    sha256: dict[str, str]
    detector: dict[str, Any] | None = None
    recognizer: dict[str, Any] | None = None
    training: dict[str, Any] | None = None
    figures: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class _DetectorTable(DetectorSpec):
    """The table ``[detector]``."""

    cfg: str
    weights: str
    precision: str = ""

    def __post_init__(self) -> None:
        _expect_input_size(self)
        _expect_file_names(cfg=self.cfg, weights=self.weights)
        _expect("channels", self.channels != "gray", "be one of rgb, bgr")
        for key in ("threshold", "nms", "accept_threshold"):
            _expect(key, 0 <= getattr(self, key) <= 1, "lie in 0..1")


@dataclass(frozen=True, kw_only=True)
class _PluggedTable:
    """The table ``[detector]`` of a plugin's detector."""

    plugin: str
    file: str

    def __post_init__(self) -> None:
        _expect_file_names(file=self.file)


@dataclass(frozen=True, kw_only=True)
class _RecognizerTable(CtcSpec):
    """The table ``[recognizer]``."""

    file: str
    format: str
    min_confidence: float = 0.0
    grammar_odds: float = 1.0
    precision: str = ""
    calibration: dict[str, float] | None = None

    def __post_init__(self) -> None:
        _expect_input_size(self)
        _expect_file_names(file=self.file)
        characters = len(self.alphabet)
        legal = re.fullmatch("[A-Z0-9]+", self.alphabet) and len(set(self.alphabet)) == characters
        _expect("alphabet", bool(legal), "hold letters of A-Z and digits, each once")
        in_alphabet = 0 <= self.blank <= characters
        _expect("blank", in_alphabet, f"lie in 0..{characters}, the alphabet's length")
        _expect("crop_margin", -0.5 < self.crop_margin <= 10, "lie above -0.5 and not above 10")
        _expect("dropped_steps", self.dropped_steps >= 0, "not be negative")
        _expect("std", self.std > 0, "be above 0")
        _expect("min_confidence", 0 <= self.min_confidence <= 1, "lie in 0..1")
        _expect("grammar_odds", self.grammar_odds >= 1, "be at least 1")
        room = self.dropped_steps >= 1 and self.classes >= LENGTH
        needs = f"have a dropped step and at least {LENGTH - 1} characters"
        _expect("summary", room or not self.summary, needs)


def _detector(folder: Path, path: str, content: dict[str, Any]) -> DetectorModel:
    table = build(_DetectorTable, content, path, "detector", error=ModelError)
    return DetectorModel(
        folder / table.cfg, folder / table.weights, _part(DetectorSpec, table), table.precision
    )


def _recognizer(folder: Path, path: str, content: dict[str, Any]) -> RecognizerModel:
    required = {field.name for field in fields(CtcSpec)} - {"summary"}
    table = build(
        _RecognizerTable, content, path, "recognizer", required=required, error=ModelError
    )
    return RecognizerModel(
        folder / table.file,
        table.format,
        _part(CtcSpec, table),
        table.min_confidence,
        table.grammar_odds,
        table.precision,
        None if table.calibration is None else _calibration(path, table.calibration),
    )


def _calibration(path: str, content: dict[str, Any]) -> Calibration:
    names = [field.name for field in fields(Calibration)]
    section = "recognizer.calibration"
    curve = build(Calibration, content, path, section, required=names, error=ModelError)
    for key in ("text", "character"):
        if getattr(curve, key) <= 0:
            words = f"{key} has to be above 0: a higher score must give a higher confidence"
            raise ModelError(f"{path}: [{section}] {words}")
    return curve


def _part(kind: type[_Spec], table: _Spec) -> _Spec:
    """The ``kind`` that ``table`` extends, with its values."""
    return kind(**{field.name: getattr(table, field.name) for field in fields(kind)})


def _expect_input_size(spec: DetectorSpec | CtcSpec) -> None:
    for key in ("width", "height"):
        within = 1 <= getattr(spec, key) <= MAX_INPUT_SIDE
        _expect(key, within, f"lie in 1..{MAX_INPUT_SIDE}")


def _expect_file_names(**names: str) -> None:
    for key, name in names.items():
        plain = PurePath(name).name == name and _is_inside(name)
        _expect(key, plain, "be the name of a file in the model's own folder")


def _is_inside(name: str) -> bool:
    """Whether a relative path stays in its folder, whatever the folder holds."""
    path = PurePath(name)
    return (
        path.parts != () and not path.is_absolute() and ".." not in path.parts and "\0" not in name
    )


def _expect(key: str, fits: bool, words: str) -> None:
    if not fits:
        raise ValueError(f"{key} has to {words}")
