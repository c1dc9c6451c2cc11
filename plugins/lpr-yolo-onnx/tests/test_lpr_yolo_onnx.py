"""The files are made here: tiny networks that find the white rectangle of a picture, with the
outputs of each layout."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import lpr
from lpr.testing import check_detector_factory, check_plate_detector
from lpr_yolo_onnx import YoloOnnx, YoloOnnxFactory
from lpr_yolo_onnx.detector import PAD, input_of
from lpr_yolo_onnx.layouts import in_reading_order, oriented
from tests.cli.run import CAR
from tests.cli.run import lpr as run_lpr

SIZE = 128
ROWS = 300


class Graph:
    """Collects nodes; each method gives the name of what a node returns."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def __call__(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operator}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, values: Any, kind: Any = np.float32) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def extent(self, mask: str, other_axis: int) -> tuple[str, str]:
        """First and one past the last place of a mask (``N x H x W``) along one axis: ``N x 1``."""
        line = self("ReduceMax", mask, axes=[other_axis], keepdims=0)
        ones = self("Add", self("Mul", line, self.constant(0)), self.constant(1))
        places = self("CumSum", ones, self.constant(1, np.int64), exclusive=1)
        lit = self("Greater", line, self.constant(0.5))
        first = self("Where", lit, places, self.constant(1e4))
        last = self("Where", lit, self("Add", places, self.constant(1)), self.constant(0))
        return (
            self("ReduceMin", first, axes=[1], keepdims=1),
            self("ReduceMax", last, axes=[1], keepdims=1),
        )


Columns = Callable[[Graph, list[str], list[str], str], list[str]]


def write(
    file: Path,
    columns: Columns,
    transposed: bool = False,
    shape: Sequence[int | str] = ("batch", 3, SIZE, SIZE),
    kind: int = TensorProto.FLOAT,
    rows: int = ROWS,
    **metadata: object,
) -> Path:
    """A file whose first output row is made by ``columns`` of corners (x0, y0, x1, y1), centre with
    width and height, and score; the other rows are zero."""
    g = Graph()
    pixels = g("Cast", "images", to=TensorProto.FLOAT)
    bright = g("Greater", g("ReduceMin", pixels, axes=[1], keepdims=0), g.constant(0.9))
    mask = g("Cast", bright, to=TensorProto.FLOAT)
    (x0, x1), (y0, y1) = g.extent(mask, 1), g.extent(mask, 2)
    half = g.constant(0.5)
    middle = [g("Mul", g("Add", a, b), half) for a, b in ((x0, x1), (y0, y1))]
    sides = [g("Sub", x1, x0), g("Sub", y1, y0)]
    lit = g("Cast", g("Greater", sides[0], g.constant(0)), to=TensorProto.FLOAT)
    score = g("Mul", lit, g.constant(0.9))
    row = g("Concat", *columns(g, [x0, y0, x1, y1], middle + sides, score), axis=1)
    axis = 2 if transposed else 1
    first = g("Unsqueeze", row, g.constant([axis], np.int64))
    padding = [0, 0, 0, 0, rows - 1 if axis == 1 else 0, rows - 1 if axis == 2 else 0]
    padded = g("Pad", first, g.constant(padding, np.int64))
    g.nodes.append(helper.make_node("Cast", [padded], ["output0"], to=kind))
    graph = helper.make_graph(
        g.nodes,
        "white",
        [helper.make_tensor_value_info("images", kind, shape)],
        [helper.make_tensor_value_info("output0", kind, None)],
        g.constants,
    )
    model = model_of(graph)
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=str(value))
    onnx.save_model(model, file)
    return file


def model_of(graph: onnx.GraphProto) -> onnx.ModelProto:
    opset = helper.make_opsetid("", 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=8)


def nothing(g: Graph, score: str) -> str:
    return g("Mul", score, g.constant(0))


def v8(g: Graph, _: list[str], centred: list[str], score: str) -> list[str]:
    return [*centred, score]


def v8_car_and_plate(g: Graph, _: list[str], centred: list[str], score: str) -> list[str]:
    return [*centred, nothing(g, score), score]


