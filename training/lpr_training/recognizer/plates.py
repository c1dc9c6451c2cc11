"""The plates of a recognizer's training and of its checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lpr.errors import LprError, SourceError
from lpr.specs import CtcSpec
from lpr_training.datasets.label_noise import mislabelled
from lpr_training.datasets.plate_samples import (
    AttributeLabels,
    PlateSample,
    others,
    photographed,
    region_number,
    rendered,
)
from lpr_training.datasets.pyramid import load
from lpr_training.datasets.sets import DataSets, open_sets
from lpr_training.recognizer.batches import CropSettings
from lpr_training.synth.glyphs.characters import CHARACTERS
from lpr_training.synth.plates.origin import ABROAD

UNSEEN = 1000
"""Added to a run's seed for the rendered plates of its checks."""

FEWEST = 10
"""Photographed plates that are worth training on."""

SHARES = ("crops", "scenes")
"""The shares of photographs in a recognizer's recipe."""


@dataclass(frozen=True, slots=True)
class Plates:
    """``train`` by the names of shares in
    :class:`lpr_training.recognizer.batches.CropSettings`, ``dev`` by the names of figures."""

    train: Mapping[str, list[PlateSample]]
    dev: Mapping[str, list[PlateSample]]


def read_plates(
    root: Path, crops: CropSettings, spec: CtcSpec, seed: int, rendered_check: int = 0
) -> Plates:
    """The plates of the sets of ``root``, and rendered ones.

    ``rendered_check`` unseen plates of ``crops.region``, and as many from abroad, join ``dev``.
    Raises :class:`lpr.errors.LprError` for missing labels, for characters outside the spec's
    alphabet, and for a region without plate styles.
    """
    sets = open_sets(root)
    if lacking := sorted(set(CHARACTERS) - set(spec.alphabet)):
        raise LprError(f"rendered plates also show {', '.join(lacking)}: add it to spec.alphabet")
    photographs = photographed_plates(sets, spec.alphabet)
    train, dev = dict(photographs.train), dict(photographs.dev)
    if crops.others:
        complete = [each for each in sets.sets if each.complete]
        streets = [p for s in complete for p in load(s.split()[0], unlabelled=s.unlabelled_boxes())]
        train["others"] = others(crops.rendered_others, seed, streets)
    train["rendered"] = rendered(crops.rendered, seed, crops.region)
    train["abroad"] = rendered(crops.rendered_abroad, seed, ABROAD)
    if rendered_check:
        for name, region in (("rendered", crops.region), ("abroad", ABROAD)):
            dev[name] = rendered(rendered_check, seed + UNSEEN, region)
    return Plates(mislabelled(train, crops.wrong, seed), dev)


def photographed_plates(sets: DataSets, alphabet: str) -> Plates:
    """The photographed plates to train on by their shares, and those held out.

    If all sets have the same share, both shares use their plates. Raises
    :class:`lpr.errors.SourceError` if too few have a text.
    """
    train: dict[str, list[PlateSample]] = {}
    dev: dict[str, list[PlateSample]] = {}
    for share in SHARES:
        for each in (each for each in sets.sets if each.share == share):
            pictures, held_out = each.split(with_text=True)
            region = region_number(each.region) if each.region else -1
            looks = AttributeLabels(two_lines=each.lines - 1, region=region)
            known = photographed(pictures + each.agreed(), alphabet, looks)
            train.setdefault(share, []).extend(known)
            name = "site" if sets.site else share
            dev.setdefault(name, []).extend(photographed(held_out, alphabet, looks))
    everything = [plate for plates in train.values() for plate in plates]
    checks = sum(map(len, dev.values()))
    if not everything and not checks:
        raise SourceError(
            f"{sets.name}: no plate has a text to learn from; fill in the column text, "
            "or render plates and their texts by: lpr data synth --crops FOLDER --region CODE"
        )
    if len(everything) < FEWEST or not checks:
        raise SourceError(
            f"{sets.name}: {len(everything)} plates with texts to train on and {checks} to check "
            f"by are too few: {FEWEST} and 1 are the minimum, some 200 corrected crops do well"
        )
    return Plates({share: train.get(share) or everything for share in SHARES}, dev)
