"""The training loop, the same for every network: steps, averaged weights, checks, checkpoints.

What differs is a :class:`Task`: its network, its batches, its loss, its check on ``dev``.
"""

from __future__ import annotations

import json
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import islice
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Generic, Protocol, TypeVar

import cv2
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm  # type: ignore[import-untyped]

from lpr.errors import LprError, describe
from lpr_training.engine.schedule import Schedule, optimizer_of

METRICS = "metrics.jsonl"
"""The file of a run's losses and figures, one line for each check."""

BEST = "best.safetensors"
"""The file of a run's best averaged weights."""

Batch = TypeVar("Batch", bound="Movable")


class Movable(Protocol):
    """A batch: tensors that go to the network's device together."""

    def to(self: Batch, device: torch.device) -> Batch: ...


class Task(Protocol[Batch]):
    """What is trained. ``model`` is the network whose weights change."""

    model: nn.Module

    def batch(self, number: int) -> Batch:
        """The batch (one of a step's subdivisions) of a running number: depends on nothing but the
        seed and the number."""
        ...

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, float]]:
        """What to minimise, and its parts for the log."""
        ...

    def check(self, model: nn.Module) -> dict[str, float]:
        """Measure ``model`` on ``dev``; ``score`` (higher is better) chooses the best."""
        ...

    def save(self, model: nn.Module, file: Path) -> None:
        """Write the network that ``model`` (the task's own, or a copy of it) has become, as a
        safetensors file (:mod:`lpr_torch.checkpoints`)."""
        ...


class EMA:
    """An exponential moving average of a network's weights and of its batch norms' statistics."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = deepcopy(model).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Early steps count more: the average must not remember how the network began."""
        decay = min(self.decay, (1 + step) / (20 + step))
        source = model.state_dict()
        for name, value in self.model.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(source[name], 1 - decay)
            else:
                value.copy_(source[name])


class Prefetch(Generic[Batch]):
    """Batches made by threads ahead of their use (OpenCV and NumPy let go of the interpreter)."""

    def __init__(self, make: Callable[[int], Batch], steps: range, workers: int = 1) -> None:
        self.make, self.steps, self.workers = make, steps, max(workers, 1)

    def __iter__(self) -> Iterator[Batch]:
        stop = threading.Event()
        lanes: list[queue.Queue[Any]] = [queue.Queue(2) for _ in range(self.workers)]

        def work(lane: int) -> None:
            for step in self.steps[lane :: self.workers]:
                try:
                    item: Any = self.make(step)
                except BaseException as error:
                    item = error
                while not stop.is_set():
                    try:
                        lanes[lane].put(item, timeout=0.2)
                        break
                    except queue.Full:
                        continue
                if stop.is_set() or isinstance(item, BaseException):
                    return

        for lane in range(self.workers):
            threading.Thread(target=work, args=(lane,), daemon=True).start()
        try:
            for index in range(len(self.steps)):
                item = lanes[index % self.workers].get()
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stop.set()


class _Numbered(Dataset[Batch]):
    """Batches by their numbers, as torch's worker processes ask for them."""

    def __init__(self, make: Callable[[int], Batch]) -> None:
        self.make = make

    def __getitem__(self, number: int) -> Batch:
        return self.make(number)


def _batches(task: Task[Batch], numbers: range, workers: int) -> Iterator[Batch]:
    if not workers:
        return iter(Prefetch(task.batch, numbers))
    # OpenCV's threads do not survive a fork: a worker would wait for them for ever.
    cv2.setNumThreads(1)
    return iter(
        DataLoader(
            _Numbered(task.batch),
            batch_size=None,
            sampler=numbers,
            num_workers=workers,
            prefetch_factor=4,
            generator=torch.Generator(),  # torch's own would give the run other random numbers
        )
    )


