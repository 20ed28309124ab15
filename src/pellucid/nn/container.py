"""Modules made of modules: Sequential, ModuleList, ModuleDict, and the multi-layer perceptron."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    Sequence,
    ValuesView,
)
from itertools import groupby, pairwise
from typing import Any, Self, overload

import numpy as np
from numpy.typing import DTypeLike

from pellucid.errors import OptionError, choose
from pellucid.nn import activation as activations
from pellucid.nn import init
from pellucid.nn.dropout import Dropout
from pellucid.nn.linear import Linear
from pellucid.nn.module import Module
from pellucid.nn.norm import BatchNorm1d
from pellucid.nn.parameters import as_block, check_key, pairs_of

__all__ = ["ACTIVATIONS", "INITS", "MLP", "ModuleDict", "ModuleList", "Sequential"]

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
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return self._made_of(list(self.named_children())[index])
        return list(self.children())[index]

    def _made_of(self, named: list[tuple[str, Module]]) -> Module:
        """A container of the same kind; in a Sequential the modules keep their names."""
        return Sequential(dict(named))

    def __setitem__(self, index: int, module: Module) -> None:
        self.register_module(list(self._modules)[index], module)

    def __delitem__(self, index: int | slice) -> None:
        """Drop modules; the others are numbered anew, as in torch."""
        left = list(self.children())
        del left[index]
        self._number(left)

    def _number(self, modules: Iterable[Module]) -> None:
        """Hold these modules under the numbers 0, 1, ..."""
        modules = list(modules)
        for name in list(self._modules):
            self._forget(name)
        for module in modules:
            self.append(module)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.register_module(str(len(self._modules)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end."""
        if not isinstance(modules, Iterable):
            raise OptionError(
                type(self).__name__,
                got=f"{type(modules).__name__} to extend by",
                needs="several modules",
                try_="append(module) for one",
            )
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Put a module in front of number ``index``; all are numbered anew.

        Raises IndexError for a number beyond the ends.
        """
        if not -len(self) <= index <= len(self):
            raise IndexError(f"index {index} is out of range")
        self._check_kind(str(index), module, Module)
        modules = list(self.children())
        modules.insert(index, module)
        self._number(modules)
        return self

    def pop(self, index: int | slice = -1) -> Module:
        """Take a module out, or several; the others are numbered anew."""
        taken = self[index]
        del self[index]
        return taken


class Sequential(_Listed):
    """One module after the other.

    >>> from pellucid import nn
    >>> net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    >>> net(np.zeros((3, 2))).shape
    (3, 1)
    >>> len(net[:2] + nn.Sequential(nn.Sigmoid()))
    3
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

    def __add__(self, other: Sequential) -> Sequential:
        """One after the other, in a new Sequential."""
        return Sequential(*self, *self._sequential(other))

    def __iadd__(self, other: Sequential) -> Self:
        return self.extend(self._sequential(other))

    def __mul__(self, times: int) -> Sequential:
        """The same modules over and over, with shared weights."""
        return Sequential(*list(self.children()) * self._count(times))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Self:
        return self.extend(list(self.children()) * (self._count(times) - 1))

    def _sequential(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            raise OptionError(
                type(self).__name__,
                got=f"+ {type(other).__name__}",
                needs="another Sequential",
                try_="append(module), or + nn.Sequential(module)",
            )
        return other

    def _count(self, times: Any) -> int:
        if not isinstance(times, int) or times < 1:
            raise OptionError(type(self).__name__, got=f"* {times!r}", needs="a number from 1")
        return times


class ModuleList(_Listed):
    """A list whose modules are found by the tree; the owner says how they are run."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(() if modules is None else modules)

    def _made_of(self, named: list[tuple[str, Module]]) -> Module:
        return ModuleList(module for _, module in named)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        """A new list of both."""
        return ModuleList(self).extend(other)

    def __iadd__(self, other: Iterable[Module]) -> Self:
        return self.extend(other)

    def __repr__(self) -> str:
        """As in torch, modules that read the same stand on one line: ``(0-2): 3 x ReLU()``."""
        lines: list[str] = []
        number = 0
        for text, same in groupby(repr(module) for module in self):
            n = len(list(same))
            lines.append(
                f"({number}): {text}" if n == 1 else f"({number}-{number + n - 1}): {n} x {text}"
            )
            number += n
        return as_block(type(self).__name__, lines)


class ModuleDict(Module):
    """A dictionary whose modules are found by the tree; the owner says how they are run.

    Takes a mapping or pairs; keys are names: text without a dot that is no attribute of the class.
    Raises OptionError for other keys and for values that are no modules.

    >>> from pellucid import nn
    >>> heads = nn.ModuleDict({"age": nn.Linear(4, 1), "kind": nn.Linear(4, 3)})
    >>> list(heads), heads["kind"](np.zeros((2, 4))).shape
    (['age', 'kind'], (2, 3))
    """

    def __init__(
        self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None
    ) -> None:
        super().__init__()
        self.update({} if modules is None else modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]  # type: ignore[return-value]

    def __setitem__(self, key: str, module: Module) -> None:
        check_key(self, key, self._modules)
        if module is None:
            raise OptionError(type(self).__name__, got=f"None as {key!r}", needs="a Module")
        self.register_module(key, module)

    def __delitem__(self, key: str) -> None:
        if key not in self._modules:
            raise KeyError(key)
        self._forget(key)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._modules.keys()

    def items(self) -> ItemsView[str, Module]:
        """The names with their modules."""
        return self._modules.items()  # type: ignore[return-value]

    def values(self) -> ValuesView[Module]:
        """The modules."""
        return self._modules.values()  # type: ignore[return-value]

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules, or put them in the places of those of the same names."""
        for key, module in pairs_of(self, modules):
            self[key] = module

    def pop(self, key: str) -> Module:
        """Take a module out."""
        module = self[key]
        del self[key]
        return module

    def clear(self) -> None:
        """Take all modules out."""
        for key in list(self._modules):
            del self[key]


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
