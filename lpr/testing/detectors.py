"""The requirements of a detector runtime."""

from __future__ import annotations

import numpy as np

from lpr.protocols import DetectorNetwork, DetectorRuntime
from lpr.specs import DetectorModel
from lpr.testing.runtimes import check_traits, problem_in
from lpr.testing.samples import assert_close, check_damaged, close_elsewhere, from_threads


def check_detector_runtime(
    runtime: DetectorRuntime, model: DetectorModel, reference: DetectorNetwork | None = None
) -> None:
    """Check a detector runtime on ``model``.

    Heads must have the right shapes at several sizes and batches, be the same at any time and from
    any thread, and equal those of ``reference`` if given. A damaged file must raise
    :class:`lpr.errors.ModelError`.
    """
    assert isinstance(runtime, DetectorRuntime), f"{runtime!r} is no DetectorRuntime"
    check_traits(runtime)
    problem = problem_in(runtime)
    assert problem is None, f"{runtime.name} does not work here: {problem}"
    network = runtime.open(model, threads=1)
    assert isinstance(network, DetectorNetwork), f"open gave {network!r}, which is no network"
    try:
        width, height = model.spec.width, model.spec.height
        for columns, rows in ((width, height), (2 * width, height), (width, height)):
            _check_heads(network, columns, rows, reference)
        _check_threads(network, width, height)
    finally:
        close_elsewhere(network.close)
    check_damaged(runtime, model, "weights")


def _check_heads(
    network: DetectorNetwork, width: int, height: int, reference: DetectorNetwork | None
) -> None:
    batch = np.random.default_rng(5).random((3, 3, height, width), np.float32)
    single = [network.forward(batch[i : i + 1]) for i in range(len(batch))]
    together = network.forward(batch)
    assert len({len(heads) for heads in (*single, together)}) == 1, "the number of heads varies"
    expected = reference.forward(batch) if reference else together
    assert len(together) == len(expected), f"{len(together)} heads, {len(expected)} expected"
    for index, (head, right) in enumerate(zip(together, expected, strict=True)):
        kind = (np.dtype(head.dtype).name, head.ndim)
        assert kind == ("float32", 4), f"head {index} is {kind}: it has to be float32 N,C,h,w"
        assert np.isfinite(head).all(), f"head {index} is not finite"
        alone = np.concatenate([heads[index] for heads in single])
        assert_close(head, alone, f"head {index} depends on the batch at {width}x{height}")
        assert_close(head, right, f"head {index} differs from the reference at {width}x{height}")


def _check_threads(network: DetectorNetwork, width: int, height: int) -> None:
    batch = np.random.default_rng(6).random((1, 3, height, width), np.float32)
    before = batch.copy()
    expected = network.forward(batch)
    for heads in from_threads(lambda: network.forward(batch)):
        for index, (head, right) in enumerate(zip(heads, expected, strict=True)):
            assert_close(head, right, f"several threads at once gave another head {index}")
    assert np.array_equal(batch, before), "the input was changed"
