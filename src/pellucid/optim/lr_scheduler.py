"""How the learning rate changes over the steps: schedules with torch's names and arguments.

A schedule's value is a formula of t, the number of ``step()`` calls so far, and of nothing else: a
resumed run gets the same bits. Only ReduceLROnPlateau looks at the run. Where somebody else moves
the learning rate between two steps (another schedule of the same optimizer, or a hand), a schedule
goes on from there as torch's does: those that multiply multiply it, the others overwrite it.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from pellucid.errors import OptionError
from pellucid.optim.by_function import LambdaLR, MultiplicativeLR
from pellucid.optim.combined import ChainedScheduler, SequentialLR
from pellucid.optim.cyclic import CyclicLR
from pellucid.optim.one_cycle import OneCycleLR
from pellucid.optim.optimizer import Optimizer
from pellucid.optim.options import count, real
from pellucid.optim.plateau import ReduceLROnPlateau
from pellucid.optim.schedule import Factor, LRScheduler, cosine, line
from pellucid.optim.warmup import with_warmup

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "with_warmup",
]


class StepLR(Factor):
    """lr_t = base gamma^floor(t / step_size).

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> schedule = StepLR(sgd, step_size=2, gamma=0.5)
    >>> [schedule.lr_at(t, 0) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size = count("StepLR", "step_size", step_size)
        self.gamma = real("StepLR", "gamma", gamma, low=0)
        super().__init__(optimizer, last_epoch)

    def times(self, t: int) -> float:
        return self.gamma ** (t // self.step_size)


class MultiStepLR(Factor):
    """lr_t = base gamma^(the number of milestones up to t).

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> schedule = MultiStepLR(sgd, milestones=[1, 3], gamma=0.5)
    >>> [schedule.lr_at(t, 0) for t in range(5)]
    [1.0, 0.5, 0.5, 0.25, 0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones = sorted(count("MultiStepLR", "milestones", m, low=0) for m in milestones)
        self.gamma = real("MultiStepLR", "gamma", gamma, low=0)
        super().__init__(optimizer, last_epoch)

    def times(self, t: int) -> float:
        return float(self.gamma ** bisect.bisect_right(self.milestones, t))

    def _take(self, state_dict: Mapping[str, Any]) -> None:
        given = dict(state_dict)
        if isinstance(given.get("milestones"), Counter):  # torch counts them
            given["milestones"] = sorted(given["milestones"].elements())
        super()._take(given)


class ExponentialLR(Factor):
    """lr_t = base gamma^t.

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> ExponentialLR(sgd, gamma=0.5).lr_at(3, 0)
    0.125
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = real("ExponentialLR", "gamma", gamma, low=0)
        super().__init__(optimizer, last_epoch)

    def times(self, t: int) -> float:
        return self.gamma**t


class CosineAnnealingLR(LRScheduler):
    """lr_t = eta_min + (base - eta_min) (1 + cos(π t / T_max)) / 2; after T_max it rises again.

    Loshchilov & Hutter 2017 (arXiv:1608.03983), equation 5, without restarts.

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> round(CosineAnnealingLR(sgd, T_max=10).lr_at(5, 0), 12)
    0.5
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max = count("CosineAnnealingLR", "T_max", T_max)
        self.eta_min = real("CosineAnnealingLR", "eta_min", eta_min, low=0)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, t: int, group: int) -> float:
        return cosine(self.base_lrs[group], self.eta_min, t / self.T_max)

    def after(self, lr: float, t: int, group: int) -> float:
        """The part above eta_min follows the cosine; from the bottom the base says how to rise."""
        if t == 0:
            return lr
        if (t - 1 - self.T_max) % (2 * self.T_max) == 0:
            top = self.base_lrs[group] - self.eta_min
            return lr + top * (1 - math.cos(math.pi / self.T_max)) / 2
        before, now = (1 + math.cos(math.pi * k / self.T_max) for k in (t - 1, t))
        return now / before * (lr - self.eta_min) + self.eta_min


class LinearLR(Factor):
    """lr_t = base (start_factor + (end_factor - start_factor) min(t / total_iters, 1)).

    The warm-up by its default: from a third of the base to the base. start_factor is in (0, 1],
    end_factor in [0, 1].

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> schedule = LinearLR(sgd, start_factor=0.5, total_iters=2)
    >>> [schedule.lr_at(t, 0) for t in range(4)]
    [0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.start_factor = real("LinearLR", "start_factor", start_factor)
        self.end_factor = real("LinearLR", "end_factor", end_factor)
        self.total_iters = count("LinearLR", "total_iters", total_iters)
        if not (0 < start_factor <= 1 and 0 <= end_factor <= 1):
            raise OptionError(
                "LinearLR",
                got=f"start_factor={start_factor}, end_factor={end_factor}",
                needs="start_factor in (0, 1] and end_factor in [0, 1]",
            )
        super().__init__(optimizer, last_epoch)

    def times(self, t: int) -> float:
        done = min(t, self.total_iters) / self.total_iters
        return line(self.start_factor, self.end_factor, done)


class ConstantLR(Factor):
    """lr_t = base factor until t = total_iters, then base. ``factor`` is in [0, 1].

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> schedule = ConstantLR(sgd, factor=0.5, total_iters=2)
    >>> [schedule.lr_at(t, 0) for t in range(4)]
    [0.5, 0.5, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1.0 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.factor = real("ConstantLR", "factor", factor, low=0, high=1)
        self.total_iters = count("ConstantLR", "total_iters", total_iters, low=0)
        super().__init__(optimizer, last_epoch)

    def times(self, t: int) -> float:
        return self.factor if t < self.total_iters else 1.0


class PolynomialLR(Factor):
    """lr_t = base (1 - min(t / total_iters, 1))^power: to 0 along a polynomial, then 0.

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> schedule = PolynomialLR(sgd, total_iters=4, power=2.0)
    >>> [schedule.lr_at(t, 0) for t in range(6)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        total_iters: int = 5,
        power: float = 1.0,
        last_epoch: int = -1,
    ) -> None:
        self.total_iters = count("PolynomialLR", "total_iters", total_iters)
        self.power = real("PolynomialLR", "power", power, low=0)
        super().__init__(optimizer, last_epoch)

    def times(self, t: int) -> float:
        return float((1 - min(t, self.total_iters) / self.total_iters) ** self.power)


class CosineAnnealingWarmRestarts(LRScheduler):
    """From the base down to eta_min along a cosine, again and again, over T_0 T_mult^i steps each.

    lr = eta_min + (base - eta_min) (1 + cos(π T_cur / T_i)) / 2 with T_cur steps since the last
    restart. ``step(epoch)`` takes fractions too, such as ``step(epoch + batch / batches)``.
    Loshchilov & Hutter 2017 (arXiv:1608.03983), equation 5.

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> schedule = CosineAnnealingWarmRestarts(sgd, T_0=2, T_mult=2)
    >>> [round(schedule.lr_at(t, 0), 3) for t in range(7)]
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        who = "CosineAnnealingWarmRestarts"
        self.T_0 = self.T_i = count(who, "T_0", T_0)
        self.T_mult = count(who, "T_mult", T_mult)
        self.eta_min = real(who, "eta_min", eta_min, low=0)
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def lr_at(self, t: float, group: int) -> float:
        T_cur, T_i = self._period(t)
        return cosine(self.base_lrs[group], self.eta_min, T_cur / T_i)

    def step(self, epoch: float | None = None) -> None:
        """Go one step on, or to ``epoch``, which may be a fraction."""
        if epoch is None:  # from 2.5 to 3.5: the fraction is kept
            t = self.last_epoch + 1 + self.T_cur - math.floor(self.T_cur)
        else:
            t = real("CosineAnnealingWarmRestarts", "epoch", epoch, low=0)
        self._move_to(t)  # type: ignore[arg-type]
        self.last_epoch = math.floor(t)
        self.T_cur, self.T_i = self._period(t)

    def _go_on(self) -> None:
        self._move_to(self.last_epoch + self.T_cur - math.floor(self.T_cur))  # type: ignore[arg-type]
        self.last_epoch = math.floor(self.last_epoch)

    def _period(self, t: float) -> tuple[float, int]:
        """The steps since the last restart, and the length of the period under way."""
        T_i = self.T_0
        if self.T_mult == 1:
            return t % T_i, T_i
        while t >= T_i:
            t, T_i = t - T_i, T_i * self.T_mult
        return t, T_i
