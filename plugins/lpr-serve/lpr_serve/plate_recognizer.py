"""The API of Plate Recognizer's Snapshot, for clients that speak it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse

from lpr import __version__
from lpr.regions.region import match
from lpr.types import Box, Plate
from lpr_serve.auth import needs
from lpr_serve.reading import ReadingService
from lpr_serve.uploads import fields_of, picture_of

router = APIRouter(tags=["Plate Recognizer"], dependencies=[Depends(needs("read"))])
_CALLS = 10**9  # There is no quota; clients want a number
_CANDIDATES = 10


@router.post("/v1/plate-reader", status_code=201, include_in_schema=False)
@router.post("/v1/plate-reader/", status_code=201)
async def plate_reader(request: Request) -> JSONResponse:
    """Read the plates of a picture: the field ``upload`` is a file or base64 text.

    ``regions``, ``camera_id``, ``timestamp`` and ``config`` (``region``, ``threshold_d``,
    ``threshold_o``) are those of Plate Recognizer. ``upload_url`` is refused.
    """
    config = request.app.state.config
    service: ReadingService = request.app.state.reading
    fields = await fields_of(request, config.max_upload)
    if "upload" not in fields:
        reason = "upload_url is not fetched here" if "upload_url" in fields else "it is missing"
        raise HTTPException(400, f"send the picture in the field upload: {reason}")
    image, name = await picture_of(fields["upload"][0], config.max_upload, config.max_pixels)
    answer = await service.read(image)
    regions, settings = _regions(fields.get("regions", [])), _settings(fields.get("config"))
    results = [
        _result(plate, regions, service)
        for plate in answer.plates
        if plate.text and _counts(plate, regions, settings, service)
    ]
    stamp = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    body = {
        "processing_time": round(answer.seconds * 1000, 3),
        "results": results,
        "filename": name or "upload.jpg",
        "version": 1,
        "camera_id": _first(fields, "camera_id"),
        "timestamp": _first(fields, "timestamp") or stamp,
        "usage": {"calls": service.calls, "max_calls": _CALLS},
    }
    return JSONResponse(body, 201)


@router.get("/v1/statistics", include_in_schema=False)
@router.get("/v1/statistics/")
def statistics(request: Request) -> dict[str, Any]:
    """How many pictures were read; there is no quota."""
    now = datetime.now(timezone.utc)
    calls = request.app.state.reading.calls
    usage = {"calls": calls, "month": now.month, "year": now.year, "resets_on": None}
    return {"total_calls": _CALLS, "usage": usage}


@router.get("/info", include_in_schema=False)
@router.get("/info/")
def info() -> dict[str, Any]:
    """The program and its version."""
    return {"version": __version__, "license_key": None, "total_calls": _CALLS, "product": "lpr"}


def _first(fields: dict[str, list[Any]], name: str) -> Any:
    return next(iter(fields.get(name, [])), None)


def _regions(values: list[Any]) -> list[str]:
    """The codes of ``regions``, which clients also send as ``["tw"]`` or ``None`` in a text."""
    codes: list[str] = []
    for value in values:
        try:
            parsed = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            parsed = value
        texts = parsed if isinstance(parsed, list) else [parsed]
        codes += [text.strip().lower() for text in texts if isinstance(text, str) and text.strip()]
    return [code for code in codes if code != "none"]


def _settings(values: list[Any] | None) -> dict[str, Any]:
    if not values:
        return {}
    try:
        settings = json.loads(values[0]) if isinstance(values[0], str) else values[0]
    except ValueError as error:
        raise HTTPException(400, "the field config is not JSON") from error
    if not isinstance(settings, dict):
        raise HTTPException(400, "the field config has to be a JSON object")
    for name in ("threshold_d", "threshold_o"):
        value = settings.get(name, 0.0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise HTTPException(400, f"{name} has to be a number")
    return settings


def _counts(
    plate: Plate, regions: list[str], settings: dict[str, Any], service: ReadingService
) -> bool:
    if plate.detection.confidence < settings.get("threshold_d", 0.0):
        return False
    if plate.confidence < settings.get("threshold_o", 0.0):
        return False
    strict = settings.get("region") == "strict" and regions
    return not strict or _region(plate, regions, service) in regions


def _region(plate: Plate, regions: list[str], service: ReadingService) -> str:
    """The code of the plate's region, one of ``regions`` if the text fits several."""
    known = service.readers[0].regions
    hinted = [region for region in known if region.code in regions]
    found = match(plate.text, hinted, plate.reading.gaps) if hinted else None
    return found.region.code if found is not None else plate.region or ""


def _result(plate: Plate, regions: list[str], service: ReadingService) -> dict[str, Any]:
    appearance = plate.reading.appearance
    others = [(a.text, a.confidence) for a in plate.reading.alternatives if a.text != plate.text]
    candidates = [(plate.text, plate.confidence), *others][:_CANDIDATES]
    box = _box(plate.box)
    return {
        "box": box,
        "plate": plate.text.lower(),
        "region": {
            "code": _region(plate, regions, service),
            "score": round(float(appearance.region_confidence), 3) if appearance else 0.0,
        },
        "score": round(float(plate.confidence), 3),
        "candidates": [
            {"score": round(float(score), 3), "plate": text.lower()} for text, score in candidates
        ],
        "dscore": round(float(plate.detection.confidence), 3),
        "vehicle": {"score": 0.0, "type": _vehicle(plate), "box": box},
    }


def _vehicle(plate: Plate) -> str:
    """The kind of vehicle that the format tells, in Plate Recognizer's words."""
    return {"motorcycle": "Motorcycle", "bus": "Bus"}.get(plate.kind or "", "Unknown")


def _box(box: Box) -> dict[str, int]:
    values = (round(value) for value in box)
    return dict(zip(("xmin", "ymin", "xmax", "ymax"), values, strict=True))
