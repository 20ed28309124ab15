"""Clipping by norm and by value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from optim_params import param, with_grad

from pellucid import Tensor, optim
from pellucid.errors import NonFiniteError, OptionError
from pellucid.optim import clip


def three_four() -> list[Tensor]:
    """Gradients 3 and 4 in two parameters, whose common norm is 5, and one without."""
    return [with_grad([0.0], [3.0]), with_grad([[0.0]], [[4.0]]), param([0.0])]


def grads(params: list[Tensor]) -> list[float]:
    return [p.grad.data.item() for p in params[:2]]


def test_the_common_norm_is_cut() -> None:
    params = three_four()
    assert optim.clip_grad_norm_(iter(params), 1.0) == 5.0
    np.testing.assert_allclose(grads(params), [0.6, 0.8], rtol=1e-6)
    assert params[2].grad is None


def test_torchs_1e_6_stands_below() -> None:
    params = three_four()
    optim.clip_grad_norm_(params, 1.0)
    np.testing.assert_allclose(grads(params), [3 / (5 + 1e-6), 4 / (5 + 1e-6)], rtol=1e-15)


def test_a_small_gradient_is_not_made_larger() -> None:
    params = three_four()
    assert optim.clip_grad_norm_(params, 10.0) == 5.0
    assert grads(params) == [3.0, 4.0]


def test_an_infinite_bound_only_measures() -> None:
    params = three_four()
    assert optim.clip_grad_norm_(params, math.inf) == 5.0
    assert grads(params) == [3.0, 4.0]


@pytest.mark.parametrize(("norm_type", "norm"), [(1, 7.0), (math.inf, 4.0), (3, 91 ** (1 / 3))])
def test_other_norms(norm_type: float, norm: float) -> None:
    assert optim.clip_grad_norm_(three_four(), 1.0, norm_type) == pytest.approx(norm, rel=1e-14)


def test_no_gradient_at_all() -> None:
    assert optim.clip_grad_norm_([param([1.0])], 1.0) == 0.0
    assert optim.clip_grad_norm_([], 1.0) == 0.0


def test_one_parameter_instead_of_a_list() -> None:
    p = with_grad([0.0], [5.0])
    assert optim.clip_grad_norm_(p, 1.0) == 5.0
    optim.clip_grad_value_(p, 0.5)
    assert p.grad.data.tolist() == [0.5]


def test_by_value() -> None:
    p = with_grad([0.0, 0.0, 0.0], [-3.0, 0.5, 3.0])
    optim.clip_grad_value_([p, param([0.0])], 1)
    assert p.grad.data.tolist() == [-1.0, 0.5, 1.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_and_shared_arrays(dtype: Any) -> None:
    p, q = with_grad(np.zeros(2, dtype), [3.0, 4.0]), with_grad(np.zeros(2, np.float64), [0, 0])
    optim.clip_grad_norm_([p, q], 1.0)
    assert (p.grad.data.dtype, q.grad.data.dtype) == (dtype, np.float64)
    q.grad.data = p.grad.data = np.array([3.0, 4.0])
    optim.clip_grad_norm_([p, q], 1.0)
    np.testing.assert_allclose(p.grad.data, np.array([3.0, 4.0]) / math.sqrt(50), rtol=1e-6)


def test_the_rules_leave_the_gradients_alone() -> None:
    g = np.array([3.0, 4.0])
    g.flags.writeable = False
    assert float(clip.norm_scale([g], 1.0)) == pytest.approx(0.2)
    assert clip.norm_scale([g.astype(np.float32)], 1.0).dtype == np.float32
    assert clip.by_value(g, limit=3.5).tolist() == [3.0, 3.5]


def test_a_norm_that_is_not_finite() -> None:
    params = [with_grad([0.0], [math.nan])]
    with pytest.raises(NonFiniteError, match="gradients of norm nan\n  needs:  a finite norm"):
        optim.clip_grad_norm_(params, 1.0, error_if_nonfinite=True)
    assert math.isnan(optim.clip_grad_norm_(params, 1.0))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda p: optim.clip_grad_norm_(p, -1.0), "max_norm=-1.0"),
        (lambda p: optim.clip_grad_norm_(p, math.nan), "max_norm=nan"),
        (lambda p: optim.clip_grad_norm_(p, 1.0, 0), "norm_type=0\n  needs:  norm_type: above 0"),
        (lambda p: optim.clip_grad_norm_(p, 1.0, foreach=True), "foreach=True"),
        (lambda p: optim.clip_grad_value_(p, -1.0), "clip_value=-1.0"),
        (lambda p: optim.clip_grad_value_(p, 1.0, foreach=True), "foreach=True"),
    ],
)
def test_bad_bounds_are_refused(call: Any, text: str) -> None:
    with pytest.raises(OptionError, match=text):
        call(three_four())
