"""The worked numbers of the reference texts that need no network, each with its source named.

The texts: 1 the review of week 3, 2 the neural networks guide, 3 the from-scratch chapter, 4 the
basics guide. Where a text is wrong, the test shows what is right instead and says so.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pellucid import data, metrics, ops
from pellucid.perceptron import Perceptron

ROWS = [[0, 0], [0, 1], [1, 0], [1, 1]]


def _slope(rule, z):
    """The slope of an activation at each z, by its own backward rule."""
    x = np.array(z, dtype=float)
    y, *extras = (out,) if isinstance(out := rule.forward(x), np.ndarray) else out
    (dx,) = rule.backward(np.ones_like(x), y, *extras, x)
    return dx


# One neuron


def test_a_neurons_sum_is_27_2_and_sigmoid_makes_it_1():
    """Text 3, section 1.2: will the student pass?"""
    z = np.array([5.0, 85.0, 7.0]) @ [0.6, 0.3, 0.1] - 2.0
    assert z == pytest.approx(27.2)
    y = float(ops.Sigmoid.forward(np.array(z)))
    assert round(y, 4) == 1.0
    assert y < 1  # close, and never 1 itself


def test_a_neurons_sum_is_1_and_relu_keeps_it():
    """Text 2, "Simple Neuron Computation"."""
    z = np.array([2.0, 3.0, 1.0]) @ [0.5, -0.3, 0.8] + 0.1
    assert z == pytest.approx(1.0)
    assert ops.ReLU.forward(np.array(z)) == pytest.approx(1.0)


def _neuron(weights, bias):
    """A perceptron with weights set by hand."""
    neuron = Perceptron(max_epochs=1).fit(ROWS, [0, 0, 0, 0])
    neuron.weights_, neuron.bias_ = np.array(weights, dtype=float), bias
    return neuron


@pytest.mark.parametrize(
    ("weights", "bias", "outputs"),
    [
        ([1.0, 1.0], -1.5, [0, 0, 0, 1]),  # AND, the text's own
        ([1.0, 1.0], -0.5, [0, 1, 1, 1]),  # OR
        ([-1.0, -1.0], 1.5, [1, 1, 1, 0]),  # NAND
    ],
)
def test_gates_by_hand(weights, bias, outputs):
    """Text 3, section 2.2 (AND with weights 1, 1 and bias -1.5) and 2.3."""
    assert _neuron(weights, bias).predict(ROWS).tolist() == outputs


def test_the_sums_of_the_and_gate():
    """Text 3, section 2.2: 0.5 for (1, 1) and -0.5 for (0, 1)."""
    neuron = _neuron([1.0, 1.0], -1.5)
    assert neuron.decision_function([[1, 1], [0, 1]]).tolist() == [0.5, -0.5]


def test_the_step_is_1_at_0():
    """Text 3, section 2.2 says 1 where z >= 0; text 4 steps at z > 0. Pellucid takes the first."""
    assert ops.Step.forward(np.array([-0.5, 0.0, 0.5])).tolist() == [0, 1, 1]
    assert _neuron([1.0, 1.0], -1.0).predict([[0, 1]]).tolist() == [1]


@pytest.mark.parametrize("targets", [[0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 0]])
def test_gates_are_learned_from_lists(targets):
    """Text 4, "Perceptron": its code multiplies a number with a list, and fails on its own data."""
    neuron = Perceptron(learning_rate=0.1).fit(ROWS, targets)
    assert neuron.converged_
    assert neuron.predict(ROWS).tolist() == targets


def test_no_perceptron_learns_xor():
    """Text 3, section 2.3; text 1, section 1; text 4, "Limitations"."""
    neuron = Perceptron(max_epochs=1000).fit(ROWS, [0, 1, 1, 0])
    assert not neuron.converged_
    assert "no line can" in neuron.report()


def test_xor_is_or_and_not_and():
    """Text 3, section 7.1: two neurons and a third that combines them."""
    either, both = (_neuron([1, 1], bias).predict(ROWS) for bias in (-0.5, -1.5))
    hidden = np.stack([either, both], axis=1)
    assert _neuron([1, -1], -0.5).predict(hidden).tolist() == [0, 1, 1, 0]


# Activations and their slopes


@pytest.mark.parametrize(
    ("z", "y"), [(0, 0.5), (2, 0.88), (-2, 0.12), (10, 1.00)], ids=["0", "2", "-2", "10"]
)
def test_values_of_sigmoid(z, y):
    """Text 3, section 3.2.1."""
    assert round(float(ops.Sigmoid.forward(np.array(float(z)))), 2) == y


def test_sigmoid_of_10_is_over_0_9999():
    """Text 3, section 3.2.1."""
    assert 0.9999 < ops.Sigmoid.forward(np.array(10.0)) < 1


def test_sigmoids_slope_is_greatest_at_0_and_0_0066_at_5():
    """Text 3, section 3.2.1: 0.25 at 0 is right; 0.0099 at 5 is not (it rounds 0.9933 to 0.99)."""
    slopes = _slope(ops.Sigmoid, [0, 5, -5])
    np.testing.assert_allclose(slopes, [0.25, 0.0066, 0.0066], atol=5e-5)
    assert (np.abs(slopes - 0.0099) > 0.003).all()


def test_sigmoids_slope_is_taken_of_the_output():
    """Text 4's x * (1 - x) is right of the output a only; text 1 hands it z."""
    z = np.array([-3.0, 0.5, 2.0])
    a = ops.Sigmoid.forward(z)
    np.testing.assert_allclose(_slope(ops.Sigmoid, z), a * (1 - a))
    assert not np.allclose(_slope(ops.Sigmoid, z), z * (1 - z))


