"""The raw heads of the Torch network beside those of Darknet itself, the original program.

Usage, from the checkout: ``python -m benchmarks.original NETWORK...``, as ``lpr bench`` takes them.
It needs Debian's package ``darknet``, of 2018, which does not know what came later (YOLOv4's mish,
for one).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from lpr.darknet.cfg import read_cfg
from lpr.darknet.weights import read_weights
from lpr.diagnostics import load_network
from lpr.loading import registry
from lpr.runtimes.parity import difference, heads_of, noise, source_runtime
from tests.darknet import original


def main() -> None:
    for name in sys.argv[1:]:
        model = load_network(name)
        width, height = model.spec.width, model.spec.height
        cfg = read_cfg(model.cfg).with_size(width, height)
        picture = noise(cfg, width, height, count=1)
        ours = source_runtime(registry().detector_runtimes, cfg)
        assert ours is not None
        with tempfile.TemporaryDirectory() as folder:
            weights = read_weights(model.weights, cfg)
            theirs = original.heads_of(cfg, weights, picture[0], Path(folder))
        off = difference([head[0] for head in heads_of(ours, model, picture)], theirs)
        print(f"{Path(name).name}\t{off:.1e}")


if __name__ == "__main__":
    main()
