"""Linear, Identity and Flatten: weighted sums, and getting the axes out of the way."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import DtypeError, OptionError, ShapeError
from pellucid.nn import init
from pellucid.nn.module import Module, Parameter

__all__ = ["Flatten", "Identity", "Linear"]


class Linear(Module):
    """y = x W^T + b for x (..., in), W (out, in), b (out,).

    Initial weights and biases from U(-1 / sqrt(in), 1 / sqrt(in)), as in torch.

    >>> Linear(3, 5)(np.zeros((2, 3))).shape
    (2, 5)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        if in_features < 1 or out_features < 1:
            raise OptionError(
                "Linear", got=f"{in_features} -> {out_features}", needs="at least 1 in and 1 out"
            )
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(np.empty((out_features, in_features), dtype))
        self.register_parameter("bias", Parameter(np.empty(out_features, dtype)) if bias else None)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw the initial weights again."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5), generator=generator)
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features)
            init.uniform_(self.bias, -bound, bound, generator)

    def forward(self, x: Tensor) -> Tensor:
        """Weighted sums of the last axis: (..., in) -> (..., out)."""
        if x.shape[-1:] != (self.in_features,):
            raise self._misfit(x)
        if x.dtype.kind != "f":
            raise DtypeError(
                self._who(),
                got=f"an input of dtype {x.dtype}",
                needs="floating-point numbers",
                try_="x.astype(np.float32) / 255 for pixels",
            )
        return apply(ops.Linear, x, self.weight, self.bias)

    def _misfit(self, x: Tensor) -> ShapeError:
        n = self.in_features
        flat = math.prod(x.shape[1:])
        found = f"here it is {x.shape[-1]}" if x.ndim else "a single number has none"
        fits = x.ndim > 2 and flat == n
        return ShapeError(
            self._who(),
            got=f"an input of shape {x.shape}",
            needs=f"a last axis of length {n}; {found}",
            try_=f"nn.Flatten() before this layer: {x.shape} -> ({x.shape[0]}, {n})"
            if fits
            else None,
        )

    def _who(self) -> str:
        return f"Linear {self.in_features} -> {self.out_features}"

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Identity(Module):
    """y = x; takes any arguments and ignores them, as in torch."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """The input."""
        return x


class Flatten(Module):
    """The axes ``start_dim`` to ``end_dim`` as one: (B, H, W) -> (B, H W).

    >>> Flatten()(np.zeros((2, 4, 5))).shape
    (2, 20)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Tensor) -> Tensor:
        """The same numbers with fewer axes."""
        n, ends = x.ndim, (self.start_dim, self.end_dim)
        start, end = (d + n if d < 0 else d for d in ends)
        if not 0 <= start <= end < n:
            raise ShapeError(
                "Flatten",
                got=f"an input of shape {x.shape}",
                needs=f"axes {self.start_dim} to {self.end_dim}, in this order",
            )
        merged = math.prod(x.shape[start : end + 1])
        return x.reshape(*x.shape[:start], merged, *x.shape[end + 1 :])

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
