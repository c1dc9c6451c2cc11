"""A country's model folder: both networks, with thresholds chosen on dev."""

from __future__ import annotations

from pathlib import Path

from lpr.models import Model
from lpr_torch.export import About, export
from lpr_training.publishing.thresholds import write_best_thresholds


def make_model(
    region: str, base: Model, detector: Path, recognizer: Path, scenes: Path, out: Path
) -> None:
    """Write the model folder ``out`` from the checkpoints ``detector`` and ``recognizer``, with
    thresholds chosen on the split ``dev`` of ``scenes``."""
    about = About(
        f"{region}-{base.name}",
        description=f"Plates of the region {region}, made of {base.name} {base.version}.",
        licence=base.licence,
        regions=(region,),
        thresholds={"grammar_odds": base.recognizer.grammar_odds},
    )
    export([detector, recognizer], out, about)
    write_best_thresholds(out, scenes)
