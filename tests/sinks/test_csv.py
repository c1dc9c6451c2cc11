from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.sinks.csv import COLUMNS, CsvSink
from lpr.types import Box, Detection, Frame, Plate, Timing
from lpr.utils.text import visible
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


def source_of(text: str) -> str:
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    return row["source"]


@given(st.text())
def test_any_name_comes_back(name: str) -> None:
    expected = visible(name, keep="\n\t")
    given = source_of(written((frame(name), [plate()], None)))
    assert given in (expected, f"'{expected}")
    assert not (set(given) & {"\x1b", "\x9b", "\r", "\0", "\x07"})


@pytest.mark.parametrize(
    "name",
    [
        "=1+1.jpg", "+1.jpg", "-2+3.jpg", "@SUM(1).jpg", "=cmd|' /C calc'!A0.jpg", "\t=1.jpg",
        "\n=1.jpg", "\uff1d1+1.jpg", '=HYPERLINK("http://a.b","x").jpg',
    ],
)  # fmt: skip
def test_no_name_is_a_formula_for_a_spreadsheet(name: str) -> None:
    assert source_of(written((frame(name), [plate()], None))) == f"'{name}"


def test_names_that_only_hold_such_characters_stay_as_they_are() -> None:
    for name in ("a=b.jpg", "a-b.jpg", "x@y.jpg", "'a.jpg", "two,\n lines.jpg", "\u8eca.jpg"):
        assert source_of(written((frame(name), [plate()], None))) == name


def test_a_negative_coordinate_stays_a_number() -> None:
    beyond = replace(plate(), detection=Detection(Box(-3.5, 1, 9, 9), Box(-3.5, 1, 9, 9).quad, 0.9))
    assert ",-3.5,1," in written((frame(), [beyond], None))


def test_terminal_escapes_become_visible() -> None:
    assert source_of(written((frame("a\x1b[2J\x9b2J.jpg"), [plate()], None))) == (
        "a\\x1b[2J\\x9b2J.jpg"
    )


def test_the_documentation_names_every_column_in_order() -> None:
    section = (
        OUTPUT_MD.read_text(encoding="utf-8").split("## CSV")[1].split("`lpr watch` writes")[0]
    )
    named = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert tuple(",".join(named).replace("`", "").replace(" ", "").split(",")) == COLUMNS
