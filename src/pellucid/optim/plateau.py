"""The one schedule that looks at the run: a smaller learning rate when a metric stands still."""

from __future__ import annotations

import math
from typing import Any

from pellucid.errors import choose
from pellucid.optim.optimizer import Group, Optimizer
from pellucid.optim.options import count, per_group, real
from pellucid.optim.schedule import LRScheduler, an_optimizer

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """lr <- max(factor lr, min_lr) when a metric has not improved for more than ``patience`` steps.

    In mode "min", better is below best (1 - threshold) ("rel") or best - threshold ("abs"); in mode
    "max", above best (1 + threshold) or best + threshold. NaN is never better. After a reduction,
    ``cooldown`` steps pass before bad ones are counted again; a reduction by ``eps`` or less is
    left out. factor is in [0, 1).

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> schedule = ReduceLROnPlateau(sgd, patience=1)
    >>> for loss in (0.5, 0.6, 0.6):
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.1]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        who = "ReduceLROnPlateau"
        self.optimizer = an_optimizer(who, optimizer)
        self.mode = choose(who, mode, ("min", "max"))
        self.factor = real(who, "factor", factor, low=0, below=1)
        self.patience = count(who, "patience", patience, low=0)
        self.threshold = real(who, "threshold", threshold)
        self.threshold_mode = choose(who, threshold_mode, ("rel", "abs"))
        self.cooldown = count(who, "cooldown", cooldown, low=0)
        self.min_lrs = per_group(who, "min_lr", min_lr, len(optimizer.param_groups))
        self.eps = real(who, "eps", eps, low=0)
        self.last_epoch = self.num_bad_epochs = self.cooldown_counter = 0
        self.best: float | None = None  # nothing seen yet
        self._last_lr = [float(group["lr"]) for group in optimizer.param_groups]

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Look at one more value of the metric and reduce the learning rate if it is time.

        ``epoch`` only says where ``last_epoch`` shall stand.
        """
        current, groups = float(metrics), self._groups(len(self.min_lrs))
        if epoch is None:
            self.last_epoch += 1
        else:
            self.last_epoch = count("ReduceLROnPlateau", "epoch", epoch, low=0)
        better = self._is_better(current)
        self.best = current if better else self.best
        self.num_bad_epochs = 0 if better else self.num_bad_epochs + 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce(groups)
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = [float(group["lr"]) for group in groups]

    def _go_on(self) -> None:
        for group, lr in zip(self._groups(len(self._last_lr)), self._last_lr, strict=True):
            group["lr"] = lr

    def _is_better(self, current: float) -> bool:
        sign = -1.0 if self.mode == "min" else 1.0
        best = -sign * math.inf if self.best is None else self.best
        margin = sign * self.threshold
        goal = best * (1 + margin) if self.threshold_mode == "rel" else best + margin
        return current < goal if self.mode == "min" else current > goal

    def _reduce(self, groups: list[Group]) -> None:
        for group, least in zip(groups, self.min_lrs, strict=True):
            lr = max(float(group["lr"]) * self.factor, least)
            if group["lr"] - lr > self.eps:
                group["lr"] = lr
