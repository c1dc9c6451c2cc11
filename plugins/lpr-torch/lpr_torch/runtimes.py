"""The runtimes ``torch`` and ``torch-cuda``."""

from __future__ import annotations

from ctypes.util import find_library
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from lpr.darknet.cfg import read_cfg
from lpr.darknet.weights import read_weights
from lpr.errors import BackendError, ModelError
from lpr.runtimes.onnx_networks import EngineDetector, EngineRecognizer
from lpr.runtimes.traits import INSTALL_TORCH
from lpr.specs import DetectorModel, RecognizerModel
from lpr.types import Float32

if TYPE_CHECKING:
    from torch import nn


class _Runtime:
    """``device`` is ``"cpu"`` or ``"cuda"``."""

    # Below the pure inference runtimes, which are faster and start sooner.
    priority = 10

    def __init__(self, device: str, number: int | None = None) -> None:
        self.device = device
        self.name = "torch" if device == "cpu" else f"torch-{device}"
        self.number = 0 if device == "cuda" and number is None else number

    def on(self, number: int) -> _Runtime:
        """Return this runtime on the CUDA device ``number``; see :mod:`lpr.runtimes.traits`."""
        import torch

        count = torch.cuda.device_count()
        if number >= count:
            raise BackendError(
                f"there is no CUDA device {number}: PyTorch finds {count}, counted from 0; "
                "nvidia-smi lists them"
            )
        return type(self)(self.device, number)

    def target(self) -> str:
        """The device in PyTorch's notation."""
        return self.device if self.number is None else f"{self.device}:{self.number}"

    def problem(self) -> str | None:
        if find_spec("torch") is None or find_spec("safetensors") is None:
            return f"torch or safetensors is not installed: {INSTALL_TORCH}"
        return _cuda_problem() if self.device == "cuda" else None


class TorchDetectorRuntime(_Runtime):
    """Runs Darknet detectors from cfg and weights."""

    def open(self, model: DetectorModel, threads: int) -> EngineDetector:
        from lpr_torch.darknet import DarknetNet

        if model.format != "darknet":
            raise ModelError(
                f"{model.weights}: is an ONNX file, but lpr-torch runs Darknet weights only; "
                "choose another runtime with --backend, such as onnxruntime"
            )
        cfg = read_cfg(model.cfg)
        cfg.check_size(model.spec.width, model.spec.height)
        network = DarknetNet(cfg)
        network.load(read_weights(model.weights, cfg))
        return EngineDetector(cfg, _Network(network, self.target(), threads))


class TorchRecognizerRuntime(_Runtime):
    """Runs CTC recognizers from safetensors files."""

    formats = frozenset({"safetensors"})

    def open(self, model: RecognizerModel, threads: int) -> EngineRecognizer:
        from lpr_torch.checkpoints import load_recognizer

        stored = load_recognizer(model.file)
        for key in ("alphabet", "blank", "width", "height"):
            if getattr(stored.spec, key) != getattr(model.spec, key):
                raise ModelError(
                    f"{model.file}: was trained for another {key} than model.toml states; export "
                    "the model again"
                )
        return EngineRecognizer(model.spec, _Network(stored.network, self.target(), threads))


class _Network:
    """A network on its device; several threads may share it."""

    def __init__(self, network: nn.Module, device: str, threads: int) -> None:
        import torch

        if threads:
            torch.set_num_threads(threads)  # for the whole process
        self._network: nn.Module | None = network.eval().to(device)
        self._device = device

    def run(self, batch: Float32) -> list[Float32]:
        import torch

        if self._network is None:
            raise ValueError("the network is closed")
        try:
            with torch.inference_mode():
                results = self._network(torch.from_numpy(batch).to(self._device))
                outputs = results if isinstance(results, list) else [results]
                return [np.ascontiguousarray(o.float().cpu().numpy()) for o in outputs]
        except RuntimeError as error:
            raise BackendError(f"PyTorch failed: {error}") from error

    def close(self) -> None:
        self._network = None


def _cuda_problem() -> str | None:
    # PyTorch takes seconds to import, so cheaper checks come first.
    built = version("torch")
    if built.endswith("+cpu"):
        return f"torch {built} was built without CUDA; install a build that has it"
    if find_library("cuda") is None:
        return "there is no NVIDIA driver here (libcuda is missing)"
    import torch

    if not torch.cuda.is_available():
        return f"torch {built} sees no CUDA device; check the driver (nvidia-smi)"
    return None
