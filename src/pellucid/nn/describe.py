"""A network's architecture as plain data, and back, so that loading a model never runs code."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.autograd import Tensor
from pellucid.errors import FormatError, OptionError, nearest
from pellucid.nn.container import ModuleDict, ModuleList, Sequential
from pellucid.nn.module import Module, Parameter
from pellucid.nn.parameters import ParameterDict, ParameterList

__all__ = ["describe", "describe_again", "rebuild", "register"]

_KNOWN: dict[str, type[Module]] = {}
_OF_MODULES: dict[str, type[Any]] = {
    "Sequential": Sequential,
    "ModuleList": ModuleList,
    "ModuleDict": ModuleDict,
}
_OF_PARAMETERS: dict[str, type[Any]] = {
    "ParameterList": ParameterList,
    "ParameterDict": ParameterDict,
}


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
    for base in _OF_MODULES.values():  # what it holds now counts, not what it was given
        if isinstance(module, base) and type(module).forward is base.forward:
            held = {n: describe(m) for n, m in module.named_children()}
            return {"type": base.__name__, "modules": held}
    if kind in _OF_PARAMETERS:
        shapes = {
            name: {"shape": list(p.shape), "dtype": p.dtype.name}
            for name, p in module._parameters.items()
            if p is not None
        }
        return {"type": kind, "parameters": shapes}
    places, options = _given(module)
    places = [_to_plain(kind, str(i), value) for i, value in enumerate(places)]
    options = {name: _to_plain(kind, name, value) for name, value in options.items()}
    return {
        "type": kind,
        **({"arguments": places} if places else {}),
        **({"options": options} if options else {}),
    }


def describe_again(module: Module, names: Sequence[str], before: Any, after: Any) -> None:
    """Note that an option, one of ``names``, that was ``before`` is ``after`` now.

    A container tells what it holds anyway; a module whose options do not say it can no longer be
    described.
    """
    told_by_parts = any(type(module).forward is base.forward for base in _OF_MODULES.values())
    if told_by_parts or module._arguments is None:
        return
    signature = _takes(type(module))
    known = signature.parameters
    bound = signature.bind(*module._arguments[0], **module._arguments[1])
    bound.apply_defaults()
    told = [name for name in names if name in known and bound.arguments[name] == before]
    if len(told) == 1:
        bound.arguments[told[0]] = after
    module.__dict__["_arguments"] = (bound.args, bound.kwargs) if len(told) == 1 else None


def rebuild(spec: dict[str, Any]) -> Module:
    """The module that :func:`describe` wrote down, with fresh weights.

    Only classes of pellucid.nn and registered ones are made; anything else is a FormatError.
    """
    if not isinstance(spec, dict) or not isinstance(spec.get("type"), str):
        raise FormatError("architecture", got=repr(spec)[:60], needs="{'type': ..., ...}")
    kind = spec["type"]
    if kind in _OF_MODULES:
        children = _part(spec, "modules", dict)
        modules = {str(name): rebuild(child) for name, child in children.items()}
        return _OF_MODULES[kind](modules.values() if kind == "ModuleList" else modules)  # type: ignore[no-any-return]
    if kind in _OF_PARAMETERS:
        parameters = _part(spec, "parameters", dict)
        empty = {str(name): _empty(kind, shape) for name, shape in parameters.items()}
        pairs = empty.values() if kind == "ParameterList" else empty.items()
        return _OF_PARAMETERS[kind](pairs)  # type: ignore[no-any-return]
    cls = _KNOWN.get(kind)
    if cls is None:
        raise FormatError(
            "architecture",
            got=f"a layer of type {kind!r}",
            needs="a layer of pellucid.nn, or a class of your own made known",
            try_=nearest(kind, _KNOWN) or "@pellucid.nn.register on its class before loading",
        )
    places = [_from_plain(value) for value in _part(spec, "arguments", list)]
    options = {name: _from_plain(v) for name, v in _part(spec, "options", dict).items()}
    try:
        return cls(*places, **options)
    except (TypeError, OptionError) as error:
        reason = getattr(error, "got", error)
        raise FormatError(
            "architecture",
            got=f"a {kind} with options {', '.join(options) or 'none'} ({reason})",
            needs=f"what {kind} takes: {_takes(cls)}",
        ) from error


def _empty(kind: str, spec: Any) -> Parameter:
    """A parameter of zeros, of the shape and dtype that ``spec`` says."""
    try:
        return Parameter(np.zeros(tuple(spec["shape"]), np.dtype(spec["dtype"])))
    except (TypeError, KeyError, ValueError) as error:
        raise FormatError(
            "architecture",
            got=f"a parameter of {kind}: {spec!r:.60}",
            needs="{'shape': [...], 'dtype': 'float32'}",
        ) from error


def _part(spec: dict[str, Any], name: str, kind: type) -> Any:
    """The ``kind`` (list or dict) that ``spec`` holds under ``name``; an empty one without it."""
    part = spec.get(name, kind())
    if not isinstance(part, kind):
        raise FormatError(
            "architecture",
            got=f"{name} of {spec['type']}: {part!r:.60}",
            needs="a list" if kind is list else "names and values",
        )
    return part


def _takes(cls: type[Module]) -> inspect.Signature:
    """What the class is made with: its ``__init__`` says it, ``Module.__new__`` takes anything."""
    signature = inspect.signature(cls.__init__)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _given(module: Module) -> tuple[list[Any], dict[str, Any]]:
    """What the module was made with: by place where the class takes ``*args``, else by name."""
    if module._arguments is None:
        raise OptionError(
            f"architecture of {type(module).__name__}",
            got="a network whose head was replaced, of a class that has no option to say so",
            needs="an option classes, outputs or the like in its constructor",
            try_="pellucid.load(folder, model=MyNet(...)), with the head replaced again",
        )
    args, kwargs = module._arguments
    signature = _takes(type(module))
    parameters = signature.parameters
    bound = signature.bind(*args, **kwargs)
    if any(p.kind is p.VAR_POSITIONAL and p.name in bound.arguments for p in parameters.values()):
        return list(args), {n: v for n, v in kwargs.items() if n != "generator"}
    given = dict(bound.arguments)
    rest = [n for n, p in parameters.items() if p.kind is p.VAR_KEYWORD]
    for name in rest:
        given.update(given.pop(name, {}))
    return [], {
        name: value
        for name, value in given.items()
        if name != "generator" and (name not in parameters or value is not parameters[name].default)
    }


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
