"""Options that several commands share, and the readers that they open."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from lpr.detection.threshold_sweep import MIN_STEP, Sweep
from lpr.detection.tiling import Tiles
from lpr.loading import load, load_pool
from lpr.models import DEFAULT_MODEL
from lpr.reader import Reader

F = TypeVar("F", bound=Callable[..., Any])


MAX_PIXELS_RANGE = click.IntRange(1, 1 << 30)
"""Of ``--max-pixels``; OpenCV decodes no more."""


class Finite(click.FloatRange):
    """A ``FloatRange`` that rejects nan and infinities."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number", param, ctx)
        return number


def parse_size(text: str) -> tuple[int, int]:
    """``640x384`` as (width, height); raises ``click.BadParameter``."""
    match = re.fullmatch(r"([1-9]\d{0,3})x([1-9]\d{0,3})", text)
    if not match:
        raise click.BadParameter(f"{text!r} is not a size up to 9999x9999, such as 640x384")
    return int(match[1]), int(match[2])


def parse_share(text: str) -> float:
    """A number in 0..1; raises ``click.BadParameter``."""
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise click.BadParameter(f"{text!r} is not a number in 0..1")
    return share


def parse_sweep(text: str) -> Sweep:
    """``0.45:0.10:0.05`` as a sweep; raises ``click.BadParameter``."""
    try:
        start, stop, step = map(float, text.split(":"))
        return Sweep(start, stop, step)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is not START:STOP:STEP such as 0.45:0.10:0.05, which goes down within 0..1 "
            f"by a STEP of at least {MIN_STEP:g}"
        ) from error


def parse_tiles(text: str) -> str:
    """``auto``, ``off`` or ``3x2``; raises ``click.BadParameter``."""
    try:
        Tiles.of(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return text


def path_option(name: str, help: str, **attributes: Any) -> Callable[[F], F]:
    """An option that names a file or folder; ``attributes`` are those of ``click.Path``."""
    return click.option(name, type=click.Path(path_type=Path, **attributes), help=help)


def complete_file(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete the name of a file, for arguments that may also be something else."""
    return [CompletionItem(incomplete, type="file")]


def _share(name: str, help: str) -> Callable[[Any], Any]:
    return click.option(name, type=parse_share, metavar="0..1", help=help)


def _threads(help: str) -> Callable[[Any], Any]:
    # A bound, since a runtime would start a million threads if asked to.
    bound = click.IntRange(0, 256)
    return click.option("--threads", type=bound, default=0, show_default=True, help=help)


_SWEEP = click.option(
    "--sweep",
    type=parse_sweep,
    metavar="START:STOP:STEP",
    help="Lower the threshold for pictures without a detection; keep readings of any confidence.",
)
_THREADS = _threads("Threads of each network; 0 leaves the number to the runtime.")
_DETECTOR_THREADS = _threads("Threads that detect plates; 0 for one per core.")
_READER = (
    click.option(
        "--model", default=DEFAULT_MODEL, show_default=True, help="Model, by name or folder."
    ),
    click.option(
        "--backend",
        default="auto",
        show_default=True,
        help="What runs the networks: auto, cpu, cuda or cuda-fp16 (OpenCV's CUDA DNN), or the "
        "name of a runtime.",
    ),
    click.option(
        "--device",
        type=click.IntRange(0),
        metavar="N",
        help="Number of the GPU, for a backend that runs on one; by default the first.",
    ),
    click.option(
        "--detector",
        metavar="NAME[:FILE]",
        help="Use this detector instead of the model's: a plugin's, with the file that it needs, "
        "or another model's.",
    ),
    click.option(
        "--recognizer",
        help="Use this recognizer instead of the model's: the name of a runtime or of another "
        "model. Several names, separated by commas, vote.",
    ),
    click.option(
        "--detector-size",
        type=parse_size,
        metavar="WxH",
        help="Input size of the detector, in pixels.",
    ),
    _share("--threshold", "Minimum score of a detection; by default the model's."),
    _SWEEP,
    _share(
        "--min-confidence",
        "Leave out plates read with less confidence; by default the model's. 0 gives all readings.",
    ),
    _share(
        "--max-error",
        "Leave out plates whose text is wrong with more than this probability, or cut off.",
    ),
    click.option(
        "--region",
        "regions",
        help="Codes of regions such as tw, separated by commas, or any for all. If several fit a "
        "text, the first one counts. By default the model's.",
    ),
    click.option(
        "--tiles",
        type=parse_tiles,
        default="off",
        show_default=True,
        metavar="auto|off|CxR",
        help="Also look for small plates in tiles of large pictures.",
    ),
    click.option(
        "--batch",
        type=click.IntRange(0, 64),
        default=0,
        show_default=True,
        help="Frames that a network takes at once; 0 for 1 on a processor, 8 on a GPU.",
    ),
    _THREADS,
)


def reader_options(command: F) -> F:
    """Add the options of :func:`open_reader`."""
    for option in reversed(_READER):
        command = option(command)
    return command


def watch_options(command: F) -> F:
    """Add the options of :func:`open_readers`, and ``threads`` as the number of readers."""
    options = [option for option in _READER if option not in (_SWEEP, _THREADS)]
    for option in reversed([*options, _DETECTOR_THREADS]):
        command = option(command)
    return command


def open_reader(**options: Any) -> Reader:
    """Open the reader of the options; log on stderr what runs where."""
    return load(**_prepared(options))


def open_readers(count: int, **options: Any) -> list[Reader]:
    """Open ``count`` readers of the options, one per thread; log on stderr what runs where."""
    return load_pool(count, **_prepared(options))


def _prepared(options: dict[str, Any]) -> dict[str, Any]:
    sweep = options.pop("sweep", None)
    if sweep is not None:
        if options["threshold"] is not None:
            raise click.UsageError("--sweep and --threshold exclude each other")
        if options["tiles"] != "off":
            raise click.UsageError("--sweep and --tiles exclude each other")
        options["threshold"] = sweep
    if options["max_error"] is not None and options["min_confidence"] is not None:
        raise click.UsageError("--max-error and --min-confidence exclude each other")
    logging.getLogger("lpr").setLevel(logging.INFO)
    return options
