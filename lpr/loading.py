"""Opens readers: checks the options, chooses the runtimes, opens the networks."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from lpr.darknet.cfg import Cfg, read_cfg
from lpr.detection.detector import DetectionStage, Detector
from lpr.detection.heads import Head
from lpr.detection.plugged_detector import PluggedDetector
from lpr.detection.threshold_sweep import Sweep
from lpr.detection.tiling import TiledDetector, Tiles
from lpr.errors import BackendError, CalibrationError, wrap_plugin_errors
from lpr.models import DEFAULT_MODEL, Model, is_model, load_model
from lpr.plugins import builtin
from lpr.plugins.registry import Registry, load_registry
from lpr.protocols import (
    CtcRecognizer,
    DetectorRuntime,
    PlateDetector,
    RecognizerRuntime,
    TextRecognizer,
)
from lpr.reader import Reader
from lpr.recognition.ctc_reader import CtcReader, as_text_recognizer
from lpr.recognition.voting import VotingRecognizer
from lpr.regions import Region
from lpr.runtimes.borrowed import NO_MODEL, BorrowedRecognizer, BorrowedRuntime, is_ctc, name_of
from lpr.runtimes.detectors import DetectorChoice, choose_detector
from lpr.runtimes.preferences import load_ranking
from lpr.runtimes.select import RecognizerChoice, choose_recognizers, select
from lpr.runtimes.traits import device_of, is_calibrated, pinned, precision_of, settings_of
from lpr.specs import DetectorModel, RecognizerModel
from lpr.types import Crop
from lpr.utils.arguments import (
    expect,
    expect_all,
    expect_integer,
    expect_number,
    expect_pair,
    refuse,
)

log = logging.getLogger("lpr")

READING_FLOOR = 0.05
"""Confidence (0..1) of a reading below which its text is noise: of the outputs below it on dev,
none has the right text, and half of those inside the picture are not of a plate."""

ANY = "any"
"""Stands for the codes of all regions."""

_WARM_UP_SIZE = 640, 640
"""Pixels of the blank picture that warms up a plugged detector."""

VIDEO_SCALE = 4 / 3
"""Sides of a detector's input for video over those for photographs: vehicles of a video come from
far away, so their plates are small at first."""


GPU_BATCH = 8
"""Frames of one forward pass on a GPU. A processor gains nothing by batches."""

GPU_READERS = 2
"""Readers that share a GPU: one uploads and decodes its outputs while the other one computes."""


@cache
def registry() -> Registry:
    """All plugins, loaded once per process."""
    return load_registry(builtin)


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """The arguments of :func:`load`; raises ``ValueError`` for values out of range."""

    model: str = DEFAULT_MODEL
    backend: str = "auto"
    detector: str | PlateDetector | None = None
    recognizer: str | TextRecognizer | CtcRecognizer | None = None
    detector_size: tuple[int, int] | None = None
    threshold: float | Sweep | None = None
    min_confidence: float | None = None
    max_error: float | None = None
    regions: Sequence[str] | None = None
    threads: int = 0
    device: int | None = None
    tiles: str = "off"
    batch: int = 0

    def __post_init__(self) -> None:
        self._check_types()
        for name in ("threads", "device", "batch"):
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
        for name in ("threads", "device", "batch"):
            if getattr(self, name) is not None:
                expect_integer(name, getattr(self, name))
        for name in ("threshold", "min_confidence", "max_error"):
            if not isinstance(getattr(self, name), Sweep | None):
                expect_number(name, getattr(self, name))
        detector = self.detector
        if not isinstance(detector, str | None) and not callable(getattr(detector, "find", None)):
            refuse("detector", "a name, or an object with find(images)", detector)
        if not isinstance(self.recognizer, str | None):
            BorrowedRuntime(self.recognizer)
        if self.regions is not None and not isinstance(self.regions, str):
            expect_all("regions", self.regions, str, "a sequence of codes")
        if self.detector_size is not None:
            width, height = expect_pair("detector_size", self.detector_size)
            expect_integer("width of detector_size", width)
            expect_integer("height of detector_size", height)


@dataclass(frozen=True, slots=True)
class _Network:
    """A Darknet detector to be opened; ``size`` is its input in pixels."""

    model: DetectorModel
    runtime: DetectorRuntime
    cfg: Cfg
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Checked files, runtimes and settings. The detector is a network, a plugin's, or an object of
    the caller; ``device`` is its device."""

    options: ReaderOptions
    detector: _Network | DetectorChoice | PlateDetector
    device: str
    recognizers: Sequence[RecognizerChoice]
    regions: Sequence[Region]


