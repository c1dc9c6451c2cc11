"""Evaluation on labelled pictures: recall, exact readings, character errors, false readings."""

from lpr.evaluate.compare import Comparison, compare
from lpr.evaluate.curves import average_precision, precision_recall_curve
from lpr.evaluate.html_report import render_html
from lpr.evaluate.outcome import Outcome, match
from lpr.evaluate.predictions import read_predictions, score_predictions
from lpr.evaluate.report import Mistake, Report
from lpr.evaluate.run import evaluate
from lpr.utils.text import edit_distance

__all__ = [
    "Comparison",
    "Mistake",
    "Outcome",
    "Report",
    "average_precision",
    "compare",
    "edit_distance",
    "evaluate",
    "match",
    "precision_recall_curve",
    "read_predictions",
    "render_html",
    "score_predictions",
]
