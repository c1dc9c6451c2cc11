"""Several recognizers as one: their readings are fused by voting."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from lpr import kernels
from lpr.protocols import TextRecognizer
from lpr.recognition.validation import read_checked
from lpr.types import Alternative, Character, Crop, Reading
from lpr.utils.bounded import is_stuck
from lpr.utils.closing import CLOSE_TIMEOUT, close_with_timeout


class VotingRecognizer:
    """A :class:`lpr.protocols.TextRecognizer` that fuses the readings of its ``members`` (names and
    recognizers) with :func:`lpr.kernels.vote`.

    A character's confidence is its share of the votes at its place times the mean confidence of
    the readings, so agreement between uncertain readings stays uncertain. Readings that differ
    from the result become its alternatives.
    """

    def __init__(self, members: Sequence[tuple[str, TextRecognizer]]) -> None:
        """Raises ``ValueError`` without members."""
        if not members:
            raise ValueError("a vote needs at least one recognizer")
        self.members = tuple(members)
        # Members are closed one after the other, each with its own timeout.
        self.close_timeout = CLOSE_TIMEOUT * (len(self.members) + 1)

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        """One reading for each crop, in order.

        Raises :class:`lpr.errors.PluginError` with the name of a member that fails.
        """
        columns = [
            read_checked(f"recognizer {name}", member, crops) for name, member in self.members
        ]
        return [fused(readings) for readings in zip(*columns, strict=True)]

    def close(self) -> None:
        """Close all members, even if closing one fails or hangs.

        Raises :class:`lpr.errors.PluginError` with the name of the first such member.
        """
        with ExitStack() as stack:
            for name, member in self.members:
                if not is_stuck(member):
                    stack.callback(close_with_timeout, f"recognizer {name}", member.close)


def fused(readings: Sequence[Reading]) -> Reading:
    """Fuse several readings of one plate into one."""
    text, shares = kernels.vote([r.text for r in readings], [r.certainties for r in readings])
    confidences = [reading.confidence for reading in readings if reading.text]
    mean = sum(confidences) / max(len(confidences), 1)
    characters = tuple(Character(c, min(s * mean, 1.0)) for c, s in zip(text, shares, strict=True))
    others = {r.text: r.confidence for r in readings if r.text and r.text != text}
    return Reading(
        text,
        sum(c.confidence for c in characters) / max(len(characters), 1),
        characters,
        tuple(Alternative(*o) for o in sorted(others.items(), key=lambda o: -o[1])),
        next((r.quad for r in readings if r.quad), None),
        next((r.appearance for r in readings if r.appearance), None),
        cut=max((r.cut for r in readings), key=len, default=()),
    )
