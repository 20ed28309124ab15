"""Modules made of modules: Sequential, ModuleList, and the multi-layer perceptron."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, overload

import numpy as np
from numpy.typing import DTypeLike

from pellucid.errors import OptionError, choose
from pellucid.nn import activation as activations
from pellucid.nn import init
from pellucid.nn.linear import Linear
from pellucid.nn.module import Module
from pellucid.nn.norm import BatchNorm1d, Dropout

__all__ = ["ACTIVATIONS", "INITS", "MLP", "ModuleList", "Sequential"]

ACTIVATIONS: dict[str, Callable[[], Module]] = {
    "relu": activations.ReLU,
    "leaky_relu": activations.LeakyReLU,
    "elu": activations.ELU,
    "gelu": activations.GELU,
    "silu": activations.SiLU,
    "softplus": activations.Softplus,
    "sigmoid": activations.Sigmoid,
    "tanh": activations.Tanh,
}

INITS: dict[str, Callable[..., Any]] = {
    "zeros": lambda w, generator=None: init.zeros_(w),
    "normal": lambda w, generator=None: init.normal_(w, 0.0, 0.01, generator),
    "uniform": lambda w, generator=None: init.uniform_(w, -0.05, 0.05, generator),
    "xavier_uniform": init.xavier_uniform_,
    "xavier_normal": init.xavier_normal_,
    "glorot_uniform": init.xavier_uniform_,
    "glorot_normal": init.xavier_normal_,
    "kaiming_uniform": init.kaiming_uniform_,
    "kaiming_normal": init.kaiming_normal_,
    "he_uniform": init.kaiming_uniform_,
    "he_normal": init.kaiming_normal_,
    "lecun_uniform": init.lecun_uniform_,
    "lecun_normal": init.lecun_normal_,
    "orthogonal": init.orthogonal_,
}


class _Listed(Module):
    """Modules by number."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Module: ...
    def __getitem__(self, index: int | slice) -> Module:
        modules = list(self.children())
        if isinstance(index, slice):
            return self._made_of(modules[index])
        return modules[index]

    def _made_of(self, modules: list[Module]) -> Module:
        return Sequential(*modules)

    def __setitem__(self, index: int, module: Module) -> None:
        self.register_module(list(self._modules)[index], module)

    def append(self, module: Module) -> _Listed:
        """Add a module at the end."""
        self.register_module(str(len(self._modules)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> _Listed:
        """Add several modules at the end."""
        for module in modules:
            self.append(module)
        return self


class Sequential(_Listed):
    """One module after the other.

    >>> from pellucid import nn
    >>> net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    >>> net(np.zeros((3, 2))).shape
    (3, 1)
    """

    def __init__(self, *modules: Module | OrderedDict[str, Module] | dict[str, Module]) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], dict):
            named: dict[str, Any] = modules[0]
        else:
            named = {str(i): module for i, module in enumerate(modules)}
        for name, module in named.items():
            self.register_module(name, module)

    def forward(self, x: Any) -> Any:
        """Each module's output is the next one's input."""
        for module in self.children():
            x = module(x)
        return x


class ModuleList(_Listed):
    """A list whose modules are found by the tree; the owner says how they are run."""

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)

    def _made_of(self, modules: list[Module]) -> Module:
        return ModuleList(modules)


class MLP(Sequential):
    """A multi-layer perceptron: Linear layers with an activation between them.

    ``sizes`` from input to output; each hidden layer is Linear, batch norm if asked, activation,
    dropout if asked. ``init`` names the initial weights (biases then start at 0); without it they
    are Linear's own. The keys of its ``state_dict`` are those of the same ``nn.Sequential``.

    >>> net = MLP([784, 128, 64, 10])
    >>> sum(p.size for p in net.parameters())
    109386
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str | Callable[[], Module] = "relu",
        *,
        dropout: float = 0.0,
        batch_norm: bool = False,
        init: str | None = None,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        if len(sizes) < 2:
            raise OptionError(
                "MLP", got=f"sizes {list(sizes)}", needs="at least an input and an output size"
            )
        act = (
            ACTIVATIONS[choose("MLP", activation, ACTIVATIONS)]
            if isinstance(activation, str)
            else activation
        )
        modules: list[Module] = []
        for i, (n, m) in enumerate(pairwise(sizes)):
            modules.append(Linear(n, m, dtype=dtype, generator=generator))
            if i < len(sizes) - 2:
                modules += [BatchNorm1d(m, dtype=dtype)] if batch_norm else []
                modules += [act()]
                modules += [Dropout(dropout)] if dropout else []
        super().__init__(*modules)
        if init is not None:
            initialise(self, init, generator)


def initialise(module: Module, name: str, generator: np.random.Generator | None = None) -> Module:
    """Draw the weights of all Linear layers by the named scheme and set their biases to 0."""
    scheme = INITS[choose("initial weights", name, INITS)]
    for layer in module.modules():
        if isinstance(layer, Linear):
            scheme(layer.weight, generator=generator)
            if layer.bias is not None:
                init.zeros_(layer.bias)
    return module
