"""Compares the runtimes with the source network: raw heads, and boxes in pictures."""

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
from lpr.runtimes.parity import default_input, heads_of, max_rel_diff, source_runtime
from lpr.runtimes.select import problem_of
from lpr.runtimes.traits import INSTALL_TORCH, formats_of, precision_of
from lpr.specs import DetectorModel, DetectorSpec
from lpr.types import Box, Image

_MATCH_IOU = 0.5  # Two boxes at least this alike are of the same plate, as in PASCAL VOC


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of a runtime with the ``reference``, or the ``problem`` of running it.

    ``off`` is the largest difference of a raw head, relative to the head's largest value. ``boxes``
    counts those that both found in the pictures, ``iou`` and ``least_iou`` are the mean and the
    minimum of their overlap, and ``alone`` counts boxes that only one of them found. The field
    names are keys of ``lpr bench --parity --json``.
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
    """Load the detector of a model (name or folder), or of a ``.cfg`` with ``.weights`` beside it.

    Raises :class:`lpr.errors.ModelError`.
    """
    path = Path(name)
    if path.suffix != ".cfg":
        return models.load_model(name).detector
    weights = path.with_suffix(".weights")
    if not weights.is_file():
        raise ModelError(f"{weights} is missing: put the weights beside {path.name}")
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
    """Compare each of ``runtimes`` that runs ``model`` here with the network of ``source``.

    ``source`` (by default ``model``) runs unconverted in PyTorch or OpenCV's Darknet importer. Raw
    heads are compared on random input, boxes on ``pictures``. Raises
    :class:`lpr.errors.BackendError` if no runtime here runs the source.
    """
    source = source or model
    cfg = read_cfg(source.cfg)
    reference = source_runtime(runtimes, cfg) if source.format == "darknet" else None
    if reference is None:
        advice = "name the Darknet model that it was made of with --against"
        if source.format == "darknet":
            plugin = "lpr-torch, which runs cfg and weights unconverted"
            advice = f"install {plugin}: {INSTALL_TORCH}"
        raise BackendError(f"{source.weights}: no reference to compare with; {advice}")
    batch = default_input(model)
    expected = heads_of(reference, source, batch)
    boxes = _boxes(reference, source, cfg, pictures)
    for runtime in runtimes:
        if problem_of(runtime) is not None or model.format not in formats_of(runtime):
            continue
        row = (runtime.name, precision_of(runtime, model), reference.name)
        if runtime is reference and source is model:
            continue
        try:
            off = max_rel_diff(heads_of(runtime, model, batch), expected)
            if not pictures:
                yield Agreement(*row, off)
                continue
            pairs, alone = _match(boxes, _boxes(runtime, model, cfg, pictures))
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


def _match(expected: list[list[Box]], actual: list[list[Box]]) -> tuple[list[float], int]:
    """Match boxes greedily; return the IoUs of the pairs and the number of unmatched boxes."""
    overlaps, unmatched = [], 0
    for expected_boxes, actual_boxes in zip(expected, actual, strict=True):
        remaining = list(actual_boxes)
        for box in expected_boxes:
            best = max(remaining, key=box.iou, default=None)
            if best is None or box.iou(best) < _MATCH_IOU:
                unmatched += 1
                continue
            remaining.remove(best)
            overlaps.append(box.iou(best))
        unmatched += len(remaining)
    return overlaps, unmatched
