"""The non-linear functions between layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import OptionError, ShapeError, choose
from pellucid.nn.functional.doors import axis_of, floating, named_dim, refuse_inplace
from pellucid.random import default_generator

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
]


def relu(input: Any, inplace: bool = False) -> Tensor:
    """max(x, 0)."""
    refuse_inplace("relu", inplace)
    return apply(ops.ReLU, input)


def relu6(input: Any, inplace: bool = False) -> Tensor:
    """x, held between 0 and 6.

    >>> relu6(np.array([-1.0, 2.0, 9.0])).tolist()
    [0.0, 2.0, 6.0]
    """
    refuse_inplace("relu6", inplace)
    return apply(ops.Hardtanh, floating("relu6", input), low=0.0, high=6.0)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where x > 0, else negative_slope * x."""
    refuse_inplace("leaky_relu", inplace)
    return apply(ops.LeakyReLU, floating("leaky_relu", input), slope=negative_slope)


def prelu(input: Any, weight: Any) -> Tensor:
    """x where x > 0, else weight * x: one learnt slope, or one for each channel of (B, C, ...).

    Raises ShapeError where the slopes are neither one nor as many as the channels.
    """
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.shape not in ((1,), (channels,)):
        raise ShapeError(
            "prelu",
            got=f"an input of shape {input.shape} and slopes of shape {weight.shape}",
            needs=f"one slope (1,), or one for each channel (axis 1): ({channels},)",
        )
    return apply(ops.PReLU, floating("prelu", input), weight)


def rrelu(
    input: Any,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: np.random.Generator | None = None,
) -> Tensor:
    """x where x > 0, else slope * x, with slopes from U(lower, upper); their mean unless training.

    Raises OptionError where lower is above upper.
    """
    refuse_inplace("rrelu", inplace)
    check_slopes("rrelu", lower, upper)
    x = floating("rrelu", input)
    if not training:
        return apply(ops.LeakyReLU, x, slope=(lower + upper) / 2)
    return apply(ops.RReLU, x, generator or default_generator(), lower=lower, upper=upper)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else alpha (e^x - 1)."""
    refuse_inplace("elu", inplace)
    return apply(ops.ELU, floating("elu", input), alpha=alpha)


def selu(input: Any, inplace: bool = False) -> Tensor:
    """scale * ELU(x) with scale = 1.0507 and alpha = 1.6733."""
    refuse_inplace("selu", inplace)
    return apply(ops.SELU, floating("selu", input))


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else alpha (e^(x / alpha) - 1); alpha is not 0."""
    refuse_inplace("celu", inplace)
    if alpha == 0:
        raise OptionError("celu", got="alpha = 0", needs="another number: x is divided by it")
    return apply(ops.CELU, floating("celu", input), alpha=alpha)


def gelu(input: Any, approximate: str = "none") -> Tensor:
    """x Phi(x), or its tanh approximation."""
    choose("gelu", approximate, ("none", "tanh"))
    return apply(ops.GELU, floating("gelu", input), approximate=approximate)


def silu(input: Any, inplace: bool = False) -> Tensor:
    """x sigmoid(x)."""
    refuse_inplace("silu", inplace)
    return apply(ops.SiLU, floating("silu", input))


def mish(input: Any, inplace: bool = False) -> Tensor:
    """x tanh(softplus(x))."""
    refuse_inplace("mish", inplace)
    return apply(ops.Mish, floating("mish", input))


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + e^(beta x)) / beta."""
    return apply(ops.Softplus, floating("softplus", input), beta=beta, threshold=threshold)


def sigmoid(input: Any) -> Tensor:
    """1 / (1 + e^-x)."""
    return apply(ops.Sigmoid, floating("sigmoid", input))


def logsigmoid(input: Any) -> Tensor:
    """log(1 / (1 + e^-x))."""
    return apply(ops.LogSigmoid, floating("logsigmoid", input))


def tanh(input: Any) -> Tensor:
    """The hyperbolic tangent."""
    return apply(ops.Tanh, floating("tanh", input))


def softsign(input: Any) -> Tensor:
    """x / (1 + |x|)."""
    return apply(ops.Softsign, floating("softsign", input))


def hardtanh(
    input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """x, held between min_val and max_val. Raises OptionError where they stand the wrong way."""
    refuse_inplace("hardtanh", inplace)
    check_limits("hardtanh", min_val, max_val)
    return apply(ops.Hardtanh, floating("hardtanh", input), low=min_val, high=max_val)


def hardsigmoid(input: Any, inplace: bool = False) -> Tensor:
    """(x + 3) / 6, held between 0 and 1."""
    refuse_inplace("hardsigmoid", inplace)
    return apply(ops.Hardsigmoid, floating("hardsigmoid", input))


def hardswish(input: Any, inplace: bool = False) -> Tensor:
    """x hardsigmoid(x)."""
    refuse_inplace("hardswish", inplace)
    return apply(ops.Hardswish, floating("hardswish", input))


def hardshrink(input: Any, lambd: float = 0.5) -> Tensor:
    """x where |x| > lambd, else 0."""
    return apply(ops.Hardshrink, floating("hardshrink", input), limit=lambd)


def softshrink(input: Any, lambd: float = 0.5) -> Tensor:
    """x, brought nearer to 0 by lambd. Raises OptionError where lambd is below 0."""
    check_lambd("softshrink", lambd)
    return apply(ops.Softshrink, floating("softshrink", input), limit=lambd)


def tanhshrink(input: Any) -> Tensor:
    """x - tanh(x)."""
    return apply(ops.Tanhshrink, floating("tanhshrink", input))


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where x > threshold, else value."""
    refuse_inplace("threshold", inplace)
    return apply(ops.Threshold, floating("threshold", input), threshold=threshold, value=value)