def train(
    task: Task[Any], schedule: Schedule, out: Path, resume: bool = False, device: str = "cpu"
) -> Path:
    """Train ``task`` into the folder ``out``; returns the file with the best averaged weights.

    Writes ``metrics.jsonl`` (one line for each check), ``last.pt`` (everything that resuming needs,
    replaced every ``save_every`` seconds) and ``best.safetensors``.
    """
    if schedule.threads:
        torch.set_num_threads(schedule.threads)
        cv2.setNumThreads(schedule.threads)
    out.mkdir(parents=True, exist_ok=True)
    last, best = out / "last.pt", out / BEST
    saved = _load(last) if resume and last.exists() else None
    state: dict[str, Any] = {"step": 0, "best": -math.inf, "seconds": 0.0}
    if saved:
        state = saved["state"]
        _forget_after(state["step"], out / METRICS)
    else:
        (out / METRICS).write_text("")
    parts_of = schedule.subdivisions
    numbers = range(state["step"] * parts_of, schedule.steps * parts_of)
    # Workers are forked before anything is on a GPU, which no forked process could use.
    batches = _batches(task, numbers, schedule.workers)
    place = torch.device(device)
    torch.backends.cudnn.benchmark = True  # inputs have a handful of sizes
    model = task.model.to(place)
    average = EMA(model, schedule.average)
    optimizer = optimizer_of(schedule, model)
    if saved:
        _take_over(saved, last, model, average, optimizer)

    def save() -> None:
        _replace(
            {
                "model": model.state_dict(),
                "average": average.model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "rng": torch.get_rng_state(),
                "state": state,
            },
            last,
        )

    began = saved_at = time.monotonic()
    before = state["seconds"]
    sums: dict[str, float] = {}
    summed = 0
    steps = range(state["step"], schedule.steps)
    bar = tqdm(total=schedule.steps, initial=state["step"], unit="step", disable=None)
    for step in steps:
        model.train()
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate_at(step, state["seconds"])
        optimizer.zero_grad(set_to_none=True)
        for batch in islice(batches, parts_of):
            # What a loss makes anew is made there.
            with place, torch.autocast(place.type, torch.bfloat16, enabled=schedule.mixed):
                loss, parts = task.loss(batch.to(place), step)
            torch.autograd.backward(loss / parts_of)
            for name, value in {"loss": float(loss.detach()), **parts}.items():
                sums[name] = sums.get(name, 0.0) + value
            summed += 1
        if schedule.clip:
            nn.utils.clip_grad_norm_(model.parameters(), schedule.clip)
        optimizer.step()
        average.update(model, step)
        bar.update()
        now = time.monotonic()
        state.update(step=step + 1, seconds=before + now - began)
        ended = step + 1 == schedule.steps or schedule.is_over(state["seconds"])
        checked = (step + 1) % schedule.epoch == 0 or ended
        if checked or (schedule.report and (step + 1) % schedule.report == 0):
            line = {"step": step + 1, "seconds": round(state["seconds"])}
            line |= {name: round(value / summed, 4) for name, value in sums.items()}
            sums, summed = {}, 0
            figures = task.check(average.model) if checked else {}
            line |= {name: round(value, 4) for name, value in figures.items()}
            with (out / METRICS).open("a") as log:
                log.write(json.dumps(line) + "\n")
            tqdm.write(json.dumps(line))
        if checked:
            if figures["score"] >= state["best"]:
                state["best"] = figures["score"]
                task.save(average.model, best)
            save()
        elif now - saved_at > schedule.save_every:
            save()
            saved_at = now
        if ended:
            break
    bar.close()
    return best


_DAMAGED = (OSError, EOFError, KeyError, RuntimeError, TypeError, ValueError, UnpicklingError)


def _load(file: Path) -> dict[str, Any]:
    try:
        saved: dict[str, Any] = torch.load(file, weights_only=True, map_location="cpu")
        saved["state"]["step"]
    except _DAMAGED as error:
        raise _unfit(file, error) from error
    return saved


def _take_over(
    saved: dict[str, Any],
    file: Path,
    model: nn.Module,
    average: EMA,
    optimizer: torch.optim.Optimizer,
) -> None:
    try:
        model.load_state_dict(saved["model"])
        average.model.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["rng"])
    except _DAMAGED as error:
        raise _unfit(file, error) from error


def _unfit(file: Path, error: Exception) -> LprError:
    return LprError(
        f"{file}: is damaged or of another network than the recipe's; resume with the run's "
        f"own recipe, or begin anew without --resume ({describe(error).splitlines()[0]})"
    )


def _forget_after(step: int, file: Path) -> None:
    """Drop what a run that was killed had written down beyond its last checkpoint."""
    lines = file.read_text().splitlines(keepends=True) if file.exists() else []
    kept = [line for line in lines if json.loads(line)["step"] <= step]
    file.write_text("".join(kept))


def _replace(content: object, file: Path) -> None:
    """Write beside ``file`` and rename: a run that is killed never leaves half a checkpoint."""
    part = file.with_suffix(".part")
    torch.save(content, part)
    part.replace(file)
