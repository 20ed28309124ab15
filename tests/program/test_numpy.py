"""What rules say in NumPy's words: each is written down, and runs to the bits of eager mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from alone import trains_alone
from networks import classes, numbers

import pellucid
from pellucid import nn, optim
from pellucid.autograd import apply
from pellucid.errors import GradientError
from pellucid.ops import Rule
from pellucid.program import Program
from pellucid.random import default_generator

X, Y = numbers((9, 5)), classes(9, 3)


class Own(nn.Module):
    """A Linear, an operation of one's own with some gradient, and a number."""

    def __init__(self, forward: Callable[..., Any], draws: bool = False) -> None:
        super().__init__()

        def backward(g: Any, y: Any, x: Any, rng: Any = None) -> Any:
            gradient = x * g.mean()
            return (gradient, None) if draws else (gradient,)

        rules = {"forward": forward, "backward": backward, "__doc__": "y = f(x)."}
        self.rule, self.draws = Rule(type("Own", (), rules)), draws
        self.a = nn.Linear(5, 6, generator=np.random.default_rng(0))

    def forward(self, x: Any) -> Any:
        y = apply(self.rule, self.a(x), *([default_generator()] if self.draws else []))
        return (y * y + y).sum()


def weighed(number: Any, y: Any) -> Any:
    return number * 0.01


def write(forward: Callable[..., Any], draws: bool = False) -> Program:
    model = Own(forward, draws)
    return pellucid.write(model, weighed, optim.SGD(model.parameters(), lr=1e-3), (X, Y))


def rows(x: Any) -> Any:
    return np.arange(x.shape[0])


MASK = np.array([True, False, True, True, False, True])
TABLE = numbers((6, 40), 3)  # a large constant

