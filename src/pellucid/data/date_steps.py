"""Dates of a series: how they are spelt, the steps that they go on in, their place in a year."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.base import Array
from pellucid.errors import DataError

__all__ = ["Step", "as_date", "calendar", "read_steps", "shown"]

_FORM = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d)?)?)?)?")
_WORDS = {"Y": "year", "M": "month", "D": "day", "B": "weekday", "s": "second"}
_SECONDS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
NAMED = 5  # dates that an error names before it says "and more"


@dataclass(frozen=True)
class Step:
    """What lies between two rows: ``count`` of a unit, from the date ``first`` on.

    ``unit``: "Y", "M", "D", "B" (Monday to Friday) or "s". ``day``: of the month, where months are
    spelt as days; 31 is a month's last.

    >>> Step("M", 3, np.datetime64("2020-01")).at(np.array([0, 1])).astype(str).tolist()
    ['2020-01', '2020-04']
    """

    unit: str
    count: int
    first: np.datetime64
    day: int | None = None

    def at(self, places: Array) -> Array:
        """The dates of rows, counted from 0, beyond the last one too."""
        if self.unit == "B":
            first = self.first.astype("M8[D]")
            found: Array = np.busday_offset(first, places * self.count)
            return found
        dates: Array = self.first + (places * self.count).astype(f"m8[{self.unit}]")
        if self.day is None:
            return dates
        end: Array = (dates + 1).astype("M8[D]") - 1
        days: Array = np.minimum(dates.astype("M8[D]") + (self.day - 1), end)
        return days

    def __str__(self) -> str:
        count, word = self.count, _WORDS[self.unit]
        if self.unit == "s":
            size, word = next((s, w) for s, w in _SECONDS if count % s == 0)
            count //= size
        return f"a {word}" if count == 1 else f"{count} {word}s"

    @property
    def seasons(self) -> tuple[int, ...]:
        """How many rows a year, a week, a day may have, the shortest that makes sense first."""
        if self.unit == "M" and 12 % self.count == 0 and self.count < 12:
            return (12 // self.count,)
        days = {("D", 1): (7, 365), ("B", 1): (5,), ("D", 7): (52,)}
        if (self.unit, self.count) in days:
            return days[self.unit, self.count]
        if self.unit == "s" and 86400 % self.count == 0 and self.count <= 43200:
            return 86400 // self.count, 7 * 86400 // self.count
        return ()


def as_date(text: str, *, years: bool = False) -> np.datetime64 | None:
    """The date that a cell spells (2020-01, 2020-01-31, 2020-01-31 13:00), or None.

    ``years``: whether 2020 alone is a date, and not a number.

    >>> as_date("1949-01"), as_date("1949"), as_date("31.1.2020")
    (np.datetime64('1949-01'), None, None)
    """
    if not _FORM.fullmatch(text) or (len(text) == 4 and not years):
        return None
    try:
        date = np.datetime64(text.replace(" ", "T"))
    except ValueError:
        return None
    return date.astype("M8[s]") if len(text) > 10 else date


def shown(dates: Array) -> list[str]:
    """Dates as they are written: a month as 1949-01, a time as 2020-01-31 13:00."""
    texts = [str(date).replace("T", " ") for date in dates]
    full = all(text.endswith(":00") and len(text) == 19 for text in texts)
    return [text[:-3] for text in texts] if full else texts


def read_steps(who: str, dates: Sequence[np.datetime64], lines: Sequence[int]) -> tuple[Step, Any]:
    """The step between dates, and the place of each from 0; a place left out is a gap.

    Raises DataError for dates that occur twice, are not in order, or are not in equal steps.
    """
    all_dates = np.array(dates)
    _refuse_disorder(who, all_dates, lines)
    step = _step(all_dates)
    steps = _distance(step, all_dates)
    places, rest = np.divmod(steps, step.count)
    if rest.any():
        k = int(np.flatnonzero(rest)[0])
        raise DataError(
            who,
            got=f"{shown(all_dates[[k]])[0]} on line {lines[k]}, between two steps of {step}",
            needs="rows at equal steps of time",
        )
    return step, places


def _refuse_disorder(who: str, dates: Array, lines: Sequence[int]) -> None:
    _, first, counts = np.unique(dates, return_index=True, return_counts=True)
    twice = first[counts > 1]
    if len(twice):
        named = ", ".join(shown(dates[twice[:NAMED]]))
        more = f" and {len(twice) - NAMED:,} more" if len(twice) > NAMED else ""
        second = int(np.flatnonzero(dates == dates[twice[0]])[1])
        raise DataError(
            who,
            got=f"dates that occur more than once: {named}{more} (line {lines[second]})",
            needs="one row a date",
        )
    back = np.flatnonzero(dates[1:] < dates[:-1])
    if len(back):
        k = int(back[0])
        a, b = shown(dates[[k, k + 1]])
        raise DataError(
            who,
            got=f"dates that are not in order: {b} after {a}, on line {lines[k + 1]}",
            needs="the oldest row first, the newest last",
            try_="sort the file by its date column",
        )


def _step(dates: Array) -> Step:
    unit = np.datetime_data(dates.dtype)[0]
    if unit == "D":
        months, day = _by_months(dates)
        if months is not None:
            return Step("M", _usual(np.diff(months.astype(int))), months[0], day)
        if _on_weekdays(dates):
            return Step("B", 1, dates[0])
    return Step(unit, _usual(np.diff(dates).astype(int)), dates[0])


def _by_months(dates: Array) -> tuple[Array | None, int | None]:
    """Days that stand for months: always the same day, or always the last."""
    months = dates.astype("M8[M]")
    if len(np.unique(months)) < len(months):
        return None, None
    days = (dates - months.astype("M8[D]")).astype(int) + 1
    ends = (dates + 1).astype("M8[M]") > months
    if ends.all() and days.max() > 28:
        return months, 31
    return (months, int(days[0])) if (days == days[0]).all() else (None, None)


def _on_weekdays(dates: Array) -> bool:
    """Whether every date is from Monday to Friday, over more than a week, day by day."""
    over = bool(dates[-1] - dates[0] > np.timedelta64(7, "D"))
    return over and bool(np.is_busday(dates).all()) and _usual(np.diff(dates).astype(int)) == 1


def _usual(steps: Array) -> int:
    """The step that occurs most."""
    found, counts = np.unique(steps, return_counts=True)
    return int(found[np.argmax(counts)]) if len(found) else 1


def _distance(step: Step, dates: Array) -> Array:
    """How many units each date lies behind the first."""
    if step.unit == "B":
        found: Array = np.busday_count(dates[0], dates)
        return found
    return (dates.astype(step.first.dtype) - step.first).astype(np.int64)


def calendar(step: Step, places: Array) -> tuple[list[str], Array]:
    """Where rows stand in the year, the week and the day: names, and (N, F) sines and cosines.

    Only turns that are longer than a step and that the rows go through are told.
    """
    dates = step.at(places)
    turns: list[tuple[str, Array]] = []
    if step.unit == "M" and step.count < 12:
        turns.append(("year", dates.astype("M8[M]").astype(int) % 12 / 12))
    if step.unit in "DBs":
        days = dates.astype("M8[D]")
        if step.unit == "s" and step.count < 86400:
            turns.append(("day", (dates - days).astype("m8[s]").astype(int) / 86400))
        if step.unit != "D" or step.count < 7:
            turns.append(("week", (days.astype(int) + 3) % 7 / 7))
        turns.append(("year", (days - days.astype("M8[Y]").astype("M8[D]")).astype(int) / 365.25))
    names = [f"{wave} of the {name}" for name, _ in turns for wave in ("sine", "cosine")]
    angles = [2 * np.pi * share for _, share in turns]
    waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    return names, np.stack(waves, axis=1) if waves else np.empty((len(places), 0))
