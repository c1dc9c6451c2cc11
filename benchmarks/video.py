"""Accuracy of ``lpr watch`` on the ten rendered videos, against their ground truth.

    python benchmarks/video.py out/films [--model tw-light] [--only 09-night] [--fused-only]

Missing videos are rendered first (a minute or two each). The table compares the fusion of all
readings with the best single reading, with the last one, and with detecting in fewer frames.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from lpr.evaluate.tracking import GroundTruth, Score, read_truth, score
from lpr.loading import load_pool
from lpr.sightings import Sighting
from lpr.source.address import addresses
from lpr.source.video_sources import open_video_source
from lpr.tracking import Consensus, Fuse
from lpr.types import Box, Reading
from lpr.watching import Engine, Failed, Seen, WatchSettings
from lpr_training.recipes import FOLDER
from lpr_training.synth.video.recipe import video_recipe
from lpr_training.synth.video.render import write_video

EVERY_FRAME = WatchSettings(return_after=30.0)
ONE_READING = WatchSettings(return_after=30.0, min_reads=1)
FEWER_FRAMES = WatchSettings(return_after=30.0, every="auto", skip_still=True)


def best_frame(readings: Sequence[Reading]) -> Consensus | None:
    """Only the most certain reading."""
    return _unfused(max(readings, key=lambda reading: reading.confidence), readings)


def last_frame(readings: Sequence[Reading]) -> Consensus | None:
    """Only the last reading."""
    return _unfused(readings[-1], readings)


def _unfused(reading: Reading, readings: Sequence[Reading]) -> Consensus | None:
    agreeing = sum(each.text == reading.text for each in readings)
    return Consensus(reading, agreeing) if reading.text else None


WAYS: tuple[tuple[str, WatchSettings, Fuse | None], ...] = (
    ("all readings fused", EVERY_FRAME, None),
    ("best frame", ONE_READING, best_frame),
    ("last frame", ONE_READING, last_frame),
    ("fused, --every auto --skip-still", FEWER_FRAMES, None),
)


def watch(
    video: Path, truth: GroundTruth, model: str, settings: WatchSettings, fuse: Fuse | None
) -> Score:
    sightings: list[Sighting] = []
    predictions: list[tuple[int, int, Box]] = []
    with_text: set[int] = set()
    detected: set[int] = set()
    with ExitStack() as stack:
        readers = [stack.enter_context(reader) for reader in load_pool(2, model)]
        sources = addresses([str(video)])
        engine = stack.enter_context(
            Engine(sources, readers, open_video_source, settings=settings, show=True, fuse=fuse)
        )
        for event in engine.events():
            if isinstance(event, Failed):
                raise event.error
            if not isinstance(event, Seen):
                continue
            sightings += event.sightings
            if event.looked:
                detected = {shown.track for shown in event.shown if shown.found}
            with_text |= {shown.track for shown in event.shown if shown.text}
            predictions += [
                (event.frame.index, shown.track, shown.box)
                for shown in event.shown
                if event.frame is not None and shown.track in detected
            ]
    # A track that never counts as a plate is not reported to anybody.
    return score(truth, sightings, [each for each in predictions if each[1] in with_text])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="tw-light")
    parser.add_argument("--only", default="", help="only videos with this in their name")
    parser.add_argument("--fused-only", action="store_true", help="only the fusion of all readings")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    recipes = [f.stem for f in sorted(FOLDER.glob("film-*.toml")) if options.only in f.stem]
    totals = {name: Score() for name, _, _ in WAYS}
    print(
        "| video | way | passes | once and right | wrong | duplicates | missed | IDF1 | frames/s |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in recipes:
        video = options.folder / f"{name}.mp4"
        if not video.with_suffix(".json").exists():
            write_video(video_recipe(name), video)
        truth = read_truth(video.with_suffix(".json"))
        for way, settings, fuse in WAYS[: 1 if options.fused_only else None]:
            began = time.perf_counter()
            result = watch(video, truth, options.model, settings, fuse)
            totals[way] += result
            print(row(name, way, result, time.perf_counter() - began, video_recipe(name).frames))
            for mistake in result.mistakes if way == WAYS[0][0] else ():
                print(f"{name}: {mistake}", file=sys.stderr)
    for way, result in totals.items():
        if result.passes:
            print(row("all", way, result))


def row(video: str, way: str, result: Score, seconds: float = 0.0, frames: int = 0) -> str:
    right = f"{result.right} ({100 * result.right / max(result.passes, 1):.1f} %)"
    errors = result.wrong, result.duplicates, result.missed
    speed = f"{frames / seconds:.0f}" if seconds else ""
    cells = video, way, result.passes, right, *errors, f"{result.idf1:.4f}", speed
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
