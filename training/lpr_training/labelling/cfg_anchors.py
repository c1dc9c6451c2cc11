"""Replaces the anchors in a Darknet cfg; all other bytes stay."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from lpr.darknet.cfg import Cfg, read_cfg
from lpr.darknet.sections import split
from lpr.errors import ModelError, OutputError
from lpr.models import load_model
from lpr_training.labelling.files import writing
from lpr_training.labelling.kmeans import Float64
from lpr_training.labelling.values import Size

_SECTION = re.compile(rb"\s*\[(.*)\]")
# The key with its spaces, the value, and the rest: spaces, a comment, the end of the line.
_LINE = rb"(\s*%s\s*=\s*)([^#\r\n]*?)(\s*(?:#[^\r\n]*)?[\r\n]*)$"
_ANCHORS = re.compile(_LINE % rb"anchors")
_NUM = re.compile(_LINE % rb"num")


def copy_cfg(model: str, file: Path) -> tuple[Size, int, bool]:
    """Copy the cfg of a model's detector to ``file``; return its input size, its number of anchors
    and whether pictures keep their aspect ratio in it.

    Raises :class:`ModelError` for a missing model, and :class:`OutputError` if ``file`` exists.
    """
    detector = load_model(model).detector
    if file.exists():
        raise OutputError(f"{file}: is there already; leave out --from, or name another file")
    spec = detector.spec
    with writing(file):
        file.write_bytes(detector.cfg.read_bytes())
    return (spec.width, spec.height), len(anchors_of(read_cfg(file))), spec.resize != "stretch"


def anchors_of(cfg: Cfg) -> Float64:
    """The anchors of all ``[yolo]`` sections together, ``K x 2``."""
    return np.array([anchor for section in cfg.heads for anchor in section.anchors], np.float64)


def read_checked(cfg: Path, count: int) -> bytes:
    """The content of a cfg whose ``[yolo]`` sections use ``count`` anchors together.

    Raises :class:`ModelError` without such a section, if one lacks ``anchors=``, and if the masks
    name an anchor beyond ``count`` or omit one.
    """
    try:
        content = cfg.read_bytes()
    except OSError as error:
        raise ModelError(f"{cfg}: cannot be read ({error.strerror})") from error
    used: set[int] = set()
    heads = [s for s in split(content.decode("utf-8-sig", "replace"), str(cfg)) if s.kind == "yolo"]
    if not heads:
        raise ModelError(f"{cfg}: has no [yolo] section to put anchors into")
    for head in heads:
        mask = head.integers("mask")
        beyond = [index for index in mask if not 0 <= index < count]
        if beyond:
            head.fail(
                f"mask= asks for the anchor {beyond[0]}, and {count} are numbered 0 to {count - 1};"
                " choose another --count or correct the masks"
            )
        if head.text("anchors") is None:
            head.fail("has no anchors= to be replaced; add one")
        used.update(mask)
    unused = sorted(set(range(count)) - used)
    if unused:
        raise ModelError(
            f"{cfg}: no mask= uses the anchor{'s' * (len(unused) > 1)} "
            f"{', '.join(map(str, unused))} of {count}; choose another --count or correct the masks"
        )
    return content


def put_anchors(cfg: Path, anchors: str, count: int) -> None:
    """Write ``anchors`` (``w,h, w,h, ...``, ``count`` pairs) and ``num=`` into each ``[yolo]``.

    Raises as :func:`read_checked` does, and :class:`lpr.errors.OutputError`.
    """
    content = read_checked(cfg, count)
    with writing(cfg):
        cfg.write_bytes(_replaced(content, anchors.encode(), str(count).encode()))


def _replaced(content: bytes, anchors: bytes, num: bytes) -> bytes:
    result: list[bytes] = []
    # Without num= Darknet takes 1, whatever anchors= holds.
    for section in _sections(content):
        is_head = bool(_SECTION.match(section[0])) and _name(section[0]) == b"yolo"
        has_num = any(_NUM.match(line) for line in section)
        for line in section:
            result.append(line)
            if is_head and (match := _ANCHORS.match(line)):
                result[-1] = match[1] + anchors + match[3]
                if not has_num:
                    end = re.search(rb"[\r\n]*$", line)
                    newline = end[0] if end and end[0] else b"\n"
                    result[-1] = result[-1].rstrip(b"\r\n") + newline
                    result.append(b"num=" + num + newline)
            elif is_head and (match := _NUM.match(line)):
                result[-1] = match[1] + num + match[3]
    return b"".join(result)


def _sections(content: bytes) -> list[list[bytes]]:
    """The lines of each section from its ``[name]`` on, after those before the first section."""
    sections: list[list[bytes]] = [[b""]]
    for line in content.splitlines(keepends=True):
        if _SECTION.match(line):
            sections.append([])
        sections[-1].append(line)
    return sections


def _name(line: bytes) -> bytes:
    match = _SECTION.match(line)
    return b"".join(match[1].split()) if match else b""
