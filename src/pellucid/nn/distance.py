"""How alike two vectors are, and how far apart."""

from __future__ import annotations

import numpy as np  # noqa: F401

from pellucid.autograd import Tensor
from pellucid.nn import functional as F
from pellucid.nn.functional.distance import check_power
from pellucid.nn.module import Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(Module):
    """x1 . x2 / (max(|x1|, eps) max(|x2|, eps)) along ``dim``; the other axes broadcast.

    Raises ShapeError where the shapes do not fit.

    >>> CosineSimilarity()(np.ones((2, 5)), np.ones((2, 5))).shape
    (2,)
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Cosines, from -1 to 1: the axis ``dim`` is gone."""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """|x1 - x2 + eps|_p over the last axis: (..., D), (..., D) -> (...).

    Raises ShapeError where the shapes do not fit, OptionError for p = 0.

    >>> PairwiseDistance()(np.ones((2, 5)), np.zeros((2, 5))).shape
    (2,)
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        check_power("PairwiseDistance", p)
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Distances: the last axis is gone, or 1 long with ``keepdim``."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
