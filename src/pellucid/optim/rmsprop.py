"""RMSprop: each weight's gradient divided by the root of its mean square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pellucid.optim import rules
from pellucid.optim.optimizer import Array, Group, Optimizer, State, gradient
from pellucid.optim.options import real, refuse_torch_only

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """s <- alpha s + (1 - alpha) dW²; W <- W - lr dW / (sqrt(s) + eps).

    ``centered`` divides by the standard deviation in the root mean square's place; ``momentum``
    gives the scaled gradient a memory, as in SGD; ``weight_decay`` adds weight_decay W to dW first,
    ``maximize`` climbs. alpha is in [0, 1), the other numbers are 0 or more. Hinton 2012,
    lecture 6e; Graves 2013 (arXiv:1308.0850).

    >>> from pellucid import nn, optim
    >>> optim.RMSprop(nn.Linear(3, 2).parameters()).param_groups[0]["alpha"]
    0.99
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        refuse_torch_only(
            "RMSprop", capturable=capturable, foreach=foreach, differentiable=differentiable
        )
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def option(self, name: str, value: Any) -> Any:
        if name == "alpha":
            return real("RMSprop", name, value, low=0, below=1)
        return super().option(name, value)

    def slots(self, group: Group) -> tuple[str, ...]:
        momentum = ("momentum_buffer",) if group["momentum"] else ()
        centered = ("grad_avg",) if group["centered"] else ()
        return ("step", "square_avg", *momentum, *centered)

    def update(self, W: Array, dW: Array, state: State, group: Group) -> tuple[Array, State]:
        dW, new = self._scaled(gradient(W, dW, group), state, group)
        lr, momentum = group["lr"], group["momentum"]
        if not momentum:
            return rules.sgd(W, dW, lr=lr), new
        W, v = rules.momentum(W, dW, state["momentum_buffer"], lr=lr, momentum=momentum)
        return W, {**new, "momentum_buffer": v}

    def _scaled(self, dW: Array, state: State, group: Group) -> tuple[Array, State]:
        alpha, eps, s = group["alpha"], group["eps"], state["square_avg"]
        if not group["centered"]:
            dW, s = rules.rms_scaled(dW, s, alpha=alpha, eps=eps)
            return dW, {"square_avg": s}
        a = state["grad_avg"]
        dW, s, a = rules.centered_rms_scaled(dW, s, a, alpha=alpha, eps=eps)
        return dW, {"square_avg": s, "grad_avg": a}
