"""The bias of a validation with the training's vehicles: a recognizer that memorises few plates.

    python benchmarks/seed_vehicles.py DATA OUT --steps 1600 --narrow 8

The founding system's 19,515 pictures show 262 plates, and its validation was split by picture. Here
the same network is trained twice on the same number of rendered pictures: of 262 plates, and of
distinct plates. Both then read other pictures of the 262 plates, and the held-out plates.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from seed_experiments import REPEATED, Run, in_processes, read, runs

from lpr.evaluate.intervals import wilson
from lpr_training.datasets.plate_samples import PlateSample, as_written
from lpr_training.datasets.rendered import kept_out_crops, kept_out_recipe
from lpr_training.engine.loop import train
from lpr_training.recognizer.plates import Plates, read_plates
from lpr_training.recognizer.task import RecognizerTask
from lpr_training.synth.scenes.crops import render_crop

KNOWN = 262
PICTURES, OTHERS = 8000, 2000


def pictures_of(texts: Sequence[str], numbers: range) -> list[PlateSample]:
    """Render pictures of the plates ``texts`` in turn."""
    crops = [
        render_crop(np.random.default_rng([2018, number]), text=texts[number % len(texts)])
        for number in numbers
    ]
    return [as_written(crop) for crop in crops]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--narrow", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)

    changes = ["crops.real=0.0", f"crops.rendered={PICTURES}"]
    (run,) = runs([REPEATED], options.steps, options.narrow, changes)
    recipe = run.recipe
    different = read_plates(options.data, recipe.crops, recipe.spec, recipe.schedule.seed)
    texts = sorted({plate.text for plate in different.train["rendered"]})
    texts = list(np.random.default_rng(2018).permutation(texts)[:KNOWN])
    pictures = pictures_of(texts, range(PICTURES + OTHERS))
    kept_out = [as_written(crop) for crop in kept_out_crops(kept_out_recipe("kept-out"))]
    plates = {
        "all different": different,
        f"of {KNOWN} plates": Plates({"rendered": pictures[:PICTURES]}, different.dev),
    }
    tests = {"known": pictures[PICTURES:], "kept_out": kept_out}

    def work(run: Run) -> None:
        task = RecognizerTask(run.recipe, plates[run.name])
        best = train(task, run.recipe.schedule, options.out / run.name, device=options.device)
        right = {
            name: [
                text == plate.text
                for text, plate in zip(read(best, test, options.device), test, strict=True)
            ]
            for name, test in tests.items()
        }
        (options.out / run.name / "right.json").write_text(json.dumps(right))

    failed = in_processes([Run(name, recipe) for name in plates], work, options.out, options.jobs)
    print("| trained on pictures | other pictures of the 262 plates | held-out plates |")
    print("| --- | --- | --- |")
    for name in plates:
        right = json.loads((options.out / name / "right.json").read_text())
        cells = []
        for flags in right.values():
            low, high = wilson(sum(flags), len(flags))
            share = 100 * sum(flags) / len(flags)
            cells.append(f"{share:.1f} % ({100 * low:.1f} to {100 * high:.1f})")
        print(f"| {name} | " + " | ".join(cells) + " |")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
