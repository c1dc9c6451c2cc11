from __future__ import annotations

import hashlib
import shutil
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lpr
from lpr import models
from lpr.errors import CalibrationError, ModelError
from tests.samples import FixedText

TOML = """
schema = 1
name = "toy"
version = "0.1"
description = "For tests"
regions = ["tw"]
licence = "Apache-2.0"

[detector]
cfg = "d.cfg"
weights = "d.weights"
width = 64
height = 32
resize = "letterbox"
channels = "rgb"
threshold = 0.5
nms = 0.45

[recognizer]
file = "r.onnx"
format = "onnx"
width = 64
height = 32
resize = "stretch"
channels = "gray"
crop_margin = 0.05
alphabet = "AB1"
blank = 3
dropped_steps = 0
mean = 0.0
std = 1

[sha256]
"d.cfg" = "{d.cfg}"
"d.weights" = "{d.weights}"
"r.onnx" = "{r.onnx}"

[figures]
anything = {{ goes = "here" }}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    toml = TOML.replace("{{", "{").replace("}}", "}")
    for name in ("d.cfg", "d.weights", "r.onnx"):
        (tmp_path / name).write_bytes(name.encode())
        toml = toml.replace("{" + name + "}", hashlib.sha256(name.encode()).hexdigest())
    (tmp_path / "model.toml").write_text(toml)
    return tmp_path


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "model.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_folder_is_read_whole(folder: Path) -> None:
    model = models.load_model(str(folder))
    assert (model.name, model.version, model.regions) == ("toy", "0.1", ("tw",))
    assert model.detector.cfg == folder / "d.cfg"
    assert (model.detector.spec.width, model.detector.spec.height) == (64, 32)
    assert model.recognizer.spec.classes == 4
    assert model.recognizer.spec.std == 1.0
    assert model.recognizer.min_confidence == 0.0


def test_a_model_may_say_which_readings_count(folder: Path) -> None:
    edit(folder, "blank = 3", "blank = 3\nmin_confidence = 0.6")
    assert models.load_model(str(folder)).recognizer.min_confidence == 0.6
    edit(folder, "min_confidence = 0.6", "grammar_odds = 30")
    assert models.load_model(str(folder)).recognizer.grammar_odds == 30


def test_keys_of_lpr_0_1_are_read(folder: Path) -> None:
    edit(folder, "nms = 0.45", "nms = 0.45\nsure = 0.8")
    edit(folder, "blank = 3", "blank = 3\nodds = 30")
    model = models.load_model(str(folder))
    assert model.detector.spec.accept_threshold == 0.8
    assert model.recognizer.grammar_odds == 30
    edit(folder, "odds = 30", "odds = 30\ngrammar_odds = 20")
    assert models.load_model(str(folder)).recognizer.grammar_odds == 20


def test_old_names_of_the_specs_go_on_for_one_release(folder: Path) -> None:
    model = models.load_model(str(folder))
    with pytest.warns(DeprecationWarning, match="sure is now DetectorSpec.accept_threshold"):
        spec = replace(model.detector.spec, sure=0.8)  # type: ignore[call-arg]
    with pytest.warns(DeprecationWarning, match="sure is now"):
        assert spec.sure == 0.8  # type: ignore[attr-defined]
    with pytest.warns(DeprecationWarning, match="odds is now RecognizerModel.grammar_odds"):
        assert model.recognizer.odds == 1  # type: ignore[attr-defined]
    with pytest.warns(DeprecationWarning, match="sure is now Reader.accept_threshold"):
        reader = lpr.Reader(None, FixedText(), sure=0.8)  # type: ignore[arg-type, call-arg]
    assert reader.accept_threshold == 0.8


def test_a_model_is_written_as_it_is_read(folder: Path) -> None:
    before = models.load_model(str(folder))
    tables = models.read_tables(folder)
    tables["detector"]["sure"] = 0.8
    (folder / "r.onnx").write_bytes(b"another recognizer")
    written = models.write_model(folder, tables)
    assert not models.verify(written)
    assert written.detector.spec == replace(before.detector.spec, accept_threshold=0.8)
    assert written.recognizer == before.recognizer
    del tables["recognizer"]["file"]
    with pytest.raises(ModelError, match=r"\[recognizer\] file has to be given"):
        models.write_model(folder, tables)


def test_a_damaged_file_is_named_and_not_used(folder: Path) -> None:
    (folder / "d.weights").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"d\.weights is damaged"):
        models.load_model(str(folder))


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "r.onnx").unlink()
    with pytest.raises(ModelError, match=r"r\.onnx is missing"):
        models.load_model(str(folder))


def test_an_unknown_model_is_answered_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model 'nope'.*tw-light"):
        models.load_model("nope")
    with pytest.raises(ModelError, match=r"nor a folder that holds a model\.toml"):
        models.load_model(str(tmp_path))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema = 1", "schema = 2", "schema 2 is unknown"),
        ('name = "toy"', "", "name has to be given"),
        ("width = 64", 'width = "64"', r"\[detector\] width has to be a whole number, not '64'"),
        ("width = 64", "width = 0", r"\[detector\] width has to lie in 1\.\.8192"),
        ("width = 64", "width = true", r"\[detector\] width has to be a whole number"),
        ("threshold = 0.5", "threshold = 50", r"\[detector\] threshold has to lie in 0\.\.1"),
        ('"letterbox"', '"squeeze"', "resize has to be one of fit, letterbox, stretch"),
        ("blank = 3", "blank = 4", r"\[recognizer\] blank has to lie in 0\.\.3"),
        ('"AB1"', '"ABA"', "alphabet has to hold letters of A-Z"),
        ('"AB1"', '"ab1"', "alphabet has to hold letters of A-Z"),
        ("crop_margin = 0.05", "crop_margin = -0.6", "crop_margin has to lie above -0.5"),
        ("mean = 0.0", "mean = nan", "mean has to be a finite number"),
        ('cfg = "d.cfg"', 'cfg = "sub/d.cfg"', "cfg has to be the name of a file in the model"),
        ("nms = 0.45", "nms = 0.45\nnsm = 1", r"\[detector\] unknown nsm; known are width"),
        ('"d.cfg" = ', '"e.cfg" = ', r"does not state the hash of d\.cfg"),
        ("schema = 1", "schema = ", "Invalid value"),
        ("std = 1", "std = 0", "std has to be above 0"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_key(
    folder: Path, old: str, new: str, message: str
) -> None:
    edit(folder, old, new)
    with pytest.raises(ModelError, match=message) as caught:
        models.load_model(str(folder))
    assert str(folder / "model.toml") in str(caught.value)


@pytest.mark.parametrize("name", models.installed_models())
def test_installed_models_are_whole(name: str) -> None:
    model = models.load_model(name)
    assert model.name == name
    assert not models.verify(model)
    size = sum(file.stat().st_size for file in model.folder.iterdir() if file.is_file())
    assert size < (20e6 if model.folder.parent == models.SHIPPED else 30e6)


def test_the_default_model_is_shipped() -> None:
    names: list[Any] = list(models.installed_models())
    assert models.DEFAULT_MODEL in names


def test_a_models_own_rule_gives_way_to_a_confidence_that_is_asked_for() -> None:
    with lpr.load() as usual, lpr.load(min_confidence=0.3) as asked:
        assert usual.accept_threshold <= 1
        assert 0 < usual.min_confidence < 0.3
        assert asked.min_confidence == 0.3
        assert asked.accept_threshold > 1


def test_the_largest_error_is_kept_by_calibrated_models_only(folder: Path) -> None:
    with lpr.load(max_error=0.01) as reader:
        assert reader.min_confidence == pytest.approx(0.99)
        assert reader.accept_threshold > 1
    with pytest.raises(ValueError, match="exclude each other"):
        lpr.load(max_error=0.01, min_confidence=0.5)
    with pytest.raises(ValueError, match="max_error has to lie in"):
        lpr.load(max_error=2)
    with pytest.raises(CalibrationError, match="max_error needs calibrated confidences"):
        lpr.load(recognizer=str(folder), max_error=0.01)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("summary = true", "summary has to have a dropped step"),
        ("summary = 1", "summary has to be true or false, not 1"),
        (
            "[recognizer.calibration]\ntext = 1.0",
            r"calibration\] offset has to be given",
        ),
        ("calibration = 3", "calibration has to be a table, not 3"),
        (
            "[recognizer.calibration]\noffset = 0\ntext = -5\nplate = 0\ncharacter_offset = 0\n"
            "character = 1",
            r"calibration\] text has to be above 0",
        ),
    ],
)
def test_a_wrong_summary_or_calibration_is_named(folder: Path, change: str, words: str) -> None:
    path = folder / "model.toml"
    before, _, after = path.read_text().partition("[sha256]")
    path.write_text(f"{before}\n{change}\n\n[sha256]{after}")
    with pytest.raises(ModelError, match=words):
        models.load_model(str(folder))


def without(folder: Path, part: str) -> None:
    path = folder / "model.toml"
    before, _, rest = path.read_text().partition(f"[{part}]")
    path.write_text(before + rest[rest.index("\n[") :])


def test_a_folder_may_hold_a_recognizer_alone(folder: Path) -> None:
    without(folder, "detector")
    model = models.load_model(str(folder))
    assert model.recognizer.file == folder / "r.onnx"
    with pytest.raises(ModelError, match="toy holds no detector: use it with --recognizer toy"):
        _ = model.detector


def test_a_folder_may_hold_a_detector_alone(folder: Path) -> None:
    without(folder, "recognizer")
    model = models.load_model(str(folder))
    assert model.detector.cfg == folder / "d.cfg"
    with pytest.raises(ModelError, match="toy holds no recognizer: choose one with --recognizer"):
        _ = model.recognizer


def test_a_folder_with_neither_is_none(folder: Path) -> None:
    without(folder, "detector")
    without(folder, "recognizer")
    with pytest.raises(ModelError, match=r"neither \[detector\] nor \[recognizer\]"):
        models.load_model(str(folder))


def test_model_packs_attach_by_their_entry_points(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(folder, site / "toy_pack")
    shutil.copytree(folder, site / "parent" / "middle" / "pack")
    raising = "raise BaseException('must not be imported')\n"
    for package in ("toy_pack", "parent", "parent/middle", "parent/middle/pack"):
        (site / package / "__init__.py").write_text(raising)
    monkeypatch.syspath_prepend(str(site))
    points = [
        EntryPoint("toy", "toy_pack", models.PACKS),
        EntryPoint("gone", "no_such_pack", models.PACKS),
        EntryPoint("plain", "toy_pack.nothing", models.PACKS),
        EntryPoint("odd", "..:;", models.PACKS),
        EntryPoint("inner", "parent.middle.pack", models.PACKS),
        EntryPoint("tw-light", "toy_pack", models.PACKS),  # lpr's own model stays what it is
    ]
    monkeypatch.setattr(models, "entry_points", lambda group: points)
    assert models.installed_models()["toy"] == site / "toy_pack"
    assert models.load_model("toy").name == "toy"
    assert models.is_model("toy")
    assert models.installed_models()["inner"] == site / "parent" / "middle" / "pack"
    assert "parent" not in sys.modules
    assert models.installed_models()["tw-light"].parent == models.SHIPPED
    with pytest.raises(
        ModelError, match=r"no model 'gone'.*installed model \(inner, toy, tw-light\)"
    ):
        models.load_model("gone")


def tensor(external: bool = True) -> Any:
    """A tensor that is kept in another file, or not."""
    import onnx

    values = onnx.numpy_helper.from_array(np.ones(8, np.float32), "w")
    if external:
        values.ClearField("raw_data")
        values.data_location = onnx.TensorProto.EXTERNAL
        values.external_data.add(key="location", value="r.bin")
    return values


def with_swapped_fields(data: bytes) -> bytes:
    """The value of the external location before its key: protobuf allows any order."""
    key, value = b"\x0a\x08location", b"\x12\x05r.bin"
    assert key + value in data
    return data.replace(key + value, value + key)


def model_of(place: str, values: Any) -> bytes:
    """An ONNX file with a tensor at a place that the format has for one."""
    import onnx
    from onnx import helper

    graph = helper.make_graph([], "g", [], [])
    constant = helper.make_node("Constant", [], ["w"], value=values)
    if place == "initializer":
        graph.initializer.append(values)
    elif place == "attribute":
        graph.node.append(constant)
    elif place == "subgraph":
        branch = helper.make_graph([constant], "b", [], [])
        graph.node.append(helper.make_node("If", ["c"], ["x"], then_branch=branch))
    elif place == "sparse":
        graph.sparse_initializer.append(onnx.SparseTensorProto(values=values, dims=[9]))
    model = helper.make_model(graph)
    if place == "function":
        opset = [helper.make_opsetid("", 17)]
        model.functions.append(helper.make_function("d", "f", [], ["w"], [constant], opset))
    return bytes(model.SerializeToString())


def put_recognizer(folder: Path, data: bytes) -> None:
    """Replace the recognizer, with its right hash."""
    old = hashlib.sha256((folder / "r.onnx").read_bytes()).hexdigest()
    (folder / "r.onnx").write_bytes(data)
    edit(folder, old, hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("place", ["initializer", "attribute", "subgraph", "sparse", "function"])
@pytest.mark.parametrize("change", [bytes, with_swapped_fields])
def test_an_onnx_file_that_keeps_its_numbers_elsewhere_is_refused(
    place: str, change: Any, folder: Path
) -> None:
    """Another file could be exchanged, and no hash would tell."""
    put_recognizer(folder, change(model_of(place, tensor())))
    with pytest.raises(ModelError, match=r"r\.onnx keeps its weights in another file"):
        models.load_model(str(folder))


def test_an_onnx_file_under_another_name_is_checked_too(folder: Path) -> None:
    put_recognizer(folder, model_of("initializer", tensor()))
    (folder / "r.onnx").rename(folder / "r.bin")
    for old in ('"r.onnx"', '"r.onnx"'):
        edit(folder, old, '"r.bin"')
    with pytest.raises(ModelError, match=r"r\.bin keeps its weights in another file"):
        models.load_model(str(folder))


def test_the_word_location_alone_is_no_other_file(folder: Path) -> None:
    values = tensor(external=False)
    values.doc_string = "location"
    put_recognizer(folder, model_of("attribute", values))
    assert models.load_model(str(folder)).name == "toy"


def test_a_damaged_onnx_file_is_one_error(folder: Path) -> None:
    put_recognizer(folder, model_of("initializer", tensor())[:-3])
    with pytest.raises(ModelError, match=r"r\.onnx: this is no ONNX file"):
        models.load_model(str(folder))


@pytest.mark.parametrize("name", ["../other", "/etc/hostname", "sub/../../other", "..", "."])
def test_a_model_names_no_file_outside_its_folder(name: str, folder: Path) -> None:
    outside = folder.parent / "other"
    outside.write_text("private")
    edit(folder, "[sha256]", f'[sha256]\n"{name}" = "00"')
    with pytest.raises(ModelError, match="is not in the model's folder") as caught:
        models.load_model(str(folder))
    assert hashlib.sha256(b"private").hexdigest()[:12] not in str(caught.value)


def test_a_model_may_state_hashes_of_more_files(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "LICENCE").write_text("all")
    digest = hashlib.sha256(b"all").hexdigest()
    edit(folder, "[sha256]", f'[sha256]\n"more/LICENCE" = "{digest}"')
    assert models.load_model(str(folder)).sha256["more/LICENCE"] == digest
