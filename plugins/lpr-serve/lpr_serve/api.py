"""lpr's own API, ``/api/v1``: pictures, sightings, plates, exports, events."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response, StreamingResponse

from lpr_serve.auth import needs
from lpr_serve.reading import ReadingService
from lpr_serve.uploads import fields_of, picture_of
from lpr_store.query import MAX_LIMIT
from lpr_store.query import Query as StoreQuery
from lpr_store.store import Page, Store, StoredSighting
from lpr_store.transfer import write_csv, write_jsonl

router = APIRouter(prefix="/api/v1", tags=["lpr"])
Reads = Annotated[str, Depends(needs("read"))]
Writes = Annotated[str, Depends(needs("write"))]
_POLL = 0.25  # Seconds between looks at the store for new sightings
_KEEP_ALIVE = 15.0  # Seconds after which a silent stream says that it lives


@router.post("/read")
async def read(request: Request, who: Reads) -> dict[str, Any]:
    """The plates of each picture in the field ``upload``: one file, several, or base64 text."""
    config = request.app.state.config
    service: ReadingService = request.app.state.reading
    fields = await fields_of(request, config.max_upload)
    uploads = fields.get("upload", [])
    if not uploads:
        raise HTTPException(400, "send pictures in the field upload")
    results = []
    for upload in uploads:
        image, name = await picture_of(upload, config.max_upload, config.max_pixels)
        answer = await service.read(image)
        results.append(
            {
                "file": name or None,
                "width": answer.width,
                "height": answer.height,
                "ms": round(answer.seconds * 1000, 3),
                "plates": [plate.as_dict() for plate in answer.plates],
            }
        )
    return {"results": results}


def query_of(
    text: str = "",
    similar: bool = False,
    since: Annotated[int | None, Query(description="ms since 1970")] = None,
    until: Annotated[int | None, Query(description="ms since 1970")] = None,
    camera: str | None = None,
    region: str | None = None,
    kind: str | None = None,
    min_confidence: Annotated[float, Query(ge=0, le=1)] = 0.0,
    order: Literal["newest", "oldest"] = "newest",
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 100,
    after: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> StoreQuery:
    """The query of a request's parameters."""
    bounds = (since, until)
    if any(value is not None and abs(value) >= 2**62 for value in bounds):
        raise HTTPException(422, "times are milliseconds since 1970")
    place = None
    if after is not None:
        try:
            first, _, id = after.partition("-")
            place = int(first), int(id)
        except ValueError as error:
            raise HTTPException(422, "after is the next of a page") from error
        if max(map(abs, place)) >= 2**62:
            raise HTTPException(422, "after is the next of a page")
    if "\0" in "".join(filter(None, (text, camera, region, kind))):
        raise HTTPException(422, "a text has a NUL in it")
    try:
        return StoreQuery(
            text, similar, since, until, camera, region, kind, min_confidence, order, limit, place
        )
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


Asked = Annotated[StoreQuery, Depends(query_of)]


@router.get("/sightings")
def sightings(request: Request, query: Asked, who: Reads) -> dict[str, Any]:
    """Sightings, the newest first. ``text`` may have ``*`` and ``?``; with ``similar``, texts one
    edit away are found too."""
    store = _store(request)
    page = store.find(query)
    if query.text:
        store.log(who, "find", json.dumps({"text": query.text}, ensure_ascii=False))
    return _page(page)


@router.get("/sightings/{id}")
def sighting(request: Request, id: int, who: Reads) -> dict[str, Any]:
    """One sighting with its whole record."""
    found = _store(request).get(id) if abs(id) < 2**62 else None
    if found is None:
        raise HTTPException(404, f"there is no sighting {id}")
    return {**_summary(found), "record": found.record}


@router.get("/sightings/{id}/{kind}.jpg")
def picture(request: Request, id: int, kind: Literal["frame", "plate"], who: Reads) -> Response:
    """The picture of a sighting's plate, or its frame."""
    store = _store(request)
    found = store.get(id) if abs(id) < 2**62 else None
    name = found and (found.frame_file if kind == "frame" else found.plate_file)
    if not name or store.pictures is None:
        raise HTTPException(404, f"sighting {id} has no picture of its {kind}")
    try:
        return Response(store.pictures.read(name), media_type="image/jpeg")
    except FileNotFoundError as error:
        raise HTTPException(404, f"sighting {id} has no picture of its {kind}") from error


