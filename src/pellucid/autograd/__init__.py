"""An array that remembers how it was made; backward() walks the memory, without recursion."""

from pellucid.autograd import numpy_functions as _numpy_functions  # noqa: F401 - teaches Tensor NumPy's protocols
from pellucid.autograd.memory import enable_grad, is_grad_enabled, no_grad, watch
from pellucid.autograd.tensor import Tensor, apply, apply_all, as_array, op, tensor

__all__ = [
    "Tensor",
    "apply",
    "apply_all",
    "as_array",
    "enable_grad",
    "is_grad_enabled",
    "no_grad",
    "op",
    "tensor",
    "watch",
]
