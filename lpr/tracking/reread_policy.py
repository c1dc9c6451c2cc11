"""When a track is worth another look: reading costs time, and soon gains nothing."""

from __future__ import annotations

from dataclasses import dataclass

_GAIN = 0.01
_GROWN = 1.15
_LONGEST = 10.0
_FIRST = 0.05
_PATIENT = 0.4


@dataclass(slots=True)
class RereadPolicy:
    """Decides for one track. A look that gained nothing makes the next one wait twice as long, up
    to ten seconds; a plate that has grown by 15 % is looked at again at once.

    So a plate that comes nearer is read again and again, one that stands there hardly ever.
    """

    _wait: float = 0.0
    _due: float = float("-inf")
    _size: float = 0.0
    _text: str = ""
    _confidence: float = 0.0

    def due(self, time: float, size: float) -> bool:
        """Whether to read a plate that is ``size`` pixels wide, ``time`` in seconds."""
        return time >= self._due or size >= self._size * _GROWN

    @property
    def eager(self) -> bool:
        """Whether looks still gain something, or nobody knows yet."""
        return self._wait < _PATIENT

    def recheck(self) -> None:
        """It may be another vehicle by now: look at it at once."""
        self._wait, self._due = 0.0, float("-inf")

    def looked(self, time: float, size: float, text: str, confidence: float) -> None:
        """Take note of what the track's readings agree on after a look."""
        gained = text != self._text or confidence >= self._confidence + _GAIN
        if gained or size >= self._size * _GROWN:
            self._wait = 0.0
        else:
            self._wait = min(max(2 * self._wait, _FIRST), _LONGEST)
        self._due = time + self._wait
        self._size = max(size, self._size)
        self._text, self._confidence = text, max(confidence, self._confidence)
