"""What names of moving sources stand for."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpr.errors import SourceError
from lpr.source.address import Address, addresses
from tests.media import write_picture, write_video


@pytest.mark.parametrize(
    ("text", "camera", "sort"),
    [
        ("rtsp://10.0.0.7:554/stream1", "10.0.0.7/stream1", "stream"),
        ("http://cam.local/video.mjpg", "cam.local/video.mjpg", "stream"),
        ("gate=rtsp://10.0.0.7/1", "gate", "stream"),
        ("camera:0", "video0", "camera"),
        ("/dev/video2", "video2", "camera"),
        ("-", "stdin", "stdin"),
        ("drive=-", "drive", "stdin"),
        ("nowhere/drive.mp4", "drive", "file"),
        ("yard=nowhere/drive.mp4", "yard", "file"),
    ],
)
def test_names(text: str, camera: str, sort: str) -> None:
    (address,) = addresses([text])
    assert (address.camera, address.kind) == (camera, sort)
    assert address.live == (sort in ("stream", "camera"))


def test_an_address_with_an_equals_sign_in_it_is_not_taken_apart() -> None:
    (address,) = addresses(["http://cam.local/video?size=2"])
    assert address.text == "http://cam.local/video?size=2"


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:s3cret@10.0.0.7/1",
        "rtsp://admin:s3@cret@10.0.0.7/1",
        "rtsp://admin:s3/cret@10.0.0.7/1",
        "http://10.0.0.7/v?user=a&password=s3cret&x=1",
        "http://10.0.0.7/v?Token=s3cret",
        "ftp://admin:s3cret@10.0.0.7/1",
        "gate=rtsp:/admin:s3cret@10.0.0.7/1",
        "rtsp://admin:s3cret@10.0.0.7:99999/1",
        "rtsp://admin:s3cret@",
    ],
)
def test_secrets_are_shown_nowhere(text: str) -> None:
    try:
        (address,) = addresses([text])
        said = address.shown + address.camera
    except SourceError as error:
        said = str(error)
    assert "s3" not in said
    assert "cret" not in said


def test_a_name_for_several_files_is_numbered(tmp_path: Path) -> None:
    for number in range(2):
        write_video(tmp_path / f"{number}.mp4")
    assert [a.camera for a in addresses([f"gate={tmp_path}/*.mp4"])] == ["gate-1", "gate-2"]


def test_standard_input_can_be_had_once() -> None:
    with pytest.raises(SourceError, match="only once"):
        addresses(["-", "-"])


def test_no_password_is_shown() -> None:
    (address,) = addresses(["rtsp://admin:s3cr%40t@10.0.0.7/1"])
    assert "s3cr" not in address.shown + address.camera
    assert address.shown == "rtsp://***@10.0.0.7/1"
    assert "s3cr%40t" in address.text


def test_a_folder_of_pictures_is_one_source_and_one_of_videos_as_many(tmp_path: Path) -> None:
    for number in range(3):
        write_picture(tmp_path / "frames" / f"{number}.png")
        write_video(tmp_path / "videos" / f"{number}.mp4")
    assert addresses([str(tmp_path / "frames")]) == [
        Address("frames", str(tmp_path / "frames"), "folder")
    ]
    found = addresses([str(tmp_path / "videos")])
    assert [(address.camera, address.kind) for address in found] == [
        ("0", "file"),
        ("1", "file"),
        ("2", "file"),
    ]


def test_a_folder_of_both_is_refused(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    write_video(tmp_path / "b.mp4")
    with pytest.raises(SourceError, match="pictures and videos"):
        addresses([str(tmp_path)])


@pytest.mark.parametrize(
    "text", ["rtsp://", "http://:80/x", "rtsp://10.0.0.7:port/1", "gate=rtsp://"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="not a valid address"):
        addresses([text])


def test_each_has_a_name_of_its_own() -> None:
    found = addresses(["a/drive.mp4", "b/drive.mp4"])
    assert [address.camera for address in found] == ["drive", "drive-2"]
    with pytest.raises(SourceError, match="gate: two sources"):
        addresses(["gate=a.mp4", "gate=b.mp4"])
