"""RapidOCR for lpr: a general OCR, whose wheel includes its models, as recognizer."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from lpr.hookspecs import hookimpl
from lpr.protocols import RecognizerRuntime
from lpr.recognition.rectify import upright
from lpr.specs import RecognizerModel
from lpr.types import Character, Crop, Image, Reading

lpr_interface = 1


@hookimpl
def lpr_recognizer_runtimes() -> list[RecognizerRuntime]:
    return [RapidOcrRuntime()]


class RapidOcrRuntime:
    """Reads plates with RapidOCR's own recognizer, in ONNX Runtime on the CPU."""

    name = "rapidocr"
    device = "cpu"
    priority = 0
    formats: frozenset[str] = frozenset()  # brings its own model: used on request only

    def problem(self) -> str | None:
        for package in ("rapidocr", "onnxruntime"):
            if find_spec(package) is None:
                return f"{package} is not installed; pip install --no-deps {package}"
        return None

    def open(self, model: RecognizerModel, threads: int) -> RapidOcrReader:
        return RapidOcrReader(threads)


class RapidOcrReader:
    """Loaded models; see :class:`lpr.protocols.TextRecognizer`. Several threads may share it."""

    def __init__(self, threads: int = 1) -> None:
        # Imported late: it is slow, and every lpr command loads this module.
        from rapidocr import RapidOCR

        # Options are set once: those of a call would change the engine for all threads.
        options = {
            "Global.use_det": False,
            "Global.use_cls": False,
            "Global.return_word_box": True,  # brings the characters' confidences
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": threads or -1,
        }
        self._engine: Any = RapidOCR(params=options)

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        """Read crops one by one, so that none depends on another."""
        return [self.read_one(upright(crop)) for crop in crops]

    def read_one(self, plate: Image) -> Reading:
        """Read an upright plate: BGR, uint8, H x W x 3. Raises ``ValueError`` once it is closed."""
        if self._engine is None:
            raise ValueError("the recognizer is closed")
        result = self._engine(plate)
        if not result.txts:
            return Reading("", 0.0)
        return as_reading(result.txts[0], result.scores[0], result.word_results[0].confs)

    def close(self) -> None:
        self._engine = None


def as_reading(line: str, score: float, confidences: Sequence[float]) -> Reading:
    """A line of text as a reading: its letters and digits, upper case, all else dropped.

    ``score`` and ``confidences``, one for each character of ``line``, are clamped to 0..1. If their
    number does not match, the characters have no confidences.
    """
    if len(confidences) != len(line):
        text = "".join(c.upper() for c in line if _is_legal(c))
        return Reading(text, _clamp(score) if text else 0.0)
    characters = tuple(
        Character(char.upper(), _clamp(confidence))
        for char, confidence in zip(line, confidences, strict=True)
        if _is_legal(char)
    )
    text = "".join(c.char for c in characters)
    return Reading(text, _clamp(score) if text else 0.0, characters)


def _is_legal(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _clamp(value: float) -> float:
    return min(max(float(value), 0.0), 1.0)
