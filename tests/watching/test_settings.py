"""Each setting has one default and one range, wherever it is given."""

from __future__ import annotations

import inspect
from dataclasses import fields

import pytest

import lpr
from lpr.cli.watch import command
from lpr.watching import SourceSettings, WatchSettings

DEFAULTS = {
    field.name: field.default
    for field in (*fields(WatchSettings), *fields(SourceSettings))
    if field.name != "roi"
}


def test_the_function_has_the_defaults_of_the_settings() -> None:
    arguments = {
        name: parameter.default
        for name, parameter in inspect.signature(lpr.watch).parameters.items()
        if name in DEFAULTS
    }
    assert len(arguments) >= 8
    assert arguments == {name: DEFAULTS[name] for name in arguments}


def test_the_command_has_the_defaults_of_the_settings() -> None:
    options = command.make_context("watch", ["a.mp4"]).params
    shared = {name: options[name] for name in DEFAULTS if name in options}
    assert len(shared) >= 8
    assert shared == {name: DEFAULTS[name] for name in shared}


@pytest.mark.parametrize(
    "setting",
    [
        {"min_reads": 0},
        {"every": 0},
        {"return_after": -1},
        {"fps": 0},
        {"stall": float("nan")},
        {"max_pixels": 0},
        {"threads": -1},
    ],
)
def test_a_number_out_of_range_is_refused_by_name(setting: dict[str, float]) -> None:
    (name,) = setting
    with pytest.raises(ValueError, match=f"{name} has to be"):
        next(lpr.watch("a.mp4", **setting))  # type: ignore[arg-type]
