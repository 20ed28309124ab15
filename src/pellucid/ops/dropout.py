"""Forgetting on purpose: a random mask while training."""

import math

from pellucid.ops.activation import SELU_ALPHA, SELU_SCALE
from pellucid.ops.rule import rule


def drawn(x, rng, p, leading):
    """A mask, 0 with probability p, else 1: one draw a place of the first ``leading`` axes."""
    shape = x.shape if leading is None else x.shape[:leading] + (1,) * (x.ndim - leading)
    return (rng.random(shape, dtype=x.dtype) >= p).astype(x.dtype)


@rule
class Dropout:
    """y = x * mask / (1 - p), where each place of the mask is 0 with probability p, else 1.

    ``leading``: how many axes have draws of their own (2: whole channels of (B, C, ...) are kept
    or dropped); None: all. Source: Srivastava et al. 2014; for channels Tompson et al. 2015.
    Scaled while training ("inverted"), so that nothing is left to do when predicting.
    """

    def forward(x, rng, *, p, leading=None):
        mask = drawn(x, rng, p, leading)
        if p < 1:
            mask = mask / (1 - p)
        return x * mask, mask

    def backward(g, y, mask, x, rng, *, p, leading=None):
        return g * mask, None


@rule
class AlphaDropout:
    """y = a (x * mask + low (1 - mask)) + b: what is dropped gets SELU's lowest value, low.

    a and b bring mean 0 and variance 1 back: a = ((1 - p)(1 + p low^2))^-1/2, b = -a p low. Extra:
    a * mask. Source: Klambauer et al. 2017, section "New Dropout Technique".
    """

    def forward(x, rng, *, p, leading=None):
        low = -SELU_SCALE * SELU_ALPHA
        a = 1 / math.sqrt((1 - p) * (1 + p * low**2)) if p < 1 else 0.0
        mask = a * drawn(x, rng, p, leading)
        return x * mask + (low * (1 - p) * a - low * mask), mask

    def backward(g, y, mask, x, rng, *, p, leading=None):
        return g * mask, None
