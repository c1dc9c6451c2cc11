"""``lpr detect`` as users meet it: right input, bad input, options, streams, exit statuses."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lpr.source import open_source
from tests.cli.run import CAR, CLIP, SAMPLES, lpr
from tests.media import with_orientation, write_picture, write_video


def frame_count(video: Path) -> int:
    with open_source(str(video)) as source:
        return sum(1 for _ in source)


def car() -> np.ndarray:
    image = cv2.imread(str(CAR))
    assert image is not None
    return image


def texts(record: dict[str, Any]) -> list[str]:
    return [plate["text"] for plate in record["plates"]]


def only_text(record: dict[str, Any]) -> str:
    (text,) = texts(record)
    return text


@pytest.fixture(scope="module")
def right() -> str:
    """What the shipped picture shows, as it is read from the file itself."""
    return only_text(lpr("detect", CAR).records[0])


def test_a_picture_gives_one_record_of_the_documented_form() -> None:
    result = lpr("detect", CAR)
    assert result.status == 0
    (record,) = result.records
    assert list(record) == [
        *("schema", "type", "source", "frame", "time", "width", "height", "plates")
    ]
    assert (record["schema"], record["type"], record["time"]) == (1, "frame", None)
    assert record["source"] == str(CAR)
    (plate,) = record["plates"]
    assert list(plate) == [
        *("text", "display", "display_guessed", "confidence", "box", "quad"),
        *("detection_confidence", "region", "kind", "ground", "ink", "lines", "characters"),
        *("alternatives", "cut", "doubts"),
    ]
    assert plate["region"] == "tw"
    assert "".join(c["char"] for c in plate["characters"]) == plate["text"]


def test_the_same_input_gives_the_same_bytes() -> None:
    assert lpr("detect", CAR, CLIP).stdout == lpr("detect", CAR, CLIP).stdout


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_the_number_of_readers_changes_no_byte(tmp_path: Path, format: str) -> None:
    """Several readers share videos and many pictures; with --threads 1 there is one."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number in range(4):
        shutil.copy(CAR, folder / f"{number}.jpg")
    shutil.copy(CLIP, folder / "2.mp4")
    (folder / "2a.jpg").write_bytes(b"no picture")
    content = CLIP.read_bytes()
    (folder / "3.mp4").write_bytes(content[: len(content) // 2])
    several = lpr("detect", folder, "--format", format)
    one = lpr("detect", folder, "--format", format, "--threads", 1)
    assert (several.status, one.status) == (1, 1)
    assert several.stdout == one.stdout
    assert several.stdout.count("\n") > 50


def test_timings_are_given_only_when_asked_for() -> None:
    timed = lpr("detect", CAR, "--timings").records[0]
    assert set(timed["stages"]) == {
        "letterbox", "detector", "heads", "crops", "recognizer", "decode"
    }  # fmt: skip
    assert 0 < sum(timed["stages"].values()) <= timed["ms"]
    assert not {"ms", "stages"} & set(lpr("detect", CAR).records[0])


def test_every_picks_frames() -> None:
    records = lpr("detect", CLIP, "--every", 10).records
    assert [record["frame"] for record in records] == list(range(0, len(records) * 10, 10))
    assert records[1]["time"] > 0


def test_the_choice_of_backend_is_said_on_stderr() -> None:
    assert "detector: opencv on cpu" in lpr("detect", CAR).stderr


def test_csv_and_table_hold_the_same_plate(right: str) -> None:
    rows = list(csv.DictReader(io.StringIO(lpr("detect", CAR, "--format", "csv").stdout)))
    assert [row["text"] for row in rows] == [right]
    table = lpr("detect", CAR, "--format", "table").stdout
    assert right in table.replace("-", "")


def test_results_go_to_a_file_when_asked(tmp_path: Path) -> None:
    result = lpr("detect", CAR, "--output", tmp_path / "out.jsonl")
    assert result.stdout == ""
    assert (tmp_path / "out.jsonl").read_text() == lpr("detect", CAR).stdout


def test_annotated_pictures_and_videos_are_written(tmp_path: Path) -> None:
    result = lpr("detect", CAR, CLIP, "--every", 5, "--save", tmp_path / "all")
    assert result.status == 0
    annotated = cv2.imread(str(tmp_path / "all" / "car.jpg"))
    assert annotated is not None
    assert annotated.shape == car().shape
    assert np.abs(annotated.astype(int) - car()).max() > 100
    assert frame_count(tmp_path / "all" / "street.mp4") == len(result.records) - 1


def test_a_confidence_can_be_asked_for() -> None:
    assert lpr("detect", CAR, "--min-confidence", 1).records[0]["plates"] == []
    assert lpr("detect", CAR, "--threshold", 1).records[0]["plates"] == []


def test_without_regions_there_is_no_display() -> None:
    (plate,) = lpr("detect", CAR, "--region", "").records[0]["plates"]
    assert (plate["display"], plate["region"]) == (None, None)


def test_another_detector_size_finds_the_same_plate(right: str) -> None:
    assert right in texts(lpr("detect", CAR, "--detector-size", "512x320").records[0])


# --- input that is odd but good ---------------------------------------------------------------


def encoded(tmp_path: Path, name: str, image: np.ndarray) -> Path:
    path = tmp_path / name
    done, data = cv2.imencode(path.suffix, image)
    assert done
    path.write_bytes(data.tobytes())
    return path


def test_odd_but_good_pictures_are_read(tmp_path: Path, right: str) -> None:
    image = car()
    sources = [
        encoded(tmp_path, "sixteen bits.png", image.astype(np.uint16) * 257),
        encoded(tmp_path, "grey.png", cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)),
        encoded(tmp_path, "transparent.png", cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)),
        encoded(tmp_path, "車牌 照片.jpg", image),
    ]
    turned = encoded(tmp_path, "turned.jpg", cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE))
    turned.write_bytes(with_orientation(turned.read_bytes(), 6))
    result = lpr("detect", *sources, turned)
    assert result.status == 0, result.stderr
    assert all(right in texts(record) for record in result.records)
    assert len(result.records) == 5
    assert result.records[3]["source"].endswith("車牌 照片.jpg")
    assert (result.records[4]["width"], result.records[4]["height"]) == image.shape[1::-1]


