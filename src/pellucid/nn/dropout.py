"""Forgetting on purpose while training: single values, or whole channels."""

from __future__ import annotations

import numpy as np

from pellucid.autograd import Tensor
from pellucid.nn import functional as F
from pellucid.nn.functional.doors import probability
from pellucid.nn.module import Module

__all__ = [
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class Thinning(Module):
    """What the dropouts have in common: a probability, and a generator of their own or none."""

    def __init__(
        self,
        p: float = 0.5,
        inplace: bool = False,
        *,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self.p, self.generator = probability(type(self).__name__, p), generator

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace=False"


class Dropout(Thinning):
    """Zeroes each value with probability ``p`` while training, and divides the rest by 1 - p.

    Any shape in, the same out. Raises OptionError for a p outside 0 to 1.
    Source: Srivastava et al. 2014.
    """

    def forward(self, x: Tensor) -> Tensor:
        """The input, thinned out; the input itself in eval mode."""
        return F.dropout(x, self.p, self.training, generator=self.generator)


class Dropout1d(Thinning):
    """As Dropout, whole channels of (B, C, L) or (C, L) at once.

    >>> Dropout1d(1.0)(np.ones((2, 3, 4))).sum().item()
    0.0
    """

    def forward(self, x: Tensor) -> Tensor:
        """The input, thinned out by channels; the input itself in eval mode."""
        return F.dropout1d(x, self.p, self.training, generator=self.generator)


class Dropout2d(Thinning):
    """As Dropout, whole channels of (B, C, H, W) at once; (B, C, L) too, as in torch.

    Neighbouring pixels are alike: dropping single ones hides little. Source: Tompson et al. 2015.
    """

    def forward(self, x: Tensor) -> Tensor:
        """The input, thinned out by channels; the input itself in eval mode."""
        return F.dropout2d(x, self.p, self.training, generator=self.generator)


class Dropout3d(Thinning):
    """As Dropout, whole channels of (B, C, D, H, W) or (C, D, H, W) at once."""

    def forward(self, x: Tensor) -> Tensor:
        """The input, thinned out by channels; the input itself in eval mode."""
        return F.dropout3d(x, self.p, self.training, generator=self.generator)


class AlphaDropout(Thinning):
    """Dropout for SELU: what is dropped gets SELU's lowest value, mean 0 and variance 1 stay.

    y = a (x mask + low (1 - mask)) + b, low = -1.7581. Source: Klambauer et al. 2017.
    """

    def forward(self, x: Tensor) -> Tensor:
        """The input, thinned out; the input itself in eval mode."""
        return F.alpha_dropout(x, self.p, self.training, generator=self.generator)


class FeatureAlphaDropout(Thinning):
    """As AlphaDropout, whole channels of (B, C, ...) at once."""

    def forward(self, x: Tensor) -> Tensor:
        """The input, thinned out by channels; the input itself in eval mode."""
        return F.feature_alpha_dropout(x, self.p, self.training, generator=self.generator)
