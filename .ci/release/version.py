"""One version for all distributions of this repository: shows it, or sets it.

Usage: ``python .ci/release/version.py [NEW]``. A new version is written into every
``pyproject.toml``, into what the distributions require of each other (its first two numbers), and
into the changelog, whose section "Unreleased" becomes that of the release, with today's date.
"""

from __future__ import annotations

import datetime
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHANGELOG = ROOT / "CHANGELOG.md"
VERSION = re.compile(r'^version = "([^"]+)"$', re.MULTILINE)
REQUIREMENT = re.compile(r'"(lpr(?:-[\w-]+)?)>=[\d.]+"')  # of one distribution to another
UNRELEASED = "## Unreleased\n"


def projects() -> list[Path]:
    """The ``pyproject.toml`` of each distribution, that of lpr first."""
    plugins = sorted(ROOT.glob("plugins/*/pyproject.toml"))
    return [ROOT / "pyproject.toml", ROOT / "training" / "pyproject.toml", *plugins]


def version_of(project: Path) -> str:
    found = VERSION.search(project.read_text(encoding="utf-8"))
    if found is None:
        sys.exit(f"{project}: there is no line: version = ...")
    return found[1]


def set_version(new: str, today: datetime.date) -> None:
    minor = ".".join(new.split(".")[:2])
    for project in projects():
        text = project.read_text(encoding="utf-8")
        text = VERSION.sub(f'version = "{new}"', text, count=1)
        text = REQUIREMENT.sub(rf'"\1>={minor}"', text)
        project.write_text(text, encoding="utf-8")
    text = CHANGELOG.read_text(encoding="utf-8")
    heading = f"{UNRELEASED}\n## {new} - {today.isoformat()}\n"
    CHANGELOG.write_text(text.replace(UNRELEASED, heading, 1), encoding="utf-8")


def main(arguments: list[str]) -> None:
    if not arguments:
        print(version_of(projects()[0]))
    elif re.fullmatch(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?", arguments[0]):
        set_version(arguments[0], datetime.date.today())
    else:
        sys.exit(f"{arguments[0]} is no version such as 0.3.0 or 0.3.0rc1")


if __name__ == "__main__":
    main(sys.argv[1:])
