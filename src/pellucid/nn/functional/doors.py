"""What every function asks of its inputs before its rule runs: a rule cannot branch on values."""

from __future__ import annotations

from typing import Any

from pellucid.autograd import Tensor
from pellucid.errors import DtypeError

__all__ = [
    "floating",
    "in_dtype",
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
