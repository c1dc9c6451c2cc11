"""Calls of code that may hang."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest

from lpr.errors import PluginError, StuckError
from lpr.recognition import validation
from lpr.types import Crop, Reading
from lpr.utils import bounded
from lpr.utils.bounded import call_bounded, stopped_by


def test_a_call_gives_its_result_and_its_errors_in_its_context() -> None:
    assert call_bounded("x", 10, lambda: 7) == 7
    with pytest.raises(KeyError, match="seven"):
        call_bounded("x", 10, lambda: {}["seven"])  # type: ignore[misc]
    with pytest.raises(GeneratorExit):
        call_bounded("x", 10, lambda: (_ for _ in ()).throw(GeneratorExit))


def test_a_call_that_hangs_is_named_and_its_object_not_tried_again() -> None:
    owner = object()
    with pytest.raises(StuckError, match="reader x did not return in time"):
        call_bounded("reader x", 0.05, threading.Event().wait, owner)
    with pytest.raises(StuckError, match="reader x still hangs in an earlier call"):
        call_bounded("reader x", 60, lambda: 7, owner)
    assert call_bounded("reader y", 60, lambda: 7, object()) == 7


def test_after_a_stop_a_call_has_less_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "CLOSE_TIMEOUT", 0.05)
    stop = threading.Event()
    stop.set()
    with stopped_by(stop), pytest.raises(StuckError):
        call_bounded("x", 600, threading.Event().wait)


def test_threads_are_used_again_and_serve_several_callers() -> None:
    before = threading.active_count()
    for number in range(50):
        assert call_bounded("x", 10, lambda n=number: n) == number  # type: ignore[misc]
    assert threading.active_count() <= before + 1
    results: list[int] = []
    callers = [
        threading.Thread(
            target=lambda n=n: results.append(  # type: ignore[misc]
                call_bounded("x", 10, lambda: (time.sleep(0.01), n)[1])
            )
        )
        for n in range(8)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sorted(results) == list(range(8))


def test_a_recognizer_that_hangs_costs_one_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hangs:
        def read(self, crops: Sequence[Crop]) -> list[Reading]:
            threading.Event().wait()
            return []

        def close(self) -> None: ...

    monkeypatch.setattr(validation, "batch_timeout", lambda count: 0.05)
    crops, recognizer = [Crop.whole(np.zeros((8, 8, 3), np.uint8))], Hangs()
    for words in ("recognizer x did not return in time", "recognizer x still hangs"):
        with pytest.raises(PluginError, match=words):
            validation.read_checked("recognizer x", recognizer, crops)


def test_lprs_own_objects_are_called_directly() -> None:
    from lpr.recognition.ctc_reader import CtcReader

    assert not bounded.is_third_party(CtcReader.__new__(CtcReader))
    assert bounded.is_third_party(SimpleNamespace())
