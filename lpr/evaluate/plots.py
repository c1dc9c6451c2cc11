"""Line plots as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT = 340, 260  # Size of a plot, in units of its view box
_LEFT, _TOP, _RIGHT, _BOTTOM = 46, 12, 12, 40  # Margins around the axes, for their labels

Points = Sequence[tuple[float, float]]


def line_plot(
    points: Points, x_title: str, y_title: str, top: float = 1.0, reliability: bool = False
) -> str:
    """An SVG element with a line through ``points``: x in 0..1, y in 0..``top``.

    A ``reliability`` diagram also has its diagonal, and a dot at each point.
    """
    inside = [_place(x, y / top) for x, y in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in inside)
    parts = [_frame(top, x_title, y_title)]
    if reliability:
        (x0, y0), (x1, y1) = _place(0.0, 0.0), _place(1.0, 1.0)
        parts.append(f'<line class="rule" x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}"/>')
    parts.append(f'<polyline class="line" points="{path}"/>')
    if reliability:
        parts += [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in inside]
    label = escape(f"{y_title} against {x_title}")
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def _place(x: float, y: float) -> tuple[float, float]:
    """The coordinates of a point whose ``x`` and ``y`` are shares of the axes (0..1)."""
    across, up = min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)
    return (
        _LEFT + across * (_WIDTH - _LEFT - _RIGHT),
        _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM),
    )


def _frame(top: float, x_title: str, y_title: str) -> str:
    parts = []
    right = _WIDTH - _RIGHT
    for x in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = x * top
        (across, bottom), (left, up) = _place(x, 0.0), _place(0.0, x)
        parts += [
            f'<line class="grid" x1="{left}" y1="{up:.1f}" x2="{right}" y2="{up:.1f}"/>',
            f'<text x="{left - 6}" y="{up + 4:.1f}" text-anchor="end">{y:.3g}</text>',
            f'<text x="{across:.1f}" y="{bottom + 16}" text-anchor="middle">{x:.3g}</text>',
        ]
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    parts += [
        f'<text x="{(_LEFT + _WIDTH) / 2}" y="{_HEIGHT - 6}" text-anchor="middle">'
        f"{escape(x_title)}</text>",
        f'<text transform="translate(11 {middle}) rotate(-90)" text-anchor="middle">'
        f"{escape(y_title)}</text>",
    ]
    return "".join(parts)
