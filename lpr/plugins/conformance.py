"""Runs the conformance suite on everything that a plugin or model pack provides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from lpr.errors import LprError, PluginError, describe
from lpr.models import Model, installed_models
from lpr.plugins.registry import PluginInfo, Registry
from lpr.protocols import DetectorFactory, DetectorRuntime, RecognizerRuntime
from lpr.runtimes.detectors import argument_of
from lpr.runtimes.traits import formats_of
from lpr.specs import DetectorModel, RecognizerModel
from lpr.testing import (
    Speed,
    check_destination,
    check_detector_factory,
    check_detector_runtime,
    check_model_pack,
    check_recognizer_runtime,
    check_region,
    check_sink,
    detector_speed,
    plate_detector_speed,
    recognizer_speed,
)
from lpr.testing.destinations import check_destination_traits
from lpr.testing.plate_detectors import check_detector_traits
from lpr.testing.runtimes import check_traits, problem_in


def _no_speeds() -> Sequence[Speed]:
    return ()


def _no_reason() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Check:
    """A check of one object: ``run`` raises if it fails, ``speeds`` measures the object.

    ``skip_reason`` says why it cannot run here; it may raise like ``run``.
    """

    subject: str
    run: Callable[[], object] = _no_speeds
    speeds: Callable[[], Sequence[Speed]] = _no_speeds
    skip_reason: Callable[[], str | None] = _no_reason

    def problem(self) -> str | None:
        """Run the check; return the failure in one line, or None."""
        try:
            if self.skip_reason() is None:
                self.run()
        # Third-party code: any exception is a failed check.
        except (AssertionError, LprError) as error:
            return str(error) or "an assertion without a message failed"
        except BaseException as error:
            return describe(error)
        return None


def plugin_called(registry: Registry, name: str) -> PluginInfo | None:
    """The plugin ``name``; None if there is none."""
    return next((info for info in registry.plugins if info.name == name), None)


def checks_of(registry: Registry, name: str, model: Model, argument: str = "") -> Iterator[Check]:
    """Yield the checks of the plugin or model pack ``name``; runtimes open the parts of ``model``,
    and detectors that need an argument are opened with ``argument``.

    Raises :class:`lpr.errors.PluginError` if there is none of that name or it failed to load.
    """
    plugin = plugin_called(registry, name)
    if plugin is not None:
        if plugin.problems:
            raise PluginError(f"plugin {name} ({plugin.origin}): {'; '.join(plugin.problems)}")
        yield from _checks_of_plugin(registry, plugin, model, argument)
    elif name in installed_models():
        yield Check(f"model {name}", partial(check_model_pack, name))
    else:
        known = ", ".join([*(info.name for info in registry.plugins), *installed_models()])
        raise PluginError(f"there is neither a plugin nor a model pack {name!r}; known are {known}")


def _checks_of_plugin(
    registry: Registry, plugin: PluginInfo, model: Model, argument: str
) -> Iterator[Check]:
    provided = set(plugin.provides)
    for detector in registry.detector_runtimes:
        subject = f"detector runtime {detector.name}"
        if subject in provided:
            measured = partial(detector_speed, detector, model.detector)
            checked = partial(check_detector_runtime, detector, model.detector)
            reason = partial(_skip_reason, detector, model.detector)
            yield Check(subject, checked, measured, reason)
    for factory in registry.detectors:
        if (subject := f"detector {factory.name}") in provided:
            given = argument if argument_of(factory) else ""
            measured = partial(plate_detector_speed, factory, given)
            checked = partial(check_detector_factory, factory, given)
            yield Check(subject, checked, measured, partial(_detector_skip_reason, factory, given))
    for recognizer in registry.recognizer_runtimes:
        subject = f"recognizer runtime {recognizer.name}"
        if subject in provided:
            measured = partial(recognizer_speed, recognizer, model.recognizer)
            checked = partial(check_recognizer_runtime, recognizer, model.recognizer)
            reason = partial(_skip_reason, recognizer, model.recognizer)
            yield Check(subject, checked, measured, reason)
    for code, region in registry.regions.items():
        if (subject := f"region {code}") in provided:
            yield Check(subject, partial(check_region, region))
    for name, format in registry.sinks.items():
        if (subject := f"format {name}") in provided:
            yield Check(subject, partial(check_sink, format))
    for destination in dict.fromkeys(registry.destinations.values()):
        schemes = ", ".join(sorted(destination.schemes))
        if (subject := f"destination {destination.name} ({schemes})") in provided:
            # Samples go to a place that the user names, or nowhere.
            if argument.partition(":")[0] in destination.schemes:
                yield Check(subject, partial(check_destination, destination, argument))
            else:
                yield Check(subject, partial(check_destination_traits, destination))


def _detector_skip_reason(factory: DetectorFactory, argument: str) -> str | None:
    check_detector_traits(factory)
    if (problem := problem_in(factory)) is None and (wanted := argument_of(factory)):
        return None if argument else f"it needs {wanted}; pass it with --argument"
    return problem


def _skip_reason(
    runtime: DetectorRuntime | RecognizerRuntime, part: DetectorModel | RecognizerModel
) -> str | None:
    check_traits(runtime)
    formats = formats_of(runtime)
    if (problem := problem_in(runtime)) is None and formats and part.format not in formats:
        return f"it runs {', '.join(sorted(formats))} files; pass such a model with --model"
    return problem
