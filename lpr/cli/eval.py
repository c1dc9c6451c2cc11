"""``lpr eval``: evaluates a model, or any other system, on a folder of labelled pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lpr.cli.options import open_reader, reader_options
from lpr.evaluate import (
    Report,
    alignment,
    breakdown,
    calibration,
    compare,
    curves,
    evaluate,
    read_predictions,
    render_html,
    score_predictions,
)
from lpr.labels import LabelledPicture, read_labels, table_of
from lpr.loading import regions_of
from lpr.models import load_model
from lpr.regions import Region
from lpr.sinks.records import check_document, write_document
from lpr.utils.progress import progress


@click.command("eval")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--split", help="Use only the pictures of this split, such as val.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--mistakes", is_flag=True, help="List every missed plate, misreading and false reading."
)
@click.option(
    "--stress",
    is_flag=True,
    help="First change each picture's light, colours, sharpness and scale by a fixed recipe.",
)
@click.option(
    "--predictions",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Score these records (JSON Lines, of any system) instead of running a model.",
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with all figures, plots and the pictures of the worst mistakes.",
)
@click.option(
    "--against",
    metavar="MODEL|FILE",
    help="Compare with another system on the same plates: a model or records (JSON Lines).",
)
@reader_options
def command(
    folder: Path,
    split: str | None,
    as_json: bool,
    mistakes: bool,
    stress: bool,
    predictions: Path | None,
    html: Path | None,
    against: str | None,
    **options: Any,
) -> None:
    """Measure recall, exact readings and false readings on FOLDER, which holds a labels.csv.

    FOLDER may also be the path of another table, such as SET/labels.corrected.csv.

    All figures come from one run with the default settings of `lpr detect`.
    """
    context = click.get_current_context()
    given = [name for name in (*options, "stress") if _was_given(context, name)]
    if predictions and (odd := [n for n in given if n not in ("regions", "model")]):
        raise click.UsageError(f"--predictions runs no model: --{_dashed(odd[0])} changes nothing")
    bounds = [name for name in given if name in ("max_error", "min_confidence")]
    if against and Path(against).is_file() and bounds:
        raise click.UsageError(
            f"--{_dashed(bounds[0])} would apply to this system only, not to {against}"
        )
    if html and html.suffix.lower() not in (".html", ".htm"):
        raise click.UsageError(f"--html {html}: name a file that ends in .html")
    if against and stress:
        raise click.UsageError("--against compares pictures as they are, --stress changes them")
    pictures = read_labels(folder, split)
    # Everything that can fail early is checked before the models run.
    file = Path(against) if against and Path(against).is_file() else None
    rival_report = score_predictions(read_predictions(file), pictures) if file else None
    inputs = [str(picture.path) for picture in pictures]
    inputs += [str(file) for file in (table_of(folder), predictions, against) if file]
    if html:
        check_document(html, inputs)
    if against and not rival_report:
        load_model(against)
    report = _run(pictures, predictions, stress, options)
    if against and not rival_report:
        rival_report = _run(pictures, None, False, {**options, "model": against})
    comparison = compare(report, rival_report) if rival_report else None
    figures = report.figures()
    if html:
        title = f"{predictions or options['model']} on {folder.name}{f', {split}' if split else ''}"
        regions = _regions(options)
        rival = (against, comparison) if against and comparison else None
        write_document(html, render_html(title, report, regions, rival), inputs)
    result: dict[str, Any] = {"folder": str(folder), "split": split, **figures}
    mistake_records = [mistake.as_dict() for mistake in report.mistakes()] if mistakes else []
    if as_json:
        more: dict[str, Any] = {"mistakes": mistake_records} if mistakes else {}
        more |= _breakdown(report, _regions(options))
        if comparison:
            more["comparison"] = {"with": against, **asdict(comparison)}
        click.echo(json.dumps(result | more, ensure_ascii=False, indent=2))
        return
    for name, ms in result.pop("ms_of_stages").items():
        result[f"ms_{name}_median"] = ms
    if comparison:
        result |= {f"texts_{k}": v for k, v in asdict(comparison).items() if k != "differences"}
    for name, value in result.items():
        click.echo(f"{name:28} {'-' if value is None else value}")
    for mistake in mistake_records:
        click.echo("\t".join("-" if v is None else str(v) for v in mistake.values()))


def _run(
    pictures: Sequence[LabelledPicture],
    predictions: Path | None,
    stress: bool,
    options: dict[str, Any],
) -> Report:
    if predictions:
        return score_predictions(read_predictions(predictions), pictures)
    with open_reader(**options) as reader, progress(pictures, "picture") as bar:
        return evaluate(reader, bar, stress)


def _was_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _regions(options: dict[str, Any]) -> list[Region]:
    """The regions for the breakdown by format: those given, by default the model's."""
    return regions_of(load_model(options["model"]), options["regions"])


def _breakdown(report: Report, regions: Sequence[Region]) -> dict[str, Any]:
    outcomes = report.outcomes
    return {
        "by_size": [asdict(row) for row in breakdown.by_size(outcomes)],
        "by_format": [asdict(row) for row in breakdown.by_format(outcomes, regions)],
        "confusions": [list(pair) for pair in alignment.confusions(outcomes)],
        "reliability": [asdict(b) for b in calibration.bins(calibration.of_plates(outcomes))],
        "risk_coverage": [asdict(p) for p in curves.thinned(curves.risk_coverage(outcomes))],
        "recall_precision": [
            asdict(point) for point in curves.thinned(curves.recall_precision(outcomes))
        ],
    }
