"""The worked numbers of the reference texts that need a network, each with its source named.

The texts: 1 the review of week 3, 2 the neural networks guide, 3 the from-scratch chapter, 4 the
basics guide. Where a text is wrong, the test shows what is right instead and says so.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import nn, ops, optim, tensor
from pellucid.errors import GradientError

# -- losses (text 3, section 6) --


def test_the_mean_squared_error_of_three_houses_is_175_million() -> None:
    """Text 3, section 6.1: predicting house prices."""
    predicted, true = [310_000.0, 430_000.0, 195_000.0], [300_000.0, 450_000.0, 200_000.0]
    loss = nn.MSELoss()(predicted, true)
    assert loss.item() == 175_000_000
    assert round(math.sqrt(loss.item()), 2) == 13_228.76
    assert nn.MSELoss(reduction="sum")(predicted, true).item() == 525_000_000
    each = nn.MSELoss(reduction="none")(predicted, true)
    assert each.tolist() == [100_000_000, 400_000_000, 25_000_000]


def test_the_binary_cross_entropy_of_four_mails() -> None:
    """Text 3, section 6.3: spam; the text rounds each part first and writes 0.197."""
    y, p = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.1, 0.8, 0.3])
    parts = nn.BCELoss(reduction="none")(p, y).numpy()
    assert parts.round(3).tolist() == [0.105, 0.105, 0.223, 0.357]
    assert round(nn.BCELoss()(p, y).item(), 4) == 0.1976
    logits = np.log(p / (1 - p))
    assert round(nn.BCEWithLogitsLoss()(logits, y).item(), 4) == 0.1976


DIGIT_3 = {
    0.511: [0.05, 0.05, 0.10, 0.60, 0.05, 0.05, 0.05, 0.03, 0.01, 0.01],
    0.083: [0.01, 0.01, 0.02, 0.92, 0.01, 0.01, 0.01, 0.005, 0.003, 0.002],
    2.303: [0.05, 0.05, 0.10, 0.10, 0.50, 0.05, 0.05, 0.05, 0.03, 0.02],
}


@pytest.mark.parametrize("loss, probabilities", DIGIT_3.items())
def test_the_categorical_cross_entropy_of_a_three(loss: float, probabilities: list[float]) -> None:
    """Text 3, section 6.4: a good, a fair and a wrong prediction of the digit 3."""
    logits = np.log([probabilities])
    for target in ([3], np.eye(10)[[3]]):
        assert round(nn.CrossEntropyLoss()(logits, target).item(), 3) == loss
    assert round(nn.CrossEntropyLoss()(logits + 17.5, [3]).item(), 3) == loss  # any logits of p


# -- XOR (text 1: it takes a hidden layer; text 4: weights of 0.01) --

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
ANSWERS = np.array([0, 1, 1, 0])


def xor_after(loss: str, seed: int, init: str | None = None, steps: int = 1500) -> Any:
    """The four probabilities of 1 after training one hidden layer of 4 tanh units."""
    pellucid.manual_seed(seed)
    net = nn.MLP([2, 4, 2 if loss == "CrossEntropyLoss" else 1], activation="tanh", init=init)
    criterion, x = getattr(nn, loss)(), tensor(XOR)
    y = tensor(ANSWERS if loss == "CrossEntropyLoss" else ANSWERS.astype(np.float32)[:, None])
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        criterion(net(x), y).backward()
        optimizer.step()
    z = net(x)
    if loss == "CrossEntropyLoss":
        return z.softmax(axis=1).numpy()[:, 1]
    return (z.sigmoid() if loss == "BCEWithLogitsLoss" else z).numpy()[:, 0]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("loss", ["BCEWithLogitsLoss", "CrossEntropyLoss", "MSELoss"])
def test_xor_is_solved_from_default_weights(loss: str, seed: int) -> None:
    """100 of 100 seeds for each of the three losses; here a few of them."""
    p = xor_after(loss, seed)
    assert np.abs(p - ANSWERS).max() < 0.02


@pytest.mark.parametrize("loss", ["BCEWithLogitsLoss", "MSELoss"])
def test_weights_of_0_01_leave_xor_at_one_half(loss: str) -> None:
    """Texts 1 and 4 start from N(0, 0.01^2): all units are alike and nothing is learnt."""
    stuck = xor_after(loss, seed=0, init="normal")
    assert np.abs(stuck - 0.5).max() < 0.01


def test_no_hidden_layer_no_xor() -> None:
    """Text 1: a single layer cannot separate it; the best it can say is one half."""
    net = nn.Linear(2, 1, generator=pellucid.random.generator(0))
    optimizer = optim.SGD(net.parameters(), lr=0.5)
    for _ in range(500):
        optimizer.zero_grad()
        nn.BCEWithLogitsLoss()(net(XOR), ANSWERS[:, None]).backward()
        optimizer.step()
    assert np.abs(net(XOR).sigmoid().numpy() - 0.5).max() < 0.01


# -- derivatives that the texts get wrong --


def test_softmax_has_a_whole_jacobian() -> None:
    """Texts take s (1 - s), the diagonal alone; the Jacobian is diag(s) - s s^T."""
    z = np.array([2.0, 1.0, 0.1])
    s = ops.Softmax.forward(z)
    assert s.round(3).tolist() == [0.659, 0.242, 0.099]
    rows = []
    for i in range(3):
        x = tensor(z, requires_grad=True)
        x.softmax()[i].backward()
        rows.append(x.grad.numpy())
    np.testing.assert_allclose(rows, np.diag(s) - np.outer(s, s), atol=1e-15)
    assert not np.allclose(rows, np.diag(s * (1 - s)))
    wrong = pellucid.op(
        type(
            "Wrong",
            (),
            {"forward": ops.Softmax.forward, "backward": lambda g, y, x: (g * y * (1 - y),)},
        )
    )
    with pytest.raises(GradientError, match="gradient check of input 0"):
        pellucid.check_gradients(wrong, z)


def test_softmax_is_taken_of_each_row() -> None:
    """A softmax without an axis sums over the whole batch; nn.Softmax makes one name the axis."""
    z = np.array([[2.0, 1.0, 0.1], [0.0, 0.0, 0.0]])
    whole = np.exp(z) / np.exp(z).sum()
    rows = nn.Softmax(dim=1)(z).numpy()
    np.testing.assert_allclose(rows.sum(axis=1), [1, 1])
    assert rows[0].round(3).tolist() == [0.659, 0.242, 0.099]
    assert not np.allclose(whole.sum(axis=1), 1)
    np.testing.assert_allclose(rows, nn.functional.softmax(tensor(z), dim=-1).numpy())


def test_the_slope_of_the_sigmoid_is_taken_of_z_and_written_with_a() -> None:
    """a (1 - a) with a = sigmoid(z); sigmoid'(z) put together from z (1 - z) is another number."""
    z = np.array([-5.0, -1.0, 0.0, 2.0, 5.0])
    x = tensor(z, requires_grad=True)
    x.sigmoid().sum().backward()
    a = 1 / (1 + np.exp(-z))
    np.testing.assert_allclose(x.grad.numpy(), a * (1 - a), rtol=1e-12)
    assert round(x.grad.numpy()[4], 4) == 0.0066  # text 3 rounds first and says 0.0099
    assert x.grad.numpy()[2] == 0.25
    twice = 1 / (1 + np.exp(-a))  # the derivative's formula fed with a instead of z
    assert not np.allclose(x.grad.numpy(), twice * (1 - twice))
    assert not np.allclose(x.grad.numpy(), z * (1 - z))


