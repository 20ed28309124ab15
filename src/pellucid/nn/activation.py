"""Activations as layers, with torch.nn's names and defaults."""

from __future__ import annotations

from pellucid.autograd import Tensor
from pellucid.errors import OptionError
from pellucid.nn import functional as F
from pellucid.nn.module import Module

__all__ = [
    "ELU",
    "GELU",
    "LeakyReLU",
    "LogSoftmax",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Step",
    "Tanh",
]


class ReLU(Module):
    """max(x, 0): the usual choice for hidden layers."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        refuse_inplace("ReLU", inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.relu(x)


class LeakyReLU(Module):
    """x where x > 0, else negative_slope * x: no unit dies."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        refuse_inplace("LeakyReLU", inplace)
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """x where x > 0, else alpha (e^x - 1)."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        refuse_inplace("ELU", inplace)
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.elu(x, self.alpha)

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
        refuse_inplace("SiLU", inplace)

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.silu(x)


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


class Tanh(Module):
    """tanh(x), between -1 and 1."""

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return F.tanh(x)


class Step(Module):
    """1 where x >= 0, else 0: the perceptron's; no gradient passes."""

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return x.step()


class Softmax(Module):
    """e^x over its sum along ``dim``. The losses take logits: use it for predictions only."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = _named(dim, "Softmax")

    def forward(self, x: Tensor) -> Tensor:
        """Rows of probabilities along ``dim``."""
        return F.softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """log softmax along ``dim``."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = _named(dim, "LogSoftmax")

    def forward(self, x: Tensor) -> Tensor:
        """Logarithms of probabilities along ``dim``."""
        return F.log_softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


def _named(dim: int | None, who: str) -> int:
    if dim is None:
        raise OptionError(
            who, got="no dim", needs="the axis whose values shall sum to 1", try_=f"{who}(dim=1)"
        )
    return dim


def refuse_inplace(who: str, inplace: bool) -> None:
    """Nothing is computed in place here: the memory of the forward pass would be lost."""
    if inplace:
        raise OptionError(
            who,
            got="inplace=True",
            needs="inplace=False: layers give new values",
            try_=f"{who}() without inplace; the written program uses its buffers again by itself",
        )
