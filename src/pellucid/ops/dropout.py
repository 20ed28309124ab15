"""Forgetting on purpose: a random mask while training."""

from pellucid.ops.rule import rule


@rule
class Dropout:
    """y = x * mask / (1 - p), where each place of the mask is 0 with probability p, else 1.

    Source: Srivastava et al. 2014; scaled while training ("inverted"), so that nothing is left to
    do when predicting.
    """

    def forward(x, rng, *, p):
        mask = (rng.random(x.shape, dtype=x.dtype) >= p).astype(x.dtype)
        if p < 1:
            mask = mask / (1 - p)
        return x * mask, mask

    def backward(g, y, mask, x, rng, *, p):
        return g * mask, None