WORDS: dict[str, Callable[[Any], Any]] = {
    "pad": lambda x: np.pad(x, ((0, 0), (1, 2))),
    "pad with a value": lambda x: np.pad(x, ((0, 0), (1, 2)), constant_values=-2.5),
    "pad, reflected": lambda x: np.pad(x, ((0, 0), (2, 2)), mode="reflect"),
    "take": lambda x: np.take(x, [0, 2, 2], axis=1),
    "take by an array": lambda x: np.take(x, np.array([[0, 2], [5, 1]]), axis=1),
    "take a method": lambda x: x.take([0, 2], axis=1),
    "take along": lambda x: np.take_along_axis(x, np.argsort(x, axis=1), axis=1),
    "take the greatest": lambda x: np.take_along_axis(x, x.argmax(1)[:, None], axis=1),
    "index by names": lambda x: x[rows(x), x.argmax(axis=1)],
    "index by arrays": lambda x: x[rows(x)[:, None], np.array([[0, 2]])],
    "index by lists": lambda x: x[:, [0, 2, 2]],
    "index by a mask": lambda x: x[:, MASK],
    "steps": lambda x: x[:, ::2] * x[:, 1::2],
    "backwards": lambda x: x[:, ::-1] * x,
    "from the end": lambda x: x[:, 4:1:-1] + x[:, -3:],
    "dots": lambda x: x[..., None, 0:4],
    "where, numbers": lambda x: np.where(x > 0, 1, 0).astype(x.dtype),
    "where, a number and a name": lambda x: np.where(x > 0, -1.0, x),
    "where of numbers": lambda x: np.where(x, x, 7.0),
    "where a constant mask": lambda x: np.where(MASK, x, -1.0),
    "cumsum": lambda x: np.cumsum(x, axis=1),
    "cumsum over the batch": lambda x: x.cumsum(axis=0),
    "argmax": lambda x: np.argmax(x, axis=1).astype(x.dtype),
    "argmax, a method": lambda x: x.argmax(axis=0).astype(x.dtype),
    "between": lambda x: x * ((x > -1) & (x < 1)),
    "either": lambda x: x * ((x < -1) | (x > 1)),
    "one of both": lambda x: x * ((x > 0) ^ MASK),
    "not": lambda x: x * ~(x > 0) + np.logical_not(x > 1),
    "floor division": lambda x: x // 0.5,
    "remainder": lambda x: x % 0.5 + 2 % (x * x + 1),
    "sign": lambda x: np.sign(x) * x,
    "clip below": lambda x: np.clip(x, 0.1, None),
    "clip by name": lambda x: np.clip(x, a_min=-0.5, a_max=0.5),
    "clip, a method": lambda x: x.clip(-0.5, 0.5),
    "clip to names": lambda x: np.clip(x, x[:, :1], 2.0),
    "triangle": lambda x: np.tril(x[:, :, None] * x[:, None, :]),
    "mask of a triangle": lambda x: np.where(np.tri(6, dtype=bool), x[:, :, None], 0.0),
    "mask of -inf": lambda x: np.exp(x[:, :, None] + np.triu(np.full((6, 6), -np.inf), 1)),
    "product with a triangle": lambda x: x @ np.tri(6, dtype=np.float32),
    "product with a table": lambda x: x @ TABLE * np.eye(40, dtype=np.float32)[3],
    "as long as the batch": lambda x: x + np.zeros((x.shape[0], 6), x.dtype),
    "full": lambda x: x * np.full(x.shape, 0.5, x.dtype) * np.ones((2 * x.shape[0], 1, 1)),
    "the number of the row": lambda x: x * rows(x)[:, None],
    "zeros like": lambda x: np.zeros_like(x) + np.ones_like(x, dtype=np.float32),
    "two new axes": lambda x: np.expand_dims(x, (0, 2)),
    "one axis less": lambda x: np.squeeze(x[:, :1], axis=1) * np.expand_dims(x, 1).squeeze().T,
    "moved": lambda x: np.moveaxis(x.reshape(-1, 2, 3), 1, 2) * 2,
    "rolled, turned": lambda x: np.roll(x, 1, axis=1) * np.flip(x, axis=1),
    "repeated": lambda x: np.repeat(x, 2, axis=1) * np.tile(x, (1, 2)) + x.repeat(2, axis=1),
    "split": lambda x: np.split(x, 2, axis=1)[0] * np.split(x, [3], axis=1)[1],
    "stacked": lambda x: np.stack([x, x * 2], axis=1).sum(axis=2),
    "joined": lambda x: np.concatenate((x[:, :2], x), axis=1),
    "norm": lambda x: np.linalg.norm(x, axis=1),
    "functions for methods": lambda x: np.sum(x, axis=0) * np.mean(x) + np.max(x, axis=1)[:, None],
    "of a kind": lambda x: x.prod(axis=1) + x.std(axis=1) + np.var(x, axis=1, ddof=1),
    "all and any": lambda x: x * (x > 0).all(axis=1, keepdims=True) + (x > 0).any(),
    "max from a start": lambda x: x.max(axis=1, initial=0.0) + x.min(axis=1, initial=1.0),
    "a number of NumPy's": lambda x: (np.float64(0.1) * x).astype(x.dtype) + np.float32(0.1) * x,
    "an array of one number": lambda x: (x * np.array(0.1)).sum(axis=1, keepdims=True) + x,
    "powers": lambda x: x**-1 + x**3 + x**0 + x**1 + x**2 + np.abs(x) ** 0.5 + np.abs(x) ** -0.5,
    "power, the function": lambda x: np.power(np.abs(x), 1.5) + np.power(x, 2) + 2.0**x,
    "several results": lambda x: np.modf(x)[0] * np.divmod(x, 0.3)[1],
    "copies": lambda x: np.copy(x) * x.T.copy().T,
    "dtypes": lambda x: x.astype(np.float64).astype(np.float32) + x.sum(axis=0, dtype=np.float64),
    "two arrays": lambda x: np.hypot(x, x[:, ::-1]) + np.logaddexp(x, 0.5) + np.minimum(x, 0.2),
    "sorted": lambda x: np.sort(x, axis=1) * np.isfinite(x) + np.nan_to_num(x),
    "broadcast": lambda x: np.broadcast_to(x[:, None], (x.shape[0], 2, 6)) * 2,
    "the sum of a broadcast": lambda x: (np.broadcast_to(x[:, :1], x.shape) * 1).sum(axis=0),
    "flattened": lambda x: x.ravel() * x.T.flatten() + x.T.reshape(-1),
    "turned": lambda x: x.transpose() * x.T.swapaxes(0, 1).T,
    "rounded": lambda x: np.round(x, 1) + x.round() + np.floor(x),
}


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_words(name: str) -> None:
    write(WORDS[name]).verify(3)


