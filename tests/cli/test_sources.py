"""Sources of every kind through the command: standard input, addresses, hostile and odd files."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import pytest

import lpr as library
from tests.cli.run import CAR, CLIP, Result, lpr
from tests.http_server import serving
from tests.media import animation, pages
from tests.source.test_picture_header import BOMBS


@pytest.fixture(scope="module")
def right() -> str:
    """The text of the plate in the sample."""
    (record,) = lpr("detect", CAR).records
    text: str = record["plates"][0]["text"]
    return text


def piped(data: bytes, *arguments: object) -> Result:
    """Run ``lpr`` with ``data`` in a pipe on its standard input."""
    run = subprocess.run(
        [sys.executable, "-m", "lpr", *map(str, arguments)],
        input=data,
        capture_output=True,
        env={**os.environ, "LPR_LOAD_PLUGINS": ""},
        check=False,
    )
    return Result(run.returncode, run.stdout.decode(), run.stderr.decode())


def on_terminal(*arguments: object) -> str:
    """What ``lpr`` writes to a terminal on its standard error."""
    terminal, stderr = pty.openpty()
    parts: list[bytes] = []

    def collect() -> None:
        try:
            while part := os.read(terminal, 4096):
                parts.append(part)
        except OSError:  # the last writer has closed the terminal
            pass

    reader = threading.Thread(target=collect)
    reader.start()
    process = subprocess.Popen(
        [sys.executable, "-m", "lpr", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        env={**os.environ, "LPR_LOAD_PLUGINS": "", "COLUMNS": "100", "TERM": "xterm"},
    )
    os.close(stderr)
    assert process.wait() == 0
    reader.join()
    os.close(terminal)
    return b"".join(parts).decode()


def test_a_picture_on_standard_input(right: str) -> None:
    result = piped(CAR.read_bytes(), "detect", "-")
    (record,) = result.records
    assert (record["source"], record["frame"], record["time"]) == ("-", 0, None)
    assert record["plates"][0]["text"] == right


def test_a_video_on_standard_input_piped_or_redirected() -> None:
    expected = [{**r, "source": "-"} for r in lpr("detect", CLIP, "--every", 12).records]
    assert piped(CLIP.read_bytes(), "detect", "-", "--every", 12).records == expected
    with CLIP.open("rb") as file:
        run = subprocess.run(
            [sys.executable, "-m", "lpr", "detect", "-", "--every", "12"],
            stdin=file,
            capture_output=True,
            env={**os.environ, "LPR_LOAD_PLUGINS": ""},
            check=True,
        )
    assert Result(0, run.stdout.decode(), "").records == expected


def test_standard_input_is_read_once() -> None:
    result = piped(CAR.read_bytes(), "detect", "-", "-")
    assert [record["type"] for record in result.records] == ["frame", "error"]
    assert "only once" in result.stderr


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "standard input is empty"), (b"words\n", "neither a picture nor")]
)
def test_standard_input_that_holds_nothing_to_read(data: bytes, reason: str) -> None:
    result = piped(data, "detect", "-", CAR)
    assert result.status == 1
    error, frame = result.records
    assert reason in error["message"]
    assert frame["type"] == "frame"


def test_an_address_is_read_and_its_secrets_are_shown_nowhere(tmp_path: Path, right: str) -> None:
    with serving({"/snap.jpg": CAR.read_bytes()}, login="admin:s3cret") as (server, _):
        good = f"http://admin:s3cret@{server.removeprefix('http://')}/snap.jpg?token=s3cret"
        bad = good.replace("snap", "missing")
        result = lpr("detect", good, bad, "--save", tmp_path / "out")
    frame, error = result.records
    assert frame["plates"][0]["text"] == right
    assert (error["type"], result.status) == ("error", 1)
    assert "HTTP 404" in error["message"]
    assert "s3cret" not in result.stdout + result.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["snap.jpg"]


def test_a_watch_plays_a_recording_at_an_address_once() -> None:
    with serving({"/street.mp4": CLIP.read_bytes()}) as (server, _):
        result = lpr("watch", f"gate={server}/street.mp4")
    here = lpr("watch", f"gate={CLIP}")
    assert result.status == 0
    assert [r["text"] for r in result.records] == [r["text"] for r in here.records]
    assert {r["type"] for r in result.records} == {"sighting"}


def test_hostile_files_are_named_and_cost_nothing_but_themselves(
    tmp_path: Path, right: str
) -> None:
    for name, data in BOMBS.items():
        (tmp_path / name).write_bytes(data)
    sparse = tmp_path / "sparse.jpg"
    sparse.write_bytes(CAR.read_bytes())
    os.truncate(sparse, 1 << 40)
    result = lpr("detect", *sorted(tmp_path.iterdir()), CAR, "--threads", 1)
    *errors, frame = result.records
    assert frame["plates"][0]["text"] == right
    assert {Path(record["source"]).name for record in errors} == {*BOMBS, "sparse.jpg"}
    assert all("too large" in record["message"] for record in errors)
    assert result.status == 1


def test_the_limit_of_pixels_is_an_option(tmp_path: Path) -> None:
    height, width = cv2.imread(str(CAR)).shape[:2]
    assert lpr("detect", CAR, "--max-pixels", height * width).status == 0
    refused = lpr("detect", CAR, "--max-pixels", height * width - 1)
    assert (refused.status, refused.records[0]["type"]) == (1, "error")
    assert f"{width} x {height} pixels" in refused.stderr
    video = lpr("watch", CLIP, "--max-pixels", 1000)
    assert (video.status, video.records[0]["type"]) == (1, "error")
    assert "at most 250 are read" in video.stderr
    assert lpr("detect", CAR, "--max-pixels", 0).status == 2


def test_each_page_is_read_and_saved(tmp_path: Path, right: str) -> None:
    car = cv2.imread(str(CAR))
    (tmp_path / "scan.tif").write_bytes(pages([car, car[:200], car]))
    result = lpr("detect", tmp_path / "scan.tif", "--save", tmp_path / "out")
    assert [(r["frame"], r["time"]) for r in result.records] == [(0, None), (1, None), (2, None)]
    assert [r["plates"][0]["text"] for r in result.records[::2]] == [right, right]
    rows = lpr("detect", tmp_path / "scan.tif", "--format", "submission").stdout.splitlines()
    assert rows[1::2] == [f"scan,{right}", f"scan-2,{right}"]
    saved = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert saved == ["scan-page2.jpg", "scan-page3.jpg", "scan.jpg"]
    assert cv2.imread(str(tmp_path / "out" / "scan-page2.jpg")).shape[0] == 200


def test_an_animated_picture_is_read_and_saved_as_a_video(tmp_path: Path) -> None:
    car = cv2.imread(str(CAR))
    (tmp_path / "a.webp").write_bytes(animation(".webp", [car, car // 2, car]))
    result = lpr("detect", tmp_path / "a.webp", "--save", tmp_path / "out")
    assert [(r["frame"], r["time"]) for r in result.records] == [(0, 0.0), (1, 0.1), (2, 0.2)]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.mp4"]


def bars(text: str) -> list[str]:
    """The bars that are left on the terminal: what stands last in each line."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return [line for line in lines if re.search(r"\d+/\d+|\[\d\d:\d\d", line)]


def test_a_run_of_many_files_has_one_bar(tmp_path: Path) -> None:
    (bar,) = bars(on_terminal("detect", CAR, CLIP, CAR, "--every", 6, "--output", tmp_path / "o"))
    assert "3/3" in bar
    assert "source" in bar


def test_the_bar_of_one_video_knows_its_frames(tmp_path: Path) -> None:
    (bar,) = bars(on_terminal("detect", CLIP, "--every", 6, "--output", tmp_path / "o"))
    assert "8/8" in bar
    assert "frame" in bar


def test_the_bar_of_a_watch_knows_its_frames(tmp_path: Path) -> None:
    (bar,) = bars(on_terminal("watch", CLIP, "--output", tmp_path / "o"))
    assert "48/48" in bar


@pytest.mark.parametrize("command", ["detect", "watch"])
def test_no_bar_in_a_pipe(command: str) -> None:
    errors = lpr(command, CLIP).stderr
    assert "\r" not in errors
    assert "%|" not in errors


def test_a_number_is_a_camera_of_this_machine() -> None:
    with pytest.raises(ValueError, match="-1: cameras of this machine are numbered from 0"):
        next(library.watch(-1))
    for wrong in (True, None, 1.5, b"a.mp4"):
        with pytest.raises(TypeError, match="a file name, an address or the number of a camera"):
            next(library.watch(wrong))  # type: ignore[arg-type]
    # There is no such camera here: it is waited for, as one that is unplugged.
    gap = next(library.watch(250, threads=1, backend="cpu"))
    assert isinstance(gap, library.Gap)
    assert (gap.camera, gap.source) == ("video250", "/dev/video250")