def v5(g: Graph, _: list[str], centred: list[str], score: str) -> list[str]:
    return [*centred, score, g("Sign", score)]


def end2end(g: Graph, corners: list[str], _: list[str], score: str) -> list[str]:
    return [*corners, score, nothing(g, score)]


def rtdetr(g: Graph, _: list[str], centred: list[str], score: str) -> list[str]:
    return [*(g("Mul", c, g.constant(1 / SIZE)) for c in centred), score]


def obb(g: Graph, _: list[str], centred: list[str], score: str) -> list[str]:
    # Height and width exchanged, and turned by 90 degrees: the same box.
    x, y, width, height = centred
    angle = g("Add", nothing(g, score), g.constant(math.pi / 2))
    return [x, y, height, width, score, angle]


def obb_end2end(g: Graph, _: list[str], centred: list[str], score: str) -> list[str]:
    return [*centred, score, nothing(g, score), nothing(g, score)]


def pose(g: Graph, corners: list[str], centred: list[str], score: str) -> list[str]:
    # The corners from the bottom left on, anticlockwise.
    x0, y0, x1, y1 = corners
    return [*centred, score, x0, y1, score, x1, y1, score, x1, y0, score, x0, y0, score]


def segment(g: Graph, _: list[str], centred: list[str], score: str) -> list[str]:
    return [*centred, score, *[score] * 32]


PLATE = {"names": {0: "plate"}, "imgsz": [SIZE, SIZE], "stride": 32}
LAYOUTS: dict[str, tuple[Columns, bool, dict[str, Any]]] = {
    "yolov8": (v8, True, {"task": "detect", **PLATE}),
    "yolov8-without-metadata": (v8, True, {}),
    "yolov8-two-classes": (v8_car_and_plate, True, {"names": {0: "car", 1: "License_Plate"}}),
    "yolov5": (v5, False, {"names": {0: "plate"}, "stride": 32, "rows": 1100}),
    "yolov5-names-as-list": (v5, False, {"names": ["plate"], "rows": 1100}),
    "end2end": (end2end, False, {"task": "detect", **PLATE}),
    "rtdetr": (rtdetr, False, {"description": "Ultralytics rtdetr-l model", **PLATE}),
    "rtdetr-without-description": (rtdetr, False, {"task": "detect", **PLATE}),
    "obb": (obb, True, {"task": "obb", **PLATE}),
    "obb-end2end": (obb_end2end, False, {"task": "obb", **PLATE}),
    "pose": (pose, True, {"task": "pose", "kpt_shape": [4, 3], **PLATE}),
    "segment": (segment, True, {"task": "segment", **PLATE}),
}


