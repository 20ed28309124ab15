"""Numbers drawn inside a network: the noise that a picture is made from."""

from pellucid.ops.rule import rule


@rule
class StandardNormal:
    """y from N(0, 1), (B, width): a row of draws for each row of x; x itself has no part in it."""

    def forward(x, rng, *, width):
        return rng.standard_normal((x.shape[0], width), dtype=x.dtype)

    def backward(g, y, x, rng, *, width):
        return None, None
