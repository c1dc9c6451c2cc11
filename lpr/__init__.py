"""Reads number plates in pictures and videos: a Darknet detector finds them, a CTC recognizer reads
them.

:func:`load` opens a :class:`Reader` for pictures, :func:`watch` follows vehicles through videos and
cameras::

    import cv2
    import lpr

    with lpr.load() as reader:
        for plate in reader.read(cv2.imread("car.jpg")):
            print(plate.text, plate.confidence, plate.box)

    for sighting in lpr.watch("rtsp://camera/1"):
        print(sighting.plate.text)

Every error that lpr raises on purpose derives from :class:`LprError`. Messages go to the logger
``lpr``.
"""

# isort: off
import lpr.utils.startup  # noqa: F401 (before all that takes time to import)

# isort: on
import logging
import warnings
from importlib.metadata import version

from lpr.darknet.onnx_cache import network_of
from lpr.detection.threshold_sweep import Sweep
from lpr.draw import annotate
from lpr.errors import (
    BackendError,
    CalibrationError,
    LprError,
    ModelError,
    OutputError,
    PluginError,
    RegionError,
    SourceError,
)
from lpr.hookspecs import hookimpl
from lpr.loading import load
from lpr.models import load_model
from lpr.notebook import Annotated
from lpr.reader import Reader
from lpr.recognition.rectify import upright
from lpr.sightings import FrameTime, Gap, Observation, Sighting
from lpr.types import (
    Alternative,
    Box,
    Character,
    Crop,
    Detection,
    Frame,
    Image,
    Plate,
    Quad,
    Reading,
)
from lpr.utils.deprecated import forward_old_paths
from lpr.watch import watch

forward_old_paths()
logging.getLogger("lpr").addHandler(logging.NullHandler())

__version__ = version("lpr")

__all__ = [
    "Alternative",
    "Annotated",
    "BackendError",
    "Box",
    "CalibrationError",
    "Character",
    "Crop",
    "Detection",
    "Frame",
    "FrameTime",
    "Gap",
    "Image",
    "LprError",
    "ModelError",
    "Observation",
    "OutputError",
    "Plate",
    "PluginError",
    "Quad",
    "Reader",
    "Reading",
    "RegionError",
    "Sighting",
    "SourceError",
    "Sweep",
    "__version__",
    "annotate",
    "hookimpl",
    "load",
    "load_model",
    "network_of",
    "upright",
    "watch",
]

_RENAMED = {"Moment": FrameTime, "View": Observation}  # Public names of lpr 0.1, kept until 0.3


def __getattr__(name: str) -> object:
    if name not in _RENAMED:
        raise AttributeError(f"module 'lpr' has no attribute {name!r}")
    new = _RENAMED[name]
    warnings.warn(f"lpr.{name} is now lpr.{new.__name__}", DeprecationWarning, stacklevel=2)
    return new
