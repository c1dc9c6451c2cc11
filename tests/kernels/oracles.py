"""What the kernels compute, written down a second time: NumPy, float64, no attention to speed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from itertools import groupby, product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
GRAY = (0.114, 0.587, 0.299)


def _area(source: int, target: int) -> Float64:
    """Row i holds the share of each source pixel in output pixel i."""
    edges = np.arange(target + 1) * source / target
    pixels = np.arange(source)
    left = np.maximum(edges[:-1, None], pixels)
    right = np.minimum(edges[1:, None], pixels + 1)
    return np.clip(right - left, 0, None) * target / source


def _linear(source: int, target: int) -> Float64:
    centres = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    return np.clip(1 - np.abs(centres[:, None] - np.arange(source)), 0, None)


def _axis(source: int, target: int, interpolation: str) -> Float64:
    if interpolation == "area" and target < source:
        return _area(source, target)
    return _linear(source, target)


def _fitted(width: float, height: float, to_width: int, to_height: int) -> tuple[int, int]:
    scale = min(to_width / width, to_height / height)
    return (
        min(max(int(width * scale + 0.5), 1), to_width),
        min(max(int(height * scale + 0.5), 1), to_height),
    )


def _arranged(bgr: Float64, channels: str) -> Float64:
    """``H x W x 3`` BGR -> ``K x H x W``."""
    if channels == "gray":
        return (bgr @ GRAY)[None]
    return np.moveaxis(bgr if channels == "bgr" else bgr[..., ::-1], -1, 0)


def letterbox(
    image: NDArray[np.uint8],
    width: int,
    height: int,
    resize: str,
    channels: str,
    interpolation: str,
    pad: float,
) -> Float64:
    rows, columns = image.shape[:2]
    inner = (width, height) if resize == "stretch" else _fitted(columns, rows, width, height)
    down = np.tensordot(_axis(rows, inner[1], interpolation), image / 255, 1)
    across = _axis(columns, inner[0], interpolation)
    resized = np.moveaxis(np.tensordot(across, down, (1, 1)), 0, 1)
    planes = _arranged(resized, channels)
    out = np.full((len(planes), height, width), pad)
    x, y = (width - inner[0]) // 2, (height - inner[1]) // 2
    out[:, y : y + inner[1], x : x + inner[0]] = planes
    return out


def homography(quad: Float64) -> Float64:
    """From the unit square to a quad: the linear system of its four points, solved."""
    rows = []
    for (u, v), (x, y) in zip([(0, 0), (1, 0), (1, 1), (0, 1)], quad, strict=True):
        rows.append([u, v, 1, 0, 0, 0, -x * u, -x * v])
        rows.append([0, 0, 0, u, v, 1, -y * u, -y * v])
    return np.append(np.linalg.solve(np.array(rows), quad.reshape(-1)), 1).reshape(3, 3)


def _bilinear(image: NDArray[np.uint8], x: Float64, y: Float64) -> Float64:
    x = np.clip(x - 0.5, 0, image.shape[1] - 1)
    y = np.clip(y - 0.5, 0, image.shape[0] - 1)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right = np.minimum(left + 1, image.shape[1] - 1)
    bottom = np.minimum(top + 1, image.shape[0] - 1)
    fx, fy = (x - left)[..., None], (y - top)[..., None]
    upper = image[top, left] * (1 - fx) + image[top, right] * fx
    lower = image[bottom, left] * (1 - fx) + image[bottom, right] * fx
    return upper * (1 - fy) + lower * fy


def warp(
    image: NDArray[np.uint8],
    quad: Float64,
    width: int,
    height: int,
    resize: str,
    channels: str,
    margin: float,
    mean: float,
    std: float,
) -> Float64:
    top, right, bottom, left = (np.linalg.norm(quad[k] - quad[(k + 1) % 4]) for k in range(4))
    inner = (width, height)
    if resize == "letterbox":
        inner = _fitted((top + bottom) / 2, (left + right) / 2, width, height)
    longest = max(top, bottom) * (1 + 2 * margin), max(left, right) * (1 + 2 * margin)
    samples = [
        int(np.clip(np.ceil(edge / size - 1e-3), 1, 4))
        for edge, size in zip(longest, inner, strict=True)
    ]
    u, v = (
        (np.arange(size * count) + 0.5) / (size * count) * (1 + 2 * margin) - margin
        for size, count in zip(inner, samples, strict=True)
    )
    grid = np.stack([*np.meshgrid(u, v), np.ones((len(v), len(u)))], -1)
    x, y, w = np.moveaxis(grid @ homography(quad).T, -1, 0)
    sampled = _bilinear(image, x / w, y / w)
    mixed = sampled.reshape(inner[1], samples[1], inner[0], samples[0], 3).mean((1, 3)) / 255
    planes = _arranged(mixed, channels)
    out = np.full((len(planes), height, width), 0.5)
    x0, y0 = (width - inner[0]) // 2, (height - inner[1]) // 2
    out[:, y0 : y0 + inner[1], x0 : x0 + inner[0]] = planes
    return (out - mean) / std


def _iou(a: Float64, b: Float64) -> float:
    def area(box: Float64) -> float:
        return float(max(box[2] - box[0], 0) * max(box[3] - box[1], 0))

    shared = area(np.concatenate([np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])]))
    union = area(a) + area(b) - shared
    return shared / union if union > 0 else 0.0


def nms(boxes: NDArray[np.float32], scores: NDArray[np.float32], iou: float) -> list[int]:
    usable = [
        i for i in range(len(boxes)) if np.isfinite(boxes[i]).all() and not np.isnan(scores[i])
    ]
    kept: list[int] = []
    for i in sorted(usable, key=lambda i: (-scores[i], i)):
        if all(_iou(boxes[k].astype(float), boxes[i].astype(float)) <= iou for k in kept):
            kept.append(i)
    return kept


def ctc_greedy(
    logits: NDArray[np.float32], blank: int, dropped: int
) -> list[list[tuple[int, float, tuple[int, int]]]]:
    """For each sequence its characters: class, confidence, span."""
    values = np.exp(logits.astype(float) - logits.max(-1, keepdims=True))
    probabilities = values / values.sum(-1, keepdims=True)
    decoded = []
    for sequence in probabilities:
        path = [(t, int(step.argmax())) for t, step in enumerate(sequence)][dropped:]
        characters = []
        for best, run in groupby(path, key=lambda step: step[1]):
            steps = [t for t, _ in run]
            if best != blank:
                confidence = float(sequence[steps, best].max())
                characters.append((best, confidence, (steps[0], steps[-1] + 1)))
        decoded.append(characters)
    return decoded


def pick_best(confidences: Sequence[Sequence[float]]) -> int:
    means = [
        sum(map(Fraction, reading)) / len(reading) if reading else Fraction(-1)
        for reading in confidences
    ]
    best = max(range(len(means)), key=lambda n: (means[n], -n), default=-1)
    return best if best >= 0 and confidences[best] else -1


Slot: TypeAlias = list[tuple[str | None, float]]
"""The ballots cast in a slot, in order: a character, or None for leaving it out, and a weight."""


def vote(texts: Sequence[str], weights: Sequence[Sequence[float]]) -> tuple[str, tuple[float, ...]]:
    order = sorted(range(len(texts)), key=lambda n: -_sum(weights[n]))
    slots: list[Slot] = []
    voted = 0.0
    for n in order:
        text, each = texts[n], weights[n]
        if not text:
            continue
        mean = _sum(each) / len(each)
        grown: list[Slot] = []
        for slot, position in _alignment(slots, text):
            cast: Slot = [(None, voted)] if slot is None else slots[slot]
            ballot = (None, mean) if position is None else (text[position], each[position])
            grown.append([*cast, ballot])
        slots, voted = grown, voted + mean
    kept = [(char, slot) for slot in slots if (char := _winner(slot)) is not None]
    return "".join(char for char, _ in kept), tuple(_share(slot, char) for char, slot in kept)


def _sum(values: Iterable[float]) -> float:
    """One after the other; ``sum`` itself corrects rounding from Python 3.12 on."""
    total = 0.0
    for value in values:
        total += value
    return total


def _votes(slot: Slot, choice: str | None) -> float:
    return _sum(weight for char, weight in slot if char == choice)


def _share(slot: Slot, choice: str | None) -> float:
    total = _sum(weight for _, weight in slot)
    return _votes(slot, choice) / total if total > 0 else 0.0


def _winner(slot: Slot) -> str | None:
    characters = [char for char, _ in slot if char is not None]
    best = max(characters, key=lambda char: _votes(slot, char))  # the first of equals
    return best if _votes(slot, best) >= _votes(slot, None) else None


def _alignment(slots: list[Slot], text: str) -> list[tuple[int | None, int | None]]:
    """Pairs of a slot and a position in the text; one of them may be None."""

    @cache
    def best(i: int, j: int) -> tuple[float, tuple[tuple[int | None, int | None], ...]]:
        """The cheapest way to align the first i slots with the first j characters."""
        ways = []
        if i and j:
            cost, path = best(i - 1, j - 1)
            agreed = _share(slots[i - 1], text[j - 1])
            ways.append((cost + 4 * (1 - agreed), (*path, (i - 1, j - 1))))
        if i:
            cost, path = best(i - 1, j)
            ways.append((cost + 3 * (1 - _share(slots[i - 1], None)), (*path, (i - 1, None))))
        if j:
            cost, path = best(i, j - 1)
            ways.append((cost + 3, (*path, (None, j - 1))))
        return min(ways, key=lambda way: way[0], default=(0.0, ()))

    return list(best(len(slots), len(text))[1])


def ctc_texts(logits: NDArray[np.float32], blank: int) -> dict[tuple[int, ...], float]:
    """The probability of every text that ``steps x classes`` logits may spell, path by path."""
    values = logits.astype(np.float64)
    values = np.exp(values - values.max(axis=1, keepdims=True, initial=-np.inf))
    values /= values.sum(axis=1, keepdims=True)
    texts: dict[tuple[int, ...], float] = {}
    for path in product(range(logits.shape[1]), repeat=len(logits)):
        text = tuple(symbol for symbol, _ in groupby(path) if symbol != blank)
        probability = float(np.prod([values[step, symbol] for step, symbol in enumerate(path)]))
        texts[text] = texts.get(text, 0.0) + probability
    return texts


def confusion(texts: Sequence[str], weights: Sequence[Sequence[float]], alphabet: str) -> Float64:
    """The slots of :func:`vote`: for each the votes of the alphabet's characters, and of none."""
    order = sorted(range(len(texts)), key=lambda n: -_sum(weights[n]))
    slots: list[Slot] = []
    voted = 0.0
    for n in order:
        if not texts[n]:
            continue
        mean = _sum(weights[n]) / len(weights[n])
        grown: list[Slot] = []
        for slot, position in _alignment(slots, texts[n]):
            cast: Slot = [(None, voted)] if slot is None else slots[slot]
            ballot = (
                (None, mean) if position is None else (texts[n][position], weights[n][position])
            )
            grown.append([*cast, ballot])
        slots, voted = grown, voted + mean
    rows = [[_votes(slot, char) for char in (*alphabet, None)] for slot in slots]
    return np.array(rows).reshape(-1, len(alphabet) + 1)


