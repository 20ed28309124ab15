"""How Pellucid says no: who, what it got, what it needs, and what to try."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "DataError",
    "DtypeError",
    "FormatError",
    "GradientError",
    "NonFiniteError",
    "OptionError",
    "PellucidError",
    "RunError",
    "ShapeError",
    "nearest",
]


class PellucidError(Exception):
    """The base of every error that Pellucid raises on purpose.

    Its text has four lines; the last one only when the advice is sure to help.

    >>> print(ShapeError("Linear 784 -> 128", got="(64, 28)", needs="a last axis of 784"))
    ShapeError in Linear 784 -> 128
      got:    (64, 28)
      needs:  a last axis of 784
    """

    def __init__(self, who: str, *, got: str, needs: str, try_: str | None = None) -> None:
        self.who, self.got, self.needs, self.try_ = who, got, needs, try_
        self.path: list[str] = []  # the module names the error passed on its way out
        super().__init__(who)

    def pass_through(self, name: str) -> None:
        """Note that the error left the child module called ``name``."""
        self.path.insert(0, name)

    @property
    def place(self) -> str:
        """Where it happened: the path in the network, then who complained."""
        if not self.path:
            return self.who
        return f"net.{'.'.join(self.path)} ({self.who})"

    def __str__(self) -> str:
        lines = [f"{type(self).__name__} in {self.place}"]
        lines += [_item("got:", self.got), _item("needs:", self.needs)]
        if self.try_:
            lines.append(_item("try:", self.try_))
        return "\n".join(lines)


def _item(label: str, text: str) -> str:
    return f"  {label:<8}" + text.replace("\n", "\n" + " " * 10)


class ShapeError(PellucidError, ValueError):
    """An array has the wrong shape."""


class DtypeError(PellucidError, TypeError):
    """A value has the wrong type."""


class OptionError(PellucidError, ValueError):
    """A name or an option is unknown, or its value is out of range."""


class DataError(PellucidError, ValueError):
    """The data cannot be used as they are."""


class FormatError(PellucidError, ValueError):
    """A file is not what it claims to be."""


class GradientError(PellucidError, ValueError):
    """A gradient cannot be computed, or would be wrong."""


class NonFiniteError(PellucidError, ValueError):
    """A number that is not finite appeared."""


class RunError(PellucidError, ValueError):
    """A run folder, checkpoint or resume cannot be used."""


def nearest(name: str, choices: Iterable[str], cutoff: float = 0.5) -> str | None:
    """The choice most like ``name``, as advice for a ``try`` line, or None.

    >>> nearest("rleu", ["relu", "tanh"])
    "did you mean 'relu'?"
    """
    names = {str(c).lower(): str(c) for c in choices}
    swapped = [n for n in names if sorted(n) == sorted(name.lower())]  # the commonest slip
    found = swapped or difflib.get_close_matches(name.lower(), names, n=1, cutoff=cutoff)
    return f"did you mean {names[found[0]]!r}?" if found else None


def choose(who: str, name: str, choices: Iterable[str]) -> str:
    """Return ``name`` if it is one of ``choices``; raise an OptionError with the nearest if not."""
    names = list(choices)
    if name in names:
        return name
    raise OptionError(
        who,
        got=repr(name),
        needs="one of " + ", ".join(names),
        try_=nearest(str(name), names),
    )
