"""How many wrong labels ``lpr data audit`` ranks first, among rendered plates.

Usage: ``python benchmarks/audit.py [COUNT [MODEL]]``, by default 3000 and tw-light.

Of the held-out plates (recipe ``kept-out``, seed 2018), 3 % get wrong labels (seed 1), with five
kinds of human errors in turn. A Markdown table gives the share of wrong labels in the first per
cents of the ranking, in total and by the kind of error, compared with a ranking by the reading's
confidence alone, lowest first.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import lpr
from lpr.models import DEFAULT_MODEL
from lpr.utils.progress import progress
from lpr_training.audit.ranking import Suspect, rank
from lpr_training.audit.table import Table
from lpr_training.datasets.label_noise import SLIPS
from lpr_training.datasets.rendered import kept_out_recipe
from lpr_training.datasets.write_rendered import write_crops

COUNT = 3000
BROKEN = 0.03
SEED = 1
SHARES = (0.01, 0.03, 0.05, 0.10)
NEIGHBOUR = "the neighbouring picture's label"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    model = sys.argv[2] if len(sys.argv) > 2 else DEFAULT_MODEL
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_crops(folder, kept_out_recipe("kept-out", [f"count={count}"]))
        broken = break_labels(folder / "labels.csv")
        pictures = Table.read(folder).pictures()
        with lpr.load(model) as reader, progress(pictures.items(), "picture", count) as bar:
            suspects = rank(reader, bar).suspects
    print(f"{model}, {count} kept-out plates, {len(broken)} labels broken (seed {SEED})\n")
    for row in table(suspects, broken):
        print("|", " | ".join(row), "|")
    misread = sum(s.reading.text != s.label.known for s in suspects if s.label.file not in broken)
    print(f"\n{misread} of the {count - len(broken)} right labels are read otherwise")


def break_labels(file: Path) -> dict[str, str]:
    """Falsify some labels; return their pictures, and how each was changed."""
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    texts = [row["text"] for row in rows]
    rng = np.random.default_rng(SEED)
    kinds = [*SLIPS, NEIGHBOUR]
    broken = {}
    for turn, place in enumerate(rng.permutation(len(rows))[: round(BROKEN * len(rows))]):
        kind = kinds[turn % len(kinds)]
        neighbour = texts[(place + 1) % len(texts)]
        rows[place]["text"] = neighbour if kind == NEIGHBOUR else SLIPS[kind](texts[place], rng)
        assert rows[place]["text"] != texts[place]
        broken[rows[place]["file"]] = kind
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return broken


def table(suspects: Sequence[Suspect], broken: dict[str, str]) -> list[list[str]]:
    by_confidence = sorted(suspects, key=lambda suspect: suspect.reading.confidence)
    header = ["broken labels in the first", *(f"{share:.0%}" for share in SHARES)]
    rows = [header, ["---"] * len(header), ["all", *found(suspects, set(broken))]]
    for kind in (*SLIPS, NEIGHBOUR):
        rows.append([kind, *found(suspects, {name for name in broken if broken[name] == kind})])
    rows.append(["all, by the reading's confidence alone", *found(by_confidence, set(broken))])
    return rows


def found(suspects: Sequence[Suspect], wanted: set[str]) -> list[str]:
    """The pictures of ``wanted`` in the first parts of a ranking."""
    places = [place for place, suspect in enumerate(suspects) if suspect.label.file in wanted]
    counts = (sum(p < round(share * len(suspects)) for p in places) for share in SHARES)
    return [f"{count} of {len(wanted)}" for count in counts]


if __name__ == "__main__":
    main()
