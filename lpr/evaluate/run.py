"""Running a reader on labelled pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lpr.evaluate.outcome import Outcome
from lpr.evaluate.report import Report
from lpr.evaluate.stress import stressed
from lpr.labels import LabelledPicture, LabelledPlate
from lpr.reader import Reader
from lpr.source import open_source
from lpr.types import Crop, Image
from lpr.utils.timing import measuring


def evaluate(reader: Reader, pictures: Iterable[LabelledPicture], stress: bool = False) -> Report:
    """Read every picture once as a whole, and once by its labelled boxes.

    Timings are those of :meth:`Reader.read` on the decoded picture. With ``stress``, each picture
    is changed first (:func:`lpr.evaluate.stress.stressed`).
    """
    report = Report()
    for labelled in pictures:
        with open_source(labelled.path) as source:
            image = next(iter(source)).image
        picture = labelled
        if stress:
            image, picture = stressed(image, labelled)
        with measuring() as clock:
            outputs = reader.read(image)
        scale = reader.detector.input_scale(image.shape[1], image.shape[0])
        outcome = Outcome.of(
            picture,
            outputs,
            timing=clock.timing(),
            labelled_texts=read_labelled(reader, image, picture.plates),
            scale=scale and scale[0],
        )
        report.outcomes.append(outcome)
    return report


def read_labelled(reader: Reader, image: Image, plates: Sequence[LabelledPlate]) -> list[str]:
    """The recognizer's texts for the labelled boxes; empty for those without a labelled text."""
    known = [plate for plate in plates if plate.text]
    readings = reader.recognize([Crop(image, plate.box.quad) for plate in known])
    texts = iter(reading.text for reading in readings)
    return [next(texts) if plate.text else "" for plate in plates]
