"""What recognizers answer is checked, whoever asks: the reader, a vote, the conformance suite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from lpr.errors import PluginError
from lpr.recognition.validation import problem_with, read_checked
from lpr.recognition.voting import VotingRecognizer
from lpr.testing import check_text_recognizer
from lpr.types import Alternative, Character, Crop, Reading
from tests.samples import FixedText, grey

CROPS = [Crop.whole(grey(20, 40))]
FAULTS: dict[str, tuple[Any, str]] = {
    "None": (None, "gave None, not a list of readings"),
    "a tuple": ((Reading("A", 1.0),), "not a list of readings"),
    "too few": ([], "gave 0 readings for 1 crops"),
    "texts": (["ABC"], "gave 'ABC', not a Reading"),
    "no text": ([Reading(None, 0.5)], "gave the text None"),  # type: ignore[arg-type]
    "lower case": ([Reading("abc-12", 0.5)], "gave the text 'abc-12': only A-Z and 0-9"),
    "two lines": ([Reading("AB\n", 0.5)], "gave the text"),
    "no confidence": ([Reading("A", None)], "gave the confidence None"),  # type: ignore[arg-type]
    "a word": ([Reading("A", "0.9")], "gave the confidence '0.9'"),  # type: ignore[arg-type]
    "an array": ([Reading("A", np.ones(2))], "gave the confidence array"),  # type: ignore[arg-type]
    "beyond 1": ([Reading("A", 2.0)], r"gave the confidence 2.0, not a number in 0\.\.1"),
    "NaN": ([Reading("A", float("nan"))], "gave the confidence nan"),
    "characters None": ([Reading("A", 1.0, None)], "gave None as characters"),  # type: ignore[arg-type]
    "characters a text": ([Reading("A", 1.0, "A")], "gave 'A' as characters"),  # type: ignore[arg-type]
    "other characters": ([Reading("A", 1.0, (Character("B", 1.0),))], "not those of its text 'A'"),
    "a bad character": ([Reading("A", 1.0, (Character("A", -1),))], "gave the confidence -1"),
    "alternatives None": ([Reading("A", 1.0, (), None)], "gave None as alternatives"),  # type: ignore[arg-type]
    "alternatives texts": ([Reading("A", 1.0, (), ("B",))], "as alternatives"),  # type: ignore[arg-type]
    "a bad alternative": ([Reading("A", 1.0, (), (Alternative("<b>", 1.0),))], "the text '<b>'"),
}


class Answers:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def read(self, crops: Sequence[Crop]) -> Any:
        return self.answer if crops else []

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("answer", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_said_and_named(answer: Any, message: str) -> None:
    with pytest.raises(PluginError, match=f"^recognizer bad .*{message}"):
        read_checked("recognizer bad", Answers(answer), CROPS)
    voting = VotingRecognizer([("good", FixedText()), ("bad", Answers(answer))])
    with pytest.raises(PluginError, match=f"^recognizer bad .*{message}"):
        voting.read(CROPS)
    with pytest.raises(AssertionError, match=message if answer != [] else "0 readings"):
        check_text_recognizer(Answers(answer))


def test_numbers_of_numpy_are_numbers() -> None:
    reading = Reading("A1", np.float32(0.5), (Character("A", np.float64(1)), Character("1", 1)))
    assert problem_with([reading, Reading("", 0)], 2) is None


def test_whatever_it_raises_is_its_fault() -> None:
    class Raises(Answers):
        def read(self, crops: Sequence[Crop]) -> Any:
            raise self.answer

    for error in (ValueError("two\n  lines"), SystemExit(3), BaseException("base")):
        with pytest.raises(PluginError, match=r"^recognizer bad failed: \w+: (two lines|3|base)$"):
            read_checked("recognizer bad", Raises(error), CROPS)
    with pytest.raises(KeyboardInterrupt):
        read_checked("recognizer bad", Raises(KeyboardInterrupt()), CROPS)
