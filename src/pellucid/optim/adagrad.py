"""Adagrad: smaller steps for the weights whose gradients have been large."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pellucid.optim import rules
from pellucid.optim.optimizer import Array, Group, Optimizer, State, gradient
from pellucid.optim.options import refuse_torch_only

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """s <- s + dW²; W <- W - lr_t dW / (sqrt(s) + eps), where lr_t = lr / (1 + (t - 1) lr_decay).

    s starts at ``initial_accumulator_value``; ``weight_decay`` adds weight_decay W to dW first,
    ``maximize`` climbs. All numbers are 0 or more. Duchi et al. 2011, figure 1.

    >>> from pellucid import nn, optim
    >>> optim.Adagrad(nn.Linear(3, 2).parameters()).param_groups[0]["eps"]
    1e-10
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        refuse_torch_only("Adagrad", foreach=foreach, differentiable=differentiable, fused=fused)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def slots(self, group: Group) -> tuple[str, ...]:
        return ("step", "sum")

    def first(self, slot: str, W: Array, group: Group) -> Any:
        if slot == "sum":
            return np.full_like(W, group["initial_accumulator_value"])
        return super().first(slot, W, group)

    def update(self, W: Array, dW: Array, state: State, group: Group) -> tuple[Array, State]:
        dW = gradient(W, dW, group)
        options = {name: group[name] for name in ("lr", "lr_decay", "eps")}
        W, s = rules.adagrad(W, dW, state["sum"], state["step"], **options)
        return W, {"sum": s}
