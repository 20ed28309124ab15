"""How the learning rate changes over the steps: schedules with torch's names and arguments.

A schedule's value is a formula of t, the number of ``step()`` calls so far, and of nothing else: a
resumed run gets the same bits. Only ReduceLROnPlateau looks at the run. torch multiplies the last
value on instead, so that a learning rate written by hand between two steps is kept there and is
overwritten here.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable

from pellucid.errors import OptionError
from pellucid.optim.one_cycle import OneCycleLR
from pellucid.optim.optimizer import Optimizer
from pellucid.optim.options import count, real
from pellucid.optim.plateau import ReduceLROnPlateau
from pellucid.optim.schedule import LRScheduler, cosine, line
from pellucid.optim.warmup import with_warmup

__all__ = [
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "StepLR",
    "with_warmup",
]


class StepLR(LRScheduler):
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

    def lr_at(self, t: int, group: int) -> float:
        return float(self.base_lrs[group] * self.gamma ** (t // self.step_size))


class MultiStepLR(LRScheduler):
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

    def lr_at(self, t: int, group: int) -> float:
        return float(self.base_lrs[group] * self.gamma ** bisect.bisect_right(self.milestones, t))


class ExponentialLR(LRScheduler):
    """lr_t = base gamma^t.

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
    >>> ExponentialLR(sgd, gamma=0.5).lr_at(3, 0)
    0.125
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = real("ExponentialLR", "gamma", gamma, low=0)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, t: int, group: int) -> float:
        return float(self.base_lrs[group] * self.gamma**t)


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


class LinearLR(LRScheduler):
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

    def lr_at(self, t: int, group: int) -> float:
        done = min(t, self.total_iters) / self.total_iters
        return self.base_lrs[group] * line(self.start_factor, self.end_factor, done)
