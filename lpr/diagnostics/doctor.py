"""The report of ``lpr doctor``: the installed parts, and whether they work."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import TypeAlias, TypeVar

import av
import cv2

from lpr import kernels, models
from lpr.diagnostics.tuning import describe_order, tune
from lpr.errors import LprError, describe
from lpr.models import Model
from lpr.plugins.registry import Registry
from lpr.protocols import DetectorRuntime, RecognizerRuntime
from lpr.runtimes.opencv_build import driver_problem, driver_version, this_build
from lpr.runtimes.preferences import RuntimeRanking, load_ranking
from lpr.runtimes.select import problem_of
from lpr.runtimes.timing import detector_run, median_seconds, recognizer_run
from lpr.runtimes.traits import device_of, formats_of, precision_of
from lpr.specs import DetectorModel, RecognizerModel
from lpr.utils.opencv import DISTRIBUTIONS

_PACKAGES = ("lpr", "numpy", "pluggy", "click", "onnx", "onnxruntime", "openvino", "torch")

R = TypeVar("R", DetectorRuntime, RecognizerRuntime)
M = TypeVar("M", DetectorModel, RecognizerModel)
_Run: TypeAlias = Callable[[R, M, int], AbstractContextManager[Callable[[], object]]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; ``bad`` if it keeps lpr from working as it should."""

    topic: str
    name: str
    text: str
    bad: bool = False


def examine(registry: Registry, measure: bool = False) -> Iterator[Finding]:
    """Yield the report in order. Every runtime is tried by running it.

    With ``measure``, the CPU runtimes are ranked (:func:`lpr.diagnostics.tuning.tune`); otherwise
    the saved ranking is reported.
    """
    yield Finding("system", "python", f"{platform.python_version()} on {platform.platform()}")
    for package in _PACKAGES:
        yield Finding("version", package, _version(package) or "not installed")
    yield from _opencv()
    yield from _video()
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
    build = this_build()
    yield Finding("opencv", cv2.__version__, f"{names}, {build}, {cv2.__file__}")
    if len(owners) > 1:
        problem = (
            f"{' and '.join(owners)} install the same module cv2: the last one installed counts, "
            "and to uninstall one breaks the other"
        )
        advice = f"pip uninstall -y {' '.join(owners)}; pip install {DISTRIBUTIONS[0]}"
        yield Finding("opencv", "two of them", f"{problem}: {advice}", bad=True)
    if build.cuda is not None:
        driver = driver_version()
        text = driver_problem(build.cuda, driver) or f"{driver}, new enough for CUDA {build.cuda}"
        yield Finding("driver", "nvidia", text)


def _video() -> Iterator[Finding]:
    codecs = ".".join(map(str, av.library_versions["libavcodec"]))
    yield Finding("video", f"PyAV {av.__version__}", f"FFmpeg with libavcodec {codecs}")


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
    yield from _try_all("detector", registry.detector_runtimes, model.detector, detector_run)
    for detector in registry.detectors:
        problem, name = problem_of(detector), f"{detector.name} on {device_of(detector)}"
        yield Finding("detector", name, f"no: {problem}" if problem else "works, with --detector")
    yield from _try_all(
        "recognizer", registry.recognizer_runtimes, model.recognizer, recognizer_run
    )


def _try_all(topic: str, runtimes: Sequence[R], model: M, run: _Run[R, M]) -> Iterator[Finding]:
    works = False
    for runtime in runtimes:
        problem = problem_of(runtime)
        text = f"no: {problem}" if problem else _try(runtime, model, run)
        works = works or text.startswith("works")
        name = f"{runtime.name} on {device_of(runtime)}, {precision_of(runtime)}"
        yield Finding(topic, name, text)
    if not works:
        yield Finding(topic, "none", "no runtime here can run the model", bad=True)


def _try(runtime: R, model: M, open_run: _Run[R, M]) -> str:
    formats = formats_of(runtime)
    if formats and model.format not in formats:
        return f"no: it runs {', '.join(sorted(formats))} files, but the model's is {model.format}"
    try:
        with open_run(runtime, model, 0) as run:
            return f"works: {median_seconds({'': run}, rounds=1)[''] * 1000:.1f} ms"
    except LprError as error:
        return f"no: {error}"
    # A runtime may be third-party code: any exception belongs in the report.
    except Exception as error:
        return f"no: {describe(error)}"


def _fastest(ranking: RuntimeRanking) -> Iterator[Finding]:
    """The order that ``--backend cpu`` follows."""
    for stage, order in (("detector", ranking.detector), ("recognizer", ranking.recognizer)):
        text = describe_order(order) or "not measured here; run lpr doctor --tune"
        yield Finding("fastest", f"{stage} on cpu", text)
