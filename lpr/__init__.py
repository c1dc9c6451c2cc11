"""lpr reads number plates in pictures and videos: a Darknet detector finds them, a CTC recognizer
reads them.

::

    import cv2
    import lpr

    with lpr.load() as reader:
        for plate in reader.read(cv2.imread("car.jpg")):
            print(plate.text, plate.confidence, plate.box)

    for sighting in lpr.watch("rtsp://camera/1"):
        print(sighting.plate.text)
"""

from importlib.metadata import version

from lpr.draw import annotate
from lpr.errors import BackendError, LprError, ModelError, OutputError, PluginError, SourceError
from lpr.hookspecs import hookimpl
from lpr.loading import load
from lpr.notebook import Annotated
from lpr.pipeline import Reader
from lpr.sightings import Gap, Moment, Sighting, View
from lpr.sweep import Sweep
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
from lpr.watch import watch

__version__ = version("lpr")

__all__ = [
    "Alternative",
    "Annotated",
    "BackendError",
    "Box",
    "Character",
    "Crop",
    "Detection",
    "Frame",
    "Gap",
    "Image",
    "LprError",
    "ModelError",
    "Moment",
    "OutputError",
    "Plate",
    "PluginError",
    "Quad",
    "Reader",
    "Reading",
    "Sighting",
    "SourceError",
    "Sweep",
    "View",
    "__version__",
    "annotate",
    "hookimpl",
    "load",
    "watch",
]
