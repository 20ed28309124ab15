"""A tensor as an array: making one, looking at it, its dtypes and its methods."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import Tensor, tensor
from pellucid.errors import DtypeError, GradientError

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])


def test_tensor_copies_and_the_class_shares() -> None:
    array = np.ones(2)
    assert not np.shares_memory(tensor(array).data, array)
    assert not np.shares_memory(tensor(tensor(array)).data, array)
    assert np.shares_memory(Tensor(array).data, array)


@pytest.mark.parametrize(
    "given, dtype",
    [
        (1.5, "float32"),
        ([1.0, 2], "float32"),
        (3, "int64"),
        ([[1, 2]], "int64"),
        ([True, False], "bool"),
        (np.ones(2), "float64"),
        (np.float64(2), "float64"),
        (np.ones(2, np.float32), "float32"),
        (np.ones(2, np.uint8), "uint8"),
    ],
)
def test_dtypes_of_what_is_given(given: Any, dtype: str) -> None:
    assert tensor(given).dtype == dtype
    assert tensor(given, dtype=np.float64).dtype == np.float64


def test_whole_numbers_have_no_gradient() -> None:
    text = "requires_grad=True for dtype int64\n  needs:  floating-point numbers"
    with pytest.raises(DtypeError, match=text):
        tensor([1, 2], requires_grad=True)
    with pytest.raises(DtypeError, match=text):
        tensor([1, 2]).requires_grad_()
    assert not tensor([1, 2]).requires_grad_(False).requires_grad


def test_asking_for_a_gradient_later() -> None:
    x = tensor([1.0]).requires_grad_()
    (x * 2).backward()
    assert x.grad.tolist() == [2.0] and not x.requires_grad_(False).requires_grad
    with pytest.raises(GradientError, match="got:    the result of Exp"):
        tensor([1.0], requires_grad=True).exp().requires_grad_(False)


def test_astype() -> None:
    x = tensor([1.5, 2.5], requires_grad=True)
    assert x.astype(np.float32) is x
    y = x.astype(np.float64)
    (y * np.array([2.0, 3.0])).sum().backward()
    assert y.dtype == np.float64 and x.grad.tolist() == [2.0, 3.0]
    assert x.grad.dtype == np.float32
    whole = x.astype(np.int64)
    assert whole.tolist() == [1, 2] and not whole.requires_grad
    assert tensor([1, 2]).astype("float32").dtype == np.float32


def test_comparisons_are_truth_values() -> None:
    x = tensor([1.0, 2.0, 3.0], requires_grad=True)
    for y, expected in [
        (x > 2, [False, False, True]),
        (x >= 2, [False, True, True]),
        (x < 2, [True, False, False]),
        (x <= 2, [True, True, False]),
        (x == 2, [False, True, False]),
        (x != 2, [True, False, True]),
        (np.float32(2) < x, [False, False, True]),
    ]:
        assert y.tolist() == expected and y.dtype == bool and not y.requires_grad


def test_iteration_len_bool_and_numbers() -> None:
    x = tensor(X, requires_grad=True)
    rows = list(x)
    assert len(x) == len(rows) == 2 and rows[1].tolist() == X[1].tolist()
    sum(row.sum() for row in x).backward()
    assert x.grad.tolist() == np.ones((2, 3)).tolist()
    assert bool(tensor(1.0)) and not tensor([0.0]) and bool(tensor([3]))
    assert float(tensor([2.5])) == 2.5 and int(tensor([[7]])) == 7 and tensor(3).item() == 3
    with pytest.raises(ValueError, match="truth value"):
        bool(x)
    with pytest.raises(ValueError, match="size 1"):
        float(x)
    with pytest.raises(TypeError, match="unsized"):
        len(tensor(1.0))
    with pytest.raises(TypeError, match="unsized"):
        iter(tensor(1.0))
    assert len({x, x, tensor(1.0)}) == 2


def test_repr() -> None:
    assert repr(tensor([1.0, 2.5])) == "tensor([1. , 2.5])"
    assert repr(tensor(3)) == "tensor(3, dtype=int64)"
    x = tensor([1.0], requires_grad=True)
    assert repr(x) == "tensor([1.], requires_grad=True)"
    assert repr(x.exp() * 0) == "tensor([0.], made_by=Multiply)"
    assert repr(tensor(X[:, :1])) == "tensor([[0.5],\n        [1.5]], dtype=float64)"


def test_looking_at_it() -> None:
    x = tensor(X)
    assert (x.shape, x.ndim, x.size, x.dtype) == ((2, 3), 2, 6, np.float64)
    assert x.T.shape == (3, 2) and x.is_leaf and x.tolist() == X.tolist()


METHODS: list[Callable[[Any], Any]] = [
    lambda x: x.sum(),
    lambda x: x.sum(axis=0),
    lambda x: x.mean(1, keepdims=True),
    lambda x: x.var(axis=1, ddof=1),
    lambda x: x.max(axis=(0, 1)),
    lambda x: x.min(0),
    lambda x: x.clip(-1.0, 1.0),
    lambda x: x.reshape(3, 2),
    lambda x: x.reshape((6,)),
    lambda x: x.reshape([3, -1]),
    lambda x: x.reshape(np.int64(6)),
    lambda x: x.reshape(-1),
    lambda x: x.transpose(),
    lambda x: x.transpose(1, 0),
    lambda x: x.transpose((-1, 0)),
    lambda x: x.transpose(None),
    lambda x: x.swapaxes(0, -1),
    lambda x: x[None, :1].squeeze(),
    lambda x: x[:1].squeeze(0),
    lambda x: x.flatten(),
    lambda x: abs(x) ** 1.5,
    lambda x: x @ x.T,
    lambda x: x[:, [0, 0, 2]],
    lambda x: x[..., -1],
    lambda x: x[x[:, 0] > 1],
]


@pytest.mark.parametrize("call", METHODS)
def test_methods_are_numpys(call: Callable[[Any], Any]) -> None:
    y = call(tensor(X, requires_grad=True))
    np.testing.assert_allclose(y.numpy(), call(X), rtol=1e-15)
    assert y.shape == np.shape(call(X)) and y.requires_grad
    assert pellucid.check_gradients(call, X).error < 1e-8


@pytest.mark.parametrize("name", ["exp", "sigmoid", "tanh", "relu", "step", "abs"])
def test_one_number_at_a_time(name: str) -> None:
    assert pellucid.check_gradients(lambda x: getattr(x, name)(), X).error < 1e-8


@pytest.mark.parametrize("name", ["log", "sqrt"])
def test_of_positive_numbers(name: str) -> None:
    assert pellucid.check_gradients(lambda x: getattr(x, name)(), abs(X)).error < 1e-8


def test_softmax_and_logsumexp_methods() -> None:
    x = tensor(X)
    np.testing.assert_allclose(x.softmax(0).numpy().sum(axis=0), 1)
    np.testing.assert_allclose(x.log_softmax().numpy(), np.log(x.softmax().numpy()))
    np.testing.assert_allclose(x.logsumexp(axis=1).numpy(), np.log(np.exp(X).sum(axis=1)))
    assert x.argmax(axis=1).tolist() == [2, 0]
    assert x.broadcast_to((4, 2, 3)).shape == (4, 2, 3)
    assert tensor(np.ones((2, 3, 4))).flatten(1).shape == (2, 12)


def test_tensors_can_be_indices() -> None:
    x = tensor(X, requires_grad=True)
    assert x[tensor([1, 0])].tolist() == X[[1, 0]].tolist()
    assert x[tensor([1]), 2].tolist() == [X[1, 2]]


def test_deep_copies_are_leaves_of_their_own() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    (x * 2).sum().backward()
    y = copy.deepcopy(x)
    y.data += 1
    y.grad.data += 1
    assert x.tolist() == [1.0, 2.0] and x.grad.tolist() == [2.0, 2.0]
    assert y.requires_grad and y.is_leaf


def test_a_single_number_is_formatted_as_one():
    assert f"{pellucid.tensor(0.12345):.3f}" == "0.123"
    assert f"{pellucid.tensor([1.0, 2.0])}".startswith("tensor(")
    assert (+pellucid.tensor([1.0])).tolist() == [1.0]
