"""What every function asks of its inputs before its rule runs: a rule cannot branch on values."""

from __future__ import annotations

from typing import Any

from pellucid.autograd import Tensor
from pellucid.errors import DtypeError, OptionError, ShapeError
from pellucid.nn.arguments import inplace_refused

__all__ = [
    "axis_of",
    "floating",
    "in_dtype",
    "named_dim",
    "probability",
    "refuse_inplace",
]


def floating(who: str, x: Any) -> Any:
    """``x`` if its numbers are floating-point: in whole numbers -x may wrap round to 255."""
    if x.dtype.kind != "f":
        raise DtypeError(
            who,
            got=f"an input of dtype {x.dtype}",
            needs="floating-point numbers",
            try_="x.astype(np.float32)",
        )
    return x


def in_dtype(weight: Any, dtype: Any) -> Any:
    """``weight`` in another dtype; None stays None."""
    if weight is None:
        return None
    return (weight if isinstance(weight, Tensor) else Tensor(weight)).astype(dtype)


def refuse_inplace(who: str, inplace: bool) -> None:
    """Nothing is computed in place here: the memory of the forward pass would be lost."""
    if inplace:
        raise inplace_refused(who)


def named_dim(who: str, dim: int | None) -> int:
    """``dim``, which must be named: there is no right default."""
    if dim is None:
        raise OptionError(
            who, got="no dim", needs="the axis whose values shall sum to 1", try_=f"{who}(dim=1)"
        )
    return dim


def axis_of(who: str, shape: tuple[int, ...], dim: int) -> int:
    """``dim`` counted from 0, if an array of this shape has it."""
    if not -len(shape) <= dim < len(shape):
        raise ShapeError(who, got=f"an input of shape {shape}", needs=f"an axis {dim}")
    return dim % len(shape)


def probability(who: str, p: float) -> float:
    """``p``, from 0 to 1."""
    if not 0 <= p <= 1:
        raise OptionError(who, got=f"p = {p}", needs="a probability from 0 to 1")
    return p
