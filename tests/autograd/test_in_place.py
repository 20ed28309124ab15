"""Changes in place: refused where a gradient would be wrong, allowed where none can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import Tensor, no_grad, tensor
from pellucid.errors import GradientError, ShapeError


def leaf(*values: float) -> Tensor:
    return tensor(list(values), requires_grad=True)


def add_in_place(x: Tensor, y: Any) -> None:
    x += y


def set_first(x: Tensor, y: Any) -> None:
    x[0] = y


CHANGES: list[Callable[[Tensor], Any]] = [
    lambda x: add_in_place(x, 1),
    lambda x: x.__isub__(1),
    lambda x: x.__imul__(2),
    lambda x: x.__itruediv__(2),
    lambda x: set_first(x, 9.0),
    lambda x: x.copy_(np.zeros(2)),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_leaf_that_learns_is_not_changed_in_place(change: Callable[[Tensor], Any]) -> None:
    x = leaf(1.0, 2.0)
    with pytest.raises(GradientError, match=r"a tensor of shape \(2,\) that requires a gradient"):
        change(x)
    assert x.tolist() == [1.0, 2.0]
    with pytest.raises(GradientError, match="in-place change"):
        change(x * 2)


@pytest.mark.parametrize("change", CHANGES)
def test_under_no_grad_weights_are_changed_by_hand(change: Callable[[Tensor], Any]) -> None:
    x = leaf(1.0, 2.0)
    with no_grad():
        change(x)
    assert x.tolist() != [1.0, 2.0] and x.requires_grad
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), 2 * x.numpy())


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    "reach",
    [
        lambda x: x,
        lambda x: x[:],
        lambda x: x.reshape(2),
        lambda x: x.detach(),
        lambda x: x.T,
        Tensor,
    ],
    ids=["itself", "slice", "reshape", "detach", "T", "Tensor"],
)
def test_a_saved_input_that_changed_is_noticed(
    reach: Callable[[Tensor], Tensor], change: Callable[[Tensor], Any]
) -> None:
    x, w = tensor([1.0, 2.0]), leaf(3.0, 4.0)
    y = (x * w).sum()
    change(reach(x))
    with pytest.raises(GradientError) as error:
        y.backward()
    assert str(error.value).splitlines()[:2] == [
        "GradientError in backward through Multiply",
        "  got:    an input of shape (2,) that was changed in place after Multiply had used it",
    ]
    assert w.grad is None


def test_a_saved_weight_that_changed_is_noticed() -> None:
    w = leaf(3.0, 4.0)
    y = (w * w).sum()
    with no_grad():
        w += 1
    with pytest.raises(GradientError, match="an input of shape"):
        y.backward()


def test_a_saved_output_that_changed_is_noticed() -> None:
    w = leaf(0.0, 1.0)
    y = w.exp()
    with no_grad():
        y += 1
    with pytest.raises(GradientError, match=r"the output of shape \(2,\) that was changed"):
        y.sum().backward()


def test_a_view_of_what_changed_is_noticed() -> None:
    x, w = tensor([[1.0, 2.0]]), leaf(3.0, 4.0)
    y = (x.broadcast_to((3, 2)) * w).sum()
    x += 1
    with pytest.raises(GradientError, match="an input of shape"):
        y.backward()
    x = tensor([1.0, 2.0])
    y = (x[1:] * w[1:]).sum()
    x[0] = 7.0  # another place of the same memory: refused too, rather than compared
    with pytest.raises(GradientError, match="an input of shape"):
        y.backward()


def test_changes_before_use_are_nobodys_business() -> None:
    x, w = tensor([1.0, 2.0]), leaf(3.0, 4.0)
    x += 1
    view = x[:]
    view *= 2
    (view * w).sum().backward()
    assert w.grad.tolist() == [4.0, 6.0]


def test_copies_are_independent() -> None:
    x, w = tensor([1.0, 2.0]), leaf(3.0, 4.0)
    y = (x * w).sum()
    other = x.copy()
    other += 1
    x[[0, 1]] += 1  # an index array copies; assigning it back changes x
    with pytest.raises(GradientError, match="an input"):
        y.backward()


def test_a_gradient_cannot_be_written_into_a_tensor_unnoticed() -> None:
    x, w = tensor([1.0, 2.0]), leaf(3.0, 4.0)
    for change in (
        lambda: add_in_place(x, w),
        lambda: set_first(x, w[0]),
        lambda: x.copy_(w),
        lambda: x.__imul__(w),
    ):
        with pytest.raises(GradientError, match="values that require a gradient, written into"):
            change()
    with no_grad():
        x += w
    assert x.tolist() == [4.0, 6.0]


def test_what_does_not_fit_is_refused_with_words() -> None:
    x = tensor([1.0, 2.0])
    with pytest.raises(ShapeError, match=r"copy_\n  got:    values of shape \(3,\)"):
        x.copy_(np.ones(3))
    with pytest.raises(ShapeError, match=r"do not fit the shape \(2,\)"):
        x += np.ones((3, 2))
    with pytest.raises(GradientError, match="memory is read-only"):
        add_in_place(tensor([1.0]).broadcast_to((3,)), 1)
    assert x.tolist() == [1.0, 2.0]


def test_assignment_by_mask_and_tensor_index() -> None:
    x = tensor([1.0, -2.0, 3.0])
    x[x < 0] = 0.0
    x[tensor([2])] = tensor([9.0])
    assert x.tolist() == [1.0, 0.0, 9.0]
