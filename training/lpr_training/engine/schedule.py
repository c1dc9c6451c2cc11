"""A training's schedule: steps, learning rate, optimizer."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import torch
from torch import nn

Optimizer: TypeAlias = Literal["adamw", "adam", "sgd"]
Decayed: TypeAlias = Literal["weights", "convolutions"]
Policy: TypeAlias = Literal["cosine", "steps", "exponential"]


@dataclass(frozen=True, slots=True)
class LrSchedule:
    """How the learning rate changes: its warm-up, and its decay from the highest value."""

    policy: Policy = "cosine"
    """``cosine`` decays to ``final`` at the end. ``steps`` decays by ``drops`` (Darknet's policy of
    that name). ``exponential`` stays constant for ``decay_from`` epochs and is then multiplied by
    ``exp(-5 * epoch / (epochs - decay_from))``, the founding system's formula; epochs count from
    the start of training."""
    final: float = 0.02  # Share of the learning rate at the end of ``cosine``
    drops: tuple[tuple[int, float], ...] = ()  # For ``steps``: pairs of a first step and a factor
    decay_from: int = 0  # For ``exponential``: the epoch (``check_every`` steps) of the first decay
    warmup_power: float = 1.0  # Exponent of the warm-up: 1 is linear, 4 is Darknet's burn-in


@dataclass(frozen=True, slots=True)
class Schedule:
    """The duration, optimizer and learning rate of a training."""

    steps: int  # Steps of the optimizer
    batch: int = 16  # Pictures per step
    subdivisions: int = 1  # Forward passes per batch, to save memory; gradients are accumulated
    check_every: int = 200  # Steps between checks of the averaged weights on ``dev``
    report: int = 0  # Steps between log lines of the loss, besides those of the checks; 0 for none
    optimizer: Optimizer = "adamw"
    """``adamw`` decouples weight decay from the gradient (Loshchilov & Hutter 2019); ``adam`` and
    ``sgd`` add it to the gradient."""
    rate: float = 2e-3  # The highest learning rate
    warmup: int = 200  # Steps over which the learning rate grows from 0
    lr_schedule: LrSchedule = field(default_factory=LrSchedule)
    weight_decay: float = 0.02
    decayed: Decayed = "weights"
    """What decays: ``weights`` are those of convolutions, linear and recurrent layers;
    ``convolutions`` are only the first, as in Keras models with a kernel regularizer on those."""
    momentum: float = 0.9  # For ``sgd``
    ema_decay: float = 0.999  # Decay of the weights' moving average; 0 for no averaging
    grad_clip: float = 10.0  # The greatest norm of the gradients; 0 for no clipping
    seed: int = 1
    threads: int = 0  # Threads of torch and OpenCV; 0 for torch's default
    save_every: float = 120.0  # Seconds between checkpoints
    minutes: float = 0.0
    """Time limit; 0 for none. The learning rate follows the steps or the time, whichever is nearer
    its end."""
    workers: int = 0  # Processes that prepare batches, for GPUs; 0 for one thread instead
    mixed: bool = False  # Mixed precision in bfloat16 (Micikevicius et al. 2018), for GPUs

    def __post_init__(self) -> None:
        if self.batch % self.subdivisions:
            raise ValueError(
                f"batch {self.batch} is not a multiple of {self.subdivisions} subdivisions"
            )

    @property
    def micro_batch(self) -> int:
        """Pictures per forward pass."""
        return self.batch // self.subdivisions

    def rate_at(self, step: int, seconds: float = 0.0) -> float:
        """The learning rate of a step, counted from 0, ``seconds`` after the start of the run."""
        if step < self.warmup:
            return self.rate * float(((step + 1) / self.warmup) ** self.lr_schedule.warmup_power)
        if self.minutes:
            step = max(step, min(int(seconds / (60 * self.minutes) * self.steps), self.steps))
        return self.rate * self._decay(step)

    def is_over(self, seconds: float) -> bool:
        """Whether the time limit is reached."""
        return bool(self.minutes) and seconds >= 60 * self.minutes

    def _decay(self, step: int) -> float:
        """The learning rate after the warm-up, as a share of the highest one."""
        lr = self.lr_schedule
        if lr.policy == "steps":
            return math.prod(factor for start, factor in lr.drops if step >= start)
        if lr.policy == "exponential":
            epoch, epochs = step // self.check_every, self.steps // self.check_every
            if epoch < lr.decay_from:
                return 1.0
            return math.exp(-5 * epoch / max(epochs - lr.decay_from, 1))
        done = (step - self.warmup) / max(self.steps - self.warmup, 1)
        return lr.final + (1 - lr.final) * (1 + math.cos(math.pi * done)) / 2


def optimizer_of(schedule: Schedule, model: nn.Module) -> torch.optim.Optimizer:
    """Return the schedule's optimizer. Biases and normalizations never decay."""
    parameters = list(model.parameters())
    axes = 2 if schedule.decayed == "weights" else 3  # kernels of convolutions have three or four
    groups = [
        {
            "params": [p for p in parameters if p.ndim >= axes],
            "weight_decay": schedule.weight_decay,
        },
        {"params": [p for p in parameters if p.ndim < axes], "weight_decay": 0.0},
    ]
    if schedule.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=schedule.rate, momentum=schedule.momentum)
    if schedule.optimizer == "adam":
        return torch.optim.Adam(groups, lr=schedule.rate)
    return torch.optim.AdamW(groups, lr=schedule.rate)