@router.get("/plates")
def plates(
    request: Request,
    who: Reads,
    text: str = "",
    similar: bool = False,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 100,
) -> dict[str, Any]:
    """Plates, the last seen first, with the number of their sightings."""
    if "\0" in text:
        raise HTTPException(422, "a text has a NUL in it")
    try:
        found = _store(request).plates(text, limit, similar)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    keys = ("text", "sightings", "first", "last")
    return {"plates": [{key: getattr(each, key) for key in keys} for each in found]}


@router.delete("/plates/{text}")
def erase(request: Request, text: str, who: Writes) -> dict[str, Any]:
    """Erase a plate everywhere; the answer is the receipt."""
    try:
        receipt = _store(request).erase(text.replace("\0", ""), who)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    keys = ("time", "sightings", "pictures", "salt", "digest")
    return {key: getattr(receipt, key) for key in keys}


@router.get("/export.{format}")
def export(
    request: Request, format: Literal["jsonl", "csv"], query: Asked, who: Reads
) -> StreamingResponse:
    """All sightings that the parameters ask for, as JSON Lines or CSV."""
    store = _store(request)
    store.log(who, "export", format)
    media = "text/csv" if format == "csv" else "application/x-ndjson"
    return StreamingResponse(_exported(store, query, format), media_type=media)


def _exported(store: Store, query: StoreQuery, format: str) -> Iterator[str]:
    for number, each in enumerate(store.all(query)):
        text = io.StringIO()
        if format == "jsonl":
            write_jsonl([each], text)
            yield text.getvalue()
        else:
            write_csv([each], text)
            line = text.getvalue()
            yield line if number == 0 else line.partition("\n")[2]


@router.get("/events")
async def events(request: Request, who: Reads) -> StreamingResponse:
    """New and changed sightings as server-sent events; ``Last-Event-ID`` takes up where a
    connection broke."""
    given = request.headers.get("last-event-id", "")
    store = _store(request)
    after = int(given) if given.isdigit() and len(given) < 19 else None
    if after is None:
        after = await anyio.to_thread.run_sync(store.revision)
    stream = _events(request, store, after)
    return StreamingResponse(
        stream, media_type="text/event-stream", headers={"Cache-Control": "no-cache"}
    )


async def _events(request: Request, store: Store, after: int) -> AsyncIterator[str]:
    yield ": connected\n\n"
    silent = 0.0
    while not await request.is_disconnected() and not request.app.state.closing.is_set():
        changes = await anyio.to_thread.run_sync(store.changes, after)
        for after, each in changes:
            data = json.dumps(_summary(each), ensure_ascii=False)
            yield f"id: {after}\nevent: sighting\ndata: {data}\n\n"
            silent = 0.0
        if not changes:
            await asyncio.sleep(_POLL)
            silent += _POLL
            if silent >= _KEEP_ALIVE:
                yield ": still here\n\n"
                silent = 0.0


@router.get("/cameras")
def cameras(request: Request, who: Reads) -> dict[str, Any]:
    """The cameras of the configuration and how they are."""
    return {"cameras": request.app.state.cameras.states()}


@router.get("/audit")
def audit(
    request: Request, who: Writes, limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 100
) -> dict[str, Any]:
    """Who looked, exported and erased, the newest first."""
    keys = ("time", "who", "action", "about")
    found = _store(request).audited(limit)
    return {"entries": [{key: getattr(each, key) for key in keys} for each in found]}


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _page(page: Page) -> dict[str, Any]:
    next = None if page.next is None else "-".join(map(str, page.next))
    return {"sightings": [_summary(each) for each in page.sightings], "next": next}


def _summary(each: StoredSighting) -> dict[str, Any]:
    keys = (
        "id", "uid", "camera", "status", "text", "display", "region", "kind", "confidence",
        "direction", "first", "last", "received",
    )  # fmt: skip
    summary = {key: getattr(each, key) for key in keys}
    if each.distance is not None:
        summary["distance"] = each.distance
    for kind, name in (("frame", each.frame_file), ("plate", each.plate_file)):
        summary[kind] = f"/api/v1/sightings/{each.id}/{kind}.jpg" if name else None
    return summary
