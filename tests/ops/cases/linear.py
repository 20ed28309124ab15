"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Case, Fixed, Input


def _weighted_sums(x: Any, W: Any, b: Any) -> Any:
    return np.einsum("...i,oi->...o", x, W) + (0 if b is None else b)


def _bilinear(a: Any, b: Any, W: Any, bias: Any) -> Any:
    return np.einsum("...i,oij,...j->...o", a, W, b) + (0 if bias is None else bias)


CASES = [
    *[
        Case("MatMul", (Input(a), Input(b)), lambda a, b, f=f: np.einsum(f, a, b))
        for a, b, f in [
            ((4,), (4,), "i,i"),
            ((3, 4), (4,), "ij,j"),
            ((3,), (3, 4), "i,ij"),
            ((3, 4), (4, 2), "ij,jk"),
            ((1, 4), (4, 1), "ij,jk"),
            ((2, 3, 4), (2, 4, 5), "bij,bjk->bik"),
            ((2, 3, 4), (4, 5), "bij,jk->bik"),
            ((3, 4), (2, 4, 5), "ij,bjk->bik"),
            ((2, 1, 3, 4), (5, 4, 2), "abij,cjk->acik"),
            ((4,), (2, 4, 5), "j,bjk->bk"),
            ((2, 3, 4), (4,), "bij,j->bi"),
        ]
    ],
    *[
        Case("Linear", (Input(x), Input((2, 4)), b), _weighted_sums)
        for x in [(4,), (3, 4), (1, 4), (2, 3, 4)]
        for b in (Input((2,)), Fixed(None))
    ],
    *[
        Case("Bilinear", (Input((*rows, 4)), Input((*rows, 3)), Input((2, 4, 3)), b), _bilinear)
        for rows in [(), (5,), (1,), (2, 3)]
        for b in (Input((2,)), Fixed(None))
    ],
]
