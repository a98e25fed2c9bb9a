"""The evaluation's arithmetic, against values worked out by hand."""

import numpy as np
import pytest

from scripts.evaluation.scores import (
    Judged,
    average_precision,
    bootstrap,
    judge_picture,
    recall_at_precision,
    recall_at_score,
    share,
    upper_bound,
)

LABELS = np.array([[0, 0, 100, 100], [200, 0, 300, 100], [0, 200, 20, 220]], float)


def test_each_label_is_hit_once_and_the_second_box_on_it_is_false() -> None:
    boxes = np.array([[0, 0, 100, 100], [5, 5, 100, 100]], float)
    judged = judge_picture(boxes, [0.6, 0.9], LABELS, 0.5, 32)
    assert judged.hits == ((0.9, True), (0.6, False))
    assert judged.labels == 2


def test_low_labels_and_what_lies_on_them_are_neutral() -> None:
    boxes = np.array([[0, 200, 20, 220], [400, 400, 420, 420]], float)
    judged = judge_picture(boxes, [0.9, 0.8], LABELS, 0.5, 32)
    assert judged.hits == ()


def test_a_box_that_overlaps_too_little_is_false() -> None:
    judged = judge_picture(np.array([[60, 0, 160, 100]], float), [0.9], LABELS, 0.5, 32)
    assert judged.hits == ((0.9, False),)


def test_average_precision_is_the_area_under_the_envelope() -> None:
    # Hit, false, hit of two labels: recall 1/2 at precision 1, recall 1 at precision 2/3.
    judged = [Judged(((0.9, True), (0.8, False), (0.7, True)), 2)]
    assert average_precision(judged) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert recall_at_precision(judged, 0.9) == pytest.approx(0.5)
    assert recall_at_precision(judged, 0.6) == pytest.approx(1.0)
    assert recall_at_score(judged, 0.85) == pytest.approx(0.5)


def test_equal_scores_are_one_point_of_the_curve() -> None:
    one_way = [Judged(((0.9, True), (0.9, False)), 1)]
    other_way = [Judged(((0.9, False), (0.9, True)), 1)]
    assert average_precision(one_way) == average_precision(other_way) == pytest.approx(0.5)


def test_nothing_found_is_zero() -> None:
    assert average_precision([Judged((), 3)]) == 0.0
    assert recall_at_precision([Judged((), 3)]) == 0.0


def test_the_interval_holds_the_figure_and_is_the_same_each_time() -> None:
    judged = [Judged(((0.9, k % 3 > 0),), 1) for k in range(60)]
    figure = bootstrap(judged, average_precision)
    assert figure.low < figure.value < figure.high
    assert bootstrap(judged, average_precision) == figure


def test_a_share_of_all_right_has_no_spread() -> None:
    assert share([True] * 10) == share([True] * 10)
    assert (share([True] * 10).low, share([True] * 10).high) == (1.0, 1.0)
    half = share([True, False] * 50)
    assert half.value == 0.5
    assert 0.35 < half.low < 0.5 < half.high < 0.65


def test_none_wrong_of_so_many_proves_a_bound_and_not_nothing() -> None:
    """(1 - p)^n = 0.05: with none wrong of 228, up to 1.3 % may be."""
    assert upper_bound(0, 228) == pytest.approx(1 - 0.05 ** (1 / 228))
    assert upper_bound(0, 228) == pytest.approx(0.0131, abs=1e-4)
    assert upper_bound(0, 598) < 0.005 < upper_bound(0, 597) + 1e-4
    assert upper_bound(1, 228) > upper_bound(0, 228)
    assert upper_bound(3, 3) == 1.0
