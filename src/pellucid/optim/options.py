"""Is this an option that an optimizer, a schedule or a penalty can use?"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from pellucid.errors import OptionError, nearest

__all__ = ["count", "known", "pair", "per_group", "real", "refuse_torch_only", "switch"]

# What torch adds for the sake of its devices: a step here has one way to run.
TORCH_ONLY = ("foreach", "fused", "capturable", "differentiable")


def real(
    who: str,
    name: str,
    value: Any,
    *,
    low: float = -math.inf,
    below: float = math.inf,
    high: float = math.inf,
) -> float:
    """``value`` as a number, low <= value < below and <= high; OptionError if it is not one.

    Python's own numbers leave a float32 array float32; a NumPy float64 scalar would not.

    >>> real("SGD", "lr", np.float64(0.1), low=0)
    0.1
    """
    inside = _is(numbers.Real, value) and low <= value < below and value <= high
    if inside and math.isfinite(value):
        return value if isinstance(value, int) else float(value)
    raise OptionError(who, got=f"{name}={value!r}", needs=f"{name}: {_range(low, below, high)}")


def _is(kind: type, value: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)  # True is no number here


def _range(low: float, below: float, high: float) -> str:
    if below < math.inf:
        return f"a number in [{low:g}, {below:g})"
    if high < math.inf:
        return f"a number in [{low:g}, {high:g}]"
    return "a finite number" if low == -math.inf else f"a finite number, {low:g} or more"


def pair(
    who: str, name: str, value: Any, *, low: float = -math.inf, below: float = math.inf
) -> tuple[float, float]:
    """``value`` as two Python numbers in a tuple; OptionError if it is not that.

    >>> pair("Adam", "betas", [0.9, 0.999], low=0, below=1)
    (0.9, 0.999)
    """
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        inside = f" in [{low:g}, {below:g})" if below < math.inf else ""
        raise OptionError(who, got=f"{name}={value!r}", needs=f"{name}: two numbers{inside}")
    first, second = (
        real(who, f"{name}[{i}]", b, low=low, below=below) for i, b in enumerate(value)
    )
    return first, second


def count(who: str, name: str, value: Any, *, low: int = 1) -> int:
    """``value`` as a Python int of at least ``low``; OptionError if it is not one.

    >>> count("StepLR", "step_size", 30)
    30
    """
    if _is(numbers.Integral, value) and value >= low:
        return int(value)
    raise OptionError(who, got=f"{name}={value!r}", needs=f"{name}: a whole number, {low} or more")


def switch(who: str, name: str, value: Any) -> bool:
    """``value`` as True or False; OptionError if it is neither.

    >>> switch("SGD", "nesterov", True)
    True
    """
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise OptionError(who, got=f"{name}={value!r}", needs=f"{name}: True or False")


def per_group(who: str, name: str, value: Any, groups: int, *, low: float = 0.0) -> list[float]:
    """One number for each parameter group, from one number or from a list of as many.

    >>> per_group("OneCycleLR", "max_lr", 0.1, 2)
    [0.1, 0.1]
    """
    values = list(value) if isinstance(value, (list, tuple)) else [value] * groups
    if len(values) != groups:
        raise OptionError(
            who,
            got=f"{len(values)} values for {name}",
            needs=f"one number, or one for each of the optimizer's {groups} parameter groups",
        )
    return [real(who, name, v, low=low) for v in values]


def known(who: str, names: Iterable[str], choices: Iterable[str]) -> None:
    """Raise an OptionError for the first of ``names`` that is not one of ``choices``.

    >>> known("SGD", ["lr"], ["lr", "momentum"])
    """
    allowed = list(choices)
    for name in names:
        if name not in allowed:
            raise OptionError(
                who,
                got=f"an option {name!r}",
                needs="options among " + ", ".join(allowed),
                try_=nearest(str(name), allowed),
            )


def refuse_torch_only(who: str, **options: Any) -> None:
    """Raise an OptionError for an option that only torch has, unless it is off.

    >>> refuse_torch_only("SGD", foreach=None, fused=False)
    """
    for name, value in options.items():
        if value:
            raise OptionError(
                who,
                got=f"{name}={value!r}",
                needs=f"no {name}: torch has several ways to run a step, and here there is one",
                try_=f"leave {name} out",
            )
