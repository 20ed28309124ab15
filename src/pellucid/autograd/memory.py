"""The memory of what was computed: nodes, the walk back over them, and the switch that stops it."""

from __future__ import annotations

import functools
import heapq
import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pellucid.errors import GradientError
from pellucid.ops import Rule

__all__ = ["Node", "enable_grad", "is_grad_enabled", "mode", "no_grad", "walk", "watch"]

F = TypeVar("F", bound=Callable[..., Any])

_UNCHANGED = [0]  # the version of an input that is no tensor
_order = itertools.count()  # nodes are numbered as they are made: backward goes from last to first


class Mode(threading.local):
    grad = True
    watchers: tuple[Watcher, ...] = ()


# called as watcher(stage, rule, arrays in, arrays out), stage "forward" or "backward"
Watcher = Callable[[str, Rule, Sequence[Any], Sequence[Any]], None]
mode = Mode()


class _Grad:
    """Switches the memory on or off for a ``with`` block or a function."""

    def __init__(self, on: bool) -> None:
        self.on = on
        self.before: list[bool] = []

    def __enter__(self) -> None:
        self.before.append(mode.grad)
        mode.grad = self.on

    def __exit__(self, *_: object) -> None:
        mode.grad = self.before.pop()

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with _Grad(self.on):
                return function(*args, **kwargs)

        return call  # type: ignore[return-value]


def no_grad() -> _Grad:
    """Compute without remembering: ``with no_grad(): ...`` or ``@no_grad()`` over a function.

    >>> from pellucid import tensor
    >>> with no_grad():
    ...     (tensor([1.0], requires_grad=True) * 2).requires_grad
    False
    """
    return _Grad(False)


def enable_grad() -> _Grad:
    """Remember again inside a :func:`no_grad` block."""
    return _Grad(True)


def is_grad_enabled() -> bool:
    """Whether operations are being remembered now."""
    return mode.grad


class watch:
    """Inside the block, ``watcher(stage, rule, inputs, outputs)`` sees every rule that runs."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher

    def __enter__(self) -> None:
        self.before = mode.watchers
        mode.watchers = (*self.before, self.watcher)

    def __exit__(self, *_: object) -> None:
        mode.watchers = self.before


class Node:
    """How one tensor was made: the rule, what went in (and its arrays), what came out."""

    __slots__ = ("arrays", "inputs", "needs", "options", "order", "outputs", "rule", "versions")

    def __init__(
        self,
        rule: Rule,
        inputs: tuple[Any, ...],
        arrays: tuple[Any, ...],
        outputs: tuple[Any, ...],
        options: dict[str, Any],
        needs: tuple[bool, ...],
    ) -> None:
        self.rule, self.outputs, self.options, self.needs = rule, outputs, options, needs
        self.arrays = arrays  # x.data may be another array by then
        self.inputs: tuple[Any, ...] | None = inputs
        self.versions = tuple([getattr(x, "_version", _UNCHANGED)[0] for x in inputs])
        self.order = next(_order)

    def gradients(self, g: Any, output_version: int, expected: int) -> tuple[Any, ...]:
        """One gradient per input, after making sure that nothing was changed in between."""
        if self.inputs is None:
            raise GradientError(
                f"backward through {self.rule.name}",
                got="a graph whose memory was freed by an earlier backward()",
                needs="the memory of the forward pass",
                try_="backward(retain_graph=True) the first time, or compute the loss again",
            )
        for x, version in zip(self.inputs, self.versions, strict=True):
            if getattr(x, "_version", _UNCHANGED)[0] != version:
                raise _changed(self.rule.name, "an input", x.shape)
        if output_version != expected:
            raise _changed(self.rule.name, "the output", self.outputs[0].shape)
        gradients = self.rule.gradients(g, self.outputs, self.arrays, self.options, self.needs)
        if not isinstance(gradients, tuple | list) or len(gradients) != len(self.inputs):
            raise GradientError(
                f"backward through {self.rule.name}",
                got=f"{type(gradients).__name__} from its backward rule",
                needs=f"a tuple of {len(self.inputs)}: one gradient per input, or None",
            )
        return tuple(gradients)

    def owned(self, dx: Any, g: Any, gradients: tuple[Any, ...]) -> Any:
        """A leaf's gradient in memory of its own: no view, no input, nothing that another has."""
        if getattr(dx, "base", None) is not None:
            return dx.copy()
        others = (g, *self.arrays, *self.outputs, *gradients)
        return dx.copy() if sum(dx is other for other in others) > 1 else dx

    def free(self) -> None:
        """Forget what was kept for backward, and what came before."""
        self.inputs, self.arrays, self.outputs = None, (), ()


