"""What every layer asks of the arguments it is made with: none is ignored, none unexplained."""

from __future__ import annotations

import functools
import inspect
from typing import Any, TypeVar

import numpy as np

from pellucid.errors import OptionError, nearest

__all__ = ["checked"]

Init = TypeVar("Init")


def checked(init: Init) -> Init:
    """Wrap the ``__init__`` of a layer, so that an argument that does not fit is named.

    Raises OptionError for an argument that the class does not have, or lacks; for ``inplace=True``;
    for a ``dtype`` that is none; and for every ``device`` but the CPU. Where torch's class takes
    ``device`` and ``dtype`` the layer here takes ``dtype``: ``device="cpu"`` is then harmless.
    """
    signature = inspect.signature(init)  # type: ignore[arg-type]
    names = list(signature.parameters)[1:]
    anywhere = "dtype" in names and "device" not in names

    @functools.wraps(init)  # type: ignore[arg-type]
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        outermost = type(self).__init__ is __init__
        who = type(self).__name__ if outermost else init.__qualname__.split(".")[0]  # type: ignore[attr-defined]
        if anywhere and "device" in kwargs:
            _check_device(who, kwargs.pop("device"))
        if "dtype" in names and "dtype" in kwargs:
            _check_dtype(who, kwargs["dtype"])
            if kwargs["dtype"] is None:  # as in torch: the layer's own default
                del kwargs["dtype"]
        try:
            given = signature.bind(self, *args, **kwargs).arguments
        except TypeError as error:
            raise _misfit(who, signature, args, kwargs, error) from None
        if given.get("inplace"):
            raise inplace_refused(who)
        if outermost:  # what the architecture is described by
            self.__dict__["_arguments"] = args, kwargs
        init(self, *args, **kwargs)  # type: ignore[operator]

    return __init__  # type: ignore[return-value]


def inplace_refused(who: str) -> OptionError:
    """Nothing is computed in place here: the memory of the forward pass would be lost."""
    return OptionError(
        who,
        got="inplace=True",
        needs="inplace=False: layers give new values",
        try_=f"{who}() without inplace; the written program uses its buffers again by itself",
    )


def _check_device(who: str, device: Any) -> None:
    if device is not None and str(device).partition(":")[0] != "cpu":
        raise OptionError(
            who,
            got=f"device={device!r}",
            needs='device="cpu" or None: NumPy computes on the CPU',
            try_=f"{who}(...) without device",
        )


def _check_dtype(who: str, dtype: Any) -> None:
    try:
        floating = np.dtype(dtype).kind == "f"  # None: float64, in NumPy
    except TypeError:
        floating = False
    if not floating:
        raise OptionError(
            who,
            got=f"dtype={getattr(dtype, '__name__', repr(dtype))}",
            needs="a floating-point dtype of NumPy",
            try_="dtype=np.float32 or dtype=np.float64",
        )


def _misfit(
    who: str,
    signature: inspect.Signature,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    error: TypeError,
) -> OptionError:
    """Say which argument does not fit, and what is taken."""
    takes = list(signature.parameters.values())[1:]
    names = [p.name for p in takes]
    by_place = [p.name for p in takes if p.kind is p.POSITIONAL_OR_KEYWORD]
    unknown = [name for name in kwargs if name not in names]
    twice = [name for name in by_place[: len(args)] if name in kwargs]
    needed = [p.name for p in takes if p.default is p.empty]
    missing = [n for n in needed if n not in kwargs and n not in by_place[: len(args)]]
    advice = None
    if unknown:
        got = f"an argument {unknown[0]}={kwargs[unknown[0]]!r:.60}"
        advice = nearest(unknown[0], names)
    elif twice:
        got = f"{twice[0]} by place and by name"
    elif len(args) > len(by_place):
        got = f"{args[len(by_place)]!r:.60} by place, after {len(by_place)} arguments"
    elif missing:
        got = f"no {missing[0]}"
    else:
        got = str(error)
    return OptionError(who, got=got, needs=_as_call(who, takes), try_=advice)


def _as_call(who: str, takes: list[inspect.Parameter]) -> str:
    """The class as it is called: ``Linear(in_features, out_features, bias=True, *, ...)``."""
    parts: list[str] = []
    for p in takes:
        if p.kind is p.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        default = getattr(p.default, "__name__", repr(p.default))
        stars = "*" * (p.kind is p.VAR_POSITIONAL) + "**" * (p.kind is p.VAR_KEYWORD)
        parts.append(stars + p.name if p.default is p.empty else f"{p.name}={default}")
    return f"{who}({', '.join(parts)})"
