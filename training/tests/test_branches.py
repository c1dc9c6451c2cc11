from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from lpr_training.engine.reparameterization import add_branches, fuse_branches  # noqa: E402


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, 1, 1),
        nn.ReLU(),
        nn.Conv2d(8, 4, 1),
    )


def disturb(model: nn.Module) -> None:
    with torch.no_grad():
        for value in model.parameters():
            value.add_(torch.randn_like(value) * 0.1)


def test_branches_change_nothing_until_they_have_learnt_something() -> None:
    model, x = network(), torch.randn(2, 3, 12, 10)
    before = model(x)
    add_branches(model)
    torch.testing.assert_close(model(x), before)


def test_fused_branches_compute_what_they_did_apart() -> None:
    """A 1 x 1 branch and an identity beside a 3 x 3 kernel are one 3 x 3 kernel."""
    model, x = network(), torch.randn(2, 3, 12, 10)
    names = [name for name, _ in model.named_parameters()]
    add_branches(model)
    disturb(model)
    inner = model[2]
    parts = inner.parametrizations.weight
    hidden = model[1](model[0](x))
    apart = (
        nn.functional.conv2d(hidden, parts.original * parts[0].scale, inner.bias, padding=1)
        + nn.functional.conv2d(hidden, parts[0].point)
        + hidden * parts[0].identity[:, None, None]
    )
    torch.testing.assert_close(inner(hidden), apart, rtol=1e-4, atol=1e-5)
    before = model(x)
    fuse_branches(model)
    torch.testing.assert_close(model(x), before)
    assert sorted(name for name, _ in model.named_parameters()) == sorted(names)


def test_every_branch_learns() -> None:
    model = network()
    add_branches(model)
    model(torch.randn(2, 3, 12, 10)).square().mean().backward()
    assert all(
        value.grad is not None and value.grad.abs().max() > 0 for value in model.parameters()
    )
