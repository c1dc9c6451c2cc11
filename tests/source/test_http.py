"""HTTP addresses: pictures, recordings that are played once, and cameras that give snapshots."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from lpr.errors import SourceError
from lpr.sightings import Gap
from lpr.source import media_type_of, open_source, shown_source
from lpr.source.address import Address, addresses
from lpr.source.live import Live, connected
from lpr.source.remote import resolved
from lpr.source.snapshots import Snapshots
from lpr.source.video_sources import open_video_source
from lpr.types import Frame
from tests.http_server import serving
from tests.media import animation, encode, grey_levels, pages, quarters, write_video

CAR = encode(".png", quarters())


def address_of(text: str) -> Address:
    (address,) = addresses([text])
    return address


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4").read_bytes()


def motion_jpeg(count: int) -> bytes:
    """A camera's Motion JPEG of ``count`` grey levels."""
    parts = [encode(".jpg", image) for image in grey_levels(count, step=20)]
    return b"".join(
        b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(p), p)
        for p in parts
    )


def test_a_picture_at_an_address_is_read_like_a_file() -> None:
    with serving({"/car.png": CAR, "/snap": CAR}) as (server, _):
        for name in (f"{server}/car.png", f"{server}/snap?channel=1"):
            assert media_type_of(name) == "picture"
            with open_source(name) as source:
                (frame,) = source
            np.testing.assert_array_equal(frame.image, quarters())
            assert (frame.source, frame.index, frame.time) == (shown_source(name), 0, None)


def test_pages_and_animations_at_an_address() -> None:
    files = {
        "/a.tif": pages(grey_levels(3, step=50)),
        "/a.gif": animation(".gif", grey_levels(4, step=50)),
    }
    with serving(dict(files)) as (server, _):
        assert len(list(open_source(f"{server}/a.tif"))) == 3
        assert len(list(open_source(f"{server}/a.gif", 2))) == 2


def test_a_recording_at_an_address_is_read_to_its_end(clip: bytes) -> None:
    with serving({"/clip.mp4": clip}) as (server, _):
        with open_source(f"{server}/clip.mp4", 3) as source:
            assert source.frames == 7
            assert [frame.index for frame in source] == list(range(0, 20, 3))
        assert media_type_of(f"{server}/clip.mp4") == "video"


def test_motion_jpeg_is_live() -> None:
    kinds = {"/video.mjpg": "multipart/x-mixed-replace; boundary=frame"}
    with serving({"/video.mjpg": motion_jpeg(5)}, kinds) as (server, _):
        address = address_of(f"{server}/video.mjpg")
        assert resolved([address], 5.0) == [address]
        with open_source(address.text) as source:
            levels = [round(frame.image.mean() / 20) for frame in itertools.islice(source, 4)]
        assert levels == [0, 1, 2, 3]


def test_a_watch_plays_a_recording_once_and_polls_a_picture(clip: bytes) -> None:
    with serving({"/clip.mp4": clip, "/snap.png": CAR}) as (server, asked):
        names = [f"{server}/clip.mp4", f"{server}/snap.png", f"{server}/missing.mp4"]
        recording, camera, missing = resolved(addresses(names), 5.0)
        assert [(a.kind, a.live) for a in (recording, camera, missing)] == [
            ("recording", False),
            ("stream", True),
            ("stream", True),
        ]
        with open_video_source(recording) as source:
            assert len([frame for frame in source if isinstance(frame, Frame)]) == 20
        before = asked.count("/snap.png")
        with open_video_source(camera) as source:
            frames = list(itertools.islice(source, 4))
        assert all(isinstance(frame, Frame) for frame in frames)
        assert asked.count("/snap.png") >= before + 4


def test_snapshots_are_frames_in_order_with_times() -> None:
    numbers = itertools.count()
    levels = grey_levels(9, step=25)
    with serving({"/snap.jpg": lambda: encode(".jpg", levels[next(numbers) % 9])}) as (server, _):
        frames = list(itertools.islice(Snapshots(address_of(f"{server}/snap.jpg"), 5.0), 3))
    assert [round(frame.image.mean() / 25) for frame in frames] == [0, 1, 2]
    assert [frame.index for frame in frames] == [0, 1, 2]
    times = [frame.time or 0.0 for frame in frames]
    assert times == sorted(times)


