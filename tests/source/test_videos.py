"""Frames of video files: which, when, which way up, and what happens to broken ones."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import av
import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from lpr.errors import SourceError
from lpr.source import expand, media_type_of, open_source
from lpr.types import Frame
from tests.media import (
    boxes,
    encode,
    grey_levels,
    index_first,
    join,
    noise,
    quarters,
    turned,
    with_durations,
    write_video,
)
from tests.properties import examples

CODECS = {
    "mp4": "mp4v",
    "m4v": "mp4v",
    "mov": "mp4v",
    "mkv": "mp4v",
    "webm": "VP80",
    "avi": "MJPG",
    "flv": "FLV1",
    "ts": "mp4v",
    "mpg": "MPG1",
    "mjpg": "MJPG",
}


def read(path: Path, every: int = 1) -> list[Frame]:
    with open_source(path, every) as source:
        assert source.kind == "video"
        return list(source)


def read_until_error(path: Path) -> tuple[list[Frame], str]:
    frames = []
    with pytest.raises(SourceError) as error, open_source(path) as source:  # noqa: PT012
        for frame in source:
            frames.append(frame)
    return frames, str(error.value)


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MP4 of 40 frames with its index first, so that it opens even when it is cut."""
    path = tmp_path_factory.mktemp("streamed") / "clip.mp4"
    write_video(path, [noise(seed=i) for i in range(40)])
    path.write_bytes(index_first(path.read_bytes()))
    return path


def cut(video: Path, share: float, path: Path) -> Path:
    """The first ``share`` of a video's bytes, as ``path``."""
    data = video.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


@pytest.mark.parametrize("suffix", CODECS)
def test_containers(tmp_path: Path, suffix: str) -> None:
    # MPEG-1 knows few rates, and a bare MJPEG stream none: then 25 is assumed.
    rate = 25.0 if suffix in ("mpg", "mjpg") else 10.0
    path = write_video(tmp_path / f"clip.{suffix}", fps=rate, codec=CODECS[suffix])
    frames = read(path)
    assert [frame.index for frame in frames] == list(range(20))
    assert {frame.source for frame in frames} == {str(path)}
    for frame, level in zip(frames, grey_levels(20), strict=True):
        assert frame.image.dtype == np.uint8
        assert frame.image.flags.c_contiguous
        np.testing.assert_allclose(frame.image, level, atol=6)
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(20) / rate, atol=1e-3)


ENCODERS: dict[str, tuple[str, str | None, Fraction]] = {
    "ts": ("libx264", None, Fraction(25)),
    "m2ts": ("libx264", "mpegts", Fraction(25)),
    "y4m": ("wrapped_avframe", "yuv4mpegpipe", Fraction(25)),
    "ivf": ("libvpx", None, Fraction(25)),
    "mxf": ("mpeg2video", None, Fraction(25)),
    "nut": ("mpeg4", None, Fraction(25)),
    "dv": ("dvvideo", None, Fraction(30_000, 1001)),
    "h265": ("libx265", "hevc", Fraction(25)),
    "hevc": ("libx265", "hevc", Fraction(25)),
    "264": ("libx264", "h264", Fraction(25)),
    "asf": ("msmpeg4", None, Fraction(25)),
    "vob": ("mpeg2video", None, Fraction(25)),
    "m3u8": ("libx264", "hls", Fraction(25)),
}
JOINABLE = ("ts", "m2ts", "dv", "h265", "264", "vob")


def encoded(path: Path, codec: str, format_: str | None, rate: Fraction, frames: int = 24) -> Path:
    """A video of stripes that move, 720 x 480, with a key frame in every sixth."""
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no encoder {codec}")
    options = {"g": "6", "x265-params": "keyint=6:log-level=none"}
    pixels = "yuv411p" if codec == "dvvideo" else "yuv420p"
    stripes = cv2.resize(noise(24, 36), (720, 480))
    with av.open(str(path), "w", format=format_) as file:
        stream: Any = file.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = 720, 480, pixels
        for number in range(frames):
            image = np.ascontiguousarray(np.roll(stripes, 8 * number, 1))
            file.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        file.mux(stream.encode())
    return path


