"""The founding system's experiments, and those that it left undone, trained with the same budget.

    python benchmarks/seed_experiments.py DATA OUT --seconds 450 --device cuda       # a rented GPU
    python benchmarks/seed_experiments.py DATA OUT --steps 1400 --jobs 2 --narrow 8  # two cores

All recipes below are trained for the same number of steps on the same plates, rendered and
photographed, which are prepared once. With ``--seconds``, short trial runs determine the number of
steps that fit the time. Each network then reads the held-out rendered plates and those of
taiwan-crops ``val``, by their true boxes. ``OUT/NAME`` holds the files of ``lpr train`` and
``readings.json``; ``seed_table.py`` makes tables and pictures of them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import torch

from lpr.labels import read_labels
from lpr.recognition.ctc_reader import CtcReader
from lpr.types import Crop
from lpr_torch.checkpoints import load_recognizer
from lpr_training.datasets.label_noise import mislabelled
from lpr_training.datasets.plate_samples import PlateSample, as_written, frame, photographed
from lpr_training.datasets.rendered import kept_out_crops, kept_out_recipe
from lpr_training.engine.loop import METRICS, train
from lpr_training.recognizer.plates import Plates, read_plates
from lpr_training.recognizer.recipe import RecognizerRecipe, recognizer_recipe
from lpr_training.recognizer.task import RecognizerTask, TorchRecognizer

# The expensive ones first, so that none is left for the end alone.
RECIPES = (
    "seed-resnet50",
    "seed-resnet18-2222-64",
    "seed-dense-norm",
    "seed-unchecked-boxes",
    "seed-resnet34",
    "seed-resnet18",
    "seed-no-axis-switch",
    "seed-gru-128",
    "seed-dense-128",
    "seed-resnet26",
    "seed-group-norm",
    "seed-resnet18-2222",
    "seed-small-shifts",
    "seed-unchecked-texts",
    "seed-transformer",
    "seed-lstm",
    "seed-rnn",
    "seed-convolution",
    "seed-gru-512",
    "seed-dense-256",
    "seed-backward-reversed",
    "seed-resnet10",
)
REPEATED = "seed-resnet18-2222"
"""Trained with two more seeds, to measure the influence of chance."""

# A small part of the founding system's 40 epochs of 1,096 steps, so the learning rate is higher and
# decays throughout, and easy plates come first.
BUDGET = (
    "schedule.batch=16",
    "schedule.rate=2e-3",
    "schedule.warmup=100",
    'schedule.lr_schedule.policy="cosine"',
    "schedule.ema_decay=0.99",
    "schedule.grad_clip=10.0",
    "schedule.report=25",
    "schedule.threads=1",
    "schedule.save_every=1e9",
    "crops.easy=400",
    "crops.mixed=900",
)
CHECKS = 6
"""Checks on ``dev`` per run."""


@dataclass(frozen=True, slots=True)
class Run:
    """A training; ``name`` is its folder's."""

    name: str
    recipe: RecognizerRecipe


def runs(only: Sequence[str], steps: int, narrow: int, changes: Sequence[str]) -> list[Run]:
    """Return the trainings named in ``only``, in that order, or all."""
    known = {name: (name, 50) for name in RECIPES}
    known |= {f"{REPEATED}-seed-{seed}": (REPEATED, seed) for seed in (51, 52)}
    budget = [*BUDGET, f"schedule.steps={steps}", f"schedule.check_every={max(steps // CHECKS, 1)}"]
    made = []
    for name in only or known:
        recipe, seed = known[name]
        network = recognizer_recipe(recipe).resnet_gru
        assert network is not None
        width = f"resnet_gru.filters={max(network.filters // narrow, 1)}"
        own = [*budget, width, f"schedule.seed={seed}", *changes]
        made.append(Run(name, recognizer_recipe(recipe, own)))
    return made


