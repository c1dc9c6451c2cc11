"""A bar on a terminal, silence elsewhere, and the items themselves in both cases."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import pytest

from lpr.utils.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@contextmanager
def on_terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    with redirect_stdout(terminal), redirect_stderr(terminal):
        yield terminal


def test_a_bar_on_a_terminal() -> None:
    with on_terminal() as terminal, progress(range(5), "frame") as bar:
        assert list(bar) == [0, 1, 2, 3, 4]
    assert "5/5" in terminal.getvalue()
    assert "frame" in terminal.getvalue()


def test_a_total_that_is_told() -> None:
    with on_terminal() as terminal, progress(iter("abc"), "frame", 3) as bar:
        assert list(bar) == ["a", "b", "c"]
    assert "3/3" in terminal.getvalue()


def test_without_a_total_it_only_counts() -> None:
    with on_terminal() as terminal, progress(iter("abc"), "frame") as bar:
        assert list(bar) == ["a", "b", "c"]
    assert "3 frame" in terminal.getvalue()


def test_a_single_item_is_counted_by_its_parts() -> None:
    with on_terminal() as terminal, progress(["a.mp4"], "source") as bar:
        for _ in bar:
            assert list(bar.parts(range(7), "frame", 7)) == list(range(7))
    assert "7/7" in terminal.getvalue()
    assert terminal.getvalue().count("\n") == 1


def test_several_items_and_their_parts_share_a_bar() -> None:
    with on_terminal() as terminal, progress(["a.mp4", "b.jpg"], "source") as bar:
        for _ in bar:
            assert list(bar.parts("xyz", "frame", 3)) == list("xyz")
    assert "2/2" in terminal.getvalue()
    assert terminal.getvalue().count("\n") == 1


def test_what_is_counted_elsewhere() -> None:
    with on_terminal() as terminal, progress(iter("abc"), "frame") as bar:
        for number, _ in enumerate(bar, 1):
            bar.count(10 * number, 30)
    assert "30/30" in terminal.getvalue()


def test_silence_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(range(3), "frame") as bar:
        for _ in bar:
            with bar.aside():
                print("record")
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out == "record\n" * 3


def test_silence_without_a_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with progress(range(3), "frame") as bar:
        assert list(bar) == [0, 1, 2]


def test_records_do_not_run_into_the_bar() -> None:
    with on_terminal() as terminal, progress(range(3), "frame") as bar:
        for _ in bar:
            with bar.aside():
                print("record")
    # The bar is wiped out before each record and drawn again after it.
    *before, after = terminal.getvalue().split("record\n")
    assert len(before) == 3
    for text in before:
        assert "frame" in text
        assert text.rsplit("\r", 1)[-1].strip() == ""
    assert "3/3" in after


def test_a_failure_ends_the_bar() -> None:
    def fail() -> None:
        with progress(range(3), "frame") as bar:
            for _ in bar:
                raise KeyboardInterrupt

    with on_terminal() as terminal:
        with pytest.raises(KeyboardInterrupt):
            fail()
        assert terminal.getvalue().endswith("\n")
