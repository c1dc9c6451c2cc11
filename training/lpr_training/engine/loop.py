"""The training loop of every network: steps, averaged weights, checks, checkpoints.

A :class:`Task` provides the network, the batches, the loss and the check on ``dev``.
"""

from __future__ import annotations

import json
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol, TypeVar

import cv2
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm  # type: ignore[import-untyped]

from lpr.errors import LprError, describe
from lpr.utils.files import write_atomically
from lpr_training.engine.ema import EMA
from lpr_training.engine.schedule import Schedule, optimizer_of

METRICS = "metrics.jsonl"
"""The file of a run's losses and figures: a JSON object per line."""

BEST = "best.safetensors"
"""The file of a run's best averaged weights."""

_AHEAD = 2  # Batches that wait for the training step

Batch = TypeVar("Batch", bound="Movable")
T = TypeVar("T")


class Movable(Protocol):
    """A batch of tensors that can be moved to a device."""

    def to(self: Batch, device: torch.device) -> Batch: ...


class Task(Protocol[Batch]):
    """A network to train (``model``), with its batches, loss and check."""

    model: nn.Module

    def batch(self, number: int) -> Batch:
        """Return a batch (one of a step's subdivisions) by its running number. It depends on the
        seed and the number alone."""
        ...

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, float]]:
        """Return the loss to minimise, and its parts for the log."""
        ...

    def check(self, model: nn.Module) -> dict[str, float]:
        """Evaluate ``model`` on ``dev``. The ``score`` (higher is better) selects the best
        weights."""
        ...

    def save(self, model: nn.Module, file: Path) -> None:
        """Write ``model`` (the task's, or a copy of it) as a safetensors file
        (:mod:`lpr_torch.checkpoints`)."""
        ...


def prefetch(make: Callable[[int], T], steps: range) -> Iterator[T]:
    """Yield batches prepared in advance by a thread (OpenCV and NumPy release the GIL)."""
    pool = ThreadPoolExecutor(1)
    ahead: deque[Future[T]] = deque()
    try:
        for step in steps:
            ahead.append(pool.submit(make, step))
            if len(ahead) > _AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Numbered(Dataset[Batch]):
    """Batches as a dataset, for torch's worker processes."""

    def __init__(self, make: Callable[[int], Batch]) -> None:
        self.make = make

    def __getitem__(self, number: int) -> Batch:
        return self.make(number)


def _batches(task: Task[Batch], numbers: range, workers: int) -> Iterator[Batch]:
    if not workers:
        return prefetch(task.batch, numbers)
    # OpenCV's threads do not survive a fork: a worker would wait for them forever.
    cv2.setNumThreads(1)
    return iter(
        DataLoader(
            _Numbered(task.batch),
            batch_size=None,
            sampler=numbers,
            num_workers=workers,
            prefetch_factor=4,
            generator=torch.Generator(),  # keeps torch's global generator untouched
        )
    )