@pytest.mark.parametrize("suffix", ENCODERS)
def test_containers_of_recorders_and_of_studios(tmp_path: Path, suffix: str) -> None:
    path = encoded(tmp_path / f"clip.{suffix}", *ENCODERS[suffix])
    frames = read(path)
    assert [frame.index for frame in frames] == list(range(24))
    assert {frame.image.shape for frame in frames} == {(480, 720, 3)}
    # A folder gives it too; a playlist there stands for its segments.
    assert expand([str(tmp_path)]) == [str(path)]


@pytest.mark.parametrize("suffix", JOINABLE)
@pytest.mark.parametrize("name", ["cut", "no-suffix"])
def test_a_video_that_begins_in_the_middle_plays(tmp_path: Path, suffix: str, name: str) -> None:
    data = encoded(tmp_path / f"clip.{suffix}", *ENCODERS[suffix], frames=48).read_bytes()
    cut = tmp_path / (f"cut.{suffix}" if name == "cut" else name)
    cut.write_bytes(data[len(data) * 2 // 5 :])
    assert media_type_of(str(cut)) == "video"
    assert 18 <= len(read(cut)) <= 40


def test_typescript_in_a_folder_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "index.ts").write_text("export const G = 1;\n" * 500)
    (tmp_path / "data.ts").write_bytes(bytes(range(256)) * 20)
    assert expand([str(tmp_path)]) == [str(tmp_path)]
    with pytest.raises(SourceError, match="neither a picture nor a video"):
        open_source(tmp_path / "index.ts")


def test_a_playlist_names_the_segment_that_is_missing(tmp_path: Path) -> None:
    path = encoded(tmp_path / "clip.m3u8", *ENCODERS["m3u8"])
    segment = tmp_path / "clip0.ts"
    assert segment.exists()
    segment.unlink()
    with pytest.raises(SourceError, match=r"clip\.m3u8: the playlist names .*clip0\.ts"):
        open_source(path)


def test_a_playlist_in_a_file_opens_no_address(tmp_path: Path) -> None:
    path = tmp_path / "a.m3u8"
    path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/1.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(SourceError, match="own address"):
        open_source(path)


def test_frames_that_are_too_large_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4")  # 64 x 48 = 3072 pixels
    with open_source(path, max_pixels=4 * 3072) as source:
        assert len(list(source)) == 20
    with pytest.raises(SourceError, match="64 x 48 pixels, and at most 3,071 are read") as error:
        open_source(path, max_pixels=4 * 3072 - 1)
    assert str(error.value).startswith(f"{path}: ")


def test_frames_that_grow_too_large_are_not_decoded(tmp_path: Path) -> None:
    small = encode(".jpg", quarters())
    place = small.index(b"\xff\xc0") + 5
    huge = small[:place] + struct.pack(">HH", 15_000, 15_000) + small[place + 4 :]
    path = tmp_path / "grow.avi"
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for number, data in enumerate([small, small, huge, small]):
            packet = av.Packet(data)
            packet.stream, packet.pts, packet.dts = stream, number, number
            packet.time_base = Fraction(1, 10)
            file.mux(packet)
    frames, message = read_until_error(path)
    assert [frame.image.shape for frame in frames] == [(48, 64, 3)] * 3
    assert "after 3 of 4 frames" in message


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "mjpg"])
def test_a_file_with_an_endless_hole_is_refused_by_name(tmp_path: Path, suffix: str) -> None:
    path = write_video(tmp_path / f"clip.{suffix}", fps=25.0, codec=CODECS[suffix])
    os.truncate(path, 1 << 40)  # sparse: it takes no space
    with pytest.raises(SourceError, match="were never written") as error:
        open_source(path)
    assert str(error.value).startswith(f"{path}: the file is too large")


