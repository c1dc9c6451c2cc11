"""What is shown of an address: passwords stand anywhere in it, and appear nowhere."""

from __future__ import annotations

import string
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.errors import SourceError
from lpr.source.address import addresses
from lpr.source.shown_address import is_harmless, shown_source, without_password

SECRET = "s3cretXY"

TEMPLATES = (
    "rtsp://admin:{}@10.0.0.7/1",
    "rtsp://{}@10.0.0.7/1",
    "rtsp://{}:x@10.0.0.7/1",
    "rtsp://10.0.0.7:9/user=admin&password={}&channel=1&stream=0.sdp",
    "rtsp://10.0.0.7/user=admin_password={}_channel=1_stream=0.sdp?real_stream",
    "rtsp://10.0.0.7/stream1;pwd={}",
    "rtsp://10.0.0.7/live;{}",
    "rtsp://10.0.0.7/0/admin:{}/main",
    "rtsp://10.0.0.7/admin/{}/main",
    "rtsp://10.0.0.7/{}",
    "http://10.0.0.7/cgi-bin/api.cgi?cmd=Snap&user=admin&loginpas={}",
    "http://10.0.0.7/v?_password={}",
    "http://10.0.0.7/v?access_token={}&x=1",
    "http://10.0.0.7/v?api_key={}",
    "http://10.0.0.7/v?apikey={};channel=1",
    "http://10.0.0.7/v?psw={}",
    "http://10.0.0.7/v?sig={}",
    "http://10.0.0.7/v?anything={}",
    "http://10.0.0.7/v?{}",
    "http://10.0.0.7/v#{}",
    "http://10.0.0.7/v?channel={}",
    "srt://10.0.0.7:90?passphrase={}",
    "rtmp://a.example.com/live2/{}",
    "gate=rtsp://admin:{}@10.0.0.7/1",
)
MISTAKES = (
    "rtsp://admin:a/{}@10.0.0.7/1",
    "rtsp://admin:12/{}@10.0.0.7/1",
    "rtsp://admin:#{}@10.0.0.7/1",
    "rtsp://admin:12#{}@10.0.0.7/1",
    "rtsp://admin:12?{}@10.0.0.7/1",
    "rtsp://admin:{}@x/y@10.0.0.7/1",
    "rtsp://john.doe:12/{}@10.0.0.7/1",
    "rtsp://admin:{}@10.0.0.7:99999/1",
    "rtsp://admin:{}@",
    "rtsp://[admin:{}@10.0.0.7/1",
    "ftp://admin:{}@10.0.0.7/1",
    "rtsp:/admin:{}@10.0.0.7/1",
    "rtsp:admin:{}@10.0.0.7/1",
    "rtsp;//admin:{}@10.0.0.7/1",
    "admin:{}@10.0.0.7/1",
    "gate=admin:{}@10.0.0.7/1",
    "my gate=rtsp://admin:{}@10.0.0.7/1",
    "10.0.0.7/user=admin&password={}",
    "cam.local/v?token={}",
)


@pytest.mark.parametrize("template", [*TEMPLATES, *MISTAKES])
def test_a_password_is_shown_nowhere(template: str) -> None:
    text = template.format(SECRET)
    try:
        (address,) = addresses([text])
        said = f"{address.shown} {address.camera} {without_password(text)}"
        assert template in TEMPLATES
        assert SECRET in address.text
    except SourceError as error:
        said = str(error)
        assert template in MISTAKES
    assert SECRET not in f"{said} {shown_source(text)}"


@given(
    st.sampled_from([*TEMPLATES, *MISTAKES]),
    st.text(
        string.ascii_letters + string.digits + "!$%&'()*+,-.;<=>^_`{|}~ @:/?#[]\"\\", min_size=4
    ),
    st.booleans(),
)
def test_no_password_of_any_characters_is_shown(template: str, noise: str, quoted: bool) -> None:
    """A marked word stands for what a password holds besides its special characters."""
    password = f"{noise[:2]}Zq7x{noise[2:]}Wk9v"
    text = template.format(quote(password, safe="") if quoted else password)
    try:
        (address,) = addresses([text])
        said = f"{address.shown} {address.camera}"
    except SourceError as error:
        said = str(error)
    # Hosts are shown in lower case.
    assert "zq7x" not in f"{said} {shown_source(text)}".lower()


