from __future__ import annotations

import numpy as np
import pytest

from lpr import kernels


@pytest.fixture(scope="session", params=kernels.implementations())
def impl(request: pytest.FixtureRequest) -> str:
    """Every implementation that this CPU runs."""
    return str(request.param)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
