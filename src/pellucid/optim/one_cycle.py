"""One cycle: the learning rate up, then down to almost nothing, the momentum the other way."""

from __future__ import annotations

from typing import Any

from pellucid.errors import OptionError, choose
from pellucid.optim.optimizer import Group, Optimizer
from pellucid.optim.options import count, per_group, real, switch
from pellucid.optim.schedule import (
    LRScheduler,
    an_optimizer,
    check_has_momentum,
    cosine,
    line,
    set_momentum,
)

__all__ = ["OneCycleLR"]


class OneCycleLR(LRScheduler):
    """Up from max_lr / div_factor to max_lr in pct_start of the steps, then down to almost nothing.

    The end is max_lr / div_factor / final_div_factor, reached in one go or, with ``three_phase``,
    by way of the first value again. Each phase follows a cosine or a line. ``cycle_momentum`` moves
    the momentum (Adam's beta1) the other way, from max_momentum to base_momentum and back; it
    turns the momentum of an SGD made without one on. The steps are ``total_steps`` or
    ``epochs`` times ``steps_per_epoch``; stepping further raises OptionError. Step number
    total_steps, after the last update, keeps the end value (torch runs past it).
    Smith & Topin 2018 (arXiv:1708.07120).

    >>> from pellucid import nn, optim
    >>> sgd = optim.SGD(nn.Linear(3, 2).parameters(), momentum=0.9)
    >>> schedule = OneCycleLR(sgd, max_lr=1.0, total_steps=10)
    >>> [round(schedule.lr_at(t, 0), 3) for t in (0, 2, 9)]
    [0.04, 1.0, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        who, groups = "OneCycleLR", len(an_optimizer("OneCycleLR", optimizer).param_groups)
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        self.pct_start = real(who, "pct_start", pct_start, low=0)
        if self.pct_start > 1:
            raise OptionError(who, got=f"pct_start={pct_start}", needs="pct_start in [0, 1]")
        self.anneal_strategy = choose(who, anneal_strategy, ("cos", "linear"))
        self.cycle_momentum = switch(who, "cycle_momentum", cycle_momentum)
        self.three_phase = switch(who, "three_phase", three_phase)
        self.max_lrs = per_group(who, "max_lr", max_lr, groups)
        self.base_momentums = per_group(who, "base_momentum", base_momentum, groups)
        self.max_momentums = per_group(who, "max_momentum", max_momentum, groups)
        self.div_factor = _divisor("div_factor", div_factor)
        self.final_div_factor = _divisor("final_div_factor", final_div_factor)
        if self.cycle_momentum:
            check_has_momentum(who, optimizer)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, t: int, group: int) -> float:
        first, top = self.base_lrs[group], self.max_lrs[group]
        last = first / self.final_div_factor
        return self._along(t, [first, top, first, last] if self.three_phase else [first, top, last])

    def momentum_at(self, t: int, group: int) -> float:
        """The momentum of parameter group number ``group`` after ``t`` steps."""
        top, low = self.max_momentums[group], self.base_momentums[group]
        return self._along(t, [top, low, top, top] if self.three_phase else [top, low, top])

    def _along(self, t: int, values: list[float]) -> float:
        """Where step t stands on the way from each of ``values`` to the next."""
        anneal = cosine if self.anneal_strategy == "cos" else line
        start, ends = 0.0, self._phase_ends()
        for i, end in enumerate(ends):
            if t <= end or i == len(ends) - 1:
                done = min((t - start) / (end - start), 1.0) if end > start else 1.0
                return anneal(values[i], values[i + 1], done)
            start = end
        raise AssertionError("a cycle has at least one phase")

    def _phase_ends(self) -> list[float]:
        up = self.pct_start * self.total_steps
        if self.three_phase:
            return [up - 1, 2 * up - 2, self.total_steps - 1]
        return [up - 1, self.total_steps - 1]

    def check(self, t: int) -> None:
        """Refuse to go on after the last step."""
        if t > self.total_steps:
            raise OptionError(
                "OneCycleLR",
                got=f"step {t}",
                needs=f"at most the {self.total_steps} steps of the cycle",
                try_="total_steps as large as all steps of all epochs",
            )

    def accompany(self, t: int) -> None:
        """Move the momentum the other way."""
        if self.cycle_momentum:
            for i, group in enumerate(self.optimizer.param_groups):
                set_momentum(group, self.momentum_at(t, i))

    def _bases(self, groups: list[Group], last_epoch: int) -> list[float]:
        if last_epoch == -1:
            for group, lr in zip(groups, self.max_lrs, strict=True):
                group["lr"] = group["initial_lr"] = lr / self.div_factor
        return super()._bases(groups, last_epoch)


def _total_steps(total_steps: Any, epochs: Any, steps_per_epoch: Any) -> int:
    if total_steps is not None:
        return count("OneCycleLR", "total_steps", total_steps)
    if epochs is None or steps_per_epoch is None:
        raise OptionError(
            "OneCycleLR",
            got="no length of the cycle",
            needs="total_steps, or epochs and steps_per_epoch",
        )
    length = count("OneCycleLR", "epochs", epochs)
    return length * count("OneCycleLR", "steps_per_epoch", steps_per_epoch)


def _divisor(name: str, value: Any) -> float:
    if real("OneCycleLR", name, value) > 0:
        return float(value)
    raise OptionError("OneCycleLR", got=f"{name}={value!r}", needs=f"{name}: above 0")
