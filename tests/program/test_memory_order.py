"""Buffers in the memory order of eager's results: sums in any other may differ in the last bit."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from networks import classes, numbers
from test_numpy import X, write

import pellucid
from pellucid import nn, op, optim
from pellucid.program.name import Line, memory_order
from pellucid.program.running import empty

SHAPES = [(7, 5, 6, 4), (2, 33, 7, 7), (9, 3, 1, 5), (33, 17)]


def stored(shape: tuple[int, ...], order: tuple[int, ...], seed: int = 1) -> Any:
    """Numbers of a shape whose axes lie in memory in another order."""
    turned = numbers(tuple(shape[a] for a in order), seed)
    return turned.transpose(tuple(order.index(a) for a in range(len(order))))


def orders(ndim: int) -> list[tuple[int, ...]]:
    return list(itertools.permutations(range(ndim)))


def buffer(like: Any) -> Any:
    """The buffer that a program allocates for a value."""
    line = Line("ufunc", "f", (), {}, like, shape=like.shape)
    return eval(empty(line), {"np": np})


def test_the_order_of_any_dense_array_is_told() -> None:
    for order in orders(4):
        x = stored((2, 3, 4, 5), order)
        assert memory_order(x) == order
        assert buffer(x).strides == x.strides
    assert memory_order(numbers((4, 6))[:, ::2]) is None
    assert memory_order(np.broadcast_to(numbers((4, 1)), (4, 3))) is None
    assert memory_order(numbers((4, 6))[::-1]) is None
    assert memory_order(numbers((1, 6, 1)).transpose(2, 1, 0)) == (0, 1, 2)


def some_axes(ndim: int) -> Iterator[tuple[int, ...]]:
    for count in range(1, ndim):
        yield from itertools.combinations(range(ndim), count)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("call", ["sum", "mean", "max"])
def test_reductions_into_such_a_buffer_keep_their_bits(shape: tuple[int, ...], call: str) -> None:
    ufunc = np.maximum if call == "max" else np.add
    for order, gaps in itertools.product(orders(len(shape)), (False, True)):
        x = stored(shape, order)
        x = x[..., ::2] if gaps else x
        for axes, keep in itertools.product(some_axes(len(shape)), (False, True)):
            expected = getattr(x, call)(axis=axes, keepdims=keep)
            out = buffer(expected)
            ufunc.reduce(x, axis=axes, keepdims=keep, out=out)
            if call == "mean":
                np.divide(out, int(np.prod([x.shape[a] for a in axes])), out=out)
            assert out.tobytes() == expected.tobytes(), (order, axes)


def test_in_another_order_they_may_not() -> None:
    """Why the order is kept at all."""
    differs = 0
    for order, axes in itertools.product(orders(4), some_axes(4)):
        x = stored(SHAPES[1], order)
        expected = x.sum(axis=axes)
        out = np.empty(expected.shape, expected.dtype)
        differs += np.add.reduce(x, axis=axes, out=out).tobytes() != expected.tobytes()
    assert differs


def test_products_of_stacks_in_any_order_keep_their_bits() -> None:
    for a, b in itertools.product(orders(4), orders(4)):
        x, y = stored((3, 4, 5, 6), a), stored((3, 4, 6, 7), b, 2)
        expected = x @ y
        assert np.matmul(x, y, out=buffer(expected)).tobytes() == expected.tobytes(), (a, b)


def images(x: Any) -> Any:
    """(n, 6) to (n, 2, 3, 4), channels last in memory."""
    return (x[:, :, np.newaxis] * np.linspace(0.5, 2, 4)).reshape(-1, 3, 4, 2).transpose(0, 3, 1, 2)


FORMULAS: dict[str, Any] = {
    "element by element": lambda x: np.tanh(images(x)) * 2 + images(x) ** 2,
    "over the batch and places": lambda x: np.exp(images(x)).sum(axis=(0, 2, 3)),
    "over the channels": lambda x: np.exp(images(x)).sum(axis=1) * 2,
    "means kept": lambda x: np.exp(images(x)).mean(axis=(0, 2), keepdims=True) * images(x),
    "the greatest": lambda x: np.exp(images(x)).max(axis=(2, 3)),
    "all of it": lambda x: np.exp(images(x)).sum(),
    "beside a row in C order": lambda x: (images(x) + x[:, :2, None, None]).sum(axis=0),
    "channels first again": lambda x: (images(x).copy() * 2).sum(axis=(0, 2)),
    "another dtype": lambda x: images(x).astype(np.float32).sum(axis=(1, 2)),
    "the same dtype, dense": lambda x: images(x)[:, :, :2].astype(np.float64).sum(axis=(1, 2)),
    "chosen": lambda x: np.where(images(x) > 0, images(x), 0).sum(axis=(0, 3)),
    "joined": lambda x: np.concatenate([images(x), images(x)], axis=1).sum(axis=(0, 2)),
    "turned and flat": lambda x: np.exp(images(x)).transpose(3, 1, 0, 2).reshape(4, -1).sum(axis=1),
    "rows times columns": lambda x: np.exp(images(x)) @ images(x).swapaxes(2, 3),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_on_images_with_channels_last(name: str) -> None:
    write(FORMULAS[name]).verify(3)


def test_buffers_have_that_order_and_results_stay_in_it() -> None:
    source = write(FORMULAS["element by element"]).running_source
    assert "np.empty((n, 3, 4, 2), np.float64).transpose(0, 3, 1, 2)" in source
    assert not re.search(r"^ +\w+ = np\.\w+\(images", source.partition("def step")[2], re.M)


@op
class Turned:
    """y = x W^T, W (O, C, K) laid out as (O, K C)."""

    def forward(x: Any, W: Any) -> Any:
        return x @ W.transpose(0, 2, 1).reshape(len(W.shape) + 1, -1).T

    def backward(g: Any, y: Any, x: Any, W: Any) -> Any:
        o, c, k = W.shape
        dW = (g.T @ x).reshape(o, k, c)
        return g @ W.transpose(0, 2, 1).reshape(o, -1), dW.transpose(0, 2, 1)


@pytest.mark.parametrize("changes", [{}, {"clip_norm": 0.01}, {"l2": 0.1, "clip_norm": 0.02}])
def test_a_gradient_of_another_order_is_brought_home(changes: dict[str, float]) -> None:
    """Eager copies it into C order before its square is summed; so does the program."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.W = nn.Parameter(numbers((4, 33, 17)))
            self.a = nn.Linear(5, 33 * 17, generator=np.random.default_rng(0))

        def forward(self, x: Any) -> Any:
            return Turned(self.a(x), self.W)

    model = Net()
    sgd = optim.SGD(model.parameters(), lr=0.01)
    program = pellucid.write(model, nn.CrossEntropyLoss(), sgd, (X, classes(9, 4)), **changes)
    program.verify()
    assert ".transpose(0, 2, 1).copy()" in program.source
