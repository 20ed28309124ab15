"""Places around an image: of one value, mirrored, repeated, or from the other side."""

import numpy as np

from pellucid.ops.rule import helper, rule

# ``width`` = ((before, after), ...) for the last axes, first to last. np.pad would do the same, but
# its results are C-ordered: channels-last memory would be turned round.


def inner(x, width):
    """The index of the image of ``x``'s shape within its padded one."""
    lengths = x.shape[x.ndim - len(width) :]
    return (..., *(slice(b, b + n) for (b, _), n in zip(width, lengths, strict=True)))


@helper
def pad_constant(x, width, value, out=None):
    """The image in the middle of an array of ``value``."""
    lengths = x.shape[x.ndim - len(width) :]
    padded = tuple(b + n + a for (b, a), n in zip(width, lengths, strict=True))
    shape = (*x.shape[: x.ndim - len(width)], *padded)
    y = np.empty_like(x, shape=shape) if out is None else out
    y[...] = value
    y[(..., *(slice(b, b + n) for (b, _), n in zip(width, lengths, strict=True)))] = x
    return y


@rule
class PadConstant:
    """y = x with ``width`` places of ``value`` around its last axes."""

    def forward(x, *, width, value=0.0):
        return pad_constant(x, width=width, value=value)

    def backward(g, y, x, *, width, value=0.0):
        return (g[inner(x, width)],)


@helper
def pad_edges(length, before, after, mode):
    """Along one padded axis: which places of the edges are copies of which places inside."""
    end = before + length
    if mode == "reflect":
        stop = end - 2 - after
        left, right = slice(2 * before, before, -1), slice(end - 2, stop if stop >= 0 else None, -1)
    elif mode == "replicate":
        left, right = slice(before, before + 1), slice(end - 1, end)
    else:
        left, right = slice(length, end), slice(before, before + after)
    edges = [(slice(0, before), left)] if before else []
    return edges + ([(slice(end, end + after), right)] if after else [])


@helper
def pad_image(x, width, mode, out=None):
    """The image with edges copied from inside, axis by axis, so that the corners follow."""
    first = x.ndim - len(width)
    lengths = x.shape[first:]
    padded = tuple(b + n + a for (b, a), n in zip(width, lengths, strict=True))
    y = np.empty_like(x, shape=(*x.shape[:first], *padded)) if out is None else out
    y[(..., *(slice(b, b + n) for (b, _), n in zip(width, lengths, strict=True)))] = x
    for k, (n, (before, after)) in enumerate(zip(lengths, width, strict=True)):
        others = (slice(None),) * (first + k)
        for edge, source in pad_edges(n, before, after, mode):
            y[(*others, edge)] = y[(*others, source)]
    return y


@helper
def pad_image_back(g, lengths, width, mode, out=None):
    """The edges add to the places inside that they are copies of, last axis first."""
    first = g.ndim - len(width)
    dx = np.empty_like(g, shape=(*g.shape[:first], *lengths)) if out is None else out
    total = g.copy(order="K")
    for k in reversed(range(len(width))):
        others = (slice(None),) * (first + k)
        for edge, source in pad_edges(lengths[k], *width[k], mode):
            part = total[(*others, edge)]
            if mode == "replicate":
                part = part.sum(axis=first + k, keepdims=True)
            total[(*others, source)] += part
    dx[...] = total[(..., *(slice(b, b + n) for (b, _), n in zip(width, lengths, strict=True)))]
    return dx


@rule
class PadImage:
    """y = x with ``width`` places around its last axes, filled from x itself.

    ``mode``: "reflect" mirrors without repeating the edge (3 2 | 1 2 3 | 2 1), "replicate" repeats
    the edge (1 1 | 1 2 3 | 3 3), "circular" goes on at the other side (2 3 | 1 2 3 | 1 2).
    """

    def forward(x, *, width, mode):
        return pad_image(x, width=width, mode=mode)

    def backward(g, y, x, *, width, mode):
        lengths = x.shape[x.ndim - len(width) :]
        return (pad_image_back(g, lengths=lengths, width=width, mode=mode),)
