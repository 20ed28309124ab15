"""Reads rows of a new table the way the training table was read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.base import Array, Column
from pellucid.data.cells import is_missing, parse_number
from pellucid.errors import DataError, nearest

if TYPE_CHECKING:
    from pellucid.data.prepare import Preparation

__all__ = ["read_new_rows"]

Row = Mapping[str, str] | Sequence[str]


def read_new_rows(prepare: Preparation, rows: Sequence[Row]) -> Array:
    """Texts to (N, F) raw samples; see :meth:`Preparation.rows`."""
    if not prepare.columns:
        raise DataError(
            "Preparation", got="rows of a table", needs=f"images of shape {prepare.shape}"
        )
    out = np.empty((len(rows), len(prepare.columns)))
    for i, row in enumerate(rows):
        cells = _in_order(prepare, row, i + 1)
        for j, text in enumerate(cells):
            out[i, j] = _cell(prepare, j, str(text).strip(), i + 1)
    return out


def _in_order(prepare: Preparation, row: Row, number: int) -> list[str]:
    names = [column.name for column in prepare.columns]
    if isinstance(row, Mapping):
        _check_names(prepare, names, row, number)
        return [row[name] for name in names]
    if len(row) != len(names):
        raise DataError(
            f"row {number}",
            got=f"{len(row)} cells",
            needs=f"{len(names)} cells: {', '.join(names)}",
        )
    return list(row)


def _check_names(
    prepare: Preparation, names: list[str], row: Mapping[str, str], number: int
) -> None:
    known = {*names, *prepare.left_out, prepare.target}
    missing = [name for name in names if name not in row]
    strange = [name for name in row if name not in known]
    if not missing and not strange:
        return
    found = (("no column", missing), ("an unknown column", strange))
    raise DataError(
        f"row {number}",
        got=", and ".join(f"{what} {', '.join(map(repr, n))}" for what, n in found if n),
        needs="the columns of the training table: " + ", ".join(names),
        try_=nearest(strange[0], missing) if strange and missing else None,
    )


def _cell(prepare: Preparation, j: int, text: str, number: int) -> float:
    column = prepare.columns[j]
    where = f"row {number}, column {column.name!r}"
    if is_missing(text):
        if prepare.fills is None:
            raise DataError(
                where, got="a missing value", needs="a value, since training had no impute"
            )
        return math.nan
    return (
        _number(where, text) if column.values is None else _place(prepare, column, j, text, where)
    )


def _number(where: str, text: str) -> float:
    value = parse_number(text)
    if value is None or not math.isfinite(value):
        raise DataError(where, got=repr(text), needs="a finite number")
    return value


def _place(prepare: Preparation, column: Column, j: int, text: str, where: str) -> float:
    values = column.values or ()
    known = [values[i] for i in prepare.seen[j]]
    if text not in known:
        more = " ..." if len(known) > 20 else ""
        raise DataError(
            where,
            got=f"{text!r}, which no training row has",
            needs="one of " + ", ".join(known[:20]) + more,
            try_=nearest(text, known),
        )
    return float(values.index(text))
