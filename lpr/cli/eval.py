"""``lpr eval``: evaluates a model, or any other system, on a folder of labelled pictures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from lpr.cli.options import open_reader, path_option, reader_options
from lpr.evaluate import (
    Comparison,
    Report,
    breakdown,
    compare,
    curves,
    evaluate,
    read_predictions,
    render_html,
    score_predictions,
)
from lpr.evaluate.exif import fit_stored, from_stored
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
@path_option(
    "--predictions",
    "Score these records (JSON Lines, of any system) instead of running a model.",
    dir_okay=False,
)
@path_option(
    "--html",
    "Write a page with all figures, plots and the pictures of the worst mistakes.",
    dir_okay=False,
)
@click.option(
    "--against",
    metavar="MODEL|FILE",
    help="Compare with another system on the same plates: a model or records (JSON Lines).",
)
@click.option(
    "--exif",
    type=click.Choice(["upright", "stored"]),
    default="upright",
    show_default=True,
    help="Where boxes lie on pictures that their EXIF orientation turns: on the picture as it is "
    "shown, or on the stored pixels.",
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
    exif: str,
    **options: Any,
) -> None:
    """Measure recall, exact readings and false readings on FOLDER, which holds a labels.csv.

    FOLDER may also be the path of another table, such as SET/labels.corrected.csv.

    All figures come from one run with the default settings of `lpr detect`.
    """
    rival_file = Path(against) if against and Path(against).is_file() else None
    _check_usage(predictions, rival_file, html, (*options, "stress"))
    if against and stress:
        raise click.UsageError("--against compares pictures as they are, --stress changes them")
    pictures = read_labels(folder, split)
    if exif == "stored":
        pictures = list(from_stored(pictures))
    inputs = [str(picture.path) for picture in pictures]
    inputs += [str(file) for file in (table_of(folder), predictions, against) if file]
    # Everything that can fail early is checked before the models run.
    if html:
        check_document(html, inputs)
    rival = score_predictions(read_predictions(rival_file), pictures) if rival_file else None
    if against and not rival:
        load_model(against)
    report = _run(pictures, options, predictions, stress)
    if against and not rival:
        rival = _run(pictures, {**options, "model": against})
    if exif == "upright" and not stress and not predictions:
        _note_turned(report)
    comparison = compare(report, rival) if rival else None
    regions: Sequence[Region] = ()
    if html or as_json:
        regions = regions_of(load_model(options["model"]), options["regions"])
    if html:
        title = f"{predictions or options['model']} on {folder.name}{f', {split}' if split else ''}"
        compared = (against, comparison) if against and comparison else None
        write_document(html, render_html(title, report, regions, compared), inputs)
    result = {"folder": str(folder), "split": split, **report.figures()}
    records = [mistake.as_dict() for mistake in report.mistakes()] if mistakes else None
    if as_json:
        if records is not None:
            result["mistakes"] = records
        result |= _breakdown(report, regions)
        if comparison:
            result["comparison"] = {"with": against, **asdict(comparison)}
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        _print_table(result, comparison, records or [])


def _note_turned(report: Report) -> None:
    """Say so if labels seem to lie on the stored pixels of EXIF-turned pictures."""
    as_is, stored = fit_stored(report.outcomes)
    if stored > as_is:
        click.echo(
            f"the EXIF orientation turns pictures whose boxes do not fit: {as_is} of their plates "
            f"are found, and {stored} if boxes lie on the stored pixels; give --exif stored",
            err=True,
        )


def _check_usage(
    predictions: Path | None, rival: Path | None, html: Path | None, options: Iterable[str]
) -> None:
    """Refuse ``options`` that would change nothing; ``rival`` is the file of another system."""
    source = click.get_current_context().get_parameter_source
    given = [n.replace("_", "-") for n in options if source(n) == ParameterSource.COMMANDLINE]
    if predictions and (odd := [n for n in given if n not in ("regions", "model")]):
        raise click.UsageError(f"--predictions runs no model: --{odd[0]} changes nothing")
    bounds = [name for name in given if name in ("max-error", "min-confidence")]
    if rival and bounds:
        raise click.UsageError(f"--{bounds[0]} would apply to this system only, not to {rival}")
    if html and html.suffix.lower() not in (".html", ".htm"):
        raise click.UsageError(f"--html {html}: name a file that ends in .html")


def _run(
    pictures: Sequence[LabelledPicture],
    options: dict[str, Any],
    predictions: Path | None = None,
    stress: bool = False,
) -> Report:
    if predictions:
        return score_predictions(read_predictions(predictions), pictures)
    with open_reader(**options) as reader, progress(pictures, "picture") as bar:
        return evaluate(reader, bar, stress)


def _print_table(
    result: dict[str, Any], comparison: Comparison | None, mistakes: Sequence[dict[str, Any]]
) -> None:
    stages = result.pop("ms_of_stages")
    result |= {f"ms_{name}_median": ms for name, ms in stages.items()}
    if comparison:
        result |= {f"texts_{k}": v for k, v in asdict(comparison).items() if k != "differences"}
    for name, value in result.items():
        click.echo(f"{name:28} {'-' if value is None else value}")
    for mistake in mistakes:
        click.echo("\t".join("-" if v is None else str(v) for v in mistake.values()))


def _breakdown(report: Report, regions: Sequence[Region]) -> dict[str, Any]:
    outcomes = report.outcomes

    def records(rows: Sequence[Any]) -> list[dict[str, Any]]:
        return [asdict(row) for row in rows]

    return {
        "by_size": records(breakdown.by_size(outcomes)),
        "by_format": records(breakdown.by_format(outcomes, regions)),
        "confusions": [list(pair) for pair in breakdown.confusions(outcomes)],
        "reliability": records(curves.bins(curves.of_plates(outcomes))),
        "risk_coverage": records(curves.thinned(curves.risk_coverage(outcomes))),
        "recall_precision": records(curves.thinned(curves.recall_precision(outcomes))),
    }
