"""NumPy's functions and protocols on tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import Tensor, no_grad, tensor
from pellucid.autograd.numpy_functions import _FLAT, _FUNCTIONS, _UFUNCS
from pellucid.errors import GradientError

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
POSITIVE = np.abs(X) + 0.1

# every mapped function, called as a NumPy user would
CALLS: dict[Any, list[Callable[[Any], Any]]] = {
    np.sum: [np.sum, lambda x: np.sum(x, 0), lambda x: np.sum(x, axis=(0, 1), keepdims=True)],
    np.mean: [np.mean, lambda x: np.mean(x, axis=1), lambda x: np.mean(x, 0, keepdims=True)],
    np.var: [np.var, lambda x: np.var(x, axis=0, ddof=1), lambda x: np.var(x, 1, keepdims=True)],
    np.max: [np.max, lambda x: np.max(x, axis=1), lambda x: np.max(x, 0, keepdims=True)],
    np.amax: [np.amax, lambda x: np.amax(x, axis=0)],
    np.min: [np.min, lambda x: np.min(x, axis=1)],
    np.amin: [np.amin, lambda x: np.amin(x, axis=0)],
    np.clip: [
        lambda x: np.clip(x, -0.7, 1.0),
        lambda x: np.clip(x, a_min=0.1, a_max=None),
        lambda x: np.clip(x, None, 1.0),
    ],
    np.reshape: [
        lambda x: np.reshape(x, (3, 2)),
        lambda x: np.reshape(x, -1),
        lambda x: np.reshape(x, [2, -1]),
    ],
    np.ravel: [np.ravel],
    np.transpose: [
        np.transpose,
        lambda x: np.transpose(x, (1, 0)),
        lambda x: np.transpose(x, axes=[1, 0]),
        lambda x: np.transpose(x, None),
    ],
    np.swapaxes: [lambda x: np.swapaxes(x, 0, 1), lambda x: np.swapaxes(x, axis1=-1, axis2=0)],
    np.squeeze: [
        lambda x: np.squeeze(x[:, :1], axis=1),
        lambda x: np.squeeze(x[:1, :1]),
        lambda x: np.squeeze(x[None, :, :1], (0, 2)),
    ],
    np.broadcast_to: [lambda x: np.broadcast_to(x, (4, 2, 3))],
    np.expand_dims: [lambda x: np.expand_dims(x, 1), lambda x: np.expand_dims(x, (0, 3))],
    np.concatenate: [
        lambda x: np.concatenate([x, x * 2]),
        lambda x: np.concatenate((x, np.ones((2, 1))), axis=1),
        lambda x: np.concatenate([x, [1.0, 2.0]], axis=None),
    ],
    np.stack: [lambda x: np.stack([x, X]), lambda x: np.stack((x, x), axis=-1)],
    np.where: [lambda x: np.where(X > 0, x, x * 2), lambda x: np.where(x > 0, x, 0.0)],
    np.pad: [
        lambda x: np.pad(x, 1),
        lambda x: np.pad(x, ((0, 1), (2, 0)), constant_values=3.0),
        lambda x: np.pad(x, (1, 2), "constant"),
    ],
}


def test_every_mapped_function_is_called_here() -> None:
    assert set(CALLS) == set(_FUNCTIONS)


@pytest.mark.parametrize("function", CALLS, ids=lambda f: f.__name__)
def test_numpy_functions_differentiate(function: Any) -> None:
    for call in CALLS[function]:
        y = call(tensor(X, requires_grad=True))
        assert isinstance(y, Tensor) and y.requires_grad
        np.testing.assert_array_equal(y.numpy(), call(X))
        assert pellucid.check_gradients(call, X).error < 1e-8


@pytest.mark.parametrize("ufunc", _UFUNCS, ids=lambda f: f.__name__)
def test_ufuncs_differentiate(ufunc: np.ufunc) -> None:
    a, b = POSITIVE, POSITIVE[:, ::-1].copy() + 0.3
    if ufunc is np.matmul:
        b = b.T.copy()
    arrays = (a, b)[: ufunc.nin]
    y = ufunc(*[tensor(x, requires_grad=True) for x in arrays])
    expected = ufunc(*arrays)
    assert isinstance(y, Tensor)
    np.testing.assert_array_equal(y.numpy(), expected)
    if expected.dtype.kind == "b":
        assert not y.requires_grad
    else:
        assert pellucid.check_gradients(ufunc, *arrays).error < 1e-8


UNMAPPED: list[tuple[str, Callable[[Any], Any]]] = [
    ("np.sin", np.sin),
    ("np.log1p", np.log1p),
    ("np.std", np.std),
    ("np.cumsum", np.cumsum),
    ("np.prod", np.prod),
    ("np.dot", lambda x: np.dot(x, x.T)),
    ("np.einsum", lambda x: np.einsum("ij->i", x)),
    ("np.norm", np.linalg.norm),
    ("np.median", np.median),
    ("np.sort", np.sort),
    ("np.flip", np.flip),
    ("np.add", np.add.reduce),
    ("np.mean", lambda x: np.mean(x, 0, np.float64)),
    ("np.sum", lambda x: np.sum(x, where=X > 0)),
    ("np.reshape", lambda x: np.reshape(x, (3, 2), order="F")),
    ("np.pad", lambda x: np.pad(x, 1, "edge")),
    ("np.pad", lambda x: np.pad(x, 1, constant_values=(1, 2))),
    ("np.concatenate", lambda x: np.concatenate([x, x], dtype=np.float64)),
    ("np.multiply", lambda x: np.multiply(x, 2, where=X > 0, out=np.zeros((2, 3)))),
]


@pytest.mark.parametrize("name, call", UNMAPPED)
def test_unmapped_functions_say_so_rather_than_lose_a_gradient(
    name: str, call: Callable[[Any], Any]
) -> None:
    with pytest.raises(GradientError) as error:
        call(tensor(X, requires_grad=True))
    assert str(error.value).splitlines() == [
        f"GradientError in {name}",
        "  got:    a tensor that requires a gradient",
        "  needs:  an operation of the table: this one has no backward rule here",
        f"  try:    {name}(t.numpy()) where no gradient is wanted, or write it with @pellucid.op",
    ]


@pytest.mark.parametrize("name, call", UNMAPPED)
def test_unmapped_functions_run_where_no_gradient_is_asked_for(
    name: str, call: Callable[[Any], Any]
) -> None:
    if name == "np.log1p":
        return  # of a number below -1
    np.testing.assert_array_equal(call(tensor(X)), call(X))
    with no_grad():
        np.testing.assert_array_equal(call(tensor(X, requires_grad=True)), call(X))


def test_functions_without_slopes_are_harmless() -> None:
    t = tensor(X, requires_grad=True)
    assert np.allclose(t, X) and np.array_equal(t, X) and np.isfinite(t).all()
    assert np.argmax(t) == 2 and np.argmin(t, axis=1).tolist() == [1, 2]
    assert np.argmax(t, axis=1, keepdims=True).tolist() == [[2], [0]]
    assert np.argsort(t[0]).tolist() == [1, 0, 2]
    assert np.shape(t) == (2, 3) and np.ndim(t) == 2 and np.size(t) == 6
    assert np.zeros_like(t).tolist() == [[0.0] * 3] * 2
    assert np.sign(t).tolist() == np.sign(X).tolist()
    assert np.round(t, 1).tolist() == np.round(X, 1).tolist()
    assert np.where(t > 1)[0].tolist() == np.where(X > 1)[0].tolist()
    assert np.any(t > 1) and not np.all(t > 1)
    assert all(not isinstance(f, str) for f in _FLAT)


def test_output_arrays() -> None:
    t = tensor(X, requires_grad=True)
    with pytest.raises(GradientError, match="out= with a tensor"):
        np.add(t, 1, out=tensor(X))
    array = X.copy()
    with pytest.raises(GradientError, match=r"in np.add"):
        array += t
    array += tensor(X)
    np.testing.assert_array_equal(array, 2 * X)


@pytest.mark.parametrize("number", [2, 2.5, np.float32(2.5)])
def test_python_numbers_keep_float32(number: Any) -> None:
    t = tensor([1.0, 4.0], requires_grad=True)
    for y in (t + number, number - t, t * number, number / t, t**number, number**t):
        assert y.dtype == np.float32
        y.sum().backward()
    assert t.grad.dtype == np.float32
    assert np.maximum(t, number).dtype == np.where(t > number, t, number).dtype == np.float32


def test_operators_from_both_sides() -> None:
    a, t = np.array([1.0, 2.0, 3.0]), tensor(np.array([4.0, 5.0, 6.0]), requires_grad=True)
    for y in (a + t, a - t, a * t, a / t, a**t, a @ t, 1 - t, 2**t, -t, abs(t)):
        assert isinstance(y, Tensor) and y.requires_grad
    np.testing.assert_allclose((a - t).numpy(), a - t.numpy())
    np.testing.assert_allclose((a / t).numpy(), a / t.numpy())
    np.testing.assert_allclose((a**t).numpy(), a ** t.numpy())
    assert (a @ t).item() == 32.0
    assert (np.eye(3) @ t).shape == (3,)


def test_lists_take_part() -> None:
    t = tensor([1.0, 2.0], requires_grad=True)
    assert (t * [1, 2]).tolist() == [1.0, 4.0]
    assert (t == [1.0, 5.0]).tolist() == [True, False]


def test_the_array_of_a_tensor_that_learns_is_read_only() -> None:
    t = tensor([1.0, 2.0], requires_grad=True)
    for array in (t.numpy(), np.asarray(t), (t * 2).numpy()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5
    assert np.shares_memory(t.numpy(), t.data)
    np.array(t)[0] = 5  # a copy
    assert t.tolist() == [1.0, 2.0]
    free = tensor([1.0, 2.0])
    free.numpy()[0] = 5
    assert free.tolist() == [5.0, 2.0]


def test_asarray_takes_a_dtype() -> None:
    assert np.asarray(tensor([1.5]), dtype=np.float64).dtype == np.float64
    assert np.array([tensor([1.0]), tensor([2.0])]).shape == (2, 1)
