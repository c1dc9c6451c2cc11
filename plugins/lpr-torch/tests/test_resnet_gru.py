from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from lpr_torch.resnet_gru import Basic, ResNetGru, ResNetGruNet  # noqa: E402

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
