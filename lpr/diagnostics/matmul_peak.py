"""The peak matrix product of this machine: the yardstick of a network's speed."""

from __future__ import annotations

import os
import subprocess
import sys

# Runs in a subprocess: BLAS reads its number of threads when NumPy is imported.
_SCRIPT = """
import time
import numpy as np

n = 2048
a, b = np.ones((n, n), np.float32), np.ones((n, n), np.float32)
best = min(-time.perf_counter() + (a @ b, time.perf_counter())[1] for _ in range(8))
print(2 * n**3 / best / 1e9)
"""


def matmul_peak(threads: int) -> float:
    """GFLOP/s of NumPy's single-precision matrix product (2048 x 2048, the best of 8)."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, str(threads))}
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    return float(run.stdout)