def test_a_single_pixel_holds_no_plate(tmp_path: Path) -> None:
    result = lpr("detect", encoded(tmp_path, "dot.png", np.zeros((1, 1, 3), np.uint8)))
    assert result.status == 0
    assert result.records[0]["plates"] == []


def test_folders_and_globs_are_searched(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.jpg", "deep/c.jpg", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(CAR, tmp_path / name)
    names = [Path(r["source"]).name for r in lpr("detect", tmp_path).records]
    assert names == ["a.jpg", "b.jpg", "c.jpg"]
    names = [Path(r["source"]).name for r in lpr("detect", tmp_path / "*.jpg").records]
    assert names == ["a.jpg", "b.jpg"]


# --- input that is bad ------------------------------------------------------------------------


def bad(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / kind
    match kind:
        case "empty":
            path.mkdir()
        case "text.jpg":
            path.write_text("this is no picture")
        case "cut.mp4":
            path.write_bytes(CLIP.read_bytes()[: CLIP.stat().st_size // 2])
        case "wide.png":
            encoded(tmp_path, kind, np.zeros((1, 70_000, 3), np.uint8))
        case "cut.jpg":
            path.write_bytes(CAR.read_bytes()[:300])
    return path


@pytest.mark.parametrize(
    "kind", ["empty", "missing.jpg", "text.jpg", "cut.mp4", "cut.jpg", "*.x", "wide.png"]
)
def test_a_bad_source_is_named_and_the_others_are_read(
    tmp_path: Path, kind: str, right: str
) -> None:
    source = bad(tmp_path, kind)
    result = lpr("detect", source, CAR)
    assert result.status == 1
    errors = [r for r in result.records if r["type"] == "error"]
    assert [(e["schema"], e["source"]) for e in errors] == [(1, str(source))]
    assert str(source) in errors[0]["message"]
    assert errors[0]["message"] in result.stderr
    assert "1 of 2 sources failed" in result.stderr
    assert "Traceback" not in result.stderr
    assert only_text(result.records[-1]) == right


def test_what_a_cut_video_still_holds_is_kept(tmp_path: Path) -> None:
    whole = tmp_path / "whole.avi"
    with open_source(str(CLIP)) as clip:
        write_video(whole, [frame.image for frame in islice(clip, 12)], 15, "MJPG")
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    result = lpr("detect", cut, "--save", tmp_path / "out.mp4")
    assert result.status == 1
    assert [r["type"] for r in result.records[-2:]] == ["frame", "error"]
    assert frame_count(tmp_path / "out.mp4") == len(result.records) - 1


def test_a_source_is_never_overwritten(tmp_path: Path) -> None:
    picture = tmp_path / "car.jpg"
    shutil.copy(CAR, picture)
    for option, target in (("--save", picture), ("--save", tmp_path), ("--output", picture)):
        result = lpr("detect", picture, option, target)
        assert result.status == 1
        assert "overwrite" in result.stderr
    assert picture.read_bytes() == CAR.read_bytes()


def test_an_output_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    result = lpr("detect", CAR, "--output", tmp_path / "no" / "out.jsonl")
    assert result.status == 1
    assert str(tmp_path / "no" / "out.jsonl") in result.stderr


def test_a_copy_that_cannot_be_written_costs_only_its_source(tmp_path: Path, right: str) -> None:
    (tmp_path / "car.jpg").mkdir()  # in the way of the annotated picture
    result = lpr("detect", CAR, SAMPLES / "motorcycle.jpg", "--save", tmp_path)
    assert result.status == 1
    assert [r["type"] for r in result.records] == ["frame", "error", "frame"]
    assert (tmp_path / "motorcycle.jpg").is_file()


def test_an_old_output_survives_a_call_that_cannot_work(tmp_path: Path) -> None:
    old = tmp_path / "old.jsonl"
    old.write_text("keep")
    assert lpr("detect", CAR, "--output", old, "--save", tmp_path / "x.webp").status == 1
    assert old.read_text() == "keep"


def test_records_and_pictures_do_not_share_a_file(tmp_path: Path) -> None:
    same = tmp_path / "same.jpg"
    result = lpr("detect", CAR, "--output", same, "--save", same)
    assert result.status == 1
    assert "same file" in result.stderr


# --- the call itself --------------------------------------------------------------------------


def test_cuda_that_is_missing_is_said_with_what_would_work() -> None:
    if cv2.cuda.getCudaEnabledDeviceCount() > 0:
        pytest.skip("this machine has CUDA")
    result = lpr("detect", CAR, "--backend", "cuda")
    assert result.status == 2
    assert result.stdout == ""
    assert "CUDA" in result.stderr
    assert "opencv (cpu)" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--backend", "quantum"], 2, "no backend 'quantum'"),
        (["--region", "xx"], 2, "no region 'xx'"),
        (["--recognizer", "nobody"], 2, "nobody"),
        (["--detector-size", "big"], 2, "640x384"),
        (["--detector-size", "100x100"], 1, "nearest"),
        (["--model", "nope"], 1, "no model 'nope'"),
        (["--every", "0"], 2, "--every"),
        (["--format", "xml"], 2, "--format"),
    ],
)
def test_a_wrong_call_is_explained(arguments: list[str], status: int, message: str) -> None:
    result = lpr("detect", CAR, *arguments)
    assert (result.status, result.stdout) == (status, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--threshold", "nan"),
        ("--min-confidence", "2"),
        ("--threads", "99999"),
        ("--threads", "-1"),
    ],
)
def test_numbers_out_of_range_are_refused(option: str, value: str) -> None:
    result = lpr("detect", CAR, option, value)
    assert (result.status, result.stdout) == (2, "")
    assert value in result.stderr


def test_a_traceback_comes_only_when_asked_for() -> None:
    assert "Traceback" in lpr("detect", CAR, "--model", "nope", "--debug").stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "lpr", "detect", str(SAMPLES), str(CLIP)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    json.loads(process.stdout.readline())
    process.stdout.close()
    errors = process.stderr.read().decode()
    process.wait()
    assert process.returncode == 0
    assert "Broken" not in errors
    assert "Traceback" not in errors


def test_no_progress_bar_in_a_pipe() -> None:
    assert "\r" not in lpr("detect", CLIP, "--every", 10).stderr


def test_a_run_that_is_ended_from_outside_leaves_playable_video(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "lpr", "detect", *[str(CLIP)] * 50, "--save", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    for _ in range(5):
        process.stdout.readline()
    process.terminate()
    _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.decode().splitlines()[-1] == "lpr: interrupted"
    assert frame_count(tmp_path / CLIP.name) >= 4  # the last record's frame may be missing


def test_a_submission_has_a_row_for_every_picture(tmp_path: Path, right: str) -> None:
    shutil.copy(CAR, tmp_path / "car.jpg")
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((80, 120, 3), 128, np.uint8))
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    result = lpr("detect", tmp_path, "--format", "submission", "--sweep", "0.45:0.10:0.05")
    rows = dict(csv.reader(io.StringIO(result.stdout)))
    assert rows == {"ID": "Number", "car": right, "grey": "unknown", "broken": "unknown"}
    assert result.status == 1
    assert "broken.jpg" in result.stderr


def test_a_script_for_alpr_reads_the_format_openalpr(right: str) -> None:
    (record,) = lpr("detect", CAR, "--format", "openalpr", "--timings").records
    assert (record["data_type"], record["version"]) == ("alpr_results", 2)
    assert record["processing_time_ms"] > 0
    (result,) = record["results"]
    assert result["plate"] == result["candidates"][0]["plate"] == right
    assert 50 < result["confidence"] <= 100
    xs, ys = ([corner[axis] for corner in result["coordinates"]] for axis in "xy")
    assert max(xs[0], xs[3]) < min(xs[1], xs[2]) <= record["img_width"]
    assert max(ys[0], ys[1]) < min(ys[2], ys[3]) <= record["img_height"]


def test_one_plate_for_each_picture() -> None:
    several = lpr("detect", CLIP, "--every", 10, "--threshold", "0.05", "--min-confidence", "0")
    alone = lpr("detect", CLIP, "--every", 10, "--threshold", "0.05", "--min-confidence", "0",
                "--one-per-picture")  # fmt: skip
    assert max(len(record["plates"]) for record in several.records) > 1
    for many, one in zip(several.records, alone.records, strict=True):
        read = [plate for plate in many["plates"] if plate["text"]]
        best = max(read, key=lambda plate: plate["confidence"], default=None)
        assert one["plates"] == ([] if best is None else [best])


def test_a_sweep_finds_a_plate_where_there_is_none_otherwise(tmp_path: Path) -> None:
    small = cv2.resize(car(), None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    blurred = encoded(tmp_path, "blurred.png", cv2.GaussianBlur(small, (0, 0), 3.6))
    assert lpr("detect", blurred).records[0]["plates"] == []
    sweep = ("--sweep", "0.45:0.10:0.05")
    assert lpr("detect", blurred, *sweep).records[0]["plates"]
    assert lpr("detect", blurred, *sweep, "--min-confidence", "0.9").records[0]["plates"] == []


def test_a_sweep_leaves_a_picture_with_a_sure_plate_alone(right: str) -> None:
    """With the lowest threshold alone it has a second, doubtful one."""
    lowest = lpr("detect", CAR, "--threshold", "0.02", "--min-confidence", "0").records[0]
    assert len(lowest["plates"]) > 1
    assert texts(lpr("detect", CAR, "--sweep", "0.45:0.02:0.05").records[0]) == [right]


@pytest.mark.parametrize(
    "sweep", ["0.1:0.45:0.05", "0.45:0.1", "a:b:c", "0.45:0.1:0", "1.2:0.1:0.1", "nan:0.1:0.1"]
)
def test_a_sweep_that_leads_nowhere_is_refused(sweep: str) -> None:
    result = lpr("detect", CAR, "--sweep", sweep)
    assert result.status == 2
    assert "START:STOP:STEP" in result.stderr


def test_a_sweep_and_a_threshold_exclude_each_other() -> None:
    result = lpr("detect", CAR, "--sweep", "0.45:0.10:0.05", "--threshold", "0.3")
    assert result.status == 2
    assert "--sweep and --threshold exclude each other" in result.stderr


# --- records that are there already -------------------------------------------------------------


def folder_of(tmp_path: Path, *names: str) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in names:
        shutil.copy(CAR, folder / name)
    return folder


@pytest.mark.parametrize("format", ["jsonl", "csv", "table", "submission"])
def test_old_results_are_refused_kept_or_replaced_as_told(tmp_path: Path, format: str) -> None:
    output = tmp_path / "out"
    arguments = ("detect", CAR, "--format", format, "--output", output)
    assert lpr(*arguments).status == 0
    once = output.read_text()
    refused = lpr(*arguments)
    assert refused.status == 1
    assert "--append" in refused.stderr
    assert output.read_text() == once
    assert lpr(*arguments, "--append").status == 0
    lines, more = once.splitlines(), output.read_text().splitlines()
    assert more == lines + lines[-1:]
    assert lpr(*arguments, "--overwrite", "--fsync").status == 0
    assert output.read_text() == once


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_an_interrupted_run_is_taken_up_where_it_was(tmp_path: Path, format: str) -> None:
    folder = folder_of(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    output = tmp_path / "out"
    arguments = ("detect", folder, CLIP, "--format", format, "--output", output)
    assert lpr(*arguments, "--resume").status == 0
    whole = output.read_bytes()
    lines = whole.splitlines(keepends=True)
    for kept in (1, 2, 3, len(lines) - 5):
        output.write_bytes(b"".join(lines[:kept]) + lines[kept][:9])  # torn, as by a loss of power
        result = lpr(*arguments, "--resume")
        assert result.status == 0
        assert output.read_bytes() == whole


def test_a_format_that_names_no_sources_cannot_be_resumed(tmp_path: Path) -> None:
    output = tmp_path / "out"
    result = lpr("detect", CAR, "--format", "table", "--output", output, "--resume")
    assert result.status == 1
    assert "jsonl or csv" in result.stderr
    assert lpr("detect", CAR, "--resume").status == 2


def test_a_video_that_cannot_be_saved_is_read_to_its_end(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.symlink_to("/dev/full")
    result = lpr("detect", CLIP, CAR, "--save", tmp_path / "out")
    assert result.status == 0
    result = lpr("detect", CLIP, "--save", film)
    assert result.status == 1
    frames = [record for record in result.records if record["type"] == "frame"]
    assert len(frames) == 48
    assert "No space left" in result.stderr


@pytest.mark.parametrize(
    ("size", "options", "is_hinted"),
    [
        ((2000, 1500), (), True),
        ((640, 480), (), False),
        ((2000, 1500), ("--tiles", "auto"), False),
        ((2000, 1500), ("--sweep", "0.5:0.4:0.1"), False),
    ],
)
def test_a_large_picture_without_a_plate_gets_a_hint_of_tiles(
    size: tuple[int, int], options: tuple[str, ...], is_hinted: bool, tmp_path: Path
) -> None:
    width, height = size
    write_picture(tmp_path / "empty.png", np.full((height, width, 3), 128, np.uint8))
    result = lpr("detect", tmp_path / "empty.png", *options)
    assert result.records[0]["plates"] == []
    assert ("no plate in 1 large picture; --tiles auto" in result.stderr) == is_hinted
