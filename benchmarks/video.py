"""Every vehicle once, read right? The ten rendered films, against their exact truth.

    python benchmarks/video.py out/films [--model tw-light] [--only 09-night] [--fused-only]

Films that are not there yet are rendered first (a minute or two each). One table: what all readings
of a vehicle together say, beside its best single frame, its last frame, and beside looking more
rarely.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from lpr.evaluate.tracking import GroundTruth, Score, read_truth, score
from lpr.loading import load_pool
from lpr.sightings import Sighting
from lpr.source.address import addresses
from lpr.source.video_sources import open_moving
from lpr.tracking import Consensus, Fuse
from lpr.types import Box, Reading
from lpr.watching import Engine, Failed, WatchSettings
from lpr_training.recipes import FOLDER
from lpr_training.synth.video.recipe import video_recipe
from lpr_training.synth.video.render import write_video

EACH = WatchSettings(return_after=30.0)
RARELY = WatchSettings(return_after=30.0, every=0, skip_still=True)


def best_frame(readings: Sequence[Reading]) -> Consensus | None:
    """The most certain reading alone."""
    return _as_it_is(max(readings, key=lambda reading: reading.confidence), readings)


def last_frame(readings: Sequence[Reading]) -> Consensus | None:
    """The last reading alone."""
    return _as_it_is(readings[-1], readings)


def _as_it_is(reading: Reading, readings: Sequence[Reading]) -> Consensus | None:
    agreeing = sum(each.text == reading.text for each in readings)
    return Consensus(reading, agreeing) if reading.text else None


WAYS: tuple[tuple[str, WatchSettings, Fuse | None], ...] = (
    ("all readings fused", EACH, None),
    ("best frame", WatchSettings(return_after=30.0, min_reads=1), best_frame),
    ("last frame", WatchSettings(return_after=30.0, min_reads=1), last_frame),
    ("fused, --every auto --skip-still", RARELY, None),
)


def watched(
    film: Path, truth: GroundTruth, model: str, rules: WatchSettings, fuse: Fuse | None
) -> Score:
    sightings: list[Sighting] = []
    places: list[tuple[int, int, Box]] = []
    told: set[int] = set()
    there: set[int] = set()
    readers = load_pool(2, model)
    with Engine(
        addresses([str(film)]), readers, open_moving, rules=rules, show=True, fuse=fuse
    ) as engine:
        for event in engine.events():
            if isinstance(event, Failed):
                raise event.error
            sightings += getattr(event, "sightings", ())
            frame = getattr(event, "frame", None)
            if frame is None:
                continue
            if event.looked:  # type: ignore[union-attr]
                there = {shown.track for shown in event.shown if shown.found}  # type: ignore[union-attr]
            for shown in event.shown:  # type: ignore[union-attr]
                if shown.track in there:
                    places.append((frame.index, shown.track, shown.box))
                if shown.text:
                    told.add(shown.track)
    for reader in readers:
        reader.close()
    # What is followed without ever being taken for a plate is no vehicle to anybody.
    return score(truth, sightings, [place for place in places if place[1] in told])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="tw-light")
    parser.add_argument("--only", default="", help="films whose names hold this")
    parser.add_argument("--fused-only", action="store_true", help="the first way alone")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    recipes = [f.stem for f in sorted(FOLDER.glob("film-*.toml")) if options.only in f.stem]
    totals = {name: Score() for name, _, _ in WAYS}
    print(
        "| film | way | passes | once and right | wrong | duplicates | missed | IDF1 | frames/s |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in recipes:
        film = options.folder / f"{name}.mp4"
        if not film.with_suffix(".json").exists():
            write_video(video_recipe(name), film)
        truth = read_truth(film.with_suffix(".json"))
        for way, rules, fuse in WAYS[: 1 if options.fused_only else None]:
            began = time.perf_counter()
            got = watched(film, truth, options.model, rules, fuse)
            totals[way] += got
            print(row(name, way, got, time.perf_counter() - began, video_recipe(name).frames))
            for mistake in got.mistakes if way == WAYS[0][0] else ():
                print(f"{name}: {mistake}", file=sys.stderr)
    for way, got in totals.items():
        if got.passes:
            print(row("all", way, got))


def row(film: str, way: str, got: Score, seconds: float = 0.0, frames: int = 0) -> str:
    share = f"{got.right} ({100 * got.right / max(got.passes, 1):.1f} %)"
    speed = f"{frames / seconds:.0f}" if seconds else ""
    cells = (film, way, got.passes, share, got.wrong, got.duplicates, got.missed, f"{got.idf1:.4f}")
    return f"| {' | '.join(map(str, cells))} | {speed} |"


if __name__ == "__main__":
    main()
