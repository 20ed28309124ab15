"""Rows of a table by token: embeddings, bags of them, and one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import DataError, DtypeError, OptionError, ShapeError, choose
from pellucid.nn.functional.doors import in_dtype

__all__ = [
    "check_tokens",
    "embedding",
    "embedding_bag",
    "one_hot",
    "padding_row",
    "refuse_renorm",
    "refuse_sparse",
]


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """y = W[ids]: ids (...) of whole numbers and W (V, D) give (..., D).

    The row of ``padding_idx`` gets no gradient; with ``scale_grad_by_freq`` the gradient of a row
    is divided by how often its token occurs in ``input``. Raises DataError for a token outside
    0 .. V - 1, DtypeError for ids that are no whole numbers, and OptionError for ``max_norm`` and
    ``sparse``, which Pellucid has not.

    >>> embedding(np.array([2, 0]), np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])).tolist()
    [[4.0, 5.0], [0.0, 1.0]]
    """
    who = "embedding"
    refuse_renorm(who, max_norm, norm_type)
    refuse_sparse(who, sparse)
    rows = _table(who, weight).shape[0]
    return apply(
        ops.Embedding,
        check_tokens(who, input, rows),
        weight,
        padding_idx=padding_row(who, padding_idx, rows),
        scale_grad_by_freq=scale_grad_by_freq,
    )


def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, the mean or the maximum of the rows W[ids] of each bag: (bags, D).

    ids (bags, N), or (N,) with ``offsets`` (bags,): where in ids each bag begins (with
    ``include_last_offset`` one number more, the length of ids). ``per_sample_weights``, like ids,
    weigh the rows of a sum. A token ``padding_idx`` does not count; an empty bag gives 0.
    Raises as :func:`embedding`, and DataError for offsets that do not rise from 0.

    >>> W = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    >>> embedding_bag(np.array([2, 0, 1]), W, offsets=np.array([0, 2])).tolist()
    [[2.0, 3.0], [2.0, 3.0]]
    """
    who = "embedding_bag"
    choose(who, mode, ("sum", "mean", "max"))
    refuse_renorm(who, max_norm, norm_type)
    refuse_sparse(who, sparse)
    rows = _table(who, weight).shape[0]
    ids = check_tokens(who, input, rows)
    bags, n = _bags(who, ids, offsets, include_last_offset)
    padding_idx = padding_row(who, padding_idx, rows)
    if mode == "max":
        if scale_grad_by_freq or per_sample_weights is not None:
            raise _only_for(who, "max", scale_grad_by_freq)
        return apply(ops.EmbeddingBagMax, ids, weight, bags, n=n, padding_idx=padding_idx)
    if per_sample_weights is not None and mode != "sum":
        raise _only_for(who, mode, False)
    return apply(
        ops.EmbeddingBag,
        ids,
        weight,
        bags,
        _per_sample(who, per_sample_weights, ids, weight),
        n=n,
        mean=mode == "mean",
        padding_idx=padding_idx,
        scale_grad_by_freq=scale_grad_by_freq,
    )


def one_hot(tensor: Any, num_classes: int = -1) -> Tensor:
    """Rows of 0 with a single 1 at each class: classes (...) give whole numbers (..., C).

    C is ``num_classes``, or one more than the greatest class for -1. Raises DataError for a class
    outside 0 .. C - 1.

    >>> one_hot(np.array([2, 0]), 3).tolist()
    [[0, 0, 1], [1, 0, 0]]
    """
    classes = _whole("one_hot", tensor)
    if num_classes == -1:
        if not classes.size:
            raise OptionError(
                "one_hot", got="no class and num_classes = -1", needs="the number of classes"
            )
        num_classes = int(classes.data.max()) + 1
    _within("one_hot", classes, num_classes, "class", "classes")
    hits = apply(ops.Equal, classes.reshape(*classes.shape, 1), np.arange(num_classes))
    return hits.astype(np.int64)


# -- what is checked at the door --


def check_tokens(who: str, ids: Any, rows: int) -> Tensor:
    """The ids as a tensor of whole numbers, each the number of a row."""
    found = _whole(who, ids)
    _within(who, found, rows, "token", "tokens", "the vocabulary")
    return found


def _whole(who: str, x: Any) -> Tensor:
    found = x if isinstance(x, Tensor) else Tensor(x)
    if found.dtype.kind not in "iu":
        raise DtypeError(
            who,
            got=f"an input of dtype {found.dtype}",
            needs="whole numbers",
            try_="x.astype(np.int64)" if found.dtype.kind == "f" else None,
        )
    return found


