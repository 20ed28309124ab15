"""What all learning-rate schedules share: a formula of the step count, and who it acts on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pellucid.errors import DtypeError, FormatError, OptionError
from pellucid.optim.optimizer import Group, Optimizer
from pellucid.optim.options import count

__all__ = ["LRScheduler", "an_optimizer", "cosine", "line"]


class LRScheduler:
    """The base of the schedules: a subclass says the learning rate after t steps.

    Call ``step()`` after the optimizer's. ``last_epoch`` other than -1 goes on from there, for
    groups that carry the "initial_lr" of an earlier schedule.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = an_optimizer(type(self).__name__, optimizer)
        count(type(self).__name__, "last_epoch", last_epoch, low=-1)
        self.base_lrs = [self._base_lr(group, last_epoch) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self.step()

    def lr_at(self, t: int, group: int) -> float:
        """The learning rate of parameter group number ``group`` after ``t`` steps."""
        raise NotImplementedError

    def step(self) -> None:
        """Give every parameter group its next learning rate."""
        self._move_to(self.last_epoch + 1)

    def get_last_lr(self) -> list[float]:
        """The learning rate of each parameter group, as set last."""
        return list(self._last_lr)

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule depends on, as plain numbers, lists and text."""
        state = {name: value for name, value in vars(self).items() if name != "optimizer"}
        return {k: list(v) if isinstance(v, list) else v for k, v in state.items()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what ``state_dict`` saved; the optimizer gets that learning rate.

        Raises FormatError when the names are not those of this kind of schedule.
        """
        own = self.state_dict()
        if set(state_dict) != set(own):
            raise FormatError(
                f"{type(self).__name__}.load_state_dict",
                got="the names " + ", ".join(state_dict),
                needs="the names " + ", ".join(own),
            )
        vars(self).update({k: list(v) if isinstance(v, list) else v for k, v in state_dict.items()})
        self._move_to(self.last_epoch)

    def _move_to(self, t: int) -> None:
        groups = self._groups(len(self.base_lrs))
        self._last_lr = [self.lr_at(t, i) for i in range(len(groups))]
        for group, lr in zip(groups, self._last_lr, strict=True):
            group["lr"] = lr
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

    def _base_lr(self, group: Group, last_epoch: int) -> float:
        if last_epoch != -1 and "initial_lr" not in group:
            raise OptionError(
                type(self).__name__,
                got=f"last_epoch={last_epoch} for groups without initial_lr",
                needs="the optimizer's state of the run that goes on",
                try_="last_epoch=-1, then load_state_dict of the schedule",
            )
        group.setdefault("initial_lr", group["lr"])
        return float(group["initial_lr"])


def line(start: float, end: float, done: float) -> float:
    return (end - start) * done + start


def cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) / 2.0 * (math.cos(math.pi * done) + 1)


def an_optimizer(who: str, optimizer: Any) -> Optimizer:
    if isinstance(optimizer, Optimizer):
        return optimizer
    raise DtypeError(who, got=f"a {type(optimizer).__name__}", needs="an optimizer")
