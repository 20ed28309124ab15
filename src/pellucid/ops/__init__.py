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
    CELU,
    ELU,
    GELU,
    GLU,
    SELU,
    GumbelSoftmax,
    LogSigmoid,
    LogSoftmax,
    Mish,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
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
from pellucid.ops.attention import (
    Attention,
    AttentionWeights,
    SelfAttention,
)
from pellucid.ops.columns import (
    Fold,
    Unfold,
)
from pellucid.ops.convolution import (
    Conv,
    ConvTranspose,
    PadEdges,
)
from pellucid.ops.ctc import (
    CTC,
)
from pellucid.ops.depthwise import (
    DepthwiseConv,
    DepthwiseConvTranspose,
)
from pellucid.ops.distance import (
    CosineSimilarity,
    Norm,
)
from pellucid.ops.draw import Gaussian
from pellucid.ops.dropout import (
    AlphaDropout,
    Dropout,
)
from pellucid.ops.embedding import (
    Embedding,
    EmbeddingBag,
    EmbeddingBagMax,
)
from pellucid.ops.linear import (
    Bilinear,
    Linear,
    MatMul,
)
from pellucid.ops.loss import (
    BCE,
    L1,
    MSE,
    NLL,
    BCEWithLogits,
    CrossEntropy,
    GaussianNLL,
    Huber,
    KLDiv,
    PoissonNLL,
    SmoothL1,
)
from pellucid.ops.margin import (
    CosineEmbedding,
    HingeEmbedding,
    MarginRanking,
    MultiLabelMargin,
    MultiLabelSoftMargin,
    MultiMargin,
    SoftMargin,
    TripletMargin,
)
from pellucid.ops.normalize import (
    BatchNorm,
    BatchNormInference,
    GroupNorm,
    LayerNorm,
    LocalResponseNorm,
    RMSNorm,
)
from pellucid.ops.padding import (
    PadConstant,
    PadImage,
)
from pellucid.ops.piecewise import (
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    PReLU,
    ReLU,
    RReLU,
    Softshrink,
    Step,
    Threshold,
)
from pellucid.ops.pooling import (
    AdaptiveAvgPool,
    AdaptiveWindows,
    AvgPool,
    LPPool,
    MaxPool,
    MaxPoolWithIndices,
    MaxUnpool,
)
from pellucid.ops.recurrent import (
    GRU,
    LSTM,
    RNN,
)
from pellucid.ops.reduce import (
    LogSumExp,
    Max,
    Mean,
    Min,
    Sum,
    Var,
)
from pellucid.ops.resize import (
    ChannelShuffle,
    PixelShuffle,
    PixelUnshuffle,
    ResizeLinear,
    ResizeNearest,
)
from pellucid.ops.rule import (
    TABLE,
    Entry,
    Rule,
    helper,
    like,
    rule,
)
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
    "CELU",
    "CTC",
    "ELU",
    "GELU",
    "GLU",
    "GRU",
    "L1",
    "LSTM",
    "MSE",
    "NLL",
    "RNN",
    "SELU",
    "TABLE",
    "Abs",
    "AdaptiveAvgPool",
    "AdaptiveWindows",
    "Add",
    "AlphaDropout",
    "AsType",
    "Attention",
    "AttentionWeights",
    "AvgPool",
    "BCEWithLogits",
    "BatchNorm",
    "BatchNormInference",
    "Bilinear",
    "BroadcastTo",
    "ChannelShuffle",
    "Clip",
    "Concatenate",
    "Conv",
    "ConvTranspose",
    "CosineEmbedding",
    "CosineSimilarity",
    "CrossEntropy",
    "DepthwiseConv",
    "DepthwiseConvTranspose",
    "Divide",
    "Dropout",
    "Embedding",
    "EmbeddingBag",
    "EmbeddingBagMax",
    "Entry",
    "Equal",
    "Exp",
    "Fold",
    "Gaussian",
    "GaussianNLL",
    "GetItem",
    "Greater",
    "GreaterEqual",
    "GroupNorm",
    "GumbelSoftmax",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HingeEmbedding",
    "Huber",
    "KLDiv",
    "LPPool",
    "LayerNorm",
    "LeakyReLU",
    "Less",
    "LessEqual",
    "Linear",
    "LocalResponseNorm",
    "Log",
    "LogSigmoid",
    "LogSoftmax",
    "LogSumExp",
    "MarginRanking",
    "MatMul",
    "Max",
    "MaxPool",
    "MaxPoolWithIndices",
    "MaxUnpool",
    "Maximum",
    "Mean",
    "Min",
    "Minimum",
    "Mish",
    "MultiLabelMargin",
    "MultiLabelSoftMargin",
    "MultiMargin",
    "Multiply",
    "Negative",
    "Norm",
    "NotEqual",
    "PReLU",
    "Pad",
    "PadConstant",
    "PadEdges",
    "PadImage",
    "PixelShuffle",
    "PixelUnshuffle",
    "PoissonNLL",
    "Power",
    "RMSNorm",
    "RReLU",
    "ReLU",
    "Reshape",
    "ResizeLinear",
    "ResizeNearest",
    "Rule",
    "SelfAttention",
    "SiLU",
    "Sigmoid",
    "SmoothL1",
    "SoftMargin",
    "Softmax",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Sqrt",
    "Square",
    "Stack",
    "Step",
    "Subtract",
    "Sum",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "Transpose",
    "TripletMargin",
    "Unfold",
    "Var",
    "Where",
    "helper",
    "like",
    "rule",
]