def in_processes(
    todo: Sequence[Run], work: Callable[[Run], None], out: Path, jobs: int
) -> list[str]:
    """Do ``work`` for each run in a forked process that shares the plates, with its output in
    ``OUT/NAME/log.txt``. Returns the names of failed runs."""
    fork = get_context("fork")
    waiting, active, failed = list(todo), {}, []

    def begin(run: Run) -> None:
        folder = out / run.name
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "log.txt").open("w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        try:
            work(run)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        sys.stdout.flush()
        os._exit(0)  # as torch's workers would be waited for otherwise

    while waiting or active:
        while waiting and len(active) < jobs:
            run = waiting.pop(0)
            active[run.name] = process = fork.Process(target=begin, args=(run,))
            process.start()
        time.sleep(0.1)
        for name, process in list(active.items()):
            if not process.is_alive():
                del active[name]
                if process.exitcode:
                    failed.append(name)
                print(f"{name}: {'failed' if process.exitcode else 'done'}", file=sys.stderr)
    return failed


def steps_for(seconds: float, todo: Sequence[Run], out: Path) -> int:
    """Return the steps per run that all runs can make in ``seconds`` of one device, estimated from
    the trial runs in ``out``, which shared the device."""
    costs = []
    for run in todo:
        lines = [json.loads(line) for line in (out / run.name / METRICS).read_text().splitlines()]
        begin, end = lines[len(lines) // 3], lines[-1]
        made = max(end["step"] - begin["step"], 1)
        costs.append(max(end["seconds"] - begin["seconds"], 1) / made / len(todo))
        print(f"{run.name}: {1000 * costs[-1]:.1f} ms a step", file=sys.stderr)
    return int(seconds / sum(costs))


def read(file: Path, plates: Sequence[PlateSample], device: str) -> list[str]:
    """Return the readings of ``plates``, by their true boxes, with a checkpoint's network."""
    recognizer = load_recognizer(file)
    reader = CtcReader(TorchRecognizer(recognizer.network.to(device), recognizer.spec))
    crops = [Crop(plate.picture.levels[0], frame(plate.quad, tight=True).quad) for plate in plates]
    return [reading.text for reading in reader.read(crops)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--steps", type=int)
    budget.add_argument("--seconds", type=float)
    parser.add_argument("--probe", type=float, default=25.0, help="seconds of the trial before it")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--narrow", type=int, default=1, help="a part of the filters: for CPUs")
    parser.add_argument("--jobs", type=int, default=64)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--set", dest="changes", nargs="*", default=[])
    parser.add_argument("--kept-out", type=int, default=10_000)
    options = parser.parse_args()

    if options.device != "cpu":
        options.changes += ["schedule.workers=1", "schedule.mixed=true"]
    # Threads do not survive a fork: none may have been made when the runs' processes are.
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    began = time.monotonic()
    first = runs([], 1, 1, options.changes)[0].recipe
    plates = read_plates(options.data, first.crops, first.spec, first.schedule.seed)
    kept_out = [
        as_written(crop)
        for crop in kept_out_crops(kept_out_recipe("kept-out", [f"count={options.kept_out}"]))
    ]
    val = photographed(read_labels(options.data / "taiwan-crops", "val"), first.spec.alphabet)
    truth = {name: [p.text for p in sets] for name, sets in (("kept_out", kept_out), ("val", val))}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "truth.json").write_text(json.dumps(truth))
    print(f"plates: {time.monotonic() - began:.0f} s", file=sys.stderr)

    def seen_by(run: Run) -> Plates:
        wrong = run.recipe.crops.wrong
        if wrong == first.crops.wrong:
            return plates
        return Plates(mislabelled(plates.train, wrong, first.schedule.seed), plates.dev)

    def learn(folder: Path, count: int) -> Callable[[Run], None]:
        def work(run: Run) -> None:
            task = RecognizerTask(run.recipe, seen_by(run))
            best = train(task, run.recipe.schedule, folder / run.name, device=options.device)
            print(f"trained: {time.monotonic() - began:.0f} s")
            readings = {
                "kept_out": read(best, kept_out[:count], options.device),
                "val": read(best, val, options.device),
            }
            (folder / run.name / "readings.json").write_text(json.dumps(readings))
            print(f"read: {time.monotonic() - began:.0f} s")

        return work

    steps = options.steps
    if steps is None:
        probe = options.out / "probe"
        trial = runs(
            options.only,
            10**6,
            options.narrow,
            [*options.changes, f"schedule.minutes={options.probe / 60}", "schedule.report=1"],
        )
        failed = in_processes(trial, learn(probe, 32), probe, options.jobs)
        steps = steps_for(options.seconds, [r for r in trial if r.name not in failed], probe)
        print(f"{time.monotonic() - began:.0f} s; {steps} steps each", file=sys.stderr)
        # Should the trial have promised too much, they end by the clock, with fewer steps.
        options.changes.append(f"schedule.minutes={1.1 * options.seconds / 60}")
    failed = in_processes(
        runs(options.only, steps, options.narrow, options.changes),
        learn(options.out, len(kept_out)),
        options.out,
        options.jobs,
    )
    print(f"{time.monotonic() - began:.0f} s; failed: {failed}", file=sys.stderr)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
