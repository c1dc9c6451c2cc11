"""The conformance suite: what the pipeline relies on, checked on any implementation.

Everything that lpr ships passes it; a plugin's tests call it too, and ``lpr plugins check`` runs it
on what is installed::

    def test_conformance():
        check_recognizer_runtime(MyRuntime(), lpr.models.load_model().recognizer)

Each function returns quietly, or raises ``AssertionError`` that names the broken promise.
"""

from lpr.testing.detectors import check_detector_runtime
from lpr.testing.models import check_model_pack
from lpr.testing.recognizers import (
    check_ctc_recognizer,
    check_recognizer_runtime,
    check_text_recognizer,
)
from lpr.testing.regions import check_region
from lpr.testing.samples import noise, sample_crops
from lpr.testing.sinks import check_sink
from lpr.testing.speed import Speed, detector_speed, recognizer_speed

__all__ = [
    "Speed",
    "check_ctc_recognizer",
    "check_detector_runtime",
    "check_model_pack",
    "check_recognizer_runtime",
    "check_region",
    "check_sink",
    "check_text_recognizer",
    "detector_speed",
    "noise",
    "recognizer_speed",
    "sample_crops",
]
