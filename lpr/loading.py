"""Opens readers: checks the options, chooses the runtimes, opens the networks."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from lpr.darknet.cfg import Cfg, read_cfg
from lpr.detection.detector import Detector, PlateDetector
from lpr.detection.heads import Head
from lpr.detection.threshold_sweep import Sweep
from lpr.detection.tiling import TiledDetector, Tiles
from lpr.errors import CalibrationError, wrap_plugin_errors
from lpr.models import DEFAULT_MODEL, Model, load_model
from lpr.plugins import builtin
from lpr.plugins.registry import Registry, load_registry
from lpr.protocols import DetectorRuntime, TextRecognizer
from lpr.reader import Reader
from lpr.recognition.ctc_reader import as_text_recognizer
from lpr.recognition.voting import VotingRecognizer
from lpr.regions import Region
from lpr.runtimes.preferences import load_ranking
from lpr.runtimes.select import RecognizerChoice, choose_recognizers, select
from lpr.runtimes.traits import device_of, is_calibrated, pinned, precision_of
from lpr.specs import DetectorModel
from lpr.types import Crop
from lpr.utils.arguments import expect, expect_all, expect_integer, expect_number, expect_pair

log = logging.getLogger("lpr")

READING_FLOOR = 0.05
"""Confidence (0..1) of a reading below which its text is noise: of the outputs below it on dev,
none has the right text, and half of those inside the picture are not of a plate."""

ANY = "any"
"""Stands for the codes of all regions."""

VIDEO_SCALE = 4 / 3
"""Sides of a detector's input for video over those for photographs: vehicles of a video come from
far away, so their plates are small at first."""


@cache
def registry() -> Registry:
    """All plugins, loaded once per process."""
    return load_registry(builtin)


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """The arguments of :func:`load`; raises ``ValueError`` for values out of range."""

    model: str = DEFAULT_MODEL
    backend: str = "auto"
    recognizer: str | None = None
    detector_size: tuple[int, int] | None = None
    threshold: float | Sweep | None = None
    min_confidence: float | None = None
    max_error: float | None = None
    regions: Sequence[str] | None = None
    threads: int = 0
    device: int | None = None
    tiles: str = "off"

    def __post_init__(self) -> None:
        self._check_types()
        for name in ("threads", "device"):
            number = getattr(self, name)
            if number is not None and number < 0:
                raise ValueError(f"{name} has to be 0 or more, not {number}")
        for name in ("threshold", "min_confidence", "max_error"):
            share = getattr(self, name)
            if isinstance(share, float | int) and not 0 <= share <= 1:
                raise ValueError(f"{name} has to lie in 0..1, not {share}")
        if not isinstance(self.tiles, str):
            raise ValueError(f"tiles are auto, off or columns x rows (3x2), not {self.tiles!r}")
        if Tiles.of(self.tiles) and isinstance(self.threshold, Sweep):
            raise ValueError("a sweep of thresholds and tiles exclude each other")
        if self.max_error is not None and self.min_confidence is not None:
            raise ValueError("min_confidence and max_error exclude each other")

    def _check_types(self) -> None:
        """Raise ``TypeError`` for an argument of another type."""
        expect("model", self.model, (str, os.PathLike), "the name or folder of a model")
        expect("backend", self.backend, str, "a text")
        for name in ("threads", "device"):
            if getattr(self, name) is not None:
                expect_integer(name, getattr(self, name))
        for name in ("threshold", "min_confidence", "max_error"):
            if not isinstance(getattr(self, name), Sweep | None):
                expect_number(name, getattr(self, name))
        if self.recognizer is not None:
            expect("recognizer", self.recognizer, str, "a text")
        if self.regions is not None and not isinstance(self.regions, str):
            expect_all("regions", self.regions, str, "a sequence of codes")
        if self.detector_size is not None:
            width, height = expect_pair("detector_size", self.detector_size)
            expect_integer("width of detector_size", width)
            expect_integer("height of detector_size", height)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Checked files, runtimes and settings; ``size`` is the detector's input in pixels."""

    options: ReaderOptions
    cfg: Cfg
    size: tuple[int, int]
    detector: DetectorModel
    runtime: DetectorRuntime
    recognizers: Sequence[RecognizerChoice]
    regions: Sequence[Region]


