from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from lpr.darknet.onnx import to_onnx  # noqa: E402
from lpr.runtimes.opencv import detector_runtimes  # noqa: E402
from lpr.specs import DetectorModel, DetectorSpec  # noqa: E402
from tests.darknet.nets import BODIES, conv, net, pictures, random_weights  # noqa: E402


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_the_same_heads_as_opencv(body: str, tmp_path: Path) -> None:
    """In ONNX Runtime, at a size and batch other than the cfg's."""
    cfg = net(body)
    weights = random_weights(cfg)
    model = DetectorModel(
        tmp_path / "net.cfg",
        tmp_path / "net.weights",
        DetectorSpec(48, 36, "letterbox", "rgb", 0.5, 0.45),
    )
    model.cfg.write_text(cfg.to_text())
    weights.save(model.weights)
    opencv = detector_runtimes()[0].open(model, threads=0)
    batch = pictures(36, 24, 2)
    session = onnxruntime.InferenceSession(to_onnx(cfg, weights).SerializeToString())
    heads = session.run(None, {"input": batch})
    for ours, theirs in zip(heads, opencv.forward(batch), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4 * np.abs(theirs).max())


def test_inputs_and_outputs_are_dynamic_and_in_order() -> None:
    model = to_onnx(net(BODIES["two heads"]), random_weights(net(BODIES["two heads"])))
    assert [i.name for i in model.graph.input] == ["input"]
    shape = model.graph.input[0].type.tensor_type.shape.dim
    assert [d.dim_param or d.dim_value for d in shape] == ["N", 3, "H", "W"]
    channels = [o.type.tensor_type.shape.dim[1].dim_value for o in model.graph.output]
    assert [o.name for o in model.graph.output] == ["head_0", "head_1"]
    assert channels == [21, 18]


def test_batch_normalization_is_folded() -> None:
    model = to_onnx(net(conv(8)), random_weights(net(conv(8))))
    assert {node.op_type for node in model.graph.node} == {"Conv", "Relu", "Identity"}
    onnx.checker.check_model(model, full_check=True)
