from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

pytest.importorskip("torch")
pytest.importorskip("matplotlib")

from lpr.errors import LprError, OutputError
from lpr_training.engine.curves import draw_curves


def test_a_runs_curves_become_a_picture(tmp_path: Path) -> None:
    rows = [{"step": n, "loss": 9.0 - n, **({"ap": n / 10} if n % 2 else {})} for n in range(1, 6)]
    (tmp_path / "metrics.jsonl").write_text("\n".join(map(json.dumps, rows)))
    draw_curves(tmp_path, tmp_path / "curves.png")
    picture = cv2.imread(str(tmp_path / "curves.png"))
    assert picture.shape[1] > 500
    assert picture.std() > 5
    draw_curves(tmp_path, tmp_path / "curves.svg")
    assert "dev" in (tmp_path / "curves.svg").read_text()


def test_what_cannot_be_drawn_is_named(tmp_path: Path) -> None:
    with pytest.raises(LprError, match=r"metrics\.jsonl.*is this a run"):
        draw_curves(tmp_path, tmp_path / "c.png")
    (tmp_path / "metrics.jsonl").write_text("")
    with pytest.raises(LprError, match="has no figures yet"):
        draw_curves(tmp_path, tmp_path / "c.png")
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "loss": 2.0}')
    with pytest.raises(OutputError, match=r"c\.nothing"):
        draw_curves(tmp_path, tmp_path / "c.nothing")


def test_a_torn_last_line_is_named_and_dropped_on_resume(tmp_path: Path) -> None:
    from lpr_training.engine.loop import _forget_after, read_metrics

    log = tmp_path / "metrics.jsonl"
    log.write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "lo')
    with pytest.raises(LprError, match=r"metrics\.jsonl, line 2"):
        read_metrics(log)
    _forget_after(5, log)
    assert [row["step"] for row in read_metrics(log)] == [1]
