"""lpr reads number plates in pictures: a Darknet detector finds them, a CTC recognizer reads them.

::

    import cv2
    import lpr

    with lpr.load() as reader:
        for plate in reader.read(cv2.imread("car.jpg")):
            print(plate.text, plate.confidence, plate.box)
"""

from importlib.metadata import version

from lpr.draw import annotate
from lpr.errors import BackendError, LprError, ModelError, OutputError, PluginError, SourceError
from lpr.hookspecs import hookimpl
from lpr.loading import load
from lpr.notebook import Annotated
from lpr.pipeline import Reader
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
    "Image",
    "LprError",
    "ModelError",
    "OutputError",
    "Plate",
    "PluginError",
    "Quad",
    "Reader",
    "Reading",
    "SourceError",
    "Sweep",
    "__version__",
    "annotate",
    "hookimpl",
    "load",
]
