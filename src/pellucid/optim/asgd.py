"""ASGD: gradient descent that also keeps the mean of where it has been."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pellucid.optim import rules
from pellucid.optim.optimizer import Array, Group, Optimizer, State, gradient
from pellucid.optim.options import refuse_torch_only

__all__ = ["ASGD"]


class ASGD(Optimizer):
    """W <- W (1 - lambd eta_t) - eta_t dW; the state's ax <- ax + mu_t (W - ax) is W's mean.

    eta_1 = lr, then eta_{t+1} = lr / (1 + lambd lr t)^alpha; mu_{t+1} = 1 / max(1, t - t0): the
    mean begins after step ``t0``, before it ax follows W. ``weight_decay`` adds weight_decay W to
    dW first, ``maximize`` climbs. All numbers are 0 or more. Polyak & Juditsky 1992, with the
    steps of Bottou 2012, "Stochastic gradient descent tricks", as in torch.

    >>> from pellucid import nn, optim
    >>> optim.ASGD(nn.Linear(3, 2).parameters()).param_groups[0]["alpha"]
    0.75
    """

    numbers = ("step", "eta", "mu")
    told = {
        "eta_t": "lr at the first step, then lr / (1 + lambd * lr * (t - 1)) ** alpha",
        "mu_t": "1 / max(1, t - 1 - t0)",
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        refuse_torch_only(
            "ASGD", foreach=foreach, differentiable=differentiable, capturable=capturable
        )
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def slots(self, group: Group) -> tuple[str, ...]:
        return ("step", "eta", "mu", "ax")

    def first(self, slot: str, W: Array, group: Group) -> Any:
        numbers = {"eta": float(group["lr"]), "mu": 1.0}
        return numbers[slot] if slot in numbers else super().first(slot, W, group)

    def advance(self, state: State, group: Group) -> State:
        """eta_t and mu_t were set a step ago; eta and mu are what the next step shall use."""
        t, lr = state["step"] + 1, group["lr"]
        return {
            "step": t,
            "eta_t": state["eta"],
            "mu_t": state["mu"],
            "eta": lr / (1 + group["lambd"] * lr * t) ** group["alpha"],
            "mu": 1 / max(1, t - group["t0"]),
        }

    def update(self, W: Array, dW: Array, state: State, group: Group) -> tuple[Array, State]:
        dW = gradient(W, dW, group)
        eta, mu = state["eta_t"], state["mu_t"]
        W, ax = rules.asgd(W, dW, state["ax"], eta, mu, lambd=group["lambd"])
        return W, {"ax": ax}
