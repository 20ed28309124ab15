"""The metrics agree with scikit-learn's recorded numbers, and refuse what they cannot compare.

The literals were recorded with scikit-learn 1.9.1 on the same inputs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import metrics
from pellucid.errors import DataError, DtypeError, OptionError, ShapeError

NAN = float("nan")
# Class 3 is never predicted; classes 4 and 5 of six occur nowhere.
TRUE = [0, 0, 0, 1, 1, 2, 2, 2, 2, 3]
PRED = [0, 0, 2, 1, 0, 2, 2, 1, 2, 2]
BINARY = [0, 1, 1, 0, 1, 0, 1, 1]
CALLED = [0, 1, 0, 0, 1, 1, 1, 0]
TIED = [0.1, 0.8, 0.5, 0.5, 0.9, 0.5, 0.3, 0.8]
THREE = [0, 1, 1, 0, 1, 0, 2, 0, 2, 2]
ROWS = [[7, 2, 1], [4, 4, 2], [1, 5, 4], [3, 3, 4], [2, 6, 2]]
ROWS += [[6, 1, 3], [1, 1, 8], [5, 4, 1], [2, 2, 6], [3, 5, 2]]
PROBABILITIES = np.array(ROWS) / 10

SCORES: dict[str, Callable[..., Any]] = {
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "f1": metrics.f1_score,
}
LABEL_METRICS: list[Callable[..., Any]] = [
    metrics.accuracy_score,
    metrics.balanced_accuracy_score,
    metrics.confusion_matrix,
    *SCORES.values(),
]
NUMBER_METRICS: list[Callable[..., Any]] = [
    metrics.mean_squared_error,
    metrics.root_mean_squared_error,
    metrics.mean_absolute_error,
    metrics.r2_score,
]


def test_accuracies_are_sklearns() -> None:
    assert metrics.accuracy_score(TRUE, PRED) == 0.6
    assert metrics.balanced_accuracy_score(TRUE, PRED) == pytest.approx(0.47916666666666663)


def test_balanced_accuracy_leaves_out_a_class_that_is_only_predicted() -> None:
    assert metrics.balanced_accuracy_score([0, 0, 1, 1], [0, 2, 1, 1]) == 0.75


def test_confusion_matrix_counts_rows_as_truth() -> None:
    matrix = metrics.confusion_matrix(TRUE, PRED)
    assert matrix.tolist() == [[2, 0, 1, 0], [1, 1, 0, 0], [0, 1, 3, 0], [0, 0, 1, 0]]
    assert matrix.dtype == np.int64


def test_confusion_matrix_of_given_classes_keeps_absent_ones() -> None:
    matrix = metrics.confusion_matrix([0, 2], [0, 0], classes=4)
    assert matrix.tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_class_names_work_and_are_sorted() -> None:
    matrix = metrics.confusion_matrix(["dog", "cat", "dog"], ["dog", "dog", "emu"])
    assert matrix.tolist() == [[0, 1, 0], [0, 1, 1], [0, 0, 0]]
    assert metrics.f1_score(["no", "yes"], ["yes", "yes"], pos_label="yes") == pytest.approx(2 / 3)


def test_whole_floats_and_bools_are_labels() -> None:
    assert metrics.accuracy_score([0.0, 1.0], [False, True]) == 1.0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("precision", [2 / 3, 0.5, 0.6, 0.0]),
        ("recall", [2 / 3, 0.5, 0.75, 0.0]),
        ("f1", [2 / 3, 0.5, 2 / 3, 0.0]),
    ],
)
def test_scores_per_class_are_sklearns(name: str, expected: list[float]) -> None:
    result = SCORES[name](TRUE, PRED, average=None)
    np.testing.assert_allclose(result, expected, rtol=1e-15)


AVERAGED = [
    ("precision", None, 0.0, 0.44166666666666665, 0.6, 0.54),
    ("precision", 6, 0.0, 0.29444444444444445, 0.6, 0.54),
    ("precision", 6, 1.0, 0.7944444444444444, 0.6, 0.64),
    ("precision", 6, NAN, 0.5888888888888889, 0.6, 0.6000000000000001),
    ("recall", None, 0.0, 0.47916666666666663, 0.6, 0.6),
    ("recall", 6, 0.0, 0.3194444444444444, 0.6, 0.6),
    ("recall", 6, 1.0, 0.6527777777777778, 0.6, 0.6),
    ("recall", 6, NAN, 0.47916666666666663, 0.6, 0.6),
    ("f1", None, 0.0, 0.45833333333333326, 0.6, 0.5666666666666667),
    ("f1", 6, 0.0, 0.3055555555555555, 0.6, 0.5666666666666667),
    ("f1", 6, 1.0, 0.6388888888888888, 0.6, 0.5666666666666667),
    ("f1", 6, NAN, 0.45833333333333326, 0.6, 0.5666666666666667),
]


@pytest.mark.parametrize(("name", "classes", "zero", "macro", "micro", "weighted"), AVERAGED)
def test_averages_are_sklearns(
    name: str, classes: int | None, zero: float, macro: float, micro: float, weighted: float
) -> None:
    for average, expected in (("macro", macro), ("micro", micro), ("weighted", weighted)):
        result = SCORES[name](TRUE, PRED, average=average, classes=classes, zero_division=zero)
        assert result == pytest.approx(expected, rel=1e-14), average


@pytest.mark.parametrize(
    ("name", "of_one", "of_zero"),
    [("precision", 0.75, 0.5), ("recall", 0.6, 2 / 3), ("f1", 2 / 3, 0.5714285714285714)],
)
def test_binary_scores_are_sklearns(name: str, of_one: float, of_zero: float) -> None:
    assert SCORES[name](BINARY, CALLED) == pytest.approx(of_one)
    assert SCORES[name](BINARY, CALLED, pos_label=0) == pytest.approx(of_zero)


def test_binary_score_without_a_positive_example_is_zero_division() -> None:
    assert metrics.f1_score([0, 0], [0, 0]) == 0.0
    assert metrics.f1_score([0, 0], [0, 0], zero_division=1.0) == 1.0


def test_a_mean_of_nothing_but_nan_is_nan() -> None:
    score = metrics.precision_score([0, 0], [1, 1], average="macro", zero_division=NAN)
    assert score == 0.0  # class 1 was called twice, never rightly
    assert metrics.precision_score([0], [1], average="weighted", zero_division=NAN) == 0.0
    empty = metrics.recall_score([0], [0], pos_label=1, zero_division=NAN)
    assert np.isnan(empty)


def test_roc_auc_counts_a_tie_as_half() -> None:
    assert metrics.roc_auc_score(BINARY, TIED) == pytest.approx(0.8)
    assert metrics.roc_auc_score([0, 1], [0.5, 0.5]) == 0.5
    assert metrics.roc_auc_score([0, 1], [-3.0, 8.0]) == 1.0


def test_roc_auc_of_two_columns_reads_the_second() -> None:
    columns = np.stack([1 - np.array(TIED), TIED], axis=1)
    assert metrics.roc_auc_score(BINARY, columns) == metrics.roc_auc_score(BINARY, TIED)


@pytest.mark.parametrize(
    ("multi_class", "average", "expected"),
    [
        ("ovr", "macro", 0.8839285714285715),
        ("ovr", "weighted", 0.8892857142857142),
        ("ovo", "macro", 0.8796296296296297),
        ("ovo", "weighted", 0.8833333333333333),
    ],
)
def test_roc_auc_of_many_classes_is_sklearns(
    multi_class: Any, average: Any, expected: float
) -> None:
    area = metrics.roc_auc_score(THREE, PROBABILITIES, multi_class=multi_class, average=average)
    assert area == pytest.approx(expected, rel=1e-14)


def test_log_loss_is_sklearns() -> None:
    assert metrics.log_loss(THREE, PROBABILITIES) == pytest.approx(0.7228291176304997)
    assert metrics.log_loss(BINARY, TIED) == pytest.approx(0.4925528099937305)


def test_log_loss_of_a_certain_mistake_is_finite_by_its_dtype() -> None:
    certain = np.eye(3)[[0, 1, 1]]
    assert metrics.log_loss([0, 1, 2], certain) == pytest.approx(12.014551129705717)
    single = metrics.log_loss([0, 1, 2], certain.astype(np.float32))
    assert single == pytest.approx(5.314128398895264)


def test_regression_figures_are_sklearns() -> None:
    true, pred = [3, -0.5, 2, 7, 4.2], [2.5, 0.0, 2, 8, 4.0]
    assert metrics.mean_squared_error(true, pred) == pytest.approx(0.308)
    assert metrics.root_mean_squared_error(true, pred) == pytest.approx(0.5549774770204643)
    assert metrics.mean_absolute_error(true, pred) == pytest.approx(0.44)
    assert metrics.r2_score(true, pred) == pytest.approx(0.9496600418410042)


def test_two_targets_are_averaged_as_in_sklearn() -> None:
    true, pred = [3, -0.5, 2, 7, 4.2], [2.5, 0.0, 2, 8, 4.0]
    y, p = np.stack([true, pred], axis=1), np.stack([pred, [1.0, 2, 3, 4, 5]], axis=1)
    expected = [2.5789999999999997, 1.3786245157874943, 1.17, 0.6361428700825134]
    for metric, value in zip(NUMBER_METRICS, expected, strict=True):
        assert metric(y, p) == pytest.approx(value)


def test_r2_of_a_constant_target() -> None:
    assert metrics.r2_score([1, 1, 1], [1, 1, 1]) == 1.0
    assert metrics.r2_score([1, 1, 1], [1, 1, 2]) == 0.0


def test_small_integers_do_not_wrap_around() -> None:
    true, pred = np.array([250, 3], np.uint8), np.array([1, 200], np.uint8)
    assert metrics.mean_absolute_error(true, pred) == (249 + 197) / 2
    assert metrics.accuracy_score(np.array([255], np.uint8), [-1]) == 0.0


def test_house_prices_of_the_from_scratch_chapter() -> None:
    """Source: "Neural networks from scratch" (reference text 3), section 6.2, house prices."""
    true, pred = [300_000, 450_000, 200_000], [310_000, 430_000, 195_000]
    assert metrics.mean_squared_error(true, pred) == 175_000_000
    assert round(metrics.root_mean_squared_error(true, pred), 2) == 13_228.76


@pytest.mark.parametrize(("p", "loss"), [(0.92, 0.083), (0.60, 0.511), (0.10, 2.303)])
def test_log_loss_of_one_prediction_of_the_from_scratch_chapter(p: float, loss: float) -> None:
    """Source: "Neural networks from scratch" (reference text 3), section 6.4, cross-entropy."""
    others = (1 - p) / 9
    row = [p if digit == 3 else others for digit in range(10)]
    assert round(metrics.log_loss([3], [row]), 3) == loss


def test_log_loss_of_the_spam_example_of_the_from_scratch_chapter() -> None:
    """Source: "Neural networks from scratch" (reference text 3), section 6.3, spam."""
    assert round(metrics.log_loss([1, 0, 1, 0], [0.9, 0.1, 0.8, 0.3]), 4) == 0.1976


# Each refusal, in its four lines.


@pytest.mark.parametrize("metric", [*LABEL_METRICS, *NUMBER_METRICS])
def test_a_column_against_a_vector_is_refused_not_broadcast(metric: Callable[..., Any]) -> None:
    with pytest.raises(ShapeError) as caught:
        metric(np.arange(3), np.arange(3)[:, None])
    assert str(caught.value) == (
        f"ShapeError in {metric.__name__}\n"
        "  got:    predictions of shape (3, 1) for targets of shape (3,)\n"
        "  needs:  one shape for both; nothing is broadcast\n"
        "  try:    predictions[:, 0]: (3, 1) -> (3,)"
    )
    with pytest.raises(ShapeError, match=r"try:    y_true\[:, 0\]: \(3, 1\) -> \(3,\)"):
        metric(np.arange(3)[:, None], np.arange(3))
    with pytest.raises(ShapeError, match=r"shape \(2,\) for targets of shape \(3,\)"):
        metric([0, 1, 2], [0, 1])


@pytest.mark.parametrize("metric", [metrics.log_loss, metrics.roc_auc_score])
def test_scores_in_one_column_are_refused(metric: Callable[..., Any]) -> None:
    with pytest.raises(ShapeError, match=r"try:    scores\[:, 0\]: \(2, 1\) -> \(2,\)"):
        metric([0, 1], [[0.5], [0.5]])
    with pytest.raises(ShapeError, match=r"scores of shape \(3, 2\) for targets of shape \(2,\)"):
        metric([0, 1], np.full((3, 2), 0.5))


@pytest.mark.parametrize("metric", LABEL_METRICS)
def test_probabilities_are_not_classes(metric: Callable[..., Any]) -> None:
    with pytest.raises(ShapeError, match=r"probabilities.argmax\(axis=1\)"):
        metric([0, 1], [[0.2, 0.8], [0.7, 0.3]])
    with pytest.raises(DataError, match=r"predictions with 0.8 in row 1\n.*\n.*p > 0.5"):
        metric([0, 1], [0, 0.8])


def test_one_hot_rows_are_not_classes() -> None:
    with pytest.raises(ShapeError, match=r"y.argmax\(axis=1\)"):
        metrics.accuracy_score(np.eye(2), np.eye(2))


@pytest.mark.parametrize(
    "metric", [*LABEL_METRICS, *NUMBER_METRICS, metrics.log_loss, metrics.roc_auc_score]
)
def test_no_examples_are_refused(metric: Callable[..., Any]) -> None:
    with pytest.raises(DataError, match="no examples"):
        metric([], [])


@pytest.mark.parametrize("metric", [*LABEL_METRICS, *NUMBER_METRICS])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_are_refused_with_their_rows(
    metric: Callable[..., Any], bad: float
) -> None:
    with pytest.raises(DataError, match="in 1 of 3 predictions: row 2"):
        metric([0, 1, 1], [0, 1, bad])
    with pytest.raises(DataError, match=r"in 7 of 7 true \w+: row 0, 1, 2, 3, 4, \.\.\."):
        metric([bad] * 7, [0] * 7)


def test_nan_probabilities_are_refused() -> None:
    with pytest.raises(DataError, match="NaN or infinity in 1 of 2 probabilities: row 1"):
        metrics.log_loss([0, 1], [[0.5, 0.5], [np.nan, 1]])
    with pytest.raises(DataError, match="NaN or infinity in 1 of 2 scores: row 0"):
        metrics.roc_auc_score([0, 1], [np.inf, 0.5])


def test_logits_are_not_probabilities() -> None:
    with pytest.raises(DataError, match=r"row 0 with a value outside 0 ... 1\n(.*\n)*.*softmax"):
        metrics.log_loss([0, 1], [[2.0, -1.0], [0.1, 0.9]])
    with pytest.raises(DataError, match=r"row 1 with the sum 0.9"):
        metrics.roc_auc_score([0, 1, 2], [[1, 0, 0], [0.3, 0.3, 0.3], [0, 0, 1]])


def test_a_class_without_examples_has_no_area() -> None:
    with pytest.raises(DataError, match="no example of class 1"):
        metrics.roc_auc_score([0, 0], [0.5, 0.6])
    with pytest.raises(DataError, match="no example of class 2"):
        metrics.roc_auc_score([0, 1], [[0.5, 0.5, 0.0], [0.2, 0.8, 0.0]])


def test_labels_outside_the_classes_are_refused() -> None:
    with pytest.raises(DataError, match=r"class 3 in row 1\n.*classes 0 ... 2"):
        metrics.confusion_matrix([0, 3], [0, 1], classes=3)
    with pytest.raises(DataError, match=r"class -1 in row 0\n.*classes 0 ... 1"):
        metrics.log_loss([-1, 1], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(OptionError, match="classes=0"):
        metrics.confusion_matrix([0], [0], classes=0)


def test_kinds_of_labels_do_not_mix() -> None:
    with pytest.raises(DtypeError, match="both as class indices, or both as class names"):
        metrics.accuracy_score([0, 1], ["0", "1"])
    with pytest.raises(DtypeError, match="true labels of type object"):
        metrics.accuracy_score(np.array([0, None]), [0, 1])
    with pytest.raises(DtypeError, match="class names and classes=2"):
        metrics.f1_score(["a", "b"], ["a", "b"], classes=2)
    with pytest.raises(DtypeError, match="class names"):
        metrics.log_loss(["a", "b"], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(DtypeError, match="predictions of type <U1"):
        metrics.mean_squared_error([1.0], ["1"])


def test_binary_needs_two_classes_and_a_known_positive() -> None:
    with pytest.raises(DataError, match=r'4 classes and average="binary"'):
        metrics.f1_score(TRUE, PRED)
    with pytest.raises(OptionError, match=r"pos_label=7\n.*0, 1"):
        metrics.f1_score(BINARY, CALLED, pos_label=7)
    with pytest.raises(OptionError, match="did you mean 'macro'"):
        metrics.f1_score(TRUE, PRED, average="makro")  # type: ignore[arg-type]


def test_r2_of_one_example_is_refused() -> None:
    with pytest.raises(DataError, match="one has no variance"):
        metrics.r2_score([1.0], [1.0])


# The reports: what `evaluate --json` prints.


def test_classification_report_holds_every_figure_as_plain_numbers() -> None:
    pred = PROBABILITIES.argmax(axis=1)
    report = metrics.classification_report(
        THREE, pred, probabilities=PROBABILITIES, target_names=["a", "b", "c"]
    )
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert list(report) == [
        "samples",
        "accuracy",
        "balanced_accuracy",
        "log_loss",
        "roc_auc",
        "macro_precision",
        "macro_recall",
        "macro_f1",
        "weighted_precision",
        "weighted_recall",
        "weighted_f1",
        "classes",
        "confusion_matrix",
    ]
    assert report["samples"] == 10
    assert report["accuracy"] == metrics.accuracy_score(THREE, pred)
    assert report["log_loss"] == pytest.approx(0.7228291176304997)
    assert report["roc_auc"] == pytest.approx(0.8839285714285715)
    assert report["macro_f1"] == metrics.f1_score(THREE, pred, average="macro")
    assert report["weighted_recall"] == metrics.recall_score(THREE, pred, average="weighted")
    assert [row["name"] for row in report["classes"]] == ["a", "b", "c"]
    assert [row["support"] for row in report["classes"]] == [4, 3, 3]
    f1 = metrics.f1_score(THREE, pred, average=None)
    np.testing.assert_array_equal([row["f1"] for row in report["classes"]], f1)
    assert report["confusion_matrix"] == metrics.confusion_matrix(THREE, pred).tolist()


def test_classification_report_with_absent_classes_and_without_probabilities() -> None:
    report = metrics.classification_report(TRUE, PRED, target_names=list("abcdef"))
    assert report["macro_f1"] == pytest.approx(0.45833333333333326)  # over the four that occur
    assert report["classes"][5] == {
        "name": "f",
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
        "support": 0,
    }
    assert np.shape(report["confusion_matrix"]) == (6, 6)
    assert report["log_loss"] is None
    assert report["roc_auc"] is None


def test_classification_report_without_an_area_where_a_class_is_absent() -> None:
    report = metrics.classification_report([0, 0], [0, 1], probabilities=[0.1, 0.7])
    assert report["roc_auc"] is None
    assert report["log_loss"] == pytest.approx(-(np.log(0.9) + np.log(0.3)) / 2)
    assert [row["name"] for row in report["classes"]] == ["0", "1"]


def test_classification_report_refuses_names_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match="3 columns of probabilities for 2 classes"):
        metrics.classification_report(
            THREE, THREE, probabilities=PROBABILITIES, target_names=["a", "b"]
        )
    with pytest.raises(DataError, match=r"class 2 in row 6\n.*classes 0 ... 1"):
        metrics.classification_report(THREE, THREE, target_names=["a", "b"])
    with pytest.raises(DtypeError, match="class names"):
        metrics.classification_report(["a"], ["a"])


def test_regression_report_holds_every_figure() -> None:
    report = metrics.regression_report([3.0, 5.0], [2.0, 7.0])
    assert report == {"mse": 2.5, "rmse": 2.5**0.5, "mae": 1.5, "r2": -1.5, "samples": 2}
    assert metrics.regression_report([3.0], [2.0])["r2"] is None


def test_summarise_gives_mean_and_sample_deviation() -> None:
    mean, std = metrics.summarise([0.9, 0.95, 1.0])
    assert (mean, std) == (pytest.approx(0.95), pytest.approx(0.05))
    assert np.isnan(metrics.summarise([0.9]).std)
    with pytest.raises(DataError, match="no scores"):
        metrics.summarise([])
