"""JSON Lines are a contract: docs/output.md and docs/schema/record-1.json."""

from __future__ import annotations

import io
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.sinks.jsonl import JsonlSink
from lpr.types import Alternative, Box, Character, Detection, Frame, Plate, Reading, Timing
from tests.sinks.sample import frame, plate

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA = json.loads((DOCS / "schema" / "record-1.json").read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA)


def written(*calls: tuple[object, ...]) -> list[str]:
    """The lines that a sink writes for calls of frame (a Frame first) and error."""
    stream = io.StringIO()
    with JsonlSink(stream) as sink:
        for call in calls:
            (sink.frame if isinstance(call[0], Frame) else sink.error)(*call)  # type: ignore[arg-type]
    lines = stream.getvalue().split("\n")
    assert lines.pop() == ""
    return lines


def test_a_frame_to_the_letter() -> None:
    (line,) = written((frame(), [plate("A1", "A-1")]))
    assert line == (
        '{"schema": 1, "type": "frame", "source": "street.mp4", "frame": 12, "time": 0.4, '
        '"width": 64, "height": 48, "plates": [{"text": "A1", "display": "A-1", '
        '"display_guessed": false, "confidence": 0.9877, "box": [10.0, 20.1, 50, 31], '
        '"quad": [[10.0, 20.1], [50.0, 21.0], [49.5, 31.0], [10.5, 30.0]], '
        '"detection_confidence": 0.9432, "region": "tw", '
        '"kind": null, "ground": null, "ink": null, "lines": null, '
        '"characters": [{"char": "A", "confidence": 0.9877}, {"char": "1", "confidence": 0.9877}], '
        '"alternatives": [{"text": "ABC1Z34", "confidence": 0.2}], "cut": [], "doubts": []}]}'
    )


def test_a_picture_without_plates() -> None:
    (line,) = written((frame("a.jpg", 0, None), []))
    assert line == (
        '{"schema": 1, "type": "frame", "source": "a.jpg", "frame": 0, "time": null, '
        '"width": 64, "height": 48, "plates": []}'
    )


def test_an_error_to_the_letter() -> None:
    (line,) = written(("b.jpg", "b.jpg: no such file"))
    assert line == (
        '{"schema": 1, "type": "error", "source": "b.jpg", "message": "b.jpg: no such file"}'
    )


def test_the_timing_stands_last_and_only_where_it_is_given() -> None:
    timing = Timing(12.34567, {"letterbox": 0.12345, "detector": 9.0})
    with_timing, without = (
        json.loads(line) for line in written((frame(), [], timing), (frame(), []))
    )
    assert list(with_timing)[-2:] == ["ms", "stages"]
    assert with_timing["ms"] == 12.346
    assert with_timing["stages"] == {"letterbox": 0.123, "detector": 9.0}
    assert not {"ms", "stages"} & set(without)


def test_names_stay_readable() -> None:
    (line,) = written((frame("車牌 照片.jpg"), []))
    assert '"source": "車牌 照片.jpg"' in line


def test_a_terminal_obeys_no_name() -> None:
    name = "\x1b[2J\x9b2J\x7f\u202e\u2028.jpg"
    (text,) = written((frame(name), []))
    assert not set(text) & set("\x1b\x9b\x7f\u202e\u2028")
    assert json.loads(text)["source"] == name


def test_every_line_is_on_its_way_at_once(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        sink = JsonlSink(stream)
        for count in (1, 2):
            sink.frame(frame(), [])
            assert len(path.read_text(encoding="utf-8").splitlines()) == count


def test_what_is_not_a_number_is_refused() -> None:
    bad = Plate(Detection(Box(0, 0, 1, 1), Box(0, 0, 1, 1).quad, float("nan")), Reading("", 0))
    with pytest.raises(ValueError, match="JSON"):
        written((frame(), [bad]))


share = st.floats(0, 1)
pixel = st.floats(-1e4, 1e4)
text = st.text("ABCXYZ0189", max_size=9)
# File names hold any bytes but 0 and "/"; Python keeps those that are not UTF-8 as surrogates.
names = st.binary(min_size=1, max_size=20).map(lambda b: b.decode("utf-8", "surrogateescape"))


@st.composite
def plates(draw: st.DrawFn) -> Plate:
    box = Box(*(draw(pixel) for _ in range(4)))
    read = draw(text)
    reading = Reading(
        read,
        draw(share),
        tuple(Character(c, draw(share)) for c in read),
        tuple(Alternative(t, draw(share)) for t in draw(st.lists(text, max_size=2))),
    )
    display, region = (
        draw(st.one_of(st.none(), st.text(max_size=9))),
        draw(st.none() | st.just("tw")),
    )
    return Plate(Detection(box, box.quad, draw(share)), reading, display, region)


timings = st.builds(
    Timing, st.floats(0, 1e6), st.dictionaries(st.text(max_size=5), st.floats(0, 1e6), max_size=3)
)


@given(
    names,
    st.integers(0, 10**6),
    st.none() | st.floats(0, 1e6),
    st.lists(plates(), max_size=3),
    st.none() | timings,
)
def test_any_record_fits_the_schema_and_comes_back(
    name: str, index: int, time: float | None, found: list[Plate], timing: Timing | None
) -> None:
    picture = Frame(np.zeros((2, 3, 3), np.uint8), name, index, time)
    lines = written((picture, found, timing), (name, f"{name}: broken"))
    for line in lines:
        line.encode("utf-8")
        VALID.validate(json.loads(line))
    record, error = map(json.loads, lines)
    assert record["source"] == error["source"] == name
    assert [p["text"] for p in record["plates"]] == [p.text for p in found]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema", 2),
        ("type", "plate"),
        ("frame", -1),
        ("time", "0"),
        ("plates", None),
        ("width", 0),
    ],
)
def test_the_schema_refuses_what_breaks_the_contract(key: str, value: object) -> None:
    record = json.loads(written((frame(), [plate()]))[0])
    VALID.validate(record)
    with pytest.raises(jsonschema.ValidationError):
        VALID.validate({**record, key: value})


def test_the_documentation_shows_what_is_written() -> None:
    examples = [
        json.loads(line)
        for line in (DOCS / "output.md").read_text(encoding="utf-8").splitlines()
        if line.startswith('{"schema"')
    ]
    ours = [json.loads(line) for line in written((frame(), [plate()]), ("a", "a: broken"))]
    for example in examples:
        VALID.validate(example)
    assert {example["type"] for example in examples} == {"frame", "error", "sighting", "gap"}
    for example, our in zip(examples, ours, strict=False):
        assert list(example) == list(our)
    assert list(examples[0]["plates"][0]) == list(ours[0]["plates"][0])
