"""Decides when to read a track again: readings cost time and soon add nothing."""

from __future__ import annotations

from dataclasses import dataclass

_MIN_GAIN = 0.01  # Rise of the confidence (0..1) from which a reading has gained something
_GROWTH = 1.15  # Growth of the plate's width from which it is read again: it shows more detail
# Seconds to wait after the first reading that gained nothing, and at most.
_FIRST_WAIT, _MAX_WAIT = 0.05, 10.0
_GAINING_WAIT = 0.4  # Seconds of waiting from which further readings are expected to gain nothing


@dataclass(slots=True)
class RereadPolicy:
    """Decides for one track: each reading that gains nothing doubles the wait, and growth ends it.

    So an approaching plate is read often, a parked one rarely.
    """

    _wait: float = 0.0
    _due: float = float("-inf")
    _width: float = 0.0
    _text: str = ""
    _confidence: float = 0.0

    def due(self, time: float, width: float) -> bool:
        """Whether to read a plate ``width`` pixels wide at ``time`` (seconds)."""
        return time >= self._due or width >= self._width * _GROWTH

    @property
    def gaining(self) -> bool:
        """Whether another reading may still gain something."""
        return self._wait < _GAINING_WAIT

    def reset(self) -> None:
        """Read at once: it may be another vehicle by now."""
        self._wait, self._due = 0.0, float("-inf")

    def record(self, time: float, width: float, text: str, confidence: float) -> None:
        """Note the consensus of the track's readings after another one."""
        gained = text != self._text or confidence >= self._confidence + _MIN_GAIN
        if gained or width >= self._width * _GROWTH:
            self._wait = 0.0
        else:
            self._wait = min(max(2 * self._wait, _FIRST_WAIT), _MAX_WAIT)
        self._due = time + self._wait
        self._width = max(width, self._width)
        self._text, self._confidence = text, max(confidence, self._confidence)