def load(
    model: str = DEFAULT_MODEL,
    *,
    backend: str = "auto",
    recognizer: str | None = None,
    detector_size: tuple[int, int] | None = None,
    threshold: float | Sweep | None = None,
    min_confidence: float | None = None,
    max_error: float | None = None,
    regions: Sequence[str] | None = None,
    threads: int = 0,
    device: int | None = None,
    tiles: str = "off",
    video: bool = False,
) -> Reader:
    """Open a reader; close it after use, best with a ``with`` block.

    - ``model``: the name of an installed model, or the path of a model folder.
    - ``backend``: ``auto`` (CUDA if it works here, else the CPU), ``cpu``, ``cuda`` (OpenCV's CUDA
      DNN) or the name of a runtime.
    - ``recognizer``: replaces the model's recognizer: the name of a runtime, or another model's
      name or folder. Several, separated by commas, vote
      (:class:`lpr.recognition.voting.VotingRecognizer`).
    - ``detector_size``: (width, height) of the detector's input in pixels; by default the model's.
    - ``threshold``: the minimum score of a detection, 0..1; by default the model's. A
      :class:`lpr.Sweep` looks for a plate in every picture: it lowers the threshold until there is
      a detection, and keeps every reading unless ``min_confidence`` is given.
    - ``min_confidence``: leaves out plates read with less, 0..1, whatever their detection's score.
      By default the model's minimum (of several recognizers, the first one's), which detections
      above the model's accept threshold need not reach; then no text below :data:`READING_FLOOR` is
      given out, and a text that fits no format needs 0.5. 0 gives all.
    - ``max_error``: instead leaves out plates whose text is wrong with a higher probability, 0..1,
      according to the recognizer's calibration, and those that are doubtful: cut, in no known
      format, or with a character that the model does not know.
    - ``regions``: codes such as ``tw``, by default the model's. Their formats give ``display`` and
      ``region``, and decide between texts when the recognizer is uncertain; the first region that
      fits counts. ``any`` stands for all known regions, the model's first; ``()`` for none.
    - ``threads``: of each network; 0 leaves the number to the runtimes.
    - ``device``: the number of the GPU, for a backend that runs on one.
    - ``tiles``: looks for small plates in large pictures (:mod:`lpr.detection.tiling`): ``auto``,
      ``off``, or columns and rows as in ``3x2``.
    - ``video``: for the frames of a video, as :func:`lpr.watch` reads them: the detector's input is
      by default :data:`VIDEO_SCALE` times the model's.

    Raises ``ValueError`` for values out of range, :class:`lpr.ModelError` for a model that is
    missing, damaged or unfit for ``detector_size``, :class:`lpr.BackendError` for a backend or
    recognizer that does not exist or does not work here, :class:`lpr.RegionError` for an unknown
    region, and :class:`lpr.CalibrationError` if ``max_error`` needs a calibration that the
    recognizer lacks.
    """
    options = ReaderOptions(
        *(model, backend, recognizer, detector_size, threshold, min_confidence, max_error),
        *(regions, threads, device, tiles),
    )
    expect("video", video, bool, "True or False")
    return _open(_plan(options, VIDEO_SCALE if video else 1.0))


def load_pool(
    count: int, model: str = DEFAULT_MODEL, *, threads: int = 1, **options: Any
) -> list[Reader]:
    """Open ``count`` readers alike for video, one for each thread that reads.

    Each runs its networks on ``threads`` threads: with one, all cores are busy and no reader waits
    for another. On a GPU a single reader serves all. ``options`` are those of :func:`load`;
    ``detector_size`` is by default :data:`VIDEO_SCALE` times the model's.
    """
    plan = _plan(ReaderOptions(model, threads=threads, **options), VIDEO_SCALE)
    with ExitStack() as opened:
        readers = [opened.enter_context(_open(plan))]
        while len(readers) < count and plan.runtime.device == "cpu":
            readers.append(opened.enter_context(_open(plan)))
        opened.pop_all()
    return readers


def regions_of(model: Model, codes: Sequence[str] | None) -> list[Region]:
    """The regions of ``codes`` (a sequence, or one text with commas), each once; by default the
    model's. ``any`` adds all other known ones, the model's first.

    Raises :class:`lpr.errors.RegionError` for an unknown code.
    """
    if isinstance(codes, str):  # a text is a sequence of texts, too
        codes = [code for part in codes.split(",") if (code := part.strip())]
    known = registry()
    unique: dict[str, None] = {}
    for code in model.regions if codes is None else codes:
        unique |= dict.fromkeys([*model.regions, *known.regions] if code == ANY else [code])
    return [known.region(code) for code in unique]


