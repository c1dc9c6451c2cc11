"""``lpr data audit``: finds wrong labels with a model, and corrects them in a browser."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpr.errors import SourceError
from lpr.models import DEFAULT_MODEL
from lpr_training.cli.options import EXISTING, note

if TYPE_CHECKING:
    from lpr_training.audit.ranking import Suspect


@click.command()
@click.argument("folder", metavar="SET", type=EXISTING)
@click.option("--serve", is_flag=True, help="Show the ranking in a browser and accept corrections.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port of --serve on 127.0.0.1; default: any free one.",
)
@click.option("--model", default=DEFAULT_MODEL, show_default=True, help="Name or folder.")
@click.option(
    "--recognizer",
    help="Use this recognizer instead of the model's: a runtime's, or another model's; several, "
    "separated by commas, vote.",
)
@click.option(
    "--region",
    help="Region of the formats that labels may have, such as tw; several separated by commas, or "
    "any. Default: the model's.",
)
@click.option("--split", help="Take only the labels of this split.")
def audit(
    folder: Path,
    serve: bool,
    port: int | None,
    model: str,
    recognizer: str | None,
    region: str | None,
    split: str | None,
) -> None:
    """Rank the labels of SET, a folder with a labels.csv, by how much a model disagrees.

    Prints a JSON object for each undecided label with a text, the most suspicious first. --serve
    never changes the labels: it writes decisions to labels.audit.csv beside them, and the whole
    corrected table to labels.corrected.csv.
    """
    import lpr
    from lpr.utils.progress import progress
    from lpr_training.audit.decisions import Decisions, check_writable
    from lpr_training.audit.ranking import rank
    from lpr_training.audit.table import Table

    if port is not None and not serve:
        raise click.UsageError("--port is for --serve")
    table = Table.read(folder)
    pictures = table.pictures(split)
    if not any(label.is_text for labels in pictures.values() for label in labels):
        raise SourceError(f"{table.path}: no plate has a text, so there is nothing to audit")
    decisions = Decisions(table)
    if decisions.rebuild():
        note(f"{decisions.corrected_file}: written anew from {decisions.log_file.name}")
    with ExitStack() as stack:
        if serve:
            from lpr_training.audit.review import Review
            from lpr_training.audit.server import AuditServer

            # Fail before the ranking, which takes minutes.
            check_writable(table.path.parent)
            server = stack.enter_context(AuditServer(port or 0))
        reader = lpr.load(model, recognizer=recognizer, regions=region)
        with reader, progress(pictures.items(), "picture", len(pictures)) as bar:
            suspects, failures = rank(reader, bar)
        for failure in failures:
            note(str(failure))
        undecided = [s for s in suspects if decisions.of(s.label) is None]
        note(_summary(suspects, len(undecided), decisions.stale))
        if serve and suspects:
            note(f"{server.address} shows them; Ctrl-C stops the server")
            server.serve(Review(table.path.parent.absolute().name, suspects, decisions))
        elif not serve:
            for place, suspect in enumerate(undecided, 1):
                record = {"rank": place, **suspect.as_dict()}
                click.echo(json.dumps(record, ensure_ascii=False))
    if failures:
        raise SourceError(f"{len(failures)} pictures cannot be read (named above)")


def _summary(suspects: Sequence[Suspect], undecided: int, stale: int) -> str:
    different = sum(suspect.reading.text != suspect.label.known for suspect in suspects)
    parts = [
        f"{len(suspects)} labels",
        f"{different} that the model reads differently",
        f"{sum(suspect.is_illegal for suspect in suspects)} that fit no format",
        f"{sum(suspect.model_box is not None for suspect in suspects)} in another box",
        f"{len(suspects) - undecided} decided already",
    ]
    if stale:
        parts.append(f"{stale} decisions on labels that no longer exist")
    return ", ".join(parts)