def load(
    model: str = DEFAULT_MODEL,
    *,
    backend: str = "auto",
    detector: str | PlateDetector | None = None,
    recognizer: str | TextRecognizer | CtcRecognizer | None = None,
    detector_size: tuple[int, int] | None = None,
    threshold: float | Sweep | None = None,
    min_confidence: float | None = None,
    max_error: float | None = None,
    regions: Sequence[str] | None = None,
    threads: int = 0,
    device: int | None = None,
    tiles: str = "off",
    batch: int = 0,
    video: bool = False,
) -> Reader:
    """Open a reader; close it after use, best with a ``with`` block.

    - ``model``: the name of an installed model, or the path of a model folder.
    - ``backend``: ``auto`` (CUDA if it works here, else the CPU), ``cpu``, ``cuda`` (OpenCV's CUDA
      DNN) or the name of a runtime.
    - ``detector``: replaces the model's detector: the name of a plugin's, with what it needs after
      a colon (``"yolo-onnx:best.onnx"``), another model's name or folder, or an object
      (:class:`lpr.protocols.PlateDetector`), whose thresholds then count
      (:mod:`lpr.detection.plugged_detector`).
    - ``recognizer``: replaces the model's recognizer: the name of a runtime, another model's name
      or folder, or an object (:class:`lpr.protocols.TextRecognizer` or ``CtcRecognizer``), whose
      calibration and thresholds then count (:mod:`lpr.runtimes.traits`). Several names, separated
      by commas, vote (:class:`lpr.recognition.voting.VotingRecognizer`).
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
    - ``batch``: frames that a pool of readers gives to the networks at once; 0 for 1 on a
      processor and :data:`GPU_BATCH` on a GPU.
    - ``video``: for the frames of a video, as :func:`lpr.watch` reads them: the detector's input is
      by default :data:`VIDEO_SCALE` times the model's.

    The reader closes what it opens. Objects stay open: their caller closes them, after the reader.

    Raises ``ValueError`` for values out of range, :class:`lpr.ModelError` for a model that is
    missing, damaged or unfit for ``detector_size``, :class:`lpr.BackendError` for a backend,
    detector or recognizer that does not exist or does not work here, and for an option that a
    plugged detector does not have, :class:`lpr.RegionError` for an unknown
    region, and :class:`lpr.CalibrationError` if ``max_error`` needs a calibration that the
    recognizer lacks.
    """
    options = ReaderOptions(
        *(model, backend, detector, recognizer, detector_size, threshold, min_confidence),
        *(max_error, regions, threads, device, tiles, batch),
    )
    expect("video", video, bool, "True or False")
    return _open(_plan(options, VIDEO_SCALE if video else 1.0))


