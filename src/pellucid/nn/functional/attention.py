"""Attention as a function, and what its masks mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import DataError, DtypeError, OptionError, ShapeError
from pellucid.nn.functional.doors import floating
from pellucid.random import default_generator

__all__ = ["additive", "as_mask", "check_visible", "scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
    generator: np.random.Generator | None = None,
) -> Tensor:
    """softmax(scale q k^T + mask) v: q (..., L, E), k (..., S, E), v (..., S, D) -> (..., L, D).

    ``scale`` is 1 / sqrt(E) unless given. ``attn_mask`` broadcasts to (..., L, S): truth values,
    True where a key takes part (the opposite of MultiheadAttention's masks), or numbers that are
    added. ``is_causal`` hides from query i every key j > i, beside what a mask hides. With
    ``enable_gqa`` each head (axis -3) of k and v serves several heads of q. ``dropout_p`` always
    drops: pass 0 when predicting. Source: Vaswani et al. 2017, equation 1.

    Raises DataError where a mask hides all keys from a query (torch gives 0 or NaN there); in a
    written program, where no mask can be looked at, such a row is NaN. Raises ShapeError and
    DtypeError for inputs and masks that do not fit.

    >>> q = k = v = np.eye(2)
    >>> scaled_dot_product_attention(q, k, v, is_causal=True).numpy().round(2).tolist()
    [[1.0, 0.0], [0.33, 0.67]]
    """
    who = "scaled_dot_product_attention"
    q, k, v = (x if isinstance(x, Tensor) else Tensor(x) for x in (query, key, value))
    mask = as_mask(who, "attn_mask", attn_mask, q.dtype)
    shape = _check_shapes(who, q, k, v, enable_gqa)
    if mask is not None:
        _check_mask_shape(who, mask, shape)
        check_visible(who, mask, is_causal, shape)
    if not 0 <= dropout_p <= 1:
        raise OptionError(who, got=f"dropout_p = {dropout_p}", needs="a probability from 0 to 1")
    if enable_gqa:
        q, k, v, mask = _grouped(q, k, v, mask)
    context = apply(
        ops.Attention,
        q,
        k,
        v,
        mask,
        (generator or default_generator()) if dropout_p > 0 else None,
        scale=1 / math.sqrt(q.shape[-1]) if scale is None else scale,
        causal=is_causal,
        p=dropout_p,
    )
    return context.reshape(*shape[:-1], v.shape[-1]) if enable_gqa else context


def _grouped(q: Tensor, k: Tensor, v: Tensor, mask: Any) -> tuple[Any, ...]:
    """The heads of q in groups, one for each head of k and v: (..., G, H / G, L, E)."""
    groups, heads = k.shape[-3], q.shape[-3]
    if mask is not None and mask.ndim > 2:
        split = (groups, heads // groups) if mask.shape[-3] == heads else (1, 1)
        mask = mask.reshape(*mask.shape[:-3], *split, *mask.shape[-2:])
    q = q.reshape(*q.shape[:-3], groups, heads // groups, *q.shape[-2:])
    k, v = (x.reshape(*x.shape[:-2], 1, *x.shape[-2:]) for x in (k, v))
    return q, k, v, mask


# -- masks, for the function and for the layer --


def as_mask(who: str, name: str, mask: Any, dtype: Any) -> Tensor | None:
    """The mask as a tensor of truth values, or of numbers in ``dtype``."""
    if mask is None:
        return None
    found = mask if isinstance(mask, Tensor) else Tensor(mask)
    if found.dtype.kind not in "bf":
        raise DtypeError(
            who,
            got=f"{name} of dtype {found.dtype}",
            needs="truth values, or floating-point numbers to be added",
            try_="mask.astype(bool)",
        )
    return found if found.dtype.kind == "b" else found.astype(dtype)


def additive(hidden: Tensor, dtype: Any) -> Tensor:
    """The numbers that a mask of truth values adds: -inf where it is True, else 0."""
    if hidden.dtype.kind == "f":
        return hidden
    return Tensor(np.where(hidden.data, -np.inf, 0.0).astype(dtype))


def check_visible(who: str, mask: Tensor, causal: bool, shape: tuple[int, ...]) -> None:
    """Refuse a mask (True: takes part) that hides all keys from a query: (..., L, S)."""
    values: Any = mask.data
    if not isinstance(values, np.ndarray):
        return
    seen = np.atleast_2d(values if values.dtype == bool else values > -np.inf)
    if causal:
        seen = seen & np.tri(*shape[-2:], dtype=np.bool_)
    empty = np.argwhere(~seen.any(axis=-1))
    if not len(empty):
        return
    query = f"query {empty[0, -1]}" if seen.shape[-2] > 1 else "every query"
    head = f" in head {empty[0, -2]}" if seen.ndim > 3 and seen.shape[-3] > 1 else ""
    example = f" of example {empty[0, 0]}" if seen.ndim > 2 and seen.shape[0] > 1 else ""
    more = f", and from {len(empty) - 1} more" if len(empty) > 1 else ""
    raise DataError(
        who,
        got=f"a mask that hides all keys from {query}{example}{head}{more}",
        needs="at least one key for each query: there is no softmax over nothing",
        try_="leave out examples that are all padding" if query == "every query" else None,
    )


# -- what is checked at the door --


def _check_shapes(who: str, q: Tensor, k: Tensor, v: Tensor, gqa: bool) -> tuple[int, ...]:
    """The shape of the scores, (..., L, S)."""
    for x in (q, k, v):
        floating(who, x)
    shapes = f"query, key and value of shapes {q.shape}, {k.shape} and {v.shape}"
    if min(q.ndim, k.ndim, v.ndim) < (3 if gqa else 2):
        raise ShapeError(who, got=shapes, needs=f"{'(heads, ' if gqa else '('}length, width) each")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(
            who, got=shapes, needs="query and key of one width, key and value of one length"
        )
    if k.shape[-2] == 0:
        raise ShapeError(who, got=shapes, needs="at least one key: the sequence is empty")
    if not gqa:
        return (*_leading(who, shapes, q, k, v), q.shape[-2], k.shape[-2])
    heads, groups = q.shape[-3], k.shape[-3]
    if groups != v.shape[-3] or heads % groups or q.shape[:-3] != k.shape[:-3]:
        raise ShapeError(
            who, got=shapes, needs="as many heads for key as for value, dividing those of query"
        )
    return (*q.shape[:-1], k.shape[-2])


def _leading(who: str, shapes: str, *tensors: Tensor) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*(x.shape[:-2] for x in tensors))
    except ValueError:
        raise ShapeError(
            who, got=shapes, needs="leading axes that are equal, or 1 on one side"
        ) from None


def _check_mask_shape(who: str, mask: Tensor, shape: tuple[int, ...]) -> None:
    try:
        fits = np.broadcast_shapes(mask.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits or mask.ndim == 0:
        raise ShapeError(
            who,
            got=f"attn_mask of shape {mask.shape}",
            needs=f"a shape that broadcasts to (..., queries, keys) = {shape}",
        )
