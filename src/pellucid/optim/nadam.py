"""NAdam: Adam with Nesterov's look ahead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pellucid.optim import rules
from pellucid.optim.optimizer import Array, Group, Optimizer, State, decayed
from pellucid.optim.options import refuse_torch_only

__all__ = ["NAdam"]


class NAdam(Optimizer):
    """W <- W - lr m̂ / (sqrt(v̂) + eps), where m̂ looks one step ahead along the mean gradient.

    m̂ = mu_{t+1} m / (1 - mu_1 ... mu_{t+1}) + (1 - mu_t) dW / (1 - mu_1 ... mu_t), with Adam's m
    and v and a momentum mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2). ``weight_decay`` adds
    weight_decay W to dW first or, with ``decoupled_weight_decay``, takes lr weight_decay W from W;
    ``maximize`` climbs. betas are in [0, 1), the other numbers 0 or more. Algorithm 2 of Dozat
    2016, "Incorporating Nesterov momentum into Adam".

    >>> from pellucid import nn, optim
    >>> optim.NAdam(nn.Linear(3, 2).parameters()).param_groups[0]["momentum_decay"]
    0.004
    """

    numbers = ("step", "mu_product")
    told = {"mu_product": "the product of mu (the momentum) over all steps, this one too"}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        refuse_torch_only(
            "NAdam", foreach=foreach, capturable=capturable, differentiable=differentiable
        )
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def slots(self, group: Group) -> tuple[str, ...]:
        return ("step", "mu_product", "exp_avg", "exp_avg_sq")

    def first(self, slot: str, W: Array, group: Group) -> Any:
        return 1.0 if slot == "mu_product" else super().first(slot, W, group)

    def advance(self, state: State, group: Group) -> State:
        t, beta1 = state["step"] + 1, group["betas"][0]
        mu = rules.nadam_mu(t, beta1=beta1, momentum_decay=group["momentum_decay"])
        return {"step": t, "mu_product": state["mu_product"] * mu}

    def update(self, W: Array, dW: Array, state: State, group: Group) -> tuple[Array, State]:
        W, dW = decayed(W, dW, group)
        beta1, beta2 = group["betas"]
        options = {name: group[name] for name in ("lr", "eps", "momentum_decay")}
        m, v, t, mu_product = (
            state[slot] for slot in ("exp_avg", "exp_avg_sq", "step", "mu_product")
        )
        W, m, v = rules.nadam(W, dW, m, v, t, mu_product, beta1=beta1, beta2=beta2, **options)
        return W, {"exp_avg": m, "exp_avg_sq": v}
