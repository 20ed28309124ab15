"""THE LIST: a row for every operation of the table; all tests of operations run over it.

A row says which rule, which inputs (a shape and a domain each, or a fixed value), which options,
and what plain NumPy, written another way, says about the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.random import generator

Reference = Callable[..., Any]


@dataclass(frozen=True)
class Input:
    """One input: its shape, and where its numbers come from.

    ``apart``: distinct numbers, away from 0 and from those of the other inputs: no kink is near.
    """

    shape: tuple[int, ...] = ()
    domain: str = "real"
    constant: bool = False  # the rule has no gradient for it

    def make(self, rng: np.random.Generator, place: int) -> Any:
        n = math.prod(self.shape)
        if self.domain == "real":
            return rng.normal(size=self.shape)
        if self.domain == "positive":
            return rng.uniform(0.5, 2.0, self.shape)
        if self.domain == "probability":
            return rng.uniform(0.05, 0.95, self.shape)
        if self.domain == "apart":
            grid = 0.3 * (np.arange(n) - n // 2) + 0.07 + 0.13 * place
            return rng.permutation(grid).reshape(self.shape)
        if self.domain == "truth":
            return np.arange(n).reshape(self.shape) % 3 == 0
        if self.domain == "distribution":  # rows of probabilities, the classes on axis 1
            p = rng.uniform(0.1, 1.0, self.shape)
            return p / p.sum(axis=min(1, p.ndim - 1), keepdims=True)
        raise AssertionError(self.domain)


@dataclass(frozen=True)
class Fixed:
    """An input that is given as it is: a number, class labels, None."""

    value: Any
    constant: bool = True

    def make(self, rng: np.random.Generator, place: int) -> Any:
        return self.value


@dataclass(frozen=True)
class Rng:
    """A generator, a new one of the same key for each run."""

    constant: bool = True

    def make(self, rng: np.random.Generator, place: int) -> Any:
        return generator(7, "rule")


@dataclass(frozen=True)
class Case:
    rule: str
    inputs: tuple[Any, ...]
    reference: Reference
    options: dict[str, Any] = field(default_factory=dict)
    smooth: bool = True  # False: forward only, the numbers stand on a kink

    def make(self, dtype: Any = np.float64) -> list[Any]:
        rng = generator(0, self.rule, *(len(getattr(i, "shape", ())) for i in self.inputs))
        made = [i.make(rng, place) for place, i in enumerate(self.inputs)]
        return [x.astype(dtype) if is_float(x) else x for x in made]

    def __str__(self) -> str:
        shapes = " ".join(str(getattr(i, "shape", "-")).replace(" ", "") for i in self.inputs)
        options = ",".join(f"{k}={v}" for k, v in self.options.items())
        return f"{self.rule} {shapes} {options}".strip()


def is_float(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


SHAPES = [(), (5,), (3, 4), (1, 4), (2, 3, 2)]
PAIRS = [
    ((), ()),
    ((5,), (5,)),
    ((3, 4), (3, 4)),
    ((3, 4), (4,)),
    ((1, 4), (3, 1)),
    ((), (2, 3)),
    ((2, 1, 3), (4, 1)),
]


def one(rule: str, reference: Reference, domain: str = "real", **options: Any) -> list[Case]:
    """A row for each shape of an operation on one array."""
    return [Case(rule, (Input(s, domain),), reference, options) for s in SHAPES]


def two(rule: str, reference: Reference, *domains: str) -> list[Case]:
    """A row for each pair of shapes, broadcast ones among them."""
    left, right = domains or ("real", "real")
    return [Case(rule, (Input(a, left), Input(b, right)), reference) for a, b in PAIRS]


def each(f: Callable[..., float]) -> Reference:
    """A function of Python numbers, applied number by number."""
    return lambda *arrays, **options: np.vectorize(lambda *x: f(*x, **options), otypes=[float])(
        *arrays
    )


# -- plain NumPy and plain Python, written without a look at the rules --


def a_softmax(x: Any, axis: int = -1) -> Any:
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)


def erf_gelu(x: float, approximate: str = "none") -> float:
    if approximate == "tanh":
        return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + math.erf(x / math.sqrt(2)))


def by_reduction(losses: Any, reduction: str) -> Any:
    return {"mean": np.mean, "sum": np.sum, "none": np.array}[reduction](losses)


def a_loss(f: Callable[..., float]) -> Reference:
    """The losses of single numbers as a mean, a sum, or themselves."""

    def reference(x: Any, y: Any, *weights: Any, reduction: str = "mean", **options: Any) -> Any:
        weights = tuple(1.0 if w is None else w for w in weights)
        losses = np.vectorize(lambda *v: f(*v, **options), otypes=[float])(x, y, *weights)
        return by_reduction(losses, reduction)

    return reference


def bce(p: float, y: float, w: float = 1.0) -> float:
    return -w * (y * math.log(p) + (1 - y) * math.log(1 - p))


def bce_logits(z: float, y: float, w: float = 1.0, v: float = 1.0) -> float:
    p = 1 / (1 + math.exp(-z))
    return -w * (v * y * math.log(p) + (1 - y) * math.log(1 - p))


def huber(x: float, y: float, delta: float = 1.0) -> float:
    d = abs(x - y)
    return d * d / 2 if d <= delta else delta * d - delta * delta / 2


def a_cross_entropy(
    z: Any, y: Any, w: Any = None, label_smoothing: float = 0.0, reduction: str = "mean"
) -> Any:
    """Example by example, class by class."""
    if z.ndim == 1:
        z, y = z[None], np.asarray(y)[None]
        losses = a_cross_entropy(z, y, w, label_smoothing, "none" if reduction == "none" else "sum")
        if reduction != "mean" or y.ndim == 2 or w is None:
            return losses.reshape(()) if reduction == "none" else losses
        return losses / w[y[0]]
    classes = z.shape[1]
    w = np.ones(classes) if w is None else w
    rows = np.moveaxis(z, 1, -1).reshape(-1, classes)
    labels = y.reshape(-1) if y.ndim < z.ndim else np.moveaxis(y, 1, -1).reshape(-1, classes)
    losses, divisor = [], 0.0
    for row, label in zip(rows, labels, strict=True):
        q = np.eye(classes)[label] if y.ndim < z.ndim else label
        divisor += w[label] if y.ndim < z.ndim else 1
        q = (1 - label_smoothing) * q + label_smoothing / classes
        log_p = np.log(np.exp(row) / np.exp(row).sum())
        losses.append(-sum(w[c] * q[c] * log_p[c] for c in range(classes)))
    if reduction == "none":
        return np.reshape(losses, (z.shape[0], *z.shape[2:]))
    return sum(losses) / divisor if reduction == "mean" else sum(losses)


def a_batch_norm(x: Any, W: Any, b: Any, *, eps: float) -> Any:
    out = np.empty_like(x)
    for c in range(x.shape[1]):
        part = x[:, c]
        out[:, c] = (part - np.mean(part)) / math.sqrt(np.var(part) + eps)
        out[:, c] = out[:, c] * (1 if W is None else W[c]) + (0 if b is None else b[c])
    return out


def a_batch_norm_inference(x: Any, mean: Any, var: Any, W: Any, b: Any, *, eps: float) -> Any:
    out = np.empty_like(x)
    for c in range(x.shape[1]):
        out[:, c] = (x[:, c] - mean[c]) / math.sqrt(var[c] + eps)
        out[:, c] = out[:, c] * (1 if W is None else W[c]) + (0 if b is None else b[c])
    return out


def a_layer_norm(x: Any, W: Any, b: Any, *, axes: int, eps: float) -> Any:
    rows = x.reshape(-1, math.prod(x.shape[x.ndim - axes :]))
    rows = [(r - np.mean(r)) / math.sqrt(np.var(r) + eps) for r in rows]
    return np.reshape(rows, x.shape) * (1 if W is None else W) + (0 if b is None else b)


def a_dropout(x: Any, rng: np.random.Generator, *, p: float) -> Any:
    if p == 1:
        return np.zeros_like(x)
    draws = generator(7, "rule").random(x.shape, dtype=x.dtype)
    return np.where(draws < p, 0, x / (1 - p))


# -- the rows --

ARITHMETIC = [
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

MATRICES = [
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
        Case("Linear", (Input(x), Input((2, 4)), b), lambda x, W, b: _weighted_sums(x, W, b))
        for x in [(4,), (3, 4), (1, 4), (2, 3, 4)]
        for b in (Input((2,)), Fixed(None))
    ],
]


def _weighted_sums(x: Any, W: Any, b: Any) -> Any:
    return np.einsum("...i,oi->...o", x, W) + (0 if b is None else b)


AXES = [(s, a, k) for s in SHAPES for a in (None, -1, 0) for k in (False, True) if s or a is None]
AXES += [((2, 3, 2), (0, 2), False), ((2, 3, 2), (-1, 1), True)]


def reductions(rule: str, reference: Reference, domain: str, **options: Any) -> list[Case]:
    return [
        Case(rule, (Input(s, domain),), reference, {"axis": a, "keepdims": k, **options})
        for s, a, k in AXES
    ]


def _log_sum_exp(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def _variance(x: Any, axis: Any, keepdims: bool, ddof: int = 0) -> Any:
    mean = np.mean(x, axis=axis, keepdims=True)
    n = x.size / mean.size
    return np.sum((x - mean) ** 2, axis=axis, keepdims=keepdims) / (n - ddof)


REDUCTIONS = [
    *reductions("Sum", np.add.reduce, "real"),
    *reductions("Mean", np.mean, "real"),
    *reductions("Var", _variance, "real"),
    Case("Var", (Input((3, 4)),), _variance, {"axis": 0, "keepdims": False, "ddof": 1}),
    Case("Var", (Input((3, 4)),), _variance, {"axis": None, "keepdims": True, "ddof": 1}),
    *reductions("Max", np.maximum.reduce, "apart"),
    *reductions("Min", np.minimum.reduce, "apart"),
    *reductions("LogSumExp", _log_sum_exp, "real"),
]

SHAPING = [
    *[
        Case(
            "Reshape",
            (Input(s),),
            lambda x, shape: np.array(x.ravel()).reshape(shape),
            {"shape": t},
        )
        for s, t in [((), (1, 1)), ((6,), (2, 3)), ((3, 4), (2, -1)), ((1, 4), (4,)), ((1,), ())]
    ],
    *[
        Case(
            "Transpose",
            (Input(s),),
            lambda x, axes: np.moveaxis(x, axes, range(x.ndim)),
            {"axes": a},
        )
        for s, a in [((), ()), ((5,), (0,)), ((3, 4), (1, 0)), ((2, 3, 4), (2, 0, 1))]
    ],
    *[
        Case("BroadcastTo", (Input(s),), lambda x, shape: x + np.zeros(shape), {"shape": t})
        for s, t in [((), (2, 3)), ((5,), (5,)), ((1, 4), (3, 4)), ((3, 1), (2, 3, 4))]
    ],
    *[
        Case("GetItem", (Input(s),), lambda x, index: np.array(x.tolist())[index], {"index": i})
        for s, i in [
            ((5,), 2),
            ((5,), slice(None, None, -2)),
            ((5,), [0, 0, 3]),
            ((5,), ((1, 1, 1),)),
            ((3, 4), (slice(1, None), 2)),
            ((3, 4), np.array([2, 0, 2])),
            ((3, 4), (np.array([0, 0]), np.array([1, 1]))),
            ((3, 4), np.arange(12).reshape(3, 4) % 2 == 0),
            ((3, 4), (..., None, -1)),
            ((1, 4), np.int64(0)),
        ]
    ],
    *[
        Case(
            "Concatenate",
            tuple(map(Input, s)),
            lambda *x, axis: np.concatenate(x, axis),
            {"axis": a},
        )
        for s, a in [([(2,), (3,)], 0), ([(2, 3), (1, 3)], 0), ([(2, 3), (2, 1), (2, 2)], -1)]
    ],
    *[
        Case(
            "Stack",
            tuple(Input(s) for _ in range(3)),
            lambda *x, axis: _stacked(x, axis),
            {"axis": a},
        )
        for s, a in [((), 0), ((2,), 0), ((2,), -1), ((2, 3), 1)]
    ],
    *[
        Case("Pad", (Input(s),), lambda x, width, value: _padded(x, width, value), options)
        for s, options in [
            ((3,), {"width": ((1, 2),), "value": 0.0}),
            ((1, 4), {"width": ((0, 1), (2, 0)), "value": -1.5}),
        ]
    ],
    *[
        Case(
            "AsType",
            (Input(s),),
            lambda x, dtype: np.array(x, dtype),
            {"dtype": np.dtype("float64")},
        )
        for s in SHAPES
    ],
]


def _stacked(arrays: Any, axis: int) -> Any:
    return np.concatenate([np.expand_dims(x, axis) for x in arrays], axis)


def _padded(x: Any, width: Any, value: float) -> Any:
    shape = [b + n + a for (b, a), n in zip(width, x.shape, strict=True)]
    out = np.full(shape, value)
    out[tuple(slice(b, b + n) for (b, _), n in zip(width, x.shape, strict=True))] = x
    return out


ACTIVATIONS = [
    *one("Step", each(lambda x: 1.0 if x >= 0 else 0.0), "apart"),
    *one("Sigmoid", lambda x: (1 + np.tanh(x / 2)) / 2),
    *one("Tanh", each(math.tanh)),
    *one("ReLU", each(lambda x: x if x > 0 else 0.0), "apart"),
    *one("LeakyReLU", each(lambda x, slope=0.01: x if x > 0 else slope * x), "apart"),
    *one("LeakyReLU", each(lambda x, slope: x if x > 0 else slope * x), "apart", slope=0.2),
    *one("ELU", each(lambda x: x if x > 0 else math.exp(x) - 1), "apart"),
    *one(
        "ELU", each(lambda x, alpha: x if x > 0 else alpha * (math.exp(x) - 1)), "apart", alpha=0.5
    ),
    *one("Softplus", each(lambda x: math.log(1 + math.exp(x)))),
    *one("Softplus", each(lambda x, beta: math.log(1 + math.exp(beta * x)) / beta), beta=2.5),
    *one("SiLU", each(lambda x: x / (1 + math.exp(-x)))),
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

LABELS = Fixed(np.array([2, 0, 3]))
CLASS_WEIGHTS = Input((4,), "positive", constant=True)


def losses(rule: str, reference: Reference, x: str, y: str, **options: Any) -> list[Case]:
    return [
        Case(rule, (Input(s, x), Input(s, y)), reference, {"reduction": r, **options})
        for s in SHAPES
        for r in ("mean", "sum", "none")
    ]


LOSSES = [
    *losses("MSE", a_loss(lambda x, y: (x - y) ** 2), "real", "real"),
    *losses("L1", a_loss(lambda x, y: abs(x - y)), "apart", "apart"),
    *losses("Huber", a_loss(huber), "apart", "apart"),
    *losses("Huber", a_loss(huber), "apart", "apart", delta=0.35),
    *losses("BCE", a_loss(bce), "probability", "probability"),
    *losses("BCEWithLogits", a_loss(bce_logits), "real", "probability"),
    *[
        Case(rule, (Input((3, 4), x), Input((3, 4), "probability"), *weights), f, {"reduction": r})
        for r in ("mean", "none")
        for rule, x, f, weights in [
            ("BCE", "probability", a_loss(bce), [Input((3, 4), "positive", True)]),
            (
                "BCEWithLogits",
                "real",
                a_loss(bce_logits),
                [Input((4,), "positive", True), Fixed(None)],
            ),
            (
                "BCEWithLogits",
                "real",
                a_loss(bce_logits),
                [Fixed(None), Input((4,), "positive", True)],
            ),
        ]
    ],
    *[
        Case(
            "CrossEntropy",
            (Input(shape), y, w),
            a_cross_entropy,
            {"label_smoothing": s, "reduction": r},
        )
        for shape, y in [
            ((3, 4), LABELS),
            ((4,), Fixed(np.array(1))),
            ((1, 4), Fixed(np.array([3]))),
            ((2, 4, 3), Fixed(np.array([[2, 0, 3], [1, 1, 0]]))),
            ((3, 4), Input((3, 4), "distribution")),
            ((4,), Input((4,), "distribution")),
            ((2, 4, 3), Input((2, 4, 3), "distribution")),
        ]
        for w in (Fixed(None), CLASS_WEIGHTS)
        for s in (0.0, 0.1)
        for r in ("mean", "sum", "none")
    ],
]

AFFINE = [
    (Input((4,), "positive"), Input((4,))),
    (Fixed(None), Fixed(None)),
    (Input((4,)), Fixed(None)),
    (Fixed(None), Input((4,))),
]

NORMS = [
    *[
        Case("BatchNorm", (Input(s), *wb), a_batch_norm, {"eps": 1e-3})
        for s in [(5, 4), (3, 4, 2), (2, 4, 2, 3)]
        for wb in AFFINE
    ],
    *[
        Case(
            "BatchNormInference",
            (Input(s), Input((4,), constant=True), Input((4,), "positive", True), *wb),
            a_batch_norm_inference,
            {"eps": 1e-3},
        )
        for s in [(5, 4), (1, 4), (3, 4, 2)]
        for wb in AFFINE
    ],
    *[
        Case("LayerNorm", (Input(s), *wb), a_layer_norm, {"axes": 1, "eps": 1e-3})
        for s in [(4,), (3, 4), (1, 4), (2, 3, 4)]
        for wb in AFFINE
    ],
    Case(
        "LayerNorm",
        (Input((2, 3, 4)), Input((3, 4)), Input((3, 4))),
        a_layer_norm,
        {"axes": 2, "eps": 1e-3},
    ),
    *[
        Case("Dropout", (Input(s), Rng()), a_dropout, {"p": p})
        for s in SHAPES
        for p in (0.0, 0.4, 1.0)
    ],
]

CASES = [*ARITHMETIC, *MATRICES, *REDUCTIONS, *SHAPING, *ACTIVATIONS, *LOSSES, *NORMS]