def glu(input: Any, dim: int = -1) -> Tensor:
    """a sigmoid(b), a and b the halves of x along ``dim``: (..., 2 n, ...) -> (..., n, ...).

    Raises ShapeError where the axis has an odd length.

    >>> glu(np.zeros((3, 8))).shape
    (3, 4)
    """
    axis = axis_of("glu", input.shape, dim)
    if input.shape[axis] % 2:
        raise ShapeError(
            "glu",
            got=f"an input of shape {input.shape}",
            needs=f"two halves: an even length along axis {dim}; here it is {input.shape[axis]}",
        )
    return apply(ops.GLU, floating("glu", input), axis=dim)


def softmax(input: Any, dim: int | None = None, *, dtype: DTypeLike | None = None) -> Tensor:
    """e^x over its sum along ``dim``, which must be named: there is no right default.

    >>> softmax(np.array([2.0, 1.0, 0.1]), dim=0).numpy().round(3).tolist()
    [0.659, 0.242, 0.099]
    """
    x = _cast(floating("softmax", input), dtype)
    return apply(ops.Softmax, x, axis=named_dim("softmax", dim))


def softmin(input: Any, dim: int | None = None, *, dtype: DTypeLike | None = None) -> Tensor:
    """softmax(-x) along ``dim``: the smallest number gets the greatest share."""
    x = _cast(floating("softmin", input), dtype)
    return apply(ops.Softmax, apply(ops.Negative, x), axis=named_dim("softmin", dim))


def log_softmax(input: Any, dim: int | None = None, *, dtype: DTypeLike | None = None) -> Tensor:
    """log softmax along ``dim``."""
    x = _cast(floating("log_softmax", input), dtype)
    return apply(ops.LogSoftmax, x, axis=named_dim("log_softmax", dim))


def gumbel_softmax(
    logits: Any,
    tau: float = 1.0,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
    *,
    generator: np.random.Generator | None = None,
) -> Tensor:
    """A class drawn by its logits, softly: softmax((x + noise) / tau); ``hard``: 1 and 0s.

    The gradient of the hard draw is the soft one's. ``eps`` does nothing in torch and is refused.
    Raises OptionError where tau is not above 0. Source: Jang, Gu & Poole 2017.
    """
    if not tau > 0:
        raise OptionError("gumbel_softmax", got=f"tau = {tau}", needs="a number above 0")
    if eps != 1e-10:
        raise OptionError("gumbel_softmax", got=f"eps={eps}", needs="no eps: it has no effect")
    axis_of("gumbel_softmax", logits.shape, dim)
    rng = generator or default_generator()
    x = floating("gumbel_softmax", logits)
    return apply(ops.GumbelSoftmax, x, rng, tau=tau, hard=hard, axis=dim)


# -- what layers check when they are made, and functions when they are called --


def check_slopes(who: str, lower: float, upper: float) -> None:
    if lower > upper:
        raise OptionError(who, got=f"slopes from {lower} to {upper}", needs="lower <= upper")


def check_limits(who: str, min_val: float, max_val: float) -> None:
    if min_val > max_val:
        raise OptionError(
            who, got=f"min_val={min_val} and max_val={max_val}", needs="min_val below max_val"
        )


def check_lambd(who: str, lambd: float) -> None:
    if lambd < 0:
        raise OptionError(who, got=f"lambd={lambd}", needs="a number from 0")


def _cast(x: Any, dtype: DTypeLike | None) -> Any:
    """``x`` in ``dtype``; None: as it is."""
    if dtype is None:
        return x
    return (x if isinstance(x, Tensor) else Tensor(x)).astype(dtype)
