"""Linear, Bilinear, Identity, Flatten, Unflatten: weighted sums, and axes put together or apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import DtypeError, OptionError, ShapeError
from pellucid.nn import functional as F
from pellucid.nn import init
from pellucid.nn.module import Module, Parameter

__all__ = ["Bilinear", "Flatten", "Identity", "Linear", "Unflatten"]


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


class Bilinear(Module):
    """y_o = sum_ij x1_i W_oij x2_j + b_o for x1 (..., in1), x2 (..., in2), W (out, in1, in2).

    Initial weights and biases from U(-1 / sqrt(in1), 1 / sqrt(in1)), as in torch. Raises ShapeError
    where the inputs do not fit the weights or each other.

    >>> Bilinear(3, 4, 5)(np.zeros((2, 3)), np.zeros((2, 4))).shape
    (2, 5)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = (in1_features, in2_features, out_features)
        if min(sizes) < 1:
            got = f"{in1_features} x {in2_features} -> {out_features}"
            raise OptionError("Bilinear", got=got, needs="at least 1 of each")
        self.in1_features, self.in2_features, self.out_features = sizes
        self.weight = Parameter(np.empty((out_features, in1_features, in2_features), dtype))
        self.register_parameter("bias", Parameter(np.empty(out_features, dtype)) if bias else None)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw the initial weights again."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound, generator)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound, generator)

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Weighted sums of all products: (..., in1), (..., in2) -> (..., out)."""
        return F.bilinear(x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
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


class Unflatten(Module):
    """The axis ``dim`` as several: (B, C H W) -> (B, C, H, W); one of the lengths may be -1.

    Raises OptionError for sizes that are none, ShapeError where they do not fit the axis.

    >>> Unflatten(1, (3, -1))(np.zeros((2, 12))).shape
    (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        _check_lengths(dim, unflattened_size)
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, x: Tensor) -> Tensor:
        """The same numbers with more axes."""
        sizes, n = self.unflattened_size, x.ndim
        axis = self.dim + n if self.dim < 0 else self.dim
        known = math.prod(size for size in sizes if size != -1)
        length = x.shape[axis] if 0 <= axis < n else None
        fits = length is not None and (
            length == known if -1 not in sizes else known > 0 and length % known == 0
        )
        if not fits:
            raise ShapeError(
                "Unflatten",
                got=f"an input of shape {x.shape}",
                needs=f"an axis {self.dim} whose length is {' x '.join(map(str, sizes))}"
                + (f": a multiple of {known}" if -1 in sizes else f" = {known}"),
            )
        return x.reshape(*x.shape[:axis], *sizes, *x.shape[axis + 1 :])

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


def _check_lengths(dim: Any, sizes: Any) -> None:
    whole = isinstance(sizes, Sequence) and all(isinstance(n, Integral) for n in sizes)
    if not isinstance(dim, Integral) or not whole or not sizes:
        raise OptionError(
            "Unflatten",
            got=f"dim={dim!r}, unflattened_size={sizes!r}",
            needs="the number of an axis, and lengths: named axes are torch's alone",
            try_="nn.Unflatten(1, (3, 4))",
        )
    if min(sizes) < -1 or list(sizes).count(-1) > 1:
        got = f"unflattened_size={sizes!r}"
        raise OptionError("Unflatten", got=got, needs="lengths, at most one of them -1")
