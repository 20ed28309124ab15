"""Convolutions, and the edges that they continue."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from .base import Case, Fixed, Input


def a_convolution(
    x: Any, W: Any, b: Any, *, stride: Any, padding: Any, dilation: Any, groups: Any = None
) -> Any:
    """Window by window."""
    x = bordered(x, padding)
    kernel, groups = W.shape[2:], groups or x.shape[1]  # no groups: one for every channel
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    ends = [n - r + 1 for n, r in zip(x.shape[2:], reach, strict=True)]
    starts = [range(0, end, s) for end, s in zip(ends, stride, strict=True)]
    y = np.zeros((x.shape[0], W.shape[0], *map(len, starts)))
    per_in, per_out = x.shape[1] // groups, W.shape[0] // groups
    for place in np.ndindex(*y.shape):
        example, o, *where = place
        corner = [r[i] for r, i in zip(starts, where, strict=True)]
        window = tuple(slice(i, i + r, d) for i, r, d in zip(corner, reach, dilation, strict=True))
        first = o // per_out * per_in
        y[place] = np.sum(x[(example, slice(first, first + per_in), *window)] * W[o])
    return y if b is None else y + np.reshape(b, (-1, *[1] * len(kernel)))


def a_transposed_convolution(
    x: Any, W: Any, b: Any, *, stride: Any, padding: Any, dilation: Any, groups: Any = None
) -> Any:
    """Every number lays the kernel over its window."""
    kernel, groups = W.shape[2:], groups or x.shape[1]
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    lengths = [(n - 1) * s + r for n, s, r in zip(x.shape[2:], stride, reach, strict=True)]
    more = [max(-after, 0) for _, after in padding]
    whole = [n + m for n, m in zip(lengths, more, strict=True)]
    y = np.zeros((x.shape[0], W.shape[1] * groups, *whole))
    per_in = x.shape[1] // groups
    for place in np.ndindex(*x.shape):
        example, c, *where = place
        window = tuple(
            slice(i * s, i * s + r, d)
            for i, s, r, d in zip(where, stride, reach, dilation, strict=True)
        )
        first = c // per_in * W.shape[1]
        y[(example, slice(first, first + W.shape[1]), *window)] += x[place] * W[c]
    kept = [
        slice(before, n - max(after, 0)) for n, (before, after) in zip(whole, padding, strict=True)
    ]
    y = y[(slice(None), slice(None), *kept)]
    return y if b is None else y + np.reshape(b, (-1, *[1] * len(kernel)))


def bordered(x: Any, padding: Any) -> Any:
    """Zeros around; a negative number cuts off."""
    width = [(0, 0), (0, 0), *((before, max(after, 0)) for before, after in padding)]
    x = np.pad(x, width)
    for axis, (_, after) in enumerate(padding, start=2):
        x = np.take(x, range(x.shape[axis] + min(after, 0)), axis)
    return x


def continued(x: Any, *, width: Any, mode: str) -> Any:
    """Place by place: where a number beyond the end comes from."""
    for axis, (before, after) in enumerate(width):
        n = x.shape[axis]
        source = {
            "edge": lambda i, n: min(max(i, 0), n - 1),
            "wrap": lambda i, n: i % n,
            "reflect": lambda i, n: abs(i) if i < n else 2 * (n - 1) - i,
        }[mode]
        x = np.take(x, [source(i, n) for i in range(-before, n + after)], axis)
    return x


def how(stride: Any, padding: Any, dilation: Any) -> dict[str, Any]:
    return {"stride": stride, "padding": padding, "dilation": dilation}


PLAIN = how((1, 1), ((0, 0), (0, 0)), (1, 1))
GRID = [how((s, 1), ((p, p), (1, 0)), (d, 1)) for s, p, d in product((1, 2, 3), (0, 2), (1, 2))]
ROUND = [*GRID, how((2, 1), ((0, -1), (1, 1)), (1, 1)), how((1, 1), ((1, -2), (0, 0)), (3, 2))]


def rows(rule: str, reference: Any, x: Any, W: Any, b: Any, **options: Any) -> Case:
    return Case(rule, (Input(x), Input(W), Input(b) if b else Fixed(None)), reference, options)


CASES = [
    # over two axes: every option, with a kernel that is not square
    *[
        rows("Conv", a_convolution, (2, 2, 5, 4), (3, 2, k, 2), (3,), **options, groups=1)
        for options in GRID
        for k in (1, 3)
    ],
    *[
        rows(
            "ConvTranspose",
            a_transposed_convolution,
            (2, 2, 3, 4),
            (2, 3, 3, 2),
            (3,),
            **o,
            groups=1,
        )
        for o in ROUND
    ],
    # the fast ways: a window is a pixel, an image has one channel
    *[
        rows("Conv", a_convolution, (2, c, 4, 3), (3, c, k, k), b, **PLAIN, groups=1)
        for c in (1, 2)
        for k in (1, 2)
        for b in ((3,), None)
    ],
    rows("Conv", a_convolution, (2, 1, 4, 3), (2, 1, 1, 1), (2,), **GRID[4], groups=1),
    # over one and three axes
    *[
        rows(rule, reference, (2, 2, 5), (2, 2, 3), (2,), **how((s,), ((1, 0),), (d,)), groups=1)
        for rule, reference in (
            ("Conv", a_convolution),
            ("ConvTranspose", a_transposed_convolution),
        )
        for s, d in ((1, 1), (2, 1), (1, 2))
    ],
    *[
        rows(
            rule,
            reference,
            (1, 2, 3, 2, 3),
            (2, 2, 2, 1, 2),
            (2,),
            **how((1, 1, 2), ((0, 1), (0, 0), (1, 1)), (2, 1, 1)),
            groups=1,
        )
        for rule, reference in (
            ("Conv", a_convolution),
            ("ConvTranspose", a_transposed_convolution),
        )
    ],
    # groups
    *[
        rows("Conv", a_convolution, (2, 4, 4, 3), (6, 2, k, 2), (6,), **options, groups=2)
        for options in (PLAIN, GRID[6])
        for k in (1, 2)
    ],
    rows("Conv", a_convolution, (2, 4, 4, 3), (4, 2, 1, 1), None, **PLAIN, groups=2),
    rows("Conv", a_convolution, (2, 3, 4, 3), (6, 1, 2, 2), (6,), **PLAIN, groups=3),
    *[
        rows(
            "ConvTranspose",
            a_transposed_convolution,
            (2, 4, 2, 3),
            (4, 3, 2, 2),
            (6,),
            **o,
            groups=2,
        )
        for o in (PLAIN, ROUND[-2])
    ],
    # a group for every channel
    *[
        rows("DepthwiseConv", a_convolution, (2, 3, 5, 4), (3 * m, 1, 3, 2), b, **options)
        for options in GRID
        for m, b in ((1, (3,)), (2, None))
    ],
    rows("DepthwiseConv", a_convolution, (2, 3, 5), (6, 1, 3), (6,), **how((2,), ((1, 1),), (1,))),
    *[
        rows("DepthwiseConvTranspose", a_transposed_convolution, (2, 3, 3, 4), (3, 1, 3, 2), b, **o)
        for o, b in zip(ROUND, [(3,), None] * 7, strict=True)
    ],
    *[
        Case("PadEdges", (Input(shape),), continued, {"width": width, "mode": mode})
        for mode in ("reflect", "edge", "wrap")
        for shape, width in [
            ((2, 2, 4), ((0, 0), (0, 0), (3, 2))),
            ((2, 1, 3, 4), ((0, 0), (0, 0), (1, 2), (3, 0))),
            ((1, 2, 3, 2, 2), ((0, 0), (0, 0), (2, 1), (0, 0), (1, 1))),
        ]
    ],
]
