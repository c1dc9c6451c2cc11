"""The requirements of a destination of sightings (``lpr watch --to``)."""

from __future__ import annotations

import contextlib
import io
import re
import uuid
from dataclasses import replace
from urllib.parse import unquote

import cv2
import numpy as np

from lpr.protocols import Destination, Publisher
from lpr.sightings import FrameTime, Gap, Observation, Sighting, Status
from lpr.testing.runtimes import problem_in
from lpr.testing.samples import noise
from lpr.types import Box, Detection, Plate, Reading
from lpr.utils.bounded import call_bounded
from lpr.utils.closing import close_with_timeout

_PATIENCE = 30.0  # Seconds for one event


def check_destination_traits(destination: Destination) -> None:
    """Check a destination's name, schemes and ``problem()``, without opening it."""
    assert isinstance(destination, Destination), f"{destination!r} is no Destination"
    assert destination.schemes, f"{destination.name} has no schemes"
    for scheme in destination.schemes:
        assert re.fullmatch("[a-z][a-z0-9+.-]*", scheme), f"the scheme {scheme!r} is no scheme"
    problem_in(destination)


def check_destination(destination: Destination, address: str) -> None:
    """Check a destination with a place at ``address``, which gets three sightings and a gap.

    Events must be taken within 30 s, the same sighting again, an early one before its final one and
    one that is withdrawn. Nothing may be printed, no message may show the address's password, and
    closing must end.
    """
    check_destination_traits(destination)
    messages: list[str] = []
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        publisher = call_bounded(
            "open", _PATIENCE, lambda: destination.open(address, messages.append)
        )
        assert isinstance(publisher, Publisher), f"open returned {publisher!r}, no Publisher"
        try:
            _deliver_all(publisher)
        finally:
            close_with_timeout("close", publisher.close)
    assert not printed.getvalue(), "it printed to standard output, where the records are"
    if secret := _password(address):
        assert not any(secret in message for message in messages), "a message shows the password"


def _deliver_all(publisher: Publisher) -> None:
    picture = cv2.imencode(".jpg", noise(24, 64))[1].tobytes()
    lives: tuple[tuple[Status, Status], ...] = (
        ("final", "final"), ("early", "confirmed"), ("early", "withdrawn")
    )  # fmt: skip
    for number, statuses in enumerate(lives):
        uid = uuid.uuid4().hex
        for status in statuses:
            record = replace(_sighting(number), status=status).as_dict()
            call_bounded(
                f"sighting with the status {status}",
                _PATIENCE,
                lambda uid=uid, record=record: publisher.sighting(  # type: ignore[misc]
                    uid, record, {"plate": picture, "frame": picture}
                ),
            )
    gap = Gap("gate", "rtsp://camera/...", 1_777_617_000.0, None, "timed out", 0)
    call_bounded("gap", _PATIENCE, lambda: publisher.gap(gap.as_dict()))


def _sighting(number: int) -> Sighting:
    box = Box(10, 20, 74, 44)
    reading = Reading("ABC1234", 0.98)
    plate = Plate(Detection(box, box.quad, 0.9), reading, "ABC-1234", "tw", "car")
    moment = FrameTime(number, number / 25, 1_777_617_000.0 + number)
    view = Observation(
        moment, plate.detection, reading, np.zeros((24, 64, 3), np.uint8), (640, 480)
    )
    return Sighting(
        number, "final", "gate", "rtsp://camera/...", plate, moment, moment, 3, 2, 2, "towards",
        ((number / 25, box),), view,
    )  # fmt: skip


def _password(address: str) -> str:
    login, at, _ = address.partition("//")[2].partition("@")
    return unquote(login.partition(":")[2]) if at else ""