@pytest.mark.parametrize("batch", [1, 5, 64])
def test_the_gradient_of_a_bias_has_the_shape_of_the_bias(batch: int) -> None:
    """Summed over the batch: (out,), not (batch, out) and not (out, 1)."""
    layer = nn.Linear(3, 2)
    layer(np.ones((batch, 3))).sum().backward()
    assert layer.bias is not None and layer.bias.grad is not None
    assert layer.bias.grad.shape == layer.bias.shape == (2,)
    assert layer.bias.grad.tolist() == [batch, batch]
    assert layer.weight.grad is not None and layer.weight.grad.shape == (2, 3)


def test_the_gradient_of_softmax_and_cross_entropy_together_is_p_minus_y() -> None:
    """Text 3, the output layer's error."""
    z = tensor(np.array([[2.0, 1.0, 0.1]]), requires_grad=True)
    nn.CrossEntropyLoss()(z, [1]).backward()
    assert z.grad.numpy().round(3).tolist() == [[0.659, -0.758, 0.099]]


# -- sizes --


def test_the_parameters_of_784_128_64_10() -> None:
    """784 x 128 + 128, 128 x 64 + 64, 64 x 10 + 10."""
    net = nn.MLP([784, 128, 64, 10])
    assert [p.size for p in net.parameters()] == [100_352, 128, 8_192, 64, 640, 10]
    assert sum(p.size for p in net.parameters()) == 109_386
