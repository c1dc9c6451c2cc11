"""The conversion to ONNX, in ONNX Runtime, against the oracle."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from lpr.darknet.onnx import to_onnx  # noqa: E402
from tests.darknet.nets import BODIES, SIZES, conv, net, pictures, random_weights  # noqa: E402
from tests.darknet.reference import forward  # noqa: E402


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_the_heads_of_the_oracle(body: str) -> None:
    """At sizes and batches other than the cfg's too."""
    cfg = net(body)
    weights = random_weights(cfg)
    model = to_onnx(cfg, weights)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    for width, height, count in SIZES:
        batch = pictures(width, height, count)
        heads = session.run(None, {"input": batch})
        for ours, right in zip(heads, forward(cfg, weights, batch), strict=True):
            np.testing.assert_allclose(ours, right, atol=1e-4 * np.abs(right).max())


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
