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

_STYLE = """
input { font: inherit; padding: .3rem .5rem; width: 16rem; }
article { display: grid; grid-template-columns: 11rem 1fr; gap: 1rem; padding: .7rem 0;
  border-top: 1px solid var(--rule); align-items: center; }
article img { max-width: 11rem; max-height: 6rem; border-radius: 4px; justify-self: end; }
article b { font-size: 1.25rem; letter-spacing: .03em; }
article p { margin: 0; color: var(--soft); } article.gap p { color: var(--bad); }
#lanes svg { width: 100%; height: auto; } #lanes text { font-size: 11px; fill: var(--soft); }
#lanes line { stroke: var(--rule); } #lanes rect { fill: var(--line); }
#lanes rect.gap { fill: var(--bad); } #lanes a:hover rect { opacity: .6; }
"""
_SCRIPT = """
addEventListener("DOMContentLoaded", () => {
  const all = [...document.querySelectorAll("article")];
  const find = document.getElementById("find");
  find.addEventListener("input", () => {
    const query = find.value.toUpperCase().replace(/[^A-Z0-9]/g, "");
    for (const a of all) a.hidden = query && !(a.dataset.text || "").includes(query);
  });
  if (!all.length) return;
  const cameras = [...new Set(all.map(a => a.dataset.camera))];
  // Recordings without a clock count from their beginning, and have their own scale.
  const scale = [false, true].map(clock => {
    const own = all.filter(a => (+a.dataset.first > 1e8) === clock);
    const start = Math.min(...own.map(a => +a.dataset.first));
    return [start, Math.max(...own.map(a => +a.dataset.last)) - start || 1];
  });
  const x = t => 120 + 860 * (t - scale[+(t > 1e8)][0]) / scale[+(t > 1e8)][1];
  let drawn = "";
  cameras.forEach((camera, row) => {
    const name = camera.replace(/[<&]/g, c => "&#" + c.charCodeAt(0) + ";");
    drawn += `<text x="0" y="${row * 28 + 19}">${name}</text>` +
      `<line x1="120" x2="980" y1="${row * 28 + 15}" y2="${row * 28 + 15}"/>`;
  });
  for (const a of all) {
    const [from, to] = [x(+a.dataset.first), x(+a.dataset.last)];
    const y = cameras.indexOf(a.dataset.camera) * 28 + 8;
    drawn += `<a href="#${a.id}"><rect class="${a.className}" x="${from}" y="${y}" ` +
      `width="${Math.max(to - from, 2)}" height="14"><title>${a.dataset.text}</title></rect></a>`;
  }
  document.getElementById("lanes").innerHTML =
    `<svg viewBox="0 0 990 ${cameras.length * 28 + 6}">${drawn}</svg>`;
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
        others = ", ".join(other.text for other in plate.reading.alternatives)
        lines = [
            f"{_clock(sighting.first)} to {_clock(sighting.last)}, {escape(sighting.camera)}, "
            f"{sighting.direction}",
            f"confidence {plate.confidence:.1%}; seen in {sighting.seen} frames, read in "
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
