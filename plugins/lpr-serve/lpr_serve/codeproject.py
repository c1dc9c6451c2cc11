"""The API of CodeProject.AI's plate reader, for Blue Iris, Agent DVR and Viseron.

As there, an error is an answer with ``success`` false and status 200.
"""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request

from lpr.types import Plate
from lpr_serve.auth import needs
from lpr_serve.reading import BusyError, ReadingService
from lpr_serve.uploads import fields_of, picture_of

router = APIRouter(tags=["CodeProject.AI"], dependencies=[Depends(needs("read"))])
_CUSTOM = "license-plate"


@router.get("/v1/status/ping")
def ping() -> dict[str, Any]:
    """Whether the server is there."""
    return {"success": True}


@router.post("/v1/vision/custom/list")
def custom_models() -> dict[str, Any]:
    """The names under which plates can be detected."""
    return {"success": True, "models": [_CUSTOM]}


@router.post("/v1/image/alpr", include_in_schema=False)
@router.post("/v1/vision/alpr")
async def alpr(request: Request) -> dict[str, Any]:
    """Read the plates of the file in the field ``upload``; ``min_confidence`` leaves some out."""
    return await _predictions(request, _read_plate, "alpr")


@router.post("/v1/vision/detection")
@router.post(f"/v1/vision/custom/{_CUSTOM}")
async def detection(request: Request) -> dict[str, Any]:
    """Find plates; ``label`` is ``license-plate``."""
    return await _predictions(request, _found_plate, "detect")


async def _predictions(request: Request, predict: Any, command: str) -> dict[str, Any]:
    config = request.app.state.config
    service: ReadingService = request.app.state.reading
    began = time.perf_counter()
    try:
        fields = await fields_of(request, config.max_upload)
        values = fields.get("upload") or fields.get("image")
        if not values:
            raise HTTPException(400, "the field upload is missing")
        least = _least(fields.get("min_confidence", ["0"])[0])
        image, _ = await picture_of(values[0], config.max_upload, config.max_pixels)
        answer = await service.read(image)
    except HTTPException as error:
        return {"success": False, "error": str(error.detail), "code": error.status_code}
    except BusyError as error:
        return {"success": False, "error": str(error), "code": 429}
    found = [predict(plate) for plate in answer.plates if plate.text]
    found = [each for each in found if each["confidence"] >= least]
    took = round((time.perf_counter() - began) * 1000)
    texts = ", ".join(each["plate"] for each in found if "plate" in each)
    return {
        "success": True,
        "processMs": took,
        "inferenceMs": round(answer.seconds * 1000),
        "message": f"Found Plate: {texts}" if texts else "No plates found",
        "predictions": found,
        "count": len(found),
        "command": command,
        "moduleId": "ALPR",
        "moduleName": "License Plate Reader",
        "executionProvider": service.readers[0].device.upper(),
        "canUseGPU": service.readers[0].device == "cuda",
        "code": 200,
        "timestampUTC": datetime.now(timezone.utc).isoformat(),
        "processedBy": "localhost",
        "analysisRoundTripMs": took,
    }


def _least(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise HTTPException(400, "min_confidence has to be a number") from error


def _read_plate(plate: Plate) -> dict[str, Any]:
    confidence = round(float(plate.confidence), 4)
    label = f"Plate: {plate.text}"
    return {"confidence": confidence, "label": label, "plate": plate.text, **_corners(plate)}


def _found_plate(plate: Plate) -> dict[str, Any]:
    confidence = round(float(plate.detection.confidence), 4)
    return {"confidence": confidence, "label": _CUSTOM, **_corners(plate)}


def _corners(plate: Plate) -> dict[str, int]:
    names = ("x_min", "y_min", "x_max", "y_max")
    return dict(zip(names, (round(value) for value in plate.box), strict=True))
