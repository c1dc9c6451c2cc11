"""The compiled kernels: checks arguments, allocates outputs, calls C++ without the GIL.

``impl`` is ``"auto"`` (the fastest that this CPU runs) or one of :func:`implementations`. All give
the same results, up to float32 rounding where pictures are resampled. Functions without ``impl``
have one implementation.

A wrong dtype raises :class:`TypeError`; a wrong shape, layout or value raises :class:`ValueError`.
Arrays may have any strides and any alignment unless a function says otherwise; what the kernels do
not take as it lies is copied first. No array is changed but ``out``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from lpr import _kernels
from lpr.specs import Channels, Resize
from lpr.types import Float32, Image

_Item = TypeVar("_Item", bound=np.generic)

_MAX_SIZE = 1 << 16  # Pixels a side; offsets into a picture then fit the kernels' integers
_MAX_WEIGHT = 1e12  # A sum of 9,000 such weights still holds a weight of 1 exactly in float64
_MAX_BEAM = 1024  # Prefixes; far more than any plate needs, and bounds memory
_MAX_CLASSES = 1 << 21  # More than Unicode has characters; fits the kernels' integers
_MAX_COORDINATE = 1e100  # Areas of enlarged boxes then stay finite in float64
_MAX_COST = 1e300  # Sums of millions of costs then stay finite in float64
_MAX_MARGIN = 10.0  # Times a box's or quad's side; larger crops would show nothing of it


class Placement(NamedTuple):
    """The mapping of a picture to a network's input: ``input = source * scale + offset``.

    In pixels; pixel edges lie at whole numbers (:mod:`lpr.types`).
    """

    scale_x: float
    scale_y: float
    offset_x: float
    offset_y: float

    def to_source(self, x: float, y: float) -> tuple[float, float]:
        """The source point of the input point ``(x, y)``."""
        return (x - self.offset_x) / self.scale_x, (y - self.offset_y) / self.scale_y


class Decoded(NamedTuple):
    """A decoded sequence: class, confidence (0..1) and time span of each character.

    A span is the first and one past the last time step; dropped steps are counted too.
    """

    classes: tuple[int, ...]
    confidences: tuple[float, ...]
    spans: tuple[tuple[int, int], ...]


class Hypothesis(NamedTuple):
    """A candidate text: as :class:`Decoded`, with its natural log probability."""

    classes: tuple[int, ...]
    confidences: tuple[float, ...]
    spans: tuple[tuple[int, int], ...]
    log_probability: float


def implementations() -> tuple[str, ...]:
    """The implementations that this CPU runs, slowest first; ``"scalar"`` is the reference."""
    return tuple(_kernels.implementations())


def letterbox(
    image: Image,
    width: int,
    height: int,
    *,
    resize: Resize = "letterbox",
    channels: Channels = "rgb",
    interpolation: Literal["area", "linear"] = "area",
    out: Float32 | None = None,
    pad: float = 0.5,
    impl: str = "auto",
) -> tuple[Float32, Placement]:
    """Convert a picture to a network's input in one pass.

    ``image`` is BGR, ``uint8``, ``H x W x 3``; its rows may be strided (a view of a larger picture
    needs no copy). The result is ``float32``, ``K x height x width``, in 0..1 (pixel / 255); K is 1
    for ``"gray"`` (0.299 R + 0.587 G + 0.114 B) and otherwise 3. It is written to ``out`` if given,
    for instance an entry of a batch; ``out`` may not share memory with ``image``.

    ``"letterbox"`` keeps the aspect ratio, centres the picture and fills the rest with ``pad``;
    ``"stretch"`` fills the whole input. On an axis that shrinks, ``"area"`` averages the source
    interval of each pixel, weighting its ends by their coverage, and ``"linear"`` interpolates
    between the two nearest pixel centres, as ``cv2.INTER_LINEAR`` does. An axis that grows is
    always interpolated linearly.
    """
    _check_picture(image)
    _check_size(width, height)
    out = _output(out, (_planes(channels), height, width), image)
    fit = _choice("resize", resize, _kernels.Resize)
    order = _choice("channels", channels, _kernels.Channels)
    method = _choice("interpolation", interpolation, _kernels.Interpolation)
    return out, Placement(*_kernels.letterbox(image, out, fit, order, method, pad, impl))


def warp(
    image: Image,
    quads: Float32,
    width: int,
    height: int,
    *,
    resize: Resize = "stretch",
    channels: Channels = "gray",
    margin: float = 0.0,
    mean: float = 0.0,
    std: float = 1.0,
    out: Float32 | None = None,
    impl: str = "auto",
) -> Float32:
    """Rectify quads of a picture into a batch: ``float32``, ``N x K x height x width``.

    ``quads`` is ``float32``, ``N x 4 x 2``: top left, top right, bottom right, bottom left, in
    pixels of ``image``. Each is enlarged on every side by ``margin`` (above -0.5, at most 10) times
    its width or height, measured in its own plane, and mapped by its homography (Heckbert 1989,
    section 2.2.3). An output pixel is the mean of 1 to 4 bilinear samples along each axis: the
    number of source pixels per output pixel along the longer of the two opposite edges. Border
    pixels extend beyond the picture. Values are ``(pixel / 255 - mean) / std``; K is 1 for
    ``"gray"`` and otherwise 3.

    ``"letterbox"`` keeps the quad's aspect ratio (mean lengths of opposite edges) and fills the
    rest with mid-gray, 0.5 before ``mean`` and ``std``; ``"stretch"`` fills the whole output. The
    entry is all mid-gray for a quad that is not finite, is not strictly convex (or has no area), or
    whose margin reaches beyond the horizon. ``out``, if given, is written to and returned; it may
    not share memory with ``image`` or ``quads``.
    """
    _check_picture(image)
    _check_size(width, height)
    quads = _floats("quads", quads, (None, 4, 2))
    if not -0.5 < margin <= _MAX_MARGIN:
        raise ValueError(f"margin must lie between -0.5 and {_MAX_MARGIN:g}, not {margin}")
    if not (math.isfinite(mean) and math.isfinite(std) and std > 0):
        raise ValueError(f"mean must be finite and std positive, not {mean} and {std}")
    out = _output(out, (len(quads), _planes(channels), height, width), image, quads)
    fit = _choice("resize", resize, _kernels.Resize)
    order = _choice("channels", channels, _kernels.Channels)
    _kernels.warp(image, quads, out, fit, order, margin, mean, std, impl)
    return out


def nms(boxes: Float32, scores: Float32, iou: float, *, impl: str = "auto") -> NDArray[np.int64]:
    """Greedy non-maximum suppression: the indices of the kept boxes, best first.

    ``boxes`` is ``float32``, ``N x 4`` (x0, y0, x1, y1); ``scores`` is ``float32``, ``N``. A box is
    dropped if its intersection over union with a kept one exceeds ``iou`` (0..1). Of equal scores
    the lower index comes first. A box with a NaN score or a coordinate that is not finite is
    dropped and suppresses nothing; a box without an area is kept.
    """
    boxes = _floats("boxes", boxes, (None, 4))
    scores = _floats("scores", scores, (len(boxes),))
    if not 0 <= iou <= 1:
        raise ValueError(f"iou must lie in 0..1, not {iou}")
    kept = np.empty(len(boxes), np.int64)
    count = _kernels.nms(boxes, scores, iou, kept, impl)
    indices: NDArray[np.int64] = kept[:count].copy()
    return indices


def ctc_greedy(
    logits: Float32, blank: int, dropped: int = 0, *, impl: str = "auto"
) -> list[Decoded]:
    """Best-path decoding of CTC logits, ``float32``, ``N x T x C`` (Graves et al. 2006, 3.2.1).

    Takes the class with the largest logit at each time step (the first of equals), merges repeats
    and removes ``blank``. A character's confidence is the largest softmax value of its run. The
    first ``dropped`` steps are ignored. Infinite logits are clamped to the largest finite numbers,
    NaN to the smallest.
    """
    logits = _floats("logits", logits, (None, None, None))
    sequences, steps, classes = logits.shape
    _check_blank(blank, classes, dropped)
    dropped = min(dropped, steps)
    best = np.empty((sequences, steps), np.int32)
    confidences = np.empty((sequences, steps), np.float32)
    begins, ends = np.empty_like(best), np.empty_like(best)
    counts = np.empty(sequences, np.int32)
    _kernels.ctc_greedy(logits, blank, dropped, best, confidences, begins, ends, counts, impl)
    return [
        _decoded(best[n], confidences[n], begins[n], ends[n], count)
        for n, count in enumerate(counts.tolist())
    ]


def ctc_beam(
    logits: Float32,
    blank: int,
    dropped: int = 0,
    *,
    transitions: NDArray[np.int32] | None = None,
    accepting: NDArray[np.bool_] | None = None,
    width: int = 16,
    top: int = 1,
) -> list[list[Hypothesis]]:
    """The ``top`` most probable texts of CTC logits (``float32``, ``N x T x C``), best first.

    Prefix beam search (Hannun et al. 2014, algorithm 1): sums the probabilities of all paths that
    spell a text and keeps the ``width`` (at most 1024) most probable prefixes after each time step.
    An automaton restricts the texts: ``transitions`` (``int32``, ``S x C``) holds the next state
    for each state and class, or -1 (the column ``blank`` is ignored); ``accepting`` (``bool``,
    ``S``) marks final states; state 0 is initial. Returns an empty list for a sequence without an
    accepted text. The first ``dropped`` steps are ignored.

    A character's confidence and span come from its run on the text's most probable path. Softmax
    values are at least 1e-12; below 1e-6 they do not extend a prefix. Infinite logits are clamped
    to the largest finite numbers, NaN to the smallest.
    """
    logits = _floats("logits", logits, (None, None, None))
    sequences, steps, classes = logits.shape
    _check_blank(blank, classes, dropped)
    dropped = min(dropped, steps)
    if not (1 <= top <= width <= _MAX_BEAM):
        raise ValueError(
            f"top and width must satisfy 1 <= top <= width <= {_MAX_BEAM}, not {top} and {width}"
        )
    if (transitions is None) != (accepting is None):
        raise ValueError("transitions and accepting must be given together")
    if transitions is None or accepting is None:
        transitions, accepting = np.zeros((1, classes), np.int32), np.ones(1, np.bool_)
    states, final = _automaton(transitions, accepting, classes)
    shape = (sequences, top, steps)
    texts, confidences = np.empty(shape, np.int32), np.empty(shape, np.float32)
    begins, ends = np.empty_like(texts), np.empty_like(texts)
    lengths, scores = np.empty(shape[:2], np.int32), np.empty(shape[:2], np.float64)
    counts = np.empty(sequences, np.int32)
    outputs = (texts, confidences, begins, ends, lengths, scores, counts)
    _kernels.ctc_beam(logits, blank, dropped, states, final, width, *outputs)
    return [
        [
            Hypothesis(
                *_decoded(texts[n, k], confidences[n, k], begins[n, k], ends[n, k], length),
                float(scores[n, k]),
            )
            for k, length in enumerate(lengths[n, :count].tolist())
        ]
        for n, count in enumerate(counts.tolist())
    ]


def _decoded(
    classes: NDArray[np.int32],
    confidences: Float32,
    begins: NDArray[np.int32],
    ends: NDArray[np.int32],
    count: int,
) -> Decoded:
    spans = zip(begins[:count].tolist(), ends[:count].tolist(), strict=True)
    first, second = classes[:count].tolist(), confidences[:count].tolist()
    return Decoded(tuple(first), tuple(second), tuple(spans))


def pick_best(confidences: Sequence[Sequence[float]], *, impl: str = "auto") -> int:
    """The index of the reading with the highest mean character confidence (each 0..1).

    For several detections of one plate in a picture. The first of equals wins (means are compared
    at a resolution of 2**-30). Empty readings never win; -1 if all are empty.
    """
    values, offsets = _ragged("confidences", confidences)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("confidences must lie in 0..1")
    return _kernels.pick_best(values, offsets, impl)


def vote(
    texts: Sequence[str], weights: Sequence[Sequence[float]], *, impl: str = "auto"
) -> tuple[str, tuple[float, ...]]:
    """Fuse readings of one plate (ROVER, Fiscus 1997): the text and each character's vote share.

    ``weights`` has one weight, 0..1e12, for each character of each text. The readings are aligned
    one after the other into a list of slots, and vote there:

    * Readings come in order of descending total weight; ties keep the given order. Empty readings
      are ignored.
    * Each reading is aligned with the slots so far at minimum cost (Needleman-Wunsch): substitution
      costs 4 x (1 - the character's share of the slot's votes), skipping a slot costs
      3 x (1 - the share of deletion votes), inserting a slot costs 3. Ties are broken in this
      order, from the end.
    * A character votes in its slot with its weight. A reading without a character for a slot votes
      for deletion with its mean weight, also in slots that later readings insert.
    * The greatest vote wins in each slot; a character beats deletion in a tie, and the character
      that voted first beats other characters. Shares lie in 0..1; they are 0 if all weights are.
    """
    values, offsets = _ragged("weights", weights)
    lengths = [len(text) for text in texts]
    if np.diff(offsets).tolist() != lengths:
        raise ValueError("weights must hold one number for each character of each text")
    if not ((values >= 0) & (values <= _MAX_WEIGHT)).all():
        raise ValueError(f"weights must lie in 0..{_MAX_WEIGHT:g}")
    symbols = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<i4")
    voted, shares = np.empty_like(symbols), np.empty_like(values)
    count = _kernels.vote(symbols, values, offsets, voted, shares, impl)
    text = voted[:count].tobytes().decode("utf-32-le", "surrogatepass")
    return text, tuple(shares[:count].tolist())


def confusion(
    texts: Sequence[Sequence[int]], weights: Sequence[Sequence[float]], classes: int
) -> NDArray[np.float64]:
    """The alignment of :func:`vote` as a confusion network (Mangu, Brill and Stolcke 2000).

    ``texts`` hold classes, 0..``classes`` - 1, each with a weight, 0..1e12. The result is
    ``float64``, ``S x (classes + 1)``: the votes for each class in each of S slots and, in the last
    column, for deletion.
    """
    if not 1 <= classes <= _MAX_CLASSES:
        raise ValueError(f"classes must lie in 1..{_MAX_CLASSES}, not {classes}")
    values, offsets = _ragged("weights", weights)
    symbols, places = _ragged("texts", texts)
    if not np.array_equal(offsets, places):
        raise ValueError("weights must hold one number for each class of each text")
    if not ((values >= 0) & (values <= _MAX_WEIGHT)).all():
        raise ValueError(f"weights must lie in 0..{_MAX_WEIGHT:g}")
    if not ((symbols >= 0) & (symbols < classes) & (symbols == np.floor(symbols))).all():
        raise ValueError(f"texts must hold classes, 0..{classes - 1}")
    votes = np.empty((len(symbols), classes + 1))
    return votes[: _kernels.confusion(symbols.astype(np.int32), values, offsets, votes)]


def legal_path(
    votes: NDArray[np.float64],
    transitions: NDArray[np.int32],
    accepting: NDArray[np.bool_],
    least: float = 1e-3,
) -> tuple[tuple[int, ...], float] | None:
    """The best accepted path through a confusion network, ``float64``, ``S x (C + 1)`` (Viterbi).

    The path maximizes the product of vote shares over the slots; each share is at least ``least``
    (above 0, at most 1), and a character without a vote is never used. ``transitions`` (``int32``,
    ``states x C``) and ``accepting`` (``bool``, ``states``) are an automaton as in :func:`ctc_beam`
    (:class:`lpr.regions.Grammar`). Returns each slot's class, -1 for a deletion, and the natural
    logarithm of the product; None if no path is accepted.
    """
    _check_dtype("votes", votes, np.float64)
    if votes.ndim != 2 or votes.shape[1] < 2 or not ((votes >= 0) & (votes <= 1e18)).all():
        raise ValueError("votes must be S x (C + 1) and lie in 0..1e18")
    if not 0 < least <= 1:
        raise ValueError(f"least must lie above 0 and be at most 1, not {least}")
    automaton = _automaton(transitions, accepting, votes.shape[1] - 1)
    chosen = np.empty(len(votes), np.int32)
    score = _kernels.legal_path(_contiguous(votes), *automaton, least, chosen)
    return None if score == -math.inf else (tuple(chosen.tolist()), score)


def buffered_iou(
    before: Sequence[Sequence[float]], after: Sequence[Sequence[float]], buffer: float
) -> NDArray[np.float64]:
    """Buffered intersection over union of each pair of boxes, ``N x M`` (C-BIoU, Yang et al. 2023).

    Boxes are ``(x0, y0, x1, y1)``, within -1e100..1e100. Each is first enlarged on every side by
    ``buffer`` (0..10) times its width or height, so that small boxes that moved by more than their
    size still overlap.
    """
    if not 0 <= buffer <= _MAX_MARGIN:
        raise ValueError(f"buffer must lie in 0..{_MAX_MARGIN:g}, not {buffer}")
    first, second = _boxes("before", before), _boxes("after", after)
    out = np.empty((len(first), len(second)))
    _kernels.buffered_iou(first, second, buffer, out)
    return out


def assign(costs: NDArray[np.float64], limit: float) -> list[tuple[int, int]]:
    """The (row, column) pairs with the minimum total of ``costs`` (``float64``, ``N x M``).

    An unassigned row costs ``limit``, and no pair may cost more. Costs and limit lie in
    -1e300..1e300. Exact (shortest augmenting paths, Crouse 2016); pairs are in order of their rows.
    """
    pairs = _kernels.assign(costs, limit)
    if pairs is None:
        pairs = _kernels.assign(_costs(costs, limit), limit)
        assert pairs is not None
    return pairs


def _costs(costs: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    """Return ``costs`` as the kernel takes them."""
    _check_dtype("costs", costs, np.float64)
    if costs.ndim != 2 or not (abs(costs) <= _MAX_COST).all() or not abs(limit) <= _MAX_COST:
        raise ValueError(
            f"costs must be N x M and, like limit, lie in -{_MAX_COST:g}..{_MAX_COST:g}"
        )
    return _contiguous(costs)


def _boxes(name: str, boxes: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    try:
        values = np.array(boxes, np.float64) if len(boxes) else np.empty((0, 4))
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.ndim != 2 or values.shape[1] != 4 or not (abs(values) <= _MAX_COORDINATE).all():
        raise ValueError(
            f"{name} must hold boxes of four numbers, -{_MAX_COORDINATE:g}..{_MAX_COORDINATE:g}"
        )
    if not (values[:, :2] <= values[:, 2:]).all():
        raise ValueError(f"{name} must hold boxes with x0 <= x1 and y0 <= y1")
    return values


def _planes(channels: Channels) -> int:
    return 1 if channels == "gray" else 3


def _choice(name: str, value: str, kind: Any) -> Any:
    choices: dict[str, Any] = kind.__members__
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return choices[value]


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= _MAX_SIZE and 0 < height <= _MAX_SIZE):
        raise ValueError(
            f"the output must have 1 to {_MAX_SIZE} pixels a side, not {width} x {height}"
        )


def _check_blank(blank: int, classes: int, dropped: int) -> None:
    if not 0 <= blank < classes:
        raise ValueError(f"blank must be one of the {classes} classes, not {blank}")
    if dropped < 0:
        raise ValueError(f"dropped must not be negative, not {dropped}")


def _automaton(
    transitions: NDArray[np.int32], accepting: NDArray[np.bool_], classes: int
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Check an automaton and return it as the kernels take it."""
    _check_dtype("transitions", transitions, np.int32)
    _check_dtype("accepting", accepting, np.bool_)
    states = accepting.size
    if transitions.shape != (states, classes) or states == 0 or accepting.shape != (states,):
        raise ValueError(
            f"transitions must be S x {classes} and accepting S, with S > 0, "
            f"not {transitions.shape} and {accepting.shape}"
        )
    if not ((transitions >= -1) & (transitions < states)).all():
        raise ValueError(f"transitions must be states, -1..{states - 1}")
    return _contiguous(transitions), _contiguous(accepting).view(np.uint8)