def _changed(name: str, what: str, shape: tuple[int, ...]) -> GradientError:
    return GradientError(
        f"backward through {name}",
        got=f"{what} of shape {shape} that was changed in place after {name} had used it",
        needs="the values of the forward pass: the gradient would be wrong",
        try_="an operation that makes a new tensor (x = x + 1), or change a detach().copy()",
    )


def walk(root: Any, seed: Any, retain_graph: bool, wrap: Callable[[Any], Any]) -> None:
    """Visit the nodes from the last made to the first: each is complete when its turn comes.

    ``wrap`` makes a tensor of a gradient, for hooks and for the leaves.
    """
    pending: dict[int, tuple[Any, Any]] = {id(root): (root, seed)}
    leaves: list[Any] = []
    queue: list[tuple[int, int]] = []
    _enqueue(root, queue, leaves)
    while queue:
        _, key = heapq.heappop(queue)
        t, g = pending.pop(key)
        g = _arrive(t, g, wrap)
        node = t._node
        assert node is not None
        gradients = node.gradients(g, t._version[0], t._made_at)
        for watcher in mode.watchers:
            watcher("backward", node.rule, (g, *node.outputs), gradients)
        for x, dx, need in zip(node.inputs or (), gradients, node.needs, strict=True):
            if not need or dx is None:
                continue
            dx = _fitted(dx, x, node.rule.name)
            if id(x) in pending:
                pending[id(x)] = x, pending[id(x)][1] + dx
            else:
                pending[id(x)] = x, node.owned(dx, g, gradients) if x._node is None else dx
                _enqueue(x, queue, leaves)
        if not retain_graph:
            node.free()
    for leaf in leaves:
        g = _arrive(leaf, pending[id(leaf)][1], wrap)
        leaf.grad = wrap(g if leaf.grad is None else leaf.grad.data + g)


def _enqueue(t: Any, queue: list[tuple[int, int]], leaves: list[Any]) -> None:
    if t._node is None:
        leaves.append(t)
    else:
        heapq.heappush(queue, (-t._node.order, id(t)))


def _arrive(t: Any, g: Any, wrap: Callable[[Any], Any]) -> Any:
    """The whole gradient of ``t`` is known: tell its hooks, keep it if asked."""
    for hook in t._hooks or ():
        answer = hook(wrap(g))
        if answer is not None:
            answer = answer.data if hasattr(answer, "_node") else answer
            g = _fitted(answer, t, "a hook").copy()  # the hook may keep its array
    if t._retain and t._node is not None:
        t.grad = wrap(g)
    return g


def _fitted(dx: Any, x: Any, name: str) -> Any:
    """``dx`` in the dtype of ``x``; a gradient of another shape than ``x`` is refused."""
    if getattr(dx, "shape", None) != x.shape:
        raise GradientError(
            f"backward through {name}",
            got=f"a gradient of shape {getattr(dx, 'shape', None)} for an input of shape {x.shape}",
            needs="the shape of the input",
            try_="pellucid.ops.like(gradient, input) where the input was broadcast",
        )
    return dx if dx.dtype == x.dtype else dx.astype(x.dtype)