@pytest.mark.parametrize("mark", ["/", "#", "?"])
def test_a_password_that_ends_early_is_explained(mark: str) -> None:
    with pytest.raises(SourceError, match="# as %23, / as %2F, \\? as %3F and @ as %40"):
        addresses([f"rtsp://admin:12{mark}34@10.0.0.7/1"])


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("my gate=rtsp://10.0.0.7/1", "the name before = may hold only letters"),
        ("admin:x@10.0.0.7/1", "begin an address with its protocol"),
        ("mms://10.0.0.7/1", "mms://10.0.0.7/1: this protocol is not supported"),
    ],
)
def test_a_mistake_is_explained(text: str, advice: str) -> None:
    with pytest.raises(SourceError, match=advice):
        addresses([text])


@pytest.mark.parametrize(
    ("text", "camera", "shown"),
    [
        ("rtsp://10.0.0.7/stream1", "10.0.0.7/stream1", None),
        ("rtsp://10.0.0.7/Streaming/Channels/1001", "10.0.0.7/Streaming/Channels/1001", None),
        ("rtsp://10.0.0.7/h264Preview_01_main", "10.0.0.7/h264Preview_01_main", None),
        ("rtsp://10.0.0.7/axis-media/media.amp", "10.0.0.7/axis-media/media.amp", None),
        ("rtsp://10.0.0.7/videoMain", "10.0.0.7/videoMain", None),
        ("rtsp://10.0.0.7:8554/front_door", "10.0.0.7/front_door", None),
        (
            "rtsp://10.0.0.7/cam/realmonitor?channel=2&subtype=0",
            "10.0.0.7/cam/realmonitor?channel=2&subtype=0",
            None,
        ),
        (
            "rtsp://10.0.0.7:9/user=admin&password=X9&channel=1&stream=0.sdp",
            "10.0.0.7/channel=1&stream=0.sdp",
            "rtsp://10.0.0.7:9/***&channel=1&stream=0.sdp",
        ),
        ("rtsp://[fe80::1]:554/live", "fe80::1/live", None),
        ("https://example.com/@news/live.m3u8", "example.com/live.m3u8",
         "https://example.com/***/live.m3u8"),
        ("rtsp://10.0.0.7/stream1;pwd=X9", "10.0.0.7/stream1", "rtsp://10.0.0.7/stream1&***"),
    ],
)  # fmt: skip
def test_ordinary_addresses_are_recognised(text: str, camera: str, shown: str | None) -> None:
    (address,) = addresses([text])
    assert (address.camera, address.shown) == (camera, shown or text)


def test_cameras_of_one_host_are_told_apart_in_separate_runs() -> None:
    groups = [
        [f"rtsp://10.0.0.7/user=a&password=X9&channel={n}" for n in range(4)],
        [f"http://10.0.0.7/snap.cgi?user=a&pwd=X9&camera={n}" for n in range(4)],
        ["rtsp://10.0.0.7/zaphod", "rtsp://10.0.0.7/trillian", "rtsp://10.0.0.7/marvin"],
    ]
    for group in groups:
        names = [addresses([text])[0].camera for text in group]
        assert len(set(names)) == len(group)
    assert addresses(["rtsp://10.0.0.7/zaphod"])[0].camera == "10.0.0.7#fa58"


@pytest.mark.parametrize(
    "template",
    [
        "rtsp://admin:{}@10.0.0.7/1",
        "rtsp://10.0.0.7/admin/{}",
        "rtsp://10.0.0.7/zaphod?key={}",
        "rtsp://10.0.0.7/zaphod/pwd={}",
    ],
)
def test_a_password_leaves_no_trace_in_a_name(template: str) -> None:
    """A hash that depended on it would tell which guess is right."""
    names = {addresses([template.format(word)])[0].camera for word in ("hunter", "qwertz", "83611")}
    assert len(names) == 1


@pytest.mark.parametrize(
    "word", ["hunter", "12345", "4711", "stream12345", "pass1", "ä", "", "a b"]
)
def test_what_is_not_known_is_not_harmless(word: str) -> None:
    assert not is_harmless(word)


def test_files_keep_their_names(tmp_path: Path) -> None:
    odd = tmp_path / "admin:x@gate.mp4"
    odd.touch()
    assert shown_source(str(odd)) == str(odd)
    for name in ("drive.mp4", "a=b.mp4", "mail@home.jpg", "photos/*.jpg", "C:mine.mp4"):
        assert shown_source(name) == name
