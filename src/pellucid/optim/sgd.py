"""Gradient descent, plain, with momentum, or with Nesterov's look ahead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pellucid.errors import OptionError
from pellucid.optim import rules
from pellucid.optim.optimizer import Array, Group, Optimizer, State, gradient
from pellucid.optim.options import refuse_torch_only

__all__ = ["SGD"]


class SGD(Optimizer):
    """W <- W - lr dW; with momentum v <- momentum v + (1 - dampening) dW and W <- W - lr v.

    With ``nesterov``, W <- W - lr (dW + momentum v). ``weight_decay`` adds weight_decay W to dW
    first, ``maximize`` climbs. lr, momentum and weight_decay are 0 or more. Sutskever et al. 2013,
    in torch's arrangement (lr outside of v, which starts as the first gradient).

    >>> from pellucid import nn, optim
    >>> optim.SGD(nn.Linear(3, 2).parameters(), lr=0.1, momentum=0.9).param_groups[0]["momentum"]
    0.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        refuse_torch_only("SGD", foreach=foreach, differentiable=differentiable, fused=fused)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        """Nesterov's form is defined with a momentum, and without dampening."""
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise OptionError(
                "SGD",
                got=f"nesterov=True, momentum={group['momentum']}, dampening={group['dampening']}",
                needs="with nesterov: a momentum above 0, and dampening 0",
                try_="momentum=0.9, dampening=0",
            )

    def slots(self, group: Group) -> tuple[str, ...]:
        return ("momentum_buffer",) if group["momentum"] else ()

    def first(self, slot: str, W: Array, group: Group) -> Any:
        """Zeros, which give the first gradient after one step; dampening needs its own start."""
        return None if group["dampening"] else super().first(slot, W, group)

    def update(self, W: Array, dW: Array, state: State, group: Group) -> tuple[Array, State]:
        dW = gradient(W, dW, group)
        lr, momentum = group["lr"], group["momentum"]
        if not momentum:
            return rules.sgd(W, dW, lr=lr), {}
        v = state["momentum_buffer"]
        if group["nesterov"]:
            W, v = rules.nesterov(W, dW, v, lr=lr, momentum=momentum)
        else:
            dampening = group["dampening"]
            W, v = rules.momentum(W, dW, v, lr=lr, momentum=momentum, dampening=dampening)
        return W, {"momentum_buffer": v}
