"""``lpr quantize``: a model in 8-bit integers."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("quantize")
@click.argument("model")
@click.option(
    "--calibrate",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A labelled folder with pictures like those the model will be used on.",
)
@click.option("--split", default="train", show_default=True, help="The pictures to calibrate with.")
@click.option(
    "--check", default="dev", show_default=True, help="The pictures to compare readings on."
)
@click.option(
    "--pictures",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Number of pictures to calibrate with.",
)
@click.option(
    "--lose",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Readings that may be lost; if more are, nothing is written.",
)
@click.option("--name", help="The new model's name; by default MODEL-int8.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder; by default the name.")
def command(
    model: str,
    calibrate: Path,
    split: str,
    check: str,
    pictures: int,
    lose: int,
    name: str | None,
    out: Path | None,
) -> None:
    """Write MODEL in 8-bit integers, which ONNX Runtime and OpenVINO run faster.

    Activation ranges are measured on the split --split, lost readings on the split --check; both
    are in one labels.csv.
    """
    from lpr.labels import read_labels
    from lpr_onnx_quantize import quantize

    name = name or f"{Path(model).name}-int8"
    folder = out or Path(name)
    chosen = [picture.path for picture in read_labels(calibrate, split)[:pictures]]
    loss = quantize(model, folder, name, chosen, read_labels(calibrate, check), lose)
    for figure in ("texts", "texts_wrong", "found", "exact", "false_readings"):
        click.echo(f"{figure}\t{loss.before[figure]}\t{loss.after[figure]}")
    click.echo(
        f"lpr: {folder} is a model folder; lpr detect --model {folder} reads with it", err=True
    )
