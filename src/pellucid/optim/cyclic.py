"""Up and down again, over and over, between two learning rates."""

from __future__ import annotations

from collections.abc import Callable

from pellucid.errors import DtypeError, choose
from pellucid.optim.optimizer import Group, Optimizer
from pellucid.optim.options import count, per_group, real, switch
from pellucid.optim.schedule import (
    LRScheduler,
    an_optimizer,
    check_has_momentum,
    set_momentum,
)

__all__ = ["CyclicLR"]

MODES = ("triangular", "triangular2", "exp_range")


class CyclicLR(LRScheduler):
    """A line from base_lr up to max_lr in step_size_up steps, and down again in step_size_down.

    lr_t = base_lr + (max_lr - base_lr) x scale, with the share x from 0 to 1 and back. ``mode``
    says the scale: "triangular" 1; "triangular2" half as much in each cycle; "exp_range" gamma^t.
    ``scale_fn`` replaces it: a function of the cycle's number from 1, or of t with ``scale_mode``
    "iterations". ``cycle_momentum`` moves the momentum (Adam's beta1) the other way, from
    max_momentum to base_momentum and back. base_lr, max_lr and the momentums are numbers, or lists
    with one for each parameter group. Smith 2017 (arXiv:1506.01186).

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), momentum=0.9)
    >>> schedule = CyclicLR(sgd, base_lr=0.5, max_lr=1.0, step_size_up=2, mode="triangular2")
    >>> [schedule.lr_at(t, 0) for t in range(7)]
    [0.5, 0.75, 1.0, 0.75, 0.5, 0.625, 0.75]
    """

    unsaved = ("optimizer", "_scale_fn_custom")

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        who, groups = "CyclicLR", len(an_optimizer("CyclicLR", optimizer).param_groups)
        self.lows = per_group(who, "base_lr", base_lr, groups)
        self.max_lrs = per_group(who, "max_lr", max_lr, groups)
        self.step_size_up = count(who, "step_size_up", step_size_up)
        down = self.step_size_up if step_size_down is None else step_size_down
        self.step_size_down = count(who, "step_size_down", down)
        self.gamma = real(who, "gamma", gamma, low=0)
        if scale_fn is not None and not callable(scale_fn):
            raise DtypeError(
                who, got=f"scale_fn: a {type(scale_fn).__name__}", needs="a function, or None"
            )
        self._scale_fn_custom = scale_fn
        self.scale_mode = choose(who, scale_mode, ("cycle", "iterations"))
        self.mode = mode if scale_fn is not None else choose(who, mode, MODES)
        self.cycle_momentum = switch(who, "cycle_momentum", cycle_momentum)
        self.base_momentums = per_group(who, "base_momentum", base_momentum, groups)
        self.max_momentums = per_group(who, "max_momentum", max_momentum, groups)
        if self.cycle_momentum:
            check_has_momentum(who, optimizer)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, t: int, group: int) -> float:
        low, top = self.lows[group], self.max_lrs[group]
        return low + (top - low) * self._share(t) * self.scale_at(t)

    def momentum_at(self, t: int, group: int) -> float:
        """The momentum of parameter group number ``group`` after ``t`` steps."""
        low, top = self.base_momentums[group], self.max_momentums[group]
        return top - (top - low) * self._share(t) * self.scale_at(t)

    def scale_at(self, t: int) -> float:
        """How much of the way from base_lr to max_lr is open at step ``t``."""
        cycle = 1 + t // (self.step_size_up + self.step_size_down)
        if self._scale_fn_custom is not None:
            asked = t if self.scale_mode == "iterations" else cycle
            return real("CyclicLR", f"scale_fn({asked})", self._scale_fn_custom(asked))
        if self.mode == "triangular2":
            return 0.5 ** (cycle - 1)
        return float(self.gamma**t) if self.mode == "exp_range" else 1.0

    def _share(self, t: int) -> float:
        """Where in its cycle step t stands: from 0 at the bottom to 1 at the top."""
        done = t % (self.step_size_up + self.step_size_down)
        if done <= self.step_size_up:
            return done / self.step_size_up
        return 1 - (done - self.step_size_up) / self.step_size_down

    def accompany(self, t: int) -> None:
        """Move the momentum the other way."""
        if self.cycle_momentum:
            for i, group in enumerate(self.optimizer.param_groups):
                set_momentum(group, self.momentum_at(t, i))

    def _bases(self, groups: list[Group], last_epoch: int) -> list[float]:
        if last_epoch == -1:
            for group, lr in zip(groups, self.lows, strict=True):
                group["lr"] = lr
        super()._bases(groups, last_epoch)
        return list(self.lows)
