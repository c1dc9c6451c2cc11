"""The plates that a recognizer learns from, and those that it is checked by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lpr.errors import LprError, SourceError
from lpr.labels import read_labels, table_of
from lpr.specs import CtcSpec
from lpr_training.datasets.corpora import read_agreed, read_unlabelled
from lpr_training.datasets.label_noise import mislabelled
from lpr_training.datasets.plate_samples import (
    AttributeLabels,
    PlateSample,
    others,
    photographed,
    rendered,
)
from lpr_training.datasets.pyramid import load
from lpr_training.datasets.user_set import check_data, is_own, split_pictures
from lpr_training.recognizer.batches import CropSettings
from lpr_training.synth.glyphs.characters import CHARACTERS
from lpr_training.synth.plates.origin import ABROAD

UNSEEN = 1000
"""What is added to a run's seed for the rendered plates of its checks."""

_FEWEST = 10
"""Plates of one's own that are worth training on."""


@dataclass(frozen=True, slots=True)
class Plates:
    """``train`` by the names that :class:`lpr_training.recognizer.batches.CropSettings` has
    shares of, ``dev`` by those that figures have."""

    train: Mapping[str, list[PlateSample]]
    dev: Mapping[str, list[PlateSample]]


def read_plates(
    root: Path, crops: CropSettings, spec: CtcSpec, seed: int, rendered_check: int = 0
) -> Plates:
    """What lies under the data folder ``root``, the shipped recipes' or a set of one's own, and
    rendered plates beside it.

    ``rendered_check`` plates of ``crops.region`` and as many from abroad, which no training sees,
    join ``dev``. Raises :class:`lpr.errors.LprError` where labels are missing or show what the
    spec's alphabet lacks, and where nothing says what the region's plates look like.
    """
    check_data(root)
    if lacking := sorted(set(CHARACTERS) - set(spec.alphabet)):
        raise LprError(
            f"rendered plates show {', '.join(lacking)} too: put that into spec.alphabet"
        )
    own = _own if is_own(root) else _sets
    train, dev = own(root, crops, spec.alphabet, seed)
    train |= {
        "rendered": rendered(crops.rendered, seed, crops.region),
        "abroad": rendered(crops.rendered_abroad, seed, ABROAD),
    }
    if rendered_check:
        for name, region in (("rendered", crops.region), ("abroad", ABROAD)):
            dev[name] = rendered(rendered_check, seed + UNSEEN, region)
    return Plates(mislabelled(train, crops.wrong, seed), dev)


_Sets = dict[str, list[PlateSample]]


def _sets(root: Path, crops: CropSettings, alphabet: str, seed: int) -> tuple[_Sets, _Sets]:
    """The photographed plates of the sets under ``root``."""
    dev = {
        "crops": photographed(read_labels(root / "taiwan-crops", "dev"), alphabet),
        "scenes": photographed(read_labels(root / "taiwan-scenes", "dev"), alphabet),
    }
    scenes = read_labels(root / "taiwan-scenes", "train")
    train = {
        "crops": photographed(read_labels(root / "taiwan-crops", "train"), alphabet),
        "scenes": photographed(scenes + read_agreed(root / "taiwan-scenes"), alphabet),
    }
    if crops.others:
        streets = load(scenes, unlabelled=read_unlabelled()["taiwan-scenes"])
        train["others"] = others(crops.rendered_others, seed, streets)
    return train, dev


def _own(root: Path, crops: CropSettings, alphabet: str, seed: int) -> tuple[_Sets, _Sets]:
    """The same of a set of one's own."""
    own, held_out = own_plates(root, alphabet)
    train = {"crops": own, "scenes": own}
    if crops.others:
        train["others"] = others(crops.rendered_others, seed, ())
    return train, {"site": held_out}


def own_plates(root: Path, alphabet: str) -> tuple[list[PlateSample], list[PlateSample]]:
    """The set's plates to train on, and those held out
    (:func:`lpr_training.datasets.user_set.split_pictures`).

    Raises :class:`lpr.errors.SourceError` where there are too few with a text.
    """
    train, dev = split_pictures(root, with_text=True)
    parts = photographed(train, alphabet), photographed(dev, alphabet)
    if not any(parts):
        raise SourceError(
            f"{table_of(root)}: no plate has a text to learn from; fill in the column text, "
            "or render plates and their texts by: lpr data synth --crops FOLDER --region CODE"
        )
    if len(parts[0]) < _FEWEST or not parts[1]:
        raise SourceError(
            f"{table_of(root)}: {len(parts[0])} plates with texts to train on and "
            f"{len(parts[1])} to check by are too few: {_FEWEST} and 1 are the "
            "least, some 200 corrected crops do well"
        )
    # Nobody says what else such plates are like: they teach the text alone.
    train_plates, dev_plates = (
        [replace(p, looks=AttributeLabels()) for p in part] for part in parts
    )
    return train_plates, dev_plates
