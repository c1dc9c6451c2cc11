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
            return "torch or safetensors is not installed; pip install torch safetensors"
        return _cuda_problem() if self.device == "cuda" else None


class TorchDetectorRuntime(_Runtime):
    """Runs Darknet detectors from cfg and weights."""

    def open(self, model: DetectorModel, threads: int) -> TorchDetector:
        return TorchDetector(model, self.target(), threads)


class TorchRecognizerRuntime(_Runtime):
    """Runs CTC recognizers from safetensors files."""

    formats = frozenset({"safetensors"})

    def open(self, model: RecognizerModel, threads: int) -> TorchRecognizer:
        return TorchRecognizer(model, self.target(), threads)


class TorchDetector:
    """A loaded detector; see :class:`lpr.protocols.DetectorNetwork`."""

    def __init__(self, model: DetectorModel, device: str, threads: int) -> None:
        from lpr_torch.darknet import DarknetNet

        if model.format != "darknet":
            raise ModelError(
                f"{model.weights}: is an ONNX file, but lpr-torch runs Darknet weights only; "
                "choose another runtime with --backend, such as onnxruntime"
            )
        self._cfg = read_cfg(model.cfg)
        self._cfg.check_size(model.spec.width, model.spec.height)
        network = DarknetNet(self._cfg)
        network.load(read_weights(model.weights, self._cfg))
        self._network = _Network(network, device, threads)

    def forward(self, batch: Float32) -> list[Float32]:
        self._cfg.check_size(width=batch.shape[3], height=batch.shape[2])
        return self._network.run(batch)

    def close(self) -> None:
        self._network.close()


class TorchRecognizer:
    """A loaded recognizer; see :class:`lpr.protocols.CtcRecognizer`."""

    def __init__(self, model: RecognizerModel, device: str, threads: int) -> None:
        from lpr_torch.checkpoints import load_recognizer

        recognizer = load_recognizer(model.file)
        self.spec = model.spec
        stored, expected = recognizer.spec, model.spec
        if (stored.alphabet, stored.blank, stored.width, stored.height) != (
            expected.alphabet,
            expected.blank,
            expected.width,
            expected.height,
        ):
            raise ModelError(
                f"{model.file}: was trained for another alphabet, blank or crop size "
                "than model.toml states; export the model again"
            )
        self._network = _Network(recognizer.network, device, threads)

    def logits(self, batch: Float32) -> Float32:
        return self._network.run(batch)[0]

    def close(self) -> None:
        self._network.close()


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