def _within(who: str, x: Tensor, n: int, one: str, many: str, whole: str | None = None) -> None:
    ids = x.data
    if not isinstance(ids, np.ndarray) or not ids.size or (ids.min() >= 0 and ids.max() < n):
        return
    wrong = np.argwhere((ids < 0) | (ids >= n))
    place = tuple(wrong[0].tolist())
    where = f" at place {place[0] if len(place) == 1 else place}" if place else ""
    raise DataError(
        who,
        got=f"{one} {ids[place]}{where}" + (f" and {len(wrong) - 1} more" * (len(wrong) > 1)),
        needs=f"{many} from 0 to {n - 1}" + (f": {whole} has {n}" if whole else ""),
    )


def _table(who: str, weight: Any) -> Any:
    if len(weight.shape) != 2 or weight.dtype.kind != "f":
        raise ShapeError(
            who,
            got=f"a weight of shape {tuple(weight.shape)} and dtype {weight.dtype}",
            needs="one row of floating-point numbers a token: (vocabulary, width)",
        )
    return weight


def padding_row(who: str, padding_idx: int | None, rows: int) -> int | None:
    """``padding_idx`` counted from the front."""
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise OptionError(
            who,
            got=f"padding_idx = {padding_idx}",
            needs=f"a token of the vocabulary, from {-rows} to {rows - 1}",
        )
    return padding_idx % rows


def refuse_renorm(who: str, max_norm: float | None, norm_type: float) -> None:
    """torch shortens rows of the weight in place while it looks them up."""
    for name, value, plain in (("max_norm", max_norm, None), ("norm_type", norm_type, 2)):
        if value != plain:
            raise OptionError(
                who,
                got=f"{name}={value}",
                needs=f"{name}={plain}: a forward pass changes no weight here",
                try_="shorten the rows after a step, with weight.copy_(...) under no_grad()",
            )


def refuse_sparse(who: str, sparse: bool) -> None:
    """Gradients are arrays in the shape of the weight."""
    if sparse:
        raise OptionError(
            who, got="sparse=True", needs="sparse=False: every gradient is a whole array"
        )


def _bags(who: str, ids: Tensor, offsets: Any, include_last: bool) -> tuple[Any, int]:
    """The bag of each token, None where each row of ids is one; and how many bags there are."""
    if ids.ndim not in (1, 2) or (ids.ndim == 1) != (offsets is not None):
        raise ShapeError(
            who,
            got=f"tokens of shape {ids.shape} {'with' if offsets is not None else 'without'} "
            "offsets",
            needs="(bags, tokens) without offsets, or (tokens,) with offsets",
        )
    if ids.shape[-1] == 0:
        raise ShapeError(who, got=f"tokens of shape {ids.shape}", needs="at least one token")
    if offsets is None:
        return None, ids.shape[0]
    offsets = _whole(who, offsets)
    if offsets.ndim != 1:
        raise ShapeError(
            who, got=f"offsets of shape {offsets.shape}", needs="one number a bag: (bags,)"
        )
    _check_offsets(who, offsets.data, ids.size, include_last)
    starts = offsets.data[:-1] if include_last else offsets.data
    return np.searchsorted(starts, np.arange(ids.size), side="right") - 1, starts.shape[0]


def _check_offsets(who: str, offsets: Any, n: int, include_last: bool) -> None:
    if not isinstance(offsets, np.ndarray):
        return
    end = offsets[-1:] == n if include_last else offsets[-1:] <= n
    if not (offsets.size and offsets[0] == 0 and (np.diff(offsets) >= 0).all() and end.all()):
        last = f"to {n}" if include_last else f"to at most {n}"
        raise DataError(
            who,
            got=f"offsets {offsets[:8].tolist()}{' ...' if offsets.size > 8 else ''}",
            needs=f"where each bag begins, rising from 0 {last}, the number of tokens",
        )


def _only_for(who: str, mode: str, by_frequency: bool) -> OptionError:
    name = "scale_grad_by_freq" if by_frequency else "per_sample_weights"
    return OptionError(
        who,
        got=f"{name} with mode={mode!r}",
        needs=f"mode='sum'{' or mode=' + repr('mean') if by_frequency else ''}",
    )


def _per_sample(who: str, w: Any, ids: Tensor, weight: Any) -> Any:
    w = in_dtype(w, weight.dtype)
    if w is not None and w.shape != ids.shape:
        raise ShapeError(
            who,
            got=f"per_sample_weights of shape {w.shape} for tokens of shape {ids.shape}",
            needs="one weight a token",
        )
    return w
