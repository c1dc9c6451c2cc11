"""The original program, as Debian packages it (``apt install darknet``), through ctypes."""

from __future__ import annotations

import ctypes
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from lpr.darknet.cfg import Cfg
from lpr.darknet.weights import Weights
from lpr.runtimes.opencv_importer import headless

LIBRARY = Path("/usr/lib/darknet/libdarknet.so")


def heads_of(cfg: Cfg, weights: Weights, picture: np.ndarray, folder: Path) -> list[np.ndarray]:
    """What enters each head, for one picture (``3 x H x W``) of the cfg's own size.

    It hands out the last layer's values only, and keeps its heads' own arithmetic: so it sees the
    network cut off at each head in turn, with the heads before passed over.
    Skips where the program is not installed.
    """
    if not LIBRARY.is_file():
        pytest.skip("the original program is not here: apt install darknet")
    weights.save(folder / "a.weights")
    given = np.ascontiguousarray(picture, np.float32)
    shapes = cfg.shapes(cfg.net.width, cfg.net.height)
    results = []
    for head in cfg.heads:
        text = headless(cfg).to_text().split("\n[")
        (folder / "a.cfg").write_text("\n[".join(text[: head.index + 1]))
        shape = shapes[head.inputs[0]]
        out = _process().submit(_last_layer, folder, given, int(np.prod(shape))).result()
        results.append(out.reshape(shape))
    return results


@cache
def _process() -> ProcessPoolExecutor:
    """Its library makes the processor take subnormal numbers for zero in the whole process, so it
    has one for itself."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def _last_layer(folder: Path, picture: np.ndarray, count: int) -> np.ndarray:
    """The ``count`` values that ``a.cfg`` with ``a.weights`` gives at its end."""
    library = ctypes.CDLL(str(LIBRARY))
    library.load_network.restype = ctypes.c_void_p
    library.load_network.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
    library.network_predict.restype = ctypes.POINTER(ctypes.c_float)
    library.network_predict.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_float)]
    library.free_network.argtypes = [ctypes.c_void_p]
    net = library.load_network(bytes(folder / "a.cfg"), bytes(folder / "a.weights"), 0)
    out = library.network_predict(net, picture.ctypes.data_as(ctypes.POINTER(ctypes.c_float)))
    values = np.ctypeslib.as_array(out, (count,)).copy()
    library.free_network(net)
    return values
