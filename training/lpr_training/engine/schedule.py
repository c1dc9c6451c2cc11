"""How long, how fast and by which rule a network is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import torch
from torch import nn

Optimizer: TypeAlias = Literal["adamw", "adam", "sgd"]
Policy: TypeAlias = Literal["cosine", "steps", "exponential"]


@dataclass(frozen=True, slots=True)
class Rate:
    """How the learning rate goes down from its highest value, after the warm-up.

    ``cosine``: to ``final`` of it at the end. ``steps``: by ``drops``, each a step and a factor
    that holds from there on (Darknet's policy of that name). ``exponential``: as it is until
    ``decay_from`` epochs have gone, then ``exp(-5 * epoch / (epochs - decay_from))`` of it, which
    is the founding system's formula (the epoch counts from the start of training).

    The warm-up takes the rate from 0 up with the ``warmup_power``-th power of the step: 1, or 4 as
    in Darknet's burn-in.
    """

    policy: Policy = "cosine"
    final: float = 0.02
    drops: tuple[tuple[int, float], ...] = ()
    decay_from: int = 0
    warmup_power: float = 1.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """``steps`` steps of an ``optimizer``, of ``batch`` pictures in ``subdivisions`` parts whose
    gradients are added up, at ``rate`` after ``warmup`` steps.

    ``adamw`` decays weights beside the gradient (Loshchilov & Hutter 2019); ``adam`` and ``sgd``
    (with ``momentum``) add ``decay`` times the weights to it. Every ``epoch`` steps the averaged
    weights are checked; ``average`` is their decay, 0 for none. Gradients are clipped to the norm
    ``clip``, 0 for never. ``report`` steps apart, the loss is written down between checks too, 0
    for never. ``threads`` 0 leaves the number to torch. Every ``save_every`` seconds
    there is a checkpoint.

    With ``minutes`` above 0 the run ends by the clock if it has not made its steps by then, and the
    rate goes down with whichever of the two is nearer its end: for machines temporarily_registered
    by time. ``workers`` processes make the batches, 0 for one thread of this process; as many as
    keep a GPU busy. ``mixed`` computes in bfloat16 what loses nothing by it, for GPUs (Micikevicius
    et al. 2018, Mixed Precision Training).
    """

    steps: int
    batch: int = 16
    subdivisions: int = 1
    epoch: int = 200
    report: int = 0
    optimizer: Optimizer = "adamw"
    rate: float = 2e-3
    warmup: int = 200
    after: Rate = field(default_factory=Rate)
    decay: float = 0.02
    momentum: float = 0.9
    average: float = 0.999
    clip: float = 10.0
    seed: int = 1
    threads: int = 0
    save_every: float = 120.0
    minutes: float = 0.0
    workers: int = 0
    mixed: bool = False

    def __post_init__(self) -> None:
        if self.batch % self.subdivisions:
            raise ValueError(f"batch {self.batch} is not whole in {self.subdivisions} subdivisions")

    @property
    def part(self) -> int:
        """Pictures that go through the network at once."""
        return self.batch // self.subdivisions

    def rate_at(self, step: int, seconds: float = 0.0) -> float:
        """The learning rate of a step, counted from 0, ``seconds`` after the run's start."""
        if step < self.warmup:
            return self.rate * float(((step + 1) / self.warmup) ** self.after.warmup_power)
        if self.minutes:
            step = max(step, min(int(seconds / (60 * self.minutes) * self.steps), self.steps))
        return self.rate * self._remaining(step)

    def is_over(self, seconds: float) -> bool:
        """Whether the run's time has gone."""
        return bool(self.minutes) and seconds >= 60 * self.minutes

    def _remaining(self, step: int) -> float:
        after = self.after
        if after.policy == "steps":
            return math.prod(factor for start, factor in after.drops if step >= start)
        if after.policy == "exponential":
            epoch, epochs = step // self.epoch, self.steps // self.epoch
            return (
                1.0
                if epoch < after.decay_from
                else math.exp(-5 * epoch / max(epochs - after.decay_from, 1))
            )
        done = (step - self.warmup) / max(self.steps - self.warmup, 1)
        return after.final + (1 - after.final) * (1 + math.cos(math.pi * done)) / 2


def optimizer_of(schedule: Schedule, model: nn.Module) -> torch.optim.Optimizer:
    """The schedule's optimizer; weights of convolutions and linear layers decay, nothing else."""
    groups = _groups(list(model.parameters()), schedule.decay)
    if schedule.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=schedule.rate, momentum=schedule.momentum)
    if schedule.optimizer == "adam":
        return torch.optim.Adam(groups, lr=schedule.rate)
    return torch.optim.AdamW(groups, lr=schedule.rate)


def _groups(parameters: list[nn.Parameter], decay: float) -> list[dict[str, Any]]:
    heavy = [p for p in parameters if p.ndim > 1]
    light = [p for p in parameters if p.ndim <= 1]
    return [{"params": heavy, "weight_decay": decay}, {"params": light, "weight_decay": 0.0}]
