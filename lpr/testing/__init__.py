"""The conformance suite: checks the requirements of the pipeline, for any implementation.

Everything in lpr passes it. Tests of plugins call it, and ``lpr plugins check`` runs it on
installed plugins::

    def test_conformance():
        check_recognizer_runtime(MyRuntime(), lpr.load_model().recognizer)

Each check raises :class:`AssertionError` with a message that names the failed requirement.
"""

from lpr.testing.destinations import check_destination
from lpr.testing.detectors import check_detector_runtime
from lpr.testing.models import check_model_pack
from lpr.testing.plate_detectors import (
    check_detector_factory,
    check_plate_detector,
    plate_detector_speed,
    sample_pictures,
)
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
    "check_destination",
    "check_detector_factory",
    "check_detector_runtime",
    "check_model_pack",
    "check_plate_detector",
    "check_recognizer_runtime",
    "check_region",
    "check_sink",
    "check_text_recognizer",
    "detector_speed",
    "noise",
    "plate_detector_speed",
    "recognizer_speed",
    "sample_crops",
    "sample_pictures",
]
