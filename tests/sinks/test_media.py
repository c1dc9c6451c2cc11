"""Annotated copies: what is written where, what is never overwritten, what survives a failure."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr.draw import annotate
from lpr.errors import OutputError
from lpr.sinks import open_save
from lpr.source import Kind, expand, kind_of, open_source, quiet
from lpr.types import Frame, Image
from tests.media import grey_levels, noise, quarters, with_durations, write_picture, write_video
from tests.properties import examples
from tests.sinks.sample import plate

FOUND = [plate()]


def save_all(path: Path, *sources: Path, every: int = 1) -> list[Path]:
    """Do what a command does: annotate every frame of every source."""
    planned: list[tuple[str, Kind]] = []
    for source in sources:
        kind = kind_of(str(source))
        assert kind is not None
        planned.append((str(source), kind))
    with open_save(path, planned) as save:
        for name, _ in planned:
            with open_source(name, every) as opened:
                save.start(name, opened.fps)
                for frame in opened:
                    save.frame(frame, FOUND)
    return save.written


def images(path: Path) -> list[Image]:
    with open_source(path) as source:
        return [frame.image for frame in source]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPEG"])
def test_one_picture(tmp_path: Path, suffix: str) -> None:
    source, output = write_picture(tmp_path / "a.png"), tmp_path / f"annotated{suffix}"
    assert save_all(output, source) == [output]
    (written,) = images(output)
    expected = annotate(quarters(), FOUND)
    if suffix == ".png":
        np.testing.assert_array_equal(written, expected)
    else:
        assert np.abs(written.astype(int) - expected).mean() < 10


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi"])
@pytest.mark.parametrize("every", [1, 4])
def test_one_video_keeps_its_speed(tmp_path: Path, suffix: str, every: int) -> None:
    source, output = write_video(tmp_path / "a.mp4"), tmp_path / f"annotated{suffix}"
    assert save_all(output, source, every=every) == [output]
    with open_source(output) as written:
        assert written.fps == pytest.approx(10 / every)
        frames = list(written)
    assert len(frames) == 20 // every
    for frame, level in zip(frames, grey_levels(20)[::every], strict=True):
        assert np.abs(frame.image.astype(int) - annotate(level, FOUND)).mean() < 8


def test_browsers_play_the_video(tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    save_all(output, write_video(tmp_path / "a.mp4"))
    with av.open(str(output)) as video:
        stream = video.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_a_variable_frame_rate_is_kept(tmp_path: Path, suffix: str) -> None:
    source, output = write_video(tmp_path / "a.mp4"), tmp_path / f"out{suffix}"
    durations = [0.05, 0.15] * 10
    source.write_bytes(with_durations(source.read_bytes(), durations))
    save_all(output, source)
    with open_source(output) as video:
        times = [frame.time for frame in video]
    np.testing.assert_allclose(times, np.cumsum([0, *durations[:-1]]), atol=2e-3)


@pytest.mark.parametrize("size", [(1, 1), (1, 64), (33, 63), (48, 63)])
def test_no_column_of_a_video_is_lost(tmp_path: Path, size: tuple[int, int]) -> None:
    output = tmp_path / "out.mp4"
    with open_save(output, [("cam", "video")]) as save:
        save.start("cam", 10)
        save.frame(Frame(np.full((*size, 3), 120, np.uint8), "cam", 0, 0.0), [])
    (written,) = images(output)
    assert written.shape == (size[0] + size[0] % 2, size[1] + size[1] % 2, 3)
    np.testing.assert_allclose(written, 120, atol=8)


def test_a_video_may_change_its_size(tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    with open_save(output, [("cam", "video")]) as save:
        save.start("cam", 10)
        for index, (height, width) in enumerate([(48, 64), (96, 128), (24, 32)]):
            save.frame(Frame(quarters(height, width), "cam", index, index / 10), [])
    written = images(output)
    assert [image.shape for image in written] == [(48, 64, 3)] * 3
    for image in written:
        np.testing.assert_allclose(image[8, 8], (255, 0, 0), atol=12)


@examples(50)
@given(fps=st.none() | st.floats(1e-6, 1000))
def test_any_frame_rate_can_be_written(
    tmp_path_factory: pytest.TempPathFactory, fps: float
) -> None:
    output = tmp_path_factory.mktemp("fps") / "out.mp4"
    with open_save(output, [("cam", "video")]) as save:
        save.start("cam", fps)
        save.frame(Frame(quarters(), "cam", 0, 0.0), [])
    with open_source(output) as written:
        assert written.fps == pytest.approx(25 if fps is None else max(fps, 0.01), rel=0.1)


def test_many_sources_go_into_a_folder(tmp_path: Path) -> None:
    sources = [
        write_picture(tmp_path / "in" / "a.jpg"),
        write_picture(tmp_path / "in" / "b.png"),
        write_picture(tmp_path / "in" / "c.webp"),
        write_video(tmp_path / "in" / "d.avi", codec="MJPG"),
        write_picture(tmp_path / "in" / "車牌 照片.jpg"),
        write_video(tmp_path / "in" / "影片.mp4"),
    ]
    output = tmp_path / "new" / "out"
    written = save_all(output, *sources)
    assert [path.name for path in written] == [
        "a.jpg", "b.png", "c.jpg", "d.mp4", "車牌 照片.jpg", "影片.mp4"
    ]  # fmt: skip
    assert {path.parent for path in written} == {output}
    assert [len(images(path)) for path in written] == [1, 1, 1, 20, 1, 20]


def test_files_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    shades = {"x/a.png": 0, "y/a.png": 1, "y/a-2.png": 2, "z/A.png": 3, "z/a.webp": 4, "z/a.jpg": 5}
    sources = [
        write_picture(tmp_path / name, np.full((48, 64, 3), 40 * shade, np.uint8))
        for name, shade in shades.items()
    ]
    written = save_all(tmp_path / "out", *sources)
    names = [path.name for path in written]
    assert names == ["a.png", "a-2.png", "a-2-2.png", "A-3.png", "a.jpg", "a-2.jpg"]
    for path, shade in zip(written, shades.values(), strict=True):
        np.testing.assert_allclose(images(path)[0][-1, -1], 40 * shade, atol=8)


def test_a_source_named_twice_is_written_once(tmp_path: Path) -> None:
    source = write_picture(tmp_path / "a.png")
    assert set(save_all(tmp_path / "out.png", source, source)) == {tmp_path / "out.png"}


def test_an_existing_folder_is_a_folder_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "out.jpg").mkdir()
    written = save_all(tmp_path / "out.jpg", write_picture(tmp_path / "a.png"))
    assert written == [tmp_path / "out.jpg" / "a.png"]


def test_old_results_are_replaced(tmp_path: Path) -> None:
    source = write_picture(tmp_path / "a.png")
    for _ in range(2):
        save_all(tmp_path / "out", source)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("output", "kinds", "reason"),
    [
        ("out.mp4", ["picture"], "is a picture; save it as .jpg, .jpeg, .png or in a folder"),
        ("out.jpg", ["video"], "is a video; save it as .mp4, .mov, .mkv, .avi or in a folder"),
        ("out.webm", ["video"], "is a video"),
        ("out.gif", ["picture"], "is a picture"),
        ("out.jpg", ["picture", "picture"], "one file cannot hold 2 sources; name a folder"),
        ("file/out.jpg", ["picture"], "cannot be made"),
        ("file", ["picture"], "cannot be made"),
    ],
)
def test_an_output_that_does_not_fit_is_refused_before_anything_is_done(
    tmp_path: Path, output: str, kinds: list[Kind], reason: str
) -> None:
    (tmp_path / "file").write_text("not a folder")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OutputError, match=reason):
        open_save(tmp_path / output, [(f"{i}.x", kind) for i, kind in enumerate(kinds)])
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("output", ["a.png", ".", "sub/../a.png", "link.png"])
def test_a_source_is_not_overwritten(tmp_path: Path, output: str) -> None:
    source = write_picture(tmp_path / "a.png")
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.png").symlink_to(source)
    before = source.read_bytes()
    with pytest.raises(OutputError, match="overwrite a source"):
        save_all(tmp_path / output, source)
    assert source.read_bytes() == before


def test_results_inside_the_searched_folder_are_not_overwritten_as_sources(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    save_all(tmp_path / "out", *map(Path, expand([str(tmp_path)])))
    again = [Path(source) for source in expand([str(tmp_path)])]
    assert [path.name for path in again] == ["a.png", "a.png"]
    with pytest.raises(OutputError, match="overwrite a source"):
        save_all(tmp_path / "out", *again)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi"])
def test_after_a_failure_the_video_can_be_played(tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"out{suffix}"

    def fail() -> None:
        with open_save(output, [("cam", "video")]) as save:
            save.start("cam", 10)
            for index, image in enumerate(grey_levels(7)):
                save.frame(Frame(image, "cam", index, index / 10), [])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert len(images(output)) == 7


def test_a_source_that_gives_no_frame_leaves_no_file(tmp_path: Path) -> None:
    with open_save(tmp_path / "out", [("a", "video"), ("b", "picture")]) as save:
        save.start("a", None)
        save.start("b", None)
        save.frame(Frame(quarters(), "b"), [])
    assert save.written == [tmp_path / "out" / "b.jpg"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.jpg"]


def test_a_picture_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    with open_save(output, [("a", "picture")]) as save:
        output.mkdir()
        save.start("a", None)
        with pytest.raises(OutputError, match=r"out\.png: cannot be written"):
            save.frame(Frame(quarters(), "a"), [])


def test_a_picture_too_large_for_its_format_is_named(tmp_path: Path) -> None:
    with quiet(), open_save(tmp_path / "out.jpg", [("a", "picture")]) as save:
        save.start("a", None)
        with pytest.raises(OutputError, match=r"cannot be stored as \.jpg"):
            save.frame(Frame(np.zeros((1, 70_000, 3), np.uint8), "a"), [])


def test_a_video_too_large_for_its_format_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    with quiet(), open_save(tmp_path / "out.mp4", [("a", "video")]) as save:
        save.start("a", 10)
        with pytest.raises(OutputError, match="cannot write a video of 20000x16 pixels"):
            save.frame(Frame(np.zeros((16, 20_000, 3), np.uint8), "a"), [])
    assert list(tmp_path.iterdir()) == []


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Within it no file can grow beyond ``size`` bytes."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_a_full_disk_is_noticed(tmp_path: Path, suffix: str) -> None:
    def write() -> None:
        with (
            quiet(),
            disk_of(100_000),
            open_save(tmp_path / f"o{suffix}", [("a", "video")]) as save,
        ):
            save.start("a", 10)
            for index in range(20):
                save.frame(Frame(noise(240, 320, index), "a", index, index / 10), [])

    with pytest.raises(OutputError, match="is the disk full"):
        write()
