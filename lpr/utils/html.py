"""HTML pages that need no other file: one style, tables, embedded pictures. Texts are escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --rule: #d5dae0;
  --ground: #fff; --line: #1f6feb; --bad: #b42318; --good: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #9aa4af; --rule: #363c44;
  --ground: #14171b; --line: #6ea8ff; --bad: #ff8a80; --good: #5ddb82; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
.soft { color: var(--soft); } .bad { color: var(--bad); } .good { color: var(--good); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem .25rem 0; text-align: right; border-bottom: 1px solid var(--rule); }
th:first-child, td:first-child { text-align: left; }
"""
"""Colours for light and dark screens, body, headings and tables; pages add their own rules."""


def head(title: str, style: str = "", script: str = "") -> str:
    """The beginning of a page, up to its heading; ``style`` and ``script`` are not escaped."""
    name = escape(title)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}</title>\n<style>{STYLE}{style}</style>\n"
        + (f"<script>{script}</script>" if script else "")
        + f"</head><body>\n<h1>{name}</h1>\n"
    )


FOOT = "</body></html>\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts."""
    return (
        f"<table><thead><tr>{_cells(header, 'th')}</tr></thead><tbody>"
        + "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in rows)
        + "</tbody></table>"
    )


def _cells(texts: Iterable[str], tag: str) -> str:
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts)


def image(data: bytes, kind: str = "jpeg", alt: str = "") -> str:
    """An ``img`` element that holds a picture's encoded bytes."""
    encoded = base64.b64encode(data).decode()
    return f'<img alt="{escape(alt)}" src="data:image/{kind};base64,{encoded}">'