def _check_picture(image: Image) -> None:
    _check_dtype("image", image, np.uint8)
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"image must be H x W x 3 and not empty, not {image.shape}")
    if max(image.shape) > _MAX_SIZE:
        raise ValueError(f"image must have at most {_MAX_SIZE} pixels a side, not {image.shape}")
    height, width, _ = image.shape
    down, across, inside = image.strides
    packed = inside == 1 and (across == 3 or width == 1)
    if not (packed and (down >= 3 * width or height == 1)):
        raise ValueError(
            "image must have contiguous pixels and ordered rows "
            f"(its strides are {image.strides}); pass np.ascontiguousarray(image)"
        )


def _floats(name: str, values: Float32, shape: tuple[int | None, ...]) -> Float32:
    """Return ``values`` as the kernels take them; None in ``shape`` is any length."""
    _check_dtype(name, values, np.float32)
    fits = len(shape) == values.ndim and all(
        expected in (None, actual) for expected, actual in zip(shape, values.shape, strict=True)
    )
    if not fits:
        expected = " x ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(f"{name} must have the shape {expected}, not {values.shape}")
    return _contiguous(values)


def _contiguous(values: NDArray[_Item]) -> NDArray[_Item]:
    """Return ``values``, C-contiguous and aligned: a copy unless they are so already."""
    values = np.ascontiguousarray(values)
    return values if values.flags.aligned else values.copy()


