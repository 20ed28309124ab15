"""Arithmetic, number by number."""

from __future__ import annotations

import math

import numpy as np

from .base import Case, Fixed, Input, each, one, two

CASES = [
    *two("Add", each(lambda a, b: a + b)),
    *two("Subtract", each(lambda a, b: a - b)),
    *two("Multiply", each(lambda a, b: a * b)),
    *two("Divide", each(lambda a, b: a / b), "real", "positive"),
    *two("Power", each(math.pow), "positive", "real"),
    *[
        Case("Power", (Input((4,), "apart"), Fixed(n)), each(lambda a, b: a**b))
        for n in (0, 1, 3, -2, 2.0)
    ],
    Case("Power", (Fixed(np.array([0.0, 2.0])), Fixed(0)), lambda a, b: np.ones(2)),
    Case("Power", (Fixed(2), Input((4,))), each(lambda a, b: 2.0**b)),
    Case("Add", (Input((2, 3)), Fixed(2)), lambda a, b: a + 2.0),
    Case("Multiply", (Fixed(2.5), Input((2, 3))), lambda a, b: b * 2.5),
    *one("Negative", each(lambda x: -x)),
    *one("Square", each(lambda x: x * x)),
    *one("Sqrt", each(math.sqrt), "positive"),
    *one("Exp", each(math.exp)),
    *one("Log", each(math.log), "positive"),
    *one("Abs", each(abs), "apart"),
    *one("Clip", each(lambda x, min, max: sorted((min, x, max))[1]), "apart", min=-0.6, max=0.61),
    *one("Clip", each(lambda x, min: x if x > min else min), "apart", min=0.0),
    *one("Clip", each(lambda x, max: x if x < max else max), "apart", max=0.0),
    *two("Maximum", each(lambda a, b: a if a > b else b), "apart", "apart"),
    *two("Minimum", each(lambda a, b: a if a < b else b), "apart", "apart"),
    *[
        Case(
            "Where",
            (Input(c, "truth", constant=True), Input(a), Input(b)),
            each(lambda c, a, b: a if c else b),
        )
        for c, a, b in [((), (), ()), ((5,), (5,), (5,)), ((3, 4),) * 3, ((3, 1), (1, 4), ())]
    ],
    Case(
        "Where",
        (Input((4,), "truth", constant=True), Fixed(0.0), Input((4,))),
        each(lambda c, a, b: a if c else b),
    ),
    *two("Greater", lambda a, b: (a - b) > 0),
    *two("GreaterEqual", lambda a, b: ~(a < b)),
    *two("Less", lambda a, b: (b - a) > 0),
    *two("LessEqual", lambda a, b: ~(a > b)),
    *two("Equal", lambda a, b: ~((a < b) | (a > b))),
    *two("NotEqual", lambda a, b: (a < b) | (a > b)),
    Case("Equal", (Fixed(np.array([1, 2])), Fixed(np.array([1, 3]))), lambda a, b: [True, False]),
]
