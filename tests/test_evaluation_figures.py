from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.evaluate import Outcome, Report, compare, render_html
from lpr.evaluate.breakdown import by_format, by_size, confusions
from lpr.evaluate.curves import (
    BINS,
    average_precision,
    bins,
    expected_error,
    of_characters,
    of_plates,
    recall_precision,
    risk_coverage,
)
from lpr.evaluate.intervals import mcnemar, wilson
from lpr.labels import LabelledPicture, LabelledPlate
from lpr.regions.taiwan import TAIWAN
from lpr.types import Box, Character, Detection, Plate, Reading
from lpr.utils.text import aligned, edit_distance
from tests.cli.run import lpr

texts = st.text("AB12", max_size=7)


def plate(box: Box, text: str, confidence: float, place: float = 0.9) -> Plate:
    characters = tuple(Character(char, confidence) for char in text)
    return Plate(Detection(box, box.quad, place), Reading(text, confidence, characters))


def box(number: int, width: float = 30) -> Box:
    return Box(100 * number, 10, 100 * number + width, 25)


def outcome(
    labelled: list[str | None], outputs: list[Plate], path: Path = Path("a.png")
) -> Outcome:
    plates = tuple(LabelledPlate(box(n), text) for n, text in enumerate(labelled))
    return Outcome.of(LabelledPicture(path, plates), outputs)


MIXED = outcome(
    ["ABC1234", "XYZ9876", None],
    [
        plate(box(0), "ABC1234", 0.99, 0.95),
        plate(box(1), "XYZ9B76", 0.7, 0.8),
        plate(box(2), "QQ1111", 0.6, 0.7),
        plate(box(7), "TAXI", 0.4, 0.6),
    ],
)


@given(texts, texts)
def test_an_alignment_spells_both_texts_with_the_fewest_edits(labelled: str, read: str) -> None:
    pairs = aligned(labelled, read)
    assert "".join(a for a, _ in pairs) == labelled
    assert "".join(b for _, b in pairs) == read
    assert sum(a != b for a, b in pairs) == edit_distance(labelled, read)


def test_confusions_are_counted() -> None:
    assert confusions([MIXED, MIXED]) == [("8", "B", 2)]


def test_places_are_ranked_by_their_certainty() -> None:
    points = recall_precision([MIXED])
    assert [(p.threshold, round(p.recall, 3), p.precision) for p in points] == [
        (0.95, 0.333, 1.0),
        (0.8, 0.667, 1.0),
        (0.7, 1.0, 1.0),
        (0.6, 1.0, 0.75),
    ]
    assert average_precision(points) == pytest.approx(1.0)
    assert average_precision([]) is None
    late = outcome(["A1"], [plate(box(5), "A", 0.5, 0.9), plate(box(0), "A1", 0.9, 0.8)])
    assert average_precision(recall_precision([late])) == pytest.approx(0.5)


def test_what_is_sent_back_lowers_the_share_of_wrong_readings() -> None:
    kept = risk_coverage([MIXED])
    assert [(k.threshold, k.readings, k.wrong, k.coverage) for k in kept] == [
        (0.99, 1, 0, 0.5),
        (0.7, 2, 1, 0.5),
        (0.4, 3, 2, 0.5),
    ]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_bins_hold_everything_once(said: list[tuple[float, bool]]) -> None:
    parts = bins(said)
    assert sum(part.count for part in parts) == len(said)
    assert len(parts) <= BINS
    error = expected_error(said)
    assert error is not None
    assert 0 <= error <= 1


def test_calibration_compares_confidence_and_truth() -> None:
    assert of_plates([MIXED]) == [(0.99, True), (0.7, False)]
    said = of_characters([MIXED])
    assert (len(said), sum(right for _, right in said)) == (14, 13)
    assert expected_error([(0.75, n % 4 > 0) for n in range(400)]) == pytest.approx(0, abs=0.01)
    assert expected_error([(0.95, n % 4 > 0) for n in range(400)]) == pytest.approx(0.2, abs=0.01)
    assert expected_error([(1.0, True)] * 20) == 0
    assert expected_error([]) is None


@given(st.integers(0, 200), st.integers(0, 200))
def test_intervals_hold_their_share(right: int, more: int) -> None:
    low, high = wilson(right, right + more)
    share = right / (right + more) if right + more else 0.5
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1


