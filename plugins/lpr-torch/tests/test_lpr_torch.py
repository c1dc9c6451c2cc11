from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

import lpr  # noqa: E402
from lpr.cli import cli  # noqa: E402
from lpr.errors import ModelError, OutputError  # noqa: E402
from lpr.loading import registry  # noqa: E402
from lpr.models import load_model  # noqa: E402
from lpr.runtimes.select import problem_of  # noqa: E402
from lpr.specs import CtcSpec, RecognizerModel  # noqa: E402
from lpr.testing import check_detector_runtime, check_recognizer_runtime  # noqa: E402
from lpr_torch.checkpoints import (  # noqa: E402
    Detector,
    Recognizer,
    load_detector,
    load_recognizer,
    recognizer_network,
    save_detector,
    save_recognizer,
)
from lpr_torch.darknet import DarknetNet  # noqa: E402
from lpr_torch.export import About, export  # noqa: E402
from lpr_torch.plain import Shape  # noqa: E402
from lpr_torch.resnet_gru import ResNetGru  # noqa: E402
from lpr_torch.runtimes import TorchDetectorRuntime, TorchRecognizerRuntime  # noqa: E402
from tests.darknet.nets import BODIES, net, random_weights  # noqa: E402
from tests.runtimes.suite import detector_model  # noqa: E402

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
RGB = CtcSpec(ALPHABET, 36, 64, 32, channels="rgb", dropped_steps=2)
SMALL = ResNetGru(blocks=(1, 1, 1, 1), filters=4, dense=32, gru=8)
GREY = CtcSpec(ALPHABET, 36, 64, 32, mean=0.5, std=0.5)
PLAIN = Shape(channels=(4, 8), strides=((2, 2), (2, 2)))
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a CUDA device"))]  # fmt: skip


def recognizer(config: Shape | ResNetGru = SMALL, spec: CtcSpec = RGB) -> Recognizer:
    torch.manual_seed(3)
    return Recognizer(recognizer_network(config, spec).eval(), config, spec)


def saved(folder: Path, config: Shape | ResNetGru = SMALL, spec: CtcSpec = RGB) -> Path:
    file = folder / "best.safetensors"
    save_recognizer(recognizer(config, spec), file)
    return file


def saved_detector(folder: Path) -> Path:
    cfg = net(BODIES["two heads"])
    network = DarknetNet(cfg)
    network.load(random_weights(cfg))
    save_detector(Detector(network, "stretch"), folder / "detector.safetensors")
    return folder / "detector.safetensors"


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("config", "spec"), [(SMALL, RGB), (PLAIN, GREY)], ids=["gru", "plain"])
def test_recognizers_conform(
    device: str, config: Shape | ResNetGru, spec: CtcSpec, tmp_path: Path
) -> None:
    model = RecognizerModel(saved(tmp_path, config, spec), "safetensors", spec)
    check_recognizer_runtime(TorchRecognizerRuntime(device), model)


@pytest.mark.parametrize("device", DEVICES)
def test_detectors_conform_and_agree_with_opencv(device: str, tmp_path: Path) -> None:
    model = detector_model(tmp_path, net(BODIES["two heads"]))
    reference = next(r for r in registry().detector_runtimes if r.name == "opencv").open(model, 0)
    check_detector_runtime(TorchDetectorRuntime(device), model, reference)


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    batch = torch.rand(2, 3, 32, 64)
    for half, tolerance in ((False, 0.0), (True, 1e-2)):
        file = tmp_path / f"{half}.safetensors"
        save_recognizer(recognizer(), file, half)
        again = load_recognizer(file)
        assert (again.config, again.spec) == (SMALL, RGB)
        with torch.no_grad():
            wanted, given = recognizer().network(batch), again.network(batch)
        torch.testing.assert_close(given, wanted, atol=tolerance, rtol=0)
    assert (tmp_path / "True.safetensors").stat().st_size < 0.6 * (
        tmp_path / "False.safetensors"
    ).stat().st_size


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("config", [SMALL, PLAIN], ids=["gru", "plain"])
def test_an_exported_recognizer_reads_the_same_everywhere(
    config: Shape | ResNetGru, half: bool, tmp_path: Path
) -> None:
    spec = RGB if config is SMALL else GREY
    off = export([saved(tmp_path, config, spec)], tmp_path / "model", About("toy"), half)
    working = [r for r in registry().recognizer_runtimes if "onnx" in r.formats]
    assert set(off) == {f"recognizer {r.name}" for r in working if problem_of(r) is None}
    assert max(off.values()) < (1e-2 if half else 1e-4)
    model = load_model(str(tmp_path / "model"))
    assert model.recognizer.spec == spec
    with pytest.raises(ModelError, match="toy holds no detector: use it with --recognizer"):
        lpr.load(str(tmp_path / "model"))


