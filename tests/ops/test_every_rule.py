"""Every operation of the table, over the one list of cases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import ops
from pellucid.autograd import apply, op

from .cases import CASES
from .cases.base import Case, is_float
from .spy import Spy

DIFFERENTIABLE = [c for c in CASES if ops.TABLE[c.rule].backward is not None]
every_case = pytest.mark.parametrize("case", CASES, ids=str)
every_gradient = pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)


def wanted(case: Case) -> tuple[bool, ...]:
    """Which inputs have a gradient."""
    return tuple(not i.constant for i in case.inputs)


def outputs_of(rule: ops.Rule, inputs: list[Any], options: dict[str, Any]) -> tuple[Any, ...]:
    result = rule.forward(*inputs, **options)
    return result if isinstance(result, tuple) else (result,)


def arriving(y: Any) -> Any:
    """A gradient to send back, in the shape and dtype of the output."""
    y = np.asarray(y)
    return np.cos(np.arange(y.size) + 1.0).reshape(y.shape).astype(y.dtype)


def both_ways(
    case: Case, inputs: list[Any], needs: tuple[bool, ...], options: dict[str, Any] | None = None
) -> tuple[Any, tuple[Any, ...]]:
    """The output and the gradients of the bare rule."""
    rule = ops.TABLE[case.rule]
    options = case.options if options is None else options
    outputs = outputs_of(rule, inputs, options)
    return outputs[0], rule.gradients(arriving(outputs[0]), outputs, tuple(inputs), options, needs)


def in_function(case: Case, inputs: list[Any]) -> tuple[Any, list[Any]]:
    """The case as a function of its differentiable inputs, and those inputs."""
    rule, need = ops.TABLE[case.rule], wanted(case)

    def function(*given: Any) -> Any:
        left, fresh = iter(given), case.make()
        full = [next(left) if n else f for n, f in zip(need, fresh, strict=True)]
        if case.through:
            full[0] = apply(ops.TABLE[case.through], full[0])
        return apply(rule, *full, **case.options)

    return function, [x for x, n in zip(inputs, need, strict=True) if n]


def checked(case: Case) -> float:
    """The worst relative error of the case's gradients."""
    function, points = in_function(case, case.make())
    return pellucid.check_gradients(function, *points).error if points else 0.0


def worst_error() -> tuple[float, str]:
    """The worst relative gradient error over the whole table, and where it is."""
    return max((checked(case), str(case)) for case in DIFFERENTIABLE)


def test_every_entry_of_the_table_has_a_row() -> None:
    assert sorted(ops.TABLE) == sorted({case.rule for case in CASES})


def test_every_entry_is_public_under_its_name() -> None:
    assert all(getattr(ops, name) is entry for name, entry in ops.TABLE.items())
    assert set(ops.TABLE) <= set(ops.__all__)


@every_case
def test_forward_equals_plain_numpy(case: Case) -> None:
    y = outputs_of(ops.TABLE[case.rule], case.make(), case.options)[0]
    expected = np.asarray(case.reference(*case.make(), **case.options))
    assert np.shape(y) == expected.shape
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-14)


@every_gradient
def test_backward_is_the_derivative_of_forward(case: Case) -> None:
    assert checked(case) < 1e-6


def test_worst_gradient_error_of_all() -> None:
    error, where = worst_error()
    print(f"\nworst relative gradient error of {len(DIFFERENTIABLE)} cases: {error:.2g} in {where}")
    assert error < 1e-6


@every_case
def test_float32_stays_float32(case: Case) -> None:
    inputs = case.make(np.float32)
    options = dict(case.options)
    if case.rule == "AsType":
        options["dtype"] = np.dtype(np.float32)
    outputs = outputs_of(ops.TABLE[case.rule], inputs, options)
    kinds = {np.asarray(y).dtype.name for y in outputs[:1]}
    floats = any(is_float(x) for x in inputs)
    if ops.TABLE[case.rule].backward is None:
        assert kinds == {"bool"}
    elif floats:
        assert kinds == {"float32"}
        _, gradients = both_ways(case, case.make(np.float32), wanted(case), options)
        assert {g.dtype.name for g in gradients if g is not None} <= {"float32"}


