"""``lpr plugins check`` finds deliberate mistakes, each in a plugin that is right otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.run import lpr
from tests.cli.test_plugins import install_plugin

COMMON = """
import os, signal, sys, threading, time
import numpy as np
from lpr import Reading, hookimpl
from lpr.specs import CtcSpec

class Reader:
    name, device, priority, formats = "good", "cpu", 0, frozenset()
    def problem(self): return None
    def open(self, model, threads): return self
    def read(self, crops): return [Reading("ABC1234", 0.9) for _ in crops]
    def close(self): pass

class Network:
    spec = CtcSpec("AB1", 0, 32, 16)
    weights = np.random.default_rng(1).standard_normal((16, 4)).astype(np.float32)
    def logits(self, batch): return batch[:, 0].transpose(0, 2, 1) @ self.weights
    def close(self): pass

class Ctc(Reader):
    network = Network
    def open(self, model, threads): return self.network()

"""

# Name of the runtime -> the body of its class, and what is said of it.
RIGHT = {"good": ("class {c}(Reader): pass", None), "good-ctc": ("class {c}(Ctc): pass", None)}
MISTAKES = {
    "raises": (
        "class {c}(Reader):\n def problem(self): raise OSError('no idea')",
        "problem() raised OSError: no idea: it has to return a sentence",
    ),
    "silent": (
        "class {c}(Reader):\n def problem(self): return ''",
        "problem() returned '': it has to return a sentence, or None",
    ),
    "false": ("class {c}(Reader):\n def problem(self): return False", "problem() returned False"),
    "costly": (
        "class {c}(Reader):\n def problem(self): time.sleep(1.2)",
        "problem() took 1.",
    ),
    "gpu": ("class {c}(Reader): device = 'gpu'", "device is 'gpu': it has to be one of cpu, cuda"),
    "softmax": (
        "class Softmax{c}(Network):\n"
        " def logits(self, batch):\n"
        "  e = np.exp(super().logits(batch)); return e / e.sum(axis=2, keepdims=True)\n"
        "class {c}(Ctc): network = Softmax{c}",
        "each time step sums to 1, as after a softmax: return the raw logits",
    ),
    "letters": (
        "class Letters{c}(Network): spec = CtcSpec('ABA', 0, 32, 16)\n"
        "class {c}(Ctc): network = Letters{c}",
        "the alphabet holds 'A' more than once",
    ),
    "small": (
        "class Small{c}(Network): spec = CtcSpec('aB1', 0, 32, 16)\n"
        "class {c}(Ctc): network = Small{c}",
        "the alphabet holds 'a': only A-Z and 0-9 are allowed",
    ),
    "blank": (
        "class Blank{c}(Network): spec = CtcSpec('AB1', 4, 32, 16)\n"
        "class {c}(Ctc): network = Blank{c}",
        "blank 4 is not in 0..3",
    ),
    "prints": (
        "class {c}(Reader):\n"
        " def read(self, crops): print('hello', len(crops)); return super().read(crops)",
        "wrote to standard output, which carries the records: 'hello 0",
    ),
    "writes": (
        "class {c}(Reader):\n"
        " def read(self, crops): os.write(1, b'raw'); return super().read(crops)",
        "wrote to standard output, which carries the records: 'raw",
    ),
    "exits": (
        "class {c}(Reader):\n def read(self, crops): os._exit(5)",
        "ended the process with status 5",
    ),
    "crashes": (
        "class {c}(Reader):\n def read(self, crops): os.kill(os.getpid(), signal.SIGSEGV)",
        "ended the process by SIGSEGV",
    ),
    "base": (
        "class {c}(Reader):\n def read(self, crops): raise BaseException('of all')",
        "BaseException: of all",
    ),
    "interrupts": (
        "class {c}(Reader):\n def read(self, crops): raise KeyboardInterrupt",
        "KeyboardInterrupt",
    ),
    "hangs": (
        "class {c}(Reader):\n def read(self, crops): threading.Event().wait()",
        "did not end within 20 s: it hangs",
    ),
    "tuple": (
        "class {c}(Reader):\n def read(self, crops): return tuple(super().read(crops))",
        "no crops have to give no readings, an empty list: not ()",
    ),
    "fewer": (
        "class {c}(Reader):\n def read(self, crops): return super().read(crops)[:1]",
        "read gave 1 readings for 5 crops",
    ),
    "lower": (
        "class {c}(Reader):\n def read(self, crops): return [Reading('abc', 0.9) for _ in crops]",
        "read gave the text 'abc': only A-Z and 0-9 are allowed",
    ),
    "percent": (
        "class {c}(Reader):\n def read(self, crops): return [Reading('A', 90.0) for _ in crops]",
        "read gave the confidence 90.0, not a number in 0..1",
    ),
    "paints": (
        "class {c}(Reader):\n"
        " def read(self, crops):\n"
        "  for crop in crops: crop.image[:] = 0\n"
        "  return super().read(crops)",
        "a crop's picture was changed",
    ),
    "once": (
        "class {c}(Reader):\n"
        " def close(self):\n"
        "  if hasattr(self, 'gone'): raise ValueError('closed twice')\n"
        "  self.gone = True",
        "close failed: ValueError: closed twice",
    ),
    "thread": (
        "class {c}(Reader):\n"
        " def open(self, model, threads):\n"
        "  threading.Thread(target=threading.Event().wait, name='lost').start(); return self",
        "left threads running after close(): lost",
    ),
}


def plugin_of(cases: dict[str, tuple[str, Any]]) -> str:
    """A plugin with a recognizer runtime for each case."""
    bodies, names = [], []
    for number, (name, (body, _)) in enumerate(cases.items()):
        bodies += [body.format(c=f"R{number}"), f"R{number}.name = {name!r}"]
        names.append(f"R{number}()")
    hook = f"@hookimpl\ndef lpr_recognizer_runtimes(): return [{', '.join(names)}]\n"
    return "\n".join([COMMON, *bodies, hook])


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What one run of the check says of all cases, by the runtime's name."""
    folder = tmp_path_factory.mktemp("mistakes")
    environment = install_plugin(folder, "cases", plugin_of({**RIGHT, **MISTAKES}))
    result = lpr("plugins", "check", "cases", "--json", "--timeout", 20, **environment)
    assert result.status == 1, result.stderr
    assert f"cases: {len(MISTAKES)} of {len(MISTAKES) + 3} checks failed" in result.stderr
    return {record["subject"].split()[-1]: record for record in result.records}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named(name: str, findings: dict[str, dict[str, Any]]) -> None:
    assert findings[name]["status"] == "failed"
    assert MISTAKES[name][1] in findings[name]["reason"]


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_passes_and_is_measured(
    name: str, findings: dict[str, dict[str, Any]]
) -> None:
    finding = findings[name]
    assert (finding["subject"], finding["status"]) == (f"recognizer runtime {name}", "ok")
    assert finding["reason"] == ""
    assert [speed["batch"] for speed in finding["speeds"]] == [1, 8]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("print('loaded')", "wrote to standard output, which carries the records: 'loaded'"),
        ("import time; time.sleep(1.3)", "s to load, which slows every command down"),
        ("raise BaseException('no')", "failed to load: BaseException: no"),
        ("import os; os._exit(4)", "ended the process with status 4"),
    ],
)
def test_a_mistake_at_import_is_named(source: str, reason: str, tmp_path: Path) -> None:
    environment = install_plugin(tmp_path, "bad", f"{source}\n{plugin_of(RIGHT)}")
    result = lpr("plugins", "check", "bad", "--json", **environment)
    records = [json.loads(line) for line in result.stdout.splitlines() if line[0] == "{"]
    assert result.status == 1
    assert (records[0]["subject"], records[0]["status"]) == ("plugin bad", "failed")
    assert reason in records[0]["reason"]


def test_what_cannot_be_tried_fails_only_if_it_is_required(tmp_path: Path) -> None:
    source = plugin_of({"far": ("class {c}(Reader):\n def problem(self): return 'no GPU'", None)})
    environment = install_plugin(tmp_path, "far", source)
    result = lpr("plugins", "check", "far", **environment)
    assert result.status == 0
    assert "recognizer runtime far\tnot tried: no GPU" in result.stdout
    assert lpr("plugins", "check", "far", "--require", **environment).status == 1


def test_a_plugin_that_gives_nothing_fails_only_if_something_is_required(tmp_path: Path) -> None:
    environment = install_plugin(tmp_path, "empty", "")
    result = lpr("plugins", "check", "empty", **environment)
    assert (result.status, result.stdout) == (0, "plugin empty\tok\n")
    assert "empty provides nothing that can be checked" in result.stderr
    assert lpr("plugins", "check", "empty", "--require", **environment).status == 1
