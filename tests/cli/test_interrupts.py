"""Ctrl-C at any moment: while lpr is imported, while it works and while it exits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lpr.utils.startup import is_command
from tests.cli.run import CAR, CLIP

# Runs `python -m lpr` with a SIGINT at the nth event of a kind that Python reports to audit hooks.
# "import" comes before each module, "open" before each file, "exit" when the command has ended.
_SCRIPT = """
import atexit, os, runpy, signal, sys
kind, number, sys.argv = sys.argv[1], int(sys.argv[2]), ["lpr", *sys.argv[3:]]
signal.signal(signal.SIGINT, signal.default_int_handler)  # Even where it was ignored
count, me = 0, os.getpid()
def interrupt(event, arguments):
    global count
    started = "lpr.utils.startup" in sys.modules  # Before it, Python itself starts
    if event == kind and started and os.getpid() == me:
        count += 1
        if count == number:
            os.kill(me, signal.SIGINT)
if kind == "exit":
    atexit.register(os.kill, me, signal.SIGINT)
else:
    sys.addaudithook(interrupt)
runpy.run_module("lpr", run_name="__main__", alter_sys=True)
"""
_PLAN = [
    *[("import", number) for number in (1, 90, 300, 500, 700)],
    *[("open", number) for number in (100, 330, 430)],
    ("exit", 1),
]


def interrupted(kind: str, number: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _SCRIPT, kind, str(number), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ}, timeout=60, check=False
    )


@pytest.mark.parametrize(("kind", "number"), _PLAN)
@pytest.mark.parametrize("command", [("detect", CAR), ("watch", CLIP)], ids=lambda c: c[0])
def test_an_interrupt_leaves_no_traceback(
    command: tuple[str, Path], kind: str, number: int
) -> None:
    run = interrupted(kind, number, *command)
    assert "Traceback" not in run.stderr
    assert "Error" not in run.stderr
    assert "ignored" not in run.stderr
    # Killed by the signal, interrupted, or done before that many events.
    assert run.returncode in (-2, 130, 0)


@pytest.mark.parametrize("number", [1, 100, 300])
def test_an_interrupt_during_the_start_ends_it(number: int) -> None:
    run = interrupted("import", number, "watch", CLIP)
    assert (run.returncode, run.stdout, run.stderr) == (-2, "", "")


@pytest.mark.parametrize(
    ("argv", "python_argv", "is_lpr"),
    [
        (["/usr/bin/lpr", "detect"], ["python", "/usr/bin/lpr", "detect"], True),
        (["-m", "watch"], ["python", "-m", "lpr", "watch"], True),
        (["-m"], ["python", "-m", "pytest"], False),
        (["my_lpr.py"], ["python", "my_lpr.py"], False),
        ([""], ["python"], False),
        ([], [], False),
    ],
)
def test_only_the_command_changes_what_ctrl_c_does(
    argv: list[str], python_argv: list[str], is_lpr: bool
) -> None:
    assert is_command(argv, python_argv) == is_lpr


def test_a_program_that_imports_lpr_keeps_its_keyboard_interrupt() -> None:
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import lpr; "
        "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
