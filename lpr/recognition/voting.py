"""Several recognizers as one: each reads, and what they agree on is the reading."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from lpr import kernels
from lpr.protocols import TextRecognizer
from lpr.recognition.validation import read_checked
from lpr.types import Alternative, Character, Crop, Reading
from lpr.utils.closing import CLOSE_TIMEOUT, close_with_timeout


class VotingRecognizer:
    """A :class:`lpr.protocols.TextRecognizer` that fuses the readings of ``members`` (names and
    recognizers) by :func:`lpr.kernels.vote`.

    A character's confidence is its share of the votes in its place times the mean confidence of
    the readings, so that two who are in doubt together remain so. Readings that differ from what
    was agreed on become alternatives.
    """

    def __init__(self, members: Sequence[tuple[str, TextRecognizer]]) -> None:
        """Raises ``ValueError`` without members."""
        if not members:
            raise ValueError("nobody to vote")
        self.members = tuple(members)
        # Each member has its own when they are closed, one after the other.
        self.patience = CLOSE_TIMEOUT * (len(self.members) + 1)

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        """One reading for each crop, in order; a member that fails is named."""
        columns = [
            read_checked(f"recognizer {name}", member, crops) for name, member in self.members
        ]
        return [fused(readings) for readings in zip(*columns, strict=True)]

    def close(self) -> None:
        """Close all of them, also where closing one fails or does not come to an end.

        Raises :class:`lpr.errors.PluginError` that names the first such one.
        """
        with ExitStack() as stack:
            for name, member in self.members:
                stack.callback(close_with_timeout, f"recognizer {name}", member.close)


def fused(readings: Sequence[Reading]) -> Reading:
    """What ``readings`` of one plate agree on; a reading without characters has its own confidence
    for each."""
    text, shares = kernels.vote([r.text for r in readings], [r.certainties for r in readings])
    said = [reading.confidence for reading in readings if reading.text]
    doubt = sum(said) / max(len(said), 1)
    characters = tuple(
        Character(char, min(share * doubt, 1.0)) for char, share in zip(text, shares, strict=True)
    )
    others = {r.text: r.confidence for r in readings if r.text and r.text != text}
    return Reading(
        text,
        sum(c.confidence for c in characters) / max(len(characters), 1),
        characters,
        tuple(Alternative(*o) for o in sorted(others.items(), key=lambda o: -o[1])),
        next((r.quad for r in readings if r.quad), None),
        next((r.appearance for r in readings if r.appearance), None),
    )
