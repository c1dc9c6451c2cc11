"""``lpr plugins check`` finds deliberate mistakes of detectors, each right otherwise."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from lpr.models import load_model
from lpr.plugins.conformance import checks_of
from lpr.plugins.registry import Registry
from tests.cli.run import lpr
from tests.cli.test_plugins import install_plugin

COMMON = """
import os, threading, time
import numpy as np
from pathlib import Path
from lpr import Box, Detection, ModelError, hookimpl

def place(image, x0=0.2, y0=0.4, x1=0.6, y1=0.6):
    height, width = image.shape[:2]
    return Box(x0 * width, y0 * height, x1 * width, y1 * height)

def plate(image, confidence=0.9):
    box = place(image)
    return Detection(box, box.quad, confidence)

class Finder:
    name, device = "good", "cpu"
    def problem(self): return None
    def open(self, argument, threads): return self
    def find(self, images): return [self.one(image) for image in images]
    def one(self, image): return [plate(image), plate(image, 0.5)]
    def close(self): pass

class FromFile(Finder):
    argument = "a file"
    def open(self, argument, threads):
        if not os.path.exists(argument): raise ModelError(f"{argument}: there is no such file")
        if os.path.getsize(argument) < 10: raise ModelError(f"{argument}: is damaged")
        return self

