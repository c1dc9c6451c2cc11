"""``lpr convert``: Darknet cfg and weights to an ONNX file."""

from __future__ import annotations

from pathlib import Path

import click

from lpr.cli.messages import say
from lpr.loading import registry
from lpr.runtimes.convert import convert
from lpr.runtimes.traits import INSTALL_TORCH

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_OUTPUT = click.Path(path_type=Path, dir_okay=False)


@click.command("convert")
@click.argument("cfg", type=_FILE)
@click.argument("weights", type=_FILE)
@click.option("-o", "--output", required=True, type=_OUTPUT, help="The ONNX file to write.")
@click.option(
    "--half", is_flag=True, help="Compute in half precision; input and heads stay float32."
)
def command(cfg: Path, weights: Path, output: Path, half: bool) -> None:
    """Convert a Darknet detector to ONNX: YOLO v2, v3, v4 and their relatives.

    Batch and input size stay variable. The heads are raw, as they enter the [yolo] or [region]
    sections. If lpr-torch or OpenCV 4 runs the cfg itself here, every runtime that takes ONNX files
    is compared with it; the largest relative difference of each is printed.
    """
    done = convert(cfg, weights, output, registry().detector_runtimes, half)
    for each in done.results:
        if each.max_rel_diff is None:
            say(f"{each.runtime} cannot run it: {each.problem}")
        else:
            click.echo(f"{each.runtime}\t{each.max_rel_diff:.2g}")
    heads = ", ".join(f"{h.out_channels} channels / {h.out_stride}" for h in done.cfg.heads)
    compared = f"compared with {done.source}, which runs cfg and weights unconverted"
    if done.source is None:
        compared = (
            "not compared with its source, because no runtime here runs the cfg itself; "
            f"lpr-torch does: {INSTALL_TORCH}"
        )
    size = f"{done.size / 1e6:.1f} MB, {'half' if half else 'single'} precision"
    say(f"{output}: {size}, heads: {heads}; {compared}")
    if half:
        click.echo('lpr: in a model.toml, precision = "float16" says so', err=True)