def test_intervals_and_the_paired_test_have_their_known_values() -> None:
    assert wilson(103, 104) == pytest.approx((0.9475, 0.9983), abs=1e-3)
    assert mcnemar(0, 0) == 1
    assert mcnemar(1, 9) == pytest.approx(0.0215, abs=1e-4)
    assert mcnemar(9, 1) == mcnemar(1, 9)


def test_tables_tell_sizes_and_formats_apart() -> None:
    (row,) = by_size([MIXED])
    assert (row.name, row.plates, row.found, row.texts, row.exact) == ("24 to 40 px", 3, 3, 2, 1)
    odd = outcome(["ABCDEFG"], [])
    names = [(r.name, r.texts, r.exact) for r in by_format([MIXED, odd], [TAIWAN])]
    assert names == [("tw AAA-9999", 2, 1), ("no known format", 1, 0)]


def test_two_systems_are_compared_plate_by_plate() -> None:
    better = outcome(["ABC1234", "XYZ9876", None], [plate(box(1), "XYZ9876", 0.9)])
    result = compare(Report([MIXED]), Report([better]))
    assert (result.both, result.only_first, result.only_second, result.neither) == (0, 1, 1, 0)
    assert [(d.labelled, d.first, d.second) for d in result.differences] == [
        ("ABC1234", "ABC1234", ""),
        ("XYZ9876", "XYZ9B76", "XYZ9876"),
    ]
    assert result.chance == 1


def test_the_page_stands_alone_and_shows_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "<b>.png"
    cv2.imwrite(str(path), np.full((60, 800, 3), 90, np.uint8))
    shown = outcome(["ABC1234", "XYZ9876"], [plate(box(0), "ABC1284", 0.8)], path)
    html = render_html(
        "a & b", Report([shown]), [TAIWAN], ("rival", compare(*[Report([shown])] * 2))
    )
    assert html.count("<svg") == 3
    assert "ABC1284" in html
    assert "data:image/jpeg;base64," in html
    assert "a &amp; b" in html
    assert "&lt;b&gt;.png" in html
    for outside in ("http:", "https:", "<script", "<b>.png", "NaN"):
        assert outside not in html.replace("http://www.w3.org", "")
    assert "The worst mistakes" in render_html("empty", Report([outcome([], [])]))


def test_the_command_writes_page_tables_and_comparison(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.full((60, 400, 3), 90, np.uint8))
    (folder / "labels.csv").write_text("file,xmin,ymin,xmax,ymax,text\na.png,0,10,30,25,ABC1234\n")
    record = {"source": "a.png", "plates": [{"box": [0, 10, 30, 25], "text": "ABC1234"}]}
    ours, theirs = tmp_path / "ours.jsonl", tmp_path / "theirs.jsonl"
    ours.write_text(json.dumps(record) + "\n")
    theirs.write_text(json.dumps({"source": "a.png", "plates": []}) + "\n")
    arguments = ["eval", str(folder), "--predictions", str(ours), "--against", str(theirs)]
    done = lpr(*arguments, "--region", "tw, eu", "--json", "--html", str(tmp_path / "page.html"))
    assert done.status == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["exact"], result["readings"], result["readings_wrong"]) == (1, 1, 0)
    assert result["comparison"]["only_first"] == 1
    assert result["by_format"][0]["name"] == "tw AAA-9999"
    assert result["by_size"][0]["exact"] == 1
    assert "ABC1234" in (tmp_path / "page.html").read_text()
    for more, words in (
        (("--html", tmp_path / "no" / "page.html"), "cannot be written: there is no folder"),
        (("--html", folder / "a.png"), "ends in .html"),
        (("--max-error", 0.1), "--max-error changes nothing"),
        (("--tiles", "auto"), "--tiles changes nothing"),
    ):
        refused = lpr(*arguments, *more)
        assert refused.status != 0
        assert words in refused.stderr
    uneven = lpr("eval", folder, "--against", theirs, "--min-confidence", 0.5)
    assert uneven.status == 2
    assert "would apply to this system only" in uneven.stderr
    wild = {"box": [0, 0, 9, 9], "text": "A", "confidence": 5}
    theirs.write_text(json.dumps({"source": "a.png", "plates": [wild]}))
    assert "confidence 5.0 is not in 0..1" in lpr(*arguments).stderr
