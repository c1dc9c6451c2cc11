"""Compares the raw heads of the PyTorch network with those of the original Darknet program.

Usage, from the checkout: ``python -m benchmarks.original NETWORK...``, as for ``lpr bench``. Needs
Debian's package ``darknet`` of 2018, which lacks later layers such as YOLOv4's mish.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from lpr.darknet.cfg import read_cfg
from lpr.darknet.weights import read_weights
from lpr.diagnostics.parity_report import load_network
from lpr.loading import registry
from lpr.runtimes.parity import heads_of, max_rel_diff, noise, source_runtime
from tests.darknet import original


def main() -> None:
    for name in sys.argv[1:]:
        model = load_network(name)
        width, height = model.spec.width, model.spec.height
        cfg = read_cfg(model.cfg).with_size(width, height)
        picture = noise(cfg, width, height, count=1)
        runtime = source_runtime(registry().detector_runtimes, cfg)
        assert runtime is not None
        with tempfile.TemporaryDirectory() as folder:
            weights = read_weights(model.weights, cfg)
            expected = original.heads_of(cfg, weights, picture[0], Path(folder))
        diff = max_rel_diff([head[0] for head in heads_of(runtime, model, picture)], expected)
        print(f"{Path(name).name}\t{diff:.1e}")


if __name__ == "__main__":
    main()
