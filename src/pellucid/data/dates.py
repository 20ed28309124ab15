"""A made task for translation: dates as people write them, and what they are in ISO 8601."""

from __future__ import annotations

import datetime
import string
from collections.abc import Callable

import numpy as np

from pellucid.data.pairs import Pairs
from pellucid.errors import OptionError
from pellucid.random import generator

__all__ = ["FIRST_YEAR", "LAST_YEAR", "SAMPLES", "WAYS", "dates"]

FIRST_YEAR, LAST_YEAR = 1950, 2049  # two digits of a year stand for one year only
SAMPLES = 20_000
MONTHS = ("january", "february", "march", "april", "may", "june",
          "july", "august", "september", "october", "november", "december")  # fmt: skip
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
TEENS = ("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth",
         "seventeenth", "eighteenth", "nineteenth")  # fmt: skip

Date = datetime.date


def _month(d: Date) -> str:
    return MONTHS[d.month - 1]


def _day(d: Date) -> str:
    return DAYS[d.weekday()]


def _th(d: Date) -> str:
    """1st, 2nd, 3rd, 4th ..."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{d.day}{'th' if 11 <= d.day <= 13 else ends.get(d.day % 10, 'th')}"


def _ordinal(d: Date) -> str:
    """first, second ... twenty-first ... thirty-first."""
    tens, unit = divmod(d.day, 10)
    if tens == 1:
        return TEENS[unit]
    if unit == 0:
        return {2: "twentieth", 3: "thirtieth"}[tens]
    return {0: "", 2: "twenty-", 3: "thirty-"}[tens] + UNITS[unit]


# Where numbers alone stand, their order is told by the sign between them, as it is by custom:
# points and blanks: day month year; strokes: month day year; the year first: year month day.
WAYS: tuple[Callable[[Date], str], ...] = (
    lambda d: f"{_day(d)} the {_th(d)} of {_month(d)}, {d.year}",
    lambda d: f"{_day(d)}, {_month(d)} {d.day}, {d.year}",
    lambda d: f"{_day(d)[:3]} {d.day} {_month(d)[:3]} {d.year}",
    lambda d: f"{_day(d)[:3]}, {_month(d)[:3]} {_th(d)} {d.year}",
    lambda d: f"the {_ordinal(d)} of {_month(d)} {d.year}",
    lambda d: f"{_month(d)} the {_ordinal(d)}, {d.year}",
    lambda d: f"the {_th(d)} of {_month(d)} '{d:%y}",
    lambda d: f"{_th(d)} {_month(d)} {d.year}",
    lambda d: f"{d.day} {_month(d)} {d.year}",
    lambda d: f"{d:%d} {_month(d)[:3]} {d:%y}",
    lambda d: f"{d.day}-{_month(d)[:3]}-{d.year}",
    lambda d: f"{_month(d)} {d.day} {d.year}",
    lambda d: f"{_month(d)} {_th(d)}, {d.year}",
    lambda d: f"{_month(d)[:3]} {d.day}, {d.year}",
    lambda d: f"{_month(d)[:3]} {d.day} '{d:%y}",
    lambda d: f"{d.year} {_month(d)} {d.day}",
    lambda d: f"{d.day}.{d.month}.{d.year}",
    lambda d: f"{d:%d.%m.%Y}",
    lambda d: f"{d.day}.{d.month}.{d:%y}",
    lambda d: f"{d:%d %m %Y}",
    lambda d: f"{d.month}/{d.day}/{d.year}",
    lambda d: f"{d:%m/%d/%y}",
    lambda d: f"{d.year}/{d.month}/{d.day}",
    lambda d: f"{d:%Y%m%d}",
)
CASES: tuple[Callable[[str], str], ...] = (str.lower, str.lower, string.capwords, str.upper)


def dates(samples: int | None = None, seed: int = 0) -> Pairs:
    """Pairs such as ("tuesday the 3rd of march, 1987", "1987-03-03"), drawn by the seed.

    Every date from 1950 to 2049 comes up once before one comes up again; each is written in one of
    ``WAYS``, in small letters, Title Case or capitals. The parts are cut by dates: none is in two
    of them. Raises OptionError for less than 10 samples.

    >>> pairs = dates(100)
    >>> len(pairs), len(set(pairs.targets))
    (100, 100)
    """
    count = SAMPLES if samples is None else samples
    if count < 10:
        raise OptionError("data dates", got=f"{count} samples", needs="at least 10")
    rng = generator(seed, "dates")
    first = Date(FIRST_YEAR, 1, 1).toordinal()
    every = np.arange(first, Date(LAST_YEAR, 12, 31).toordinal() + 1)
    rounds = [rng.permutation(every) for _ in range(-(-count // len(every)))]
    days = np.concatenate(rounds)[:count].tolist()
    ways, cases = rng.integers(len(WAYS), size=count), rng.integers(len(CASES), size=count)
    sources, targets = [], []
    for day, way, case in zip(days, ways.tolist(), cases.tolist(), strict=True):
        date = Date.fromordinal(day)
        sources.append(CASES[case](WAYS[way](date)))
        targets.append(date.isoformat())
    return Pairs(
        tuple(sources),
        tuple(targets),
        "dates",
        f"made: dates in {len(WAYS)} ways of writing, {FIRST_YEAR} to {LAST_YEAR}",
        by_target=True,
    )
