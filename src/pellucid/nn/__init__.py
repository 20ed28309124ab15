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
from pellucid.nn.attention import MultiheadAttention
from pellucid.nn.container import ACTIVATIONS, INITS, MLP, ModuleList, Sequential, initialise
from pellucid.nn.describe import describe, rebuild, register
from pellucid.nn.embedding import Embedding, EmbeddingBag
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
from pellucid.nn.positions import LearnedPositions, SinusoidalPositions
from pellucid.nn.transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "INITS",
    "MLP",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "EmbeddingBag",
    "Flatten",
    "HuberLoss",
    "Identity",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "LearnedPositions",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "Module",
    "ModuleList",
    "MultiheadAttention",
    "Parameter",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SinusoidalPositions",
    "Softmax",
    "Softplus",
    "Step",
    "Tanh",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
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
