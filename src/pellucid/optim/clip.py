"""Gradients kept within bounds: by their common norm, or each number by itself."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pellucid.errors import NonFiniteError, OptionError
from pellucid.optim.optimizer import Array, Trainable, trainables
from pellucid.optim.options import real, refuse_torch_only

__all__ = ["by_value", "clip_grad_norm_", "clip_grad_value_", "norm_scale", "total_norm"]


def total_norm(grads: Sequence[Array], norm_type: float = 2.0) -> Array:
    """The norm of all gradients as one vector: (Σ|g|^p)^(1/p), or max|g| for p = inf.

    >>> float(total_norm([np.array([3.0]), np.array([[4.0]])]))
    5.0
    """
    if norm_type == math.inf:
        return np.max(np.stack([np.max(np.abs(g)) for g in grads]))
    if norm_type == 2:
        return np.sqrt(functools.reduce(operator.add, [np.sum(g * g) for g in grads]))
    return sum(np.sum(np.abs(g) ** norm_type) for g in grads) ** (1 / norm_type)


def norm_scale(grads: Sequence[Array], max_norm: float, norm_type: float = 2.0) -> Array:
    """What to multiply all gradients by: min(1, max_norm / (norm + 1e-6)).

    The 1e-6 is torch's. Pascanu et al. 2013 (arXiv:1211.5063), algorithm 1.

    >>> round(float(norm_scale([np.array([3.0, 4.0])], max_norm=1.0)), 3)
    0.2
    """
    norm = total_norm(grads, norm_type)
    scale = np.minimum(max_norm / (norm + 1e-6), 1.0)
    return scale  # noqa: RET504 - a written program calls it by this name


def by_value(dW: Array, *, limit: float) -> Array:
    """Each number of the gradient, cut off at -limit and limit.

    >>> by_value(np.array([-3.0, 0.5]), limit=1.0)
    array([-1. ,  0.5])
    """
    return np.clip(dW, -limit, limit)


def clip_grad_norm_(
    parameters: Trainable | Iterable[Trainable],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> float:
    """Scale the gradients so that their common norm is at most ``max_norm``; return the old norm.

    Raises NonFiniteError for a norm that is not finite if ``error_if_nonfinite``; else such
    gradients are scaled by it, to 0 or NaN, as in torch. A ``max_norm`` of inf only measures.
    """
    refuse_torch_only("clip_grad_norm_", foreach=foreach)
    _check_norm(max_norm, norm_type)
    params = trainables(parameters)
    if not params:
        return 0.0
    grads = [p.grad.data for p in params]
    norm = float(total_norm(grads, norm_type))
    if error_if_nonfinite and not math.isfinite(norm):
        raise NonFiniteError(
            "clip_grad_norm_", got=f"gradients of norm {norm}", needs="a finite norm to clip"
        )
    scale = float(norm_scale(grads, max_norm, norm_type))  # a float keeps every gradient's dtype
    for p in params:
        p.grad.data = p.grad.data * scale
    return norm


def clip_grad_value_(
    parameters: Trainable | Iterable[Trainable], clip_value: float, foreach: bool | None = None
) -> None:
    """Cut off every number of the gradients at -clip_value and clip_value."""
    refuse_torch_only("clip_grad_value_", foreach=foreach)
    limit = real("clip_grad_value_", "clip_value", clip_value, low=0)
    for p in trainables(parameters):
        p.grad.data = by_value(p.grad.data, limit=limit)


def _check_norm(max_norm: Any, norm_type: Any) -> None:
    if max_norm != math.inf:
        real("clip_grad_norm_", "max_norm", max_norm, low=0)
    if norm_type != math.inf and real("clip_grad_norm_", "norm_type", norm_type) <= 0:
        raise OptionError(
            "clip_grad_norm_", got=f"norm_type={norm_type!r}", needs="norm_type: above 0, or inf"
        )