def test_a_whole_model_is_exported_and_used(tmp_path: Path) -> None:
    checkpoints = [saved_detector(tmp_path), saved(tmp_path)]
    about = About("toy", regions=("tw",), thresholds={"threshold": 0.3, "odds": 5})
    export(checkpoints, tmp_path / "model", about)
    model = load_model(str(tmp_path / "model"))
    assert (model.detector.spec.resize, model.detector.spec.threshold) == ("stretch", 0.3)
    assert model.recognizer.grammar_odds == 5
    picture = np.zeros((60, 80, 3), np.uint8)
    plates = []
    for backend in ("cpu", "torch"):
        with lpr.load(str(tmp_path / "model"), backend=backend, threshold=0.01) as reader:
            plates.append([plate.text for plate in reader.read(picture)])
    assert plates[0] == plates[1]


def test_another_models_recognizer_reads(tmp_path: Path) -> None:
    export([saved(tmp_path)], tmp_path / "toy", About("toy"), keep=True)
    with lpr.load(recognizer=str(tmp_path / "toy"), min_confidence=0) as reader:
        assert reader.recognizer.network.spec == RGB  # type: ignore[attr-defined]


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(OutputError, match="is there already"):
        export([saved(tmp_path)], tmp_path / "model", About("toy"))


def test_the_command_says_how_far_each_runtime_is_off(tmp_path: Path) -> None:
    arguments = ["export", str(saved(tmp_path)), "--out", str(tmp_path / "m"), "--set", "odds=4"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert "recognizer onnxruntime\t" in result.stdout or "recognizer opencv\t" in result.stdout
    assert load_model(str(tmp_path / "m")).recognizer.grammar_odds == 4


def test_checkpoints_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    file = saved(tmp_path)
    with pytest.raises(ModelError, match="holds a resnet-gru network, not a Darknet detector"):
        load_detector(file)
    with pytest.raises(ModelError, match="holds a darknet network, not a recognizer"):
        load_recognizer(saved_detector(tmp_path))
    with pytest.raises(ModelError, match="a second recognizer"):
        export([file, file], tmp_path / "two", About("toy"))
    assert not (tmp_path / "two").exists()

    other = recognizer(replace(SMALL, filters=8))
    about = {"kind": "resnet-gru", "config": {"blocks": [1, 1, 1, 1], "filters": 4, "dense": 32,
             "gru": 8}, "spec": {"alphabet": ALPHABET, "blank": 36, "width": 64, "height": 32,
             "channels": "rgb", "dropped_steps": 2}}  # fmt: skip
    save_file(other.network.state_dict(), file, metadata={"lpr": json.dumps(about)})
    with pytest.raises(ModelError, match="another architecture"):
        load_recognizer(file)
    about["config"]["colour"] = 1  # type: ignore[index]
    save_file(other.network.state_dict(), file, metadata={"lpr": json.dumps(about)})
    with pytest.raises(ModelError, match="config is not that of a resnet-gru"):
        load_recognizer(file)
    save_file(other.network.state_dict(), file)
    with pytest.raises(ModelError, match="does not say which"):
        load_recognizer(file)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ModelError, match="not a safetensors file"):
        load_recognizer(file)
    with pytest.raises(ModelError, match=r"none\.safetensors"):
        load_recognizer(tmp_path / "none.safetensors")


def test_another_alphabet_than_the_models_is_refused(tmp_path: Path) -> None:
    spec = replace(RGB, alphabet=ALPHABET[::-1])
    with pytest.raises(ModelError, match="another alphabet"):
        TorchRecognizerRuntime("cpu").open(RecognizerModel(saved(tmp_path), "safetensors", spec), 1)