def _plan(options: ReaderOptions, scale: float = 1.0) -> _Plan:
    """Choose the runtimes and log them; the default input size is ``scale`` times the model's."""
    plugged = registry()
    for plugin in plugged.plugins:
        for problem in plugin.problems:
            log.warning("plugin %s (%s): %s", plugin.name, plugin.origin, problem)
    model = load_model(options.model)
    regions = regions_of(model, options.regions)
    cfg = read_cfg(model.detector.cfg)
    size = options.detector_size or _input_size(model.detector, cfg.stride, scale)
    cfg.check_size(*size)
    ranking = load_ranking()
    format, backend = model.detector.format, options.backend
    runtime = select(plugged.detector_runtimes, backend, format, ranking.detector, model.detector)
    runtime = pinned(runtime, options.device)
    recognizers = choose_recognizers(
        *(plugged.recognizer_runtimes, model, options.recognizer, backend, runtime),
        *(options.device, ranking.recognizer),
    )
    _check_calibration(options, model, recognizers)
    log.info(
        "model %s %s; detector: %s on %s, %s, %dx%d; recognizer: %s",
        *(model.name, model.version, runtime.name, device_of(runtime)),
        *(precision_of(runtime, model.detector), *size),
        "; ".join(f"{r.name} on {device_of(r)}, {precision_of(r, m)}" for r, m in recognizers),
    )
    return _Plan(options, cfg, size, model.detector, runtime, recognizers, regions)


def _input_size(detector: DetectorModel, stride: int, scale: float) -> tuple[int, int]:
    sides = detector.spec.width, detector.spec.height
    if scale == 1:
        return sides
    width, height = (max(round(side * scale / stride), 1) * stride for side in sides)
    return width, height


def _check_calibration(
    options: ReaderOptions, model: Model, recognizers: Sequence[RecognizerChoice]
) -> None:
    if options.max_error is None or (len(recognizers) == 1 and is_calibrated(*recognizers[0])):
        return
    name = options.recognizer or model.name
    reason = "several that vote have none" if len(recognizers) > 1 else f"{name} has none"
    raise CalibrationError(
        f"recognizer {name}: max_error needs calibrated confidences, and {reason}; use "
        "min_confidence, or one recognizer with a calibration, such as tw-light"
    )


def _open(plan: _Plan) -> Reader:
    """Open the networks of a plan, or none if one fails."""
    min_confidence, accept_threshold = _acceptance(plan)
    with ExitStack() as opened:
        detector = _open_detector(plan)
        opened.callback(detector.close)
        recognizer = _open_recognizers(plan)
        opened.callback(recognizer.close)
        if plan.runtime.device != "cpu":
            _warm_up(detector, recognizer, plan.size)
        opened.pop_all()
    name, device = plan.options.recognizer or plan.recognizers[0].runtime.name, plan.runtime.device
    return Reader(
        *(detector, recognizer, plan.regions, min_confidence, name, accept_threshold, device),
        reading_floor=READING_FLOOR if _is_default(plan.options) else 0.0,
        only_certain=plan.options.max_error is not None,
    )


def _is_default(options: ReaderOptions) -> bool:
    """Whether the model decides which readings count."""
    explicit = options.min_confidence is not None or options.max_error is not None
    return not explicit and not isinstance(options.threshold, Sweep)


def _acceptance(plan: _Plan) -> tuple[float, float]:
    """``min_confidence`` and ``accept_threshold``; an explicit minimum disables the latter."""
    options = plan.options
    if options.max_error is not None:
        return 1 - options.max_error, math.inf
    if options.min_confidence is not None or isinstance(options.threshold, Sweep):
        return options.min_confidence or 0.0, math.inf
    return plan.recognizers[0].model.min_confidence, plan.detector.spec.accept_threshold


def _open_detector(plan: _Plan) -> PlateDetector:
    spec, tiles = plan.detector.spec, Tiles.of(plan.options.tiles)
    heads = [Head.of(section) for section in plan.cfg.heads]
    with wrap_plugin_errors(f"detector runtime {plan.runtime.name}"):
        network = plan.runtime.open(plan.detector, plan.options.threads)
    detector = Detector(
        *(network, heads, spec, plan.size, plan.options.threshold, plan.cfg.stride),
        name=plan.runtime.name,
    )
    return TiledDetector(detector, tiles, spec.nms) if tiles else detector


def _open_recognizers(plan: _Plan) -> TextRecognizer:
    """One recognizer, or several that vote."""
    members: list[tuple[str, TextRecognizer]] = []
    with ExitStack() as opened:
        for runtime, model in plan.recognizers:
            with wrap_plugin_errors(f"recognizer runtime {runtime.name}"):
                network = runtime.open(model, plan.options.threads)
                recognizer = as_text_recognizer(
                    network, plan.regions, model.grammar_odds, model.calibration
                )
            opened.callback(recognizer.close)
            members.append((runtime.name, recognizer))
        opened.pop_all()
    return members[0][1] if len(members) == 1 else VotingRecognizer(members)


def _warm_up(detector: PlateDetector, recognizer: TextRecognizer, size: tuple[int, int]) -> None:
    """Run both networks once: a GPU's first run compiles and plans, which can take seconds."""
    start = time.perf_counter()
    blank = np.zeros((size[1], size[0], 3), np.uint8)
    detector.find([blank])
    recognizer.read([Crop.whole(blank[:64, :128])])
    log.info("warm-up: %.2f s", time.perf_counter() - start)
