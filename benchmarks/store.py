"""How long a store takes to find sightings among many.

Usage: ``python benchmarks/store.py ADDRESS [SIGHTINGS]``, such as ``sqlite:///big.db 1000000``; the
database is filled first, which takes some three minutes for a million.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from lpr_store import Query, Store, row_of

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
FIRST = 1_770_000_000_000  # ms since 1970
STEP = 30_000  # ms between two sightings
ROUNDS = 20


def main() -> None:
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with Store(sys.argv[1]) as store:
        began = time.perf_counter()
        added = store.add_many(rows(count))
        print(f"{added} sightings added in {time.perf_counter() - began:.0f} s")
        chosen = random.Random(1)
        known = [text_of(chosen) for _ in range(100)]
        middle = FIRST + count * STEP // 2
        questions: dict[str, Callable[[], object]] = {
            "one text": lambda: store.find(Query(text=chosen.choice(known))),
            "similar texts": lambda: store.find(Query(text=chosen.choice(known), similar=True)),
            "beginning, BC*": lambda: store.find(Query(text="BC*")),
            "middle, *C12*": lambda: store.find(Query(text="*C12*")),
            "since a time": lambda: store.find(Query(since=middle)),
            "of a camera": lambda: store.find(Query(camera="camera 3")),
            "the newest": lambda: store.find(Query()),
        }
        for name, ask in questions.items():
            ask()
            times = [seconds(ask) for _ in range(ROUNDS)]
            print(
                f"{name:<16} median {1000 * median(times):6.1f} ms, most {1000 * max(times):6.1f}"
            )


def rows(count: int) -> Iterator[dict[str, Any]]:
    chosen = random.Random(1)
    for number in range(count):
        text = text_of(chosen)
        moment = {"frame": 0, "time": 0.0, "utc": "2026-05-01T06:30:00Z"}
        record = {
            "sighting": number, "status": "final", "camera": f"camera {number % 20}",
            "source": "rtsp://camera/...", "text": text, "display": f"{text[:3]}-{text[3:]}",
            "region": "tw", "kind": "car", "confidence": 0.9, "direction": "towards",
            "first": moment, "last": moment,
        }  # fmt: skip
        first = FIRST + number * STEP
        yield {**row_of(f"benchmark {number}", record), "first": first, "last": first + 2000}


def text_of(chosen: random.Random) -> str:
    letters = "".join(chosen.choice(LETTERS) for _ in range(3))
    return f"{letters}{chosen.randrange(10_000):04d}"


def seconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
