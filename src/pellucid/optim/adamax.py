"""Adamax: Adam with the largest gradient of late in place of the root mean square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pellucid.optim import rules
from pellucid.optim.optimizer import Array, Group, Optimizer, State, gradient
from pellucid.optim.options import refuse_torch_only

__all__ = ["Adamax"]


class Adamax(Optimizer):
    """u <- max(beta2 u, |dW| + eps); W <- W - lr m̂ / u, with Adam's mean gradient m̂.

    m <- beta1 m + (1 - beta1) dW and m̂ = m / (1 - beta1^t). ``weight_decay`` adds
    weight_decay W to dW first, ``maximize`` climbs. betas are in [0, 1), the other numbers 0 or
    more. Algorithm 2 of Kingma & Ba 2015 (arXiv:1412.6980).

    >>> from pellucid import nn, optim
    >>> optim.Adamax(nn.Linear(3, 2).parameters()).param_groups[0]["lr"]
    0.002
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        refuse_torch_only(
            "Adamax", foreach=foreach, differentiable=differentiable, capturable=capturable
        )
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def slots(self, group: Group) -> tuple[str, ...]:
        return ("step", "exp_avg", "exp_inf")

    def update(self, W: Array, dW: Array, state: State, group: Group) -> tuple[Array, State]:
        dW = gradient(W, dW, group)
        beta1, beta2 = group["betas"]
        options = {"lr": group["lr"], "beta1": beta1, "beta2": beta2, "eps": group["eps"]}
        m, u = state["exp_avg"], state["exp_inf"]
        W, m, u = rules.adamax(W, dW, m, u, state["step"], **options)
        return W, {"exp_avg": m, "exp_inf": u}
