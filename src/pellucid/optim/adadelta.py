"""Adadelta: steps in the unit of the weights, with no learning rate to choose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pellucid.optim import rules
from pellucid.optim.optimizer import Array, Group, Optimizer, State, gradient
from pellucid.optim.options import real, refuse_torch_only

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """d = sqrt(u + eps) / sqrt(s + eps) dW; W <- W - lr d, with mean squares s of dW and u of d.

    s <- rho s + (1 - rho) dW² before the step, u <- rho u + (1 - rho) d² after it.
    ``weight_decay`` adds weight_decay W to dW first, ``maximize`` climbs. rho is in [0, 1], the
    other numbers are 0 or more. Algorithm 1 of Zeiler 2012 (arXiv:1212.5701).

    >>> from pellucid import nn, optim
    >>> optim.Adadelta(nn.Linear(3, 2).parameters()).param_groups[0]["rho"]
    0.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        refuse_torch_only(
            "Adadelta", foreach=foreach, capturable=capturable, differentiable=differentiable
        )
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def option(self, name: str, value: Any) -> Any:
        if name == "rho":
            return real("Adadelta", name, value, low=0, high=1)
        return super().option(name, value)

    def slots(self, group: Group) -> tuple[str, ...]:
        return ("step", "square_avg", "acc_delta")

    def update(self, W: Array, dW: Array, state: State, group: Group) -> tuple[Array, State]:
        dW = gradient(W, dW, group)
        s, u = state["square_avg"], state["acc_delta"]
        options = {name: group[name] for name in ("lr", "rho", "eps")}
        W, s, u = rules.adadelta(W, dW, s, u, **options)
        return W, {"square_avg": s, "acc_delta": u}
