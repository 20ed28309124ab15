"""How weights move: update rules as pure NumPy functions, and torch's optimizers around them."""

from __future__ import annotations

from pellucid.optim import lr_scheduler as lr_scheduler
from pellucid.optim import rules as rules
from pellucid.optim.adadelta import Adadelta
from pellucid.optim.adagrad import Adagrad
from pellucid.optim.adam import Adam, AdamW
from pellucid.optim.adamax import Adamax
from pellucid.optim.asgd import ASGD
from pellucid.optim.clip import clip_grad_norm_, clip_grad_value_
from pellucid.optim.lbfgs import LBFGS
from pellucid.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
    with_warmup,
)
from pellucid.optim.nadam import NAdam
from pellucid.optim.optimizer import Optimizer
from pellucid.optim.penalty import L1, L2
from pellucid.optim.radam import RAdam
from pellucid.optim.rmsprop import RMSprop
from pellucid.optim.rprop import Rprop
from pellucid.optim.sgd import SGD

__all__ = [
    "ASGD",
    "L1",
    "L2",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "NAdam",
    "OneCycleLR",
    "Optimizer",
    "PolynomialLR",
    "RAdam",
    "RMSprop",
    "ReduceLROnPlateau",
    "Rprop",
    "SequentialLR",
    "StepLR",
    "clip_grad_norm_",
    "clip_grad_value_",
    "lr_scheduler",
    "rules",
    "with_warmup",
]
