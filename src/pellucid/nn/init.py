"""Where training starts from: initial weights, with torch.nn.init's names."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np

from pellucid.autograd import Tensor, no_grad
from pellucid.errors import OptionError, ShapeError, choose
from pellucid.random import default_generator

__all__ = [
    "calculate_gain",
    "constant_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "lecun_normal_",
    "lecun_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

T = TypeVar("T", bound=Tensor)
Generator = np.random.Generator | None


def constant_(tensor: T, val: float) -> T:
    """Fill with one value."""
    with no_grad():
        return tensor._change(lambda data: data.fill(val))


def zeros_(tensor: T) -> T:
    """Fill with 0: right for biases, fatal for weights (all units stay equal)."""
    return constant_(tensor, 0.0)


def ones_(tensor: T) -> T:
    """Fill with 1."""
    return constant_(tensor, 1.0)


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0, generator: Generator = None) -> T:
    """Draw from U(a, b)."""
    return _fill(tensor, _draw(generator).uniform(a, b, tensor.shape))


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0, generator: Generator = None) -> T:
    """Draw from N(mean, std^2)."""
    return _fill(tensor, _draw(generator).normal(mean, std, tensor.shape))


def trunc_normal_(
    tensor: T,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator = None,
) -> T:
    """Draw from N(mean, std^2), again and again where a number is not from ``a`` to ``b``.

    Raises OptionError where next to none would be.

    >>> w = trunc_normal_(Tensor(np.zeros((3, 5))), std=0.02)
    >>> bool(abs(w.data).max() <= 2)
    True
    """
    if not (a < b and a - 4 * std <= mean <= b + 4 * std):
        raise OptionError(
            "trunc_normal_",
            got=f"N({mean}, {std}^2) from {a} to {b}",
            needs="a mean between the two ends, or not far outside",
        )
    rng, size = _draw(generator), tensor.shape
    numbers = rng.normal(mean, std, size)
    while (outside := (numbers < a) | (numbers > b)).any():
        numbers[outside] = rng.normal(mean, std, int(outside.sum()))
    return _fill(tensor, numbers)


def eye_(tensor: T) -> T:
    """Fill with 1 on the diagonal and 0 elsewhere; raises ShapeError for other than a matrix."""
    if tensor.ndim != 2:
        raise ShapeError("eye_", got=f"a tensor of shape {tensor.shape}", needs="a matrix")
    return _fill(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def xavier_uniform_(tensor: T, gain: float = 1.0, generator: Generator = None) -> T:
    """Draw from U(-a, a), a = gain sqrt(6 / (in + out)). Source: Glorot & Bengio 2010, eq. 16.

    >>> w = xavier_uniform_(Tensor(np.zeros((3, 5))))
    >>> bool(abs(w.data).max() <= math.sqrt(6 / 8))
    True
    """
    fan_in, fan_out = _fans(tensor)
    a = gain * math.sqrt(6 / (fan_in + fan_out))
    return uniform_(tensor, -a, a, generator)


def xavier_normal_(tensor: T, gain: float = 1.0, generator: Generator = None) -> T:
    """Draw from N(0, 2 gain^2 / (in + out)). Source: Glorot & Bengio 2010, eq. 12."""
    fan_in, fan_out = _fans(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2 / (fan_in + fan_out)), generator)


def kaiming_uniform_(
    tensor: T,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator = None,
) -> T:
    """Draw from U(-b, b), b = gain sqrt(3 / fan). Source: He et al. 2015, eq. 10 and 15."""
    b = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -b, b, generator)


def kaiming_normal_(
    tensor: T,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator = None,
) -> T:
    """Draw from N(0, gain^2 / fan). Source: He et al. 2015, eq. 10 (in) and 14 (out)."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def lecun_uniform_(tensor: T, generator: Generator = None) -> T:
    """Draw from U(-a, a), a = sqrt(3 / in). Source: LeCun et al. 1998, Efficient BackProp, 4.6."""
    a = math.sqrt(3 / _fans(tensor)[0])
    return uniform_(tensor, -a, a, generator)


def lecun_normal_(tensor: T, generator: Generator = None) -> T:
    """Draw from N(0, 1 / in). Source: LeCun et al. 1998, Efficient BackProp, section 4.6."""
    return normal_(tensor, 0.0, math.sqrt(1 / _fans(tensor)[0]), generator)


def orthogonal_(tensor: T, gain: float = 1.0, generator: Generator = None) -> T:
    """Fill with ``gain`` times a random matrix of orthonormal rows or columns.

    Axes after the first count as one. Source: Saxe et al. 2014.
    """
    _fans(tensor)
    rows, columns = tensor.shape[0], tensor.data.size // tensor.shape[0]
    flat = _draw(generator).normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(flat)
    q = q * np.sign(np.diag(r))  # makes the draw uniform among the orthogonal matrices
    q = q.T if rows < columns else q
    return _fill(tensor, gain * q.reshape(tensor.shape))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much an activation shrinks the spread of its input, inverted (torch's table).

    >>> round(calculate_gain("relu"), 4)
    1.4142
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    gains = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}
    choose("calculate_gain", nonlinearity, (*gains, "leaky_relu"))
    return gains[nonlinearity]


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    choose("kaiming", mode, ("fan_in", "fan_out"))
    fan = _fans(tensor)[0 if mode == "fan_in" else 1]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def _fans(tensor: Tensor) -> tuple[int, int]:
    """How many numbers go into a unit and out of one: (in, out) times the kernel's area."""
    if tensor.ndim < 2:
        raise ShapeError(
            "initial weights",
            got=f"a tensor of shape {tensor.shape}",
            needs="two axes or more: (out, in, ...)",
            try_="zeros_ for a bias",
        )
    area = math.prod(tensor.shape[2:])
    if tensor.data.size == 0:
        raise OptionError(
            "initial weights", got=f"shape {tensor.shape}", needs="at least one weight"
        )
    return tensor.shape[1] * area, tensor.shape[0] * area


def _draw(generator: Generator) -> np.random.Generator:
    return generator if generator is not None else default_generator()


def _fill(tensor: T, values: np.ndarray) -> T:
    with no_grad():
        return tensor._change(lambda data: np.copyto(data, values, casting="same_kind"))
