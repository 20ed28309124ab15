"""The arrays that outlive a step, each kind in one arena: weights, gradients, memories."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.autograd import Tensor
from pellucid.errors import GradientError, OptionError
from pellucid.nn import Module
from pellucid.optim import Optimizer
from pellucid.program.settings import label_of, numbers_of, of_group, setting
from pellucid.program.step import Step

__all__ = ["Memory"]

Array = NDArray[Any]


class Memory:
    """The arrays that outlive a step: weights, gradients and the optimizer's memories, in arenas.

    The network's parameters, and the optimizer's state, become views of them.
    """

    def __init__(self, model: Module, optimizer: Optimizer, step: Step) -> None:
        self.optimizer, self.step = optimizer, step
        named = dict(model.named_parameters())
        self.paths = list(step.trace.moved)
        self.numbers = self._numbers(named)
        self._numbered = self._by_group()
        self.parameters = [named[path] for path in self.paths]
        self._check_numbers()
        sizes = [p.size for p in self.parameters]
        self.ends = [0, *np.cumsum(sizes).tolist()]
        dtype = self.parameters[0].dtype
        self.arrays: dict[str, Any] = {}
        self.switches = [_switches(group) for group in optimizer.param_groups]
        self.wanted: list[str] = []  # the settings that the update asks for
        self.ahead: dict[int, dict[str, Any]] = {}  # by group: its numbers for the step under way
        self.views: list[Array] = []
        self._flat("W", [p.data for p in self.parameters], dtype)
        for p, view in zip(self.parameters, self._parts("W"), strict=True):
            p.data = view
            self.views.append(view)
        self._flat("dW", [np.zeros_like(p.data) for p in self.parameters], dtype)
        for p, view in zip(self.parameters, self._parts("dW"), strict=True):
            p.grad = Tensor(view)
        for letter, slot in self.slots.items():
            self._slot(letter, slot, dtype)
        for path, b in model.named_buffers():
            if path in step.trace.buffers:
                self.arrays[f"buffer_{step.trace.buffers[path].line.label}"] = b.data
        for path, name in step.trace.parameters.items():
            if path not in step.trace.moved:  # frozen, or without a gradient
                self.arrays[f"fixed_{name.line.label}"] = named[path].data

    @property
    def slots(self) -> dict[str, str]:
        """The memories: short name to the optimizer's own name."""
        return self.step.update.slots

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """For each update where its parameters begin and end in the arenas: they are in order."""
        counts = [len(update.paths) for update in self.step.updates]
        bounds = [self.ends[k] for k in [0, *np.cumsum(counts).tolist()]]
        return list(pairwise(bounds))

    def group(self, i: int) -> dict[str, Any]:
        """The group of the optimizer's parameter ``i``."""
        for group in self.optimizer.param_groups:
            if i < len(group["params"]):
                return group
            i -= len(group["params"])
        raise IndexError(i)

    def _numbers(self, named: dict[str, Any]) -> list[int]:
        """Each parameter's place among the optimizer's."""
        place = {
            id(p): i
            for i, p in enumerate(p for g in self.optimizer.param_groups for p in g["params"])
        }
        return [place[id(named[path])] for path in self.paths]

    def _next_numbers(self, i: int) -> dict[str, Any]:
        """The numbers of the step about to be done, for the optimizer's parameter ``i``."""
        return numbers_of(self.optimizer, self.group(i), self.optimizer.state.get(i))

    def _check_numbers(self) -> None:
        """Refuse parameters that have done other numbers of steps: a program has one t."""
        if any(
            self._next_numbers(i) != self._next_numbers(numbers[0])
            for numbers in self._numbered.values()
            for i in numbers
        ):
            raise GradientError(
                "program",
                got="parameters that have done different numbers of steps",
                needs="as many steps of each: the program counts them once",
            )

    def _by_group(self) -> dict[int, list[int]]:
        """The optimizer's numbers of the parameters, by the group that they are in."""
        numbers = iter(self.numbers)
        return {u.group: [next(numbers) for _ in u.paths] for u in self.step.updates}

    def _flat(self, name: str, arrays: list[Array], dtype: Any) -> None:
        self.arrays[name] = np.concatenate([a.ravel() for a in arrays]).astype(dtype)

    def _parts(self, name: str) -> Iterator[Array]:
        flat = self.arrays[name]
        for p, a, b in zip(self.parameters, self.ends[:-1], self.ends[1:], strict=True):
            yield flat[a:b].reshape(p.shape)

    def _slot(self, letter: str, slot: str, dtype: Any) -> None:
        """One memory of all parameters, taken over from the optimizer where it has one."""
        first = [
            self.optimizer.state.get(i, {}).get(
                slot, self.optimizer.first(slot, p.data, self.group(i))
            )
            for i, p in zip(self.numbers, self.parameters, strict=True)
        ]
        self._flat(letter, first, dtype)
        for i, part in zip(self.numbers, self._parts(letter), strict=True):
            self.optimizer.state.setdefault(i, {})[slot] = part

    def options(self) -> dict[str, Any]:
        """The optimizer's settings and step count for the step about to run."""
        groups = self.optimizer.param_groups
        if [_switches(group) for group in groups] != self.switches:
            raise OptionError(
                "program",
                got="an option of the optimizer that was turned on or off since then",
                needs="the optimizer as it was when the program was written",
                try_="pellucid.write again",
            )
        self.ahead = {k: self._next_numbers(i[0]) for k, i in self._numbered.items()}
        told = {k: {label_of(n): v for n, v in a.items()} for k, a in self.ahead.items()}
        found = {}
        for label in self.wanted:
            name, k = of_group(label)
            found[label] = told[k][name] if name in told[k] else setting(groups[k], name)
        return found

    def count(self) -> None:
        """One more step is done."""
        slots = self.optimizer.slots(self.optimizer.param_groups[0])
        for k, numbers in self._numbered.items():
            kept = {name: value for name, value in self.ahead[k].items() if name in slots}
            for i in numbers if kept else ():
                self.optimizer.state.setdefault(i, {}).update(kept)

    def check(self) -> None:
        """Refuse to train arrays that the network no longer uses, or that were frozen."""
        for p, view in zip(self.parameters, self.views, strict=True):
            if p.data is not view or not p.requires_grad:
                raise OptionError(
                    "program",
                    got="a parameter that was frozen, or whose array was replaced, since then",
                    needs="the arrays that the program knows",
                    try_="load_state_dict or copy_, which write in place; or write it again",
                )


def _switches(group: dict[str, Any]) -> list[bool]:
    """Which options are on: a rule branches on them, but not on the learning rate."""
    return [bool(value) for name, value in group.items() if name != "lr"]
