"""Reads number plates in pictures and videos: a Darknet detector finds them, a CTC recognizer reads
them.

:func:`load` opens a :class:`Reader` for pictures, :func:`watch` follows vehicles through videos and
cameras::

    import lpr

    with lpr.load() as reader:
        for plate in reader.read("car.jpg"):
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
from lpr.push import Tracker
from lpr.reader import Reader
from lpr.recognition.rectify import upright
from lpr.records import ErrorRecord, FrameRecord, read_records
from lpr.result import Result
from lpr.sightings import FrameTime, Gap, Observation, Sighting
from lpr.source.given_picture import PictureLike, imread
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
from lpr.watch import awatch, watch

forward_old_paths()
logging.getLogger("lpr").addHandler(logging.NullHandler())

__version__ = version("lpr")

__all__ = [
    "Alternative",
    "BackendError",
    "Box",
    "CalibrationError",
    "Character",
    "Crop",
    "Detection",
    "ErrorRecord",
    "Frame",
    "FrameRecord",
    "FrameTime",
    "Gap",
    "Image",
    "LprError",
    "ModelError",
    "Observation",
    "OutputError",
    "PictureLike",
    "Plate",
    "PluginError",
    "Quad",
    "Reader",
    "Reading",
    "RegionError",
    "Result",
    "Sighting",
    "SourceError",
    "Sweep",
    "Tracker",
    "__version__",
    "annotate",
    "awatch",
    "hookimpl",
    "imread",
    "load",
    "load_model",
    "network_of",
    "read_records",
    "upright",
    "watch",
]

_RENAMED = {
    "Annotated": Result,
    "Moment": FrameTime,
    "View": Observation,
}  # Names of lpr 0.1, kept until 0.3


def __getattr__(name: str) -> object:
    if name not in _RENAMED:
        raise AttributeError(f"module 'lpr' has no attribute {name!r}")
    new = _RENAMED[name]
    warnings.warn(f"lpr.{name} is now lpr.{new.__name__}", DeprecationWarning, stacklevel=2)
    return new
