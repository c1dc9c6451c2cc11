from __future__ import annotations

import io

import pytest

from lpr.sinks.table import TableSink
from lpr.types import Frame, Plate, Timing
from tests.sinks.sample import frame, plate


def written(*calls: tuple[Frame, list[Plate], Timing | None]) -> list[str]:
    stream = io.StringIO()
    with TableSink(stream) as sink:
        for call in calls:
            sink.frame(*call)
    return stream.getvalue().splitlines()


def test_plates_stand_below_their_headings() -> None:
    head, first, second = written((frame(), [plate(), plate("X9", None)], None))
    for heading, value in (("plate", "ABC-1234"), ("region", "tw"), ("box", "10 20 50 31")):
        assert first.index(value) == head.index(heading)
    for heading, value in (("read", "0.99"), ("found", "0.94"), ("time", "0:00.40")):
        assert first.index(value) + len(value) == head.index(heading) + len(heading)
    assert first.index("street.mp4") == second.index("street.mp4") == head.index("source")
    assert second.startswith("X9 ")


def test_a_picture_without_a_plate_is_shown_a_frame_without_one_is_not() -> None:
    lines = written((frame("a.jpg", 0, None), [], None), (frame(), [], None))
    assert len(lines) == 2
    assert lines[1].startswith("- ")
    assert lines[1].endswith(" a.jpg")


def test_a_plate_without_a_text_is_shown() -> None:
    assert written((frame(), [plate("", None)], None))[1].startswith("(unreadable)")


def test_timings_are_shown_where_they_are_given() -> None:
    assert written((frame(), [plate()], Timing(12.345, {})))[1].endswith("street.mp4  (12.3 ms)")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0, "0:00.00"),
        (59.999, "1:00.00"),
        (61.5, "1:01.50"),
        (3600.0, "1:00:00.00"),
        (7325.25, "2:02:05.25"),
    ],
)
def test_times(seconds: float, shown: str) -> None:
    assert f" {shown}  street" in written((frame(time=seconds), [plate()], None))[1]


def test_lines_come_as_results_do() -> None:
    stream = io.StringIO()
    sink = TableSink(stream)
    sink.frame(frame(), [plate()])
    before = stream.getvalue()
    assert before.count("\n") == 2
    sink.frame(frame(), [plate()])
    assert stream.getvalue() == before + before.splitlines(keepends=True)[1]


def test_names_neither_break_lines_nor_command_the_terminal() -> None:
    lines = written((frame("車\n\x1b[2J.mp4"), [plate()], None))
    assert len(lines) == 2
    assert lines[1].endswith(r"車\n\x1b[2J.mp4")
