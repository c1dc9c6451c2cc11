"""What a watch leaves: evidence, a page, videos, pixelate plates."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from lpr.draw import annotate_tracks
from lpr.errors import OutputError, SourceError
from lpr.sightings import FrameTime, Gap, Observation, Sighting, TrackOverlay
from lpr.sinks import EvidenceFolder, PlateRedactor, Timeline, read_known
from lpr.sinks.paths import file_stems, refuse_twins
from lpr.sinks.redaction import pixelate
from lpr.sinks.video_writer import VideoWriter, plan_videos
from lpr.types import Box, Detection, Image, Plate, Reading
from tests.media import noise

BOX = Box(40, 30, 80, 50)
OTHER = Box(100, 60, 140, 80)


def sighting(text: str = "ABC1234", camera: str = "gate", clock: float | None = None) -> Sighting:
    image = noise(120, 160, seed=1)
    moment = FrameTime(7, 0.25, clock)
    detection, reading = Detection(BOX, BOX.quad, 0.9), Reading(text, 0.98)
    view = Observation(moment, detection, reading, image[20:60, 30:90], (160, 120), image, (OTHER,))
    return Sighting(
        3, "final", camera, "a.mp4", Plate(detection, reading), moment, moment, 5, 4, 3, "towards",
        ((0.25, BOX),), view,
    )  # fmt: skip


def hidden(before: Image, after: Image, box: Box) -> bool:
    """Whether nothing of the noise in a box is left but coarse squares."""
    x0, y0, x1, y1 = map(int, box)
    return bool(np.std(after[y0:y1, x0:x1]) < 0.5 * np.std(before[y0:y1, x0:x1]))


def test_blurring_leaves_squares_and_all_else_as_it_was() -> None:
    image = noise(120, 160)
    after = pixelate(image, [BOX])
    assert hidden(image, after, BOX)
    assert np.array_equal(after[:, :20], image[:, :20])
    assert np.array_equal(image, noise(120, 160))


@pytest.mark.parametrize("box", [Box(-50, -50, -10, -10), Box(-5, -5, 3, 2), Box(0, 0, 0, 0)])
def test_boxes_at_the_edge_and_beyond_are_no_trouble(box: Box) -> None:
    assert pixelate(noise(20, 30), [box]).shape == (20, 30, 3)
    shown = [TrackOverlay(0, box, "ABC1234", ((5.0, 5.0),), True)]
    assert annotate_tracks(noise(20, 30), shown).shape == (20, 30, 3)


def test_evidence_is_the_frame_and_the_plate(tmp_path: Path) -> None:
    seen = sighting()
    files = EvidenceFolder(tmp_path / "new" / "folder", ["gate"]).write(seen)
    assert {name: path.name for name, path in files.items()} == {
        "frame": "gate-000003.jpg",
        "plate": "gate-000003-plate.jpg",
    }
    saved = cv2.imread(str(files["frame"]))
    assert saved is not None
    assert seen.best.frame is not None
    assert np.abs(saved.astype(int) - seen.best.frame).mean() < 60  # noise is hard on JPEG


def test_evidence_of_a_day_does_not_replace_that_of_another(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path, ["gate", "../../etc/x y"])
    monday, tuesday = (folder.write(sighting(clock=c))["plate"] for c in (1e9, 1e9 + 86_400))
    assert monday != tuesday
    assert folder.write(sighting(camera="../../etc/x y"))["plate"].parent == tmp_path


def test_evidence_of_one_watch_does_not_replace_that_of_another(tmp_path: Path) -> None:
    first, second = (EvidenceFolder(tmp_path, ["gate"]) for _ in range(2))
    kept = first.write(sighting())["plate"]
    assert first.write(sighting())["plate"] == kept
    other = second.write(sighting())["plate"]
    assert other != kept
    assert second.write(sighting())["plate"] == other


def test_each_camera_has_files_of_its_own() -> None:
    stems = file_stems(["大門", "後門", "a b", "a_b", "A_B", "gate", "../x"])
    assert len({stem.casefold() for stem in stems.values()}) == 7
    assert stems["大門"] == "大門"
    assert all("/" not in stem and " " not in stem for stem in stems.values())


def test_two_outputs_on_one_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="two outputs"):
        refuse_twins([tmp_path / "a", tmp_path / "b", tmp_path / "a"])


@pytest.mark.parametrize(("known", "own"), [((), True), (("ABC1234",), False)])
def test_evidence_hides_all_but_the_known_plate(
    tmp_path: Path, known: tuple[str, ...], own: bool
) -> None:
    seen = sighting()
    files = EvidenceFolder(tmp_path, ["gate"], PlateRedactor(known)).write(seen)
    frame = cv2.imread(str(files["frame"]))
    assert frame is not None
    assert seen.best.frame is not None
    assert hidden(seen.best.frame, np.asarray(frame, np.uint8), BOX) == own
    assert hidden(seen.best.frame, np.asarray(frame, np.uint8), OTHER)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be made"):
        EvidenceFolder(tmp_path / "file" / "evidence", ["gate"])


def test_known_plates_are_read_however_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "known.txt"
    file.write_text("# mine\nabc-1234  # the red one\n\n MQE 3406\n")
    assert read_known(file) == {"ABC1234", "MQE3406"}
    file.write_text("# nobody\n")
    with pytest.raises(SourceError, match="holds no plate"):
        read_known(file)
    with pytest.raises(SourceError, match="cannot be read"):
        read_known(tmp_path / "none.txt")


def test_hidden_plates_have_no_text_in_a_video_either() -> None:
    image = noise(120, 160)
    shown = [TrackOverlay(0, BOX, "ABC1234", (), True)]
    assert not np.array_equal(annotate_tracks(image, shown), PlateRedactor().annotate(image, shown))
    assert np.array_equal(
        annotate_tracks(image, shown), PlateRedactor(["ABC1234"]).annotate(image, shown)
    )


def test_the_page_is_whole_after_each_sighting() -> None:
    stream = io.StringIO()
    page = Timeline(stream)
    page.sighting(sighting(camera="<gate>"))
    page.gap(Gap("gate", "rtsp://x/1", 1000.0, 1007.0, "it <ended>", 2))
    page.gap(Gap("gate", "rtsp://x/1", 2000.0, None, "it ended", 0))
    html = stream.getvalue()
    assert html.count("<article") == html.count("</article>") == 2
    assert "ABC1234" in html
    assert "<gate>" not in html
    assert "it &lt;ended&gt;" in html
    assert "for 7 s" in html
    page.close()
    assert stream.getvalue().endswith("</html>\n")


def at(text: str, first: float, last: float) -> Sighting:
    return replace(sighting(text), first=FrameTime(0, first), last=FrameTime(9, last))


def drawn_by_a_browser(page: Path) -> str:
    """The page after its script has run."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium here to run the page's script")
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--dump-dom",
        f"file://{page}",
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_the_page_is_in_order_of_time_with_overlapping_sightings_in_lanes(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    with path.open("w") as stream, Timeline(stream) as page:
        for seen in (at("LAST1", 50, 60), at("FIRST1", 0, 20), at("MIDDLE1", 10, 30)):
            page.sighting(seen)
    html = drawn_by_a_browser(path)
    assert re.findall(r"<b>(\w+)</b>", html) == ["FIRST1", "MIDDLE1", "LAST1"]
    rects = re.findall(r'<rect class="" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', html)
    (x0, y0, w0), (x1, y1, _), (x2, y2, w2) = [tuple(map(float, rect)) for rect in rects]
    assert x1 < x0 + w0
    assert y0 < y1, "overlapping sightings lie in different lanes"
    assert y2 == y0, "a free lane is used again"
    assert x2 + w2 == pytest.approx(980)
    assert html.count('viewBox="0 0 990 ') == 1
    for name in ("FIRST1", "MIDDLE1", "LAST1"):
        assert f">{name}</text>" in html


def test_a_video_keeps_times_and_takes_frames_of_any_size(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    times = [0.0, 0.1, 0.4, 0.4, 1.5]
    with VideoWriter(path) as video:
        for number, time in enumerate(times):
            size = (121, 161) if number < 3 else (90, 200)
            video.write(noise(*size, seed=number), time)
    with av.open(str(path)) as file:
        frames = list(file.decode(video=0))
    assert [(frame.width, frame.height) for frame in frames] == [(162, 122)] * 5
    assert [frame.time for frame in frames] == pytest.approx(times, abs=0.001)


def test_a_video_without_frames_is_no_file(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4"):
        pass
    assert not (tmp_path / "a.mp4").exists()


def test_a_video_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    video = VideoWriter(tmp_path / "none" / "a.mp4")
    with pytest.raises(OutputError, match="cannot be written"):
        video.write(noise(), 0.0)


def test_where_videos_go(tmp_path: Path) -> None:
    assert plan_videos(tmp_path / "a.mp4", ["gate"], []) == {"gate": tmp_path / "a.mp4"}
    assert plan_videos(tmp_path / "out", ["10.0.0.7/1", "yard"], []) == {
        "10.0.0.7/1": tmp_path / "out" / "10.0.0.7_1.mp4",
        "yard": tmp_path / "out" / "yard.mp4",
    }
    with pytest.raises(OutputError, match="one video cannot hold 2"):
        plan_videos(tmp_path / "a.mp4", ["a", "b"], [])
    with pytest.raises(OutputError, match=r"written as \.mp4"):
        plan_videos(tmp_path / "a.avi", ["a"], [])
