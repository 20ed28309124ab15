"""Where the first bad number came from: the step is run again, and every rule is watched."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from pellucid.autograd import Tensor, watch
from pellucid.errors import NonFiniteError
from pellucid.nn import Module
from pellucid.ops import Rule

__all__ = ["locate"]


class _Found(Exception):
    """Ends the replay at the first value that is not finite."""

    def __init__(self, layer: str, rule: str, stage: str, value: str) -> None:
        self.layer, self.rule, self.stage, self.value = layer, rule, stage, value


class _Watcher:
    """Looks at what every rule gives, and knows in which layer it runs."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.made_in: dict[int, str] = {}
        self.kept: list[Any] = []  # so that no id is used twice

    def __call__(
        self, stage: str, rule: Rule, inputs: Sequence[Any], outputs: Sequence[Any]
    ) -> None:
        if stage == "forward":
            layer = self.path[-1] if self.path else "loss"
            self.made_in[id(outputs[0])] = layer
            self.kept.append(outputs[0])
        else:
            layer = self.made_in.get(id(inputs[1]), "loss")
        for value in outputs if stage == "backward" else outputs[:1]:
            bad = _bad(value)
            if bad is not None:
                raise _Found(layer, rule.name, stage, bad)

    def follow(self, model: Module, stack: ExitStack) -> None:
        """Note which layer is running, by hooks that are taken down again."""
        for path, module in model.named_modules():
            name = path or type(model).__name__
            stack.callback(module.register_forward_pre_hook(self._enter(name)))
            stack.callback(module.register_forward_hook(self._leave))

    def _enter(self, name: str) -> Callable[..., None]:
        return lambda module, inputs: self.path.append(name)

    def _leave(self, module: Module, inputs: Any, output: Any) -> None:
        self.path.pop()


Lines = Callable[[str, str, str], tuple[int, str] | None]


def locate(
    model: Module,
    replay: Callable[[], Any],
    step: int,
    lr: float,
    losses: Sequence[float],
    lines: Lines | None = None,
) -> NonFiniteError:
    """Run the step again from the unchanged weights; say where it first went wrong, and why.

    ``replay`` runs forward and backward; ``losses`` are those of the steps before; ``lines`` finds
    the line of the written program by layer, rule and stage.
    """
    for name, p in model.named_parameters():
        bad = _bad(p.data)
        if bad is not None:
            return _error(step, name, "the weights before the step", bad, _cause(step, lr, losses))
    watcher = _Watcher()
    try:
        with ExitStack() as stack, np.errstate(all="ignore"):
            watcher.follow(model, stack)
            stack.enter_context(watch(watcher))
            replay()
    except _Found as found:
        line = None if lines is None else lines(found.layer, found.rule, found.stage)
        where = f"{found.rule} ({found.stage})"
        where += f", line {line[0]}: {line[1]}" if line is not None else ""
        return _error(step, found.layer, where, found.value, _cause(step, lr, losses))
    return _error(step, "loss", "sum of the batch", "not finite", _cause(step, lr, losses))


def _bad(value: Any) -> str | None:
    array = value.data if isinstance(value, Tensor) else value
    if not isinstance(array, np.ndarray | np.generic) or array.dtype.kind != "f":
        return None
    if np.isfinite(array).all():
        return None
    return "NaN" if np.isnan(array).any() else "infinity"


def _cause(step: int, lr: float, losses: Sequence[float]) -> tuple[str, str | None]:
    """The likely cause in words, and what to try."""
    recent = [loss for loss in losses if math.isfinite(loss)]
    if len(recent) >= 2 and recent[-1] > 2 * min(recent):
        words = f"the loss had grown from {min(recent):.3g} to {recent[-1]:.3g}"
        sane = min(lr / 10, 0.1)  # a rate that blew up may be off by more than one power of ten
        return f"the learning rate {lr:g} is too large: {words}", f"a learning rate of {sane:g}"
    if step == 1 or not recent:
        return "the inputs or the initial weights are too large", "scaled inputs, He weights"
    if len(recent) == 1:
        sane = min(lr / 10, 0.1)
        words = f"one update was enough, after a loss of {recent[0]:.3g}"
        return f"the learning rate {lr:g} is too large: {words}", f"a learning rate of {sane:g}"
    return "a value outside what the operation can take (log of 0, division by 0, overflow)", None


def _error(
    step: int, layer: str, operation: str, value: str, cause: tuple[str, str | None]
) -> NonFiniteError:
    error = NonFiniteError(
        f"step {step}",
        got=f"{value} in {layer}, {operation}",
        needs=f"finite numbers; likely cause: {cause[0]}",
        try_=cause[1],
    )
    error.event = {  # type: ignore[attr-defined]
        "step": step,
        "layer": layer,
        "operation": operation,
        "value": value,
        "cause": cause[0],
    }
    return error
