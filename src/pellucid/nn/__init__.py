"""Networks with torch.nn's names: module tree, layers, losses, initial weights."""

from pellucid.nn import functional, init
from pellucid.nn.activation import (
    ELU,
    GELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Step,
    Tanh,
)
from pellucid.nn.container import ACTIVATIONS, INITS, MLP, ModuleList, Sequential, initialise
from pellucid.nn.convolution import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    Fold,
    Unfold,
)
from pellucid.nn.describe import describe, rebuild, register
from pellucid.nn.linear import Flatten, Identity, Linear
from pellucid.nn.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    L1Loss,
    MSELoss,
)
from pellucid.nn.module import Module, Parameter
from pellucid.nn.norm import BatchNorm1d, Dropout, LayerNorm

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "INITS",
    "MLP",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "CrossEntropyLoss",
    "Dropout",
    "Flatten",
    "Fold",
    "HuberLoss",
    "Identity",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "Module",
    "ModuleList",
    "Parameter",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Step",
    "Tanh",
    "Unfold",
    "describe",
    "functional",
    "init",
    "initialise",
    "rebuild",
    "register",
]

for _name in __all__:
    _value = globals()[_name]
    if isinstance(_value, type) and issubclass(_value, Module) and _value is not Module:
        register(_value)
del _name, _value
