"""What only newer versions of OpenCV can do."""

from __future__ import annotations

import cv2

from lpr.errors import SourceError
from lpr.utils.opencv import DISTRIBUTIONS, installed_opencv


def require_function(name: str, function: str, purpose: str) -> None:
    """Raise :class:`lpr.errors.SourceError` if this OpenCV lacks ``function``, which 4.12 added."""
    if not hasattr(cv2, function):
        raise SourceError(
            f"{name}: {purpose} needs OpenCV 4.12 or later, and this is {cv2.__version__}; run: "
            f"pip install -U {(installed_opencv() or DISTRIBUTIONS)[0].split()[0]}"
        )
