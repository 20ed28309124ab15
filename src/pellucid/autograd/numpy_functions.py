"""NumPy's own functions on tensors: np.exp(t), np.sum(t), np.concatenate([t, u]) and the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from pellucid import ops
from pellucid.autograd.memory import mode
from pellucid.autograd.tensor import Tensor, apply, plain
from pellucid.errors import GradientError
from pellucid.ops import Rule

__all__: list[str] = []


def _concatenate(arrays: Sequence[Any], axis: int = 0) -> Tensor:
    return apply(ops.Concatenate, *arrays, axis=axis)


def _stack(arrays: Sequence[Any], axis: int = 0) -> Tensor:
    return apply(ops.Stack, *arrays, axis=axis)


def _where(condition: Any, a: Any, b: Any) -> Tensor:
    return apply(ops.Where, condition, a, b)


def _pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Tensor:
    if mode != "constant":
        return _without_gradient(  # type: ignore[no-any-return]
            "np.pad", np.pad, (x, pad_width), {"mode": mode}
        )
    width = np.broadcast_to(pad_width, (x.ndim, 2)).tolist()
    return apply(ops.Pad, x, width=tuple(map(tuple, width)), value=constant_values)


def _expand_dims(x: Any, axis: int) -> Tensor:
    return x.reshape(np.expand_dims(x.data, axis).shape)  # type: ignore[no-any-return]


_METHODS = (
    ["sum", "mean", "var", "max", "min", "clip", "reshape", "transpose", "swapaxes", "squeeze", "broadcast_to", "argmax"]
)
_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    **{getattr(np, name): getattr(Tensor, name) for name in _METHODS},
    np.concatenate: _concatenate,
    np.stack: _stack,
    np.where: _where,
    np.pad: _pad,
    np.expand_dims: _expand_dims,
}
_UFUNCS: dict[Any, Rule] = {ufunc: entry for entry in ops.TABLE.values() for ufunc in entry.numpy}
# Whole numbers, truth values or constants come out of these: there is no gradient to lose.
_FLAT = frozenset(
    getattr(np, name)
    for name in ["allclose", "array_equal", "array_repr", "array_str", "argmin", "argsort", "count_nonzero", "full_like", "isclose", "isfinite", "isinf", "isnan", "empty_like", "ndim", "nonzero", "ones_like", "searchsorted", "shape", "sign", "size", "zeros_like", "all", "any", "ceil", "floor", "rint", "round"]
)


def _without_gradient(name: str, function: Any, args: Any, kwargs: Any) -> Any:
    """Run NumPy's own function on the arrays, unless a gradient would be lost without a word."""
    tracked = mode.grad and any(t.requires_grad for t in _tensors((args, kwargs)))
    if kwargs.get("out") is not None and any(_tensors(kwargs["out"])):
        raise GradientError(
            name,
            got="out= with a tensor",
            needs="a plain array as out=, or an operation without out=",
        )
    if tracked and function not in _FLAT:
        raise GradientError(
            name,
            got="a tensor that requires a gradient",
            needs="an operation of the table: this one has no backward rule here",
            try_=f"{name}(t.numpy()) where no gradient is wanted, or write it with @pellucid.op",
        )
    return function(*plain(args), **plain(kwargs))


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _tensors(part)
    elif isinstance(value, dict):
        yield from _tensors(tuple(value.values()))


def _array_ufunc(_: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    rule = _UFUNCS.get(ufunc)
    if rule is not None and method == "__call__" and not kwargs:
        return apply(rule, *inputs)
    function = ufunc if method == "__call__" else getattr(ufunc, method)
    return _without_gradient(f"np.{ufunc.__name__}", function, inputs, kwargs)


def _array_function(_: Tensor, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    answer = _FUNCTIONS.get(function)
    if answer is not None:
        return answer(*args, **kwargs)
    return _without_gradient(f"np.{function.__name__}", function, args, kwargs)


Tensor.__array_ufunc__ = _array_ufunc
Tensor.__array_function__ = _array_function
