"""Sightings as one HTML page, written as they come (``--timeline``)."""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from html import escape
from typing import TextIO

from lpr.errors import OutputError
from lpr.sightings import FrameTime, Gap, Sighting, utc
from lpr.sinks.evidence import jpeg, redacted_crop
from lpr.sinks.output_file import RecordStream
from lpr.sinks.paths import clean
from lpr.sinks.records import put
from lpr.sinks.redaction import PlateRedactor
from lpr.utils import html
from lpr.utils.closing import Closeable
from lpr.utils.text import counted

_STYLE = """
input { font: inherit; padding: .3rem .5rem; width: 16rem; }
article { display: grid; grid-template-columns: 11rem 1fr; gap: 1rem; padding: .7rem 0;
  border-top: 1px solid var(--rule); align-items: center; }
article img { max-width: 11rem; max-height: 6rem; border-radius: 4px; justify-self: end; }
article b { font-size: 1.25rem; letter-spacing: .03em; }
article p { margin: 0; color: var(--soft); } article.gap p { color: var(--bad); }
#lanes { overflow-x: auto; } #lanes svg { width: 100%; height: auto; }
#lanes text { font-size: 11px; fill: var(--soft); } #lanes a text { fill: var(--ink); }
#lanes line { stroke: var(--rule); } #lanes rect { fill: var(--line); }
#lanes rect.gap { fill: var(--bad); } #lanes a:hover rect { opacity: .6; }
"""
_SCRIPT = """
addEventListener("DOMContentLoaded", () => {
  // Records come when a vehicle has left; the page is in the order in which they came.
  const start = a => +a.dataset.first, end = a => +a.dataset.last;
  const all = [...document.querySelectorAll("article")].sort((a, b) => start(a) - start(b));
  document.body.append(...all);
  const find = document.getElementById("find");
  find.addEventListener("input", () => {
    const query = find.value.toUpperCase().replace(/[^A-Z0-9]/g, "");
    for (const a of all) a.hidden = query && !(a.dataset.text || "").includes(query);
  });
  const safe = text => text.replace(/[<&"]/g, c => "&#" + c.charCodeAt(0) + ";");
  const left = 120, width = 860, row = 20;
  // Recordings without a clock count from their beginning, and have their own scale.
  const chart = (own, clock) => {
    const from = Math.min(...own.map(start));
    const span = Math.max(...own.map(end)) - from || 1;
    const x = time => left + width * (time - from) / span;
    const named = own.length <= 200;  // More names would be illegible
    let drawn = "", y = 22;
    for (const camera of new Set(own.map(a => a.dataset.camera))) {
      // Each bar goes to the first lane that is free where it and its name are.
      const free = [];
      for (const a of own.filter(a => a.dataset.camera === camera)) {
        const name = (named && a.querySelector("b")?.textContent) || "";
        const length = 7.5 * name.length + 6;
        const bar = Math.max(x(end(a)) - x(start(a)), 2);
        // A name that does not fit into the picture stands before its bar.
        const before = x(start(a)) + length > left + width;
        const begin = before ? x(start(a)) - length : x(start(a));
        let lane = free.findIndex(until => until <= begin);
        if (lane < 0) lane = free.length;
        free[lane] = Math.max(x(start(a)) + bar, before ? 0 : begin + length) + 4;
        const top = y + lane * row;
        drawn += `<a href="#${a.id}"><rect class="${a.className}" x="${x(start(a))}" ` +
          `y="${top + 13}" width="${bar}" height="4" rx="1"/>` +
          `<text x="${begin}" y="${top + 10}">${safe(name)}</text>` +
          `<title>${safe(a.dataset.text || "gap")}</title></a>`;
      }
      drawn += `<text x="0" y="${y + 12}">${safe(camera)}</text>`;
      y += free.length * row + 8;
      drawn += `<line x1="0" x2="${left + width}" y1="${y - 3}" y2="${y - 3}"/>`;
    }
    for (let tick = 0; tick <= 4; tick++) {
      const anchor = tick === 4 ? "end" : tick ? "middle" : "start";
      drawn += `<text x="${left + width * tick / 4}" y="11" text-anchor="${anchor}">` +
        `${clockText(from + span * tick / 4, span, clock)}</text>`;
    }
    return `<svg viewBox="0 0 ${left + width + 10} ${y}">${drawn}</svg>`;
  };
  const clockText = (seconds, span, clock) => {
    if (clock) {
      const iso = new Date(seconds * 1000).toISOString();
      return span < 86400 ? iso.slice(11, 19) + "Z" : iso.slice(0, 16).replace("T", " ") + "Z";
    }
    const digits = span < 20 ? 1 : 0, rest = (seconds % 60).toFixed(digits);
    return `${Math.floor(seconds / 60)}:${rest.padStart(digits ? 4 : 2, "0")}`;
  };
  const charts = [false, true].map(clock => {
    const own = all.filter(a => (start(a) > 1e8) === clock);
    return own.length ? chart(own, clock) : "";
  });
  document.getElementById("lanes").innerHTML = charts.join("");
});
"""
_SEARCH = """<p><input id="find" type="search" placeholder="A part of a plate"
  aria-label="A part of a plate"></p><div id="lanes"></div>
"""

