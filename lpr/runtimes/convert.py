"""Darknet cfg and weights -> an ONNX file for any runtime, compared with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lpr.darknet.cfg import Cfg, read_cfg
from lpr.darknet.weights import Weights, read_weights
from lpr.errors import ModelError, OutputError
from lpr.protocols import DetectorRuntime
from lpr.runtimes.parity import HALF, SINGLE, ParityResult, compare, heads_of, noise, source_runtime
from lpr.specs import DetectorModel, DetectorSpec
from lpr.utils.files import write_atomically

_FLOAT = 1  # onnx.TensorProto.FLOAT


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was converted: ``source`` is the runtime that ran the cfg itself (None: none could), and
    ``offs`` are those that ran the file, with how far they are from it."""

    cfg: Cfg
    size: int
    source: str | None
    offs: Sequence[ParityResult]


def convert(
    cfg: Path,
    weights: Path,
    out: Path,
    runtimes: Sequence[DetectorRuntime],
    half: bool = False,
) -> Conversion:
    """Write ``out``, an ONNX file as :func:`lpr.darknet.onnx.to_onnx` describes it.

    It is checked by onnx's own checker; then every runtime that works here and takes ONNX files
    runs it, and has to give what cfg and weights give (relative difference at most 1e-3, with
    ``half`` 2e-2). Raises :class:`ModelError` where one does not, or where none can run it, and
    :class:`OutputError` where ``out`` cannot be written; an older ``out`` is then left as it is.
    """
    if out.suffix.lower() != ".onnx":
        raise OutputError(f"{out}: the name of an ONNX file has to end with .onnx")
    network = read_cfg(cfg)
    numbers = read_weights(weights, network)
    from lpr.darknet.onnx import to_onnx

    if half:
        # The CPU's runtimes compute half precision in single: they would not notice.
        _check_range(network, numbers)
    data = to_onnx(network, numbers, half).SerializeToString()
    try:
        with write_atomically(out) as part:
            part.write_bytes(data)
            source, offs = _compared(network, cfg, weights, part, runtimes)
            _judge(out, offs, HALF if half else SINGLE)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror})") from error
    return Conversion(network, len(data), source, offs)


def _check_range(cfg: Cfg, weights: Weights) -> None:
    """Raise :class:`ModelError` where a layer's output on random input is beyond half precision."""
    from onnx.helper import make_tensor_value_info

    from lpr.darknet.onnx import to_onnx

    model = to_onnx(cfg, weights)
    names = [node.output[0] for node in model.graph.node if node.op_type == "Conv"]
    del model.graph.output[:]  # OpenCV 5 gives all outputs or none
    model.graph.output.extend(make_tensor_value_info(name, _FLOAT, [*"NCHW"]) for name in names)
    net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    net.setInput(noise(cfg, cfg.net.width, cfg.net.height, count=1))
    with np.errstate(over="ignore", invalid="ignore"):
        largest = max(float(np.abs(out).max()) for out in net.forward(names))
    if not largest <= np.finfo(np.float16).max:
        raise ModelError(
            f"{cfg.name}: values inside the network reach {largest:.3g}, beyond the range of half "
            "precision (65504); convert without --half"
        )


def _compared(
    network: Cfg, cfg: Path, weights: Path, file: Path, runtimes: Sequence[DetectorRuntime]
) -> tuple[str | None, list[ParityResult]]:
    width, height = network.net.width, network.net.height
    spec = DetectorSpec(width, height, "stretch", "rgb", 0.5, 0.5)
    source = source_runtime(runtimes, network)
    if source is None:
        return None, []
    batch = noise(network, width, height)
    wanted = heads_of(source, DetectorModel(cfg, weights, spec), batch)
    takers = [runtime for runtime in runtimes if "onnx" in getattr(runtime, "formats", ())]
    return source.name, compare(takers, DetectorModel(cfg, file, spec), batch, wanted)


def _judge(out: Path, offs: Sequence[ParityResult], tolerance: float) -> None:
    ran = [(each.runtime, each.off) for each in offs if each.off is not None]
    if offs and not ran:
        raise ModelError(
            f"{out}: not written, since nothing here can run it: "
            + "; ".join(each.problem for each in offs)
        )
    wrong = [f"{runtime} is off by {off:.2g}" for runtime, off in ran if not off <= tolerance]
    if wrong:
        raise ModelError(
            f"{out}: not written, since it would not compute what cfg and weights do: "
            + ", ".join(wrong)
        )