def legal_path(
    votes: Float64, transitions: NDArray[np.int32], accepting: NDArray[np.bool_], least: float
) -> float | None:
    """The logarithm of the best product of shares; all ways through the slots are tried."""
    totals = votes.sum(axis=1, keepdims=True)
    shares = np.divide(votes, totals, out=np.zeros_like(votes), where=totals > 0)
    best: float | None = None
    for choice in product(range(votes.shape[1]), repeat=len(votes)):
        state, score = 0, 0.0
        for slot, symbol in enumerate(choice):
            score += float(np.log(max(shares[slot, symbol], least)))
            if symbol == votes.shape[1] - 1:
                continue
            state = -1 if votes[slot, symbol] == 0 else int(transitions[state, symbol])
            if state < 0:
                break
        if state >= 0 and accepting[state] and (best is None or score > best):
            best = score
    return best


def cheapest(costs: Float64, limit: float) -> float:
    """The least sum of an assignment; a row without a column costs the limit. All are tried."""
    rows, columns = costs.shape

    def of(row: int, free: frozenset[int]) -> float:
        if row == rows:
            return 0.0
        alone = limit + of(row + 1, free)
        pairs = [costs[row, c] + of(row + 1, free - {c}) for c in free if costs[row, c] <= limit]
        return float(min([alone, *pairs]))

    return of(0, frozenset(range(columns)))
