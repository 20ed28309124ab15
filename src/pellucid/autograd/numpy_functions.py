"""NumPy's own functions on tensors: np.exp(t), np.sum(t), np.concatenate([t, u]) and the rest."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from pellucid import ops
from pellucid.autograd.memory import mode
from pellucid.autograd.tensor import Tensor, apply, plain
from pellucid.errors import GradientError
from pellucid.ops import Rule

__all__: list[str] = []


def _as_method(function: Any, method: str, taken: str) -> Callable[..., Any]:
    """``function`` answered by a Tensor's method, which takes the arguments named in ``taken``."""
    signature = inspect.signature(function)
    first = next(iter(signature.parameters))
    defaults = {name: p.default for name, p in signature.parameters.items()}

    def call(*args: Any, **kwargs: Any) -> Any:
        given = dict(signature.bind(*args, **kwargs).arguments)
        given = {n: v for n, v in given.items() if v is not defaults[n]}
        x = given.pop(first)
        if not isinstance(x, Tensor) or not set(given) <= set(taken.split()):
            return _without_gradient(f"np.{function.__name__}", function, args, kwargs)
        return getattr(x, method)(*[given.pop(n) for n in _PLACES if n in given], **_renamed(given))

    return call


_PLACES = ("shape", "newshape", "axes", "axis1", "axis2")  # what the methods take by place
_RENAMED = {"a_min": "min", "a_max": "max"}  # clip has two names for each


def _renamed(given: dict[str, Any]) -> dict[str, Any]:
    return {_RENAMED.get(name, name): value for name, value in given.items()}


def _concatenate(arrays: Sequence[Any], axis: int | None = 0, **options: Any) -> Any:
    if options:
        return _without_gradient("np.concatenate", np.concatenate, (arrays, axis), options)
    if axis is None:
        arrays, axis = [_tensor(x).reshape(-1) for x in arrays], 0
    return apply(ops.Concatenate, *arrays, axis=axis)


def _stack(arrays: Sequence[Any], axis: int = 0, **options: Any) -> Any:
    if options:
        return _without_gradient("np.stack", np.stack, (arrays, axis), options)
    return apply(ops.Stack, *arrays, axis=axis)


def _where(condition: Any, *choices: Any) -> Any:
    if not choices:  # the places where the condition holds: whole numbers
        return np.where(plain(condition))
    return apply(ops.Where, condition, *choices)


def _pad(x: Any, pad_width: Any, mode: str = "constant", **options: Any) -> Any:
    value = options.pop("constant_values", 0.0)
    if mode != "constant" or options or np.ndim(value) or isinstance(pad_width, dict):
        options = {"mode": mode, **options, **({"constant_values": value} if value else {})}
        return _without_gradient("np.pad", np.pad, (x, pad_width), options)
    width = np.broadcast_to(pad_width, (x.ndim, 2)).tolist()
    return apply(ops.Pad, x, width=tuple(map(tuple, width)), value=value)


def _expand_dims(x: Tensor, axis: int | tuple[int, ...]) -> Tensor:
    return x.reshape(np.expand_dims(x.data, axis).shape)


def _ravel(x: Tensor) -> Tensor:
    return x.reshape(-1)


def _tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else Tensor(x)


_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: _as_method(np.sum, "sum", "axis keepdims"),
    np.mean: _as_method(np.mean, "mean", "axis keepdims"),
    np.var: _as_method(np.var, "var", "axis ddof keepdims"),
    np.max: _as_method(np.max, "max", "axis keepdims"),
    np.amax: _as_method(np.amax, "max", "axis keepdims"),
    np.min: _as_method(np.min, "min", "axis keepdims"),
    np.amin: _as_method(np.amin, "min", "axis keepdims"),
    np.clip: _as_method(np.clip, "clip", "a_min a_max min max"),
    np.reshape: _as_method(np.reshape, "reshape", "shape newshape"),
    np.transpose: _as_method(np.transpose, "transpose", "axes"),
    np.swapaxes: _as_method(np.swapaxes, "swapaxes", "axis1 axis2"),
    np.squeeze: _as_method(np.squeeze, "squeeze", "axis"),
    np.broadcast_to: _as_method(np.broadcast_to, "broadcast_to", "shape"),
    np.concatenate: _concatenate,
    np.stack: _stack,
    np.where: _where,
    np.pad: _pad,
    np.expand_dims: _expand_dims,
    np.ravel: _ravel,
}
_UFUNCS: dict[Any, Rule] = {ufunc: entry for entry in ops.TABLE.values() for ufunc in entry.numpy}
# Whole numbers, truth values or constants come out of these: there is no gradient to lose.
_FLAT = frozenset(
    getattr(np, name)
    for name in [
        "allclose",
        "array_equal",
        "array_repr",
        "array_str",
        "argmax",
        "argmin",
        "argsort",
        "count_nonzero",
        "full_like",
        "isclose",
        "isfinite",
        "isinf",
        "isnan",
        "empty_like",
        "ndim",
        "nonzero",
        "ones_like",
        "searchsorted",
        "shape",
        "sign",
        "size",
        "zeros_like",
        "all",
        "any",
        "ceil",
        "floor",
        "rint",
        "round",
    ]
)


def _without_gradient(name: str, function: Any, args: Any, kwargs: Any) -> Any:
    """Run NumPy's own function on the arrays, unless a gradient would be lost without a word."""
    tracked = mode.grad and any(t.requires_grad for t in _tensors((args, kwargs)))
    if kwargs.get("out") is not None and [*_tensors(kwargs["out"])]:
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


Tensor.__array_ufunc__ = _array_ufunc  # type: ignore[attr-defined]
Tensor.__array_function__ = _array_function  # type: ignore[attr-defined]
