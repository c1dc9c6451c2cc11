from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from lpr.errors import ModelError  # noqa: E402
from lpr_torch.resnet_gru import ResNetGru, ResNetGruNet  # noqa: E402
from lpr_training.recognizer.net2net import widen  # noqa: E402

NARROW = ResNetGru(blocks=(1, 1, 1, 1), filters=4, dense=16, gru=8)


def network(config: ResNetGru) -> ResNetGruNet:
    torch.manual_seed(1)
    return ResNetGruNet(config, (64, 32), 37)


@pytest.mark.parametrize("filters", [8, 12])
@pytest.mark.parametrize("bottleneck", [False, True])
def test_a_widened_network_computes_the_same(filters: int, bottleneck: bool) -> None:
    narrow = network(replace(NARROW, bottleneck=bottleneck))
    wide = network(replace(NARROW, bottleneck=bottleneck, filters=filters))
    crops = torch.rand(3, 3, 32, 64)
    with torch.no_grad():
        narrow.train()(crops)  # statistics of its own
        wide.load_state_dict(widen(narrow, wide, seed=0))
        for training in (False, True):
            expected = narrow.train(training)(crops)
            torch.testing.assert_close(wide.train(training)(crops), expected, rtol=1e-3, atol=1e-4)


def test_copies_part_ways_in_training() -> None:
    narrow, wide = network(NARROW), network(replace(NARROW, filters=8))
    wide.load_state_dict(widen(narrow, wide, seed=0))
    optimizer = torch.optim.SGD(wide.parameters(), lr=0.1)
    wide(torch.rand(4, 3, 32, 64)).square().mean().backward()
    optimizer.step()
    kernels = wide.stages[0].second[2].weight.detach()
    assert not torch.allclose(kernels[:4], kernels[4:], atol=1e-5)


@pytest.mark.parametrize("change", [{"filters": 6}, {"gru": 16}, {"blocks": (2, 1, 1, 1)}])
def test_other_networks_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ModelError, match=r"widened|grow"):
        widen(network(NARROW), network(replace(NARROW, **change)), seed=0)
