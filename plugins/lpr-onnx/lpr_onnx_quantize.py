"""Quantizes models to 8-bit integers with ONNX Runtime, and compares their readings."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

import lpr
from lpr.darknet.onnx_cache import network_of
from lpr.errors import ModelError, OutputError, SourceError
from lpr.evaluate import evaluate
from lpr.labels import LabelledPicture
from lpr.models import Model, load_model, read_tables, write_model
from lpr.source import open_source
from lpr.types import Float32
from lpr.utils.files import write_new_folder
from lpr.utils.progress import progress

# Inputs whose activations are held at once: those of tw-accurate take about 50 MB.
_GROUP = 8

# The figure that decides; the others are only reported.
_READINGS = "texts_wrong"
_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Loss:
    """The figures before and after quantization."""

    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def readings(self) -> int:
        """The number of texts lost; negative if there are fewer errors."""
        return int(self.after[_READINGS] - self.before[_READINGS])


def quantize(
    source: str,
    out: Path,
    name: str,
    calibration: Sequence[Path],
    labelled: Sequence[LabelledPicture],
    max_lost: int,
) -> Loss:
    """Write ``source``, quantized to 8-bit integers, to the model folder ``out`` as ``name``.

    Activation ranges are the 99.999th percentile on the pictures of ``calibration`` (Wu et al.
    2020, "Integer quantization for deep learning inference"). Weights have a scale per output
    channel and 7 bits, since CPUs without VNNI saturate with 8. A detector's first convolution and
    those of its heads stay in single precision: they determine the position of boxes and cost
    little. Both models then read the ``labelled`` pictures.

    Raises :class:`lpr.errors.ModelError` if more than ``max_lost`` readings are lost,
    :class:`lpr.errors.SourceError` if no plate is found for calibration, and
    :class:`lpr.errors.OutputError` if ``out`` exists; nothing is written then.
    """
    if not _NAME.fullmatch(name):
        raise OutputError(f"{name!r} is no name for a model: use letters, digits, dots, - and _")
    with write_new_folder(out) as folder:
        model = load_model(source)
        _write_networks(model, source, folder, calibration)
        _describe(model, folder, name)
        before, after = (_figures(each, labelled) for each in (source, str(folder)))
        loss = Loss(before, after)
        if loss.readings > max_lost:
            raise ModelError(
                f"{out}: not written: of {before['texts']} labelled texts {after[_READINGS]} are "
                f"read wrong in 8-bit integers, {before[_READINGS]} without; calibrate with more "
                "such pictures, or allow the loss with --lose"
            )
    return loss


def _write_networks(model: Model, source: str, folder: Path, calibration: Sequence[Path]) -> None:
    network = network_of(model.detector)
    _refuse_converted(network.data, model.detector.weights)
    _refuse_converted(model.recognizer.file.read_bytes(), model.recognizer.file)
    with lpr.load(source, backend="onnxruntime", min_confidence=0) as reader:
        finds, reads = _Recorder(reader.detector.network), _Recorder(reader.recognizer.network)
        reader.detector.network, reader.recognizer.network = finds, reads
        for path in calibration:
            with open_source(path) as picture:
                reader.read(next(iter(picture)).image)
    if not reads.inputs:
        raise SourceError(f"no plate was found in {len(calibration)} pictures to calibrate with")
    (folder / "unquantized.onnx").write_bytes(network.data)
    _quantize(
        folder / "unquantized.onnx", folder / "detector.onnx", finds.inputs, heads=network.heads
    )
    _quantize(model.recognizer.file, folder / "recognizer.onnx", reads.inputs, heads=[])
    (folder / "unquantized.onnx").unlink()
    shutil.copyfile(model.detector.cfg, folder / model.detector.cfg.name)


def _refuse_converted(data: bytes, file: Path) -> None:
    import onnx

    graph = onnx.load_model_from_string(data).graph
    kinds = {node.op_type for node in graph.node}
    types = {constant.data_type for constant in graph.initializer}
    if "QuantizeLinear" in kinds or onnx.TensorProto.FLOAT16 in types:
        raise ModelError(
            f"{file}: is in 8-bit integers or half precision already; quantize the model that it "
            "was made of"
        )


class _Recorder:
    """Wraps a network and records its inputs one by one."""

    def __init__(self, network: Any) -> None:
        self.network = network
        self.inputs: list[Float32] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.network, name)

    def forward(self, batch: Float32) -> Any:
        self.inputs += np.split(batch.copy(), len(batch))
        return self.network.forward(batch)

    def logits(self, batch: Float32) -> Any:
        self.inputs += np.split(batch.copy(), len(batch))
        return self.network.logits(batch)


def _quantize(source: Path, out: Path, batches: Sequence[Float32], heads: Sequence[str]) -> None:
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    model = onnx.load(str(source))
    for number, node in enumerate(model.graph.node):
        node.name = f"node_{number}"  # nodes are excluded by name, and Darknet's have none
    entry = model.graph.input[0].name

    class Groups(CalibrationDataReader):  # type: ignore[misc]
        """Gives the inputs group by group; their value ranges are merged."""

        def __init__(self) -> None:
            self._groups = _groups(batches)
            self._left: Iterator[Float32] = iter(())

        def __len__(self) -> int:
            return len(self._groups)

        def set_range(self, start_index: int, end_index: int) -> None:
            self._left = chain.from_iterable(self._groups[start_index:end_index])

        def get_next(self) -> dict[str, Float32] | None:
            batch = next(self._left, None)
            return None if batch is None else {entry: batch}

    with _quiet():
        quantize_static(
            model,
            str(out),
            Groups(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.Percentile,
            nodes_to_exclude=_excluded(model, entry, heads),
            extra_options={"CalibStridedMinMax": 1},  # one group at a time, with any method
        )


def _groups(batches: Sequence[Float32]) -> list[list[Float32]]:
    """The inputs in groups of one shape, at most ``_GROUP`` each.

    ONNX Runtime joins the activations of a group, so they must have one shape. A detector with
    ``resize = "fit"`` has inputs of many shapes.
    """
    alike: dict[tuple[int, ...], list[Float32]] = {}
    for batch in batches:
        alike.setdefault(batch.shape, []).append(batch)
    return [
        same[start : start + _GROUP]
        for same in alike.values()
        for start in range(0, len(same), _GROUP)
    ]


def _excluded(model: Any, entry: str, heads: Sequence[str]) -> list[str]:
    """The nodes that stay in single precision: a detector's first, and those of its heads."""
    if not heads:
        return []
    producer = {output: node for node in model.graph.node for output in node.output}
    excluded = [node.name for node in model.graph.node if entry in node.input]
    for head in heads:
        last = producer[head]
        excluded += [last.name, producer[last.input[0]].name]
    return excluded


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the output of ONNX Runtime's quantization."""
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


def _describe(model: Model, folder: Path, name: str) -> None:
    content = read_tables(model.folder)
    content["name"] = name
    content["description"] = f"{model.name} {model.version} in 8-bit integers."
    content["detector"] |= {"weights": "detector.onnx", "precision": "int8"}
    content["recognizer"] |= {"file": "recognizer.onnx", "format": "onnx", "precision": "int8"}
    content.pop("figures", None)  # those of the source do not apply
    write_model(folder, content)


def _figures(name: str, labelled: Sequence[LabelledPicture]) -> dict[str, Any]:
    with lpr.load(name, backend="onnxruntime") as reader, progress(labelled, "picture") as pictures:
        return evaluate(reader, pictures).figures()
