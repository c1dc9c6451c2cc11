"""``lpr plugins``, and what a plugin can do to a run: it is named, and the rest is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lpr.models import DEFAULT_MODEL
from lpr.source import open_source
from tests.cli.run import CAR, CLIP, lpr


def install_plugin(folder: Path, name: str, source: str) -> dict[str, str]:
    """Install a plugin of one module; returns the environment that loads it, and no other."""
    (folder / f"{name}_plugin.py").write_text(source)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[lpr]\n{name} = {name}_plugin\n")
    return {"PYTHONPATH": str(folder), "LPR_LOAD_PLUGINS": name}


def test_plugins_are_listed_with_what_they_give() -> None:
    result = lpr("plugins")
    assert result.status == 0
    assert "region tw" in result.stdout


@pytest.fixture
def broken_plugin(tmp_path: Path) -> dict[str, str]:
    """An installed plugin that raises on import."""
    return install_plugin(tmp_path, "broken", "raise ImportError('no libfoo here')")


def test_a_plugin_that_raises_on_import_is_named_and_the_rest_works(
    broken_plugin: dict[str, str],
) -> None:
    environment = broken_plugin
    listed = lpr("plugins", **environment)
    assert listed.status == 1
    assert "broken (broken 1.0): failed to load: ImportError: no libfoo" in listed.stderr
    detected = lpr("detect", CAR, **environment)
    assert detected.status == 0
    assert detected.records[0]["plates"]
    assert "broken" in detected.stderr
    assert "broken" in lpr("doctor", **environment).stderr


MOODY = """
from lpr import Reading, hookimpl

class Moody:
    name, device, priority, formats = "moody", "cpu", 0, frozenset()
    def problem(self): return None
    def open(self, model, threads): return self
    def read(self, crops):
        if crops[0].image.shape[0] == 720: raise RuntimeError("out of ink")
        return [Reading("ABC1234", 0.9) for _ in crops]
    def close(self): raise ValueError("will not close")

class Broken:
    name, device, priority = "broken", "cpu", 100
    def problem(self): raise OSError("no idea")
    def open(self, model, threads): raise AssertionError

@hookimpl
def lpr_recognizer_runtimes(): return [Moody()]

@hookimpl
def lpr_detector_runtimes(): return [Broken()]
"""


@pytest.fixture
def moody_plugin(tmp_path: Path) -> dict[str, str]:
    """An installed plugin whose recognizer fails at some pictures and whose runtime is broken."""
    return install_plugin(tmp_path, "moody", MOODY)


def test_a_recognizer_that_fails_costs_one_source_and_is_named(
    moody_plugin: dict[str, str],
) -> None:
    result = lpr("detect", CAR, CLIP, "--every", 20, "--recognizer", "moody", **moody_plugin)
    assert result.status == 1
    assert result.records[0]["type"] == "error"
    assert result.records[0]["message"] == "recognizer moody failed: RuntimeError: out of ink"
    assert result.records[1]["plates"][0]["text"] == "ABC1234"
    assert "moody failed: ValueError: will not close" in result.stderr


def test_a_runtime_that_cannot_even_say_its_problem_is_passed_over(
    moody_plugin: dict[str, str],
) -> None:
    assert lpr("detect", CAR, **moody_plugin).records[0]["plates"]
    assert "OSError: no idea" in lpr("doctor", **moody_plugin).stdout


HANGS = """
import threading
from concurrent.futures import ThreadPoolExecutor
from lpr import Reading, hookimpl

class Hangs:
    name, device, priority, formats = "hangs", "cpu", 0, frozenset()
    def problem(self): return None
    def open(self, model, threads):
        # Python waits for such a pool at its own end too.
        self.pool = ThreadPoolExecutor(1)
        self.pool.submit(threading.Event().wait)
        return self
    def read(self, crops): return [Reading("ABC1234", 0.9) for _ in crops]
    def close(self): self.pool.shutdown(wait=True)

@hookimpl
def lpr_recognizer_runtimes(): return [Hangs()]
"""


def test_a_recognizer_that_hangs_at_close_is_named_and_all_else_kept(tmp_path: Path) -> None:
    environment = install_plugin(tmp_path, "hangs", HANGS)
    saved = tmp_path / "saved.mp4"
    result = lpr(
        "detect", CLIP, "--every", 40, "--recognizer", "hangs", "--save", saved, **environment
    )
    assert result.status == 1
    assert "recognizer hangs did not close within 10 s" in result.stderr
    assert len(result.records) > 1
    assert all(record["type"] == "frame" for record in result.records)
    with open_source(str(saved)) as video:
        assert len(list(video)) == len(result.records)


SINKS = """
from lpr import hookimpl

