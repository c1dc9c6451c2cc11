from __future__ import annotations

import csv
import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lpr.sinks.csv import COLUMNS, CsvSink
from lpr.types import Frame, Plate, Timing
from tests.sinks.sample import frame, plate

OUTPUT_MD = Path(__file__).resolve().parents[2] / "docs" / "output.md"


def written(*calls: tuple[Frame, list[Plate], Timing | None]) -> str:
    stream = io.StringIO()
    with CsvSink(stream) as sink:
        for call in calls:
            sink.frame(*call)
        sink.error("a.jpg", "a.jpg: no such file")
    return stream.getvalue()


def test_one_row_for_each_plate_to_the_letter() -> None:
    two = [plate(), plate("X", None)]
    picture = frame("a.jpg", 0, None)
    assert written((frame(), two, None), (frame(), [], None), (picture, two, Timing(1.5, {}))) == (
        "source,frame,time,text,display,region,confidence,detection_confidence,x0,y0,x1,y1,ms,cut,doubts\n"
        "street.mp4,12,0.4,ABC1234,ABC-1234,tw,0.9877,0.9432,10.0,20.1,50,31,,,\n"
        "street.mp4,12,0.4,X,,,0.9877,0.9432,10.0,20.1,50,31,,,\n"
        "a.jpg,0,,ABC1234,ABC-1234,tw,0.9877,0.9432,10.0,20.1,50,31,1.5,,\n"
        "a.jpg,0,,X,,,0.9877,0.9432,10.0,20.1,50,31,1.5,,\n"
    )


def test_without_plates_there_is_still_a_header() -> None:
    assert written() == ",".join(COLUMNS) + "\n"


@given(st.text().filter(lambda s: "\0" not in s))
def test_any_name_comes_back(name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(written((frame(name), [plate()], None)), newline="")))
    assert [row["source"] for row in rows] == [name]


def test_the_documentation_names_every_column_in_order() -> None:
    section = OUTPUT_MD.read_text(encoding="utf-8").split("## CSV")[1].split("\n## ")[0]
    named = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert tuple(",".join(named).replace("`", "").replace(" ", "").split(",")) == COLUMNS
