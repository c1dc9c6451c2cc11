"""Puts a reader together: model folder, runtimes from the registry, regions."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

import numpy as np

from lpr import models
from lpr.darknet.cfg import read_cfg
from lpr.detection.detector import Detector
from lpr.detection.heads import Head
from lpr.detection.threshold_sweep import Sweep
from lpr.detection.tiling import TiledDetector, Tiles
from lpr.errors import BackendError, wrap_plugin_errors
from lpr.plugins import builtin
from lpr.plugins.registry import Registry, load_registry
from lpr.protocols import DetectorRuntime, RecognizerRuntime, TextRecognizer
from lpr.reader import Reader
from lpr.recognition.ctc_reader import as_text_recognizer
from lpr.recognition.voting import VotingRecognizer
from lpr.regions import Region
from lpr.runtimes.preferences import load_ranking
from lpr.runtimes.select import select, select_recognizer
from lpr.runtimes.traits import pinned, place_of, precision_of
from lpr.specs import RecognizerModel
from lpr.types import Crop

log = logging.getLogger("lpr")

ANY = "any"
"""Stands for the codes of all regions."""


_FILM = 4 / 3


@cache
def registry() -> Registry:
    """What is plugged in, loaded once per process."""
    return load_registry(builtin)


def load(
    model: str = models.DEFAULT_MODEL,
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
) -> Reader:
    """A reader that is ready to read.

    ``model`` is a shipped model's name or a model folder's path. ``backend`` is ``auto`` (CUDA
    where it works, else the CPU), ``cpu``, ``cuda`` (OpenCV's CUDA DNN) or a runtime's name;
    ``recognizer`` names another recognizer than the model's: that of a runtime, or another model's
    (a name or a folder); several, joined by commas, read together and vote
    (:class:`lpr.recognition.voting.VotingRecognizer`). ``detector_size`` is the detector's (width,
    height), ``threshold`` its least score; plates read with less than ``min_confidence`` are left
    out, also those of which the detector is sure; all three default to the model's (with several
    recognizers to the first one's). With ``max_error`` those are left out instead whose text is
    wrong with a higher probability, by the recognizer's calibration. A :class:`lpr.Sweep` as
    ``threshold`` asks for a plate in every picture: readings count then however uncertain they are,
    unless ``min_confidence`` is given. ``regions`` are codes such as ``tw`` (by default the
    model's): their formats give ``display`` and ``region``, and decide between texts of which the
    recognizer is not certain; with none (``()``) texts stand as they are read. ``any`` stands for
    all that are known, the model's own first; where a text fits several, the first of them counts.
    ``threads`` 0 leaves their number to the runtimes. ``device`` is the number of the GPU, where
    the backend runs on one. ``tiles`` looks for small plates in large pictures
    (:mod:`lpr.detection.tiling`): ``auto``, ``off``, or columns and rows as ``3x2``.

    Raises :class:`lpr.errors.ModelError` for a model that is missing, damaged or unfit for
    ``detector_size``, and :class:`lpr.errors.BackendError` for a backend, recognizer or region that
    does not exist or does not work here, and ``ValueError`` for numbers out of range.
    """
    for name, number in (("threads", threads), ("device", device)):
        if number is not None and number < 0:
            raise ValueError(f"{name} has to be 0 or more, not {number}")
    shares = ("threshold", threshold), ("min_confidence", min_confidence), ("max_error", max_error)
    for name, share in shares:
        if isinstance(share, float | int) and not 0 <= share <= 1:
            raise ValueError(f"{name} has to lie in 0..1, not {share}")
    if not isinstance(tiles, str):
        raise ValueError(f"tiles are auto, off or columns x rows as in '3x2', not {tiles!r}")
    cut = Tiles.of(tiles)
    if cut and isinstance(threshold, Sweep):
        raise ValueError("a sweep of thresholds and tiles exclude each other")
    plugged = registry()
    for plugin in plugged.plugins:
        for problem in plugin.problems:
            log.warning("plugin %s (%s): %s", plugin.name, plugin.origin, problem)
    folder = models.load_model(model)
    known = regions_of(folder, regions)
    if max_error is not None and min_confidence is not None:
        raise ValueError("min_confidence and max_error exclude each other")
    cfg = read_cfg(folder.detector.cfg)
    size = detector_size or (folder.detector.spec.width, folder.detector.spec.height)
    cfg.check_size(*size)
    heads = [Head.of(section) for section in cfg.heads]

    tuned = load_ranking()
    finder = select(plugged.detector_runtimes, backend, folder.detector.format, tuned.detector)
    finder = pinned(finder, device)
    readers = [
        _recognizer(plugged, folder, name, _beside(finder, backend), device, tuned.recognizer)
        for name in _names(recognizer)
    ]
    reads, written = readers[0]
    if max_error is not None:
        if written.calibration is None or len(readers) > 1:
            raise BackendError(
                f"{recognizer or folder.name}: confidences are not calibrated, so that max_error "
                "cannot be kept; take one model with a [recognizer.calibration], or min_confidence"
            )
        min_confidence = 1 - max_error
    log.info(
        "model %s %s; detector: %s on %s, %s, %dx%d; recognizer: %s",
        *(folder.name, folder.version, finder.name, place_of(finder)),
        *(precision_of(finder, folder.detector), *size),
        "; ".join(f"{r.name} on {place_of(r)}, {precision_of(r, m)}" for r, m in readers),
    )
    with wrap_plugin_errors(f"detector runtime {finder.name}"):
        network = finder.open(folder.detector, threads)
    kind = TiledDetector if cut else Detector
    detector = kind(network, heads, folder.detector.spec, size, threshold, cfg.stride)
    if isinstance(detector, TiledDetector) and cut:
        detector.tiles = cut
    try:
        text_recognizer = _open(readers, known, threads)
        if finder.device != "cpu":
            _warm_up(detector, text_recognizer)
    except BaseException:
        detector.close()
        raise
    # Who asks for a confidence gets it: the detector's own certainty counts only by default.
    least, sure = written.min_confidence, folder.detector.spec.accept_threshold
    if min_confidence is not None or isinstance(threshold, Sweep):
        least, sure = min_confidence or 0.0, math.inf
    name = recognizer or reads.name
    return Reader(detector, text_recognizer, known, least, name, sure, finder.device)


def load_pool(
    count: int,
    model: str = models.DEFAULT_MODEL,
    *,
    detector_size: tuple[int, int] | None = None,
    threads: int = 1,
    **options: Any,
) -> list[Reader]:
    """Several of the same reader for video, one for each thread that is to read at the same time.

    Each runs its networks on one thread (or so many ``threads``): so all cores are busy, and none
    waits for another. On a GPU one reader serves all, and ``count`` is not asked for. By default
    the detector's input has sides a third longer than for photographs: vehicles of a film begin far
    away. ``options`` are :func:`load`'s.
    """
    options = {**options, "detector_size": detector_size or _film_size(model)}
    readers = [load(model, threads=threads, **options)]
    # What runs where has been said once.
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        while len(readers) < count and readers[0].device == "cpu":
            readers.append(load(model, threads=threads, **options))
    except BaseException:
        for reader in readers:
            reader.close()
        raise
    finally:
        log.setLevel(level)
    return readers


def _film_size(model: str) -> tuple[int, int]:
    detector = models.load_model(model).detector
    stride = read_cfg(detector.cfg).stride
    width, height = (
        max(round(side * _FILM / stride), 1) * stride
        for side in (detector.spec.width, detector.spec.height)
    )
    return width, height


def regions_of(folder: models.Model, wanted: Sequence[str] | None) -> list[Region]:
    """The regions of ``wanted`` codes (a sequence, or one text with commas), each once; by default
    the model's. ``any`` stands for all others that are known, after those named before it, the
    model's own first.

    Raises :class:`lpr.errors.BackendError` for a code that is not known.
    """
    if isinstance(wanted, str):  # which is a sequence of strings, too
        wanted = [code for part in wanted.split(",") if (code := part.strip())]
    plugged = registry()
    codes: dict[str, None] = {}
    for code in folder.regions if wanted is None else wanted:
        codes |= dict.fromkeys([*folder.regions, *plugged.regions] if code == ANY else [code])
    return [plugged.region(code) for code in codes]


def _names(recognizer: str | None) -> list[str | None]:
    if recognizer is None:
        return [None]
    names = [name.strip() for name in recognizer.split(",")]
    if len(set(names)) < len(names):
        raise BackendError(f"recognizer {recognizer}: each can vote once only")
    return [*names]


def _warm_up(detector: Detector, recognizer: TextRecognizer) -> None:
    """A GPU's first run compiles and plans, which may take seconds: it is no picture's fault."""
    start = time.perf_counter()
    blank = np.zeros((detector.height, detector.width, 3), np.uint8)
    detector.find([blank])
    recognizer.read([Crop.whole(blank[:64, :128])])
    log.info("warm-up: %.2f s", time.perf_counter() - start)


def _beside(finder: DetectorRuntime, backend: str) -> str:
    """The backend that reads what ``finder`` found. On the CPU each stage takes its own fastest
    unless one runtime was named for both."""
    return "cpu" if backend in ("auto", "cpu") and finder.device == "cpu" else finder.name


def _recognizer(
    plugged: Registry,
    folder: models.Model,
    name: str | None,
    backend: str,
    device: int | None,
    fastest: Collection[str],
) -> tuple[RecognizerRuntime, RecognizerModel]:
    """The runtime that reads, on the GPU ``device`` if it runs on one, and what it opens: with
    ``name`` another runtime, or another model's recognizer."""
    runtimes = plugged.recognizer_runtimes
    names = ("auto", "cpu", *(runtime.name for runtime in runtimes))
    if name is None or name in names:
        written = folder.recognizer
    elif models.is_model(name):
        written, name = models.load_model(name).recognizer, None
    else:
        raise BackendError(
            f"there is no recognizer {name!r}: it is neither a runtime ({', '.join(names)}) "
            f"nor a model ({', '.join(models.installed_models())}, or a folder)"
        )
    runtime = select_recognizer(
        runtimes,
        name or backend,
        written.format,
        required=name is not None,
        fastest=fastest,
    )
    return pinned(runtime, device if runtime.device != "cpu" else None), written


def _open(
    readers: Sequence[tuple[RecognizerRuntime, RecognizerModel]],
    regions: Sequence[Region],
    threads: int,
) -> TextRecognizer:
    """One recognizer, or several that vote; those that are open are closed where one fails."""
    opened: list[tuple[str, TextRecognizer]] = []
    try:
        for runtime, file in readers:
            with wrap_plugin_errors(f"recognizer runtime {runtime.name}"):
                recognizer = runtime.open(file, threads)
                reading = as_text_recognizer(
                    recognizer, regions, file.grammar_odds, file.calibration
                )
                opened.append((runtime.name, reading))
    except BaseException:
        for _, text_recognizer in opened:
            text_recognizer.close()
        raise
    return opened[0][1] if len(opened) == 1 else VotingRecognizer(opened)
