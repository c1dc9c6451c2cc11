from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lpr.darknet.cfg import Cfg, parse  # noqa: E402
from lpr.darknet.weights import Weights, read_weights  # noqa: E402
from lpr.runtimes.opencv_detector import OpenCvDetector  # noqa: E402
from lpr.runtimes.opencv_target import CPU  # noqa: E402
from lpr.specs import DetectorModel, DetectorSpec  # noqa: E402
from lpr_torch.darknet import OBJECTNESS_PRIOR, DarknetNet  # noqa: E402
from tests.darknet.nets import BODIES, SIZES, conv, head, net, pictures, random_weights  # noqa: E402


def in_opencv(folder: Path, cfg: Cfg, weights: Weights) -> OpenCvDetector:
    spec = DetectorSpec(cfg.net.width, cfg.net.height, "letterbox", "rgb", 0.5, 0.45)
    model = DetectorModel(folder / "net.cfg", folder / "net.weights", spec)
    model.cfg.write_text(cfg.to_text())
    weights.save(model.weights)
    return OpenCvDetector(model, CPU)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_the_same_heads_as_opencv(
    body: str, memory_format: torch.memory_format, tmp_path: Path
) -> None:
    cfg = net(body)
    weights = random_weights(cfg)
    network = DarknetNet(cfg).eval().to(memory_format=memory_format)
    network.load(weights)
    reference = in_opencv(tmp_path, cfg, weights)
    for width, height, count in SIZES:
        batch = pictures(width, height, count)
        with torch.no_grad():
            heads = network(torch.from_numpy(batch).to(memory_format=memory_format))
        shapes = cfg.shapes(width, height)
        for layer, ours, theirs in zip(cfg.heads, heads, reference.forward(batch), strict=True):
            assert tuple(ours.shape) == (count, *shapes[layer.index])
            np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-4 * np.abs(theirs).max())


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_every_weight_learns(body: str) -> None:
    torch.manual_seed(0)
    network = DarknetNet(net(body))
    sum(out.square().sum() for out in network(torch.from_numpy(pictures(48, 36, 2)))).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_what_is_saved_is_what_was_trained(tmp_path: Path) -> None:
    cfg = net(conv(8, activation="leaky") + conv(8, 3, 2, norm=0) + "[dropout]\n" + conv(8))
    torch.manual_seed(1)
    network = DarknetNet(cfg)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    batch = torch.from_numpy(pictures(48, 36, 4))
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = sum((out + 1).square().mean() for out in network(batch))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    network.eval()
    network.save(tmp_path / "a.weights", seen=80)
    weights = read_weights(tmp_path / "a.weights", cfg)
    assert weights.seen == 80
    assert weights.convolutions[0].batch_norm is not None
    assert np.abs(weights.convolutions[0].batch_norm.means).max() > 0
    again = DarknetNet(cfg).eval()
    again.load(weights)
    assert again.seen == 80
    with torch.no_grad():
        (ours,), (reloaded,) = network(batch), again(batch)
    assert torch.equal(ours, reloaded)
    (theirs,) = in_opencv(tmp_path, cfg, network.weights()).forward(batch.numpy())
    np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-4 * np.abs(theirs).max())


@pytest.mark.parametrize("activation", ["relu", "leaky"])
def test_a_new_network_keeps_its_values_in_range(activation: str) -> None:
    torch.manual_seed(0)
    body = "".join(conv(32, activation=activation, norm=0) for _ in range(10))
    network = DarknetNet(net(body)).eval()
    with torch.no_grad():
        (out,) = network(torch.randn(2, 3, 36, 48))
    assert 0.1 < out.std() < 10


def test_a_new_network_finds_next_to_nothing() -> None:
    torch.manual_seed(0)
    cfg = parse("[net]\nwidth=48\nheight=36\n" + conv(8) + head(classes=2))
    with torch.no_grad():
        (out,) = DarknetNet(cfg).eval()(torch.zeros(1, 3, 36, 48))
    cells = out.view(3, 7, 36, 48)
    assert torch.allclose(cells[:, 4], torch.tensor(OBJECTNESS_PRIOR))
    assert torch.allclose(cells[:, 5:], torch.tensor(0.0))


def test_weights_of_another_cfg_are_refused() -> None:
    with pytest.raises((ValueError, RuntimeError)):
        DarknetNet(net(conv(8))).load(random_weights(net(conv(8, norm=0))))
