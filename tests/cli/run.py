"""Runs the command line as a user does: another process, its two streams and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
CAR = SAMPLES / "car.jpg"
CLIP = SAMPLES / "street.mp4"


@dataclass
class Result:
    status: int
    stdout: str
    stderr: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]


def lpr(*arguments: object, cwd: Path | None = None, **environment: str) -> Result:
    """Run ``python -m lpr`` on the CPU through OpenCV alone, so that it is quick to start."""
    run = subprocess.run(
        [sys.executable, "-m", "lpr", *map(str, arguments)],
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "LPR_LOAD_PLUGINS": "", **environment},
        check=False,
    )
    return Result(run.returncode, run.stdout.decode(), run.stderr.decode())
