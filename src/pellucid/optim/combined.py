"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.errors import DtypeError, FormatError, OptionError
from pellucid.optim.optimizer import Optimizer
from pellucid.optim.options import count
from pellucid.optim.plateau import ReduceLROnPlateau
from pellucid.optim.schedule import LRScheduler, Stepwise, an_optimizer

__all__ = ["ChainedScheduler", "SequentialLR"]


class _Combined(Stepwise):
    """Schedules of one optimizer that only this one steps; they say how, and are saved with it."""

    unsaved = ("optimizer", "_known", "_schedulers")

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], last_epoch: int
    ) -> None:
        self._schedulers = list(schedulers)
        for group in optimizer.param_groups:  # what they have set at their making is undone
            group["lr"] = group.get("initial_lr", group["lr"])
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """As LRScheduler's, and the states of the schedules under "_schedulers"."""
        return {**super().state_dict(), "_schedulers": [s.state_dict() for s in self._schedulers]}

    def _take(self, state_dict: Mapping[str, Any]) -> None:
        super()._take(state_dict)
        saved = state_dict["_schedulers"]
        if len(saved) != len(self._schedulers):
            raise FormatError(
                f"{type(self).__name__}.load_state_dict",
                got=f"the states of {len(saved)} schedules",
                needs=f"those of {len(self._schedulers)}",
            )
        for schedule, state in zip(self._schedulers, saved, strict=True):
            schedule._take(state)


class SequentialLR(_Combined):
    """``schedulers`` one after the other: number i + 1 begins, at its own t = 0, at milestone i.

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> first = optim.ConstantLR(sgd, factor=0.5, total_iters=9)
    >>> schedule = SequentialLR(sgd, [first, optim.ExponentialLR(sgd, gamma=0.5)], milestones=[2])
    >>> [schedule.lr_at(t, 0) for t in range(5)]
    [0.5, 0.5, 1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        an_optimizer("SequentialLR", optimizer)
        _check_members("SequentialLR", optimizer, schedulers)
        self._milestones = [count("SequentialLR", "milestones", m, low=0) for m in milestones]
        if len(self._milestones) != len(schedulers) - 1 or self._milestones != sorted(milestones):
            raise OptionError(
                "SequentialLR",
                got=f"milestones={self._milestones} for {len(schedulers)} schedules",
                needs=f"{len(schedulers) - 1} steps in their order: where each one gives way",
            )
        super().__init__(optimizer, schedulers, last_epoch)

    def after(self, lr: float, t: int, group: int) -> float:
        schedule, k = self._active(t)
        return schedule.begin(lr, group) if k == 0 < t else schedule.after(lr, k, group)

    def check(self, t: int) -> None:
        """Whether the schedule whose turn it is has this step."""
        schedule, k = self._active(t)
        schedule.check(k)

    def accompany(self, t: int) -> None:
        """What goes with the schedule whose turn it is."""
        schedule, k = self._active(t)
        schedule.accompany(k)

    def _active(self, t: int) -> tuple[LRScheduler, int]:
        """Whose turn it is at step t, and how many steps it has done."""
        i = bisect.bisect_right(self._milestones, t)
        return self._schedulers[i], t - (self._milestones[i - 1] if i else 0)


class ChainedScheduler(_Combined):
    """All of ``schedulers`` at once: each goes on from what the one before it has set.

    Those that multiply (StepLR, MultiStepLR, ConstantLR, LinearLR, ExponentialLR, PolynomialLR,
    MultiplicativeLR) multiply, CosineAnnealingLR scales the part above its eta_min, the others
    overwrite what came before them.

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> halves = optim.ConstantLR(sgd, factor=0.5, total_iters=2)
    >>> schedule = ChainedScheduler([halves, optim.ExponentialLR(sgd, gamma=0.5)])
    >>> [schedule.lr_at(t, 0) for t in range(4)]
    [0.5, 0.25, 0.25, 0.125]
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if optimizer is None and len(schedulers):
            optimizer = getattr(schedulers[0], "optimizer", None)
        _check_members("ChainedScheduler", optimizer, schedulers)
        done = [schedule.last_epoch for schedule in schedulers]
        if done != done[:1] * len(done):
            raise OptionError(
                "ChainedScheduler",
                got=f"schedules that have done {', '.join(map(str, done))} steps",
                needs="as many steps of each",
            )
        super().__init__(an_optimizer("ChainedScheduler", optimizer), schedulers, done[0] - 1)

    def after(self, lr: float, t: int, group: int) -> float:
        for schedule in self._schedulers:
            lr = schedule.after(lr, t, group)
        return lr

    def check(self, t: int) -> None:
        """Whether all schedules have this step."""
        for schedule in self._schedulers:
            schedule.check(t)

    def accompany(self, t: int) -> None:
        """What goes with the schedules."""
        for schedule in self._schedulers:
            schedule.accompany(t)


def _check_members(who: str, optimizer: Any, schedulers: Sequence[Any]) -> None:
    if not len(schedulers):
        raise OptionError(who, got="an empty list of schedules", needs="at least one")
    for i, schedule in enumerate(schedulers):
        if not isinstance(schedule, LRScheduler):
            raise DtypeError(
                who, got=f"a {type(schedule).__name__} as schedule {i}", needs="schedules"
            )
        if isinstance(schedule, ReduceLROnPlateau):
            raise OptionError(
                who,
                got=f"a ReduceLROnPlateau as schedule {i}",
                needs="schedules that depend on the step count alone",
                try_="step it by itself: plateau.step(loss)",
            )
        if schedule.optimizer is not optimizer:
            raise OptionError(
                who,
                got=f"schedule {i}, a {type(schedule).__name__}, of another optimizer",
                needs="schedules of one optimizer",
            )
