"""Numbers drawn inside a network, from distributions that the network itself decides."""

import numpy as np

from pellucid.ops.rule import rule


@rule
class Gaussian:
    """y = m + e^(v/2) eps, eps from N(0, 1): a draw from N(m, e^v) that m and v can learn from.

    Extra: what is added to m. Source: Kingma & Welling 2014, section 2.4.
    """

    def forward(m, v, rng):
        eps = rng.standard_normal(m.shape, dtype=m.dtype)
        added = np.exp(v / 2) * eps
        return m + added, added

    def backward(g, y, added, m, v, rng, *, needs):
        return (g if needs[0] else None), (g * added / 2 if needs[1] else None), None