def train(
    task: Task[Any], schedule: Schedule, out: Path, resume: bool = False, device: str = "cpu"
) -> Path:
    """Train ``task`` into the folder ``out``; return the file with the best averaged weights.

    Writes ``metrics.jsonl`` (losses and figures), ``last.pt`` (the state that resuming needs, every
    ``save_every`` seconds) and ``best.safetensors``. Raises :class:`lpr.errors.LprError` if the
    checkpoint to resume from is damaged or of another network.
    """
    if schedule.threads:
        torch.set_num_threads(schedule.threads)
        cv2.setNumThreads(schedule.threads)
    out.mkdir(parents=True, exist_ok=True)
    last, best = out / "last.pt", out / BEST
    saved: dict[str, Any] | None = None
    state: dict[str, Any] = {"step": 0, "best": -math.inf, "seconds": 0.0}
    if resume and last.exists():
        with _checkpoint_errors(last):
            saved = torch.load(last, weights_only=True, map_location="cpu")
            state = saved["state"]
            state["step"]
        _forget_after(state["step"], out / METRICS)
    else:
        (out / METRICS).write_text("")
    subdivisions = schedule.subdivisions
    numbers = range(state["step"] * subdivisions, schedule.steps * subdivisions)
    # Fork the workers before anything is on the GPU: forked processes cannot use CUDA.
    batches = _batches(task, numbers, schedule.workers)
    target = torch.device(device)
    torch.backends.cudnn.benchmark = True  # inputs have only a few sizes
    model = task.model.to(target)
    ema = EMA(model, schedule.ema_decay)
    optimizer = optimizer_of(schedule, model)
    if saved:
        with _checkpoint_errors(last):
            model.load_state_dict(saved["model"])
            ema.model.load_state_dict(saved["average"])
            optimizer.load_state_dict(saved["optimizer"])
            torch.set_rng_state(saved["rng"])

    def save() -> None:
        content = {
            "model": model.state_dict(),
            "average": ema.model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "rng": torch.get_rng_state(),
            "state": state,
        }
        with write_atomically(last) as part:
            torch.save(content, part)

    start = saved_at = time.monotonic()
    seconds_before = state["seconds"]
    sums: dict[str, float] = {}
    count = 0
    bar = tqdm(total=schedule.steps, initial=state["step"], unit="step", disable=None)
    for step in range(state["step"], schedule.steps):
        model.train()
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate_at(step, state["seconds"])
        optimizer.zero_grad(set_to_none=True)
        for batch in islice(batches, subdivisions):
            # Tensors that the loss creates are created on the device.
            with target, torch.autocast(target.type, torch.bfloat16, enabled=schedule.mixed):
                loss, parts = task.loss(batch.to(target), step)
            torch.autograd.backward(loss / subdivisions)
            for name, value in {"loss": float(loss.detach()), **parts}.items():
                sums[name] = sums.get(name, 0.0) + value
            count += 1
        if schedule.grad_clip:
            nn.utils.clip_grad_norm_(model.parameters(), schedule.grad_clip)
        optimizer.step()
        ema.update(model, step)
        bar.update()
        now = time.monotonic()
        state.update(step=step + 1, seconds=seconds_before + now - start)
        is_last = step + 1 == schedule.steps or schedule.is_over(state["seconds"])
        is_check = (step + 1) % schedule.check_every == 0 or is_last
        if is_check or (schedule.report and (step + 1) % schedule.report == 0):
            line = {"step": step + 1, "seconds": round(state["seconds"])}
            line |= {name: round(value / count, 4) for name, value in sums.items()}
            sums, count = {}, 0
            figures = task.check(ema.model) if is_check else {}
            line |= {name: round(value, 4) for name, value in figures.items()}
            with (out / METRICS).open("a") as log:
                log.write(json.dumps(line) + "\n")
            tqdm.write(json.dumps(line))
        if is_check:
            if figures["score"] >= state["best"]:
                state["best"] = figures["score"]
                task.save(ema.model, best)
            save()
        elif now - saved_at > schedule.save_every:
            save()
            saved_at = now
        if is_last:
            break
    bar.close()
    return best


_DAMAGED = (OSError, EOFError, KeyError, RuntimeError, TypeError, ValueError, UnpicklingError)


@contextmanager
def _checkpoint_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise LprError(
            f"{file}: is damaged or of another network than the recipe's; resume with the run's "
            f"own recipe, or start over without --resume ({describe(error).splitlines()[0]})"
        ) from error


def read_metrics(file: Path) -> list[dict[str, float]]:
    """The lines of a run's ``metrics.jsonl``.

    Raises :class:`lpr.errors.LprError` for a missing or malformed one, with the line's number.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise LprError(f"{file}: cannot be read ({error}); is this a run's folder?") from error
    return [_metrics_line(file, number, line) for number, line in enumerate(lines, 1)]


def _metrics_line(file: Path, number: int, line: str) -> dict[str, float]:
    try:
        row: dict[str, float] = json.loads(line)
        float(row["step"])
    except (KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise LprError(
            f"{file}, line {number}: cannot be read ({describe(error)}); if the run was killed "
            "while it wrote this line, remove it or resume the run"
        ) from error
    return row


def _forget_after(step: int, file: Path) -> None:
    """Drop the log lines that a killed run wrote after its last checkpoint, a torn one included."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else []
    if lines and not lines[-1].endswith("\n"):
        lines.pop()
    kept = [line for n, line in enumerate(lines, 1) if _metrics_line(file, n, line)["step"] <= step]
    file.write_text("".join(kept))
