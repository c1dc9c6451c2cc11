"""``lpr data``: labels, anchors and crops for training."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from lpr.cli.groups import CommandGroup
from lpr.cli.options import parse_size, parse_sweep
from lpr.detection.threshold_sweep import Sweep
from lpr.errors import SourceError
from lpr_training.cli.audit import audit
from lpr_training.cli.options import (
    EXISTING,
    EXISTING_FILE,
    EXISTING_FOLDER,
    FOLDER,
    OUT_FILE,
    note,
)
from lpr_training.cli.synth import sample, synth
from lpr_training.labelling.values import reasons

if TYPE_CHECKING:
    from lpr_training.labelling.formats import Names
    from lpr_training.labelling.kmeans import Distance
    from lpr_training.labelling.selection import Selection
    from lpr_training.labelling.settle import Settling

Command = TypeVar("Command", bound=Callable[..., object])

_OUT = click.option("--out", required=True, type=FOLDER, help="The folder to write to.")
_SPLIT = click.option("--split", help="Take only the pictures of this split of a labels.csv.")
_SEED = click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
_CLIP = click.option("--clip", is_flag=True, help="Clip boxes that extend beyond their picture.")


_EXIF = click.option(
    "--exif",
    type=click.Choice(["stored", "upright"]),
    help="Where boxes lie on pictures that their EXIF orientation turns: on the stored pixels, or "
    "on the picture as it is shown. Default: what the stated size tells.",
)
_STATED_SIZE = click.option(
    "--stated-size",
    type=click.Choice(["scale", "ignore"]),
    help="If labels state another size than the picture's, scale their boxes to the picture, or "
    "take them as its pixels. Default: an error.",
)
_NAMES = click.option(
    "--names",
    type=click.Choice(["texts", "classes"]),
    help="The names of boxes are texts of plates, or classes. Default: texts where a name looks "
    "like one (ABC-1234).",
)
_CLASS = click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="NAME",
    help="The class of plates (repeatable); default: all classes.",
)


def _settling(command: Command) -> Command:
    """The options for what labels leave open, as ``how``."""

    @functools.wraps(command)
    def with_how(*values: Any, exif: Any, stated_size: Any, **options: Any) -> object:
        from lpr_training.labelling.settle import Settling

        return command(*values, how=Settling(exif, stated_size), **options)

    return cast(Command, _EXIF(_STATED_SIZE(with_how)))


def _texts(_: click.Context, __: click.Parameter, file: Path | None) -> dict[str, set[str]] | None:
    from lpr_training.labelling.texts import read_texts

    return read_texts(file) if file else None


def _pattern(_: click.Context, __: click.Parameter, group: str | None) -> re.Pattern[str] | None:
    if group is None:
        return None
    try:
        pattern = re.compile(group)
    except re.error as error:
        raise click.BadParameter(f"{group!r} is not a regular expression: {error}") from error
    if not pattern.groups:
        raise click.BadParameter(f"{group!r} has no group: put the part that counts in ( )")
    return pattern


_TEXTS = click.option(
    "--texts",
    type=EXISTING_FILE,
    callback=_texts,
    help="A CSV file of the plates' texts (file,text), for labels without texts.",
)
_GROUP = click.option(
    "--group",
    "pattern",
    metavar="REGEX",
    callback=_pattern,
    help="Keep pictures in one split if REGEX captures the same part of their names.",
)


def _share(
    name: str, purpose: str, min_open: bool = False, default: float | None = 0.1
) -> Callable[[Command], Command]:
    share = click.FloatRange(0, 1, min_open=min_open, max_open=True)
    text = f"The share of the pictures held out{purpose}."
    shown = True if default is not None else "0.1, or the export's own splits"
    return click.option(name, type=share, default=default, show_default=shown, help=text)


@click.group(cls=CommandGroup)
def data() -> None:
    """Prepare training data: labels, anchors, crops; rendered plates and scenes."""


for _command in (audit, sample, synth):
    data.add_command(_command)


@data.command()
@click.argument("folder", type=EXISTING_FOLDER)
@_OUT
@click.option("--move", is_flag=True, help="Move the files instead of copying them.")
def split(folder: Path, out: Path, move: bool) -> None:
    """Separate the pictures and Pascal VOC files of one FOLDER into images/ and labels/."""
    from lpr_training.labelling.separate_voc import carry_out, sort_out

    plan = sort_out(folder, out)
    for warning in plan.warnings():
        note(warning)
    carry_out(plan, move)
    note(f"{len(plan.pairs)} files are in {out}")
    if plan.labels_alone:
        raise SourceError(f"{len(plan.labels_alone)} label files have no picture (named above)")


@data.command("voc-to-yolo")
@click.argument("labels", type=EXISTING)
@_OUT
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="NAME",
    help="Take boxes of this class (repeatable; numbered in this order); default: all.",
)
@click.option("--one-class", metavar="NAME", help="Merge the classes into one of this name.")
@_CLIP
@_settling
def voc_to_yolo(
    labels: Path,
    out: Path,
    classes: tuple[str, ...],
    one_class: str | None,
    clip: bool,
    how: Settling,
) -> None:
    """Convert Pascal VOC labels to Darknet's: centres and sizes as fractions of the picture.

    Omits boxes that are difficult or have no area.
    """
    from lpr_training.labelling.voc_to_yolo import convert, write

    converted = convert(labels, classes, one_class, clip, how)
    write(converted, out)
    boxes = sum(converted.boxes.values())
    note(f"{boxes} boxes of {len(converted.files)} pictures, in {out}")
    _note_selection(converted.selection)
    if left := converted.only_difficult:
        note(
            f"no labels for {len(left)} pictures whose plates are all difficult, such as "
            f"{left[0]}: YOLO cannot mark them; train without these pictures"
        )
    for name in classes:
        if not converted.boxes[name]:
            note(f"no box is of the class {name}")


@data.command()
@click.argument("folder", type=EXISTING)
@_OUT
@_share("--validation", "", min_open=True)
@_SEED
@_TEXTS
@_GROUP
@_SPLIT
@_NAMES
@_settling
def lists(folder: Path, out: Path, validation: float, **options: Any) -> None:
    """Write train.txt, valid.txt and plate.data for Darknet.

    No plate is in both lists: pictures of the same text stay together.
    """
    from lpr_training.labelling.lists import make_lists, without_labels, write_lists

    made = make_lists(folder, validation, **options)
    write_lists(made, out)
    together = made.together
    note(
        f"{len(made.train)} pictures to train and {len(made.valid)} to validate with, in "
        f"{len(together.groups)} groups that share no plate; {together.with_text} with a known text"
    )
    _note_groups(together.with_text, options["pattern"], together.unmatched)
    lacking = without_labels([*made.train, *made.valid])
    if lacking:
        note(
            f"{len(lacking)} pictures have no label where Darknet looks for it (labels/ beside "
            f"images/), such as {lacking[0]}; lpr data voc-to-yolo writes them"
        )


@data.command()
@click.argument("folder", type=EXISTING)
@click.option(
    "--out",
    required=True,
    type=OUT_FILE,
    help="The labels.csv to write; its paths are relative to its folder.",
)
@_share("--dev", " to choose the best weights", default=None)
@_share("--val", " for the final measurement", default=None)
@_SEED
@_TEXTS
@_GROUP
@_CLASS
@_CLIP
@_NAMES
@_settling
def table(folder: Path, out: Path, **options: Any) -> None:
    """Convert labels of any format to a labels.csv with the splits train, dev and val.

    The splits of an export with folders train, valid and test are kept, unless --dev or --val is
    given. Otherwise pictures of the same text stay together: no plate is in two splits. Difficult
    boxes are marked in the table and count neither way; boxes without area are omitted.
    """
    from lpr_training.labelling.table import check_free, make_table, write_rows

    check_free(out)
    made = make_table(folder, **options)
    if made.own_splits:
        note("the splits are those of the export's folders; give --dev and --val for others")
    write_rows(made.rows, out)
    counts = ", ".join(f"{made.count(name)} {name}" for name in ("train", "dev", "val"))
    with_text = sum(text is not None for _, text in made.plates)
    note(
        f"{out}: {len(made.rows)} pictures ({counts}) in {len(made.together.groups)} groups that "
        f"share no plate; {len(made.plates)} plates, {with_text} of them with a text"
    )
    _note_selection(made.selection)
    if aside := sum(len(row.difficult) for row in made.rows):
        note(f"difficult, so that they count neither way: {aside}")
    if made.unplaced:
        note(
            f"{made.unplaced} pictures have several boxes or texts, which --texts cannot match; "
            "their boxes keep the labels' texts"
        )
    if made.strangers:
        note(f"{made.strangers} names in --texts match no picture")
    _note_groups(with_text, options["pattern"], made.together.unmatched)


def _note_selection(selection: Selection) -> None:
    if selection.left_out:
        note(f"left out: {reasons(selection.left_out)}")
    if selection.clipped:
        note(f"clipped: {selection.clipped}")


def _note_groups(with_text: int, pattern: re.Pattern[str] | None, unmatched: int) -> None:
    if not with_text and pattern is None:
        note("no text is known, so every picture counts as another plate; see --texts and --group")
    if unmatched:
        note(f"--group does not match the names of {unmatched} pictures")


@data.command()
@click.argument("labels", type=EXISTING, nargs=-1, required=True)
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
    "--letterbox", is_flag=True, help="Pad pictures to the input instead of stretching them."
)
@click.option("--restarts", type=click.IntRange(1), default=50, show_default=True)
@_SEED
@click.option(
    "--distance",
    type=click.Choice(["iou", "euclidean"]),
    default="iou",
    show_default=True,
    help="The distance of k-means: 1 - IoU, which anchors should minimise, or Euclidean.",
)
@click.option(
    "--write",
    "cfg",
    type=OUT_FILE,
    metavar="CFG",
    help="Write the anchors into the [yolo] sections of this cfg.",
)
@click.option(
    "--from",
    "base",
    metavar="MODEL",
    help="Copy this model's cfg to CFG first, and take its input size and number of anchors.",
)
@_SPLIT
@_NAMES
@_settling
def anchors(
    labels: tuple[Path, ...],
    count: int,
    size: tuple[int, int],
    letterbox: bool,
    restarts: int,
    seed: int,
    distance: Distance,
    cfg: Path | None,
    base: str | None,
    split: str | None,
    names: Names | None,
    how: Settling,
) -> None:
    """Cluster the sizes of labelled boxes into anchors, and print them as a line of a cfg.

    Labels are Pascal VOC, YOLO, COCO or a labels.csv.
    """
    from lpr_training.labelling.anchors import format_anchors, input_sizes, rounded
    from lpr_training.labelling.cfg_anchors import copy_cfg, put_anchors, read_checked
    from lpr_training.labelling.formats import read_any
    from lpr_training.labelling.kmeans import average_iou, cluster

    if base and not cfg:
        raise click.UsageError("--from MODEL needs --write CFG, the file to write")
    if base and cfg:
        size, count, letterbox = copy_cfg(base, cfg)
    if cfg:
        read_checked(cfg, count)
    images = [image for path in labels for image in read_any(path, split, how, names)]
    sizes, left_out = input_sizes(images, size, letterbox)
    started = time.monotonic()
    try:
        clusters = cluster(sizes, count, distance, restarts, seed)
    except ValueError as error:
        raise SourceError(f"{labels[0]}: {error}; take fewer than --count {count}") from error
    line = format_anchors(clusters.centres)
    click.echo(f"anchors = {line}")
    note(
        f"{len(sizes)} boxes; average IoU with the best anchor "
        f"{100 * average_iou(sizes, rounded(clusters.centres)):.2f} %; "
        f"{time.monotonic() - started:.1f} s"
    )
    if left_out:
        note(f"left out: {reasons(left_out)}")
    if cfg:
        put_anchors(cfg, line, count)
        note(f"{cfg}: replaced anchors and num of its [yolo] sections")


@data.command()
@click.argument("sources", type=EXISTING, nargs=-1, required=True)
@_OUT
@click.option(
    "--margin",
    type=click.FloatRange(0, 2),
    default=0.0,
    show_default=True,
    help="Margin on each side, as a fraction of the plate's width and height.",
)
@click.option(
    "--model",
    help="Cut out the plates that this model detects in SOURCES (pictures) instead of the labels.",
)
@click.option(
    "--sweep",
    type=parse_sweep,
    metavar="START:STOP:STEP",
    help="The model's thresholds: lowered step by step in pictures without a detection.",
)
@_SPLIT
@_CLASS
@_NAMES
@_settling
def crops(
    sources: tuple[Path, ...],
    out: Path,
    margin: float,
    model: str | None,
    sweep: Sweep | None,
    split: str | None,
    **reading: Any,
) -> None:
    """Cut plates out of pictures, by labels or by a model, and write a labels.csv of the crops.

    A crop is in the split of its picture.
    """
    from lpr_training.labelling.crops import CropFolder, by_labels, by_model, check_out
    from lpr_training.labelling.formats import splits_of

    if sweep and not model:
        raise click.UsageError("--sweep is for --model: labels have no thresholds")
    if model and split:
        raise click.UsageError("--split is for labels: a model takes all pictures")
    check_out(out, sources)
    cut = (
        by_model(sources, model, sweep, margin)
        if model
        else by_labels(sources, split, margin, **reading)
    )
    splits = {} if model else {k: v for each in sources for k, v in splits_of(each).items()}
    with CropFolder(out) as folder:
        for picture, plates in cut:
            folder.add(picture, plates, splits.get(picture, ""))
    if not folder.rows:
        words = "no plate to cut; check the labels, or lower the threshold"
        raise SourceError(f"{sources[0]}: {words}")
    note(f"{len(folder.rows)} plates are in {out}")
