"""How good a system is on labelled pictures: found, exactly read, characters wrong, false."""

from lpr.evaluate.predictions import read_predictions, score_predictions
from lpr.evaluate.report import Outcome, Report, edit_distance, match
from lpr.evaluate.run import evaluate

__all__ = [
    "Outcome",
    "Report",
    "edit_distance",
    "evaluate",
    "match",
    "read_predictions",
    "score_predictions",
]
