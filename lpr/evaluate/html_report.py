"""A report as one HTML page that needs nothing else: figures, plots, tables, the worst mistakes."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import cv2

from lpr.evaluate import alignment, breakdown, calibration, curves
from lpr.evaluate.compare import Comparison
from lpr.evaluate.intervals import wilson
from lpr.evaluate.outcome import Outcome
from lpr.evaluate.plots import line_plot
from lpr.evaluate.report import Report
from lpr.regions import Region
from lpr.source import open_source
from lpr.types import Box, Image

WORST = 60
"""Mistakes that are shown with their picture."""

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --rule: #d5dae0;
  --ground: #fff; --line: #1f6feb; --bad: #b42318; --good: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #9aa4af; --rule: #363c44;
  --ground: #14171b; --line: #6ea8ff; --bad: #ff8a80; --good: #5ddb82; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p.note, figcaption, .soft { color: var(--soft); font-size: .87rem; }
.cards { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.2rem 0; }
.card { border: 1px solid var(--rule); border-radius: 8px; padding: .6rem .9rem;
  min-width: 8.5rem; }
.card b { display: block; font-size: 1.35rem; }
.card span { color: var(--soft); font-size: .82rem; }
.plots { display: flex; flex-wrap: wrap; gap: 1.2rem; } figure { margin: 0; flex: 1 1 300px; }
svg { width: 100%; max-width: 420px; height: auto; }
svg text { font-size: 11px; fill: var(--soft); }
.grid { stroke: var(--rule); } .rule { stroke: var(--soft); stroke-dasharray: 4 4; }
.line { fill: none; stroke: var(--line); stroke-width: 2; } .dot { fill: var(--line); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem .25rem 0; text-align: right; border-bottom: 1px solid var(--rule); }
th:first-child, td:first-child { text-align: left; }
.worst { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; }
.worst img { width: 100%; border-radius: 6px; border: 1px solid var(--rule); }
code { font-size: .95em; } .bad { color: var(--bad); } .good { color: var(--good); }
"""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A plate that was misread or missed, or a reading where none is; ``box`` in the picture."""

    path: Path
    box: Box
    kind: str
    labelled: str
    read: str
    confidence: float


def page(
    title: str,
    report: Report,
    regions: Sequence[Region] = (),
    comparison: tuple[str, Comparison] | None = None,
) -> str:
    """The page; ``regions`` give the formats of its table, ``comparison`` the other system's name
    and what came of it. Opens the pictures of the worst mistakes again."""
    outcomes = report.outcomes
    parts = [
        f"<h1>{escape(title)}</h1>",
        '<p class="soft">One run; intervals are 95 % (Wilson).</p>',
        _cards(report),
        _plots(outcomes),
        "<h2>By size</h2>",
        '<p class="note">Width of the labelled box in its picture.</p>',
        _rows(breakdown.by_size(outcomes)),
        "<h2>By format</h2>",
        _rows(breakdown.by_format(outcomes, regions)),
        "<h2>Characters confused</h2>",
        _confusions(outcomes),
    ]
    if comparison:
        parts.append(_comparison(*comparison))
    parts += ["<h2>The worst mistakes</h2>", _worst(outcomes)]
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    )
    body = "\n".join(parts)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def _cards(report: Report) -> str:
    figures = report.figures()
    texts = figures["texts"]
    right = texts - figures["texts_wrong"]
    found = sum(o.is_found(i) for o in report.outcomes for i in range(len(o.picture.plates)))
    cards = [
        ("read exactly", _percent(figures["exact"]), _of(right, texts)),
        ("plates found", _percent(figures["found"]), _of(found, figures["plates"])),
        ("average precision", _number(figures["average_precision"]), "places, IoU 0.5"),
        ("characters wrong", _percent(figures["character_error_rate"]), "missed plates included"),
        ("false readings", str(figures["false_readings"]), f"in {figures['pictures']} pictures"),
        ("calibration error", _number(figures["calibration_error"]), "of readings"),
        ("milliseconds", _number(figures["ms_per_picture_median"]), "a picture, median"),
    ]
    boxes = "".join(
        f'<div class="card">{escape(name)}<b>{escape(value)}</b><span>{escape(more)}</span></div>'
        for name, value, more in cards
    )
    return f'<div class="cards">{boxes}</div>'


def _plots(outcomes: Sequence[Outcome]) -> str:
    points = curves.thinned(curves.recall_precision(outcomes))
    kept = curves.thinned(curves.risk_coverage(outcomes))
    reliability = calibration.bins(calibration.of_plates(outcomes))
    most = 0.04 * math.ceil(max([0.02, *(k.wrong / k.readings for k in kept)]) / 0.04)
    figures = [
        (
            line_plot([(p.recall, p.precision) for p in points], "recall", "precision"),
            "Places found. What lies below the system's own thresholds is not seen.",
        ),
        (
            line_plot(
                [(k.coverage, k.wrong / k.readings) for k in kept],
                "labelled texts read right",
                "share of readings that is wrong",
                y_range=(0.0, most),
            ),
            "If doubtful readings are sent back, the least certain first.",
        ),
        (
            line_plot(
                [(b.confidence, b.right) for b in reliability],
                "confidence",
                "share that is right",
                diagonal=True,
                dots=True,
            ),
            "Reliability of readings, in bins of equally many.",
        ),
    ]
    drawn = "".join(
        f"<figure>{plot}<figcaption>{escape(words)}</figcaption></figure>"
        for plot, words in figures
    )
    return f'<h2>Curves</h2><div class="plots">{drawn}</div>'


def _rows(rows: Sequence[breakdown.Row]) -> str:
    header = ("", "plates", "found", "texts", "exact", "95 %", "characters wrong")
    return _table(
        header,
        (
            (
                row.name,
                str(row.plates),
                _percent(row.found / row.plates),
                str(row.texts),
                _percent(row.exact / row.texts) if row.texts else "-",
                f"{row.low:.1%} to {row.high:.1%}" if row.texts else "-",
                _percent(row.characters_wrong),
            )
            for row in rows
        ),
    )


def _confusions(outcomes: Sequence[Outcome]) -> str:
    pairs = alignment.confusions(outcomes)
    if not pairs:
        return "<p>None.</p>"
    rows = ((a or "nothing", b or "nothing", str(n)) for a, b, n in pairs[:40])
    return _table(("labelled", "read", "times"), rows)


def _comparison(name: str, result: Comparison) -> str:
    rows = [
        ("both right", str(result.both)),
        ("only this system", str(result.only_first)),
        (f"only {name}", str(result.only_second)),
        ("neither", str(result.neither)),
    ]
    words = (
        f"McNemar's exact test: equals differ as much with a probability of {result.chance:.3g}."
    )
    differences = (
        (d.picture, d.labelled, d.first or "-", d.second or "-") for d in result.differences
    )
    return (
        f"<h2>Beside {escape(name)}</h2>{_table(('labelled texts', ''), rows)}"
        f'<p class="note">{escape(words)}</p>'
        f"{_table(('picture', 'labelled', 'this system', name), differences)}"
    )


def mistakes(outcomes: Iterable[Outcome]) -> list[Mistake]:
    """Misread, missed and false ones; the most certain of what is wrong first."""
    wrong = list(_wrong(outcomes))
    return sorted(wrong, key=lambda mistake: -mistake.confidence)


def _wrong(outcomes: Iterable[Outcome]) -> Iterator[Mistake]:
    for outcome in outcomes:
        path = outcome.picture.path
        for plate, match in zip(outcome.picture.plates, outcome.matches, strict=True):
            if match is None:
                yield Mistake(path, plate.box, "missed", plate.text or "", "", 0.0)
            elif plate.text and outcome.outputs[match].text != plate.text:
                output = outcome.outputs[match]
                yield Mistake(
                    path, plate.box, "misread", plate.text, output.text, output.confidence
                )
        for output in outcome.false_readings:
            yield Mistake(path, output.box, "false", "", output.text, output.confidence)


def _worst(outcomes: Sequence[Outcome]) -> str:
    wrong = mistakes(outcomes)
    if not wrong:
        return "<p>None.</p>"
    shown = "".join(_shown(mistake) for mistake in wrong[:WORST])
    more = f'<p class="note">{len(wrong) - WORST} more.</p>' if len(wrong) > WORST else ""
    return f'<div class="worst">{shown}</div>{more}'


def _shown(mistake: Mistake) -> str:
    label = escape(mistake.labelled or "?") if mistake.kind != "false" else "no plate"
    read = escape(mistake.read or "-")
    words = f"{escape(mistake.kind)}: <code>{label}</code> read <code class=bad>{read}</code>"
    return (
        f'<figure><img alt="{escape(mistake.labelled)}" src="{_crop(mistake)}">'
        f"<figcaption>{words}, {mistake.confidence:.2f}<br>{escape(mistake.path.name)}"
        "</figcaption></figure>"
    )


def _crop(mistake: Mistake) -> str:
    """The box and half of its size around it, as a data URI."""
    with open_source(mistake.path) as source:
        image = next(iter(source)).image
    box = mistake.box
    x, y = box.width * 0.5, box.height * 0.5
    height, width = image.shape[:2]
    x0, y0 = max(int(box.x0 - x), 0), max(int(box.y0 - y), 0)
    x1, y1 = min(int(box.x1 + x) + 1, width), min(int(box.y1 + y) + 1, height)
    return _as_uri(image[y0:y1, x0:x1])


def _as_uri(image: Image) -> str:
    if image.size == 0:
        return ""
    scale = min(420 / image.shape[1], 4.0)
    shown = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 80])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _of(right: int, total: int) -> str:
    low, high = wilson(right, total)
    return f"{right} of {total}; {low:.1%} to {high:.1%}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
