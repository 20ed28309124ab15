"""An array that answers NumPy's protocols but never tells its values: what a trace will hand in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin


def opened(value: Any) -> Any:
    if isinstance(value, Spy):
        return value.array
    if isinstance(value, tuple | list):
        return type(value)(opened(v) for v in value)
    if isinstance(value, dict):
        return {k: opened(v) for k, v in value.items()}
    return value


def closed(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(closed(v) for v in value)
    return Spy(value) if isinstance(value, np.ndarray | np.generic) else value


class Spy(NDArrayOperatorsMixin):
    """Shape and dtype are open, the values are not."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)
        self.shape, self.ndim, self.dtype = self.array.shape, self.array.ndim, self.array.dtype

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        assert method == "__call__", "reductions are methods of the array"
        assert "out" not in options, "a rule changes nothing in place"
        return closed(ufunc(*opened(inputs), **opened(options)))

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return closed(function(*opened(args), **opened(options)))

    def __pellucid_helper__(self, function: Any, arguments: Any, options: Any) -> Any:
        return closed(function(*opened(arguments), **opened(options)))

    def __getitem__(self, index: Any) -> Any:
        return closed(self.array[opened(index)])

    @property
    def T(self) -> Any:
        return closed(self.array.T)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a rule looked at a value")

    __bool__ = __float__ = __int__ = __index__ = __len__ = __iter__ = __array__ = _refuse
    __complex__ = __contains__ = item = tolist = any = all = _refuse


def _method(name: str) -> Any:
    return lambda self, *args, **options: closed(
        getattr(self.array, name)(*opened(args), **opened(options))
    )


for _name in ["sum", "mean", "var", "max", "min", "reshape", "transpose", "swapaxes", "astype"]:
    setattr(Spy, _name, _method(_name))
