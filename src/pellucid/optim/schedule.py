"""What all learning-rate schedules share: a formula of the step count, and who it acts on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pellucid.errors import DtypeError, FormatError, OptionError
from pellucid.optim.optimizer import Group, Optimizer
from pellucid.optim.options import count

__all__ = [
    "Factor",
    "LRScheduler",
    "Stepwise",
    "an_optimizer",
    "check_has_momentum",
    "cosine",
    "line",
    "set_momentum",
]

# What torch's schedules note for themselves, beside what they depend on.
_TORCH_NOTES = ("_step_count", "_is_initial", "_get_lr_called_within_step", "verbose")


class LRScheduler:
    """The base of the schedules: a subclass says the learning rate after t steps.

    Call ``step()`` after the optimizer's; ``step(epoch)`` jumps to that count. ``last_epoch`` other
    than -1 goes on from there, for groups that carry the "initial_lr" of an earlier schedule.
    """

    unsaved: tuple[str, ...] = ("optimizer",)  # attributes that are no part of the state

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = an_optimizer(type(self).__name__, optimizer)
        count(type(self).__name__, "last_epoch", last_epoch, low=-1)
        self.base_lrs = self._bases(optimizer.param_groups, last_epoch)
        self._last_lr = list(self.base_lrs) if last_epoch == -1 else _rates(optimizer.param_groups)
        self.chained = False  # whether somebody else moves the learning rate too
        self.last_epoch = last_epoch
        self.step()

    def lr_at(self, t: int, group: int) -> float:
        """The learning rate of parameter group number ``group`` after ``t`` steps."""
        raise NotImplementedError

    def after(self, lr: float, t: int, group: int) -> float:
        """The learning rate after step ``t`` where others have left it at ``lr``: overwritten."""
        return self.lr_at(t, group)

    def begin(self, lr: float, group: int) -> float:
        """The learning rate where another schedule, which ended at ``lr``, gives way to this."""
        return self.lr_at(0, group)

    def check(self, t: int) -> None:
        """Raise an OptionError if the schedule has no step ``t``."""

    def accompany(self, t: int) -> None:
        """Move what goes with the learning rate after ``t`` steps: a momentum, if any."""

    def step(self, epoch: int | None = None) -> None:
        """Give every parameter group its next learning rate, or that after ``epoch`` steps."""
        if epoch is None:
            self._move_to(self.last_epoch + 1, next_one=True)
        else:
            self._move_to(count(type(self).__name__, "epoch", epoch, low=0))

    def get_last_lr(self) -> list[float]:
        """The learning rate of each parameter group, as set last."""
        return list(self._last_lr)

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule depends on, as plain numbers, lists and text."""
        state = {name: value for name, value in vars(self).items() if name not in self.unsaved}
        return {k: list(v) if isinstance(v, list) else v for k, v in state.items()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what ``state_dict`` saved; the optimizer gets that learning rate.

        Where others move it too, it is left to the optimizer's own state. Raises FormatError when
        the names are not those of this kind of schedule.
        """
        self._take(state_dict)
        self._go_on()

    def _take(self, state_dict: Mapping[str, Any]) -> None:
        """Hold what ``state_dict`` saved."""
        own = self.state_dict()
        given: dict[str, Any] = {"chained": False} if "chained" in own else {}
        given |= {name: v for name, v in state_dict.items() if name not in _TORCH_NOTES}
        if set(given) != set(own):
            raise FormatError(
                f"{type(self).__name__}.load_state_dict",
                got="the names " + ", ".join(state_dict),
                needs="the names " + ", ".join(own),
            )
        taken = {k: v for k, v in given.items() if k not in self.unsaved}
        vars(self).update({k: list(v) if isinstance(v, list) else v for k, v in taken.items()})

    def _go_on(self) -> None:
        """Give the optimizer what holds after ``last_epoch`` steps."""
        if not self.chained:
            self._move_to(self.last_epoch)

    def _move_to(self, t: int, next_one: bool = False) -> None:
        """Set what holds after t steps; the ``next_one`` follows what others did in between."""
        groups = self._groups(len(self.base_lrs))
        self.check(t)
        now = _rates(groups)
        self.chained = (self.chained or now != self._last_lr) and next_one
        if self.chained:
            self._last_lr = [self.after(lr, t, i) for i, lr in enumerate(now)]
        else:
            self._last_lr = [self.lr_at(t, i) for i in range(len(groups))]
        for group, lr in zip(groups, self._last_lr, strict=True):
            group["lr"] = lr
        self.accompany(t)
        self.last_epoch = t

    def _groups(self, planned: int) -> list[Group]:
        """The optimizer's groups, if they are as many as the schedule was made for."""
        groups = self.optimizer.param_groups
        if len(groups) != planned:
            raise OptionError(
                type(self).__name__,
                got=f"an optimizer that now has {len(groups)} parameter groups",
                needs=f"the {planned} that the schedule was made for",
                try_="add the groups first, then make the schedule",
            )
        return groups

    def _bases(self, groups: list[Group], last_epoch: int) -> list[float]:
        """What each group's learning rate is without a schedule, noted as its "initial_lr"."""
        if last_epoch != -1 and any("initial_lr" not in group for group in groups):
            raise OptionError(
                type(self).__name__,
                got=f"last_epoch={last_epoch} for groups without initial_lr",
                needs="the optimizer's state of the run that goes on",
                try_="last_epoch=-1, then load_state_dict of the schedule",
            )
        for group in groups:
            group.setdefault("initial_lr", group["lr"])
        return [float(group["initial_lr"]) for group in groups]


class Stepwise(LRScheduler):
    """A schedule whose next learning rate is told from the last one: by ``after``, from t = 0."""

    unsaved: tuple[str, ...] = ("optimizer", "_known")

    def lr_at(self, t: int, group: int) -> float:
        """Step by step from the base; the last result is kept, to go on from."""
        known: dict[int, tuple[int, float]] = vars(self).setdefault("_known", {})
        at, lr = known.get(group, (-1, self.base_lrs[group]))
        if at > t:
            at, lr = -1, self.base_lrs[group]
        while at < t:
            at, lr = at + 1, self.after(lr, at + 1, group)
        known[group] = (at, lr)
        return lr

    def _take(self, state_dict: Mapping[str, Any]) -> None:
        super()._take(state_dict)
        vars(self).pop("_known", None)


class Factor(LRScheduler):
    """A schedule that multiplies: lr_t = base times(t), and by the same ratio beside others."""

    def times(self, t: int) -> float:
        """What the base is multiplied by after ``t`` steps."""
        raise NotImplementedError

    def lr_at(self, t: int, group: int) -> float:
        return float(self.base_lrs[group] * self.times(t))

    def after(self, lr: float, t: int, group: int) -> float:
        before = self.times(t - 1) if t > 0 else 1.0
        # what was multiplied by 0 says no more what it was
        return lr * (self.times(t) / before) if before else self.lr_at(t, group)


def line(start: float, end: float, done: float) -> float:
    return (end - start) * done + start


def cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) / 2.0 * (math.cos(math.pi * done) + 1)


def an_optimizer(who: str, optimizer: Any) -> Optimizer:
    if isinstance(optimizer, Optimizer):
        return optimizer
    raise DtypeError(who, got=f"a {type(optimizer).__name__}", needs="an optimizer")


def check_has_momentum(who: str, optimizer: Optimizer) -> None:
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise OptionError(
            who,
            got=f"cycle_momentum=True for {type(optimizer).__name__}, which has no momentum",
            needs="an optimizer with momentum or betas",
            try_="cycle_momentum=False",
        )


def set_momentum(group: Group, momentum: float) -> None:
    """Write the momentum, which is the first of Adam's betas."""
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum


def _rates(groups: list[Group]) -> list[float]:
    return [float(group["lr"]) for group in groups]
