"""The smooth non-linear functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pellucid.random import generator

from .base import Case, Input, Rng, each, one


def a_softmax(x: Any, axis: int = -1) -> Any:
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)


def erf_gelu(x: float, approximate: str = "none") -> float:
    if approximate == "tanh":
        return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + math.erf(x / math.sqrt(2)))


def a_selu(x: float) -> float:
    return 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (math.exp(x) - 1))


def a_celu(x: float, alpha: float = 1.0) -> float:
    return max(0.0, x) + (alpha * (math.exp(x / alpha) - 1) if x < 0 else 0.0)


def a_glu(x: Any, axis: int) -> Any:
    a, b = np.split(x, 2, axis)
    return a / (1 + np.exp(-b))


def a_gumbel_softmax(x: Any, rng: Any, *, tau: float, axis: int) -> Any:
    u = generator(7, "rule").random(x.shape, dtype=x.dtype)
    return a_softmax((x - np.log(-np.log(1 - u))) / tau, axis)


CASES = [
    *one("Sigmoid", lambda x: (1 + np.tanh(x / 2)) / 2),
    *one("Tanh", each(math.tanh)),
    *one("ELU", each(lambda x: x if x > 0 else math.exp(x) - 1), "apart"),
    *one(
        "ELU", each(lambda x, alpha: x if x > 0 else alpha * (math.exp(x) - 1)), "apart", alpha=0.5
    ),
    *one("SELU", each(a_selu), "apart"),
    *one("CELU", each(a_celu), "apart"),
    *one("CELU", each(a_celu), "apart", alpha=0.5),
    *one("CELU", each(a_celu), "apart", alpha=-2.0),
    *one("Softplus", each(lambda x: math.log(1 + math.exp(x)))),
    *one("Softplus", each(lambda x, beta: math.log(1 + math.exp(beta * x)) / beta), beta=2.5),
    *one("SiLU", each(lambda x: x / (1 + math.exp(-x)))),
    *one("Mish", each(lambda x: x * math.tanh(math.log(1 + math.exp(x))))),
    *one("LogSigmoid", each(lambda x: -math.log(1 + math.exp(-x)))),
    *one("Softsign", each(lambda x: x / (1 + x) if x > 0 else x / (1 - x)), "apart"),
    *one("Tanhshrink", each(lambda x: x - math.tanh(x))),
    *[
        Case("GLU", (Input(s),), a_glu, {"axis": axis})
        for s, axis in [((4,), -1), ((3, 4), 1), ((2, 3), 0), ((2, 4, 3), -2), ((1, 2), -1)]
    ],
    *[
        Case("GumbelSoftmax", (Input(s), Rng()), a_gumbel_softmax, {"tau": tau, "axis": axis})
        for s, axis in [((5,), -1), ((3, 4), 1), ((3, 4), 0), ((2, 3, 2), 1)]
        for tau in (1.0, 0.5)
    ],
    *one("GELU", each(erf_gelu)),
    *one("GELU", each(erf_gelu), approximate="tanh"),
    *[
        Case(rule, (Input(s),), f, {"axis": axis})
        for rule, f in (
            ("Softmax", a_softmax),
            ("LogSoftmax", lambda x, axis: np.log(a_softmax(x, axis))),
        )
        for s, axis in [((5,), -1), ((3, 4), -1), ((3, 4), 0), ((1, 4), 1), ((2, 3, 2), 1)]
    ],
]
