"""The outputs that pages show: a block after ``<!-- output -->`` is what the ``sh`` block before it
prints. ``python -m tests.pages.shown`` rewrites them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.pages.folder import REPOSITORY

PAGES = (REPOSITORY / "README.md", REPOSITORY / "docs" / "index.md")
_SHOWN = re.compile(
    r"^```sh\n(?P<script>[^`]+)```\n\n<!-- output -->\n```(?:text|json)\n(?P<output>[^`]+)```$",
    re.MULTILINE,
)
_NUMBER = re.compile(r"\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Shown:
    """A script and the output that the page shows."""

    script: str
    output: str

    def printed(self, folder: Path) -> str:
        """What the script prints in ``folder``, which has the samples."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        run = subprocess.run(
            ["bash", "-e", "-c", self.script],
            cwd=folder,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return run.stdout


def shown_in(page: Path) -> Iterator[Shown]:
    """The outputs that a page shows."""
    for match in _SHOWN.finditer(page.read_text(encoding="utf-8")):
        yield Shown(match["script"], match["output"])


def words(output: str) -> str:
    """An output with ``#`` for its decimal numbers, in which runtimes may differ."""
    return " ".join(_NUMBER.sub("#", output).split())


def numbers(output: str) -> list[float]:
    """The decimal numbers of an output."""
    return [float(number) for number in _NUMBER.findall(output)]


def main() -> None:
    """Write what the scripts print now into the pages."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "samples").symlink_to(REPOSITORY / "samples")
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            for shown in shown_in(page):
                text = text.replace(shown.output, shown.printed(Path(folder)))
            page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
