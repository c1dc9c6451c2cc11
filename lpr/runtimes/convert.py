"""Conversion of Darknet cfg and weights to an ONNX file, verified against its source."""

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
from lpr.runtimes.traits import formats_of
from lpr.specs import DetectorModel, DetectorSpec
from lpr.utils.files import write_atomically

_FLOAT = 1  # onnx.TensorProto.FLOAT


@dataclass(frozen=True, slots=True)
class Conversion:
    """A converted network of ``size`` bytes. ``source`` is the runtime that ran the cfg itself, or
    None; ``results`` compare the runtimes that ran the ONNX file with it."""

    cfg: Cfg
    size: int
    source: str | None
    results: Sequence[ParityResult]


def convert(
    cfg: Path, weights: Path, out: Path, runtimes: Sequence[DetectorRuntime], half: bool = False
) -> Conversion:
    """Write the ONNX file ``out`` (:func:`lpr.darknet.onnx.to_onnx`).

    Every runtime that works here and takes ONNX files runs it, and must agree with cfg and weights
    (relative difference at most 1e-3, with ``half`` 2e-2). Raises :class:`ModelError` if one
    differs or none can run the file, and :class:`OutputError` if ``out`` cannot be written. An
    existing ``out`` is then kept.
    """
    if out.suffix.lower() != ".onnx":
        raise OutputError(f"{out}: the name of an ONNX file must end with .onnx")
    network = read_cfg(cfg)
    numbers = read_weights(weights, network)
    from lpr.darknet.onnx import to_onnx

    if half:
        # CPU runtimes compute half precision in single, so a comparison would miss an overflow.
        _check_range(network, numbers)
    data = to_onnx(network, numbers, half).SerializeToString()
    try:
        with write_atomically(out) as part:
            part.write_bytes(data)
            source, results = _compare(network, cfg, weights, part, runtimes)
            _check_parity(out, results, HALF if half else SINGLE)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror})") from error
    return Conversion(network, len(data), source, results)


def _check_range(cfg: Cfg, weights: Weights) -> None:
    """Raise :class:`ModelError` if a layer's output on random input exceeds half precision."""
    from onnx.helper import make_tensor_value_info

    from lpr.darknet.onnx import to_onnx

    model = to_onnx(cfg, weights)
    names = [node.output[0] for node in model.graph.node if node.op_type == "Conv"]
    del model.graph.output[:]  # OpenCV 5 returns all outputs or none
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


def _compare(
    network: Cfg, cfg: Path, weights: Path, file: Path, runtimes: Sequence[DetectorRuntime]
) -> tuple[str | None, list[ParityResult]]:
    width, height = network.net.width, network.net.height
    spec = DetectorSpec(width, height, "stretch", "rgb", 0.5, 0.5)
    source = source_runtime(runtimes, network)
    if source is None:
        return None, []
    batch = noise(network, width, height)
    expected = heads_of(source, DetectorModel(cfg, weights, spec), batch)
    able = [runtime for runtime in runtimes if "onnx" in formats_of(runtime)]
    return source.name, compare(able, DetectorModel(cfg, file, spec), batch, expected)


def _check_parity(out: Path, results: Sequence[ParityResult], tolerance: float) -> None:
    ran = [(r.runtime, r.max_rel_diff) for r in results if r.max_rel_diff is not None]
    if results and not ran:
        raise ModelError(
            f"{out}: not written, because no runtime here can run it: "
            + "; ".join(each.problem for each in results)
        )
    wrong = [f"{runtime} differs by {diff:.2g}" for runtime, diff in ran if not diff <= tolerance]
    if wrong:
        raise ModelError(
            f"{out}: not written, because it does not compute what cfg and weights do: "
            + ", ".join(wrong)
        )
