"""Detectors that are no Darknet, and objects in the place of names."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import lpr
from lpr import Box, Crop, Detection, Image, Reading, Sweep, models
from lpr.detection.plugged_detector import PluggedDetector
from lpr.errors import BackendError, CalibrationError, PluginError
from lpr.loading import load_pool
from lpr.specs import CtcSpec
from lpr.types import Float32
from tests.cli.run import CAR
from tests.cli.run import lpr as run
from tests.cli.test_plugins import install_plugin
from tests.samples import FixedText, grey

CAR_PLATE = Box(376, 382, 531, 455)


class Finder:
    """Finds the plates that it is told, in every picture; each box with its confidence."""

    def __init__(self, *found: tuple[Box, float]) -> None:
        self.found = found or ((CAR_PLATE, 0.9),)
        self.closed = False
        self.shapes: list[tuple[int, ...]] = []

    def find(self, images: Sequence[Image]) -> list[list[Detection]]:
        self.shapes += [image.shape for image in images]
        return [[Detection(box, box.quad, c) for box, c in self.found] for _ in images]

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def car() -> Image:
    return cv2.imread(str(CAR))  # type: ignore[return-value]


def test_an_object_finds_and_the_model_reads(car: Image) -> None:
    finder = Finder()
    with lpr.load(detector=finder, backend="cpu") as reader:
        (plate,) = reader.read(car)
    assert plate.text == "BGT6175"
    assert not finder.closed, "whoever opened it closes it"


SMALL, WEAK = Box(20, 20, 60, 34), Box(50, 50, 90, 60)


def test_the_threshold_is_the_objects_own_or_the_one_asked_for() -> None:
    finder, picture = Finder((SMALL, 0.6), (WEAK, 0.2)), grey(100, 200)
    for own, asked, expected in [
        (None, None, [0.6]),
        (0.1, None, [0.6, 0.2]),
        (0.1, 0.3, [0.6]),
        (None, 0.7, []),
        (None, Sweep(0.9, 0.1, 0.1), [0.6]),
        (0.1, Sweep(0.9, 0.7, 0.1), []),
    ]:
        finder.threshold = own  # type: ignore[attr-defined]
        with lpr.load(detector=finder, recognizer=FixedText(), threshold=asked) as reader:
            assert [d.confidence for d in reader.find(picture)] == expected
            assert len(reader.find(picture, threshold=0.0)) == 2


def test_what_is_accepted_however_it_reads_is_the_objects_own() -> None:
    finder, doubtful = Finder((SMALL, 0.6)), FixedText("X9", 0.2)
    with lpr.load(detector=finder, recognizer=doubtful) as reader:
        assert reader.read(grey(100, 200)) == []
    finder.accept_threshold = 0.5  # type: ignore[attr-defined]
    with lpr.load(detector=finder, recognizer=doubtful) as reader:
        assert [plate.text for plate in reader.read(grey(100, 200))] == ["X9"]


def test_boxes_are_clipped_and_sorted_and_numbers_become_pythons_own() -> None:
    beyond, outside = Box(-20, 10, 60, 40), Box(-50, -50, -10, -10)
    with lpr.load(detector=Finder((WEAK, 0.5), (outside, 0.8), (beyond, 0.9))) as reader:
        first, second = reader.find(grey(100, 80))
    assert (first.box, second.box) == (Box(0, 10, 60, 40), Box(50, 50, 80, 60))
    assert first.touches == ("left",)

    class Arrays(Finder):
        def find(self, images: Sequence[Image]) -> list[list[Detection]]:
            box = np.array(SMALL, np.float32)
            quad = np.array(SMALL.quad, np.float32)
            return [[Detection(box, quad, np.float32(0.75))] for _ in images]  # type: ignore[arg-type]

    with lpr.load(detector=Arrays(), recognizer=FixedText()) as reader:
        (plate,) = reader.read(grey(100, 200))
    assert json.loads(json.dumps(plate.as_dict()))["box"] == list(SMALL)


def test_corners_are_what_is_read() -> None:
    quad = ((20.0, 30.0), (80.0, 40.0), (78.0, 60.0), (18.0, 50.0))
    seen: list[Crop] = []

    class Tilted(Finder):
        def find(self, images: Sequence[Image]) -> list[list[Detection]]:
            return [[Detection(Box(18, 30, 80, 60), quad, 0.9)] for _ in images]

    class Notes(FixedText):
        def read(self, crops: Sequence[Crop]) -> list[Reading]:
            seen.extend(crops)
            return super().read(crops)

    with lpr.load(detector=Tilted(), recognizer=Notes()) as reader:
        assert reader.read(grey(100, 200))[0].detection.quad == quad
    assert seen[0].quad == quad


@pytest.mark.parametrize(
    ("find", "reason"),
    [
        (lambda images: None, "detector Broken gave None, not a list"),
        (lambda images: [], "detector Broken gave 0 lists for 1 pictures"),
        (lambda images: [[None]], "detector Broken gave None, not a Detection"),
        (
            lambda images: [[Detection(SMALL, SMALL.quad, float("nan"))]],
            "detector Broken gave the confidence nan",
        ),
        (
            lambda images: [[Detection(Box(9, 0, 2, 5), SMALL.quad, 0.5)]],
            "as box: it has to be x0, y0, x1, y1 in order",
        ),
        (lambda images: 1 // 0, "detector Broken failed: ZeroDivisionError"),
    ],
)
def test_what_it_returns_is_checked(find: Callable[[Any], Any], reason: str) -> None:
    class Broken(Finder):
        pass

    broken = Broken()
    broken.find = find  # type: ignore[method-assign]
    with lpr.load(detector=broken) as reader, pytest.raises(PluginError) as raised:
        reader.read(grey(100, 200))
    assert reason in str(raised.value)


def test_tiles_need_the_input_size() -> None:
    finder = Finder((SMALL, 0.6))
    with pytest.raises(BackendError, match="detector Finder does not state its input_size"):
        lpr.load(detector=finder, tiles="auto")
    finder.input_size = (320, 320)  # type: ignore[attr-defined]
    with lpr.load(detector=finder, tiles="2x2") as reader:
        found = reader.find(grey(720, 1280))
    assert len(finder.shapes) == 5, "the whole and four tiles"
    assert len(found) > 1, "the same place of each tile"


def test_options_that_it_does_not_have_are_refused() -> None:
    with pytest.raises(BackendError, match="detector Finder has an input size of its own"):
        lpr.load(detector=Finder(), detector_size=(384, 384))
    with pytest.raises(TypeError, match="detector has to be a name, or an object with find"):
        lpr.load(detector=3)  # type: ignore[arg-type]
    finder = Finder()
    finder.nms = 45  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match="nms = 45; it has to be a number"):
        PluggedDetector(finder, "it")


def test_another_models_detector_by_its_name(car: Image) -> None:
    with (
        lpr.load("tw-accurate", backend="cpu", detector="tw-light") as mixed,
        lpr.load("tw-light", backend="cpu") as light,
    ):
        assert mixed.find(car) == light.find(car)


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(BackendError, match="there is no detector 'nix': it is neither"):
        lpr.load(detector="nix:a.onnx")


def test_objects_make_a_pool_of_one_reader() -> None:
    for objects in ({"detector": Finder()}, {"recognizer": FixedText()}):
        (reader,) = load_pool(4, backend="cpu", **objects)
        reader.close()


def test_a_watch_takes_objects(tmp_path: Path) -> None:
    for number in range(5):
        cv2.imwrite(str(tmp_path / f"{number}.png"), cv2.imread(str(CAR)))
    finder, text = Finder(), FixedText()
    (sighting,) = lpr.watch(tmp_path, detector=finder, recognizer=text, fps=5, threads=3)
    assert isinstance(sighting, lpr.Sighting)
    assert sighting.plate.text == "ABC1234"
    assert not finder.closed
    assert not text.closed


class Logits:
    """A CTC recognizer that reads 1A everywhere; it needs no ``close``."""

    spec = CtcSpec("1A", 0, 16, 16)

    def logits(self, batch: Float32) -> Float32:
        steps = np.eye(3, dtype=np.float32)[[1, 0, 2]] * 9
        return np.repeat(steps[None], len(batch), axis=0)


def test_a_recognizer_of_logits_or_texts(car: Image) -> None:
    with lpr.load(recognizer=Logits(), backend="cpu", regions=()) as reader:
        (plate,) = reader.read(car)
    assert plate.text == "1A"
    text = FixedText()
    with lpr.load(recognizer=text, backend="cpu") as reader:
        assert [plate.text for plate in reader.read(car)] == ["ABC1234"]
    assert not text.closed
    with pytest.raises(TypeError, match="recognizer has to be a name, or an object with read"):
        lpr.load(recognizer=3)  # type: ignore[arg-type]


def test_calibration_and_thresholds_come_with_the_recognizer_or_are_off() -> None:
    text, picture = FixedText("ABC1234", 0.9), grey(100, 200)
    finder = Finder((SMALL, 0.6))
    with pytest.raises(CalibrationError, match="recognizer FixedText: max_error needs calibrated"):
        lpr.load(detector=finder, recognizer=text, max_error=0.01)
    text.min_confidence = 0.95  # type: ignore[attr-defined]
    with lpr.load(detector=finder, recognizer=text) as reader:
        assert reader.read(picture) == []
    text.calibrated = True  # type: ignore[attr-defined]
    for max_error, count in ((0.05, 0), (0.2, 1)):
        with lpr.load(detector=finder, recognizer=text, max_error=max_error) as reader:
            assert len(reader.read(picture)) == count
    text.min_confidence = 95  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match="FixedText has min_confidence = 95"):
        lpr.load(detector=finder, recognizer=text)


def test_a_recognizer_object_that_fails_is_named() -> None:
    class Moody(FixedText):
        def read(self, crops: Sequence[Crop]) -> list[Reading]:
            raise RuntimeError("out of ink")

    with (
        lpr.load(detector=Finder((SMALL, 0.6)), recognizer=Moody()) as reader,
        pytest.raises(PluginError, match="recognizer Moody failed: RuntimeError: out of ink"),
    ):
        reader.read(grey(100, 200))


def test_threads_may_share_objects() -> None:
    with lpr.load(detector=Finder((SMALL, 0.6)), recognizer=FixedText()) as reader:
        texts: list[str] = []
        threads = [
            threading.Thread(target=lambda: texts.append(reader.read(grey(99, 99))[0].text))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert texts == ["ABC1234"] * 8


PLUGIN = """
from lpr import Box, Detection, hookimpl

