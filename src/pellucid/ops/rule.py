"""What an entry of the table is, and the few words that entries share."""

from __future__ import annotations

import functools
import inspect
from typing import Any

__all__ = ["TABLE", "Entry", "Rule", "helper", "like", "rule"]

Entry = Any  # a Rule: a checker still sees the class that the decorator made one of

TABLE: dict[str, Rule] = {}


class Rule:
    """One operation: its forward rule and its backward rule, side by side.

    ``forward(*inputs, **options)`` gives the output, or ``(output, *extras)`` where backward needs
    more than it can cheaply recompute. ``backward(g, output, *extras, *inputs, **options)`` gives
    one gradient per input, ``None`` where there is none; a keyword ``needs`` (one constant flag per
    input) tells which ones anybody asked for. An operation without ``backward`` has no derivative.
    """

    def __init__(self, source: type) -> None:
        self.name: str = source.__name__
        self.doc: str = inspect.getdoc(source) or source.__name__
        self.forward = source.forward  # type: ignore[attr-defined]
        self.backward = getattr(source, "backward", None)
        self.view: bool = getattr(source, "view", False)
        self.numpy: tuple[Any, ...] = _as_tuple(getattr(source, "numpy", ()))
        self.wants_needs = self.backward is not None and _has_needs(self.backward)
        self.__doc__ = self.doc

    def gradients(
        self,
        g: Any,
        outputs: tuple[Any, ...],
        inputs: tuple[Any, ...],
        options: dict[str, Any],
        needs: tuple[bool, ...],
    ) -> tuple[Any, ...]:
        """Run the backward rule on what the forward rule saw and gave."""
        if self.wants_needs:
            options = {**options, "needs": needs}
        found = self.backward(g, *outputs, *inputs, **options)  # type: ignore[misc]
        if isinstance(found, tuple) and not any(dx is not None for dx in found[len(inputs) :]):
            return found[: len(inputs)]  # an optional input that was left out has no gradient
        return found  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"<rule {self.name}: {self.doc.splitlines()[0]}>"


def rule(source: type) -> Any:
    """Enter a class with ``forward`` and ``backward`` into the table."""
    TABLE[source.__name__] = entry = Rule(source)
    return entry


def helper(function):
    """Mark a NumPy function that rules call by name because it is not one straight line.

    It gives an array or a tuple of arrays, changes none of its inputs, and uses ``np``, ``math``
    and other helpers alone. A last keyword ``out=None`` is the memory for its results, an array or
    a tuple of arrays: a program that has it at hand gives it. An argument that knows
    ``__pellucid_helper__`` (a name in a trace) answers in its place.
    """

    @functools.wraps(function)
    def call(*arguments, **options):
        for argument in (*arguments, *options.values()):
            parts = argument if isinstance(argument, tuple) else (argument,)
            for part in parts:
                answer = getattr(type(part), "__pellucid_helper__", None)
                if answer is not None:
                    return answer(part, function, arguments, options)
        return function(*arguments, **options)

    return call


def like(g, x):
    """Sum ``g`` over the axes along which ``x`` was broadcast, so that it has the shape of ``x``.

    >>> import numpy as np
    >>> like(np.ones((4, 3)), np.zeros((1, 3))).shape
    (1, 3)
    """
    if g.shape == x.shape:
        return g
    new = g.ndim - x.ndim
    stretched = tuple(i + new for i, n in enumerate(x.shape) if n == 1 and g.shape[i + new] != 1)
    axes = tuple(range(new)) + stretched
    return g.sum(axis=axes).reshape(x.shape) if axes else g.reshape(x.shape)


def _has_needs(function) -> bool:  # type: ignore[no-untyped-def]
    return "needs" in inspect.signature(function).parameters


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