@every_gradient
def test_gradients_have_the_shapes_of_the_inputs(case: Case) -> None:
    inputs = case.make()
    _, gradients = both_ways(case, inputs, wanted(case))
    assert len(gradients) == len(inputs)
    for x, dx, need in zip(inputs, gradients, wanted(case), strict=True):
        assert dx is None or np.shape(dx) == np.shape(x)
        assert dx is not None or not need


@every_gradient
def test_inputs_outputs_and_the_arriving_gradient_are_left_unchanged(case: Case) -> None:
    rule, inputs = ops.TABLE[case.rule], case.make()
    kept = case.make()
    outputs = tuple(np.asarray(y) for y in outputs_of(rule, inputs, case.options))
    g, out_kept = arriving(outputs[0]), [y.copy() for y in outputs]
    for array in (*inputs, *outputs, g):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    inputs = [
        x if n is None or not hasattr(n, "random") else n for x, n in zip(inputs, kept, strict=True)
    ]
    rule.gradients(g, outputs, tuple(inputs), case.options, wanted(case))
    for x, before in zip(inputs, kept, strict=True):
        if isinstance(x, np.ndarray):
            np.testing.assert_array_equal(x, before)
    for y, before in zip(outputs, out_kept, strict=True):
        np.testing.assert_array_equal(y, before)
    np.testing.assert_array_equal(g, arriving(outputs[0]))


@every_gradient
def test_a_gradient_that_nobody_needs_is_none(case: Case) -> None:
    need = wanted(case)
    _, all_of_them = both_ways(case, case.make(), need)
    for i in [i for i, n in enumerate(need) if n]:
        only = tuple(j == i for j in range(len(need)))
        _, gradients = both_ways(case, case.make(), only)
        np.testing.assert_array_equal(gradients[i], all_of_them[i])
        assert all(dx is None for j, dx in enumerate(gradients) if j != i)


@every_gradient
def test_the_rule_works_as_an_operation_of_ones_own(case: Case) -> None:
    rule = ops.TABLE[case.rule]
    body = {"__doc__": rule.doc, "forward": rule.forward, "backward": rule.backward}
    own = op(type(case.rule, (), body))
    results = []
    for run in (own, lambda *xs, **options: apply(rule, *xs, **options)):
        inputs = [
            pellucid.tensor(x, requires_grad=True) if need else x
            for x, need in zip(case.make(), wanted(case), strict=True)
        ]
        y = run(*inputs, **case.options)
        if y.requires_grad:
            y.backward(arriving(y.data))
        results.append([y.data] + [getattr(x, "grad", None) for x in inputs])
    assert len(results[0]) == len(results[1])
    for mine, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs))


@every_case
def test_a_rule_never_looks_at_a_value(case: Case) -> None:
    rule = ops.TABLE[case.rule]
    spies = [Spy(x) if isinstance(x, np.ndarray) else x for x in case.make()]
    seen = outputs_of(rule, spies, case.options)
    plain = outputs_of(rule, case.make(), case.options)
    for spy, y in zip(seen, plain, strict=True):
        np.testing.assert_array_equal(getattr(spy, "array", spy), y)
    if rule.backward is None:
        return
    g, need = arriving(plain[0]), wanted(case)
    inputs = tuple(Spy(x) if isinstance(x, np.ndarray) else x for x in case.make())
    gradients = rule.gradients(Spy(g), seen, inputs, case.options, need)
    expected = rule.gradients(g, plain, tuple(case.make()), case.options, need)
    for spy, dx in zip(gradients, expected, strict=True):
        assert (spy is None) == (dx is None)
        if dx is not None:
            np.testing.assert_array_equal(getattr(spy, "array", spy), dx)
