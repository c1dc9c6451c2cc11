"""Commands that come with plugins, and what to do where they are missing."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from lpr.plugins.registry import SELECTION, Registry

_TORCH = "pip install ./plugins/lpr-torch"


@dataclass(frozen=True, slots=True)
class _Home:
    """Where a command comes from: entry point, package, lpr's extra, how a checkout installs it."""

    plugin: str
    package: str
    extra: str
    install: str


_HOMES = {
    "data": _Home("lpr_training", "lpr_training", "training", "pip install ./training"),
    "train": _Home(
        "lpr_training", "lpr_training", "torch,training", f"{_TORCH} './training[torch]'"
    ),
    "export": _Home("torch", "lpr_torch", "torch", _TORCH),
    "quantize": _Home("onnx", "lpr_onnx", "onnx", "pip install ./plugins/lpr-onnx"),
}


def advice_about(command: str, registry: Registry) -> str | None:
    """How to get a command that a plugin of lpr's own adds; None for other names."""
    home = _HOMES.get(command)
    if home is None:
        return None
    if find_spec(home.package) is None:
        return (
            f"lpr {command} needs a package that is not installed: pip install "
            f"'lpr[{home.extra}]'; in a checkout of lpr: {home.install}"
        )
    if any(plugin.name == home.plugin and plugin.problems for plugin in registry.plugins):
        return f"lpr {command} is missing because its plugin failed; lpr plugins shows why"
    return f"lpr {command} is missing because {SELECTION} does not name its plugin, {home.plugin}"