class Finder:
    name, device = "finder", "cpu"
    def problem(self): return None
    def open(self, argument, threads): return self
    def find(self, images):
        if images[0].shape[0] == 100: raise RuntimeError("too small")
        box = Box(376, 382, 531, 455)
        return [[Detection(box, box.quad, 0.9)] for _ in images]
    def close(self): print("closed", file=__import__("sys").stderr)

class Absent(Finder):
    name = "absent"
    def problem(self): return "libfoo is missing"

class FromFile(Finder):
    name, argument = "from-file", "a file"
    def open(self, argument, threads): open(argument).close(); return self

@hookimpl
def lpr_detectors(): return [Finder(), Absent(), FromFile()]
"""


def test_a_plugins_detector_by_its_name(tmp_path: Path) -> None:
    environment = install_plugin(tmp_path, "finder", PLUGIN)
    cv2.imwrite(str(tmp_path / "small.png"), grey(100, 100))
    result = run("detect", tmp_path / "small.png", CAR, "--detector", "finder", **environment)
    failed, read = result.records
    assert result.status == 1
    assert "detector finder failed: RuntimeError: too small" in failed["message"]
    assert [plate["text"] for plate in read["plates"]] == ["BGT6175"]
    assert "detector: finder on cpu" in result.stderr
    assert "closed" in result.stderr
    listed = run("plugins", **environment).stdout
    assert "detector finder, detector absent, detector from-file" in listed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["finder:x"], "detector finder takes nothing after its name"),
        (["from-file"], "detector from-file needs a file, after a colon: from-file:FILE"),
        (["from-file:none"], "detector from-file failed: FileNotFoundError"),
        (["absent"], "detector absent does not work here: libfoo is missing"),
        (["finder", "--tiles", "auto"], "detector finder does not state its input_size"),
        (["finder", "--detector-size", "64x64"], "detector finder has an input size of its own"),
        (["finder", "--device", "1"], "finder runs on the CPU, which has no numbers"),
    ],
)
def test_what_does_not_work_is_one_sentence(
    arguments: list[str], message: str, finder: dict[str, str]
) -> None:
    result = run("detect", CAR, "--detector", *arguments, **finder)
    assert result.status in (1, 2)
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return install_plugin(tmp_path_factory.mktemp("finder"), "finder", PLUGIN)


def test_a_model_folder_may_name_a_plugins_detector(tmp_path: Path, finder: dict[str, str]) -> None:
    light = lpr.load_model("tw-light")
    tables = models.read_tables(light.folder)
    shutil.copy(light.recognizer.file, tmp_path)
    (tmp_path / "best.bin").write_bytes(b"weights")
    detector = {"plugin": "from-file", "file": "best.bin"}
    model = models.write_model(tmp_path, {**tables, "name": "mine", "detector": detector})
    assert "best.bin" in model.sha256
    result = run("detect", CAR, "--model", tmp_path, **finder)
    assert [plate["text"] for plate in result.records[0]["plates"]] == ["BGT6175"]
    assert "model mine" in result.stderr
    assert "detector: from-file on cpu" in result.stderr
    borrowed = run("detect", CAR, "--detector", tmp_path, **finder)
    assert borrowed.records == result.records
    with pytest.raises(lpr.ModelError, match="mine has the detector of the plugin from-file"):
        _ = model.detector
    (tmp_path / "best.bin").write_bytes(b"others")
    assert "best.bin is damaged" in run("detect", CAR, "--model", tmp_path, **finder).stderr
    with pytest.raises(lpr.ModelError, match="file has to be the name of a file in the model's"):
        models.write_model(tmp_path, {**tables, "detector": {**detector, "file": "../x"}})
