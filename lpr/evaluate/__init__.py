"""How good a system is on labelled pictures: found, exactly read, characters wrong, false."""

from lpr.evaluate.compare import Comparison, compare
from lpr.evaluate.html_report import page
from lpr.evaluate.outcome import Outcome, match
from lpr.evaluate.predictions import read_predictions, score_predictions
from lpr.evaluate.report import Report
from lpr.evaluate.run import evaluate
from lpr.utils.text import edit_distance

__all__ = [
    "Comparison",
    "Outcome",
    "Report",
    "compare",
    "edit_distance",
    "evaluate",
    "match",
    "page",
    "read_predictions",
    "score_predictions",
]
