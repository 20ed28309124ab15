"""Parameters in lists and dictionaries, so that the tree finds them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Any, Self, overload

import numpy as np

from pellucid.autograd import Tensor
from pellucid.errors import OptionError
from pellucid.nn.module import Module, Parameter

__all__ = ["ParameterDict", "ParameterList", "as_block", "check_key", "pairs_of"]


class ParameterList(Module):
    """A list whose parameters are found by the tree, and saved, under their numbers.

    Tensors and arrays become parameters. Raises OptionError for anything else.

    >>> weights = ParameterList([np.zeros((2, 3)), np.zeros(3)])
    >>> list(weights.state_dict()), weights[-1].shape
    (['0', '1'], (3,))
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.extend(() if values is None else values)

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Parameter]:
        return iter([p for p in self._parameters.values() if p is not None])

    @overload
    def __getitem__(self, index: int) -> Parameter: ...
    @overload
    def __getitem__(self, index: slice) -> ParameterList: ...
    def __getitem__(self, index: int | slice) -> Parameter | ParameterList:
        if isinstance(index, slice):
            return ParameterList(list(self)[index])
        return list(self)[index]

    def __setitem__(self, index: int, value: Any) -> None:
        name = list(self._parameters)[index]
        self.register_parameter(name, _as_parameter(self, name, value))

    def append(self, value: Any) -> Self:
        """Add a parameter at the end."""
        name = str(len(self))
        self.register_parameter(name, _as_parameter(self, name, value))
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add several parameters at the end."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor | np.ndarray):
            raise OptionError(
                type(self).__name__,
                got=f"{type(values).__name__} to extend by",
                needs="several parameters",
                try_="append(parameter) for one",
            )
        for value in list(values):
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def __repr__(self) -> str:
        return as_block(type(self).__name__, _lines(self))


class ParameterDict(Module):
    """A dictionary whose parameters are found by the tree, and saved, under their names.

    Takes a mapping or pairs; as in torch a plain dict is taken in the order of its sorted names, an
    OrderedDict and pairs in their own. Tensors and arrays become parameters. Raises OptionError for
    other values, and for keys with a dot or of an attribute of the class.

    >>> weights = ParameterDict({"right": np.zeros(3), "left": np.zeros((2, 3))})
    >>> list(weights), weights["left"].shape
    (['left', 'right'], (2, 3))
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self.update({} if parameters is None else parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._parameters)

    def __contains__(self, key: object) -> bool:
        return key in self._parameters

    def __getitem__(self, key: str) -> Parameter:
        return self._parameters[key]  # type: ignore[return-value]

    def __setitem__(self, key: str, value: Any) -> None:
        check_key(self, key, self._parameters)
        self.register_parameter(key, _as_parameter(self, key, value))

    def __delitem__(self, key: str) -> None:
        if key not in self._parameters:
            raise KeyError(key)
        self._forget(key)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._parameters.keys()

    def items(self) -> Iterator[tuple[str, Parameter]]:
        """The names with their parameters."""
        return ((key, self[key]) for key in list(self))

    def values(self) -> Iterator[Parameter]:
        """The parameters."""
        return (self[key] for key in list(self))

    def update(self, parameters: Any) -> None:
        """Add parameters, or put them in the places of those of the same names."""
        ordered = isinstance(parameters, OrderedDict | ParameterDict)
        pairs = pairs_of(self, parameters)
        if isinstance(parameters, Mapping) and not ordered:
            pairs = sorted(pairs, key=lambda pair: str(pair[0]))
        for key, value in pairs:
            self[key] = value

    def get(self, key: str, default: Any = None) -> Any:
        """The parameter of that name, or ``default``."""
        return self._parameters.get(key, default)

    def setdefault(self, key: str, default: Any = None) -> Parameter:
        """The parameter of that name; ``default`` is put there first if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str) -> Parameter:
        """Take a parameter out."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Parameter]:
        """Take the last parameter out, with its name."""
        if not self._parameters:
            raise KeyError("the dictionary is empty")
        key = list(self)[-1]
        return key, self.pop(key)

    def clear(self) -> None:
        """Take all parameters out."""
        for key in list(self):
            del self[key]

    def copy(self) -> ParameterDict:
        """Another dictionary of the same parameters."""
        return ParameterDict(list(self.items()))

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new dictionary with ``default`` under each of these names."""
        return ParameterDict([(key, default) for key in keys])

    def __or__(self, other: Any) -> ParameterDict:
        both = self.copy()
        both.update(other)
        return both

    def __ror__(self, other: Any) -> ParameterDict:
        both = ParameterDict(other)
        both.update(self)
        return both

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self

    def __repr__(self) -> str:
        return as_block(type(self).__name__, _lines(self))


# -- shared with the containers of modules --


def pairs_of(owner: Module, given: Any) -> list[tuple[Any, Any]]:
    """The pairs of a mapping, of another container, or of a list of pairs."""
    if hasattr(given, "items"):
        return list(given.items())
    try:
        return [(key, value) for key, value in given]
    except (TypeError, ValueError):
        raise OptionError(
            type(owner).__name__,
            got=f"{type(given).__name__} to fill it with",
            needs="a dictionary, or (name, value) pairs",
        ) from None


def check_key(owner: Module, key: Any, held: Mapping[str, Any]) -> None:
    """A key becomes part of a path, and a name of the module's."""
    if key in held:
        return
    if not isinstance(key, str) or not key or "." in key or hasattr(owner, key):
        raise OptionError(
            type(owner).__name__,
            got=f"the key {key!r}",
            needs="a name without a dot, and none that the class has an attribute of",
        )


def as_block(who: str, lines: list[str]) -> str:
    """A container with what it holds, one a line."""
    if not lines:
        return f"{who}()"
    inside = "\n".join(lines).replace("\n", "\n  ")
    return f"{who}(\n  {inside}\n)"


def _lines(owner: Module) -> list[str]:
    return [
        f"({name}): Parameter containing: [{p.dtype} of size {'x'.join(map(str, p.shape))}]"
        for name, p in owner.named_parameters(recurse=False)
    ]


def _as_parameter(owner: Module, name: str, value: Any) -> Parameter:
    if isinstance(value, Parameter):
        return value
    if isinstance(value, Tensor):
        return Parameter(value.data)
    if isinstance(value, np.ndarray):
        return Parameter(value)
    raise OptionError(
        type(owner).__name__,
        got=f"{type(value).__name__} as {name!r}",
        needs="an nn.Parameter, a tensor or an array",
    )
