"""A network's architecture as plain data, and back, so that loading a model never runs code."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from pellucid.autograd import Tensor
from pellucid.errors import FormatError, OptionError, nearest
from pellucid.nn.container import ModuleList, Sequential
from pellucid.nn.module import Module

__all__ = ["describe", "rebuild", "register"]

_KNOWN: dict[str, type[Module]] = {}


def register(cls: type[Module]) -> type[Module]:
    """Let :func:`rebuild` make modules of this class; as a decorator on a class of your own.

    >>> @register
    ... class Twice(Module):
    ...     def forward(self, x): return x * 2
    >>> describe(Twice())
    {'type': 'Twice'}
    """
    _KNOWN[cls.__name__] = cls
    return cls


def describe(module: Module) -> dict[str, Any]:
    """The module's class and constructor arguments, in words and numbers that JSON can hold.

    Raises OptionError where an argument is neither a plain value nor a module.
    """
    kind = type(module).__name__
    base = Sequential if isinstance(module, Sequential) else ModuleList
    if isinstance(module, base) and type(module).forward is base.forward:
        kind = base.__name__  # what it holds now counts, not what it was given
        return {"type": kind, "modules": {n: describe(m) for n, m in module.named_children()}}
    args, kwargs = module._arguments
    signature = inspect.signature(type(module))
    given = signature.bind(*args, **kwargs).arguments
    options = {
        name: _to_plain(kind, name, value)
        for name, value in given.items()
        if name != "generator" and value is not signature.parameters[name].default
    }
    return {"type": kind, **({"options": options} if options else {})}


def rebuild(spec: dict[str, Any]) -> Module:
    """The module that :func:`describe` wrote down, with fresh weights.

    Only classes of pellucid.nn and registered ones are made; anything else is a FormatError.
    """
    if not isinstance(spec, dict) or not isinstance(spec.get("type"), str):
        raise FormatError("architecture", got=repr(spec)[:60], needs="{'type': ..., ...}")
    kind = spec["type"]
    if kind in ("Sequential", "ModuleList"):
        modules = {str(name): rebuild(child) for name, child in spec.get("modules", {}).items()}
        return Sequential(modules) if kind == "Sequential" else ModuleList(modules.values())
    cls = _KNOWN.get(kind)
    if cls is None:
        raise FormatError(
            "architecture",
            got=f"a layer of type {kind!r}",
            needs="a layer of pellucid.nn, or a class of your own made known",
            try_=nearest(kind, _KNOWN) or "@pellucid.nn.register on its class before loading",
        )
    options = {name: _from_plain(value) for name, value in spec.get("options", {}).items()}
    return cls(**options)


def _to_plain(kind: str, name: str, value: Any) -> Any:
    if isinstance(value, Module):
        return {"module": describe(value)}
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return {"dtype": np.dtype(value).name}
    if isinstance(value, Tensor | np.ndarray):
        return {"array": np.asarray(value).tolist(), "dtype": str(value.dtype)}
    if isinstance(value, list | tuple):
        return [_to_plain(kind, name, v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise OptionError(
        f"architecture of {kind}",
        got=f"argument {name} = {type(value).__name__}",
        needs="numbers, strings, lists or modules: nothing else can be written down",
    )


def _from_plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_plain(v) for v in value]
    if isinstance(value, dict):
        if "module" in value:
            return rebuild(value["module"])
        if "array" in value:
            return np.array(value["array"], dtype=value["dtype"])
        return np.dtype(value["dtype"])
    return value
