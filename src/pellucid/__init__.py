"""Pellucid: a neural-network framework you can see through, in plain NumPy."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Every public name, once: where it lives. Rooms are loaded on first use (PEP 562).
_HOME = {
    "Tensor": "autograd",
    "tensor": "autograd",
    "no_grad": "autograd",
    "enable_grad": "autograd",
    "is_grad_enabled": "autograd",
    "op": "autograd",
    "manual_seed": "random",
    "check_gradients": "check",
    "Perceptron": "perceptron",
    "save": "interop",
    "load_weights": "interop",
    "write": "program",
    "graph": "explain",
    "summary": "explain",
    "fit": "train",
    "resume": "train",
    "load": "train",
    "Run": "train",
    "PellucidError": "errors",
}
_ROOMS = (
    "check",
    "data",
    "errors",
    "explain",
    "interop",
    "metrics",
    "models",
    "nn",
    "ops",
    "optim",
    "program",
    "random",
    "record",
    "report",
    "standalone",
    "train",
)

__all__ = ["__version__", *sorted(_HOME), *_ROOMS]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(f"pellucid.{_HOME[name]}"), name)
    elif name in _ROOMS:
        value = importlib.import_module(f"pellucid.{name}")
    else:
        habits = importlib.import_module("pellucid.autograd.habits")
        raise habits.no_attribute("module 'pellucid'", name, habits.FUNCTIONS)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:  # what editors and type checkers see
    from pellucid import check as check
    from pellucid import data as data
    from pellucid import errors as errors
    from pellucid import explain as explain
    from pellucid import interop as interop
    from pellucid import metrics as metrics
    from pellucid import nn as nn
    from pellucid import ops as ops
    from pellucid import optim as optim
    from pellucid import program as program
    from pellucid import random as random
    from pellucid import record as record
    from pellucid import report as report
    from pellucid import standalone as standalone
    from pellucid import train as train
    from pellucid.autograd import Tensor as Tensor
    from pellucid.autograd import enable_grad as enable_grad
    from pellucid.autograd import is_grad_enabled as is_grad_enabled
    from pellucid.autograd import no_grad as no_grad
    from pellucid.autograd import op as op
    from pellucid.autograd.tensor import tensor as tensor
    from pellucid.check import check_gradients as check_gradients
    from pellucid.errors import PellucidError as PellucidError
    from pellucid.explain import graph as graph
    from pellucid.explain import summary as summary
    from pellucid.interop import load_weights as load_weights
    from pellucid.interop import save as save
    from pellucid.perceptron import Perceptron as Perceptron
    from pellucid.program import write as write
    from pellucid.random import manual_seed as manual_seed
    from pellucid.train import Run as Run
    from pellucid.train import fit as fit
    from pellucid.train import load as load
    from pellucid.train import resume as resume