def test_how_words_are_spelled() -> None:
    def forward(x: Any) -> Any:
        inside = (x > -1) & ~(x > 1)
        a, b = np.split(x, 2, axis=1)
        odd = x // 0.5 % 2 * (inside ^ MASK)
        joined = np.concatenate([a, b[:, ::-1]], axis=1)
        row = joined.reshape(-1, 2, 3).transpose(0, 2, 1)
        scaled = np.float64(0.1) * row
        top = x[np.arange(x.shape[0]), np.argmax(x, axis=1)]
        masked = np.where(np.tri(6, dtype=bool), x[:, :, None], -np.inf).max(axis=1)
        return odd.sum() + scaled.sum() + top.sum() + masked.sum() + (x @ TABLE).sum()

    source = write(forward).source
    for text in (
        "inside_a = (z_a > -1) & ~(z_a > 1) ",
        "a_a, b_a_2 = np.split(z_a, 2, axis=1) ",
        "z_a // 0.5 % 2 * (inside_a ^ np.array([True, False, True, True, False, True], ",
        "joined_a = np.concatenate([a_a, b_a_2[:, ::-1]], axis=1) ",
        "row_a = joined_a.reshape(-1, 2, 3).transpose(0, 2, 1) ",
        "scaled_a = np.float64(0.1) * row_a ",
        "top_a = z_a[np.arange(n), np.argmax(z_a, axis=1)] ",
        "np.where(np.tri(6, dtype=bool), z_a[:, :, np.newaxis], -np.inf).max(axis=1) ",
        "+ (z_a @ constant).sum()",
    ):
        assert text in source, source
    above = source.partition("def step(")[0]
    assert "\nconstant = np.array([[" in above
    assert max(map(len, source.splitlines())) <= 100


@pytest.mark.parametrize(
    "loss",
    [
        lambda z, y: z * 0.1 * 0.3,
        lambda z, y: (z * 0.1 * 0.3).mean(),
        lambda z, y: ((z * 3) * 7).mean() / 3,
        lambda z, y: (z * y[0]) / 7,
    ],
)
def test_the_gradient_of_the_loss_is_1_of_its_own_dtype(loss: Any) -> None:
    model = Own(lambda x: x * 0.1)
    y = np.linspace(0.5, 1, 9).astype(np.float32)
    program = pellucid.write(model, loss, optim.SGD(model.parameters(), lr=1e-3), (X, y))
    program.verify(3)
    trains_alone(program)
    assert " 1 * " not in program.source


@pytest.mark.parametrize(
    ("forward", "text"),
    [
        (lambda x: np.einsum("ij,ij->i", x, x), r"np\.einsum"),
        (lambda x: x[np.nonzero(x)], r"np\.nonzero: how large its result is"),
        (lambda x: np.where(x > 0)[0], r"np\.where: how large its result is"),
        (lambda x: np.unique(x), r"np\.unique: how large"),
        (lambda x: x[x > 0], r"x\[mask\]: how large"),
        (lambda x: np.maximum.reduce(x), r"np\.maximum\.reduce"),
        (lambda x: np.add(x, x, dtype=np.float64), r"np\.add\.__call__ with \['dtype'\]"),
        (lambda x: np.put_along_axis(x, x, 0, 1), r"np\.put_along_axis"),
        (lambda x: x.__setitem__(0, 1), r"changes nothing in place"),
        (lambda x: x if 0 < x[0, 0] < 1 else 2 * x, "a branch on a value"),
        (lambda x: np.apply_along_axis(np.sum, 1, x), "an argument of type"),
        (lambda x: x * np.linspace(0, 1, x.shape[0])[:, None], "depends on the batch size"),
    ],
)
def test_what_is_no_straight_line_of_numpy(forward: Any, text: str) -> None:
    with pytest.raises(GradientError, match=text):
        write(forward)


