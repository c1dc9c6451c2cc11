import numpy as np
from numpy.typing import NDArray

class Resize:
    letterbox: Resize
    stretch: Resize

class Channels:
    rgb: Channels
    bgr: Channels
    gray: Channels

class Interpolation:
    area: Interpolation
    linear: Interpolation

def implementations() -> list[str]: ...
def letterbox(
    image: NDArray[np.uint8],
    out: NDArray[np.float32],
    resize: Resize,
    channels: Channels,
    interpolation: Interpolation,
    pad: float,
    impl: str,
    /,
) -> tuple[float, float, float, float]: ...
def warp(
    image: NDArray[np.uint8],
    quads: NDArray[np.float32],
    out: NDArray[np.float32],
    resize: Resize,
    channels: Channels,
    margin: float,
    mean: float,
    std: float,
    impl: str,
    /,
) -> None: ...
def nms(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    iou: float,
    kept: NDArray[np.int64],
    impl: str,
    /,
) -> int: ...
def ctc_greedy(
    logits: NDArray[np.float32],
    blank: int,
    dropped: int,
    classes: NDArray[np.int32],
    confidences: NDArray[np.float32],
    begins: NDArray[np.int32],
    ends: NDArray[np.int32],
    counts: NDArray[np.int32],
    impl: str,
    /,
) -> None: ...
def ctc_beam(
    logits: NDArray[np.float32],
    blank: int,
    dropped: int,
    transitions: NDArray[np.int32],
    accepting: NDArray[np.uint8],
    width: int,
    classes: NDArray[np.int32],
    confidences: NDArray[np.float32],
    begins: NDArray[np.int32],
    ends: NDArray[np.int32],
    lengths: NDArray[np.int32],
    log_probabilities: NDArray[np.float64],
    counts: NDArray[np.int32],
    /,
) -> None: ...
def pick_best(
    confidences: NDArray[np.float64], offsets: NDArray[np.int64], impl: str, /
) -> int: ...
def vote(
    symbols: NDArray[np.int32],
    weights: NDArray[np.float64],
    offsets: NDArray[np.int64],
    voted: NDArray[np.int32],
    shares: NDArray[np.float64],
    impl: str,
    /,
) -> int: ...
def confusion(
    symbols: NDArray[np.int32],
    weights: NDArray[np.float64],
    offsets: NDArray[np.int64],
    votes: NDArray[np.float64],
    /,
) -> int: ...
def legal_path(
    votes: NDArray[np.float64],
    transitions: NDArray[np.int32],
    accepting: NDArray[np.uint8],
    floor: float,
    path: NDArray[np.int32],
    /,
) -> float: ...
def buffered_iou(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    buffer: float,
    out: NDArray[np.float64],
    /,
) -> None: ...
def assign(costs: NDArray[np.float64], limit: float, /) -> list[tuple[int, int]] | None: ...
