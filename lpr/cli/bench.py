"""``lpr bench``: compares the runtimes, and a watch with simpler loops."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lpr.cli.groups import CommandGroup
from lpr.cli.messages import say
from lpr.cli.options import complete_file, open_readers, watch_options
from lpr.diagnostics import watch_speed
from lpr.diagnostics.matmul_peak import matmul_peak
from lpr.diagnostics.parity_report import agreements, load_network
from lpr.diagnostics.speed import detector_speeds, recognizer_speeds
from lpr.diagnostics.watch_speed import WatchSpeed
from lpr.errors import BackendError
from lpr.loading import registry
from lpr.models import DEFAULT_MODEL, load_model
from lpr.runtimes.select import problem_of
from lpr.runtimes.traits import formats_of
from lpr.source import expand, open_source
from lpr.source.address import addresses
from lpr.types import Image
from lpr.utils.progress import progress
from lpr.watching import WatchSettings

_DECODING = 30.0  # Seconds at most for decoding alone, whose speed settles soon


def _numbers(text: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or not all(1 <= number <= 256 for number in numbers):
        raise click.BadParameter(f"{text!r} is not a list of numbers from 1 to 256, such as 1,2")
    return numbers


class _Bench(CommandGroup):
    """``lpr bench tw-light`` is short for ``lpr bench runtimes tw-light``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        wants_help = args and args[0] in ("-h", "--help")
        if not wants_help and (not args or args[0] not in self.commands):
            args = ["runtimes", *args]
        return super().parse_args(ctx, args)


@click.group("bench", cls=_Bench)
def command() -> None:
    """Measure the speed of this machine: RUNTIMES (the default) or VIDEO."""


@command.command("runtimes")
@click.argument("networks", metavar="[NETWORK]...", nargs=-1)
@click.option("--parity", is_flag=True, help="Compare results instead of speed.")
@click.option("--against", help="With --parity: the Darknet model that NETWORK was converted from.")
@click.option(
    "--pictures",
    multiple=True,
    help="With --parity: pictures, folders or patterns; their boxes are compared too.",
)
@click.option("--device", default="cpu", show_default=True, help="Kind of runtimes: cpu or cuda.")
@click.option(
    "--threads", type=_numbers, default="1,2", show_default=True, help="Threads of each network."
)
@click.option("--batch", type=_numbers, default="1,8", show_default=True, help="Pictures at once.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines instead of a table.")
def runtimes(
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
    tiny.weights). Without --parity, the speed is measured in milliseconds per picture, and as a
    share of the CPU's peak in a matrix product.
    """
    if (against or pictures) and not parity:
        raise click.UsageError("--against and --pictures require --parity")
    names = networks or (DEFAULT_MODEL,)
    rows = _parity(names, against, pictures) if parity else _speed(names, device, threads, batch)
    _print(rows, as_json)


@command.command("video")
@click.argument("source", shell_complete=complete_file)
@watch_options
@click.option(
    "--seconds",
    type=click.FloatRange(1),
    default=20.0,
    show_default=True,
    help="Duration of each measurement; the video is repeated.",
)
@click.option("--watch-only", is_flag=True, help="Measure only the watch that looks at each frame.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines instead of tables.")
def video(
    source: str, threads: int, seconds: float, watch_only: bool, as_json: bool, **options: Any
) -> None:
    """Watch a recording in several ways: frames per second, and time per stage.

    Compares the watch (each frame, then with cost control), a plain loop at several numbers of
    network threads, and decoding alone.
    """
    (address,) = addresses([source])[:1]
    if address.kind not in ("file", "folder"):
        raise click.BadParameter("only a recording can be repeated; give a file or a folder")
    cores = os.cpu_count() or 1
    ways = {"watch, {} finders": WatchSettings()}
    if not watch_only:
        frugal = WatchSettings(every="auto", skip_still=True)
        ways["the same, --every auto --skip-still"] = frugal
    results = [watch_speed.decoding(address, min(seconds, _DECODING))]
    with ExitStack() as stack:
        readers = open_readers(threads or cores, **options)
        for reader in readers:
            stack.enter_context(reader)
        for way, settings in ways.items():
            name = way.format(len(readers))
            results.append(watch_speed.engine(address, seconds, readers, settings, name))
    for count in () if watch_only else sorted({1, cores}):
        with open_readers(1, **options, threads=count)[0] as reader:
            name = f"plain loop, networks on {count} thread{'s' * (count > 1)}"
            results.append(watch_speed.plain_loop(address, seconds, reader, WatchSettings(), name))
    if as_json:
        for result in results:
            row = {**asdict(result), "fps": result.fps, "of_decoding": result.fps / results[0].fps}
            click.echo(json.dumps(row))
        return
    _print((_summary_row(result, results[0]) for result in results), as_json=False)
    click.echo()
    _print((_stage_row(result) for result in results if result.stages), as_json=False)


def _summary_row(result: WatchSpeed, decoding: WatchSpeed) -> dict[str, Any]:
    start, early, end = result.memory
    return {
        "way": result.way,
        "frames/s": result.fps,
        "of decoding": result.fps / decoding.fps,
        "cores busy": f"{result.busy:.0%}",
        "looked at": f"{result.looked / result.frames:.0%}" if result.looked else "-",
        "queue filled": None if result.filled is None else f"{result.filled:.0%}",
        "dropped": str(result.dropped),
        "MiB": f"{start:.0f}, {early:.0f}, {end:.0f}",
    }


_STAGES = ("source", "letterbox", "detector", "heads", "track", "crops", "recognizer", "decode")


def _stage_row(result: WatchSpeed) -> dict[str, Any]:
    total = sum(result.stages.values())
    times = {name: result.stages.get(name, 0.0) for name in _STAGES}
    cells = {name: f"{ms:.2f} ({ms / total:.0%})" for name, ms in times.items()}
    return {"ms a frame": result.way, **cells}


def _parity(
    names: Sequence[str], against: str | None, patterns: Sequence[str]
) -> Iterator[dict[str, Any]]:
    pictures = _load(patterns)
    source = None if against is None else load_network(against)
    for name in names:
        runtimes = registry().detector_runtimes
        for row in agreements(runtimes, load_network(name), source, pictures):
            cells = asdict(row)
            if problem := cells.pop("problem"):
                say(problem)
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
    plugins = registry()
    detectors = [r for r in plugins.detector_runtimes if r.device == device and not problem_of(r)]
    readers = [r for r in plugins.recognizer_runtimes if r.device == device and not problem_of(r)]
    if not detectors:
        raise BackendError(f"no runtime works on {device} here; lpr doctor says why")
    models = {name: load_network(name) for name in names}
    peaks = {count: matmul_peak(count) for count in threads} if device == "cpu" else {}
    for count, peak in peaks.items():
        click.echo(f"lpr: a matrix product reaches {peak:.0f} GFLOP/s, threads: {count}", err=True)
    for name, model in models.items():
        able = [r for r in detectors if model.format in formats_of(r)]
        part = None if name.endswith(".cfg") else load_model(name).recognizer_part
        for count in threads:
            for size in batches:
                speeds = list(detector_speeds(able, model, count, size))
                if part is not None:
                    recognizers = [r for r in readers if part.format in r.formats]
                    speeds += recognizer_speeds(recognizers, part, count, size)
                for speed in speeds:
                    share = speed.gflops / peaks[count] if speed.gflops and peaks else None
                    yield {"network": Path(name).name, **asdict(speed), "of_peak": share}


def _print(rows: Iterator[dict[str, Any]], as_json: bool) -> None:
    """Print each row at once: the next may take minutes."""
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
