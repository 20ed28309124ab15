"""The functions behind the layers, with torch.nn.functional's names and arguments."""

from pellucid.nn.functional.activation import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from pellucid.nn.functional.attention import (
    scaled_dot_product_attention,
)
from pellucid.nn.functional.dropout import (
    dropout,
)
from pellucid.nn.functional.embedding import (
    embedding,
    embedding_bag,
    one_hot,
)
from pellucid.nn.functional.linear import (
    linear,
)
from pellucid.nn.functional.loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    l1_loss,
    mse_loss,
)
from pellucid.nn.functional.normalize import (
    layer_norm,
)

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "dropout",
    "elu",
    "embedding",
    "embedding_bag",
    "gelu",
    "huber_loss",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "mse_loss",
    "one_hot",
    "relu",
    "scaled_dot_product_attention",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]