def load_pool(
    count: int,
    model: str = DEFAULT_MODEL,
    *,
    threads: int = 1,
    scale: float = VIDEO_SCALE,
    **options: Any,
) -> list[Reader]:
    """Open ``count`` readers alike, one for each thread that reads; by default for video.

    Each runs its networks on ``threads`` threads: with one, all cores are busy and no reader waits
    for another. On a GPU there are at most :data:`GPU_READERS`. A detector or recognizer that is an
    object has a single reader: there is one of it. ``options`` are those of :func:`load`;
    ``detector_size`` is by default ``scale`` times the model's.
    """
    plan = _plan(ReaderOptions(model, threads=threads, **options), scale)
    with ExitStack() as opened:
        given = (plan.options.detector, plan.options.recognizer)
        if not all(isinstance(each, str | None) for each in given):
            count = 1
        elif plan.device != "cpu":
            count = min(count, GPU_READERS)
        readers = [opened.enter_context(_open(plan)) for _ in range(max(count, 1))]
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
    ranking = load_ranking()
    detector = _plan_detector(plugged, options, model, ranking.detector, scale)
    if isinstance(detector, _Network):
        runtime, device = detector.runtime, detector.runtime.device
        precision = precision_of(runtime, detector.model)
        shown = f"{runtime.name} on {device_of(runtime)}, {precision}, %dx%d" % detector.size
    else:
        # Only the recognizer runs on it.
        runtime = select(plugged.detector_runtimes, options.backend, fastest=ranking.detector)
        if isinstance(detector, DetectorChoice):
            device, shown = detector.factory.device, detector.factory.name
        else:
            # PyTorch's devices are called cuda:0, for instance.
            on_gpu = str(getattr(detector, "device", "cpu")).startswith("cuda")
            device, shown = "cuda" if on_gpu else "cpu", name_of(detector)
        shown = f"{shown} on {device}"
    if isinstance(options.recognizer, str | None):
        recognizers = choose_recognizers(
            *(plugged.recognizer_runtimes, model, options.recognizer, options.backend, runtime),
            *(options.device, ranking.recognizer),
        )
    else:
        borrowed = BorrowedRuntime(options.recognizer)
        recognizers = [RecognizerChoice(borrowed, settings_of(borrowed, NO_MODEL))]
    _check_calibration(options, model, recognizers)
    log.info(
        "model %s %s; detector: %s; recognizer: %s",
        *(model.name, model.version, shown),
        "; ".join(f"{r.name} on {device_of(r)}, {precision_of(r, m)}" for r, m in recognizers),
    )
    return _Plan(options, detector, device, recognizers, regions)


def _plan_detector(
    plugged: Registry, options: ReaderOptions, model: Model, ranking: Collection[str], scale: float
) -> _Network | DetectorChoice | PlateDetector:
    """The detector that ``options`` name, or the model's."""
    named = options.detector
    if isinstance(named, str) and is_model(named):
        model, named = load_model(named), None
    if named is None and not model.plugged_detector:
        part = model.detector
        cfg = read_cfg(part.cfg)
        size = options.detector_size or _input_size(part, cfg.stride, scale)
        cfg.check_size(*size)
        runtime = select(plugged.detector_runtimes, options.backend, part.format, ranking, part)
        return _Network(part, pinned(runtime, options.device), cfg, size)
    named = named or model.plugged_detector
    if options.detector_size is not None:
        name = named.partition(":")[0] if isinstance(named, str) else name_of(named)
        raise BackendError(
            f"detector {name} has an input size of its own: leave out the detector size"
        )
    if isinstance(named, str):
        return choose_detector(plugged.detectors, named, options.device)
    return named


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
    given = options.recognizer
    name = (given if isinstance(given, str | None) else name_of(given)) or model.name
    reason = "several that vote have none" if len(recognizers) > 1 else f"{name} has none"
    raise CalibrationError(
        f"recognizer {name}: max_error needs calibrated confidences, and {reason}; use "
        "min_confidence, or one recognizer with a calibration, such as tw-light"
    )


def _open(plan: _Plan) -> Reader:
    """Open the networks of a plan, or none if one fails."""
    batch = plan.options.batch or (1 if plan.device == "cpu" else GPU_BATCH)
    with ExitStack() as opened:
        detector, accept_threshold = _open_detector(plan)
        opened.callback(detector.close)
        recognizer, name = _open_recognizers(plan)
        opened.callback(recognizer.close)
        if plan.device != "cpu":
            size = plan.detector.size if isinstance(plan.detector, _Network) else _WARM_UP_SIZE
            _warm_up(detector, recognizer, size, batch)
        opened.pop_all()
    min_confidence, accept_threshold = _acceptance(plan, accept_threshold)
    return Reader(
        *(detector, recognizer, plan.regions, min_confidence, name, accept_threshold, plan.device),
        reading_floor=READING_FLOOR if _is_default(plan.options) else 0.0,
        only_certain=plan.options.max_error is not None,
        batch=batch,
    )


