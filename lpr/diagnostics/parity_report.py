"""Do the runtimes compute what the source network computes, and find the same boxes?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from lpr import models
from lpr.darknet.cfg import Cfg, read_cfg
from lpr.detection.detector import Detector
from lpr.detection.heads import Head
from lpr.errors import BackendError, LprError, ModelError, wrap_plugin_errors
from lpr.protocols import DetectorRuntime
from lpr.runtimes.parity import default_input, difference, heads_of, source_runtime
from lpr.runtimes.select import problem_of
from lpr.runtimes.traits import formats_of, precision_of
from lpr.specs import DetectorModel, DetectorSpec
from lpr.types import Box, Image


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a runtime agrees with the ``reference``, or why it could not be run (``problem``).

    ``off`` is the largest difference of a raw head, relative to the head's largest value. Of the
    ``boxes`` that both found in the pictures ``iou`` is the mean and ``least_iou`` the least
    overlap, ``alone`` are those that only one of them found.
    """

    runtime: str
    precision: str
    reference: str
    off: float | None = None
    boxes: int | None = None
    alone: int | None = None
    iou: float | None = None
    least_iou: float | None = None
    problem: str | None = None


def load_network(name: str) -> DetectorModel:
    """The detector of a model (name or folder), or a ``.cfg`` file with its ``.weights`` beside it.

    Raises :class:`lpr.errors.ModelError`.
    """
    path = Path(name)
    if path.suffix != ".cfg":
        return models.load_model(name).detector
    weights = path.with_suffix(".weights")
    if not weights.is_file():
        raise ModelError(f"{weights} is missing: the weights have to lie beside {path.name}")
    net = read_cfg(path).net
    return DetectorModel(
        path, weights, DetectorSpec(net.width, net.height, "letterbox", "rgb", 0.4, 0.45)
    )


def agreements(
    runtimes: Sequence[DetectorRuntime],
    model: DetectorModel,
    source: DetectorModel | None = None,
    pictures: Sequence[Image] = (),
) -> Iterator[Agreement]:
    """Each of ``runtimes`` that works here and runs ``model``'s files against the network of
    ``source`` (by default ``model``'s own), as PyTorch or OpenCV's Darknet importer runs it.

    Raw heads are compared on random input, boxes on ``pictures``. Raises
    :class:`lpr.errors.BackendError` where nothing here runs the source itself.
    """
    source = source or model
    cfg = read_cfg(source.cfg)
    truth = source_runtime(runtimes, cfg) if source.format == "darknet" else None
    if truth is None:
        raise BackendError(
            f"{source.weights}: there is nothing to compare with: "
            + (
                "lpr-torch, or OpenCV 4 for what it runs rightly, would run cfg and weights "
                "themselves (pip install ./plugins/lpr-torch)"
                if source.format == "darknet"
                else "name the Darknet model that it was made of with --against"
            )
        )
    batch = default_input(model)
    wanted = heads_of(truth, source, batch)
    boxes = _boxes(truth, source, cfg, pictures)
    for runtime in runtimes:
        if problem_of(runtime) is not None or model.format not in formats_of(runtime):
            continue
        row = (runtime.name, precision_of(runtime, model), truth.name)
        if runtime is truth and source is model:
            continue
        try:
            off = difference(heads_of(runtime, model, batch), wanted)
            if not pictures:
                yield Agreement(*row, off)
                continue
            pairs, alone = _matched(boxes, _boxes(runtime, model, cfg, pictures))
            mean = fmean(pairs) if pairs else None
            yield Agreement(*row, off, len(pairs), alone, mean, min(pairs, default=None))
        except LprError as error:
            yield Agreement(*row, problem=str(error))


def _boxes(
    runtime: DetectorRuntime, model: DetectorModel, cfg: Cfg, pictures: Sequence[Image]
) -> list[list[Box]]:
    if not pictures:
        return []
    heads = [Head.of(section) for section in cfg.heads]
    with wrap_plugin_errors(f"detector runtime {runtime.name}"):
        network = runtime.open(model, 0)
    with closing(Detector(network, heads, model.spec, stride=cfg.stride)) as detector:
        return [[found.box for found in detector.find([picture])[0]] for picture in pictures]


def _matched(ours: list[list[Box]], theirs: list[list[Box]]) -> tuple[list[float], int]:
    """The overlaps of the boxes that both have (IoU of 0.5 at least), and how many are alone."""
    overlaps, alone = [], 0
    for first, second in zip(ours, theirs, strict=True):
        left = list(second)
        for box in first:
            twin = max(left, key=box.iou, default=None)
            if twin is None or box.iou(twin) < 0.5:
                alone += 1
                continue
            left.remove(twin)
            overlaps.append(box.iou(twin))
        alone += len(left)
    return overlaps, alone