def test_zeros_are_no_video(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.ts", "a.264", "a.bin"):
        (tmp_path / name).touch()
        os.truncate(tmp_path / name, 1 << 20)
        with pytest.raises(SourceError, match=name):
            list(open_source(tmp_path / name))


def test_a_hole_in_a_transport_stream_costs_only_the_frames_in_it(tmp_path: Path) -> None:
    data = encoded(tmp_path / "clip.ts", *ENCODERS["ts"]).read_bytes()
    half = len(data) // 2 // 188 * 188
    (tmp_path / "hole.ts").write_bytes(data[:half] + bytes(1 << 20) + data[half:])
    assert len(read(tmp_path / "hole.ts")) >= 20


def test_the_content_tells_that_it_is_a_video(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4").rename(tmp_path / "clip.jpg")
    assert media_type_of(str(clip)) == "video"
    assert len(read(clip)) == 20


@pytest.mark.parametrize("name", ["with space.mp4", "車牌 影片.mp4", "a:b.mp4", "50%03d.mp4"])
def test_any_name_will_do(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "clip.mp4").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert {frame.source for frame in read(Path(name))} == {name}


@pytest.mark.parametrize("every", [1, 2, 7, 19, 20, 1000])
def test_every(tmp_path: Path, every: int) -> None:
    path = write_video(tmp_path / "clip.mp4")
    frames = read(path, every)
    assert [frame.index for frame in frames] == list(range(0, 20, every))
    for frame in frames:
        assert frame.time == pytest.approx(frame.index / 10)
        np.testing.assert_allclose(frame.image, 5 * frame.index, atol=6)
    with open_source(path, every) as source:
        assert source.frames == len(frames)
        assert source.fps == pytest.approx(10 / every)


def test_every_must_be_positive(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="every"):
        open_source(write_video(tmp_path / "clip.mp4"), 0)


def test_variable_frame_rate(tmp_path: Path) -> None:
    durations = [0.05, 0.15] * 10
    path = write_video(tmp_path / "clip.mp4")
    path.write_bytes(with_durations(path.read_bytes(), durations))
    expected = np.cumsum([0, *durations[:-1]])
    np.testing.assert_allclose([frame.time for frame in read(path)], expected, atol=1e-3)
    times = [frame.time for frame in read(path, 3)]
    np.testing.assert_allclose(times, expected[::3], atol=1e-3)


def test_rotation_that_the_container_asks_for(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", [quarters(48, 64)] * 3)
    path.write_bytes(turned(path.read_bytes()))
    for frame in read(path):
        assert frame.image.shape == (64, 48, 3)
        # Turned clockwise, the red quarter comes from the bottom left to the top left.
        np.testing.assert_allclose(frame.image[8, 8], (0, 0, 255), atol=12)


def test_frames_stay_as_they_were_given(tmp_path: Path) -> None:
    with open_source(write_video(tmp_path / "clip.mp4")) as source:
        frames = iter(source)
        first = next(frames)
        before = first.image.copy()
        next(frames)
    np.testing.assert_array_equal(first.image, before)


def test_a_video_without_its_index_cannot_be_opened(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4")
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(SourceError, match=r"cannot be opened|holds no video") as error:
        open_source(path)
    assert str(path) in str(error.value)


def test_a_cut_video_gives_what_is_left_and_then_fails(tmp_path: Path, streamed: Path) -> None:
    path = cut(streamed, 0.5, tmp_path / "cut.mp4")
    frames, message = read_until_error(path)
    assert 0 < len(frames) < 40
    assert f"{path}: the video ended after {len(frames)} of 40 frames" in message
    for left, original in zip(frames, read(streamed), strict=False):
        assert (left.index, left.time) == (original.index, original.time)


@pytest.mark.parametrize(("suffix", "codec"), [("mkv", "MJPG"), ("avi", "MJPG"), ("webm", "VP80")])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_video_of_another_container(
    tmp_path: Path, suffix: str, codec: str, share: float
) -> None:
    path = write_video(tmp_path / f"clip.{suffix}", [noise(seed=i) for i in range(60)], codec=codec)
    frames, message = read_until_error(cut(path, share, path))
    assert 0 < len(frames) < 60
    assert f"ended after {len(frames)}" in message


def test_a_large_hole_in_a_video_is_an_error(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", [noise(seed=i) for i in range(80)])
    data = path.read_bytes()
    quarter = len(data) // 4
    path.write_bytes(data[:quarter] + bytes(2 * quarter) + data[3 * quarter :])
    frames, message = read_until_error(path)
    assert f"after {len(frames)} of 80 frames: the rest is damaged" in message


def test_a_video_without_a_frame_is_an_error(tmp_path: Path, streamed: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(join((n, b"" if n == b"mdat" else b) for n, b in boxes(streamed.read_bytes())))
    frames, message = read_until_error(path)
    assert frames == []
    assert "holds no frame" in message


def test_lengths_of_64_bits(tmp_path: Path, streamed: Path) -> None:
    path = tmp_path / "wide.mp4"
    path.write_bytes(index_first(streamed.read_bytes(), wide=True))
    assert len(read(path)) == 40
    frames, message = read_until_error(cut(path, 0.6, path))
    assert f"after {len(frames)} of 40 frames: the file is cut short" in message


def test_what_is_cut_off_behind_the_last_frame_is_not_missed(
    tmp_path: Path, streamed: Path
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(streamed.read_bytes() + join([(b"free", bytes(1000))])[:500])
    assert len(read(path)) == 40


class BadContainer:
    """A container whose timestamps (in milliseconds) and rate make no sense."""

    class _Codec:
        width, height = 64, 48
        options: ClassVar[dict[str, str]] = {}

    def __init__(self, rate: float | None, timestamps: list[int | None]) -> None:
        self.streams = self
        self.video = [self]
        self.codec_context = self._Codec()
        self.average_rate = self.guessed_rate = rate
        self.frames = 0
        self.duration = 5e12  # microseconds
        self.time_base = Fraction(1, 1000)
        self.metadata: dict[str, str] = {}
        self._timestamps = timestamps

    def demux(self, _: object) -> list[BadContainer]:
        return [self]

    def decode(self) -> Iterator[av.VideoFrame]:
        for timestamp in self._timestamps:
            picture = av.VideoFrame.from_ndarray(quarters(), "bgr24")
            picture.pts = timestamp
            yield picture

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("fps", "times"),
    [
        (10.0, [0, 0.1, 0.1, 0.3, 0.3, 0.9]),
        (90000.0, [0, 0.1, 0.1, 0.1, 0.25, 0.9]),
        (None, [0, 0.1, 0.1, 0.1, 0.25, 0.9]),
        (0.0, [0, 0.1, 0.1, 0.1, 0.25, 0.9]),
    ],
)
def test_times_never_decrease_and_rates_are_credible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fps: float | None, times: list[float]
) -> None:
    path = write_video(tmp_path / "clip.mkv")
    container = BadContainer(fps, [0, 100, 50, None, 250, 900])
    monkeypatch.setattr(av, "open", lambda *_, **__: container)
    with open_source(path) as source:
        assert source.fps == (10 if fps == 10 else None)
        assert source.frames == (5e7 if fps == 10 else None)
        assert [frame.time for frame in source] == pytest.approx(times)


def test_stopping_early_is_no_error(tmp_path: Path, streamed: Path) -> None:
    with open_source(cut(streamed, 0.5, tmp_path / "cut.mp4")) as source:
        assert next(iter(source)).index == 0


@examples(30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.97))  # of the last frame, too little may be missing to lose it
def test_wherever_a_video_is_cut_its_loss_is_noticed(
    tmp_path: Path, streamed: Path, share: float
) -> None:
    path = cut(streamed, share, tmp_path / "cut.mp4")
    frames, message = read_until_error(path)
    assert str(path) in message
    assert [frame.index for frame in frames] == list(range(len(frames)))


def test_a_name_that_is_not_unicode_asks_to_be_changed(tmp_path: Path) -> None:
    path = Path(f"{tmp_path}/clip\udcff.mp4")
    path.write_bytes(write_video(tmp_path / "clip.mp4").read_bytes())
    with pytest.raises(SourceError, match="rename the file"):
        open_source(path)


def test_a_real_clip(shared_data: Path) -> None:
    with open_source(shared_data / "road-video" / "cars.mp4", every=50) as source:
        frames = list(source)
        assert source.frames == len(frames) == 7
    assert [frame.index for frame in frames] == list(range(0, 339, 50))
    assert {frame.image.shape for frame in frames} == {(720, 1280, 3)}
    times = [frame.time for frame in frames]
    assert times == sorted(set(times))
    assert 15 < times[-1] < 18
