"""ONNX files that keep their numbers in other files, which no hash of a model covers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lpr.errors import ModelError

_KEY = b"location"
"""The key under which a tensor names another file. Without it no runtime finds one, and protobuf
stores strings as they are: an ONNX file that does not hold these bytes need not be parsed."""


def has_external_data(data: bytes) -> bool:
    """Whether any tensor of an ONNX file, also in a subgraph, attribute or function, is kept in
    another file.

    Raises :class:`lpr.errors.ModelError` if ``data`` is no ONNX file, as far as that is looked at.
    """
    if _KEY not in data:
        return False
    import onnx  # takes 0.2 s, which most models do not need
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise ModelError(f"this is no ONNX file: {error}") from error
    return any(
        isinstance(message, onnx.TensorProto)
        and (message.external_data or message.data_location == onnx.TensorProto.EXTERNAL)
        for message in _messages(model)
    )


def _messages(root: Any) -> Iterator[Any]:
    """A protobuf message and all messages in it."""
    waiting = [root]
    while waiting:
        message = waiting.pop()
        yield message
        for field, value in message.ListFields():
            if field.message_type is not None:
                waiting.extend([value] if hasattr(value, "ListFields") else value)
