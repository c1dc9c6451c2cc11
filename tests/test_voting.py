from __future__ import annotations

from collections.abc import Sequence

import pytest

import lpr
from lpr.errors import PluginError
from lpr.recognition.voting import VotingRecognizer, fused
from lpr.testing import check_text_recognizer
from lpr.types import Character, Crop, Reading
from tests.samples import FixedText, grey


def reading(text: str, *confidences: float) -> Reading:
    characters = tuple(map(Character, text, confidences))
    return Reading(text, sum(confidences) / len(confidences), characters)


def test_the_more_certain_character_wins() -> None:
    agreed = fused([reading("AB1", 0.9, 0.4, 0.9), reading("A81", 0.9, 0.8, 0.9)])
    assert agreed.text == "A81"
    doubt = (2.2 / 3 + 2.6 / 3) / 2
    assert [c.confidence for c in agreed.characters] == pytest.approx(
        [doubt, doubt * 0.8 / 1.2, doubt]
    )
    assert [a.text for a in agreed.alternatives] == ["AB1"]


def test_two_who_doubt_together_stay_in_doubt() -> None:
    agreed = fused([Reading("AB12", 0.4), Reading("AB12", 0.6)])
    assert agreed.text == "AB12"
    assert agreed.confidence == pytest.approx(0.5)
    assert agreed.alternatives == ()


def test_who_reads_nothing_has_no_vote() -> None:
    assert fused([Reading("", 0.0), Reading("AB12", 0.6)]).text == "AB12"
    assert fused([Reading("", 0.0), Reading("", 0.9)]) == Reading("", 0.0)


def test_it_keeps_what_the_pipeline_relies_on() -> None:
    members = [("a", FixedText("ABC123", 0.8)), ("b", FixedText("ABD123", 0.6))]
    voting = VotingRecognizer(members)
    check_text_recognizer(voting)
    assert voting.read([Crop.whole(grey(20, 40))])[0].text == "ABC123"
    voting.close()
    assert all(member.closed for _, member in members)


class Short:
    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        return []

    def close(self) -> None:
        raise RuntimeError("will not close")


def test_a_member_that_fails_is_named_and_the_others_are_closed() -> None:
    first, last = FixedText(), FixedText()
    voting = VotingRecognizer([("first", first), ("short", Short()), ("last", last)])
    with pytest.raises(PluginError, match="recognizer short gave 0 readings for 1 crops"):
        voting.read([Crop.whole(grey(20, 40))])
    with pytest.raises(PluginError, match="recognizer short failed: RuntimeError: will not close"):
        voting.close()
    assert first.closed
    assert last.closed


def test_several_recognizers_are_asked_for_by_their_names() -> None:
    with lpr.load(recognizer="opencv,tw-light", min_confidence=0) as reader:
        assert isinstance(reader.recognizer, VotingRecognizer)
        assert len(reader.recognizer.members) == 2
