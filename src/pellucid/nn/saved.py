"""Saved values beside a network's own: what is missing, too much, misshapen, of another kind."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pellucid.errors import FormatError

__all__ = ["misfits", "mismatch"]

PLAINLY = 12  # so many names are listed one by one; more of them layer by layer
KINDS = {"f": "f", "i": "i", "u": "i", "b": "b"}  # a whole number is one with a sign or without


def misfits(
    given: Mapping[str, Any], own: Mapping[str, Any], bare: Iterable[str] = ()
) -> tuple[list[str], list[str]]:
    """Which of the ``given`` arrays have another shape, and which another kind of numbers.

    ``bare``: the names of those that were lists of Python's numbers, which have no kind yet.
    """
    misshapen = [
        f"{name} {array.shape}, the network has {own[name].shape}"
        for name, array in given.items()
        if array.shape != own[name].shape
    ]
    other = [
        f"{name} {array.dtype}, the network has {own[name].dtype}"
        for name, array in given.items()
        if name not in bare and not _same_kind(array, own[name].dtype.kind)
    ]
    return misshapen, other


def _same_kind(array: Any, kind: str) -> bool:
    """Whether these numbers may become numbers of this kind: whole ones whatever their type was."""
    if KINDS.get(array.dtype.kind) == KINDS.get(kind):
        return True
    return kind in "iu" and array.dtype.kind == "f" and bool((array == np.rint(array)).all())


def mismatch(
    who: str,
    missing: list[str],
    unexpected: list[str],
    misshapen: list[str],
    other: list[str],
) -> FormatError:
    """The error that lists all of them."""
    wrapper = _wrapper(missing, unexpected)
    names = f"{len(unexpected)} names that all begin with {wrapper!r}"
    found = [names] if wrapper else _listed("missing", missing) + _listed("unexpected", unexpected)
    found += [f"misshapen: {text}" for text in misshapen]
    found += [f"of another kind: {text}" for text in other]
    without = f"{{name.removeprefix({wrapper!r}): array for name, array in saved.items()}}"
    lax = None if misshapen or other else "strict=False to load what fits"
    return FormatError(
        f"load_state_dict of {who}",
        got="\n".join(found),
        needs="exactly the names and shapes of this network's state_dict()",
        try_=without if wrapper else lax,
    )


def _listed(label: str, names: list[str]) -> list[str]:
    """Every name, in lines that fit; where there are many, the names of a layer in brackets."""
    if not names:
        return []
    if len(names) <= PLAINLY:
        texts, label = names, f"{label}: "
    else:
        layers: dict[str, list[str]] = {}
        for name in names:
            layer, _, last = name.rpartition(".")
            layers.setdefault(layer, []).append(last)
        texts = [
            f"{layer} ({', '.join(last)})" if layer else ", ".join(last)
            for layer, last in layers.items()
        ]
        label = f"{label}, {len(names)}: "
    return textwrap.wrap(
        label + ", ".join(texts),
        90,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _wrapper(missing: list[str], unexpected: list[str]) -> str:
    """What stands in front of every name, such as "module.", where all fit without it; else ""."""
    if not missing or not unexpected:
        return ""
    first = unexpected[0].partition(".")[0] + "."
    without = {name.removeprefix(first) for name in unexpected if name.startswith(first)}
    return first if len(without) == len(unexpected) and without >= set(missing) else ""
