"""The words of other libraries for what NumPy calls otherwise, so that an error can say NumPy's."""

from __future__ import annotations

from typing import Any

__all__ = ["FUNCTIONS", "METHODS", "no_attribute", "refuse_words"]

ON_CPU = "leave it out: NumPy computes on the CPU"
# a method that torch's tensors have and NumPy's arrays have not: what to write instead of x.NAME
METHODS = {
    "view": "x.reshape(...)",
    "view_as": "x.reshape(y.shape)",
    "reshape_as": "x.reshape(y.shape)",
    "permute": "x.transpose(0, 2, 1): all axes in their new order",
    "t": "x.T",
    "mT": "x.swapaxes(-1, -2)",
    "unsqueeze": "np.expand_dims(x, axis), or x[:, np.newaxis]",
    "dim": "x.ndim",
    "numel": "x.size: a number, without brackets",
    "nelement": "x.size: a number, without brackets",
    "clone": "x * 1 (which the gradient passes), or x.copy() (which it does not)",
    "cpu": ON_CPU,
    "cuda": ON_CPU,
    "to": "x.astype(np.float64)",
    "type": "x.astype(np.float64)",
    "float": "x.astype(np.float32)",
    "double": "x.astype(np.float64)",
    "half": "x.astype(np.float16)",
    "long": "x.astype(np.int64)",
    "int": "x.astype(np.int32)",
    "bool": "x.astype(bool)",
    "contiguous": "leave it out: operations see to the memory",
    "is_contiguous": "x.data.flags.c_contiguous",
    "add": "x + y",
    "sub": "x - y",
    "mul": "x * y",
    "div": "x / y",
    "neg": "-x",
    "pow": "x**n",
    "square": "x**2",
    "rsqrt": "1 / np.sqrt(x)",
    "reciprocal": "1 / x",
    "matmul": "x @ y",
    "mm": "x @ y",
    "bmm": "x @ y",
    "mv": "x @ y",
    "dot": "x @ y",
    "eq": "x == y",
    "ne": "x != y",
    "gt": "x > y",
    "ge": "x >= y",
    "lt": "x < y",
    "le": "x <= y",
    "clamp": "x.clip(low, high)",
    "clamp_": "x[...] = x.clip(low, high)",
    "clamp_min": "x.clip(low, None)",
    "amax": "x.max(axis=...)",
    "amin": "x.min(axis=...)",
    "argmin": "np.argmin(x, axis=...)",
    "argsort": "np.argsort(x, axis=...)",
    "std": "x.var(axis=..., ddof=1).sqrt()",
    "norm": "(x**2).sum().sqrt()",
    "all": "np.all(x)",
    "any": "np.any(x)",
    "isnan": "np.isnan(x)",
    "prod": "np.prod(x.numpy())",
    "cumsum": "np.cumsum(x.numpy(), axis=...)",
    "sort": "x[np.argsort(x)]",
    "topk": "np.argsort(-x, axis=-1)[..., :k]",
    "tril": "x * np.tril(np.ones(x.shape, x.dtype))",
    "nonzero": "np.nonzero(x)",
    "where": "np.where(condition, x, y)",
    "masked_fill": "np.where(mask, value, x)",
    "expand": "x.broadcast_to(shape)",
    "expand_as": "x.broadcast_to(y.shape)",
    "repeat": "np.concatenate([x, x], axis=0)",
    "chunk": "slices such as x[:, :n], x[:, n:]",
    "split": "slices such as x[:, :n], x[:, n:]",
    "narrow": "x[first : first + length]",
    "select": "x[:, i]",
    "unbind": "list(x)",
    "index_select": "x[places]",
    "gather": "x[np.arange(len(x)), places]",
    "flip": "x[::-1]",
    "fill_": "x[...] = value",
    "zero_": "x[...] = 0",
    "add_": "x += y, under no_grad() where x requires a gradient",
    "sub_": "x -= y, under no_grad() where x requires a gradient",
    "mul_": "x *= y, under no_grad() where x requires a gradient",
    "div_": "x /= y, under no_grad() where x requires a gradient",
    "normal_": "nn.init.normal_(x)",
    "uniform_": "nn.init.uniform_(x)",
    "grad_fn": "repr(x), which says what made it",
    "device": ON_CPU,
}

_NUMPY = (
    "abs allclose arange argmax argsort exp eye full isnan linspace log mean ones ones_like sqrt "
    "stack sum tanh where zeros zeros_like"
)
# a function of torch's own: what to write instead of pellucid.NAME
FUNCTIONS = {
    **{name: f"np.{name}(...), which takes tensors too" for name in _NUMPY.split()},
    "cat": "np.concatenate([x, y], axis=...)",
    "clamp": "np.clip(x, low, high)",
    "max": "x.max(axis=...), and x.argmax(axis=...) for the place",
    "min": "x.min(axis=...)",
    "matmul": "x @ y",
    "bmm": "x @ y",
    "mm": "x @ y",
    "sigmoid": "x.sigmoid()",
    "relu": "x.relu()",
    "softmax": "x.softmax(axis=-1)",
    "from_numpy": "pellucid.tensor(array); layers take arrays as they are",
    "as_tensor": "pellucid.tensor(array); layers take arrays as they are",
    "randn": "np.random.default_rng(seed).normal(size=...)",
    "rand": "np.random.default_rng(seed).random(...)",
    "randint": "np.random.default_rng(seed).integers(low, high, size=...)",
    "randperm": "np.random.default_rng(seed).permutation(n)",
    "einsum": "x @ y with transpose and reshape",
    "inference_mode": "pellucid.no_grad()",
    "is_tensor": "isinstance(x, pellucid.Tensor)",
    "compile": "pellucid.write(...): a network's step as a program; fit does it by itself",
    "device": ON_CPU,
    "cuda": ON_CPU,
    "utils": "pellucid.data.DataLoader(x, y, batch_size=...)",
    **{name: f"np.{name}" for name in ("float16", "float32", "float64", "int32", "int64")},
    "float": "np.float32",
    "double": "np.float64",
    "long": "np.int64",
    "int": "np.int32",
    "bool": "bool",
}
_KEYWORDS = {"dim": "axis", "keepdim": "keepdims"}


def no_attribute(owner: str, name: str, words: dict[str, str]) -> AttributeError:
    """The error for a name that ``owner`` does not have, with NumPy's word where there is one.

    >>> print(no_attribute("'Tensor' object", "dim", METHODS))
    'Tensor' object has no attribute 'dim'; write x.ndim
    """
    word = words.get(name, "")
    advice = f"; {word}" if word.startswith("leave") else f"; write {word}" if word else ""
    return AttributeError(f"{owner} has no attribute {name!r}{advice}")


def refuse_words(method: str, words: dict[str, Any]) -> None:
    """Raise TypeError for keyword arguments that a method of Tensor does not have.

    >>> refuse_words("sum", {"dim": 1})
    Traceback (most recent call last):
    TypeError: Tensor.sum has no argument 'dim'; write axis=1
    """
    for name, value in words.items():
        text = f"Tensor.{method} has no argument {name!r}"
        if name in _KEYWORDS:
            text += f"; write {_KEYWORDS[name]}={value!r}"
        raise TypeError(text)
