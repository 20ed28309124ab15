"""Helpers in the reading form: the same functions, without the memory that nobody gives them."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import toys

from pellucid.ops import embedding, shape
from pellucid.program.helpers import source_of, sources
from pellucid.program.without_out import without_out

TEXTS = {
    "a statement": (
        "def f(x, out=None):\n    if out is None:\n        # as large\n        out = x * 0\n"
        "    out += x\n    return out",
        "def f(x):\n    # as large\n    out = x * 0\n    out += x\n    return out",
    ),
    "several results": (
        "def f(x, k=2, *, out=None):\n    a, b = (x * 0, x * k) if out is None else out\n"
        "    return a, b",
        "def f(x, k=2):\n    a, b = (x * 0, x * k)\n    return a, b",
    ),
    "the other way round": (
        "def f(x, out=None):\n    y = out if out is not None else x * 0\n    return y",
        "def f(x):\n    y = x * 0\n    return y",
    ),
    "without": ("def f(x):\n    return x", "def f(x):\n    return x"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_how_it_is_left_out(name: str) -> None:
    text, shorter = TEXTS[name]
    assert without_out(text) == shorter


@pytest.mark.parametrize(
    "text",
    [
        "def f(x, out=None):\n    return np.exp(x, out=out)",
        "def f(x, out=None):\n    if out is None:\n        y = x\n    else:\n        y = out\n",
        "def f(x, out=None):\n    if out is None: out = x * 0\n    return out",
    ],
)
def test_what_is_not_plain_stays_as_it_is(text: str) -> None:
    assert without_out(text) == text


def test_a_helper_that_is_given_memory_by_another_keeps_it() -> None:
    both = sources([embedding.embedding_gradient], reading=True)
    assert [text.partition("\n")[0] for text in both] == [
        "def add_rows(rows, ids, n, out=None):",
        "def embedding_gradient(g, ids, n, padding_idx=None, by_frequency=False, out=None):",
    ]
    (alone,) = sources([embedding.add_rows], reading=True)
    assert alone.startswith("def add_rows(rows, ids, n):\n")


@pytest.mark.parametrize(
    ("helper", "arguments"),
    [
        (toys.im2col, (np.arange(24.0).reshape(2, 3, 4), 2)),
        (toys.col2im, (np.arange(36.0).reshape(2, 3, 6), 2)),
        (shape.scatter, (np.ones((2, 3)), np.zeros((4, 3)), np.array([1, 1]))),
    ],
)
def test_it_computes_the_same(helper: Any, arguments: Any) -> None:
    whole = inspect.unwrap(helper)
    space: dict[str, Any] = {"np": np}
    for text in sources([helper], reading=True):
        assert "out=None" not in text
        exec(text, space)
    assert "out=None" in source_of(helper)
    expected, found = whole(*arguments), space[whole.__name__](*arguments)
    assert found.tobytes() == expected.tobytes()
    assert found.strides == expected.strides
