"""RAdam: Adam that waits until its root mean square can be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pellucid.optim import rules
from pellucid.optim.optimizer import Array, Group, Optimizer, State, decayed
from pellucid.optim.options import refuse_torch_only

__all__ = ["RAdam"]


class RAdam(Optimizer):
    """W <- W - lr r_t m̂ / (sqrt(v̂) + eps), or W <- W - lr m̂ while v̂ has seen too few steps.

    m̂ and v̂ are Adam's; r_t rises from 0 to 1 as v̂ becomes reliable (rho_t > 5). ``weight_decay``
    adds weight_decay W to dW first or, with ``decoupled_weight_decay``, takes lr weight_decay W
    from W; ``maximize`` climbs. betas are in [0, 1), the other numbers 0 or more. Algorithm 2 of
    Liu et al. 2020 (arXiv:1908.03265).

    >>> from pellucid import nn, optim
    >>> optim.RAdam(nn.Linear(3, 2).parameters()).param_groups[0]["betas"]
    (0.9, 0.999)
    """

    told = {
        "r": "0 where rho_t <= 5, else sqrt((rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * "
        "(rho - 2) * rho_t)), where rho = 2 / (1 - beta2) - 1 and rho_t = rho - 2 * t * beta2**t "
        "/ (1 - beta2**t)"
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        refuse_torch_only(
            "RAdam", foreach=foreach, capturable=capturable, differentiable=differentiable
        )
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def slots(self, group: Group) -> tuple[str, ...]:
        return ("step", "exp_avg", "exp_avg_sq")

    def advance(self, state: State, group: Group) -> State:
        t = state["step"] + 1
        return {"step": t, "r": rules.rectification(t, group["betas"][1])}

    def update(self, W: Array, dW: Array, state: State, group: Group) -> tuple[Array, State]:
        W, dW = decayed(W, dW, group)
        beta1, beta2 = group["betas"]
        options = {"lr": group["lr"], "beta1": beta1, "beta2": beta2, "eps": group["eps"]}
        m, v, t, r = (state[name] for name in ("exp_avg", "exp_avg_sq", "step", "r"))
        W, m, v = rules.radam(W, dW, m, v, t, r, **options)
        return W, {"exp_avg": m, "exp_avg_sq": v}
