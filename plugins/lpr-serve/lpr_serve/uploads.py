"""Pictures out of requests: their size is checked before anything is decoded."""

from __future__ import annotations

import base64
import binascii
from functools import partial
from typing import Any

import anyio.to_thread
from fastapi import HTTPException, Request
from starlette.datastructures import FormData, UploadFile

from lpr.errors import LprError
from lpr.source.given_picture import as_image
from lpr.types import Image


async def fields_of(request: Request, max_upload: int) -> dict[str, list[Any]]:
    """The fields of a form or of a JSON object, each as a list of its values.

    Raises 413 if the body is larger than ``max_upload`` bytes, 400 if it is neither.
    """
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > max_upload:
        raise HTTPException(413, f"the upload has more than {max_upload} bytes")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    limited = _limited(request, max_upload)
    if kind == "application/json":
        try:
            body = await limited.json()
        except (ValueError, UnicodeDecodeError, RecursionError) as error:
            raise HTTPException(400, "the body is not JSON") from error
        if not isinstance(body, dict):
            raise HTTPException(400, "the body has to be a JSON object")
        return {k: v if isinstance(v, list) else [v] for k, v in body.items()}
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        form: FormData = await limited.form(max_files=16, max_fields=64, max_part_size=max_upload)
        fields: dict[str, list[Any]] = {}
        for name, value in form.multi_items():
            fields.setdefault(name, []).append(value)
        return fields
    raise HTTPException(400, "send multipart/form-data with the file in the field upload")


def _limited(request: Request, max_upload: int) -> Request:
    """The request, whose body ends with 413 after ``max_upload`` bytes."""
    received = 0
    receive = request.receive

    async def counted() -> Any:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > max_upload:
            raise HTTPException(413, f"the upload has more than {max_upload} bytes")
        return message

    return Request(request.scope, counted)


async def picture_of(value: Any, max_upload: int, max_pixels: int) -> tuple[Image, str]:
    """The picture of a form's file, or of base64 text, and its file name.

    Raises 400 for what is no picture, 413 for one of too many bytes or pixels.
    """
    if isinstance(value, UploadFile):
        data, name = await value.read(), value.filename or ""
    elif isinstance(value, str):
        data, name = _decoded(value), ""
    else:
        raise HTTPException(400, "the field upload has to be a file or base64 text")
    if len(data) > max_upload:
        raise HTTPException(413, f"the upload has more than {max_upload} bytes")
    try:
        return await anyio.to_thread.run_sync(partial(as_image, data, max_pixels=max_pixels)), name
    except (LprError, ValueError, MemoryError) as error:
        status = 413 if "pixels" in str(error) else 400
        raise HTTPException(status, str(error) or "the picture is too large") from error


def _decoded(text: str) -> bytes:
    head, separator, rest = text.partition(",")
    if separator and head.startswith("data:"):
        text = rest
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise HTTPException(400, "the field upload is neither a file nor base64 text") from error
