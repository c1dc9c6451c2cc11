"""Plots a run's curves: the training's loss above, the figures on ``dev`` below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lpr.errors import LprError, OutputError
from lpr_training.engine.loop import METRICS, read_metrics

PLOTTED = ("ap", "found", "crops_ap", "stress_ap", "crops", "scenes", "crops_jittered")
"""Figures on ``dev`` (0..1) that are plotted if a run has them."""


def draw_curves(run: Path, file: Path) -> None:
    """Write the curves of ``run`` (a folder with ``metrics.jsonl``) to a PNG or SVG ``file``.

    Raises :class:`lpr.errors.LprError` if there are no figures yet or matplotlib is missing, and
    :class:`lpr.errors.OutputError` if the file cannot be written.
    """
    rows = _rows(run / METRICS)
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise LprError("curves need matplotlib: pip install 'lpr-training[curves]'") from error
    figure = Figure(figsize=(7, 5), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    for name in ("loss", "dev_loss"):
        _line(upper, rows, name)
    upper.set_ylabel("loss")
    upper.set_yscale("log")
    for name in PLOTTED:
        _line(lower, rows, name)
    lower.set_ylabel("dev")
    lower.set_xlabel("step")
    for axes in (upper, lower):
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(fontsize="small")
    try:
        figure.savefig(file, dpi=110, metadata={"Date": None} if file.suffix == ".svg" else None)
    except (OSError, ValueError) as error:
        raise OutputError(f"{file}: cannot be written ({error})") from error


def _line(axes: Any, rows: list[dict[str, float]], name: str) -> None:
    points = [(row["step"], row[name]) for row in rows if name in row]
    if points:
        steps, values = zip(*points, strict=True)
        axes.plot(steps, values, marker="." if len(points) < 60 else "", label=name)


def _rows(file: Path) -> list[dict[str, float]]:
    rows = read_metrics(file)
    if not rows:
        raise LprError(f"{file}: the run has no figures yet")
    return rows
