"""``lpr bench``: the runtimes held against each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lpr.bench import agreements, detector_speeds, load_network, multiply_peak, recognizer_speeds
from lpr.errors import BackendError
from lpr.loading import registry
from lpr.models import DEFAULT_MODEL, load_model
from lpr.progress import progress
from lpr.runtimes.select import problem_of
from lpr.runtimes.traits import formats_of
from lpr.source import expand, open_source
from lpr.types import Image


def _numbers(text: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or not all(1 <= number <= 256 for number in numbers):
        raise click.BadParameter(f"{text!r} is no list of numbers from 1 to 256, such as 1,2")
    return numbers


@click.command("bench")
@click.argument("networks", metavar="[NETWORK]...", nargs=-1)
@click.option("--parity", is_flag=True, help="Whether they compute the same, not how fast.")
@click.option("--against", help="With --parity: the Darknet model that NETWORK was made of.")
@click.option(
    "--pictures",
    multiple=True,
    help="With --parity: pictures, folders or patterns in which boxes are compared too.",
)
@click.option("--device", default="cpu", show_default=True, help="Kind of runtimes: cpu or cuda.")
@click.option(
    "--threads", type=_numbers, default="1,2", show_default=True, help="Threads of each network."
)
@click.option("--batch", type=_numbers, default="1,8", show_default=True, help="Pictures at once.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines instead of a table.")
def command(
    networks: tuple[str, ...],
    parity: bool,
    against: str | None,
    pictures: tuple[str, ...],
    device: str,
    threads: list[int],
    batch: list[int],
    as_json: bool,
) -> None:
    """Run each NETWORK in every runtime that works here.

    NETWORK is a model's name or folder, or a Darknet cfg with its weights beside it (tiny.cfg and
    tiny.weights). Without --parity its speed is measured, in milliseconds for each picture, and as
    a share of what a matrix product reaches on this machine's CPU.
    """
    if (against or pictures) and not parity:
        raise click.UsageError("--against and --pictures belong to --parity")
    names = networks or (DEFAULT_MODEL,)
    if parity:
        rows = _parity(names, against, _load(pictures))
    else:
        rows = _speed(names, device, threads, batch)
    _print(rows, as_json)


def _parity(
    names: Sequence[str], against: str | None, pictures: Sequence[Image]
) -> Iterator[dict[str, Any]]:
    source = None if against is None else load_network(against)
    for name in names:
        found = agreements(registry().detector_runtimes, load_network(name), source, pictures)
        for row in found:
            cells = asdict(row)
            problem = cells.pop("problem")
            if problem:
                click.echo(f"lpr: {problem}", err=True)
            yield {"network": Path(name).name, **cells}


def _load(patterns: Sequence[str]) -> list[Image]:
    with progress(expand(patterns), "picture") as bar:
        images = []
        for name in bar:
            with open_source(name) as source:
                images += [frame.image for frame in source]
    return images


def _speed(
    names: Sequence[str], device: str, threads: Sequence[int], batches: Sequence[int]
) -> Iterator[dict[str, Any]]:
    plugged = registry()
    detectors = [r for r in plugged.detector_runtimes if r.device == device and not problem_of(r)]
    recognizers = [
        r for r in plugged.recognizer_runtimes if r.device == device and not problem_of(r)
    ]
    if not detectors:
        raise BackendError(f"no runtime works here on {device}; lpr doctor says why")
    models = {name: load_network(name) for name in names}
    peaks = {count: multiply_peak(count) for count in threads} if device == "cpu" else {}
    for count, peak in peaks.items():
        click.echo(f"lpr: a matrix product reaches {peak:.0f} GFLOP/s, threads: {count}", err=True)
    for name, model in models.items():
        able = [r for r in detectors if model.format in formats_of(r)]
        part = None if name.endswith(".cfg") else load_model(name).recognizer_part
        for count in threads:
            for size in batches:
                speeds = list(detector_speeds(able, model, count, size))
                if part is not None:
                    readers = [r for r in recognizers if part.format in r.formats]
                    speeds += recognizer_speeds(readers, part, count, size)
                for speed in speeds:
                    share = speed.gflops / peaks[count] if speed.gflops and peaks else None
                    yield {"network": Path(name).name, **asdict(speed), "of_peak": share}


def _print(rows: Iterator[dict[str, Any]], as_json: bool) -> None:
    """Each row when it is there: the next may take minutes."""
    for number, row in enumerate(rows):
        if as_json:
            click.echo(json.dumps(row))
            continue
        if number == 0:
            click.echo(_line(row))
            click.echo(_line(["---"] * len(row)))
        click.echo(_line([_cell(key, value) for key, value in row.items()]))


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(key: str, value: Any) -> str:
    if value is None:
        return "-"
    if key == "of_peak":
        return f"{value:.0%}"
    if key == "off":
        return f"{value:.1e}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