_HEAD = html.head("Sightings", _STYLE, _SCRIPT)
PAGE_BEGINS = _HEAD[: _HEAD.index("<style>")]
"""How each page begins."""

_MAX_WAITING = 500  # Sightings kept for a page that cannot be written: some 10 kB each


class Timeline(Closeable):
    """Writes each record as a complete element, so that a page whose writer was killed still shows
    them. Early sightings are left out until they are final.

    What cannot be written is kept, and written with what follows. Methods raise
    :class:`lpr.errors.OutputError` then.
    """

    def __init__(self, stream: TextIO, redactor: PlateRedactor | None = None) -> None:
        self._stream = stream
        self._redactor = redactor
        self._run = f"{time.time():.0f}-" if _has_content(stream) else ""
        self._count = 0
        self._waiting: deque[str] = deque(maxlen=_MAX_WAITING)
        self._head = "" if _has_content(stream) else _HEAD + _SEARCH
        with suppress(OutputError):
            self._write("")

    def _write(self, text: str) -> None:
        if text:
            self._waiting.append(text)
        put(self._stream, self._head + "".join(self._waiting))
        self._head = ""
        self._waiting.clear()

    def sighting(self, sighting: Sighting) -> None:
        """Add a vehicle that has left."""
        if sighting.status in ("early", "withdrawn"):
            return
        plate, best = sighting.plate, sighting.best
        crop = html.image(jpeg(redacted_crop(sighting, self._redactor)))
        seen = counted(sighting.seen, "frame")
        others = ", ".join(other.text for other in plate.reading.alternatives)
        lines = [
            f"{_clock(sighting.first)} to {_clock(sighting.last)}, {escape(sighting.camera)}, "
            f"{sighting.direction}",
            f"confidence {plate.confidence:.1%}; seen in {seen}, read in "
            f"{sighting.read}, {sighting.agreeing} of them equal; the picture is frame "
            f"{best.moment.frame}" + (f"; also read: {escape(others)}" if others else ""),
        ]
        name = f"<b>{escape(plate.display or plate.text)}</b>"
        body = f"{crop}<div>{name}{''.join(f'<p>{line}</p>' for line in lines)}</div>"
        times = _seconds(sighting.first), _seconds(sighting.last)
        self._article("", sighting.camera, *times, plate.text, body)

    def gap(self, gap: Gap) -> None:
        """Add a gap that has ended."""
        if gap.until is None:
            return
        duration = f"{utc(gap.since)} for {gap.until - gap.since:.0f} s"
        text = f"{escape(gap.camera)} was away from {duration}: {escape(gap.reason)}"
        body = f"<span></span><div><p>{text}</p></div>"
        self._article("gap", gap.camera, gap.since, gap.until, "", body)

    def _article(
        self, kind: str, camera: str, first: float, last: float, text: str, body: str
    ) -> None:
        self._count += 1
        identity = f"s{self._run}{self._count}"
        article = (
            f'<article id="{identity}" class="{kind}" data-camera="{escape(camera)}" '
            f'data-first="{first:.3f}" data-last="{last:.3f}" data-text="{escape(text)}">'
        )
        self._write(clean(f"{article}{body}</article>\n"))

    def close(self) -> None:
        """End the page; browsers show it without, too."""
        self._write(html.FOOT)


def _has_content(stream: TextIO) -> bool:
    """Whether the page has sightings of an earlier watch."""
    return isinstance(stream, RecordStream) and stream.tell() > 0


def _seconds(moment: FrameTime) -> float:
    return moment.time if moment.clock is None else moment.clock


def _clock(moment: FrameTime) -> str:
    return utc(moment.clock) or f"{int(moment.time // 60)}:{moment.time % 60:04.1f}"
