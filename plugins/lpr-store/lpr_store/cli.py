"""``lpr store``: find, export, import, erase and expire sightings."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

import click

from lpr.cli.messages import say
from lpr.sightings import utc
from lpr.sinks.expiry import Retention
from lpr.utils.text import counted
from lpr_store import transfer
from lpr_store.destination import split_pictures
from lpr_store.query import MAX_LIMIT, Query
from lpr_store.store import Store

F = TypeVar("F", bound=Callable[..., Any])

_STORE = click.argument("store", metavar="STORE")


@click.group("store")
def command() -> None:
    """Find, export and erase stored sightings.

    STORE is the address of `lpr watch --to`: sqlite:///plates.db or postgresql://user@host/name.
    """


def _conditions(function: F) -> F:
    options = (
        click.option("--similar", is_flag=True, help="Also texts one edit away, closest first."),
        click.option("--since", type=_moment, metavar="TIME", help="First seen then or later."),
        click.option("--until", type=_moment, metavar="TIME", help="First seen before then."),
        click.option("--camera", help="Of this camera."),
        click.option("--region", help="Of this region."),
        click.option("--kind", help="Of this kind of vehicle."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _moment(text: str) -> int:
    """ISO 8601, in UTC unless it says otherwise, as milliseconds since 1970."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no time such as 2026-05-01T06:30") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1000)


@command.command()
@_STORE
@click.argument("text", default="")
@_conditions
@click.option("--limit", type=click.IntRange(1, MAX_LIMIT), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Write the records as JSON Lines.")
def find(store: str, text: str, limit: int, as_json: bool, **conditions: Any) -> None:
    """Find sightings, the newest first. TEXT may have * and ? in it."""
    query = _query(text, limit=limit, **conditions)
    with _open(store) as opened:
        page = opened.find(query)
        opened.log(_who(), "find", json.dumps({"text": text}, ensure_ascii=False))
    found = page.sightings
    if query.similar:
        found = sorted(found, key=lambda each: (each.distance or 0, -each.first))
    if as_json:
        transfer.write_jsonl(found, sys.stdout)
        return
    for each in found:
        stamp = (utc(each.first / 1000) or "")[:19].replace("T", " ")
        click.echo(
            f"{stamp}Z  {each.display or each.text:<12} {each.confidence:.2f}  "
            f"{each.region or '':<6} {each.camera}"
        )
    if page.next is not None:
        say(f"there are more than {limit}; --limit shows more of them")


@command.command()
@_STORE
@click.argument("text", default="")
@click.option("--similar", is_flag=True, help="Also texts one edit away.")
@click.option("--limit", type=click.IntRange(1, MAX_LIMIT), default=100, show_default=True)
def plates(store: str, text: str, similar: bool, limit: int) -> None:
    """List plates, the last seen first, with the number of their sightings."""
    with _open(store) as opened:
        for each in opened.plates(text, limit, similar):
            stamp = (utc(each.last / 1000) or "")[:19].replace("T", " ")
            click.echo(f"{stamp}Z  {each.text:<12} {each.sightings}")


@command.command()
@_STORE
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text", default="", help="Of this plate; * and ? may be in it.")
@_conditions
def export(store: str, file: Path, text: str, **conditions: Any) -> None:
    """Write sightings to FILE.jsonl, FILE.csv or FILE.parquet, the oldest first."""
    query = _query(text, limit=MAX_LIMIT, order="oldest", **conditions)
    with _open(store) as opened:
        count = transfer.export(opened.all(query), file)
        opened.log(_who(), "export", f"{count} sightings")
    say(f"{counted(count, 'sighting')} written")


@command.command("import")
@_STORE
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def load(store: str, files: tuple[Path, ...]) -> None:
    """Add the sightings of FILES: exports, or the JSON Lines of `lpr watch`; each once."""
    with _open(store) as opened:
        added = sum(transfer.load(opened, file) for file in files)
    say(f"{counted(added, 'new sighting')}")


@command.command()
@_STORE
@click.argument("text")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(store: str, text: str, yes: bool) -> None:
    """Erase a plate everywhere: its sightings and their pictures. Writes a receipt as JSON."""
    if not yes:
        click.confirm(f"Erase all sightings of {text}?", abort=True, err=True)
    with _open(store) as opened:
        receipt = opened.erase(text, _who())
    click.echo(json.dumps(asdict(receipt)))


@command.command()
@_STORE
@click.option(
    "--keep", "texts", multiple=True, required=True, metavar="10GB|30d", help="What may stay."
)
def expire(store: str, texts: tuple[str, ...]) -> None:
    """Remove the oldest sightings beyond a size of all pictures, or an age."""
    try:
        keep = Retention.parse(texts)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    assert keep is not None
    with _open(store) as opened:
        removed = opened.expire(keep.age, keep.size)
        orphans = opened.sweep()
    say(f"{counted(removed, 'sighting')} removed; {counted(orphans, 'picture')} without one")


@command.command()
@_STORE
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
def audit(store: str, limit: int) -> None:
    """Show who looked, exported and erased, the newest first."""
    with _open(store) as opened:
        for entry in opened.audited(limit):
            stamp = (utc(entry.time / 1000) or "")[:19].replace("T", " ")
            click.echo(f"{stamp}Z  {entry.who:<12} {entry.action:<8} {entry.about}")


def _open(address: str) -> Store:
    return Store(*split_pictures(address))


def _query(text: str, **conditions: Any) -> Query:
    try:
        return Query(text=text, **conditions)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return "unknown"
