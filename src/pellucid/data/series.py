"""Reads a series from a CSV file: a column of dates, and one or more columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pellucid.data.base import Array
from pellucid.data.cells import is_missing, parse_number
from pellucid.data.csv_file import CsvFile, read_csv
from pellucid.data.date_steps import Step, as_date, calendar, read_steps, shown
from pellucid.errors import DataError, FormatError, OptionError, choose, nearest

__all__ = ["FILLS", "Series", "has_dates", "read_series"]

FILLS = ("last", "linear")
NAMED = 5
YEARS = ("year", "date", "time", "jahr", "annee")  # names of columns where 1949 is a date
LOOKED_AT = 64 * 1024  # bytes of a file, to see whether it has dates


@dataclass(frozen=True, eq=False)
class Series:
    """Rows at equal steps of time: ``values`` (N, C) float64, the target in column 0.

    ``filled``: the rows that the file does not have, or has without a number.
    """

    values: Array
    columns: tuple[str, ...]
    step: Step
    name: str
    source: str
    notes: tuple[str, ...] = ()
    filled: int = 0

    def __len__(self) -> int:
        return len(self.values)

    @property
    def target(self) -> str:
        """The name of the column that is forecast."""
        return self.columns[0]

    def info(self) -> dict[str, object]:
        """What there is to know about the series, in plain numbers and texts."""
        y = self.values[:, 0]
        return {
            "name": self.name,
            "source": self.source,
            "task": "a series to forecast",
            "rows": len(self),
            "dates": "{} to {}".format(*self.dates(0, 1), *self.dates(len(self) - 1, len(self))),
            "step": str(self.step),
            "target": self.target,
            "target range": f"{y.min():g} to {y.max():g}",
            "columns": list(self.columns),
            "filled rows": self.filled,
            "notes": list(self.notes),
        }

    def dates(self, start: int, stop: int) -> list[str]:
        """The dates of rows as the file spells them; beyond its end too."""
        return shown(self.step.at(np.arange(start, stop)))

    def features(self, with_calendar: bool) -> tuple[tuple[str, ...], Array]:
        """What a network may see of each row, (N, F), and the names: the columns, the calendar."""
        if not with_calendar:
            return self.columns, self.values
        names, waves = calendar(self.step, np.arange(len(self)))
        return (*self.columns, *names), np.concatenate([self.values, waves], axis=1)


def has_dates(path: str | Path, *, alone: bool = False) -> bool:
    """Whether the first rows of a CSV file hold a date and a number; never raises.

    A quick look that decides what a file is meant for. ``alone``: they hold nothing else.
    """
    try:
        with Path(path).expanduser().open("rb") as file:
            text = file.read(LOOKED_AT).decode("utf-8-sig", "ignore")
    except OSError:
        return False
    rows = [line for line in text.splitlines() if line.strip()][1:4]
    return bool(rows) and all(_dated(row, alone) for row in rows)


def _dated(row: str, alone: bool) -> bool:
    for mark in ",;\t":
        cells = [cell.strip().strip('"') for cell in row.split(mark)]
        if any(as_date(cell) is not None for cell in cells):
            numbers = sum(parse_number(cell) is not None for cell in cells)
            return numbers > 0 and not (alone and len(cells) > 2)
    return False


def read_series(
    path: str | Path,
    *,
    target: str | None = None,
    date: str | None = None,
    fill: str | None = None,
) -> Series:
    """Read a series; the other columns of numbers stand beside the target.

    ``target`` and ``date`` are a column's name or place (unless given: the last column of numbers,
    the first of dates). Gaps (dates left out, cells without a number) are refused unless ``fill``
    is "last" (the row before goes on) or "linear" (a line between the rows on both sides, which
    looks ahead).

    Raises DataError for dates that occur twice, are not in order or at equal steps, for gaps, and
    for a text among the numbers, with their lines; FormatError for a file that is no table.
    """
    if fill is not None:
        choose("--fill", fill, FILLS)
    file = read_csv(path)
    who = f"series {file.path}"
    place = _date_column(who, file, date)
    step, places = read_steps(who, _dates(who, file, place), file.lines)
    columns, left_out = _number_columns(who, file, place)
    chosen = _target(who, target, file, [name for name, _ in columns])
    columns.sort(key=lambda column: column[0] != chosen)
    values = np.full((int(places[-1]) + 1, len(columns)), np.nan)
    values[places] = np.stack([numbers for _, numbers in columns], axis=1)
    series = Series(
        values,
        tuple(name for name, _ in columns),
        step,
        file.path.stem,
        f"CSV file {path}",
        _notes(target, chosen, columns, left_out),
    )
    return _filled(who, series, fill)


def _notes(
    target: str | None, chosen: str, columns: Sequence[object], left_out: list[str]
) -> tuple[str, ...]:
    notes = []
    if target is None and len(columns) > 1:
        notes.append(f"target: the last column of numbers, {chosen!r}")
    if left_out:
        notes.append("left out, since they hold texts: " + ", ".join(map(repr, left_out)))
    return tuple(notes)


def _place(who: str, option: str, column: str, file: CsvFile) -> int:
    if column in file.names:
        return file.names.index(column)
    if column.isdigit() and int(column) < len(file.names):
        return int(column)
    raise OptionError(
        who,
        got=f"{option} {column!r}",
        needs="one of the columns " + ", ".join(file.names),
        try_=nearest(column, file.names),
    )


def _date_column(who: str, file: CsvFile, date: str | None) -> int:
    if date is not None:
        return _place(who, "--date", date, file)
    for k, (name, cell) in enumerate(zip(file.names, file.rows[0], strict=True)):
        if as_date(cell, years=name.lower() in YEARS) is not None:
            return k
    raise DataError(
        who,
        got=f"no date in the first row: {', '.join(map(repr, file.rows[0][:NAMED]))}",
        needs="a column of dates such as 2020-01, 2020-01-31 or 2020-01-31 13:00",
        try_="--date COLUMN, if it is there",
    )


def _dates(who: str, file: CsvFile, place: int) -> list[np.datetime64]:
    texts = [row[place] for row in file.rows]
    dates = [as_date(text, years=True) for text in texts]
    bad = [k for k, date in enumerate(dates) if date is None or len(texts[k]) != len(texts[0])]
    if bad:
        raise DataError(
            f"{who}, column {file.names[place]!r}",
            got=_on_lines(bad, texts, file.lines),
            needs=f"a date in every row, all spelt as the first one, {texts[0]}",
        )
    return [date for date in dates if date is not None]


def _number_columns(
    who: str, file: CsvFile, date: int
) -> tuple[list[tuple[str, Array]], list[str]]:
    """The columns of numbers, NaN where a cell is empty, and the names of the columns of texts."""
    found, left_out, texts_seen = [], [], []
    for k, name in enumerate(file.names):
        if k == date:
            continue
        texts = [row[k] for row in file.rows]
        numbers = [_number(text) for text in texts]
        bad = [i for i, number in enumerate(numbers) if number is None]
        if 2 * len(bad) > len(texts):
            left_out.append(name)
            texts_seen.append(texts[bad[0]])
            continue
        if bad:
            raise DataError(
                f"{who}, column {name!r}",
                got=_on_lines(bad, texts, file.lines),
                needs="a number in every row",
            )
        found.append((name, np.array(numbers, np.float64)))
    if not found:
        cells = "".join(
            f"; {name!r} holds {text!r}" for name, text in zip(left_out, texts_seen, strict=True)
        )
        needs = "one beside the dates, such as 1.5"
        raise DataError(who, got=f"no column of numbers{cells}", needs=needs)
    return found, left_out


def _number(text: str) -> float | None:
    if is_missing(text):
        return float("nan")
    number = parse_number(text)
    return number if number is not None and np.isfinite(number) else None


def _on_lines(rows: Sequence[int], texts: Sequence[str], lines: Sequence[int]) -> str:
    named = ", ".join(f"{texts[k]!r} on line {lines[k]}" for k in rows[:NAMED])
    more = f" and {len(rows) - NAMED:,} more" if len(rows) > NAMED else ""
    return named + more


def _target(who: str, target: str | None, file: CsvFile, numbers: list[str]) -> str:
    if target is None:
        return numbers[-1]
    if target not in file.names and not target.isdigit():
        choose(f"{who}: --target", target, numbers)
    name = file.names[_place(who, "--target", target, file)]
    if name not in numbers:
        raise OptionError(
            who, got=f"--target {target!r}", needs="a column of numbers: " + ", ".join(numbers)
        )
    return name


def _filled(who: str, series: Series, fill: str | None) -> Series:
    """Gaps refused, or filled as the user asked."""
    missing = np.isnan(series.values)
    rows = np.flatnonzero(missing.any(axis=1))
    if not len(rows):
        return series
    if fill is None:
        named = ", ".join(shown(series.step.at(rows[:NAMED])))
        more = f" and {len(rows) - NAMED:,} more" if len(rows) > NAMED else ""
        raise DataError(
            who,
            got=f"gaps: no number for {named}{more}",
            needs=f"a number for every step of {series.step}",
            try_="--fill last (the row before goes on), or --fill linear",
        )
    if missing[0].any():
        raise FormatError(who, got="no number in the first row", needs="a number to begin with")
    values = np.stack([_fill(column, fill) for column in series.values.T], axis=1)
    note = f"{len(rows):,} gaps filled ({fill})"
    return replace(series, values=values, notes=(*series.notes, note), filled=len(rows))


def _fill(column: Array, fill: str) -> Array:
    known = np.flatnonzero(~np.isnan(column))
    rows = np.arange(len(column))
    if fill == "linear":
        return np.interp(rows, known, column[known])
    return np.asarray(column[known[np.searchsorted(known, rows, side="right") - 1]])