def _is_default(options: ReaderOptions) -> bool:
    """Whether the model decides which readings count."""
    explicit = options.min_confidence is not None or options.max_error is not None
    return not explicit and not isinstance(options.threshold, Sweep)


def _acceptance(plan: _Plan, accept_threshold: float) -> tuple[float, float]:
    """``min_confidence`` and ``accept_threshold``, by default the detector's; an explicit minimum
    disables the latter."""
    options = plan.options
    if options.max_error is not None:
        return 1 - options.max_error, math.inf
    if options.min_confidence is not None or isinstance(options.threshold, Sweep):
        return options.min_confidence or 0.0, math.inf
    return plan.recognizers[0].model.min_confidence, accept_threshold


def _open_detector(plan: _Plan) -> tuple[DetectionStage, float]:
    """The detector, in tiles if asked for, and the score from which its detections count."""
    planned, options = plan.detector, plan.options
    tiles = Tiles.of(options.tiles)
    if isinstance(planned, _Network):
        spec = planned.model.spec
        heads = [Head.of(section) for section in planned.cfg.heads]
        with wrap_plugin_errors(f"detector runtime {planned.runtime.name}"):
            network = planned.runtime.open(planned.model, options.threads)
        detector = Detector(
            *(network, heads, spec, planned.size, options.threshold, planned.cfg.stride),
            name=planned.runtime.name,
        )
        whole = TiledDetector(detector, tiles, spec.nms) if tiles else detector
        return whole, spec.accept_threshold
    if isinstance(planned, DetectorChoice):
        found = planned.open(options.threads)
        with ExitStack() as opened:
            opened.callback(found.close)
            plugged = PluggedDetector(found, planned.factory.name, options.threshold)
            opened.pop_all()
    else:
        plugged = PluggedDetector(planned, name_of(planned), options.threshold, borrowed=True)
    if tiles and plugged.input_size is None:
        plugged.close()
        raise BackendError(
            f"detector {plugged.name} does not state its input_size, which tiles depend on: leave "
            "out the tiles"
        )
    if tiles:
        return TiledDetector(plugged, tiles, plugged.nms), plugged.accept_threshold
    return plugged, plugged.accept_threshold


def _open_recognizers(plan: _Plan) -> tuple[TextRecognizer, str]:
    """One recognizer, or several that vote, and their names."""
    members: list[tuple[str, TextRecognizer]] = []
    with ExitStack() as opened:
        for runtime, model in plan.recognizers:
            with wrap_plugin_errors(f"recognizer runtime {runtime.name}"):
                recognizer = _open_recognizer(plan, runtime, model)
            opened.callback(recognizer.close)
            members.append((runtime.name, recognizer))
        opened.pop_all()
    named = plan.options.recognizer
    name = named if isinstance(named, str) else members[0][0]
    return members[0][1] if len(members) == 1 else VotingRecognizer(members), name


def _open_recognizer(
    plan: _Plan, runtime: RecognizerRuntime, model: RecognizerModel
) -> TextRecognizer:
    decoding = (plan.regions, model.grammar_odds, model.calibration)
    if not isinstance(runtime, BorrowedRuntime):
        return as_text_recognizer(runtime.open(model, plan.options.threads), *decoding)
    given: Any = runtime.recognizer
    reader = CtcReader(given, *decoding) if is_ctc(given) else given
    return BorrowedRecognizer(given, reader.read)


def _warm_up(
    detector: DetectionStage, recognizer: TextRecognizer, size: tuple[int, int], batch: int
) -> None:
    """Run both networks once: a GPU's first run compiles and plans, which can take seconds.

    The detector gets what a video will bring: ``batch`` frames, 16:9.
    """
    start = time.perf_counter()
    width = max(size)
    blank = np.zeros((width * 9 // 16, width, 3), np.uint8)
    detector.find([blank] * batch)
    recognizer.read([Crop.whole(blank[:64, :128])])
    log.info("warm-up: %.2f s", time.perf_counter() - start)