def _ragged(
    name: str, rows: Sequence[Sequence[float]]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the concatenated rows and their offsets; the last offset is the end."""
    try:
        lengths = [len(row) for row in rows]
        values = np.fromiter(chain.from_iterable(rows), np.float64, sum(lengths))
    except TypeError as error:
        raise TypeError(f"{name} must be a sequence of sequences of numbers") from error
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return values, offsets


def _output(out: Float32 | None, shape: tuple[int, ...], *inputs: NDArray[np.generic]) -> Float32:
    """Check ``out``, which may not overlap the ``inputs``, or return a new array."""
    if out is None:
        return np.empty(shape, np.float32)
    _check_dtype("out", out, np.float32)
    if out.shape != shape:
        raise ValueError(f"out must have the shape {shape}, not {out.shape}")
    if not (out.flags.c_contiguous and out.flags.writeable and out.flags.aligned):
        raise ValueError("out must be C-contiguous, aligned and writeable")
    if any(np.may_share_memory(out, values) for values in inputs):
        raise ValueError("out must not share memory with the other arguments")
    return out


def _check_dtype(name: str, values: object, dtype: type) -> None:
    if not isinstance(values, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, not {type(values).__name__}")
    if values.dtype != dtype:
        raise TypeError(f"{name} must be {np.dtype(dtype)}, not {values.dtype}")
