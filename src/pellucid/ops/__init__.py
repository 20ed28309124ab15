"""THE TABLE: every operation, forward and backward side by side, in plain NumPy.

An entry is a class with two rules::

    @rule
    class Tanh:
        "y = tanh(x)."
        def forward(x):        return np.tanh(x)
        def backward(g, y, x): return (g * (1 - y**2),)

``g`` is the gradient that arrives; then come the output (and the extras), then the inputs. One
gradient per input goes back, ``None`` where there is none. The rest of Pellucid reads this table
and never repeats the calculus, so an entry keeps to these rules:

- it is a pure function of arrays: inputs are never changed;
- it branches on shapes, dtypes and options, never on values;
- it calls no ``np.asarray``, ``float`` or ``len`` on an input;
- randomness comes in as an argument (``rng``);
- what backward needs and cannot cheaply recompute is an extra output;
- float32 in, float32 out: constants are Python numbers, a mask takes the input's dtype;
- what is not a straight line of NumPy is a named ``@helper``.
"""

from pellucid.ops.activation import (
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
from pellucid.ops.arithmetic import (
    Abs,
    Add,
    Clip,
    Divide,
    Equal,
    Exp,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Log,
    Maximum,
    Minimum,
    Multiply,
    Negative,
    NotEqual,
    Power,
    Sqrt,
    Square,
    Subtract,
    Where,
)
from pellucid.ops.attention import Attention, AttentionWeights, SelfAttention
from pellucid.ops.dropout import Dropout
from pellucid.ops.embedding import Embedding, EmbeddingBag, EmbeddingBagMax
from pellucid.ops.linear import Linear, MatMul
from pellucid.ops.loss import BCE, L1, MSE, BCEWithLogits, CrossEntropy, Huber
from pellucid.ops.normalize import BatchNorm, BatchNormInference, LayerNorm
from pellucid.ops.reduce import LogSumExp, Max, Mean, Min, Sum, Var
from pellucid.ops.rule import TABLE, Entry, Rule, helper, like, rule
from pellucid.ops.shape import (
    AsType,
    BroadcastTo,
    Concatenate,
    GetItem,
    Pad,
    Reshape,
    Stack,
    Transpose,
)

__all__ = [
    "BCE",
    "ELU",
    "GELU",
    "L1",
    "MSE",
    "TABLE",
    "Abs",
    "Add",
    "AsType",
    "Attention",
    "AttentionWeights",
    "BCEWithLogits",
    "BatchNorm",
    "BatchNormInference",
    "BroadcastTo",
    "Clip",
    "Concatenate",
    "CrossEntropy",
    "Divide",
    "Dropout",
    "Embedding",
    "EmbeddingBag",
    "EmbeddingBagMax",
    "Entry",
    "Equal",
    "Exp",
    "GetItem",
    "Greater",
    "GreaterEqual",
    "Huber",
    "LayerNorm",
    "LeakyReLU",
    "Less",
    "LessEqual",
    "Linear",
    "Log",
    "LogSoftmax",
    "LogSumExp",
    "MatMul",
    "Max",
    "Maximum",
    "Mean",
    "Min",
    "Minimum",
    "Multiply",
    "Negative",
    "NotEqual",
    "Pad",
    "Power",
    "ReLU",
    "Reshape",
    "Rule",
    "SelfAttention",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Sqrt",
    "Square",
    "Stack",
    "Step",
    "Subtract",
    "Sum",
    "Tanh",
    "Transpose",
    "Var",
    "Where",
    "helper",
    "like",
    "rule",
]
