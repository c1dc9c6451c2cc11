"""``lpr data audit``: wrong labels found by a model, and corrected in a browser."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpr.errors import SourceError
from lpr.models import DEFAULT_MODEL

if TYPE_CHECKING:
    from lpr_training.audit.ranking import Suspect


@click.command()
@click.argument("folder", metavar="SET", type=click.Path(path_type=Path, exists=True))
@click.option("--serve", is_flag=True, help="Show the ranking in a browser, and take corrections.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Where --serve listens, on this machine alone; by default any free one.",
)
@click.option("--model", default=DEFAULT_MODEL, show_default=True, help="Name or folder.")
@click.option(
    "--recognizer",
    help="Another recognizer than the model's: a runtime's, or another model's; "
    "several with commas vote.",
)
@click.option(
    "--region",
    help="Formats that labels may have, such as tw; several with commas, any for all. By default "
    "the model's.",
)
@click.option("--split", help="Only the labels of this split.")
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

    Prints a JSON object for each label with a text, the most suspicious first; what was decided
    before is left out. Decisions of --serve are kept beside the labels, which are never changed:
    in labels.audit.csv, and in labels.corrected.csv the whole table with the corrections.
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
        raise SourceError(f"{table.path}: no plate has a text, so there is none to audit")
    decisions = Decisions(table)
    with ExitStack() as stack:
        if serve:
            from lpr_training.audit.review import Review
            from lpr_training.audit.server import AuditServer

            # What would spoil the end is known before the beginning.
            check_writable(table.path.parent)
            server = stack.enter_context(AuditServer(port or 0))
        reader = lpr.load(model, recognizer=recognizer, regions=region)
        with reader, progress(pictures.items(), "picture", len(pictures)) as bar:
            ranking = rank(reader, bar)
        for failure in ranking.failures:
            _note(str(failure))
        undecided = [s for s in ranking.suspects if decisions.of(s.label) is None]
        _note(_summary(ranking.suspects, len(undecided), decisions.stale))
        if serve and ranking.suspects:
            _note(f"{server.address} shows them; Ctrl-C ends it")
            server.serve(Review(table.path.parent.absolute().name, ranking.suspects, decisions))
        elif not serve:
            for place, suspect in enumerate(undecided, 1):
                record = {"rank": place, **suspect.as_dict()}
                click.echo(json.dumps(record, ensure_ascii=False))
    if ranking.failures:
        raise SourceError(f"{len(ranking.failures)} pictures cannot be read (named above)")


def _summary(suspects: Sequence[Suspect], undecided: int, stale: int) -> str:
    otherwise = sum(suspect.reading.text != suspect.label.known for suspect in suspects)
    parts = [
        f"{len(suspects)} labels",
        f"{otherwise} read otherwise by the model",
        f"{sum(suspect.is_illegal for suspect in suspects)} that fit no format",
        f"{sum(suspect.model_box is not None for suspect in suspects)} in another box",
        f"{len(suspects) - undecided} decided already",
    ]
    if stale:
        parts.append(f"{stale} decisions on labels that are there no longer")
    return ", ".join(parts)


def _note(text: str) -> None:
    click.echo(f"lpr: {text}", err=True)