def test_a_snapshot_that_stays_the_same_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lpr.source.snapshots._INTERVAL", 0.1)
    with (
        serving({"/snap.png": CAR}) as (server, _),
        Live(address_of(f"{server}/snap.png"), stall=0.3) as source,
    ):
        given = list(itertools.islice(source, 12))
    assert not any(isinstance(each, Gap) for each in given)


def test_a_camera_that_stops_giving_pictures_is_lost_and_comes_back() -> None:
    answers = iter([CAR, CAR, CAR, b"<html>busy</html>"])
    with (
        serving({"/snap.png": lambda: next(answers, CAR)}) as (server, _),
        Live(address_of(f"{server}/snap.png"), stall=5.0) as source,
    ):
        given = list(itertools.islice(source, 5))
    kinds = ["gap" if isinstance(each, Gap) else "frame" for each in given]
    assert kinds == ["frame", "frame", "gap", "gap", "frame"]
    assert isinstance(given[2], Gap)
    assert "snap.png" not in given[2].reason


def test_a_login_in_the_address_is_used_and_never_shown() -> None:
    with serving({"/snap.png": CAR}, login="admin:s3cret") as (server, _):
        host = server.removeprefix("http://")
        with open_source(f"http://admin:s3cret@{host}/snap.png") as source:
            (frame,) = source
        assert "s3cret" not in frame.source
        assert isinstance(
            connected(address_of(f"http://admin:s3cret@{host}/snap.png"), 5.0), Snapshots
        )
        with pytest.raises(SourceError, match="HTTP 401") as error:
            open_source(f"http://admin:s3wrong@{host}/snap.png")
    assert "s3wrong" not in str(error.value)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/missing.jpg", "HTTP 404"),
        ("/page.html", "a web page or text, neither a picture nor a video"),
        ("/nothing.jpg", "the address holds nothing"),
        ("/broken.png", "damaged"),
        ("/huge.gif", "32000 x 32000 pixels"),
    ],
)
def test_what_an_address_does_not_hold_is_said(path: str, reason: str) -> None:
    files = {
        "/page.html": b"<html><body>Sign in</body></html>",
        "/nothing.jpg": b"",
        "/broken.png": CAR[:60],
        "/huge.gif": b"GIF89a\x00\x7d\x00\x7d\0\0\0" + bytes(200),
    }
    with serving(dict(files)) as (server, _), pytest.raises(SourceError, match=reason) as error:
        open_source(server + path)
    assert str(error.value).startswith(f"{server}/***: ")  # the path could be a secret


def test_a_picture_with_too_many_bytes_is_refused() -> None:
    with (
        serving({"/a.png": CAR + bytes(100_000)}) as (server, _),
        pytest.raises(SourceError, match="too large for a picture"),
    ):
        open_source(f"{server}/a.png", max_pixels=10_000)


def test_nobody_listens() -> None:
    with pytest.raises(SourceError, match="cannot be opened: Connection refused"):
        open_source("http://127.0.0.1:9/a.jpg")
    assert media_type_of("http://127.0.0.1:9/a.jpg") is None


def test_hls_is_a_recording_if_it_ends(tmp_path: Path) -> None:
    segment = write_video(tmp_path / "a.ts", fps=25.0).read_bytes()
    text = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.8,\n/a.ts\n"
    master = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n/ended.m3u8\n"
    files = {
        "/a.ts": segment,
        "/live.m3u8": text,
        "/ended.m3u8": text + b"#EXT-X-ENDLIST\n",
        "/master.m3u8": master,
    }
    with serving(dict(files)) as (server, _):
        names = [f"{server}/{name}.m3u8" for name in ("live", "ended", "master")]
        kinds = [address.kind for address in resolved(addresses(names), 5.0)]
        assert kinds == ["stream", "recording", "recording"]
        assert len(list(open_source(names[1]))) == 20