@pytest.mark.parametrize(("z", "y"), [(0, 0.0), (2, 0.96), (-2, -0.96)])
def test_values_of_tanh(z, y):
    """Text 3, section 3.2.2."""
    assert round(float(ops.Tanh.forward(np.array(float(z)))), 2) == y


def test_tanh_of_5_is_over_0_9999():
    """Text 3, section 3.2.2."""
    assert (np.abs(ops.Tanh.forward(np.array([5.0, -5.0]))) > 0.9999).all()


def test_tanh_is_a_stretched_sigmoid():
    """Text 3, section 3.2.2: tanh(z) = 2 sigmoid(2 z) - 1."""
    z = np.linspace(-6, 6, 49)
    np.testing.assert_allclose(ops.Tanh.forward(z), 2 * ops.Sigmoid.forward(2 * z) - 1, atol=1e-15)


def test_tanhs_slope_is_1_at_0_and_gone_at_5():
    """Text 3, section 3.2.2."""
    np.testing.assert_allclose(_slope(ops.Tanh, [0, 5, -5]), [1, 0, 0], atol=2e-4)


def test_values_and_slopes_of_relu():
    """Text 3, section 3.2.3; the slope at 0 is set to 0."""
    z = np.array([3.5, -2.7, 0.0, 100.0, 5.0, -3.0])
    assert ops.ReLU.forward(z).tolist() == [3.5, 0, 0, 100, 5, 0]
    assert _slope(ops.ReLU, z).tolist() == [1, 0, 0, 1, 1, 0]


def test_values_and_slopes_of_leaky_relu():
    """Text 3, section 3.2.4, and text 2: f(x) = max(0.01 x, x)."""
    z = np.array([-2.0, 0.0, 3.0])
    np.testing.assert_allclose(ops.LeakyReLU.forward(z), np.maximum(0.01 * z, z))
    assert _slope(ops.LeakyReLU, z).tolist() == [0.01, 0.01, 1]


def test_values_of_softmax():
    """Text 3, section 3.2.5: cat, dog, bird."""
    p = ops.Softmax.forward(np.array([2.0, 1.0, 0.1]))
    assert np.round(p, 3).tolist() == [0.659, 0.242, 0.099]
    assert p.sum() == pytest.approx(1)
    assert np.exp([2.0, 1.0, 0.1]).sum() == pytest.approx(11.22, abs=0.01)


def test_softmax_works_row_by_row():
    """Text 4's softmax has no axis: the rows of a batch would share 100 % among them."""
    z = np.array([[2.0, 1.0, 0.1], [0.0, 0.0, 0.0]])
    p = ops.Softmax.forward(z, axis=-1)
    np.testing.assert_allclose(p.sum(axis=1), [1, 1])
    np.testing.assert_allclose(p[1], [1 / 3] * 3)
    np.testing.assert_allclose(ops.Softmax.forward(z, axis=0).sum(axis=0), [1, 1, 1])