class Count:
    name, one_per_picture = "count", False
    def open(self, stream):
        self.stream, self.frames = stream, 0
        return self
    def frame(self, frame, plates, timing=None):
        self.frames += 1
        if self.frames == 3: raise KeyError("three")
        print(frame.index, len(plates), file=self.stream, flush=True)
    def error(self, source, message): pass
    def close(self): pass

@hookimpl
def lpr_sinks(): return [Count()]
"""


def test_a_format_of_a_plugin_is_used_and_named_where_it_fails(tmp_path: Path) -> None:
    environment = install_plugin(tmp_path, "count", SINKS)
    saved = tmp_path / "saved.mp4"
    whole = lpr("detect", CAR, CAR, "--format", "count", **environment)
    assert (whole.status, whole.stdout) == (0, "0 1\n0 1\n"), whole.stderr
    result = lpr("detect", CLIP, "--every", 20, "--format", "count", "--save", saved, **environment)
    assert result.status == 1
    assert result.stderr.endswith("lpr: format count failed: KeyError: 'three'\n")
    assert len(result.stdout.splitlines()) == 2
    with open_source(str(saved)) as video:
        assert len(list(video)) == 2


def test_plugins_check_runs_the_suites_and_says_how_fast_it_is() -> None:
    result = lpr("plugins", "check", "builtin")
    assert result.status == 0, result.stderr
    lines = result.stdout.splitlines()
    assert "region tw\tok" in lines
    assert "format jsonl\tok" in lines
    assert "recognizer runtime opencv\tok" in lines
    assert any(re.match(r"detector runtime opencv\tbatch of 8: [\d.]+ ms", line) for line in lines)


def test_plugins_check_names_what_is_broken(tmp_path: Path, moody_plugin: dict[str, str]) -> None:
    result = lpr("plugins", "check", "moody", **moody_plugin)
    assert result.status == 1
    assert "detector runtime broken\tproblem() raised OSError: no idea: it has" in result.stdout
    assert "recognizer runtime moody\tclose failed: ValueError: will not close" in result.stdout
    assert "moody: 2 of 3 checks failed" in result.stderr
    environment = install_plugin(tmp_path, "count", SINKS)
    result = lpr("plugins", "check", "count", **environment)
    assert result.status == 1
    assert "format count\tKeyError: 'three'" in result.stdout


def test_plugins_check_knows_what_there_is() -> None:
    assert lpr("plugins", "check", DEFAULT_MODEL).stdout == f"model {DEFAULT_MODEL}\tok\n"
    result = lpr("plugins", "check", "nowhere")
    assert result.status == 1
    assert "neither a plugin nor a model pack 'nowhere'; known are builtin, " in result.stderr


ODD = """
import threading, sys
import click
from lpr import Reading, hookimpl

class Odd:
    device, priority, formats = "cpu", 0, frozenset()
    def __init__(self, name): self.name = name
    def problem(self):
        if self.name == "leaves": sys.exit(5)
    def open(self, model, threads): return None if self.name == "nothing" else self
    def read(self, crops):
        if self.name == "thread":
            threading.Thread(target=threading.Event().wait, name="lost").start()
        if self.name == "base": raise BaseException("of all")
        return [Reading("ABC1234", None if self.name == "doubtful" else 0.9) for _ in crops]
    def close(self):
        if self.name == "stuck": threading.Event().wait()

class Nothing:
    name, one_per_picture = "nothing", False
    def open(self, stream): return None

@click.command("trips")
def trips(): raise ValueError("over a stone")

@hookimpl
def lpr_recognizer_runtimes():
    return map(Odd, ("leaves", "nothing", "thread", "base", "doubtful", "stuck"))

@hookimpl
def lpr_sinks(): return [Nothing()]

