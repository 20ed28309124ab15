"""How weights move: update rules as pure NumPy functions, and torch's optimizers around them."""

from __future__ import annotations

from pellucid.optim import lr_scheduler as lr_scheduler
from pellucid.optim import rules as rules
from pellucid.optim.adagrad import Adagrad
from pellucid.optim.adam import Adam, AdamW
from pellucid.optim.clip import clip_grad_norm_, clip_grad_value_
from pellucid.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    StepLR,
    with_warmup,
)
from pellucid.optim.optimizer import Optimizer
from pellucid.optim.penalty import L1, L2
from pellucid.optim.rmsprop import RMSprop
from pellucid.optim.sgd import SGD

__all__ = [
    "L1",
    "L2",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "Optimizer",
    "RMSprop",
    "ReduceLROnPlateau",
    "StepLR",
    "clip_grad_norm_",
    "clip_grad_value_",
    "lr_scheduler",
    "rules",
    "with_warmup",
]
