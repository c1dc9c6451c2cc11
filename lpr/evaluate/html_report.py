"""A report as one HTML page: figures, plots, tables, the worst mistakes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import cv2

from lpr.evaluate import breakdown, curves
from lpr.evaluate.compare import Comparison
from lpr.evaluate.intervals import wilson
from lpr.evaluate.outcome import Outcome
from lpr.evaluate.plots import line_plot
from lpr.evaluate.report import Mistake, Report
from lpr.regions import Region
from lpr.sinks.evidence import jpeg
from lpr.source import open_source
from lpr.utils import html
from lpr.utils.geometry import cut_out
from lpr.utils.text import counted

MAX_MISTAKES = 60
"""Mistakes that are shown with their picture."""
_CROP_WIDTH = 420  # Width of such a picture, in pixels
_MAX_ZOOM = 4.0  # Factor beyond which enlarging shows nothing more
_STYLE = """
.note, figcaption { color: var(--soft); font-size: .87rem; }
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
.worst { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; }
.worst img { width: 100%; border-radius: 6px; border: 1px solid var(--rule); }
code { font-size: .95em; }
"""


def render_html(
    title: str,
    report: Report,
    regions: Sequence[Region] = (),
    comparison: tuple[str, Comparison] | None = None,
) -> str:
    """The report as a page. ``regions`` give the formats of its table, ``comparison`` the name of
    another system and the result. Reads the pictures of the worst mistakes again."""
    outcomes = report.outcomes
    parts = [
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
    parts += ["<h2>The worst mistakes</h2>", _worst(report)]
    return html.head(title, _STYLE) + "\n".join(parts) + html.FOOT


def _cards(report: Report) -> str:
    figures = report.figures()
    texts = figures["texts"]
    right = texts - figures["texts_wrong"]
    pictures = counted(figures["pictures"], "picture")
    found = sum(o.is_found(i) for o in report.outcomes for i in range(len(o.picture.plates)))
    cards = [
        ("read exactly", _percent(figures["exact"]), _of(right, texts)),
        ("plates found", _percent(figures["found"]), _of(found, figures["plates"])),
        ("average precision", _number(figures["average_precision"]), "boxes, IoU 0.5"),
        ("characters wrong", _percent(figures["character_error_rate"]), "missed plates included"),
        ("false readings", str(figures["false_readings"]), f"in {pictures}"),
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
    risk = curves.thinned(curves.risk_coverage(outcomes))
    reliability = curves.bins(curves.of_plates(outcomes))
    wrong = [(r.coverage, r.wrong / r.readings) for r in risk]
    right = [(b.confidence, b.right) for b in reliability]
    # Four intervals of whole percents.
    top = 0.04 * math.ceil(max([0.02, *(share for _, share in wrong)]) / 0.04)
    detections = line_plot([(p.recall, p.precision) for p in points], "recall", "precision")
    risks = line_plot(wrong, "labelled texts read right", "share of readings that are wrong", top)
    bins = line_plot(right, "confidence", "share that is right", reliability=True)
    figures = {
        "Detections. Those below the system's own thresholds are missing.": detections,
        "If readings are rejected, those with the lowest confidence first.": risks,
        "Reliability of readings, in bins of equal count.": bins,
    }
    drawn = "".join(
        f"<figure>{plot}<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, plot in figures.items()
    )
    return f'<h2>Curves</h2><div class="plots">{drawn}</div>'


def _rows(rows: Sequence[breakdown.Row]) -> str:
    header = ("", "plates", "found", "texts", "exact", "95 %", "characters wrong")
    cells = []
    for row in rows:
        exact = _percent(row.exact / row.texts) if row.texts else "-"
        interval = f"{row.low:.1%} to {row.high:.1%}" if row.texts else "-"
        found, wrong = _percent(row.found / row.plates), _percent(row.characters_wrong)
        cells.append((row.name, str(row.plates), found, str(row.texts), exact, interval, wrong))
    return html.table(header, cells)


def _confusions(outcomes: Sequence[Outcome]) -> str:
    pairs = breakdown.confusions(outcomes)
    if not pairs:
        return "<p>None.</p>"
    rows = ((a or "nothing", b or "nothing", str(n)) for a, b, n in pairs[:40])
    return html.table(("labelled", "read", "times"), rows)


def _comparison(name: str, result: Comparison) -> str:
    rows = [
        ("both right", str(result.both)),
        ("only this system", str(result.only_first)),
        (f"only {name}", str(result.only_second)),
        ("neither", str(result.neither)),
    ]
    chance = f"{result.chance:.3g}"
    words = f"McNemar's exact test: equals differ as much with a probability of {chance}."
    differences = (
        (d.picture, d.labelled, d.first or "-", d.second or "-") for d in result.differences
    )
    return (
        f"<h2>Compared with {escape(name)}</h2>{html.table(('labelled texts', ''), rows)}"
        f'<p class="note">{escape(words)}</p>'
        f"{html.table(('picture', 'labelled', 'this system', name), differences)}"
    )


def _worst(report: Report) -> str:
    mistakes = sorted(report.mistakes(), key=lambda mistake: -mistake.confidence)
    if not mistakes:
        return "<p>None.</p>"
    figures = "".join(_figure(mistake) for mistake in mistakes[:MAX_MISTAKES])
    more = len(mistakes) - MAX_MISTAKES
    note = f'<p class="note">{more} more.</p>' if more > 0 else ""
    return f'<div class="worst">{figures}</div>{note}'


def _figure(mistake: Mistake) -> str:
    label = "no plate" if mistake.kind == "false reading" else mistake.labelled or "?"
    return (
        f"<figure>{_crop(mistake)}<figcaption>{mistake.kind}: <code>{escape(label)}</code> read "
        f'<code class="bad">{escape(mistake.read or "-")}</code>, {mistake.confidence:.2f}<br>'
        f"{escape(mistake.path.name)}</figcaption></figure>"
    )


def _crop(mistake: Mistake) -> str:
    """The box and half of its size around it."""
    with open_source(mistake.path) as source:
        crop = cut_out(next(iter(source)).image, mistake.box.grown(0.5))
    if crop.size == 0:
        return ""
    scale = min(_CROP_WIDTH / crop.shape[1], _MAX_ZOOM)
    scaled = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return html.image(jpeg(scaled, 80), alt=mistake.labelled or "")


def _of(right: int, total: int) -> str:
    low, high = wilson(right, total)
    return f"{right} of {total}; {low:.1%} to {high:.1%}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
