"""``lpr eval``: how good a model is on a folder of labelled pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lpr.cli.options import open_reader, reader_options
from lpr.evaluate import evaluate
from lpr.labels import read_labels
from lpr.progress import progress


@click.command("eval")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--split", help="Only the pictures of this split, such as val.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--mistakes", is_flag=True, help="List every miss, misreading and false reading.")
@reader_options
def command(folder: Path, split: str | None, as_json: bool, mistakes: bool, **options: Any) -> None:
    """Measure found, exactly read and false plates on FOLDER, which holds a labels.csv.

    All figures come from one run at the settings that `lpr detect` has by default.
    """
    pictures = read_labels(folder, split)
    with open_reader(**options) as reader, progress(pictures, "picture") as bar:
        report = evaluate(reader, bar)
    result: dict[str, Any] = {"folder": str(folder), "split": split, **report.figures()}
    if mistakes:
        result["mistakes"] = report.mistakes()
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    wrong = result.pop("mistakes", [])
    for name, value in result.items():
        click.echo(f"{name:28} {'-' if value is None else value}")
    for mistake in wrong:
        click.echo("\t".join("-" if v is None else str(v) for v in mistake.values()))
