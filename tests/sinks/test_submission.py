from __future__ import annotations

import io

from lpr.sinks.submission import SubmissionSink
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