"""

RIGHT = {
    "good": "class {c}(Finder): pass",
    "good-file": "class {c}(FromFile): pass",
    "good-numpy": (
        "class {c}(Finder):\n"
        " threshold, input_size, nms = 0.3, (640, 384), 0.5\n"
        " def one(self, image):\n"
        "  box = np.array(place(image), np.float32)\n"
        "  quad = [[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]]]\n"
        "  return (Detection(box, quad, np.float32(0.7)),)"
    ),
}


def one(body: str) -> str:
    """A detector that finds ``body`` in a picture."""
    return f"class {{c}}(Finder):\n def one(self, image): return {body}"


# Name of the detector -> its class, and what is said of it.
MISTAKES = {
    "raises": (
        "class {c}(Finder):\n def problem(self): raise OSError('no idea')",
        "problem() raised OSError: no idea: it has to return a sentence",
    ),
    "silent": (
        "class {c}(Finder):\n def problem(self): return ''",
        "problem() returned '': it has to return a sentence, or None",
    ),
    "gpu": ("class {c}(Finder): device = 'gpu'", "device is 'gpu': it has to be one of cpu, cuda"),
    "argument": (
        "class {c}(Finder): argument = True",
        "argument is True: it has to say in words what is needed",
    ),
    "opens-nothing": (
        "class {c}(Finder):\n def open(self, argument, threads): pass",
        "open gave None: it lacks find or close",
    ),
    "opens-not": (
        "class {c}(Finder):\n def open(self, argument, threads): raise ImportError('libfoo')",
        "ImportError: libfoo",
    ),
    "signature": (
        "class {c}(Finder):\n def open(self, threads): return self",
        "TypeError",
    ),
    "percent-threshold": (
        "class {c}(Finder): threshold = 25",
        "has threshold = 25; it has to be a number in 0..1",
    ),
    "text-threshold": (
        "class {c}(Finder): accept_threshold = 'high'",
        "has accept_threshold = 'high'; it has to be a number in 0..1",
    ),
    "size": (
        "class {c}(Finder): input_size = 640",
        "has input_size = 640; it has to be (width, height) in pixels",
    ),
    "empty": (
        "class {c}(Finder):\n"
        " def find(self, images):\n"
        "  np.stack([np.zeros(1) for _ in images]); return super().find(images)",
        "ValueError: need at least one array to stack",
    ),
    "tuple": (
        "class {c}(Finder):\n def find(self, images): return tuple(super().find(images))",
        "no pictures have to give no lists, an empty list: not ()",
    ),
    "flat": (
        "class {c}(Finder):\n def find(self, images): return [plate(i) for i in images]",
        "not a list of detections, for a picture",
    ),
    "fewer": (
        "class {c}(Finder):\n def find(self, images): return super().find(images)[:1]",
        "find gave 1 lists for 4 pictures",
    ),
    "none": (one("None"), "find gave None, not a list of detections, for a picture"),
    "dicts": (one("[dict(box=place(image))]"), "not a Detection"),
    "boxes": (one("[place(image)]"), "not a Detection"),
    "percent": (one("[plate(image, 90)]"), "gave the confidence 90, not a number in 0..1"),
    "nan": (one("[plate(image, float('nan'))]"), "gave the confidence nan, not a number in 0..1"),
    "logit": (one("[plate(image, -1.5)]"), "gave the confidence -1.5, not a number in 0..1"),
    "nan-box": (
        one("[Detection(Box(0, 0, float('nan'), 9), place(image).quad, 0.9)]"),
        "as box: it has to be four numbers, none of them NaN",
    ),
    "no-quad": (
        one("[Detection(place(image), None, 0.9)]"),
        "gave None as quad: it has to be four pairs of numbers",
    ),
    "width-and-height": (
        one("[Detection(Box(9, 9, 5, 5), place(image).quad, 0.9)]"),
        "gave [9.0, 9.0, 5.0, 5.0] as box: it has to be x0, y0, x1, y1 in order",
    ),
    "shares": (
        one("[Detection(b, b.quad, 0.9) for b in [Box(0.2, 0.4, 0.6, 0.6)]]"),
        "the box [0.2, 0.4, 0.6, 0.6] has no pixel: it has to be in pixels, not in 0..1",
    ),
    "input-pixels": (
        one("[Detection(b, b.quad, 0.9) for b in [Box(300, 500, 400, 540)]]"),
        "lies outside of its picture of 480x360: it has to be in pixels of the picture",
    ),
    "far": (
        one("[Detection(b, b.quad, 0.9) for b in [Box(0, 0, 1e9, 1e9)]]"),
        "it has to be in pixels of the picture",
    ),
    "mirrored": (
        one("[Detection(place(image), place(image).quad[::-1], 0.9)]"),
        "as quad: the order is top left, top right, bottom right, bottom left",
    ),
    "other-quad": (
        one("[Detection(place(image), place(image, 0, 0.9, 0.1, 1).quad, 0.9)]"),
        "as quad: the corners of another box",
    ),
    "unsorted": (
        one("[plate(image, 0.5), plate(image, 0.9)]"),
        "the most confident has to come first, not [0.5, 0.9]",
    ),
    "paints": (
        "class {c}(Finder):\n def one(self, image): image //= 2; return super().one(image)",
        "a picture was changed",
    ),
    "batch": (
        "class {c}(Finder):\n"
        " def find(self, images): return [[plate(i, 0.9 / len(images))] for i in images]",
        "pictures together gave other plates than each alone",
    ),
    "memory": (
        "class {c}(Finder):\n"
        " count = 0\n"
        " def one(self, image): self.count += 1; return [plate(image)] * (self.count < 9)",
        "the same pictures gave other plates",
    ),
    "few": (
        "class {c}(Finder):\n def find(self, images): return super().find(images[:8])",
        "find gave 8 lists for 16 pictures",
    ),
    "shared": (
        "class {c}(Finder):\n"
        " def find(self, images):\n"
        "  self.call = call = object(); found = []\n"
        "  for image in images:\n"
        "   time.sleep(0.001); found.append([plate(image, 0.9 if self.call is call else 0.4)])\n"
        "  return found",
        "several threads at once gave other plates",
    ),
    "large-only": (
        "class {c}(Finder):\n"
        " def one(self, image):\n"
        "  if min(image.shape[:2]) < 32: raise ValueError('too small')\n"
        "  return super().one(image)",
        "ValueError: too small",
    ),
    "once": (
        "class {c}(Finder):\n"
        " def close(self):\n"
        "  if hasattr(self, 'gone'): raise ValueError('closed twice')\n"
        "  self.gone = True",
        "close failed: ValueError: closed twice",
    ),
    "missing-file": (
        "class {c}(FromFile):\n"
        " def open(self, argument, threads): Path(argument).read_bytes(); return self",
        "a file that is missing raised FileNotFoundError",
    ),
    "damaged-file": (
        "class {c}(FromFile):\n"
        " def open(self, argument, threads):\n"
        "  if not os.path.exists(argument): raise ModelError('missing')\n"
        "  return self",
        "opens a file that is cut off; raise ModelError",
    ),
}


def plugin_of(cases: dict[str, str]) -> str:
    """A plugin with a detector for each case."""
    bodies, names = [], []
    for number, (name, body) in enumerate(cases.items()):
        bodies += [body.format(c=f"D{number}"), f"D{number}.name = {name!r}"]
        names.append(f"D{number}()")
    hook = f"@hookimpl\ndef lpr_detectors(): return [{', '.join(names)}]\n"
    return "\n".join([COMMON, *bodies, hook])


def module_of(source: str, folder: Path) -> ModuleType:
    file = folder / "cases_plugin.py"
    file.write_text(source)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """What the checks of all cases say, by the detector's name. They run in this process: those
    below run in others, like all checks of ``lpr plugins check``."""
    folder = tmp_path_factory.mktemp("mistakes")
    file = folder / "weights.bin"
    file.write_bytes(b"weights" * 2)
    cases = {**RIGHT, **{name: body for name, (body, _) in MISTAKES.items()}}
    registry = Registry()
    plugin = registry.load("cases", "here", lambda: module_of(plugin_of(cases), folder))
    assert plugin.problems == []
    checks = checks_of(registry, "cases", load_model(), str(file))
    return {check.subject.removeprefix("detector "): check.problem() for check in checks}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named(name: str, problems: dict[str, str | None]) -> None:
    assert MISTAKES[name][1] in str(problems[name])


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_passes(name: str, problems: dict[str, str | None]) -> None:
    assert problems[name] is None


def test_what_ends_prints_or_hangs_is_named_and_what_is_right_is_measured(tmp_path: Path) -> None:
    cases = {
        "good": RIGHT["good"],
        "prints": "class {c}(Finder):\n def one(self, i): print('found'); return [plate(i)]",
        "exits": "class {c}(Finder):\n def one(self, image): os._exit(5)",
    }
    environment = install_plugin(tmp_path, "cases", plugin_of(cases))
    result = lpr("plugins", "check", "cases", "--json", **environment)
    assert result.status == 1
    findings = {record["subject"]: record for record in result.records}
    assert findings["detector good"]["status"] == "ok"
    assert [speed["batch"] for speed in findings["detector good"]["speeds"]] == [1, 8]
    said = "wrote to standard output, which carries the records: 'found"
    assert said in findings["detector prints"]["reason"]
    assert findings["detector exits"]["reason"] == "ended the process with status 5"


def test_what_hangs_is_named(tmp_path: Path) -> None:
    source = plugin_of({"hangs": "class {c}(Finder):\n def one(self, i): threading.Event().wait()"})
    environment = install_plugin(tmp_path, "cases", source)
    result = lpr("plugins", "check", "cases", "--timeout", 4, **environment)
    assert result.status == 1
    assert "did not end within 4 s: it hangs" in result.stdout


def test_a_detector_that_needs_something_is_tried_with_it(tmp_path: Path) -> None:
    environment = install_plugin(tmp_path, "cases", plugin_of({"it": RIGHT["good-file"]}))
    result = lpr("plugins", "check", "cases", **environment)
    words = "detector it\tnot tried: it needs a file; pass it with --argument"
    assert (result.status, words in result.stdout) == (0, True)
    file = tmp_path / "weights.bin"
    file.write_bytes(b"weights" * 2)
    result = lpr("plugins", "check", "cases", "--argument", file, **environment)
    assert (result.status, "detector it\tok" in result.stdout) == (0, True)
