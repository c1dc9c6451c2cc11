"""Tables and plots of the runs of ``seed_experiments.py``.

    python benchmarks/seed_table.py OUT --costs             # parameters, GFLOP, ms: on a quiet CPU
    python benchmarks/seed_table.py OUT --pictures docs     # the tables, and seed-*.png into docs

``--costs`` builds each recipe's network at its full width, whatever width was trained, and times it
in ONNX Runtime on one thread, one plate at a time (the median of the calls of a second).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from matplotlib.figure import Figure
from seed_experiments import RECIPES, REPEATED
from torch.utils.flop_counter import FlopCounterMode

from lpr.evaluate.intervals import mcnemar, wilson
from lpr_torch.checkpoints import recognizer_network
from lpr_torch.export import export_onnx
from lpr_training.engine.loop import METRICS
from lpr_training.recognizer.recipe import recognizer_recipe

COSTS = "costs.json"


@dataclass(frozen=True, slots=True)
class Row:
    """An experiment: ``what`` it changes, the run to compare it with (``against``), and the
    founding system's result."""

    name: str
    what: str
    against: str = ""
    founding: str = ""


FIRST, SMALL, BEST = "seed-resnet18", "seed-resnet18-2222", "seed-resnet18-2222-64"

FOUNDING = (
    Row(FIRST, "[2, 4, 4, 2], 32 filters"),
    Row("seed-no-axis-switch", "no axis switch", FIRST, "98.43 %"),
    Row("seed-resnet50", "ResNet-50", FIRST, "97.7 %"),
    Row("seed-gru-128", "GRU 256 -> 128", FIRST, "98.1 %"),
    Row("seed-dense-128", "dense 64 -> 128", FIRST, "98.3 %"),
    Row(SMALL, "[2, 2, 2, 2], 32 filters", FIRST, "98.0 %"),
    Row("seed-small-shifts", "half the shifts and shear", SMALL, "0.5 points less"),
    Row(BEST, "[2, 2, 2, 2], 64 filters", SMALL, "**98.86 %**"),
    Row("seed-dense-norm", "batch norm after the dense layer", BEST, "98.83 %"),
    Row("seed-unchecked-boxes", "26.1 % of the boxes wrong", BEST, "98.4 %"),
)
UNDONE = (
    Row(SMALL, "[2, 2, 2, 2], 32 filters"),
    Row(f"{SMALL}-seed-51", "the same, another seed", SMALL),
    Row(f"{SMALL}-seed-52", "the same, a third seed", SMALL),
    Row("seed-group-norm", "group normalization (one run)", SMALL),
    Row("seed-transformer", "spatial transformer", SMALL),
    Row("seed-lstm", "LSTM", SMALL),
    Row("seed-rnn", "simple RNN (tanh)", SMALL),
    Row("seed-convolution", "convolutions over time", SMALL),
    Row("seed-gru-512", "GRU 512", SMALL),
    Row("seed-dense-256", "dense 256", SMALL),
    Row("seed-resnet10", "blocks [1, 1, 1, 1]", SMALL),
    Row("seed-resnet26", "blocks [3, 3, 3, 3]", SMALL),
    Row("seed-backward-reversed", "backward output in reverse order", SMALL),
    Row("seed-unchecked-texts", "26.1 % of the texts wrong", SMALL),
)


def costs() -> dict[str, dict[str, float]]:
    """The cost of each recipe's network for one plate, at full width."""
    found = {}
    for name in RECIPES:
        recipe = recognizer_recipe(name)
        network = recognizer_network(recipe.network, recipe.spec).eval()
        crops = np.zeros((1, 3, recipe.spec.height, recipe.spec.width), np.float32)
        # Recurrent layers of oneDNN's are not seen by the counter.
        with (
            torch.no_grad(),
            torch.backends.mkldnn.flags(enabled=False),
            FlopCounterMode(display=False) as counter,
        ):
            network(torch.from_numpy(crops))
        found[name] = {
            "parameters": sum(p.numel() for p in network.parameters()),
            "gflop": counter.get_total_flops() / 1e9,
            "ms": _milliseconds(network, crops),
        }
        print(name, found[name])
    return found


def _milliseconds(network: torch.nn.Module, crops: np.ndarray[Any, Any]) -> float:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "recognizer.onnx"
        export_onnx(network, crops, file)
        session = onnxruntime.InferenceSession(str(file), options)
    session.run(None, {"crops": crops})
    times: list[float] = []
    while sum(times) < 1 or len(times) < 5:
        began = time.perf_counter()
        session.run(None, {"crops": crops})
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