def test_softmaxs_slope_is_a_whole_matrix():
    """Text 4's s * (1 - s) is only the diagonal of diag(s) - s s^T."""
    z = np.array([2.0, 1.0, 0.1])
    s = ops.Softmax.forward(z)
    rows = [ops.Softmax.backward(g, s, z)[0] for g in np.eye(3)]
    np.testing.assert_allclose(rows, np.diag(s) - np.outer(s, s), atol=1e-15)
    np.testing.assert_allclose(np.diag(rows), s * (1 - s))
    np.testing.assert_allclose(np.sum(rows, axis=1), 0, atol=1e-15)  # s * (1 - s) is never 0


def test_sigmoids_product_vanishes():
    """Text 1, section 2 and Q6: at most 0.25 a layer, so ten layers leave under a millionth."""
    assert _slope(ops.Sigmoid, np.linspace(-9, 9, 181)).max() == 0.25
    assert 0.25**10 < 1e-6


# Losses as metrics


def test_house_prices():
    """Text 3, section 6.2: MSE 175,000,000 and RMSE 13,228.76."""
    true, predicted = [300_000, 450_000, 200_000], [310_000, 430_000, 195_000]
    assert metrics.mean_squared_error(true, predicted) == 175_000_000
    assert metrics.root_mean_squared_error(true, predicted) == pytest.approx(13_228.76, abs=0.005)


def test_spam():
    """Text 3, section 6.3: the terms 0.105, 0.105, 0.223, 0.357; their mean is 0.1976."""
    p, y = np.array([0.9, 0.1, 0.8, 0.3]), np.array([1, 0, 1, 0])
    terms = -np.log(np.where(y == 1, p, 1 - p))
    assert np.round(terms, 3).tolist() == [0.105, 0.105, 0.223, 0.357]
    assert metrics.log_loss(y, np.stack([1 - p, p], axis=1)) == pytest.approx(0.1976, abs=5e-5)


@pytest.mark.parametrize(
    ("p", "loss"), [(0.60, 0.511), (0.92, 0.083), (0.10, 2.303)], ids=["so-so", "good", "wrong"]
)
def test_the_digit_3(p, loss):
    """Text 3, section 6.4: only the probability of the right class counts."""
    probabilities = np.full((1, 10), (1 - p) / 9)
    probabilities[0, 3] = p
    assert metrics.log_loss([3], probabilities) == pytest.approx(loss, abs=5e-4)


# Data and sizes


def test_937_full_batches_of_64_and_one_of_32():
    """Text 3, section 10.2: it counts 937 batches and forgets the last 32 pictures."""
    loader = data.DataLoader(np.zeros((60_000, 1), np.uint8), np.zeros(60_000, int), 64)
    sizes = [len(y) for _, y in loader]
    assert sizes == [64] * 937 + [32]
    assert sum(sizes) == 60_000


def test_pixel_15_becomes_0_059():
    """Text 3, section 9.2: 0, 15, 230, 255 between 0 and 1."""
    pixels = np.array([[[0, 15], [230, 255]], [[0, 0], [0, 0]]], dtype=np.uint8)
    images = data.from_arrays(pixels, ["five", "blank"])
    row = data.Preparation.fit(images, scale="unit").transform(pixels)[0].ravel()
    assert np.round(row, 3).tolist() == pytest.approx([0, 0.059, 0.902, 1])


def test_a_picture_becomes_784_numbers():
    """Text 3, section 9.2: 28 x 28 pixels in a row."""
    assert np.zeros((1, 28, 28)).reshape(1, -1).shape == (1, 784)


def test_5_in_one_hot():
    """Text 3, section 9.2."""
    assert data.one_hot([5], 10).tolist() == [[0, 0, 0, 0, 0, 1, 0, 0, 0, 0]]


def test_about_155_million_multiplications_a_picture():
    """Text 1, section 3: 224 x 224 x 3 = 150,528 inputs, then 1,024, 512, 256 and 10."""
    sizes = [224 * 224 * 3, 1024, 512, 256, 10]
    assert sizes[0] == 150_528
    multiplications = sum(a * b for a, b in itertools.pairwise(sizes))
    assert multiplications == 154_798_592
    assert round(multiplications / 1e6) == 155
