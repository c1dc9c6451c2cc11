"""Line plots as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT = 340, 260  # Size of a plot, in units of its view box
_LEFT, _TOP, _RIGHT, _BOTTOM = 46, 12, 12, 40  # Margins around the axes, for their labels

Points = Sequence[tuple[float, float]]


def line_plot(
    points: Points,
    x_title: str,
    y_title: str,
    x_range: tuple[float, float] = (0.0, 1.0),
    y_range: tuple[float, float] = (0.0, 1.0),
    diagonal: bool = False,
    dots: bool = False,
) -> str:
    """An SVG element with a line through ``points`` (x, y), and on request the ``diagonal`` for
    comparison and ``dots`` at the points."""
    place = _Scale(x_range, y_range)
    inside = [place(x, y) for x, y in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in inside)
    parts = [_frame(place, x_title, y_title)]
    if diagonal:
        (x0, y0), (x1, y1) = place(x_range[0], y_range[0]), place(x_range[1], y_range[1])
        parts.append(f'<line class="rule" x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}"/>')
    parts.append(f'<polyline class="line" points="{path}"/>')
    if dots:
        parts += [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in inside]
    label = escape(f"{y_title} against {x_title}")
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


class _Scale:
    """Maps values to coordinates of the plot."""

    def __init__(self, x_range: tuple[float, float], y_range: tuple[float, float]) -> None:
        self.x_range, self.y_range = x_range, y_range

    def __call__(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self.x_range[0]) / (self.x_range[1] - self.x_range[0])
        up = (y - self.y_range[0]) / (self.y_range[1] - self.y_range[0])
        return (
            _LEFT + min(max(across, 0), 1) * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - min(max(up, 0), 1) * (_HEIGHT - _TOP - _BOTTOM),
        )


def _frame(place: _Scale, x_title: str, y_title: str) -> str:
    parts = []
    for number in range(5):
        share = number / 4
        x = place.x_range[0] + share * (place.x_range[1] - place.x_range[0])
        y = place.y_range[0] + share * (place.y_range[1] - place.y_range[0])
        (across, bottom), (left, up) = place(x, place.y_range[0]), place(place.x_range[0], y)
        right = _WIDTH - _RIGHT
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
