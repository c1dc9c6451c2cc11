"""Plugins that do the worst: they are named, nothing waits for ever, and the rest goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.run import CAR, CLIP, lpr
from tests.cli.test_plugins import install_plugin


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("raise BaseException('no')", "failed to load: BaseException: no"),
        ("raise KeyboardInterrupt", "failed to load: KeyboardInterrupt"),
        ("raise GeneratorExit", "failed to load: GeneratorExit"),
        ("import os; os._exit(3)", "failed to load: SystemExit: it called os._exit(3)"),
        ("from os import _exit; _exit(3)", "failed to load: SystemExit: it called os._exit(3)"),
        (
            "import lpr\n@lpr.hookimpl\ndef lpr_regions(): raise BaseException('late')",
            "lpr_regions failed: BaseException: late",
        ),
        (
            "import lpr\nclass Odd:\n @property\n def name(self): raise BaseException('property')\n"
            "@lpr.hookimpl\ndef lpr_sinks(): return [Odd()]",
            "lpr_sinks failed: BaseException: property",
        ),
    ],
)
def test_whatever_an_import_does_is_named(source: str, problem: str, tmp_path: Path) -> None:
    environment = install_plugin(tmp_path, "bad", source)
    result = lpr("detect", CAR, **environment)
    assert result.status == 0
    assert result.records[0]["plates"]
    assert f"plugin bad (bad 1.0): {problem}" in result.stderr
    assert "Traceback" not in result.stderr


READS = """
import os, threading
from lpr import Reading, hookimpl

class Runtime:
    name, device, priority, formats = "bad", "cpu", 0, frozenset()
    def problem(self): return None
    def open(self, model, threads): return self
    def read(self, crops): {read}
    def close(self): pass

@hookimpl
def lpr_recognizer_runtimes(): return [Runtime()]
"""


def test_a_recognizer_that_ends_the_process_costs_its_source_only(tmp_path: Path) -> None:
    environment = install_plugin(tmp_path, "bad", READS.format(read="os._exit(7)"))
    result = lpr("detect", CAR, CAR, "--recognizer", "bad", **environment)
    assert result.status == 1
    message = "recognizer bad failed: SystemExit: it called os._exit(7)"
    assert [record["message"] for record in result.records] == [message] * 2


def test_a_recognizer_that_fails_in_a_video_costs_the_rest_of_it(tmp_path: Path) -> None:
    read = "next(self.answers, None) or [Reading('ABC1234', 0.9) for _ in crops]"
    fails = "    answers = iter([None] * 4 + [7] * 1000)  # no readings\n    def problem"
    source = READS.format(read=f"return {read}").replace("    def problem", fails, 1)
    environment = install_plugin(tmp_path, "bad", source)
    result = lpr("detect", CLIP, CAR, "--recognizer", "bad", **environment)
    assert result.status == 1
    frames = [record for record in result.records if "plates" in record]
    assert [record["frame"] for record in frames] == list(range(len(frames)))
    assert 0 < len(frames) < 48
    failures = [record for record in result.records if "message" in record]
    assert [record["source"] for record in failures] == [str(CLIP), str(CAR)]


HANGS = """
import threading
from lpr import hookimpl

class Network:
    def forward(self, batch): threading.Event().wait()
    def close(self): threading.Event().wait()

class Runtime:
    name, device, priority = "hangs", "cpu", 0
    def problem(self): return None
    def open(self, model, threads): return Network()

@hookimpl
def lpr_detector_runtimes(): return [Runtime()]
"""


def test_a_watch_whose_detector_hangs_ends_on_sigterm(tmp_path: Path) -> None:
    environment = install_plugin(tmp_path, "hangs", HANGS)
    command = [sys.executable, "-m", "lpr", "watch", CLIP, "--backend", "hangs", "--threads", "1"]
    process = subprocess.Popen(
        [*map(str, command)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stderr is not None
    while "model tw-light" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    # Ten seconds for the detector, ten for its close().
    stdout, said = process.communicate(timeout=40)
    assert process.returncode in (1, 130)
    assert "detector hangs did not return in time (it hangs) and was left behind" in stdout + said
    assert "Traceback" not in said
