"""The perceptron learns what a line separates, and says honestly what it did not learn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pellucid.errors import DataError, OptionError, ShapeError
from pellucid.perceptron import Perceptron
from pellucid.random import generator

ROWS = [[0, 0], [0, 1], [1, 0], [1, 1]]
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "NAND": [1, 1, 1, 0]}
XOR = [0, 1, 1, 0]


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("learning_rate", [1.0, 0.1, 0.7, 1e-3])
@pytest.mark.parametrize("shuffle", [False, True])
def test_learns_the_gates(gate, learning_rate, shuffle):
    neuron = Perceptron(learning_rate, shuffle=shuffle).fit(ROWS, GATES[gate])
    assert neuron.converged_
    assert neuron.predict(ROWS).tolist() == GATES[gate]
    assert neuron.errors_[-1] == 0
    assert neuron.epochs_ == len(neuron.errors_) < 20


def test_follows_rosenblatts_rule_step_by_step():
    # 0 >= 0 fires, so the first mistake is on (0, 0): b = -1; then (1, 1): w = (1, 1), b = 0
    neuron = Perceptron(max_epochs=1).fit(ROWS, GATES["AND"])
    assert neuron.weights_.tolist() == [1, 1]
    assert neuron.bias_ == 0
    assert neuron.errors_ == [2]
    assert not neuron.converged_


def test_the_step_is_1_at_0():
    neuron = Perceptron().fit([[1.0], [2.0]], [1, 1])  # nothing to learn: 0 >= 0 is already 1
    assert neuron.decision_function([[5.0]]).tolist() == [0.0]
    assert neuron.predict([[5.0]]).tolist() == [1]
    assert neuron.errors_ == [0]


def test_lists_and_arrays_learn_the_same():
    lists = Perceptron().fit(ROWS, GATES["AND"])
    arrays = Perceptron().fit(np.array(ROWS, dtype=np.float32), np.array(GATES["AND"], dtype=bool))
    assert lists.weights_.tolist() == arrays.weights_.tolist()
    assert lists.bias_ == arrays.bias_


def test_inputs_are_left_alone():
    rows, labels = np.array(ROWS, dtype=float), np.array(XOR)
    Perceptron().fit(rows, labels)
    assert rows.tolist() == ROWS
    assert labels.tolist() == XOR


def test_the_learning_rate_only_scales_the_weights():
    one, half = (Perceptron(rate).fit(ROWS, GATES["AND"]) for rate in (1.0, 0.5))
    assert (one.weights_ / 2).tolist() == half.weights_.tolist()
    assert one.errors_ == half.errors_


def test_14_of_the_16_functions_of_two_bits_have_a_line():
    results = {}
    for labels in itertools.product([0, 1], repeat=4):
        neuron = Perceptron().fit(ROWS, labels)
        results[labels] = neuron.converged_
        assert neuron.converged_ or "no line can" in neuron.report()
    assert [labels for labels, learned in results.items() if not learned] == [
        (0, 1, 1, 0),
        (1, 0, 0, 1),
    ]


@pytest.mark.parametrize("learning_rate", [1.0, 0.1])
@pytest.mark.parametrize("shuffle", [False, True])
def test_xor_is_not_separated_and_the_report_proves_it(learning_rate, shuffle):
    neuron = Perceptron(learning_rate, max_epochs=60, shuffle=shuffle).fit(ROWS, XOR)
    assert not neuron.converged_
    assert neuron.epochs_ == 60
    assert min(neuron.errors_) > 0
    assert neuron.report() == (
        "Not separated in 60 epochs, and no line can: (0.5, 0.5) is a mean of rows of either class."
    )


def test_one_row_with_two_labels_is_the_common_point():
    neuron = Perceptron().fit([[3, 4], [3, 4]], [0, 1])
    assert "no line can: (3, 4)" in neuron.report()


def test_too_few_epochs_prove_nothing():
    neuron = Perceptron(max_epochs=1).fit(ROWS, GATES["AND"])
    assert neuron.report() == (
        "Not separated in 1 epoch (2 mistakes in the last); "
        "more epochs may or may not separate the rows."
    )


def test_moves_that_cancel_only_by_rounding_are_no_proof():
    # three corners of a triangle: some line separates any labelling, but floats cannot find it,
    # and in floats (not in fractions) the moves do come back to where they were
    far = -(2.0**53)
    neuron = Perceptron().fit([[0.5, far], [far, 1.0], [far, 0.5]], [1, 1, 0])
    assert not neuron.converged_
    assert "no line can" not in neuron.report()


def test_a_separated_report_names_the_line():
    neuron = Perceptron().fit(ROWS, GATES["AND"])
    w, b = neuron.weights_, neuron.bias_
    assert neuron.report() == (
        f"Separated in {neuron.epochs_} epochs with {sum(neuron.errors_)} mistakes on the way: "
        f"weights ({w[0]:g}, {w[1]:g}), bias {b:g}."
    )


def test_separates_a_cloud_within_novikoffs_bound():
    rows = generator(3, "cloud").normal(size=(300, 5))
    normal = np.array([1.0, -2.0, 0.5, 0.0, 3.0])
    rows = rows[np.abs(rows @ normal) > 0.5]
    labels = (rows @ normal > 0).astype(int)
    neuron = Perceptron(max_epochs=2000).fit(rows, labels)
    assert neuron.converged_
    assert neuron.predict(rows).tolist() == labels.tolist()
    radius = np.sqrt((rows**2).sum(axis=1).max() + 1)  # + 1: the bias is a weight of the input 1
    margin = np.abs(rows @ normal).min() / np.linalg.norm(normal)
    assert sum(neuron.errors_) <= (radius / margin) ** 2


def test_shuffling_depends_on_the_seed_alone():
    rows = generator(5, "rows").normal(size=(40, 3))
    labels = (rows.sum(axis=1) > 0.1).astype(int)

    def learn(seed):
        return Perceptron(shuffle=True, seed=seed).fit(rows, labels).weights_.tolist()

    assert learn(1) == learn(1)
    assert learn(1) != learn(2)


@pytest.mark.parametrize(
    ("X", "y", "kind", "texts"),
    [
        (ROWS, [0, 0, 0, 2], DataError, ["labels 0, 2", "labels 0 and 1 only"]),
        (ROWS, [-1, -1, -1, 1], DataError, ["labels -1, 1", "(np.array(y) > 0).astype(int)"]),
        (ROWS, ["no", "no", "no", "yes"], DataError, ["not numbers", "needs:"]),
        (ROWS, [0, 1, 1], ShapeError, ["labels of shape (3,) for 4 rows", "shape (4,)"]),
        (ROWS, [[0], [0], [0], [1]], ShapeError, ["labels of shape (4, 1)", "shape (4,)"]),
        ([0, 1, 1, 0], [0, 1, 1, 0], ShapeError, ["shape (4,)", "[x] for a single row x"]),
        ([], [], ShapeError, ["shape (0,)", "both at least 1"]),
        ([[0, 1], [1]], [0, 1], DataError, ["not numbers", "rows of one length"]),
        ([[0, 1], [np.nan, 1], [np.inf, 0]], [0, 1, 1], DataError, ["2 rows", "first is row 1"]),
    ],
)
def test_bad_data_is_refused(X, y, kind, texts):
    with pytest.raises(kind) as caught:
        Perceptron().fit(X, y)
    text = str(caught.value)
    assert text.startswith(f"{kind.__name__} in Perceptron.fit\n  got:    ")
    for part in texts:
        assert part in text


@pytest.mark.parametrize("options", [{"learning_rate": 0}, {"learning_rate": float("nan")}])
def test_a_bad_learning_rate_is_refused(options):
    with pytest.raises(OptionError, match="needs:  a finite number above 0"):
        Perceptron(**options)


def test_no_epochs_are_refused():
    with pytest.raises(OptionError, match="max_epochs=0"):
        Perceptron(max_epochs=0)


@pytest.mark.parametrize("method", ["predict", "decision_function"])
def test_prediction_before_fit_is_refused(method):
    with pytest.raises(DataError, match=r"has not learned yet(.|\n)*try:    fit\(X, y\) first"):
        getattr(Perceptron(), method)(ROWS)
    with pytest.raises(DataError, match="has not learned yet"):
        Perceptron().report()


def test_rows_of_another_width_are_refused():
    neuron = Perceptron().fit(ROWS, GATES["AND"])
    with pytest.raises(ShapeError, match=r"rows of 3 features\n  needs:  shape \(rows, 2\)"):
        neuron.predict([[1, 0, 1]])
