"""An ONNX file in ONNX Runtime: its input, its metadata, its first output."""

from __future__ import annotations

from collections.abc import Mapping
from ctypes.util import find_library
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lpr.errors import BackendError, ModelError
from lpr.types import Float32

# Imported late: it is slow, and every lpr command loads this package.
if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_CUDA = "CUDAExecutionProvider"
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class Session:
    """``file`` on the CUDA device ``cuda``, or on the CPU if None; with ``threads`` 0, ONNX Runtime
    decides. ``batch``, ``height`` and ``width`` of the input are None where the file leaves them
    open.

    Raises :class:`ModelError` for a file that is missing, damaged or takes no pictures.
    """

    def __init__(self, file: Path, threads: int = 0, cuda: int | None = None) -> None:
        import onnxruntime

        if not file.is_file():
            raise ModelError(f"{file}: there is no such file; an ONNX detector is needed")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Spinning threads would take the cores from everything else between two runs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors only; they are raised too
        provider: Any = "CPUExecutionProvider"
        if cuda is not None:
            provider = (_CUDA, {"device_id": str(cuda)})
        try:
            session = onnxruntime.InferenceSession(str(file), options, providers=[provider])
        # ONNX Runtime's exceptions have no common base class but Exception.
        except Exception as error:
            raise ModelError(
                f"{file}: ONNX Runtime refuses it ({_message(error)}); export it again if it is "
                "damaged, or upgrade onnxruntime"
            ) from error
        if cuda is not None and _CUDA not in session.get_providers():
            raise BackendError(
                f"ONNX Runtime cannot use the CUDA device {cuda}: nvidia-smi lists the devices"
            )
        inputs = session.get_inputs()
        shape = inputs[0].shape if len(inputs) == 1 else []
        if len(shape) != 4 or shape[1] != 3 or inputs[0].type not in _TYPES:
            given = "; ".join(f"{i.name}: {i.type} {i.shape}" for i in inputs)
            raise ModelError(
                f"{file}: its input has to be one batch of pictures, float N x 3 x H x W, not "
                f"{given}"
            )
        self.file = file
        self.metadata: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
        self.batch, self.height, self.width = (
            side if isinstance(side, int) and side > 0 else None for side in (shape[0], *shape[2:])
        )
        self._input, self._dtype = inputs[0].name, _TYPES[inputs[0].type]
        self._output = session.get_outputs()[0].name
        self._session: InferenceSession | None = session

    def run(self, batch: Float32) -> Float32:
        """The first output for a batch: ``float32``, ``len(batch)`` entries along the first axis.

        A file with a fixed batch size gets parts of that size, the last one filled up.
        """
        if self._session is None:
            raise ValueError("the detector is closed")
        size = self.batch or len(batch)
        parts = [self._run(batch[start : start + size]) for start in range(0, len(batch), size)]
        return np.concatenate(parts)

    def _run(self, part: Float32) -> Float32:
        session, count = self._session, len(part)
        assert session is not None
        if self.batch and count < self.batch:
            part = np.concatenate([part, np.zeros_like(part[:1]).repeat(self.batch - count, 0)])
        try:
            (output,) = session.run([self._output], {self._input: part.astype(self._dtype)})
        except Exception as error:
            raise BackendError(f"ONNX Runtime failed: {_message(error)}") from error
        result: Float32 = np.asarray(output, np.float32)[:count]
        if len(result) != count:
            raise ModelError(f"{self.file}: gave {len(result)} outputs for {count} pictures")
        return result

    def close(self) -> None:
        self._session = None


def _message(error: Exception) -> str:
    return " ".join(str(error).split())


def cuda_problem() -> str | None:
    """Why ONNX Runtime cannot run on CUDA here; None if it can."""
    import onnxruntime

    if _CUDA not in onnxruntime.get_available_providers():
        return (
            f"this onnxruntime ({onnxruntime.__version__}) has no CUDA; pip uninstall onnxruntime; "
            "pip install onnxruntime-gpu"
        )
    if find_library("cuda") is None:
        return "there is no NVIDIA driver here (libcuda is missing)"
    return None