@hookimpl
def lpr_commands(): return [trips]
"""


@pytest.fixture
def odd(tmp_path: Path) -> dict[str, str]:
    return install_plugin(tmp_path, "odd", ODD)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("leaves", "recognizer leaves does not work here: SystemExit: 5"),
        ("nothing", "recognizer runtime nothing failed: TypeError: None is neither a TextRec"),
        ("base", "recognizer base failed: BaseException: of all"),
        ("doubtful", "recognizer doubtful gave the confidence None, not a number in 0..1"),
    ],
)
def test_what_plugins_do_wrong_is_one_line(name: str, message: str, odd: dict[str, str]) -> None:
    result = lpr("detect", CAR, "--recognizer", name, **odd)
    assert result.status in (1, 2)
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert "fault of lpr" not in result.stderr


def test_a_vote_names_who_is_stuck_and_closes_the_others(odd: dict[str, str]) -> None:
    result = lpr("detect", CAR, "--recognizer", "opencv, stuck", **odd)
    assert result.status == 1
    assert result.records[0]["plates"]
    assert "recognizer stuck did not close within 10 s" in result.stderr


def test_a_thread_that_a_plugin_leaves_behind_does_not_keep_lpr(odd: dict[str, str]) -> None:
    result = lpr("detect", CAR, "--recognizer", "thread", **odd)
    assert result.status == 1
    assert result.records[0]["plates"][0]["text"] == "ABC1234"
    assert (
        "threads of a plugin were left behind, because it did not end them: lost" in result.stderr
    )


def test_the_suites_end_where_a_plugin_does_not(odd: dict[str, str]) -> None:
    result = lpr("plugins", "check", "odd", **odd)
    assert result.status == 1
    lines = dict(line.split("\t", 1) for line in result.stdout.splitlines())
    assert lines["recognizer runtime leaves"].startswith("problem() raised SystemExit: 5")
    assert lines["recognizer runtime thread"] == "left threads running after close(): lost"
    assert lines["recognizer runtime stuck"].startswith("close did not close within 10 s")
    assert lines["recognizer runtime nothing"].startswith("open gave None: neither")
    assert lines["recognizer runtime doubtful"].startswith("read gave the confidence None")


def test_formats_and_commands_of_plugins_are_named(odd: dict[str, str]) -> None:
    result = lpr("detect", CAR, "--format", "nothing", **odd)
    assert result.stderr.endswith(
        "format nothing failed: TypeError: open returned None, which is not a RecordSink\n"
    )
    result = lpr("trips", **odd)
    assert result.status == 1
    assert result.stderr == (
        "lpr: ValueError: over a stone (a fault of the plugin that gives lpr trips; "
        "--debug shows where)\n"
    )


@pytest.mark.parametrize("name", ["auto", "cpu", "a,b", "", "two words", DEFAULT_MODEL])
def test_names_that_a_runtime_cannot_have(name: str, tmp_path: Path) -> None:
    source = ODD.replace("return map(Odd, (", f"return map(Odd, ({name!r}, ")
    environment = install_plugin(tmp_path, "greedy", source)
    result = lpr("plugins", **environment)
    assert result.status == 1
    assert repr(name) in result.stderr
    assert lpr("detect", CAR, **environment).records[0]["plates"][0]["text"] != "ABC1234"


def test_a_hook_without_its_mark_is_said(tmp_path: Path) -> None:
    environment = install_plugin(tmp_path, "plain", "def lpr_regions(): return []")
    result = lpr("plugins", **environment)
    assert result.status == 1
    assert "its lpr_regions needs the decorator @lpr.hookimpl" in result.stderr


def test_no_command_that_is_none(tmp_path: Path) -> None:
    source = (
        "import lpr\n@lpr.hookimpl\ndef lpr_commands(): return [type('C', (), {'name': 'c'})()]"
    )
    environment = install_plugin(tmp_path, "fake", source)
    assert "is not a click.Command" in lpr("plugins", **environment).stderr
    assert lpr("--help", **environment).status == 0


def test_plugins_to_load_that_are_not_there(tmp_path: Path) -> None:
    result = lpr("detect", CAR, LPR_LOAD_PLUGINS="builtins, nope")
    assert result.status == 0
    assert "plugin nope (LPR_LOAD_PLUGINS): no plugin of this name is installed" in result.stderr


def test_nobody_votes_twice() -> None:
    result = lpr("detect", CAR, "--recognizer", "opencv,opencv")
    assert result.status == 2
    assert "recognizer opencv,opencv: each can vote once only" in result.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lpr", "a module lpr exists here"),
        ("class", "class is a keyword of Python"),
        ("json", "a module json exists here"),
        ("numpy", "a module numpy exists here"),
        ("opencv", "'opencv' is taken"),
        ("tw-light", "'tw-light' is taken"),
        ("cpu", "'cpu' is taken"),
    ],
)
def test_names_that_a_new_plugin_cannot_have(name: str, message: str, tmp_path: Path) -> None:
    result = lpr("plugins", "new", name, cwd=tmp_path)
    assert result.status == 2
    assert message in result.stderr
    assert not list(tmp_path.iterdir())