# -- draws --

DRAWS: dict[str, Callable[[Any, Any], Any]] = {
    "random": lambda x, rng: x * rng.random(x.shape, dtype=x.dtype),
    "normal": lambda x, rng: x + rng.standard_normal(x.shape, dtype=np.float32),
    "in float64": lambda x, rng: x + rng.standard_normal(x.shape).astype(x.dtype),
    "uniform": lambda x, rng: x * rng.uniform(0.125, 0.25, x.shape).astype(x.dtype),
    "scaled": lambda x, rng: x * rng.normal(1.0, 0.5, size=x.shape).astype(x.dtype),
    "whole numbers": lambda x, rng: x * rng.integers(0, 3, size=x.shape),
    "up to": lambda x, rng: x * rng.integers(4, size=(x.shape[0], 1), dtype=np.int32),
    "one number": lambda x, rng: x * rng.random(),
    "two draws": lambda x, rng: x * rng.random(x.shape) + rng.standard_normal(x.shape),
    "one unread": lambda x, rng: (rng.random(3), x * rng.random(x.shape, np.float32))[1],
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws(name: str) -> None:
    write(DRAWS[name], draws=True).verify(3)


def test_a_generator_that_is_used_twice_has_a_name() -> None:
    source = write(DRAWS["two draws"], draws=True).source
    assert " = rng(1)" in source
    assert "rng(1).random" not in source
    assert (
        "z_a * rng(1).random((n, 6), dtype=np.float32)" in write(DRAWS["random"], draws=True).source
    )


def test_other_draws_and_own_generators_are_refused() -> None:
    with pytest.raises(GradientError, match=r"rng\.permutation\n  needs:  random, standard"):
        write(lambda x, rng: x[rng.permutation(3)], draws=True)
    model = nn.Sequential(nn.Linear(5, 3), nn.Dropout(0.5, generator=np.random.default_rng(0)))
    with pytest.raises(GradientError, match="a generator of the layer's own"):
        pellucid.write(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters()), (X, Y))


# -- whole numbers in, several outputs --


class Words(nn.Module):
    """Vectors of whole numbers, their mean, a Linear."""

    def __init__(self) -> None:
        super().__init__()
        g = np.random.default_rng(0)
        self.table = nn.Parameter(g.normal(size=(7, 4)).astype(np.float32))
        self.out = nn.Linear(4, 3, generator=g)

    def forward(self, x: Any) -> Any:
        return self.out(self.table[x].mean(axis=1))


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_whole_numbers_as_inputs(dtype: Any) -> None:
    tokens = (np.arange(9 * 6).reshape(9, 6) * 5 % 7).astype(dtype)
    model = Words()
    program = pellucid.write(
        model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), (tokens, Y)
    )
    program.verify()
    assert "getitem1 = table1[x] " in program.source


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(5, 3, generator=np.random.default_rng(0))

    def forward(self, x: Any, state: Any = None) -> Any:
        return self.a(x), state


class First(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Pair()

    def forward(self, x: Any) -> Any:
        return self.inner(x, np.zeros(3))[0]


def test_a_network_with_several_outputs_is_put_into_a_module() -> None:
    def written(model: nn.Module) -> Program:
        return pellucid.write(
            model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), (X, Y)
        )

    written(First()).verify()
    with pytest.raises(GradientError) as caught:
        written(Pair())
    assert "got:    2 outputs" in str(caught.value)
    assert "try:    a Module around the layer" in str(caught.value)
