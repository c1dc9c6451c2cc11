from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from lpr.utils.toml import RecipeError  # noqa: E402
from lpr_training.engine.schedule import LrSchedule, Schedule, optimizer_of  # noqa: E402
from lpr_training.recognizer.recipe import recognizer_recipe  # noqa: E402


def test_the_rate_warms_up_and_goes_down_along_a_cosine() -> None:
    schedule = Schedule(steps=110, rate=1.0, warmup=10, lr_schedule=LrSchedule(final=0.1))
    assert [schedule.rate_at(step) for step in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1.0])
    assert schedule.rate_at(60) == pytest.approx(0.55)
    assert schedule.rate_at(109) == pytest.approx(0.1, abs=0.001)


def test_the_founding_recognizers_schedule() -> None:
    schedule = recognizer_recipe("seed-resnet18-2222-64").schedule
    assert (schedule.steps, schedule.check_every, schedule.batch) == (40 * 1096, 1096, 16)
    assert (schedule.optimizer, schedule.rate) == ("adam", 1e-4)
    assert schedule.rate_at(0) == schedule.rate_at(20 * 1096 - 1) == 1e-4
    assert schedule.rate_at(30 * 1096) == pytest.approx(1e-4 * math.exp(-5 * 30 / 20))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("adamw", torch.optim.AdamW), ("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)],
)
def test_only_weights_decay(name: str, kind: type) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    optimizer = optimizer_of(Schedule(steps=1, optimizer=name, weight_decay=0.3), model)  # type: ignore[arg-type]
    assert type(optimizer) is kind
    decays = {p: g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert [decays[p] for p in model.parameters()] == [0.3, 0, 0, 0]


def test_the_founding_systems_decay_is_that_of_convolutions_alone() -> None:
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Linear(2, 2))
    optimizer = optimizer_of(Schedule(1, weight_decay=0.3, decayed="convolutions"), model)
    decays = {p: g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert [decays[p] for p in model.parameters()] == [0.3, 0, 0, 0]


def test_a_batch_has_to_be_whole_in_its_parts() -> None:
    with pytest.raises(RecipeError, match="not a multiple of"):
        recognizer_recipe("seed-resnet18-2222-64", ["schedule.subdivisions=3"])
