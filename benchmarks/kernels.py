"""Each kernel against OpenCV, NumPy or SciPy: same inputs, same answers, one run.

Usage: ``python benchmarks/kernels.py [NAME ...]``, NAME being the beginning of some rows' names.

Both ways are first checked to give the same answer (how closely is said in the table's last
column), then timed in turn, on one thread. A ratio is the median of the ratios of neighbouring
measurements, so that whatever else the machine does slows both sides. Random pictures are used:
their content does not matter to any of the two.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from lpr import kernels
from lpr.types import Float32, Image

SECONDS = 1.5
PAD = 127 / 255  # OpenCV pads with whole grey levels


@dataclass(frozen=True)
class Race:
    """Two ways to one answer; ``agree`` raises AssertionError, or says how well they agree."""

    name: str
    ours: Callable[[], object]
    theirs: Callable[[], object]
    agree: Callable[[], str]


def seconds(function: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls


def measure(race: Race) -> tuple[float, float, float]:
    """Median seconds of ours and theirs, and the median of theirs / ours."""
    once = max(seconds(race.ours, 2), seconds(race.theirs, 2))
    calls = max(1, round(0.002 / once))
    rounds = max(11, round(SECONDS / (2 * calls * once)))
    pairs = [(seconds(race.ours, calls), seconds(race.theirs, calls)) for _ in range(rounds)]
    ours, theirs = zip(*pairs, strict=True)
    return median(ours), median(theirs), median(b / a for a, b in pairs)


def levels(ours: Float32, theirs: Float32, most: float) -> str:
    """The largest difference of two pictures, in grey levels of 0..255."""
    difference = float(np.abs(ours - theirs).max()) * 255
    assert difference <= most, f"they differ by {difference:.2f} grey levels"
    return f"within {difference:.2f} grey levels"


def letterbox_races(rng: np.random.Generator) -> Iterator[Race]:
    codes = {"linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA}
    for source, size in (((1920, 1080), (320, 240)), ((576, 576), (384, 384))):
        image: Image = rng.integers(0, 256, (source[1], source[0], 3), dtype=np.uint8)
        out = np.empty((3, size[1], size[0]), np.float32)
        for name, code in codes.items():

            def ours(image: Image = image, out: Float32 = out, name: str = name) -> Float32:
                width, height = out.shape[2], out.shape[1]
                return kernels.letterbox(
                    image, width, height, interpolation=name, pad=PAD, out=out
                )[0]

            def theirs(
                image: Image = image, size: tuple[int, int] = size, code: int = code
            ) -> Float32:
                return opencv_letterbox(image, size, code)

            def agree(
                ours: Callable[[], Float32] = ours, theirs: Callable[[], Float32] = theirs
            ) -> str:
                # OpenCV rounds to whole grey levels between its steps.
                return levels(ours(), theirs(), 1.01)

            shape = f"{source[0]} x {source[1]} -> {size[0]} x {size[1]}"
            yield Race(f"letterbox {shape}, {name}", ours, theirs, agree)


def opencv_letterbox(image: Image, size: tuple[int, int], interpolation: int) -> Float32:
    height, width = image.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    inner = round(width * scale), round(height * scale)
    resized = cv2.resize(image, inner, interpolation=interpolation)
    if inner != size:
        left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
        right, bottom = size[0] - inner[0] - left, size[1] - inner[1] - top
        resized = cv2.copyMakeBorder(
            resized, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(127, 127, 127)
        )
    return cv2.dnn.blobFromImage(resized, 1 / 255, swapRB=True)[0]


def warp_races(rng: np.random.Generator) -> Iterator[Race]:
    image = cv2.GaussianBlur(rng.integers(0, 256, (1080, 1920, 3), dtype=np.uint8), (0, 0), 3)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    places = rng.uniform(100, 900, (8, 1, 2))
    quads = (places + corners * [110, 55] + rng.normal(0, 3, (8, 4, 2))).astype(np.float32)

    def ours() -> Float32:
        return kernels.warp(image, quads, 128, 64)

    def theirs() -> Float32:
        return opencv_warp(image, quads, (128, 64))

    yield Race("warp 8 plates -> 128 x 64, grey", ours, theirs, lambda: levels(ours(), theirs(), 2))


def opencv_warp(image: Image, quads: Float32, size: tuple[int, int]) -> Float32:
    width, height = size
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    out = np.empty((len(quads), 1, height, width), np.float32)
    for entry, quad in zip(out, quads, strict=True):
        matrix = cv2.getPerspectiveTransform(quad - 0.5, target)
        upright = cv2.warpPerspective(
            image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        np.multiply(cv2.cvtColor(upright, cv2.COLOR_BGR2GRAY), np.float32(1 / 255), out=entry[0])
    return out


def nms_races(rng: np.random.Generator) -> Iterator[Race]:
    for count in (100, 1000, 10000):
        corners = rng.uniform(0, 600, (count, 2))
        sizes = rng.uniform(10, 80, (count, 2))
        boxes = np.concatenate([corners, corners + sizes], 1).astype(np.float32)
        cornered = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
        scores = rng.uniform(0, 1, count).astype(np.float32)

        def ours(boxes: Float32 = boxes, scores: Float32 = scores) -> object:
            return kernels.nms(boxes, scores, 0.45)

        def theirs(boxes: Float32 = cornered, scores: Float32 = scores) -> object:
            return cv2.dnn.NMSBoxes(boxes, scores, 0.0, 0.45)

        def agree(ours: Callable[[], object] = ours, theirs: Callable[[], object] = theirs) -> str:
            np.testing.assert_array_equal(ours(), theirs())
            return "same boxes"

        yield Race(f"nms of {count} boxes", ours, theirs, agree)


def ctc_races(rng: np.random.Generator) -> Iterator[Race]:
    logits = rng.normal(0, 1, (16, 32, 37)).astype(np.float32)
    logits[..., 0] += 2  # as in readings, most steps are blank

    def ours() -> list[kernels.Decoded]:
        return kernels.ctc_greedy(logits, 0)

    def theirs() -> list[list[tuple[int, float, int, int]]]:
        return numpy_ctc(logits)

    def agree() -> str:
        for mine, other in zip(ours(), theirs(), strict=True):
            classes, confidences, begins, ends = zip(*other, strict=True)
            assert mine.classes == classes
            assert mine.spans == tuple(zip(begins, ends, strict=True))
            np.testing.assert_allclose(mine.confidences, confidences, rtol=1e-5)
        return "same characters"

    yield Race("ctc_greedy of 16 x 32 x 37", ours, theirs, agree)


def numpy_ctc(logits: Float32) -> list[list[tuple[int, float, int, int]]]:
    values = np.exp(logits - logits.max(-1, keepdims=True))
    values /= values.sum(-1, keepdims=True)
    best, confidence = values.argmax(-1).tolist(), values.max(-1).tolist()
    decoded = []
    for path, certain in zip(best, confidence, strict=True):
        characters = []
        for index, run in groupby(range(len(path)), key=path.__getitem__):
            steps = list(run)
            if index:
                most = max(certain[step] for step in steps)
                characters.append((index, most, steps[0], steps[-1] + 1))
        decoded.append(characters)
    return decoded


def beam_races(rng: np.random.Generator) -> Iterator[Race]:
    logits = rng.normal(0, 1, (4, 32, 37)).astype(np.float32)
    logits[..., 0] += 5

    def ours() -> list[tuple[int, ...]]:
        return [texts[0].classes for texts in kernels.ctc_beam(logits, 0, width=8)]

    def theirs() -> list[tuple[int, ...]]:
        return [python_beam(sequence, 8) for sequence in logits]

    def agree() -> str:
        assert ours() == theirs()
        return "same texts"

    yield Race("ctc_beam of 4 x 32 x 37, width 8", ours, theirs, agree)


def python_beam(logits: Float32, width: int) -> tuple[int, ...]:
    """Prefix beam search as it stands in papers: a dictionary of texts; class 0 is the blank."""
    values = np.exp(logits.astype(np.float64) - logits.max(-1, keepdims=True))
    values /= values.sum(-1, keepdims=True)
    beam: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}
    for step in values.tolist():
        after: dict[tuple[int, ...], list[float]] = {}
        for text, (blank, label) in beam.items():
            kept = after.setdefault(text, [0.0, 0.0])
            kept[0] += (blank + label) * step[0]
            if text:
                kept[1] += label * step[text[-1]]
            for index in range(1, len(step)):
                paths = blank if text and index == text[-1] else blank + label
                after.setdefault((*text, index), [0.0, 0.0])[1] += paths * step[index]
        best = sorted(after.items(), key=lambda item: -sum(item[1]))[:width]
        beam = {text: (blank, label) for text, (blank, label) in best}
    return max(beam, key=lambda text: sum(beam[text]))


def fuse_races(rng: np.random.Generator) -> Iterator[Race]:
    texts = ["ABC1234", "A8C1234", "ABC1Z34", "ABC1234", "A8C1Z34"] * 12
    confidences = [rng.uniform(0.3, 1, len(text)).tolist() for text in texts]

    def ours() -> int:
        return kernels.pick_best(confidences)

    def theirs() -> int:
        return int(np.argmax([np.mean(each) for each in confidences]))

    def same() -> str:
        assert ours() == theirs()
        return "same reading"

    yield Race("pick_best of 60 readings", ours, theirs, same)

    def ours_vote() -> tuple[str, tuple[float, ...]]:
        return kernels.vote(texts, confidences)

    def theirs_vote() -> tuple[str, tuple[float, ...]]:
        return numpy_vote(texts, confidences)

    def same_vote() -> str:
        (text, shares), (expected, expected_shares) = ours_vote(), theirs_vote()
        assert text == expected
        np.testing.assert_allclose(shares, expected_shares)
        return "same text and shares"

    yield Race("vote of 60 readings", ours_vote, theirs_vote, same_vote)


def numpy_vote(texts: list[str], weights: list[list[float]]) -> tuple[str, tuple[float, ...]]:
    """Only for texts of one length, which need no alignment: ours aligns them nevertheless."""
    symbols, each = np.array([list(text) for text in texts]), np.array(weights)
    voted, shares = [], []
    for column, votes in zip(symbols.T, each.T, strict=True):
        choices, position = np.unique(column, return_inverse=True)
        totals = np.bincount(position, votes)
        voted.append(str(choices[totals.argmax()]))
        shares.append(float(totals.max() / totals.sum()))
    return "".join(voted), tuple(shares)


def assign_races(rng: np.random.Generator) -> Iterator[Race]:
    for count in (8, 30, 100):
        costs = rng.uniform(0, 1, (count, count))

        def ours(costs: NDArray[np.float64] = costs) -> list[tuple[int, int]]:
            return kernels.assign(costs, 1.0)

        def theirs(costs: NDArray[np.float64] = costs) -> object:
            return linear_sum_assignment(costs)

        def agree(costs: NDArray[np.float64] = costs) -> str:
            total = sum(costs[pair] for pair in kernels.assign(costs, 1.0))
            np.testing.assert_allclose(total, costs[linear_sum_assignment(costs)].sum())
            return "same cost"

        yield Race(f"assign {count} rows to {count} columns", ours, theirs, agree)


def races() -> Iterator[Race]:
    rng = np.random.default_rng(1)
    kinds = letterbox_races, warp_races, nms_races, ctc_races, beam_races, fuse_races, assign_races
    for several in kinds:
        yield from several(rng)


def main() -> None:
    cv2.setNumThreads(1)
    wanted = tuple(sys.argv[1:]) or ("",)
    print(f"implementation {kernels.implementations()[-1]}, OpenCV {cv2.__version__}, one thread")
    print(f"{'':44} {'ours ms':>9} {'theirs ms':>9} {'ratio':>6}  answers")
    for race in races():
        if race.name.startswith(wanted):
            agreement = race.agree()
            ours, theirs, ratio = measure(race)
            print(
                f"{race.name:44} {ours * 1e3:9.3f} {theirs * 1e3:9.3f} {ratio:6.1f}  {agreement}",
                flush=True,
            )


if __name__ == "__main__":
    main()
