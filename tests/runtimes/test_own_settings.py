"""Thresholds and calibration belong to the recognizer that is opened."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

import lpr
from lpr import loading
from lpr.errors import CalibrationError, PluginError
from lpr.runtimes.select import choose_recognizers
from lpr.specs.calibration import Calibration
from lpr.types import Crop, Reading

CURVE = Calibration(0.0, 1.0, 0.0, 0.0, 1.0)


class Reads:
    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        return [Reading("ABC1234", 0.05) for _ in crops]

    def close(self) -> None:
        pass


class OwnModel:
    name = "own-model"
    device = "cpu"
    priority = 0
    formats: frozenset[str] = frozenset()

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)

    def problem(self) -> None:
        return None

    def open(self, model: object, threads: int) -> Reads:
        return Reads()


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Any:
    def plug(**attributes: Any) -> None:
        known = loading.registry()
        parts = SimpleNamespace(
            plugins=known.plugins,
            detector_runtimes=known.detector_runtimes,
            recognizer_runtimes=[*known.recognizer_runtimes, OwnModel(**attributes)],
            regions=known.regions,
            region=known.region,
        )
        monkeypatch.setattr(loading, "registry", lambda: parts)

    return plug


def settings(**attributes: Any) -> Any:
    runtimes = [OwnModel(**attributes)]
    detector = SimpleNamespace(name="opencv", device="cpu")
    chosen = choose_recognizers(runtimes, lpr.load_model(), "own-model", "auto", detector)  # type: ignore[arg-type]
    return chosen[0].model


def test_another_models_settings_are_not_applied() -> None:
    model = settings()
    assert (model.min_confidence, model.grammar_odds, model.calibration) == (0, 1, None)


def test_a_runtime_states_its_own_settings() -> None:
    model = settings(min_confidence=0.2, grammar_odds=5, calibration=CURVE)
    assert (model.min_confidence, model.grammar_odds, model.calibration) == (0.2, 5, CURVE)


@pytest.mark.parametrize(
    "wrong", [{"min_confidence": 2}, {"grammar_odds": 0.5}, {"calibration": 3}]
)
def test_settings_that_are_not_valid_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(PluginError, match=f"own-model has {next(iter(wrong))} = "):
        settings(**wrong)


def test_a_largest_error_is_refused_without_a_calibration(plugged: Any) -> None:
    plugged()
    with pytest.raises(CalibrationError, match="own-model has none; use min_confidence"):
        lpr.load(recognizer="own-model", max_error=0.05)
    with pytest.raises(CalibrationError, match="several that vote have none"):
        lpr.load(recognizer="own-model,tw-light", max_error=0.05)


def test_a_largest_error_is_accepted_for_calibrated_confidences(plugged: Any) -> None:
    plugged(calibrated=True)
    with lpr.load(recognizer="own-model", max_error=0.05) as reader:
        assert reader.min_confidence == pytest.approx(0.95)


def test_its_readings_are_kept_below_another_models_minimum(plugged: Any) -> None:
    plugged()
    with lpr.load(recognizer="own-model") as reader:
        assert reader.min_confidence == 0
