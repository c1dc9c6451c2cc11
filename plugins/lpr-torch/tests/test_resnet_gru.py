from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lpr.specs import CtcSpec

torch = pytest.importorskip("torch")

from lpr_torch.checkpoints import Recognizer, load_recognizer, save_recognizer  # noqa: E402
from lpr_torch.export import About, export, export_onnx  # noqa: E402
from lpr_torch.resnet_gru import Basic, ResNetGru, ResNetGruNet  # noqa: E402
from lpr_torch.spatial_transformer import SpatialTransformer  # noqa: E402

BEST = ResNetGru()
SIZE, CLASSES = (128, 64), 37


def network(**changes: object) -> ResNetGruNet:
    torch.manual_seed(0)
    config = replace(BEST, **{"filters": 4, "dense": 8, "gru": 6, **changes})
    return ResNetGruNet(config, SIZE, CLASSES).eval()


def test_the_best_one_has_the_founding_systems_layers() -> None:
    net = ResNetGruNet(BEST, SIZE, CLASSES)
    stages = [block for block in net.stages if isinstance(block, Basic)]
    assert [block.second[2].out_channels for block in stages] == [
        64,
        64,
        128,
        128,
        256,
        256,
        512,
        512,
    ]
    # Blocks that begin with a bare convolution have no normalisation before it.
    assert [len(block.first) for block in stages] == [1, 3, 1, 3, 3, 3, 3, 3]
    assert net.dense.in_features == 16 * 512
    assert net.dense.out_features == 64
    assert net.out.in_features == 2 * 256
    with torch.no_grad():
        features = net.eval().stages(net.stem(torch.zeros(1, 3, 64, 128)))
    assert features.shape == (1, 512, 16, 32)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"blocks": (2, 4, 4, 2)},
        {"blocks": (1, 1, 1, 1), "bottleneck": True},
        {"dense_norm": True},
        {"axis_switch": False},
        {"backward_in_order": False},
        {"gru": 12, "dense": 16},
        {"norm": "group", "filters": 16},
        {"reader": "lstm"},
        {"reader": "rnn"},
        {"reader": "convolution"},
        {"transformer": True},
    ],
)
def test_every_member_gives_logits_and_learns(changes: dict[str, object]) -> None:
    net = network(**changes).train()
    logits = net(torch.rand(2, 3, 64, 128))
    assert logits.shape == (2, 32, CLASSES)
    logits.square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_time_runs_along_the_plate() -> None:
    """What changes on the right changes the dense layer's last steps; without the axis switch,
    where rows are laid out one behind the other, it changes steps all over."""
    left = torch.zeros(1, 3, 64, 128)
    right = left.clone()
    right[..., 120:] = 1
    moved = {}
    for switch in (True, False):
        net = network(axis_switch=switch)
        with torch.no_grad():
            seen = [net._steps(net.last(net.stages(net.stem(x)))) for x in (left, right)]
        moved[switch] = (seen[0] - seen[1]).abs().sum(2)[0] > 1e-6
    assert not moved[True][:16].any()
    assert moved[True][-1]
    assert moved[False][:16].any()


def test_the_backward_layers_words_are_put_in_order() -> None:
    """The last step alone differs: read backwards, it is the first that is heard, so the steps that
    differ most are those near the end; out of order, they are near the beginning."""
    ends = {}
    for in_order in (True, False):
        net = network(backward_in_order=in_order)
        steps = torch.zeros(1, 32, 8)
        other = steps.clone()
        other[:, -1] = 5
        with torch.no_grad():
            change = (net._both(net.first_gru, steps)[1] - net._both(net.first_gru, other)[1])[0]
        ends[in_order] = int(change.abs().sum(1).argmax())
    assert ends[True] == 31
    assert ends[False] == 0


def test_group_normalisation_does_not_know_the_other_plates() -> None:
    plates = torch.rand(3, 3, 64, 128)
    alone, among = plates[:1], plates
    grouped = network(norm="group", filters=16).train()
    batched = network(norm="batch", filters=16).train()

    def features(net: ResNetGruNet, crops: torch.Tensor) -> torch.Tensor:
        return net.stages(net.stem(crops))[0]

    assert torch.allclose(features(grouped, alone), features(grouped, among), atol=1e-4)
    assert not torch.allclose(features(batched, alone), features(batched, among), atol=1e-2)


def test_a_spatial_transformer_begins_by_leaving_crops_alone() -> None:
    straighten = SpatialTransformer(SIZE).eval()
    crops = torch.rand(2, 3, 64, 128)
    assert torch.allclose(straighten(crops), crops, atol=1e-5)


def test_a_spatial_transformer_moves_what_is_seen() -> None:
    straighten = SpatialTransformer(SIZE).eval()
    crops = torch.rand(1, 3, 64, 128)
    with torch.no_grad():
        straighten.affine.bias[2] = 10 * 2 * 10 / 128  # ten pixels further to the right
    assert torch.allclose(straighten(crops)[..., :-10], crops[..., 10:], atol=1e-4)


def test_a_spatial_transformer_learns_to_straighten() -> None:
    torch.manual_seed(1)
    straight = torch.zeros(8, 3, 64, 128)
    straight[:, :, 20:44, 30:98] = torch.rand(8, 3, 24, 68)
    shifted = straight.roll((8, 12), (2, 3))
    straighten = SpatialTransformer(SIZE)
    optimizer = torch.optim.Adam(straighten.parameters(), lr=2e-2)
    losses = []
    for _ in range(40):
        loss = (straighten(shifted) - straight).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert min(losses) < 0.6 * losses[0]


def test_an_lstm_begins_by_remembering() -> None:
    bias = network(reader="lstm").first_gru.bias_ih_l0
    assert bias.chunk(4)[1].eq(1).all()
    assert bias.chunk(4)[0].eq(0).all()


@pytest.mark.parametrize(
    "changes", [{"norm": "group"}, {"reader": "lstm"}, {"reader": "rnn"}, {"transformer": True}]
)
def test_what_was_trained_is_what_runs(changes: dict[str, object], tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    net = network(**changes)
    spec = CtcSpec("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 36, 128, 64, channels="rgb")
    save_recognizer(Recognizer(net, net.config, spec), tmp_path / "net.safetensors")
    loaded = load_recognizer(tmp_path / "net.safetensors").network
    crops = np.random.default_rng(0).random((1, 3, 64, 128), np.float32)
    export_onnx(loaded, crops, tmp_path / "net.onnx")
    (given,) = runtime.InferenceSession(str(tmp_path / "net.onnx")).run(None, {"crops": crops})
    with torch.no_grad():
        assert np.allclose(given, net(torch.from_numpy(crops)).numpy(), atol=1e-4)


def test_a_runtime_that_cannot_run_it_is_named_and_no_hindrance(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    net = network(reader="rnn")
    spec = CtcSpec("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 36, 128, 64, channels="rgb")
    save_recognizer(Recognizer(net, net.config, spec), tmp_path / "net.safetensors")
    off = export([tmp_path / "net.safetensors"], tmp_path / "model", About("toy"))
    assert off["recognizer opencv"] is None
    assert off["recognizer onnxruntime"] is not None
    assert off["recognizer onnxruntime"] < 1e-4
    assert (tmp_path / "model" / "recognizer.onnx").is_file()
