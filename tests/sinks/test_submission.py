from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import PurePath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lpr.sinks.csv import SubmissionSink
from lpr.types import Reading
from lpr.utils.text import visible
from tests.sinks.sample import frame, plate


def test_every_picture_has_a_row() -> None:
    stream = io.StringIO()
    with SubmissionSink(stream) as sink:
        sink.frame(frame("photos/a.b.jpg", 0, None), [plate("ABC1234", None)])
        sink.frame(frame("photos/none.jpg", 0, None), [])
        sink.frame(frame("photos/empty.jpg", 0, None), [plate("", None)])
        sink.error("photos/broken.jpg", "broken")
        sink.frame(frame('a,"b.jpg', 0, None), [plate("X1", None)])
    assert stream.getvalue() == (
        'ID,Number\na.b,ABC1234\nnone,unknown\nempty,unknown\nbroken,unknown\n"a,""b",X1\n'
    )


def test_a_videos_frames_are_numbered() -> None:
    stream = io.StringIO()
    with SubmissionSink(stream) as sink:
        for index in range(2):
            sink.frame(frame("street.mp4", index, 0.1 * index), [plate("ABC1234", None)])
        sink.error("street.mp4", "ends too early")
    assert stream.getvalue() == "ID,Number\nstreet-0,ABC1234\nstreet-1,ABC1234\n"


def test_a_video_that_gives_no_frame_has_a_row() -> None:
    stream = io.StringIO()
    with SubmissionSink(stream) as sink:
        sink.error("street.mp4", "damaged")
    assert stream.getvalue() == "ID,Number\nstreet,unknown\n"


def test_of_several_plates_the_one_that_is_read_counts() -> None:
    stream = io.StringIO()
    with SubmissionSink(stream) as sink:
        unreadable = replace(plate(), reading=Reading("", 1.0))
        sink.frame(frame("a.jpg", 0, None), [unreadable, plate("ABC1234", None)])
    assert stream.getvalue() == "ID,Number\na,ABC1234\n"


@given(st.text())
@example("a\rb.jpg")
def test_any_name_comes_back(name: str) -> None:
    stream = io.StringIO()
    with SubmissionSink(stream) as sink:
        sink.frame(frame(name, 0, None), [plate()])
    _, row = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    stem = visible(PurePath(name).stem, keep="\n\t")
    assert row in ([stem, "ABC1234"], [f"'{stem}", "ABC1234"])


@pytest.mark.parametrize(
    ("name", "identity"),
    [("=1+1.jpg", "'=1+1"), ("-2+3.jpg", "'-2+3"), ("-abc_1.jpg", "-abc_1"), ("@x.jpg", "@x")],
)
def test_a_name_is_no_formula_and_changes_only_if_it_could_be_one(name: str, identity: str) -> None:
    stream = io.StringIO()
    with SubmissionSink(stream) as sink:
        sink.frame(frame(name, 0, None), [plate()])
    assert stream.getvalue() == f"ID,Number\n{identity},ABC1234\n"
