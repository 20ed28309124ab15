"""The table as methods and operators, in NumPy's spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import ops
from pellucid.autograd.habits import METHODS, no_attribute, refuse_words
from pellucid.errors import ShapeError
from pellucid.ops.rule import Entry

if TYPE_CHECKING:
    from pellucid.autograd.tensor import Tensor

__all__ = ["Axis", "Spelling"]

Axis = int | tuple[int, ...] | None


class Spelling:
    """What a Tensor inherits: each method runs one entry of the table."""

    __slots__ = ()

    data: Any

    def _apply(self, rule: Entry, *inputs: Any, **options: Any) -> Tensor:
        """Run a rule and remember it; the Tensor says how."""
        raise TypeError(f"{type(self).__name__} has no memory to run {rule.name} in")

    if not TYPE_CHECKING:  # a type checker knows the names

        def __getattr__(self, name: str) -> Any:
            """Only reached for names that a tensor does not have."""
            raise no_attribute(f"{type(self).__name__!r} object", name, METHODS)

    # -- arithmetic --

    def __add__(self, other: Any) -> Tensor:
        return self._apply(ops.Add, self, other)

    def __radd__(self, other: Any) -> Tensor:
        return self._apply(ops.Add, other, self)

    def __sub__(self, other: Any) -> Tensor:
        return self._apply(ops.Subtract, self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return self._apply(ops.Subtract, other, self)

    def __mul__(self, other: Any) -> Tensor:
        return self._apply(ops.Multiply, self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return self._apply(ops.Multiply, other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return self._apply(ops.Divide, self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return self._apply(ops.Divide, other, self)

    def __pow__(self, other: Any) -> Tensor:
        if isinstance(other, int | float) and other == 2:
            return self._apply(ops.Square, self)
        return self._apply(ops.Power, self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return self._apply(ops.Power, other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return self._apply(ops.MatMul, self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return self._apply(ops.MatMul, other, self)

    def __pos__(self) -> Tensor:
        return self * 1

    def __neg__(self) -> Tensor:
        return self._apply(ops.Negative, self)

    def __abs__(self) -> Tensor:
        return self._apply(ops.Abs, self)

    def __gt__(self, other: Any) -> Tensor:
        return self._apply(ops.Greater, self, other)

    def __ge__(self, other: Any) -> Tensor:
        return self._apply(ops.GreaterEqual, self, other)

    def __lt__(self, other: Any) -> Tensor:
        return self._apply(ops.Less, self, other)

    def __le__(self, other: Any) -> Tensor:
        return self._apply(ops.LessEqual, self, other)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return self._apply(ops.Equal, self, other)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return self._apply(ops.NotEqual, self, other)

    # -- the table, in NumPy's spelling --

    def exp(self) -> Tensor:
        """e^x."""
        return self._apply(ops.Exp, self)

    def log(self) -> Tensor:
        """The natural logarithm."""
        return self._apply(ops.Log, self)

    def sqrt(self) -> Tensor:
        """The square root."""
        return self._apply(ops.Sqrt, self)

    def abs(self) -> Tensor:
        """The absolute value."""
        return self._apply(ops.Abs, self)

    def clip(self, min: float | None = None, max: float | None = None) -> Tensor:
        """The values, held between ``min`` and ``max``."""
        return self._apply(ops.Clip, self, min=min, max=max)

    def step(self) -> Tensor:
        """1 where the value is at least 0, else 0."""
        return self._apply(ops.Step, self)

    def sigmoid(self) -> Tensor:
        """1 / (1 + e^-x)."""
        return self._apply(ops.Sigmoid, self)

    def tanh(self) -> Tensor:
        """The hyperbolic tangent."""
        return self._apply(ops.Tanh, self)

    def relu(self) -> Tensor:
        """max(x, 0)."""
        return self._apply(ops.ReLU, self)

    def softmax(self, axis: int = -1, **words: Any) -> Tensor:
        """e^x over its sum along the axis."""
        if words:
            refuse_words("softmax", words)
        return self._apply(ops.Softmax, self, axis=axis)

    def log_softmax(self, axis: int = -1, **words: Any) -> Tensor:
        """The logarithm of softmax, stable."""
        if words:
            refuse_words("log_softmax", words)
        return self._apply(ops.LogSoftmax, self, axis=axis)

    def sum(self, axis: Axis = None, keepdims: bool = False, **words: Any) -> Tensor:
        """The sum over the axes."""
        if words:
            refuse_words("sum", words)
        return self._apply(ops.Sum, self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Axis = None, keepdims: bool = False, **words: Any) -> Tensor:
        """The mean over the axes."""
        if words:
            refuse_words("mean", words)
        return self._apply(ops.Mean, self, axis=axis, keepdims=keepdims)

    def var(self, axis: Axis = None, ddof: int = 0, keepdims: bool = False, **words: Any) -> Tensor:
        """The variance over the axes, divided by n - ddof."""
        if words:
            refuse_words("var", words)
        return self._apply(ops.Var, self, axis=axis, ddof=ddof, keepdims=keepdims)

    def max(self, axis: Axis = None, keepdims: bool = False, **words: Any) -> Tensor:
        """The greatest value over the axes."""
        if words:
            refuse_words("max", words)
        return self._apply(ops.Max, self, axis=axis, keepdims=keepdims)

    def min(self, axis: Axis = None, keepdims: bool = False, **words: Any) -> Tensor:
        """The smallest value over the axes."""
        if words:
            refuse_words("min", words)
        return self._apply(ops.Min, self, axis=axis, keepdims=keepdims)

    def logsumexp(self, axis: Axis = None, keepdims: bool = False, **words: Any) -> Tensor:
        """log sum e^x over the axes, stable."""
        if words:
            refuse_words("logsumexp", words)
        return self._apply(ops.LogSumExp, self, axis=axis, keepdims=keepdims)

    def argmax(self, axis: int | None = None, **words: Any) -> Any:
        """Where the greatest value is, as plain whole numbers."""
        if words:
            refuse_words("argmax", words)
        return self.data.argmax(axis=axis)

    def reshape(self, *shape: Any) -> Tensor:
        """The same numbers in another shape; one length may be -1."""
        shape = tuple(shape[0]) if len(shape) == 1 and np.iterable(shape[0]) else shape
        return self._apply(ops.Reshape, self, shape=shape)

    def flatten(self, start: int = 0) -> Tensor:
        """All axes from ``start`` on as one."""
        return self.reshape(*self.data.shape[:start], -1)

    def transpose(self, *axes: Any) -> Tensor:
        """The axes in another order; all reversed if none is given (as in NumPy)."""
        axes = () if axes == (None,) else axes
        axes = tuple(axes[0]) if len(axes) == 1 and np.iterable(axes[0]) else axes
        if len(axes) not in (0, self.data.ndim):
            raise _too_few_axes(self.data.shape, axes)
        order = [a % self.data.ndim for a in axes] or reversed(range(self.data.ndim))
        return self._apply(ops.Transpose, self, axes=tuple(order))

    def swapaxes(self, a: int, b: int) -> Tensor:
        """Two axes exchanged."""
        order = list(range(self.data.ndim))
        order[a], order[b] = order[b], order[a]
        return self.transpose(order)

    def squeeze(self, axis: Axis = None, **words: Any) -> Tensor:
        """Without the axes of length 1, or without this one."""
        if words:
            refuse_words("squeeze", words)
        return self.reshape(np.squeeze(self.data, axis).shape)

    def broadcast_to(self, shape: tuple[int, ...]) -> Tensor:
        """Repeated along new or length-1 axes."""
        return self._apply(ops.BroadcastTo, self, shape=tuple(shape))


def _too_few_axes(shape: tuple[int, ...], axes: tuple[Any, ...]) -> ShapeError:
    """torch's ``transpose`` takes two axes, NumPy's takes all of them."""
    return ShapeError(
        "transpose",
        got=f"{len(axes)} axes for a tensor of shape {shape}",
        needs=f"all {len(shape)} axes in their new order, or none",
        try_=f"x.swapaxes({axes[0]}, {axes[1]})" if len(axes) == 2 else None,
    )
