"""Rprop: each weight has a step of its own, which the signs of its gradients stretch or shrink."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pellucid.errors import OptionError
from pellucid.optim import rules
from pellucid.optim.optimizer import Array, Group, Optimizer, State
from pellucid.optim.options import pair, refuse_torch_only

__all__ = ["Rprop"]


class Rprop(Optimizer):
    """W <- W - sign(dW) step_size; the step grows while dW keeps its sign, and shrinks when not.

    The factors are ``etas`` (0 < first < 1 < second); where the sign turned, the weight waits. The
    steps begin at ``lr``, which plays no part later, and stay within ``step_sizes``;
    ``maximize`` climbs. For gradients of all the data at once: those of small batches turn their
    signs by chance. Riedmiller & Braun 1993; iRprop- of Igel & Hüsken 2000.

    >>> from pellucid import nn, optim
    >>> optim.Rprop(nn.Linear(3, 2).parameters()).param_groups[0]["etas"]
    (0.5, 1.2)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        refuse_torch_only(
            "Rprop", capturable=capturable, foreach=foreach, differentiable=differentiable
        )
        defaults = {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize}
        super().__init__(params, defaults)

    def option(self, name: str, value: Any) -> Any:
        if name in ("etas", "step_sizes"):
            return pair("Rprop", name, value, low=0)
        return super().option(name, value)

    def check(self, group: Group) -> None:
        """A step must be able to shrink and to grow, between bounds in their order."""
        shrink, grow = group["etas"]
        if not 0 < shrink < 1 < grow:
            raise OptionError(
                "Rprop", got=f"etas={group['etas']}", needs="0 < etas[0] < 1 < etas[1]"
            )
        low, high = group["step_sizes"]
        if low > high:
            raise OptionError(
                "Rprop",
                got=f"step_sizes={group['step_sizes']}",
                needs="the smallest step first, then the largest",
            )

    def slots(self, group: Group) -> tuple[str, ...]:
        return ("step", "prev", "step_size")

    def first(self, slot: str, W: Array, group: Group) -> Any:
        if slot == "step_size":
            return np.full_like(W, group["lr"])
        return super().first(slot, W, group)

    def update(self, W: Array, dW: Array, state: State, group: Group) -> tuple[Array, State]:
        dW = rules.ascend(dW) if group["maximize"] else dW
        (eta_minus, eta_plus), (step_min, step_max) = group["etas"], group["step_sizes"]
        W, prev, step_size = rules.rprop(
            W,
            dW,
            state["prev"],
            state["step_size"],
            eta_minus=eta_minus,
            eta_plus=eta_plus,
            step_min=step_min,
            step_max=step_max,
        )
        return W, {"prev": prev, "step_size": step_size}
