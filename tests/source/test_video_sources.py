"""Videos as streams of frames, live ones among them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from lpr.errors import SourceError
from lpr.sightings import Gap
from lpr.source import live
from lpr.source.address import Address, addresses
from lpr.source.live import Live
from lpr.source.video_sources import open_video_source
from lpr.source.video_stream import Stream
from lpr.types import Frame, Image
from tests.media import (
    animation,
    grey_levels,
    index_first,
    noise,
    turned,
    write_picture,
    write_video,
)

CAMERA = Address("gate", "rtsp://gate/1", "stream")


def frames_of(name: Path | str, **options: float) -> list[Frame]:
    (address,) = addresses([str(name)])
    with open_video_source(address, **options) as source:  # type: ignore[arg-type]
        return [frame for frame in source if isinstance(frame, Frame)]


def greys(frames: Sequence[Frame], step: int = 5) -> list[int]:
    return [round(float(frame.image.mean()) / step) for frame in frames]


def test_a_video_gives_all_its_frames_in_order_with_their_times(tmp_path: Path) -> None:
    frames = frames_of(write_video(tmp_path / "a.mp4", grey_levels(12, step=20)))
    assert greys(frames, 20) == [frame.index for frame in frames] == list(range(12))
    assert [frame.time for frame in frames] == pytest.approx([n / 10 for n in range(12)])
    assert frames[0].clock is None


def test_a_recording_whose_beginning_is_known_tells_the_time(tmp_path: Path) -> None:
    frames = frames_of(write_video(tmp_path / "a.mp4"), start=1000.0)
    assert frames[5].clock == pytest.approx(1000.5)


def test_a_video_that_is_to_be_turned_is_turned(tmp_path: Path) -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, :32] = 255
    video = write_video(tmp_path / "a.mp4", [image] * 3)
    video.write_bytes(turned(video.read_bytes()))
    frame = frames_of(video)[0]
    assert (frame.height, frame.width) == (64, 48)
    assert frame.image[:30].mean() > 200 > 50 > frame.image[34:].mean()


def test_an_animated_gif_is_a_video(tmp_path: Path) -> None:
    gif = tmp_path / "a.gif"
    gif.write_bytes(animation(".gif", grey_levels(5, step=40)))
    assert [round(f.image.mean() / 40) for f in frames_of(gif)] == list(range(5))


def test_a_folder_of_pictures_is_a_film(tmp_path: Path) -> None:
    for number, image in enumerate(grey_levels(4)):
        write_picture(tmp_path / "frames" / f"{number:03}.png", image)
    frames = frames_of(tmp_path / "frames", fps=2.0)
    assert greys(frames) == [0, 1, 2, 3]
    assert [frame.time for frame in frames] == [0.0, 0.5, 1.0, 1.5]


def test_what_is_piped_in_is_read_without_seeking(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self.data = io.BytesIO(data)

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            return self.data.read(size)

    video = write_video(tmp_path / "a.mp4", grey_levels(12, step=20))
    data = index_first(video.read_bytes())
    with Stream(Pipe(data), "-") as stream:  # type: ignore[arg-type]
        assert greys(list(stream), 20) == list(range(12))


@pytest.mark.parametrize("data", [b"", b"hello, this is text", b"\x00" * 500])
def test_what_is_no_video_says_so(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(data)
    with pytest.raises(SourceError, match=r"a\.mp4: "):
        frames_of(tmp_path / "a.mp4")


def test_a_picture_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="lpr detect"):
        frames_of(write_picture(tmp_path / "a.png"))


def test_what_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        frames_of(tmp_path / "a.mp4")


def test_a_video_that_is_cut_short_says_so_after_its_last_frame(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4")
    whole = index_first(video.read_bytes())
    video.write_bytes(whole[: len(whole) * 2 // 3])
    (address,) = addresses([str(video)])
    frames = []
    with (
        open_video_source(address) as source,
        pytest.raises(SourceError, match=r"cut short|broke off"),
    ):
        frames.extend(iter(source))
    assert len(frames) > 3


class Camera:
    """What a camera sends on each connection: a list of pictures, or an error."""

    fps = 10.0

    def __init__(self, images: Sequence[Image], error: bool = False) -> None:
        self.images = images
        self.error = error

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[Frame]:
        for index, image in enumerate(self.images):
            yield Frame(image, "rtsp://gate/1", index, index / 10)
        if self.error:
            raise SourceError("rtsp://gate/1: broke off after 3 frames: timed out")


class Clock:
    """Time that passes only while somebody waits, and a tenth of a second at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 0.05
        return self.now

    def time(self) -> float:
        return 5000.0 + self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(live, "time", made)
    return made


