"""What the arguments of a command stand for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpr.errors import SourceError
from lpr.source import PICTURE_SUFFIXES, VIDEO_SUFFIXES, expand, media_type_of, open_source
from tests.media import write_picture, write_video


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures, videos, and what is neither, at several depths."""
    for name in ("b.jpg", "a.PNG", "sub/c.jpg", "sub/deeper/d.png", ".hidden.jpg", ".dir/e.jpg"):
        write_picture(tmp_path / name)
    write_video(tmp_path / "sub" / "clip.mp4")
    (tmp_path / "labels.csv").write_text("file,text\n")
    return tmp_path


def names(sources: list[str], folder: Path) -> list[str]:
    return [str(Path(source).relative_to(folder)) for source in sources]


def test_a_folder_stands_for_its_pictures_and_videos_by_path(folder: Path) -> None:
    found = ["a.PNG", "b.jpg", "sub/c.jpg", "sub/clip.mp4", "sub/deeper/d.png"]
    assert names(expand([str(folder)]), folder) == found


def test_arguments_keep_their_order(folder: Path) -> None:
    video, picture = str(folder / "sub" / "clip.mp4"), str(folder / "a.PNG")
    deeper = str(folder / "sub" / "deeper")
    assert expand([video, deeper, picture]) == [video, f"{deeper}/d.png", picture]


def test_a_file_stands_for_itself_whatever_its_suffix(folder: Path) -> None:
    assert expand([str(folder / "labels.csv")]) == [str(folder / "labels.csv")]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.jpg", ["b.jpg"]),
        ("?.[jP]*", ["a.PNG", "b.jpg"]),
        ("sub/*", ["sub/c.jpg", "sub/clip.mp4", "sub/deeper/d.png"]),
        ("**/*.jpg", ["b.jpg", "sub/c.jpg"]),
        ("**", ["a.PNG", "b.jpg", "sub/c.jpg", "sub/clip.mp4", "sub/deeper/d.png"]),
    ],
)
def test_a_pattern_stands_for_what_matches_once(
    folder: Path, pattern: str, found: list[str]
) -> None:
    assert sorted(names(expand([str(folder / pattern)]), folder)) == found


def test_sources_are_named_as_the_argument_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert expand(["./sub/deeper", "sub/deeper/", "./sub/deep*/*"]) == [
        "./sub/deeper/d.png",
        "sub/deeper/d.png",
        "./sub/deeper/d.png",
    ]


def test_a_file_may_be_named_like_a_pattern(tmp_path: Path) -> None:
    literal = write_picture(tmp_path / "photo[1].jpg")
    write_picture(tmp_path / "photo1.jpg")
    assert expand([str(literal)]) == [str(literal)]


def test_a_folder_named_like_a_picture_is_a_folder(tmp_path: Path) -> None:
    inside = write_picture(tmp_path / "x.jpg" / "y.jpg")
    assert expand([str(tmp_path)]) == expand([str(tmp_path / "x.jpg")]) == [str(inside)]


@pytest.mark.parametrize(
    "name", ["with space.jpg", "車牌 照片.jpg", "-n.jpg", "a%03d.jpg", "ü.jpg"]
)
def test_any_name_will_do(tmp_path: Path, name: str) -> None:
    write_picture(tmp_path / name)
    (source,) = expand([str(tmp_path)])
    with open_source(source) as opened:
        assert next(iter(opened)).source == str(tmp_path / name)


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("missing.jpg", "no such file"),
        ("missing/x.jpg", "no such file"),
        ("labels.csv/x.jpg", "no such file"),
        ("empty", "holds no picture or video"),
        ("text", "holds no picture or video"),
        ("*.gif", "no picture or video matches"),
        ("*.csv", "no picture or video matches"),
        ("x" * 300, "File name too long"),
    ],
)
def test_an_argument_that_stands_for_nothing_fails_alone(
    folder: Path, argument: str, reason: str
) -> None:
    (folder / "empty").mkdir()
    (folder / "text").mkdir()
    (folder / "text" / "notes.txt").write_text("nothing")
    bad, good = str(folder / argument), str(folder / "b.jpg")
    assert expand([good, bad, good]) == [good, bad, good]
    assert media_type_of(bad) is None
    with pytest.raises(SourceError, match=reason) as error:
        open_source(bad)
    assert str(error.value).startswith(bad)


def test_an_empty_argument_is_not_the_current_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert expand([""]) == [""]
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        open_source("")


def test_a_folder_with_pictures_is_no_single_source(folder: Path) -> None:
    with pytest.raises(SourceError, match="this is a folder"):
        open_source(folder)


def test_a_link_to_nowhere_is_reported(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.jpg")
    (tmp_path / "b.jpg").symlink_to(tmp_path / "gone.jpg")
    good, bad = expand([str(tmp_path)])
    assert media_type_of(good) == "picture"
    with pytest.raises(SourceError, match="no such file"):
        open_source(bad)


@pytest.fixture
def forbidden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a picture and a sub-folder that may not be read, even by root's tests."""
    folder = tmp_path_factory.mktemp("forbidden")
    write_picture(folder / "good.jpg")
    write_picture(folder / "secret.jpg").chmod(0)
    (folder / "closed").mkdir(mode=0)
    opened = [folder, *(path for path in folder.parents if not path.stat().st_mode & 0o001)]
    modes = [path.stat().st_mode for path in opened]
    for path in opened:
        path.chmod(0o755)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        for path, mode in zip(opened, modes, strict=True):
            path.chmod(mode)
        (folder / "closed").chmod(0o755)


def test_what_may_not_be_read_is_reported_and_the_rest_is_not_lost(forbidden: Path) -> None:
    closed, good, secret = expand([str(forbidden)])
    assert media_type_of(good) == "picture"
    for source in (closed, secret):
        with pytest.raises(SourceError, match=r"Permission denied; check its permissions"):
            open_source(source)
    assert Path(closed).name == "closed"
    assert Path(secret).name == "secret.jpg"


def test_the_documentation_names_every_suffix() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "output.md"
    text = page.read_text(encoding="utf-8").split("## Sources")[1]
    for suffixes in (PICTURE_SUFFIXES, VIDEO_SUFFIXES):
        assert f"`{' '.join(sorted(suffixes))}`" in text
