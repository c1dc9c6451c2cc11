"""The original program, as Debian packages it (``apt install darknet``), through ctypes."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from lpr.darknet.cfg import Cfg
from lpr.darknet.layers import HEADS
from lpr.darknet.weights import Weights

LIBRARY = Path("/usr/lib/darknet/libdarknet.so")


def heads_of(cfg: Cfg, weights: Weights, picture: np.ndarray, folder: Path) -> list[np.ndarray]:
    """What enters each head, for one picture (``3 x H x W``) of the cfg's own size.

    It hands out the last layer's values only: so it sees the network cut off at each head in turn.
    Skips where the program is not installed.
    """
    if not LIBRARY.is_file():
        pytest.skip("the original program is not here: apt install darknet")
    library = ctypes.CDLL(str(LIBRARY))
    library.load_network.restype = ctypes.c_void_p
    library.load_network.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
    library.network_predict.restype = ctypes.POINTER(ctypes.c_float)
    library.network_predict.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_float)]
    library.free_network.argtypes = [ctypes.c_void_p]
    weights.save(folder / "a.weights")
    given = np.ascontiguousarray(picture, np.float32)
    shapes = cfg.shapes(cfg.net.width, cfg.net.height)
    results = []
    for head in cfg.heads:
        text = cfg.to_text().split("\n[")
        (folder / "a.cfg").write_text("\n[".join(text[: head.index + 1]))
        if any(isinstance(layer, HEADS) for layer in cfg.layers[: head.index]):
            pytest.skip("it keeps its heads' own arithmetic, and this network has one in between")
        net = library.load_network(bytes(folder / "a.cfg"), bytes(folder / "a.weights"), 0)
        out = library.network_predict(net, given.ctypes.data_as(ctypes.POINTER(ctypes.c_float)))
        shape = shapes[head.inputs[0]]
        results.append(np.ctypeslib.as_array(out, (int(np.prod(shape)),)).reshape(shape).copy())
        library.free_network(net)
    return results