def taken(
    clock: Clock, connections: Sequence[Camera | SourceError], **options: float
) -> list[Frame | Gap]:
    """All that a live source gives until its last connection is used up."""
    left = list(connections)

    def connect() -> Stream:
        if not left:
            source.close()
            raise SourceError("rtsp://gate/1: over")
        each = left.pop(0)
        if isinstance(each, SourceError):
            raise each
        return each  # type: ignore[return-value]

    source = Live(CAMERA, connect=connect, **options)

    def wait(seconds: float) -> bool:
        clock.now += seconds
        return False

    source._closed.wait = wait  # type: ignore[assignment,method-assign]
    return list(source)


def test_a_camera_that_breaks_off_is_connected_to_again(clock: Clock) -> None:
    down = SourceError("rtsp://gate/1: cannot be opened: connection refused")
    given = taken(clock, [Camera(grey_levels(3), error=True), down, down, Camera(grey_levels(5))])
    assert "".join("g" if isinstance(each, Gap) else "f" for each in given)[:10] == "fffggfffff"
    away, back = (each for each in given[:5] if isinstance(each, Gap))
    assert away.until is None
    assert back.until is not None
    assert (away.camera, away.source) == ("gate", "rtsp://gate/1")
    assert away.reason == "broke off after 3 frames: timed out"
    assert (back.since, back.attempts) == (away.since, 3)
    # It waited half a second, a second and two.
    assert back.until - back.since == pytest.approx(3.5, abs=0.8)
    frames = [each for each in given if isinstance(each, Frame)]
    assert [frame.index for frame in frames] == list(range(len(frames)))
    times = [frame.time or 0.0 for frame in frames]
    assert times == sorted(times)
    assert times[3] - times[2] > 3


def test_a_camera_that_is_not_there_at_first_is_waited_for(clock: Clock) -> None:
    given = taken(clock, [SourceError("rtsp://gate/1: no route"), Camera(grey_levels(2))])
    assert [type(each) for each in given[:3]] == [Gap, Gap, Frame]


def test_a_frozen_picture_counts_as_lost_until_it_moves(clock: Clock) -> None:
    still = [grey_levels(1, step=0)[0]] * 500
    given = taken(clock, [Camera([*grey_levels(4), *still]), Camera(grey_levels(9)[1:])], stall=2.0)
    gaps = [each for each in given if isinstance(each, Gap)]
    assert "stood still for 4 s" in gaps[0].reason
    assert [gap.until is None for gap in gaps[:2]] == [True, False]


def test_what_comes_in_a_burst_keeps_its_distances_in_time() -> None:
    pace = live._Clock(10.0)
    # Twenty frames, two seconds of video, a moment after the connection was asked for.
    times = [pace.time(n / 10, 11.9 + n / 1000) for n in range(20)]
    assert times == pytest.approx([10 + n / 10 for n in range(20)])


def test_where_a_sources_clock_runs_away_this_machines_is_right() -> None:
    pace = live._Clock(0.0)
    assert pace.time(100.0, 1.0) == pytest.approx(1.0)
    assert pace.time(100.1, 1.1) == pytest.approx(1.1)


def test_what_ffmpeg_cannot_open_is_an_error_of_ours() -> None:
    with pytest.raises(SourceError, match="cannot be opened"):
        Stream("rtsp://127.0.0.1:9/none", "rtsp://127.0.0.1:9/none", timeout=1.0)
    assert av.logging.get_level() is None


def test_a_hole_in_a_video_costs_only_the_frames_in_it(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", [noise(seed=i) for i in range(80)])
    data = video.read_bytes()
    quarter = len(data) // 4
    video.write_bytes(data[:quarter] + bytes(2 * quarter) + data[3 * quarter :])
    (address,) = addresses([str(video)])
    frames = []
    with open_video_source(address) as source, pytest.raises(SourceError, match="is damaged"):
        frames.extend(iter(source))
    assert len(frames) > 30
