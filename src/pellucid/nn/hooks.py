"""What a user may hang on a module: functions called before, after and behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid import ops
from pellucid.autograd import Tensor, apply

__all__ = ["Handle", "Hooks"]


class Handle:
    """Takes a hook down again: call it, or its ``remove()`` as in torch."""

    def __init__(self, hooks: list[Callable[..., Any]], hook: Callable[..., Any]) -> None:
        self.hooks, self.hook = hooks, hook

    def remove(self) -> None:
        """Take the hook down; once it is down, nothing happens."""
        if self.hook in self.hooks:
            self.hooks.remove(self.hook)

    __call__ = remove


class Hooks:
    """The hooks of one module, by the moment at which they are called; false if there are none."""

    def __init__(self) -> None:
        self._lists: dict[str, list[Callable[..., Any]]] = {}

    def __bool__(self) -> bool:
        return any(self._lists.values())

    def add(self, moment: str, hook: Callable[..., Any]) -> Handle:
        """Hang ``hook`` and return what takes it down."""
        hooks = self._lists.setdefault(moment, [])
        hooks.append(hook)
        return Handle(hooks, hook)

    def around(self, module: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Run ``module.forward`` with the hooks before, after and behind it."""
        for hook in self._lists.get("before", []):
            answer = hook(module, inputs)
            if answer is not None:
                inputs = answer if isinstance(answer, tuple) else (answer,)
        behind = self._lists.get("backward", [])
        if behind:
            inputs = tuple(_marked(x) for x in inputs)
        output = module.forward(*inputs, **options)
        for hook in self._lists.get("after", []):
            answer = hook(module, inputs, output)
            output = output if answer is None else answer
        if behind:
            made, output = output, _marked(output)
            _listen(module, list(behind), inputs, made, output)
        return output


def _tensors(value: Any) -> list[Tensor]:
    """The tensors with a gradient in nested tuples, as in (output, (h, c))."""
    if isinstance(value, tuple):
        return [t for part in value for t in _tensors(part)]
    return [value] if isinstance(value, Tensor) and value.requires_grad else []


def _marked(x: Any) -> Any:
    """The same values as a tensor of its own, whose gradient is this module's alone."""
    if type(x) is tuple:
        return tuple(_marked(part) for part in x)
    if isinstance(x, Tensor) and x.requires_grad:
        return apply(ops.Reshape, x, shape=x.shape)
    return x


def _listen(
    module: Any, hooks: list[Callable[..., Any]], inputs: tuple[Any, ...], made: Any, output: Any
) -> None:
    """Call the backward hooks once the gradients of the output and of all inputs are known.

    ``output`` is ``made`` by the module, and marked. Of several outputs those that the loss left
    out have None. Where no input wants a gradient, several outputs are all known as soon as one
    arrives at what they were made of.
    """
    waiting = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    outputs = _tensors(output)
    alone = isinstance(output, Tensor)
    arrived: dict[int, Tensor] = {}

    def tell() -> None:
        grads = tuple(arrived.get(id(x)) for x in inputs)
        outs = tuple(arrived.get(id(y)) for y in outputs)
        arrived.clear()  # a second backward through a retained graph tells once more
        for hook in hooks:
            hook(module, grads, outs)

    def listen(t: Tensor, last: bool) -> None:
        def hook(g: Tensor) -> None:
            arrived[id(t)] = g
            complete = last and all(id(x) in arrived for x in waiting)
            if complete and any(id(y) in arrived for y in outputs):
                tell()

        t.register_hook(hook)

    if outputs:
        for t in outputs:
            listen(t, last=alone and not waiting)
        for t in waiting or ([] if alone else [y for y in _tensors(made) if not y.is_leaf]):
            listen(t, last=True)
