"""PyTorch for lpr: Darknet detectors, and recognizers from safetensors files, on CPU and CUDA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lpr.hookspecs import hookimpl
from lpr.protocols import DetectorRuntime, RecognizerRuntime

# Every lpr command loads this module; torch takes seconds to import and is imported late.
from lpr_torch.runtimes import TorchDetectorRuntime, TorchRecognizerRuntime

if TYPE_CHECKING:
    import click

lpr_interface = 1


@hookimpl
def lpr_detector_runtimes() -> list[DetectorRuntime]:
    return [TorchDetectorRuntime("cpu"), TorchDetectorRuntime("cuda")]


@hookimpl
def lpr_recognizer_runtimes() -> list[RecognizerRuntime]:
    return [TorchRecognizerRuntime("cpu"), TorchRecognizerRuntime("cuda")]


@hookimpl
def lpr_commands() -> list[click.Command]:
    from lpr_torch.cli import command

    return [command]
