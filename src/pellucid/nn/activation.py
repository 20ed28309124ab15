"""Activations as layers, with torch.nn's names and defaults.

Each works element by element on any shape, where it does not say otherwise; where torch takes
``inplace`` it is taken too, and refused if True (``nn/arguments.py``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from pellucid.autograd import Tensor
from pellucid.errors import OptionError, ShapeError
from pellucid.nn import functional as F
from pellucid.nn.functional.activation import check_lambd, check_limits, check_slopes
from pellucid.nn.functional.doors import named_dim, refuse_inplace
from pellucid.nn.module import Module, Parameter

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Step",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "refuse_inplace",
]


class ReLU(Module):
    """max(x, 0): the usual choice for hidden layers."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.relu(x)


class ReLU6(Module):
    """x, held between 0 and 6."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.relu6(x)


class LeakyReLU(Module):
    """x where x > 0, else negative_slope * x: no unit dies."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class PReLU(Module):
    """x where x > 0, else weight * x: a LeakyReLU that learns its slope.

    weight (num_parameters,): one slope, or one for each channel of x (B, C, ...); they start at
    ``init``. Raises OptionError for less than one slope, ShapeError where they do not fit the
    channels. Source: He et al. 2015, equation 1.

    >>> PReLU(3)(np.ones((2, 3, 4))).shape
    (2, 3, 4)
    """

    weight: Parameter

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, *, dtype: DTypeLike = np.float32
    ) -> None:
        super().__init__()
        if num_parameters < 1:
            raise OptionError(
                "PReLU", got=f"num_parameters={num_parameters}", needs="at least 1 slope"
            )
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(np.full(num_parameters, init, dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Element by element; the channels stand on axis 1."""
        return F.prelu(x, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(Module):
    """x where x > 0, else slope * x; each slope is drawn from U(lower, upper) while training.

    In eval mode the slope is (lower + upper) / 2. Raises OptionError where lower is above upper.
    Source: Xu et al. 2015.
    """

    def __init__(
        self,
        lower: float = 1.0 / 8,
        upper: float = 1.0 / 3,
        inplace: bool = False,
        *,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        check_slopes("RReLU", lower, upper)
        self.lower, self.upper, self.generator = lower, upper, generator

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.rrelu(x, self.lower, self.upper, self.training, generator=self.generator)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}"


class ELU(Module):
    """x where x > 0, else alpha (e^x - 1)."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.elu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class SELU(Module):
    """scale * ELU(x), whose two numbers keep mean 0 and variance 1 from layer to layer.

    Source: Klambauer et al. 2017, equation 2.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.selu(x)


class CELU(Module):
    """x where x > 0, else alpha (e^(x / alpha) - 1); alpha is not 0. Source: Barron 2017."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        if alpha == 0:
            raise OptionError("CELU", got="alpha=0", needs="another number: x is divided by it")
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.celu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class GELU(Module):
    """x Phi(x); ``approximate="tanh"`` for the faster form."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """x sigmoid(x), also called swish."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.silu(x)


class Mish(Module):
    """x tanh(softplus(x)). Source: Misra 2019."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.mish(x)


class Softplus(Module):
    """log(1 + e^(beta x)) / beta: a smooth ReLU."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.softplus(x, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Sigmoid(Module):
    """1 / (1 + e^-x), between 0 and 1."""

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.sigmoid(x)


class LogSigmoid(Module):
    """log(1 / (1 + e^-x)): never log 0."""

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.logsigmoid(x)


class Tanh(Module):
    """tanh(x), between -1 and 1."""

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.tanh(x)


class Softsign(Module):
    """x / (1 + |x|), between -1 and 1, without an exponential."""

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.softsign(x)


class Hardtanh(Module):
    """x, held between min_val and max_val. Raises OptionError where they stand the wrong way."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        check_limits("Hardtanh", min_val, max_val)
        self.min_val, self.max_val = min_val, max_val

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.hardtanh(x, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}"


class Hardsigmoid(Module):
    """(x + 3) / 6, held between 0 and 1."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.hardsigmoid(x)


class Hardswish(Module):
    """x hardsigmoid(x): a SiLU without an exponential. Source: Howard et al. 2019."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.hardswish(x)


class Hardshrink(Module):
    """x where |x| > lambd, else 0."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.hardshrink(x, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Module):
    """x, brought nearer to 0 by lambd; 0 where |x| <= lambd. Raises OptionError for lambd < 0."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        check_lambd("Softshrink", lambd)
        self.lambd = lambd

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.softshrink(x, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Tanhshrink(Module):
    """x - tanh(x)."""

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.tanhshrink(x)


class Threshold(Module):
    """x where x > threshold, else value."""

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold, self.value = threshold, value

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.threshold(x, self.threshold, self.value)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}"


class Step(Module):
    """1 where x >= 0, else 0: the perceptron's; no gradient passes."""

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return x.step()


class GLU(Module):
    """a sigmoid(b), a and b the halves of x along ``dim``: (..., 2 n, ...) -> (..., n, ...).

    Raises ShapeError where the axis has an odd length. Source: Dauphin et al. 2017, equation 1.

    >>> GLU()(np.ones((3, 8))).shape
    (3, 4)
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """Half as long along ``dim``."""
        return F.glu(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(Module):
    """e^x over its sum along ``dim``. The losses take logits: use it for predictions only."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = named_dim("Softmax", dim)

    def forward(self, x: Tensor) -> Tensor:
        """Rows of probabilities along ``dim``."""
        return F.softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(Module):
    """softmax(-x) along ``dim``: the smallest number gets the greatest share."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = named_dim("Softmin", dim)

    def forward(self, x: Tensor) -> Tensor:
        """Rows of probabilities along ``dim``."""
        return F.softmin(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax2d(Module):
    """Softmax over the channels of each pixel: x (B, C, H, W) or (C, H, W).

    Raises ShapeError for another number of axes.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Probabilities along the channels."""
        if x.ndim not in (3, 4):
            raise ShapeError(
                "Softmax2d",
                got=f"an input of shape {x.shape}",
                needs="(batch, C, height, width) or (C, height, width)",
            )
        return F.softmax(x, -3)


class LogSoftmax(Module):
    """log softmax along ``dim``."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = named_dim("LogSoftmax", dim)

    def forward(self, x: Tensor) -> Tensor:
        """Logarithms of probabilities along ``dim``."""
        return F.log_softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
