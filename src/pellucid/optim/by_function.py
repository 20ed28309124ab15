"""Schedules that a function of one's own decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pellucid.errors import DtypeError, FormatError, OptionError
from pellucid.optim.optimizer import Optimizer
from pellucid.optim.options import real
from pellucid.optim.schedule import LRScheduler, Stepwise, an_optimizer

__all__ = ["LambdaLR", "MultiplicativeLR"]

Function = Callable[[int], float]


class _ByFunction(LRScheduler):
    """One function for all parameter groups, or a list with one for each.

    A function is no part of the state; of an object that is called, the attributes are.
    """

    unsaved: tuple[str, ...] = ("optimizer", "_known", "lr_lambdas")

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Function | Sequence[Function], last_epoch: int = -1
    ) -> None:
        who = type(self).__name__
        groups = len(an_optimizer(who, optimizer).param_groups)
        self.lr_lambdas = _functions(who, lr_lambda, groups)
        super().__init__(optimizer, last_epoch)

    def asked(self, t: int, group: int) -> float:
        """What the function says for step ``t``."""
        return real(type(self).__name__, f"lr_lambda({t})", self.lr_lambdas[group](t), low=0)

    def state_dict(self) -> dict[str, Any]:
        """As LRScheduler's; of functions nothing, of callable objects their attributes."""
        objects = [_attributes(function) for function in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": objects}

    def _take(self, state_dict: Mapping[str, Any]) -> None:
        super()._take(state_dict)
        saved = state_dict["lr_lambdas"]
        if len(saved) != len(self.lr_lambdas):
            raise FormatError(
                f"{type(self).__name__}.load_state_dict",
                got=f"{len(saved)} functions",
                needs=f"the {len(self.lr_lambdas)} that the schedule has",
            )
        for function, attributes in zip(self.lr_lambdas, saved, strict=True):
            if attributes is not None:
                vars(function).update(attributes)


class LambdaLR(_ByFunction):
    """lr_t = base lr_lambda(t).

    ``lr_lambda`` takes the step count and gives a factor, 0 or more; a list has one function for
    each parameter group.

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> LambdaLR(sgd, lambda t: 1 / (1 + t)).lr_at(3, 0)
    0.25
    """

    def lr_at(self, t: int, group: int) -> float:
        return float(self.base_lrs[group] * self.asked(t, group))


class MultiplicativeLR(_ByFunction, Stepwise):
    """lr_t = lr_{t-1} lr_lambda(t), from the base at t = 0.

    ``lr_lambda`` takes the step count and gives a factor, 0 or more; a list has one function for
    each parameter group.

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> schedule = MultiplicativeLR(sgd, lambda t: 0.5)
    >>> [schedule.lr_at(t, 0) for t in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """

    def after(self, lr: float, t: int, group: int) -> float:
        return lr * self.asked(t, group) if t > 0 else lr

    def begin(self, lr: float, group: int) -> float:
        """It goes on from where the other schedule ended, as in torch."""
        return lr * self.asked(0, group)


def _functions(who: str, given: Any, groups: int) -> list[Function]:
    functions = list(given) if isinstance(given, (list, tuple)) else [given] * groups
    if len(functions) != groups:
        raise OptionError(
            who,
            got=f"{len(functions)} functions as lr_lambda",
            needs=f"one, or one for each of the optimizer's {groups} parameter groups",
        )
    for function in functions:
        if not callable(function):
            raise DtypeError(
                who,
                got=f"lr_lambda: a {type(function).__name__}",
                needs="a function of the step count",
                try_=f"lambda t: {function!r}" if isinstance(function, (int, float)) else None,
            )
    return functions


def _attributes(function: Any) -> dict[str, Any] | None:
    """What a callable object remembers; None for a function."""
    if hasattr(function, "__code__") or not hasattr(function, "__dict__"):
        return None
    return dict(vars(function))
