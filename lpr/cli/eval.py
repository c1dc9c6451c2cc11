"""``lpr eval``: how good a model, or any other system, is on a folder of labelled pictures."""

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
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all of it, with plots and the worst mistakes' pictures, as one page.",
)
@click.option(
    "--against",
    metavar="MODEL|FILE",
    help="Compare with another system on the same plates: a model, or records (JSON Lines).",
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
    """Measure found, exactly read and false plates on FOLDER, which holds a labels.csv.

    FOLDER may also be another such table in it, as SET/labels.corrected.csv.

    All figures come from one run at the settings that `lpr detect` has by default.
    """
    context = click.get_current_context()
    given = [name for name in (*options, "stress") if _was_given(context, name)]
    if predictions and (odd := [n for n in given if n not in ("regions", "model")]):
        raise click.UsageError(f"--predictions runs no model: --{_dashed(odd[0])} changes nothing")
    bounds = [name for name in given if name in ("max_error", "min_confidence")]
    if against and Path(against).is_file() and bounds:
        raise click.UsageError(
            f"--{_dashed(bounds[0])} would hold for this system alone, not for {against}"
        )
    if html and html.suffix.lower() not in (".html", ".htm"):
        raise click.UsageError(f"--html {html}: name a file that ends in .html")
    if against and stress:
        raise click.UsageError("--against compares pictures as they are, --stress changes them")
    pictures = read_labels(folder, split)
    # Everything that can fail early is checked before the models run.
    file = Path(against) if against and Path(against).is_file() else None
    theirs = score_predictions(read_predictions(file), pictures) if file else None
    inputs = [str(picture.path) for picture in pictures]
    inputs += [str(file) for file in (table_of(folder), predictions, against) if file]
    if html:
        check_document(html, inputs)
    if against and not theirs:
        load_model(against)
    report = _run(pictures, predictions, stress, options)
    if against and not theirs:
        theirs = _run(pictures, None, False, {**options, "model": against})
    comparison = compare(report, theirs) if theirs else None
    figures = report.figures()
    if html:
        title = f"{predictions or options['model']} on {folder.name}{f', {split}' if split else ''}"
        regions = _regions(options)
        rival = (against, comparison) if against and comparison else None
        write_document(html, render_html(title, report, regions, rival), inputs)
    result: dict[str, Any] = {"folder": str(folder), "split": split, **figures}
    wrong = [mistake.as_dict() for mistake in report.mistakes()] if mistakes else []
    if as_json:
        more: dict[str, Any] = {"mistakes": wrong} if mistakes else {}
        more |= _tables(report, _regions(options))
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
    for mistake in wrong:
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
    """The regions whose formats the tables know: those asked for, by default the model's."""
    return regions_of(load_model(options["model"]), options["regions"])


def _tables(report: Report, regions: Sequence[Region]) -> dict[str, Any]:
    outcomes = report.outcomes
    return {
        "by_size": [row.as_dict() for row in breakdown.by_size(outcomes)],
        "by_format": [row.as_dict() for row in breakdown.by_format(outcomes, regions)],
        "confusions": [list(pair) for pair in alignment.confusions(outcomes)],
        "reliability": [asdict(b) for b in calibration.bins(calibration.of_plates(outcomes))],
        "risk_coverage": [asdict(kept) for kept in curves.thinned(curves.risk_coverage(outcomes))],
        "recall_precision": [
            asdict(point) for point in curves.thinned(curves.recall_precision(outcomes))
        ],
    }
