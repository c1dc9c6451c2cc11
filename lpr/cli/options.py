"""Options that several commands share, and the reader that they describe."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from lpr.detection.threshold_sweep import Sweep
from lpr.detection.tiling import Tiles
from lpr.loading import load, load_pool
from lpr.models import DEFAULT_MODEL
from lpr.reader import Reader

F = TypeVar("F", bound=Callable[..., Any])


class Finite(click.FloatRange):
    """A number in a range, which "nan" is not."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is no finite number", param, ctx)
        return number


def parse_size(text: str) -> tuple[int, int]:
    """``640x384`` as (width, height); raises ``click.BadParameter``."""
    match = re.fullmatch(r"([1-9]\d{0,3})x([1-9]\d{0,3})", text)
    if not match:
        raise click.BadParameter(f"{text!r} is no size up to 9999x9999; write it as 640x384")
    return int(match[1]), int(match[2])


def parse_share(text: str) -> float:
    """A number in 0..1; raises ``click.BadParameter``."""
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise click.BadParameter(f"{text!r} is no number in 0..1")
    return share


def parse_sweep(text: str) -> Sweep:
    """``0.45:0.10:0.05`` as a sweep; raises ``click.BadParameter``."""
    try:
        start, stop, step = map(float, text.split(":"))
        return Sweep(start, stop, step)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is no START:STOP:STEP such as 0.45:0.10:0.05, going down within 0..1 "
            "by a STEP of at least 0.001"
        ) from error


def parse_tiles(text: str) -> str:
    """``auto``, ``off`` or ``3x2``; raises ``click.BadParameter``."""
    try:
        Tiles.of(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return text


_SWEEP = click.option(
    "--sweep",
    type=parse_sweep,
    metavar="START:STOP:STEP",
    help="Thresholds to try in turn, each on pictures without a detection so far; "
    "readings count however uncertain.",
)
_THREADS = click.option(
    "--threads",
    type=click.IntRange(0, 256),  # a runtime would really start a million
    default=0,
    show_default=True,
    help="Threads of the networks; 0 leaves it to the runtime.",
)
_FINDERS = click.option(
    "--threads",
    type=click.IntRange(0, 256),
    default=0,
    show_default=True,
    help="Threads that find plates; 0 takes one for each core.",
)
_READER = (
    click.option("--model", default=DEFAULT_MODEL, show_default=True, help="Name or folder."),
    click.option(
        "--backend",
        default="auto",
        show_default=True,
        help="What runs the networks: auto, cpu, cuda or cuda-fp16 (OpenCV's CUDA DNN) or a "
        "runtime's name.",
    ),
    click.option(
        "--device",
        type=click.IntRange(0),
        metavar="N",
        help="Which GPU, for a backend that runs on one; by default the first.",
    ),
    click.option(
        "--recognizer",
        help="Another recognizer than the model's: a runtime's, or another model's; "
        "several with commas vote.",
    ),
    click.option(
        "--detector-size", type=parse_size, metavar="WxH", help="Input of the detector, in pixels."
    ),
    click.option(
        "--threshold",
        type=parse_share,
        metavar="0..1",
        help="Least score of a detection; by default the model's.",
    ),
    _SWEEP,
    click.option(
        "--min-confidence",
        type=parse_share,
        metavar="0..1",
        help="Leave out plates that are read with less confidence; by default the model's.",
    ),
    click.option(
        "--max-error",
        type=parse_share,
        metavar="0..1",
        help="Leave out plates whose text is wrong with more than this probability.",
    ),
    click.option(
        "--region",
        "regions",
        help="Formats to know, such as tw; several with commas, any for all; the first that fits "
        "counts. By default the model's.",
    ),
    click.option(
        "--tiles",
        type=parse_tiles,
        default="off",
        show_default=True,
        metavar="auto|off|CxR",
        help="Look for small plates in pieces of large pictures too.",
    ),
    _THREADS,
)


def reader_options(command: F) -> F:
    """Add the options that say which reader to use; :func:`open_reader` takes them."""
    for option in reversed(_READER):
        command = option(command)
    return command


def watch_options(command: F) -> F:
    """Add those of them that make sense for a watch, whose ``threads`` are how many readers there
    are; :func:`open_readers` takes the others."""
    wanted = [option for option in _READER if option not in (_SWEEP, _THREADS)]
    for option in reversed([*wanted, _FINDERS]):
        command = option(command)
    return command


def open_reader(**options: Any) -> Reader:
    """The reader of the options; says on stderr what runs where."""
    sweep = options.pop("sweep")
    if sweep is not None:
        if options["threshold"] is not None:
            raise click.UsageError("--sweep and --threshold exclude each other")
        if options["tiles"] != "off":
            raise click.UsageError("--sweep and --tiles exclude each other")
        options["threshold"] = sweep
    return load(**_prepared(options))


def open_readers(count: int, **options: Any) -> list[Reader]:
    """``count`` readers of the options, for so many threads; says on stderr what runs where."""
    return load_pool(count, **_prepared(options))


def _prepared(options: dict[str, Any]) -> dict[str, Any]:
    if options["max_error"] is not None and options["min_confidence"] is not None:
        raise click.UsageError("--max-error and --min-confidence exclude each other")
    logging.getLogger("lpr").setLevel(logging.INFO)
    return options