def white(width: int, height: int, *box: int) -> np.ndarray[Any, Any]:
    """A black picture with a white rectangle."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[box[1] : box[3], box[0] : box[2]] = 255
    return picture


PICTURES = {
    (40, 60, 100, 80): white(128, 128, 40, 60, 100, 80),
    (100, 40, 180, 64): white(256, 128, 100, 40, 180, 64),  # wide
    (16, 100, 80, 120): white(96, 192, 16, 100, 80, 120),  # high
    (10, 20, 30, 28): white(64, 50, 10, 20, 30, 28),  # grows
}


def layout_file(name: str, folder: Path) -> Path:
    columns, transposed, metadata = LAYOUTS[name]
    return write(folder / f"{name}.onnx", columns, transposed, **metadata)


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_finds_the_rectangle(name: str, tmp_path: Path) -> None:
    with YoloOnnx(layout_file(name, tmp_path)) as detector:
        found = detector.find([*PICTURES.values(), np.zeros((70, 90, 3), np.uint8)])
    assert found[-1] == []
    for expected, (detection,) in zip(PICTURES, found, strict=False):
        assert detection.box == pytest.approx(expected, abs=1.5)
        corners = detection.box.quad
        assert np.allclose(detection.quad, corners, atol=0.1), "as one reads it"
        assert detection.confidence == pytest.approx(0.9, abs=1e-3)


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_passes_the_conformance_suite(name: str, tmp_path: Path) -> None:
    with YoloOnnx(layout_file(name, tmp_path)) as detector:
        check_plate_detector(detector, list(PICTURES.values()))


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ((1, 3, SIZE, SIZE), TensorProto.FLOAT),
        ((4, 3, SIZE, SIZE), TensorProto.FLOAT),
        (("batch", 3, SIZE, SIZE), TensorProto.FLOAT16),
        (("batch", 3, "height", "width"), TensorProto.FLOAT),
        ((1, 3, 96, 160), TensorProto.FLOAT),
    ],
)
def test_fixed_and_dynamic_inputs(shape: Sequence[int | str], kind: int, tmp_path: Path) -> None:
    file = write(tmp_path / "best.onnx", v8, True, shape, kind, **PLATE)
    with YoloOnnx(file) as detector:
        for _ in range(2):
            found = detector.find(list(PICTURES.values()))
            for expected, (detection,) in zip(PICTURES, found, strict=True):
                assert detection.box == pytest.approx(expected, abs=2.5)


def test_a_dynamic_input_is_as_small_as_the_stride_allows(tmp_path: Path) -> None:
    file = write(tmp_path / "best.onnx", v8, True, ("batch", 3, "height", "width"), **PLATE)
    with YoloOnnx(file) as detector:
        assert detector._size_for(1920, 1080) == (128, 96)
        assert detector._size_for(100, 400) == (32, 128)
        assert detector._size_for(1, 5000) == (32, 128)


@pytest.mark.parametrize("size", [(500, 375), (375, 500), (64, 50), (1000, 999), (7, 300)])
def test_the_letterbox_is_that_of_ultralytics(size: tuple[int, int]) -> None:
    image = np.random.default_rng(1).integers(0, 256, (*size[::-1], 3), np.uint8)
    given = np.empty((3, SIZE, SIZE), np.float32)
    placement = input_of(image, False, given)
    # LetterBox of ultralytics/data/augment.py, with auto=False and center=True.
    scale = min(SIZE / size[0], SIZE / size[1])
    inner = round(size[0] * scale), round(size[1] * scale)
    left, top = (round((SIZE - side) / 2 - 0.1) for side in inner)
    expected = np.full((SIZE, SIZE, 3), 114, np.uint8)
    scaled = cv2.resize(image, inner, interpolation=cv2.INTER_LINEAR)
    expected[top : top + inner[1], left : left + inner[0]] = scaled
    planes = expected[:, :, ::-1].transpose(2, 0, 1) / 255
    assert np.abs(given - planes).max() <= 1.01 / 255, "up to the rounding to whole numbers"
    assert (placement.offset_x, placement.offset_y) == (left, top)
    assert pytest.approx(114 / 255) == PAD


def test_of_several_plates_each_is_found_once(tmp_path: Path) -> None:
    """Boxes as a network without NMS gives them: many of one plate."""
    rng = np.random.default_rng(2)
    around = np.array([[30, 40, 40, 12], [90, 100, 40, 12]])
    rows = [[*(p + rng.uniform(-1, 1, 4)), rng.uniform(0.3, 1)] for p in around for _ in range(50)]
    output = np.asarray(rows, np.float32).T[None]
    g = Graph()
    batch = g("Mul", g("ReduceMean", "images", axes=[1, 2, 3], keepdims=0), g.constant(0))
    g.nodes.append(
        helper.make_node(
            "Add",
            [g("Reshape", batch, g.constant([-1, 1, 1], np.int64)), g.constant(output)],
            ["output0"],
        )
    )
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        g.nodes, "fixed", [info("images", 1, ("n", 3, SIZE, SIZE))], [info("output0", 1, None)],
        g.constants,
    )  # fmt: skip
    file = tmp_path / "best.onnx"
    onnx.save_model(model_of(graph), file)
    with YoloOnnx(file) as detector:
        ((first, second),) = detector.find([white(SIZE, SIZE, 0, 0, 1, 1)])
    scores = output[0, 4].reshape(2, 50).max(axis=1)
    assert (first.confidence, second.confidence) == pytest.approx(sorted(scores, reverse=True))
    assert {round(d.box.center[0], -1) for d in (first, second)} == {30, 90}


CLASSES = {"names": {0: "car", 1: "License_Plate"}}


@pytest.mark.parametrize(
    ("asked", "count"), [("", 1), ("@license_plate", 1), ("@1", 1), ("@car", 0), ("@car,1", 1)]
)
def test_the_class_is_chosen_by_its_name_or_number(asked: str, count: int, tmp_path: Path) -> None:
    file = write(tmp_path / "best.onnx", v8_car_and_plate, True, **CLASSES)
    with YoloOnnxFactory().open(f"{file}{asked}", threads=1) as detector:
        assert len(detector.find([PICTURES[40, 60, 100, 80]])[0]) == count


@pytest.mark.parametrize(
    ("argument", "metadata", "reason"),
    [
        ("best.onnx@dog", CLASSES, "best.onnx: has no class 'dog'; it has car, License_Plate"),
        ("best.onnx@7", CLASSES, "best.onnx: has no class '7'"),
        (
            "best.onnx",
            {"names": {0: "car", 1: "bus"}},
            "none of its classes is called a plate; say which, as in",
        ),
        ("best.onnx", {}, "best.onnx: it names no class; say which, as in"),
        ("best.onnx@2", {}, "best.onnx: has 2 classes, no number 2"),
        ("none.onnx", {}, "none.onnx: there is no such file"),
        ("best.onnx", {"names": dict.fromkeys(range(5), "x")}, "1 x 6 x 300 values"),
    ],
)
def test_what_cannot_work_is_said(
    argument: str, metadata: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    write(tmp_path / "best.onnx", v8_car_and_plate, True, **metadata)
    with pytest.raises(lpr.ModelError) as raised:
        YoloOnnxFactory().open(str(tmp_path / argument), threads=1)
    assert reason in str(raised.value)


def test_a_file_that_takes_no_pictures_in_colour_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "grey.onnx", v8, True, ("batch", 1, SIZE, SIZE), **PLATE)
    with pytest.raises(lpr.ModelError, match=r"grey.onnx: its input has to be one batch of pict"):
        YoloOnnx(file)


def test_factory_conformance(tmp_path: Path) -> None:
    file = write(tmp_path / "best.onnx", v8, True, **PLATE)
    check_detector_factory(YoloOnnxFactory(), str(file), list(PICTURES.values()))


@pytest.mark.parametrize("tilt", [-40, -10, 0, 25, 44])
@pytest.mark.parametrize("turns", range(4))
def test_corners_are_put_into_reading_order(tilt: int, turns: int) -> None:
    """However a network numbers them, or takes the height for the width."""
    turned = oriented(np.array([[50, 50, 40, 12]], np.float32), np.radians([tilt]))[0]
    for corners in (np.roll(turned, turns, axis=0), np.roll(turned, turns, axis=0)[::-1]):
        ordered = in_reading_order(corners)
        assert ordered is not None
        assert np.allclose(ordered, turned, atol=1e-4)
    assert in_reading_order(np.array([[0, 0], [9, 0], [3, 1], [0, 9]], np.float32)) is None


def test_lpr_detect_reads_what_it_finds(tmp_path: Path) -> None:
    """The largest white rectangle of the picture is its plate."""
    file = write(tmp_path / "best.onnx", v8, True, (1, 3, 640, 640), **PLATE)
    picture = np.zeros((720, 960, 3), np.uint8)
    plate = cv2.imread(str(CAR))[375:462, 370:540]
    picture[300:387, 400:570] = np.where(plate.min(axis=2, keepdims=True) > 170, 255, plate)
    cv2.imwrite(str(tmp_path / "car.png"), picture)
    loaded = {"LPR_LOAD_PLUGINS": "yolo-onnx"}
    arguments = ("detect", tmp_path / "car.png", "--detector")
    result = run_lpr(*arguments, f"yolo-onnx:{file}", **loaded)
    assert result.status == 0, result.stderr
    ((plate_found,),) = (record["plates"] for record in result.records)
    assert plate_found["text"] == "BGT6175"
    assert "detector: yolo-onnx on cpu" in result.stderr
    missing = run_lpr(*arguments, "yolo-onnx", **loaded)
    assert missing.status != 0
    assert "detector yolo-onnx needs an ONNX file, after a colon: yolo-onnx:FILE" in missing.stderr
