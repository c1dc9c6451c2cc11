from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file, save_file  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from lpr.errors import LprError  # noqa: E402
from lpr_training.engine.ema import EMA  # noqa: E402
from lpr_training.engine.loop import prefetch, train  # noqa: E402
from lpr_training.engine.schedule import Schedule  # noqa: E402

SCHEDULE = Schedule(
    steps=40, batch=4, check_every=10, rate=0.05, warmup=5, ema_decay=0.9, save_every=1e9
)


class Line:
    """Learns y = 2 x1 - 3 x2 with a little dropout, so that torch's random state matters."""

    def __init__(self, stop_at: int | None = None) -> None:
        torch.manual_seed(1)
        self.model = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.1), nn.Linear(8, 1))
        self.stop_at = stop_at

    def batch(self, step: int) -> Tensor:
        return torch.randn(4, 2, generator=torch.Generator().manual_seed(step))

    def loss(self, batch: Tensor, step: int) -> tuple[Tensor, dict[str, float]]:
        if step == self.stop_at:
            raise KeyboardInterrupt
        return self.error(self.model, batch), {}

    def error(self, model: nn.Module, batch: Tensor) -> Tensor:
        wanted = batch @ torch.tensor([[2.0], [-3.0]])
        return (model(batch) - wanted).square().mean()

    def save(self, model: nn.Module, file: Path) -> None:
        save_file(model.state_dict(), file)

    def check(self, model: nn.Module) -> dict[str, float]:
        with torch.no_grad():
            return {"score": -float(self.error(model, self.batch(-1)))}


def test_a_run_learns_and_keeps_its_best(tmp_path: Path) -> None:
    best = train(Line(), SCHEDULE, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 20, 30, 40]
    assert lines[-1]["score"] > lines[0]["score"]
    task = Line()
    task.model.load_state_dict(load_file(best))
    found = task.check(task.model.eval())["score"]
    assert found == pytest.approx(max(line["score"] for line in lines), abs=1e-3)


def test_a_resumed_run_is_the_run_that_was_not_interrupted(tmp_path: Path) -> None:
    whole = train(Line(), SCHEDULE, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(Line(stop_at=25), SCHEDULE, tmp_path / "two")
    halves = train(Line(), SCHEDULE, tmp_path / "two", resume=True)
    first, second = (load_file(file) for file in (whole, halves))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_begins_anew_unless_it_is_resumed(tmp_path: Path) -> None:
    for _ in range(2):
        train(Line(), SCHEDULE, tmp_path)
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 4


def test_a_run_ends_by_the_clock_and_its_rate_with_it(tmp_path: Path) -> None:
    schedule = replace(SCHEDULE, steps=10**6, minutes=0.01, check_every=10**6)
    train(Line(), schedule, tmp_path)
    (line,) = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert 0 < line["step"] < 10**6
    assert "score" in line
    rates = [schedule.rate_at(1000, seconds) for seconds in (0.0, 0.3, 0.6, 5.0)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(schedule.rate * schedule.lr_schedule.final)
    assert not schedule.is_over(0.5)
    assert schedule.is_over(0.6)
    assert not SCHEDULE.is_over(1e9)


def test_an_average_follows_weights_and_batch_norm_statistics() -> None:
    model = nn.BatchNorm1d(1)
    average = EMA(model, decay=0.5)
    with torch.no_grad():
        model.weight.fill_(5)
        model.running_mean.fill_(3)
    for step in range(100, 120):
        average.update(model, step)
    assert float(average.model.weight) == pytest.approx(5, abs=0.01)
    assert float(average.model.running_mean) == pytest.approx(3, abs=0.01)


def test_prefetched_batches_come_in_order() -> None:
    numbers = range(3, 20)
    assert list(prefetch(lambda step: step * 10, numbers)) == [step * 10 for step in numbers]


def test_what_goes_wrong_in_a_batch_is_raised() -> None:
    def broken(step: int) -> int:
        if step == 2:
            raise ValueError("no such picture")
        return step

    with pytest.raises(ValueError, match="no such picture"):
        list(prefetch(broken, range(5)))


def test_the_rate_warms_up_and_comes_down() -> None:
    rates = [SCHEDULE.rate_at(step) for step in range(SCHEDULE.steps)]
    assert rates[0] < rates[4] == pytest.approx(max(rates))
    assert rates[-1] < 0.1 * max(rates)


def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    train(Line(), SCHEDULE, tmp_path)
    other = Line()
    other.model = nn.Linear(2, 3)
    with pytest.raises(LprError, match=r"last\.pt: is damaged or of another network"):
        train(other, SCHEDULE, tmp_path, resume=True)
    whole = (tmp_path / "last.pt").read_bytes()
    for rest in (whole[: len(whole) // 2], b"", b"no checkpoint"):
        (tmp_path / "last.pt").write_bytes(rest)
        with pytest.raises(LprError, match="start over without --resume"):
            train(Line(), SCHEDULE, tmp_path, resume=True)


def test_lines_beyond_the_checkpoint_are_dropped(tmp_path: Path) -> None:
    """A run that is killed has written down more than its last checkpoint knows."""
    train(Line(), replace(SCHEDULE, steps=20), tmp_path)
    with (tmp_path / "metrics.jsonl").open("a") as log:
        log.write('{"step": 30}\n')
    train(Line(), SCHEDULE, tmp_path, resume=True)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 20, 30, 40]
    assert all("score" in line for line in lines)


def test_losses_are_reported_between_checks(tmp_path: Path) -> None:
    train(Line(), replace(SCHEDULE, report=4), tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [4, 8, 10, 12, 16, 20, 24, 28, 30, 32, 36, 40]
    assert [line["step"] for line in lines if "score" in line] == [10, 20, 30, 40]


def test_subdivisions_add_up_to_the_whole_batch(tmp_path: Path) -> None:
    """Without dropout, two halves of a batch give the step that the whole gives."""

    class Halves(Line):
        def __init__(self, parts: int) -> None:
            super().__init__()
            self.model = nn.Sequential(self.model[0], self.model[2])
            self.parts = parts

        def batch(self, number: int) -> Tensor:
            whole = super().batch(number // self.parts)
            return whole.chunk(self.parts)[number % self.parts]

    one, two = (
        load_file(
            train(Halves(parts), replace(SCHEDULE, subdivisions=parts), tmp_path / str(parts))
        )
        for parts in (1, 2)
    )
    for name in one:
        torch.testing.assert_close(one[name], two[name])