@dataclass(frozen=True, slots=True)
class Result:
    """A run's results: one flag per plate, whether it is read correctly, and its training."""

    kept_out: list[bool]
    val: list[bool]
    steps: int
    minutes: float


def results(out: Path) -> dict[str, Result]:
    """Return the finished runs in the folder ``out`` by their names."""
    truth = json.loads((out / "truth.json").read_text())
    found = {}
    for file in sorted(out.glob("*/readings.json")):
        readings = json.loads(file.read_text())
        last = _lines(file.parent)[-1]
        right = {
            name: [a == b for a, b in zip(readings[name], truth[name], strict=True)]
            for name in ("kept_out", "val")
        }
        found[file.parent.name] = Result(
            **right, steps=int(last["step"]), minutes=last["seconds"] / 60
        )
    return found


def table(rows: Sequence[Row], runs: dict[str, Result], prices: dict[str, Any]) -> Iterable[str]:
    """Return the table as lines of Markdown."""
    header = ["experiment", "then", "held out, 95 % interval", "difference", "taiwan-crops val"]
    header += ["parameters", "GFLOP", "ms"]
    yield "| " + " | ".join(header) + " |"
    yield "| " + " | ".join("---" for _ in header) + " |"
    for row in rows:
        run, other = runs.get(row.name), runs.get(row.against)
        cells = [row.what, row.founding]
        if run is None:
            cells += ["not trained", "", ""]
        else:
            low, high = wilson(sum(run.kept_out), len(run.kept_out))
            cells.append(f"{_percent(run.kept_out)} ({100 * low:.1f} to {100 * high:.1f})")
            cells.append(_against(run.kept_out, other.kept_out) if other else "")
            cells.append(f"{_percent(run.val)} of {len(run.val)}")
        price = prices.get(row.name.split("-seed-")[0])
        if price:
            cells += [f"{price['parameters'] / 1e6:.2f} M", f"{price['gflop']:.1f}"]
            cells.append(f"{price['ms']:.0f}")
        yield "| " + " | ".join(cells) + " |"


def _percent(right: Sequence[bool]) -> str:
    return f"{100 * sum(right) / len(right):.1f} %"


def _against(right: Sequence[bool], other: Sequence[bool]) -> str:
    """The difference in percentage points, with McNemar's p if it is not significant."""
    points = 100 * (sum(right) - sum(other)) / len(right)
    won = sum(a and not b for a, b in zip(right, other, strict=True))
    lost = sum(b and not a for a, b in zip(right, other, strict=True))
    p = mcnemar(won, lost)
    return f"{points:+.1f}" + (f" (p = {p:.2f})" if p >= 0.01 else "")


def picture(file: Path, rows: Sequence[Row], out: Path, runs: dict[str, Result]) -> None:
    """Plot the training losses, and the correct readings of ``dev``, of all runs of a table."""
    figure = Figure(figsize=(10, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for row in rows:
        if row.name not in runs:
            continue
        lines = _lines(out / row.name)
        losses = np.array([(line["step"], line["loss"]) for line in lines])
        # The mean of four lines: a hundred steps.
        smooth = np.convolve(losses[:, 1], np.ones(4) / 4, "valid")
        left.plot(losses[3:, 0], smooth, linewidth=1)
        checks = [
            (line["step"], line["crops"], line["scenes"]) for line in lines if "crops" in line
        ]
        steps, crops, scenes = np.array(checks).T
        right.plot(steps, 100 * (crops + scenes) / 2, marker=".", linewidth=1, label=row.what)
    left.set(xlabel="step", ylabel="CTC loss of the training's plates", yscale="log")
    right.set(xlabel="step", ylabel="plates of dev read exactly, %")
    right.legend(fontsize="x-small")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.savefig(file, dpi=100)


def _lines(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / METRICS).read_text().splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--costs", action="store_true")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    if options.costs:
        (options.out / COSTS).write_text(json.dumps(costs(), indent=1))
        return
    file = options.out / COSTS
    prices = json.loads(file.read_text()) if file.is_file() else {}
    runs = results(options.out)
    for name, rows in (("founding", FOUNDING), ("undone", UNDONE)):
        print(f"\n{name}\n")
        print("\n".join(table(rows, runs, prices)))
        if options.pictures:
            picture(options.pictures / f"seed-{name}.png", rows, options.out, runs)
    repeated = [name for name in runs if name.startswith(REPEATED) and "-seed-" in name]
    print(f"\nsteps and minutes: {[(n, r.steps, round(r.minutes)) for n, r in runs.items()]}")
    print(f"repeated by other seeds: {repeated}")


if __name__ == "__main__":
    main()
