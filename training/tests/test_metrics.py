from __future__ import annotations

import numpy as np
import pytest

from lpr_training.engine.metrics import iou_matrix, score_boxes, score_texts

LABELS = np.array([[0, 0, 10, 10], [20, 20, 40, 30]], np.float32)


def rows(*boxes: tuple[float, ...]) -> np.ndarray:
    return np.array(boxes, np.float32).reshape(-1, 5)


def test_perfect_boxes_score_one() -> None:
    found = rows((0, 0, 10, 10, 0.9), (20, 20, 40, 30, 0.8))
    result = score_boxes([found], [LABELS], 0.5)
    assert result == {"ap": 1, "found": 1, "false": 0}


def test_a_label_is_found_once() -> None:
    found = rows((0, 0, 10, 10, 0.9), (0, 0, 10, 9, 0.8))
    result = score_boxes([found], [LABELS], 0.5)
    assert result["found"] == 0.5
    assert result["false"] == 1


def test_average_precision_by_hand() -> None:
    """Right, false, right out of three labels: 1/3 * 1 + 1/3 * 2/3."""
    labels = np.concatenate([LABELS, [[50, 50, 60, 60]]]).astype(np.float32)
    found = rows((0, 0, 10, 10, 0.9), (70, 70, 80, 80, 0.8), (20, 20, 40, 30, 0.7))
    assert score_boxes([found], [labels], 0)["ap"] == pytest.approx(5 / 9)


def test_boxes_below_the_threshold_do_not_count() -> None:
    found = rows((0, 0, 10, 10, 0.9), (70, 70, 80, 80, 0.4))
    result = score_boxes([found], [LABELS], 0.5)
    assert result["false"] == 0
    assert result["found"] == 0.5


def test_pictures_without_boxes_or_labels() -> None:
    none = rows()
    assert score_boxes([none], [LABELS], 0.5)["ap"] == 0
    result = score_boxes([rows((0, 0, 5, 5, 0.9))], [none[:, :4]], 0.5)
    assert result["false"] == 1


def test_overlaps_of_boxes() -> None:
    a = np.array([[0, 0, 2, 2]], np.float32)
    b = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6], [1, 1, 1, 1]], np.float32)
    assert iou_matrix(a, b)[0].tolist() == pytest.approx([1, 1 / 3, 0, 0])


def test_exact_texts_and_character_errors() -> None:
    assert score_texts(["ABC123", "XY9"], ["ABC123", "XYZ9"]) == (0.5, 0.1)
