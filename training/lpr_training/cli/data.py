"""The commands of ``lpr data`` for labels: from photographs and Pascal VOC to training."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from lpr.cli.options import parse_size, parse_sweep
from lpr.detection.threshold_sweep import Sweep
from lpr.errors import SourceError
from lpr_training.cli.audit import audit
from lpr_training.labelling.values import reasons

Command = TypeVar("Command", bound=Callable[..., object])

_FOLDER = click.Path(path_type=Path, file_okay=False)
_ANY = click.Path(path_type=Path, exists=True)
_OUT = click.option("--out", required=True, type=_FOLDER, help="The folder to write to.")
_SPLIT = click.option("--split", help="Only the pictures of this split of a labels.csv.")
_SEED = click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
_TEXTS = click.option(
    "--texts",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A table of the plates' texts (file,text), where the labels do not hold them.",
)
_GROUP = click.option(
    "--group", metavar="REGEX", help="Pictures whose names give the same group belong."
)


def _share(name: str, purpose: str) -> Callable[[Command], Command]:
    return click.option(
        name,
        type=click.FloatRange(0, 1, max_open=True),
        default=0.1,
        show_default=True,
        help=f"The share of the pictures that is set aside {purpose}.",
    )


def _note(text: str) -> None:
    click.echo(f"lpr: {text}", err=True)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_OUT
@click.option("--move", is_flag=True, help="Move the files instead of copying them.")
def split(folder: Path, out: Path, move: bool) -> None:
    """Sort pictures and Pascal VOC files that lie in one FOLDER into images/ and labels/."""
    from lpr_training.labelling.split import carry_out, sort_out

    plan = sort_out(folder, out)
    for warning in plan.warnings():
        _note(warning)
    carry_out(plan, move)
    _note(f"{len(plan.pairs)} files are in {out}")
    if plan.labels_alone:
        raise SourceError(f"{len(plan.labels_alone)} label files have no picture (named above)")


@click.command("voc-to-yolo")
@click.argument("labels", type=_ANY)
@_OUT
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="NAME",
    help="Take boxes of this class (several times: numbered in this order); by default all.",
)
@click.option("--one-class", metavar="NAME", help="Make all that are taken one class.")
@click.option("--clip", is_flag=True, help="Clip boxes that reach out of their picture.")
def voc_to_yolo(
    labels: Path, out: Path, classes: tuple[str, ...], one_class: str | None, clip: bool
) -> None:
    """Convert Pascal VOC labels to Darknet's: centres and sizes as fractions of the picture.

    Boxes that are difficult or have no area are left out.
    """
    from lpr_training.labelling.voc_to_yolo import convert, write

    converted = convert(labels, classes, one_class, clip)
    write(converted, out)
    boxes = sum(converted.boxes.values())
    _note(f"{boxes} boxes of {len(converted.files)} pictures, in {out}")
    if converted.left_out:
        _note(f"left out: {reasons(converted.left_out)}")
    if converted.clipped:
        _note(f"clipped: {converted.clipped}")
    for name in classes:
        if not converted.boxes[name]:
            _note(f"no box is of the class {name}")


@click.command()
@click.argument("folder", type=_ANY)
@_OUT
@click.option(
    "--validation",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.1,
    show_default=True,
    help="The share of the pictures that is set aside.",
)
@_SEED
@_TEXTS
@_GROUP
@_SPLIT
def lists(
    folder: Path,
    out: Path,
    validation: float,
    seed: int,
    texts: Path | None,
    group: str | None,
    split: str | None,
) -> None:
    """Write train.txt, valid.txt and plate.data for Darknet.

    No plate is on both sides: pictures that show the same text stay together.
    """
    from lpr_training.labelling.lists import make_lists, without_labels, write_lists
    from lpr_training.labelling.texts import read_texts

    known = read_texts(texts) if texts else None
    made = make_lists(folder, validation, seed, known, _pattern(group), split)
    write_lists(made, out)
    _note(
        f"{len(made.train)} pictures to train and {len(made.valid)} to validate with, "
        f"in {made.groups} groups that share no plate; {made.with_text} with a known text"
    )
    _tell_groups(made.with_text, group, made.unmatched)
    lacking = without_labels([*made.train, *made.valid])
    if lacking:
        _note(
            f"{len(lacking)} pictures have no label where Darknet looks for it (labels/ beside "
            f"images/), {lacking[0]} among them; lpr data voc-to-yolo writes them"
        )


@click.command()
@click.argument("folder", type=_ANY)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The labels.csv to write; it names the pictures relative to its folder.",
)
@_share("--dev", "to choose by while training")
@_share("--val", "to measure with in the end")
@_SEED
@_TEXTS
@_GROUP
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="NAME",
    help="Boxes of this class are plates (several times); by default all are.",
)
@click.option("--clip", is_flag=True, help="Clip boxes that reach out of their picture.")
def table(
    folder: Path,
    out: Path,
    dev: float,
    val: float,
    seed: int,
    texts: Path | None,
    group: str | None,
    classes: tuple[str, ...],
    clip: bool,
) -> None:
    """Make a labels.csv of labels of any format, divided into train, dev and val.

    No plate is in two splits: pictures that show the same text stay together. Boxes that are
    difficult or have no area are left out.
    """
    from lpr_training.labelling.table import check_free, make_table, write_table
    from lpr_training.labelling.texts import read_texts

    check_free(out)
    known = read_texts(texts) if texts else None
    made = make_table(folder, dev, val, seed, known, _pattern(group), classes, clip)
    write_table(made, out)
    counts = ", ".join(f"{made.count(name)} {name}" for name in ("train", "dev", "val"))
    with_text = sum(text is not None for _, text in made.plates)
    _note(
        f"{out}: {len(made.rows)} pictures ({counts}) in {made.groups} groups that share no plate; "
        f"{len(made.plates)} plates, {with_text} of them with a text"
    )
    if made.left_out:
        _note(f"left out: {reasons(made.left_out)}")
    if made.clipped:
        _note(f"clipped: {made.clipped}")
    if made.unplaced:
        _note(
            f"{made.unplaced} pictures have several boxes or texts, so that --texts does not say "
            "which is whose; their boxes stay as they are"
        )
    if made.strangers:
        _note(f"{made.strangers} names in {texts} are of no picture here")
    _tell_groups(with_text, group, made.unmatched)


def _tell_groups(with_text: int, group: str | None, unmatched: int) -> None:
    """What is to be known where pictures of one plate were to stay together."""
    if not with_text and group is None:
        _note("no text is known, so each picture counts as a plate of its own: --texts or --group")
    if unmatched:
        _note(f"--group fits the names of all but {unmatched} pictures")


def _pattern(group: str | None) -> re.Pattern[str] | None:
    if group is None:
        return None
    try:
        pattern = re.compile(group)
    except re.error as error:
        raise click.BadParameter(f"--group {group!r} is no regular expression: {error}") from error
    if not pattern.groups:
        raise click.BadParameter(f"--group {group!r} has no group: put ( and ) around what counts")
    return pattern


@click.command()
@click.argument("labels", type=_ANY, nargs=-1, required=True)
@click.option("--count", type=click.IntRange(1, 64), default=9, show_default=True)
@click.option(
    "--size",
    type=parse_size,
    default="320x240",
    show_default=True,
    metavar="WxH",
    help="The network's input, in pixels.",
)
@click.option(
    "--letterbox", is_flag=True, help="Pictures keep their proportions in it; else they fill it."
)
@click.option("--restarts", type=click.IntRange(1), default=50, show_default=True)
@_SEED
@click.option(
    "--distance",
    type=click.Choice(["iou", "euclidean"]),
    default="iou",
    show_default=True,
    help="What k-means goes by; 1 - IoU is what anchors are for.",
)
@click.option(
    "--write",
    "cfg",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="CFG",
    help="Put the anchors into the [yolo] sections of this cfg.",
)
@click.option(
    "--from",
    "base",
    metavar="MODEL",
    help="Begin the CFG as this model's: its input and its number of anchors are taken.",
)
@_SPLIT
def anchors(
    labels: tuple[Path, ...],
    count: int,
    size: tuple[int, int],
    letterbox: bool,
    restarts: int,
    seed: int,
    distance: str,
    cfg: Path | None,
    base: str | None,
    split: str | None,
) -> None:
    """Cluster the sizes of labelled boxes into anchors, and print the line to paste.

    Labels are Pascal VOC, YOLO, COCO or a labels.csv.
    """
    from lpr_training.labelling.anchors import input_sizes, rounded, written
    from lpr_training.labelling.cfg_anchors import copy_cfg, put_anchors, read_checked
    from lpr_training.labelling.formats import read_any
    from lpr_training.labelling.kmeans import average_iou, cluster

    if base and not cfg:
        raise click.UsageError("--from MODEL needs --write CFG, the file to begin")
    if base and cfg:
        size, count, letterbox = copy_cfg(base, cfg)
    if cfg:
        read_checked(cfg, count)
    images = [image for path in labels for image in read_any(path, split)]
    sizes, left_out = input_sizes(images, size, letterbox)
    began = time.monotonic()
    try:
        found = cluster(sizes, count, "iou" if distance == "iou" else "euclidean", restarts, seed)
    except ValueError as error:
        raise SourceError(f"{labels[0]}: {error}; take fewer than --count {count}") from error
    line = written(found.centres)
    click.echo(f"anchors = {line}")
    _note(
        f"{len(sizes)} boxes; average IoU with the best anchor "
        f"{100 * average_iou(sizes, rounded(found.centres)):.2f} %; "
        f"{time.monotonic() - began:.1f} s"
    )
    if left_out:
        _note(f"left out: {reasons(left_out)}")
    if cfg:
        put_anchors(cfg, line, count)
        _note(f"{cfg}: anchors and num of its [yolo] sections are new")


@click.command()
@click.argument("sources", type=_ANY, nargs=-1, required=True)
@_OUT
@click.option(
    "--margin",
    type=click.FloatRange(0, 2),
    default=0.0,
    show_default=True,
    help="Added on each side, as a fraction of the plate's width and height.",
)
@click.option("--model", help="Cut what this model finds (SOURCES are pictures), not the labels.")
@click.option(
    "--sweep",
    type=parse_sweep,
    metavar="START:STOP:STEP",
    help="The model's thresholds, lowered only where it finds nothing.",
)
@_SPLIT
def crops(
    sources: tuple[Path, ...],
    out: Path,
    margin: float,
    model: str | None,
    sweep: Sweep | None,
    split: str | None,
) -> None:
    """Cut plates out of pictures, by their labels or by a model, with a labels.csv beside them.

    Crops are in the split of their picture.
    """
    from lpr_training.labelling.crops import CropFolder, by_labels, by_model, check_out, nothing_cut
    from lpr_training.labelling.formats import splits_of

    if sweep and not model:
        raise click.UsageError("--sweep is for --model: labels have no thresholds")
    if model and split:
        raise click.UsageError("--split is for labels: a model looks at all pictures")
    check_out(out, sources)
    cut = by_model(sources, model, sweep, margin) if model else by_labels(sources, split, margin)
    splits = {} if model else {k: v for each in sources for k, v in splits_of(each).items()}
    with CropFolder(out) as folder:
        for picture, plates in cut:
            folder.add(picture, plates, splits.get(picture, ""))
    if not folder.count:
        raise nothing_cut(str(sources[0]))
    _note(f"{folder.count} plates are in {out}")


COMMANDS: tuple[click.Command, ...] = (split, voc_to_yolo, lists, table, anchors, crops, audit)
