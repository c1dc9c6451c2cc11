"""Records read back: what is written is read as the same records."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lpr
from lpr.records import ErrorRecord, FrameRecord, Record
from lpr.sightings import utc
from lpr.types import Alternative, Appearance, Box, Character, Detection, Plate, Reading, Timing
from tests.cli.run import SAMPLES
from tests.cli.run import lpr as command
from tests.properties import examples

shares = st.floats(0, 1)
pixels = st.floats(-50, 5000)
texts = st.text("ABCXYZ0189", max_size=9)
names = st.text(max_size=12)
points = st.tuples(pixels, pixels)
moments = st.floats(0, 4e9)  # to the year 2096
boxes = st.builds(Box, pixels, pixels, pixels, pixels)
detections = st.builds(Detection, boxes, st.tuples(points, points, points, points), shares)
readings = st.builds(
    Reading,
    texts,
    shares,
    st.lists(st.builds(Character, st.sampled_from("AB12"), shares), max_size=3).map(tuple),
    st.lists(st.builds(Alternative, texts, shares), max_size=2).map(tuple),
    appearance=st.none()
    | st.builds(
        Appearance,
        st.sampled_from(["white", "green"]),
        st.just("black"),
        st.sampled_from([1, 2]),
        st.just("tw"),
        shares,
    ),
    cut=st.sampled_from([(), ("left",), ("top", "right")]),
)
plates = st.builds(
    Plate,
    detections,
    readings,
    st.none() | names,
    st.none() | st.just("tw"),
    st.none() | st.just("car"),
    st.booleans(),
    st.sampled_from([(), ("format",), ("cut", "confidence")]),
)
counts = st.integers(0, 10_000)
times = st.builds(lpr.FrameTime, counts, st.floats(0, 1e6), st.none() | moments)
observations = st.builds(
    lpr.Observation,
    times,
    detections,
    readings,
    st.just(np.zeros((1, 1, 3), np.uint8)),
    st.tuples(counts, counts),
)
sightings = st.builds(
    lpr.Sighting,
    *(counts, st.sampled_from(["final", "early", "withdrawn"]), names, names, plates),
    *(times, times, counts, counts, counts, st.sampled_from(["towards", "still"])),
    st.lists(st.tuples(st.floats(0, 1e6), boxes), max_size=3).map(tuple),
    observations,
)
gaps = st.builds(lpr.Gap, names, names, moments, st.none() | moments, names, counts)
timings = st.none() | st.builds(Timing, st.floats(0, 1e4), st.just({"detector": 1.5}))
frames = st.builds(
    FrameRecord,
    *(names, counts, st.none() | st.floats(0, 1e6), counts, counts),
    st.lists(plates, max_size=2).map(tuple),
    timings,
)
errors = st.builds(ErrorRecord, names, names, st.none() | names)


@examples(100)
@given(plates | frames | sightings | gaps | errors)
def test_what_is_read_back_gives_the_same_record(thing: Any) -> None:
    record = json.loads(json.dumps(thing.as_dict()))
    again = type(thing).from_dict(record)
    if isinstance(thing, lpr.Gap):  # the seconds between rounded times may differ by a rounding
        assert again.as_dict() | {"seconds": 0} == record | {"seconds": 0}
        if again.until is not None:
            assert again.as_dict()["seconds"] == pytest.approx(record["seconds"], abs=0.0021)
        return
    assert json.loads(json.dumps(again.as_dict(), allow_nan=False)) == record
    if not isinstance(thing, lpr.Sighting):  # which has pixels
        assert type(again).from_dict(again.as_dict()) == again


def test_times_of_day_are_read_to_the_millisecond() -> None:
    time = lpr.FrameTime.from_dict({"frame": 1, "time": 2.5, "utc": "2026-05-01T06:30:27.067Z"})
    assert utc(time.clock) == "2026-05-01T06:30:27.067Z"


def test_the_files_of_both_commands(tmp_path: Path) -> None:
    detected, watched = tmp_path / "plates.jsonl", tmp_path / "sightings.jsonl"
    command("detect", SAMPLES / "car.jpg", tmp_path / "none.jpg", "--output", detected, "--timings")
    command("watch", SAMPLES / "street.mp4", "--output", watched, "--evidence", tmp_path / "ev")
    kinds = [(type(record).__name__, record.source) for record in lpr.read_records(detected)]
    assert kinds == [
        ("FrameRecord", str(SAMPLES / "car.jpg")),
        ("ErrorRecord", str(tmp_path / "none.jpg")),
    ]
    seen = list(lpr.read_records(watched))
    assert len(seen) == 3
    for record, line in zip(seen, watched.read_text().splitlines(), strict=True):
        assert isinstance(record, lpr.Sighting)
        assert json.loads(line).items() >= record.as_dict().items()
        assert record.best.crop.size == 0
        assert math.isnan(record.plate.detection.confidence)


def read(text: str, path: Path) -> list[Record]:
    path.write_text(text, encoding="utf-8")
    return list(lpr.read_records(path))


FRAME = json.dumps(FrameRecord("a.jpg", 0, None, 4, 3, ()).as_dict()) + "\n"


def test_unknown_keys_and_types_are_passed_over(tmp_path: Path) -> None:
    later = '{"schema": 1, "type": "weather", "rain": true}\n\n{"schema": 1, "type": []}\n'
    (record,) = read(
        later + FRAME.replace('"frame": 0', '"lens": "wide", "frame": 0'), tmp_path / "r"
    )
    assert record == FrameRecord("a.jpg", 0, None, 4, 3, ())


def test_keys_that_came_later_have_defaults() -> None:
    record = Plate(
        Detection(Box(0, 0, 1, 1), Box(0, 0, 1, 1).quad, 0.5), Reading("A1", 0.5)
    ).as_dict()
    for key in ("display_guessed", "cut", "doubts"):
        del record[key]
    assert Plate.from_dict(record).doubts == ()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (FRAME[:40], "line 2: this is no record, or one that was cut short"),
        ("source,frame,time\n", "line 2: this is no record"),
        ("[1]\n", "line 2: this is no record"),
        ('{"schema": 2, "type": "frame"}\n', "line 2: schema 2 is not read here, only 1"),
        ('{"schema": 1, "type": "frame"}\n', "line 2: the record of a frame is incomplete"),
        ('{"schema": 1, "type": "gap", "since": 5}\n', "line 2: the record of a gap is incomplete"),
        ('{"schema": 1}\n', "line 2: this is no record"),
    ],
)
def test_what_is_no_record_is_named_after_those_before(
    tmp_path: Path, line: str, words: str
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(FRAME + line, encoding="utf-8")
    records = lpr.read_records(path)
    assert isinstance(next(records), FrameRecord)
    with pytest.raises(lpr.SourceError, match=words) as error:
        next(records)
    assert str(path) in str(error.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(lpr.SourceError, match=r"none.jsonl: cannot be read: No such file"):
        next(lpr.read_records(tmp_path / "none.jsonl"))
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(lpr.SourceError, match="not UTF-8"):
        next(lpr.read_records(tmp_path / "b.jsonl"))
