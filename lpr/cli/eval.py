"""``lpr eval``: how good a model, or any other system, is on a folder of labelled pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lpr.cli.options import open_reader, reader_options
from lpr.evaluate import Report, evaluate, read_predictions, score_predictions
from lpr.labels import read_labels
from lpr.progress import progress


@click.command("eval")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--split", help="Only the pictures of this split, such as val.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--mistakes", is_flag=True, help="List every miss, misreading and false reading.")
@click.option(
    "--stress",
    is_flag=True,
    help="Change each picture's light, colours, sharpness and scale before, by a fixed recipe.",
)
@click.option(
    "--predictions",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Score these records (JSON Lines, of any system) instead of running a model.",
)
@reader_options
def command(
    folder: Path,
    split: str | None,
    as_json: bool,
    mistakes: bool,
    stress: bool,
    predictions: Path | None,
    **options: Any,
) -> None:
    """Measure found, exactly read and false plates on FOLDER, which holds a labels.csv.

    All figures come from one run at the settings that `lpr detect` has by default.
    """
    if predictions and stress:
        raise click.UsageError("--stress changes pictures that --predictions has already seen")
    pictures = read_labels(folder, split)
    report: Report
    if predictions:
        report = score_predictions(read_predictions(predictions), pictures)
    else:
        with open_reader(**options) as reader, progress(pictures, "picture") as bar:
            report = evaluate(reader, bar, stress)
    result: dict[str, Any] = {"folder": str(folder), "split": split, **report.figures()}
    wrong = report.mistakes() if mistakes else []
    if as_json:
        more = {"mistakes": wrong} if mistakes else {}
        click.echo(json.dumps(result | more, ensure_ascii=False, indent=2))
        return
    for name, ms in result.pop("ms_of_stages").items():
        result[f"ms_{name}_median"] = ms
    for name, value in result.items():
        click.echo(f"{name:28} {'-' if value is None else value}")
    for mistake in wrong:
        click.echo("\t".join("-" if v is None else str(v) for v in mistake.values()))
