"""Adam and AdamW: the mean gradient over its root mean square, both corrected for their start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pellucid.optim import rules
from pellucid.optim.optimizer import Array, Group, Optimizer, State, decayed
from pellucid.optim.options import refuse_torch_only

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """m <- beta1 m + (1 - beta1) dW; v <- beta2 v + (1 - beta2) dW²; W <- W - lr m̂/(sqrt(v̂) + eps).

    m̂ = m / (1 - beta1^t) and v̂ = v / (1 - beta2^t) undo the bias towards zero of the first steps.
    ``amsgrad`` divides by the largest v so far; ``weight_decay`` adds weight_decay W to dW first
    or, with ``decoupled_weight_decay``, takes lr weight_decay W from W, as AdamW does;
    ``maximize`` climbs. betas are in [0, 1), the other numbers 0 or more. Algorithm 1 of
    Kingma & Ba 2015 (arXiv:1412.6980); Reddi et al. 2018 for amsgrad.

    >>> from pellucid import nn, optim
    >>> optim.Adam(nn.Linear(3, 2).parameters()).param_groups[0]["betas"]
    (0.9, 0.999)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        refuse_torch_only(
            type(self).__name__,
            foreach=foreach,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
        )
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def slots(self, group: Group) -> tuple[str, ...]:
        largest = ("max_exp_avg_sq",) if group["amsgrad"] else ()
        return ("step", "exp_avg", "exp_avg_sq", *largest)

    def update(self, W: Array, dW: Array, state: State, group: Group) -> tuple[Array, State]:
        W, dW = decayed(W, dW, group)
        t, m, v = state["step"], state["exp_avg"], state["exp_avg_sq"]
        beta1, beta2 = group["betas"]
        options = {"lr": group["lr"], "beta1": beta1, "beta2": beta2, "eps": group["eps"]}
        if not group["amsgrad"]:
            W, m, v = rules.adam(W, dW, m, v, t, **options)
            return W, {"exp_avg": m, "exp_avg_sq": v}
        W, m, v, v_max = rules.amsgrad(W, dW, m, v, state["max_exp_avg_sq"], t, **options)
        return W, {"exp_avg": m, "exp_avg_sq": v, "max_exp_avg_sq": v_max}


class AdamW(Adam):
    """Adam with decoupled weight decay: W <- W (1 - lr weight_decay), then Adam's step.

    The decay is not divided by the gradient's size, so that it is the same for every weight.
    Loshchilov & Hutter 2019 (arXiv:1711.05101), algorithm 2. Options and limits as Adam's.

    >>> from pellucid import nn, optim
    >>> optim.AdamW(nn.Linear(3, 2).parameters()).param_groups[0]["weight_decay"]
    0.01
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """As Optimizer's; the decay stays decoupled when the state comes from Adam, as in torch."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
