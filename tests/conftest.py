from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real photographs, which are not part of the project."""
    folder = Path(os.environ.get("LPR_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "taiwan-scenes" / "labels.csv").is_file():
        pytest.skip(f"the photographs are not here: no {folder} (set LPR_DATA to their folder)")
    return folder
