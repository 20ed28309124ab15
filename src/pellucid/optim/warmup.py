"""A linear rise of the learning rate before another schedule begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.errors import OptionError
from pellucid.optim.one_cycle import OneCycleLR
from pellucid.optim.optimizer import Optimizer
from pellucid.optim.options import count
from pellucid.optim.plateau import ReduceLROnPlateau
from pellucid.optim.schedule import LRScheduler

__all__ = ["Warmup", "with_warmup"]


class Warmup(LRScheduler):
    """A linear rise to where ``schedule`` starts, then ``schedule``: made by ``with_warmup``."""

    def __init__(self, optimizer: Optimizer, schedule: LRScheduler | None, steps: int) -> None:
        self.schedule = schedule
        self.steps = count("with_warmup", "steps", steps, low=0)
        for group in optimizer.param_groups:  # what the schedule has set at its making is undone
            group["lr"] = group.get("initial_lr", group["lr"])
        super().__init__(optimizer)

    def lr_at(self, t: int, group: int) -> float:
        if t < self.steps:
            return self._after(0, group) * (t + 1) / (self.steps + 1)
        return self._after(t - self.steps, group)

    def _after(self, t: int, group: int) -> float:
        return self.schedule.lr_at(t, group) if self.schedule else self.base_lrs[group]

    def state_dict(self) -> dict[str, Any]:
        inner = self.schedule.state_dict() if self.schedule else None
        return {**super().state_dict(), "schedule": inner}

    def check(self, t: int) -> None:
        """Whether ``schedule`` has this step."""
        if self.schedule:
            self.schedule.check(max(0, t - self.steps))

    def accompany(self, t: int) -> None:
        """What goes with ``schedule``, which waits at its start until the rise is over."""
        if self.schedule:
            self.schedule.accompany(max(0, t - self.steps))

    def _take(self, state_dict: Mapping[str, Any]) -> None:
        if self.schedule:
            self.schedule._take(state_dict.get("schedule") or {})
        super()._take({**state_dict, "schedule": self.schedule})


def with_warmup(optimizer: Optimizer, schedule: LRScheduler | None, steps: int) -> LRScheduler:
    """``schedule``, after a linear rise over ``steps`` steps to the value that it starts from.

    lr_t = start (t + 1) / (steps + 1) for t < steps, then ``schedule`` at t - steps; without a
    schedule the learning rate stays at its base. Call ``step()`` of the result only. Raises
    OptionError for a schedule that is no function of the step count or warms up by itself.

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> schedule = with_warmup(sgd, optim.ExponentialLR(sgd, gamma=0.5), steps=3)
    >>> [schedule.lr_at(t, 0) for t in range(6)]
    [0.25, 0.5, 0.75, 1.0, 0.5, 0.25]
    """
    if isinstance(schedule, (ReduceLROnPlateau, OneCycleLR, Warmup)):
        raise OptionError(
            "with_warmup",
            got=f"a {type(schedule).__name__}",
            needs="a schedule that depends on the step count alone and does not warm up by itself",
            try_="OneCycleLR's own pct_start" if isinstance(schedule, OneCycleLR) else None,
        )
    if schedule is not None and schedule.optimizer is not optimizer:
        raise OptionError(
            "with_warmup",
            got=f"a {type(schedule).__name__} of another optimizer",
            needs="a schedule of the optimizer that is warmed up",
        )
    return Warmup(optimizer, schedule, steps)
