"""Which numbers of a line are shown: all of a small array, of a large one those that matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.explain.entry import digits, worked_out
from pellucid.explain.parts import Row, Told

__all__ = ["Shown", "shown"]

FULL = 40  # numbers that are shown in full
WORKED = 4  # a line with no more numbers has each of them worked out
LARGEST = 4


@dataclass(frozen=True)
class Shown:
    """The numbers of a line: rows of them, or single ones; and what was left out."""

    grid: list[list[str]]  # all the numbers, as rows
    single: list[tuple[str, str, str]]  # place, number, how it comes about
    left_out: str


def shown(row: Row, told: Told) -> Shown:
    """The numbers of ``row`` that are shown."""
    value = row.value
    if value.ndim == 0 or value.size <= FULL:
        grid = [
            [digits(v) for v in part] for part in np.atleast_2d(value).reshape(-1, _last(value))
        ]
        places = _all(value) if value.size <= WORKED else _mattering(value, told, 2)
        return Shown(grid, [_single(row, p) for p in places if row.formula], "")
    places = _mattering(value, told, LARGEST)
    zeros = int(value.size - np.count_nonzero(value))
    facts = [f"{value.size - len(places):,} of {value.size:,} numbers left out"]
    if value.dtype.kind == "f":
        facts.append(f"from {digits(value.min())} to {digits(value.max())}")
        facts.append(f"mean size {digits(np.abs(value, dtype=np.float64).mean())}")
    facts += [f"{zeros:,} of them 0"] if zeros else []
    return Shown([], [_single(row, p) for p in places], "; ".join(facts))


def _last(value: np.ndarray) -> int:
    return value.shape[-1] if value.ndim else 1


def _all(value: np.ndarray) -> list[tuple[int, ...]]:
    return [tuple(int(i) for i in place) for place in np.ndindex(value.shape)]


def _mattering(value: np.ndarray, told: Told, count: int) -> list[tuple[int, ...]]:
    """The places of the true class and its rival where there are such, else of the largest."""
    if told.truth is not None and value.shape == (1, len(told.classes)):
        return [(0, k) for k in (told.truth, told.rival) if k is not None]
    sizes = np.abs(value.astype(np.float64)).ravel()
    order = np.argsort(-sizes, kind="stable")[:count]
    places = [np.unravel_index(int(k), value.shape) for k in order if sizes[k]]
    return [tuple(int(i) for i in place) for place in places]


def _single(row: Row, place: tuple[int, ...]) -> tuple[str, str, str]:
    inside = place[1:] if len(place) > 1 and row.shape and str(row.shape[0]) == "n" else place
    name = f"{row.name}[{', '.join(map(str, inside))}]" if inside else row.name
    number = digits(row.value[place])
    worked = worked_out(row.line, place) if row.formula else ""
    return name, number, "" if worked == number else worked
