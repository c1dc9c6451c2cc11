"""What is installed here and what of it really works: for ``lpr doctor`` and bug reports."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, packages_distributions, version

import cv2
import numpy as np

from lpr import kernels, models
from lpr.diagnostics.tuning import describe_order, tune
from lpr.errors import BackendError, LprError, describe
from lpr.models import Model
from lpr.plugins.registry import Registry
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.recognition.ctc_reader import as_text_recognizer
from lpr.runtimes.preferences import RuntimeRanking, load_ranking
from lpr.runtimes.select import problem_of
from lpr.runtimes.traits import formats_of, place_of, precision_of
from lpr.types import Crop
from lpr.utils.closing import close_with_timeout

_PACKAGES = ("lpr", "numpy", "pluggy", "click", "onnx", "onnxruntime", "openvino", "torch")
_OPENCV = "opencv-contrib-python-headless"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; ``bad`` where lpr cannot work as it should because of it."""

    topic: str
    name: str
    text: str
    bad: bool = False


def examine(registry: Registry, measure: bool = False) -> Iterator[Finding]:
    """Everything worth knowing, in order. Every runtime is tried by running it once.

    With ``measure`` the CPU's runtimes are measured (:func:`lpr.diagnostics.tuning.tune`); else it
    is said what was measured before.
    """
    yield Finding("system", "python", f"{platform.python_version()} on {platform.platform()}")
    for package in _PACKAGES:
        yield Finding("version", package, _version(package) or "not installed")
    yield from _opencv()
    yield Finding("kernels", "implementations", ", ".join(kernels.implementations()))
    for plugin in registry.plugins:
        problems = "; ".join(plugin.problems)
        text = problems or ", ".join(plugin.provides) or "nothing"
        yield Finding("plugin", f"{plugin.name} ({plugin.origin})", text, bad=bool(problems))
    yield from _models()
    try:
        model = models.load_model()
    except LprError as error:
        yield Finding("model", models.DEFAULT_MODEL, str(error), bad=True)
        return
    yield from _runtimes(registry, model)
    yield from _fastest(tune(registry, model) if measure else load_ranking())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _opencv() -> Iterator[Finding]:
    owners = sorted(set(packages_distributions().get("cv2", [])))
    names = ", ".join(f"{owner} {_version(owner)}" for owner in owners) or "unknown distribution"
    cuda = "with CUDA" if "NVIDIA CUDA:" in cv2.getBuildInformation() else "without CUDA"
    yield Finding("opencv", cv2.__version__, f"{names}, built {cuda}, {cv2.__file__}")
    if len(owners) > 1:
        yield Finding(
            "opencv",
            "two of them",
            f"{' and '.join(owners)} install the same module cv2 and break each other: "
            f"pip uninstall {' '.join(owners)}; pip install {_OPENCV}",
            bad=True,
        )


def _models() -> Iterator[Finding]:
    for folder in models.installed_models().values():
        try:
            model = models.read_model(folder)
            problems = "; ".join(models.verify(model))
        except LprError as error:
            yield Finding("model", folder.name, str(error), bad=True)
        else:
            text = problems or f"{model.version}, files as they should be"
            yield Finding("model", model.name, text, bad=bool(problems))


def _runtimes(registry: Registry, model: Model) -> Iterator[Finding]:
    detectors = [(r, partial(_detect, r, model)) for r in registry.detector_runtimes]
    recognizers = [(r, partial(_recognize, r, model)) for r in registry.recognizer_runtimes]
    yield from _try_all("detector", detectors)
    yield from _try_all("recognizer", recognizers)


def _try_all(
    topic: str,
    runtimes: Sequence[tuple[DetectorRuntime | RecognizerRuntime, Callable[[], float]]],
) -> Iterator[Finding]:
    works = False
    for runtime, run in runtimes:
        problem = problem_of(runtime)
        text = f"no: {problem}" if problem else _tried(run)
        works = works or text.startswith("works")
        name = f"{runtime.name} on {place_of(runtime)}, {precision_of(runtime)}"
        yield Finding(topic, name, text)
    if not works:
        yield Finding(topic, "none", "nothing here can run the model", bad=True)


def _tried(run: Callable[[], float]) -> str:
    try:
        return f"works: {run() * 1000:.1f} ms"
    except LprError as error:
        return f"no: {error}"
    # A runtime may be anybody's code; what breaks in it is what the report is for.
    except Exception as error:
        return f"no: {describe(error)}"


def _detect(runtime: DetectorRuntime, model: Model) -> float:
    _refuse_other_formats(runtime, model.detector.format)
    network = runtime.open(model.detector, threads=0)
    try:
        spec = model.detector.spec
        batch = np.full((1, 3, spec.height, spec.width), 0.5, np.float32)
        network.forward(batch)
        start = time.perf_counter()
        network.forward(batch)
        return time.perf_counter() - start
    finally:
        close_with_timeout(f"detector runtime {runtime.name}", network.close)


def _recognize(runtime: RecognizerRuntime, model: Model) -> float:
    if runtime.formats:
        _refuse_other_formats(runtime, model.recognizer.format)
    recognizer = as_text_recognizer(runtime.open(model.recognizer, threads=0))
    try:
        crops = [Crop.whole(np.full((40, 100, 3), 128, np.uint8))]
        recognizer.read(crops)
        start = time.perf_counter()
        recognizer.read(crops)
        return time.perf_counter() - start
    finally:
        close_with_timeout(f"recognizer runtime {runtime.name}", recognizer.close)


def _fastest(tuned: RuntimeRanking) -> Iterator[Finding]:
    """What ``--backend cpu`` follows."""
    for stage, order in (("detector", tuned.detector), ("recognizer", tuned.recognizer)):
        text = describe_order(order) or "not measured here: lpr doctor --tune does"
        yield Finding("fastest", f"{stage} on cpu", text)


def _refuse_other_formats(runtime: DetectorRuntime | RecognizerRuntime, format: str) -> None:
    formats = formats_of(runtime)
    if format not in formats:
        raise BackendError(
            f"it runs {', '.join(sorted(formats))} files, and the model's is {format}"
        )
