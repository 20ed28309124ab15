"""What a cell of a table says: a missing value, a number, or a text."""

from __future__ import annotations

__all__ = ["is_missing", "parse_number"]

MISSING = frozenset({"", "na", "n/a", "nan", "null", "?"})


def is_missing(text: str) -> bool:
    """Whether a cell stands for a missing value: empty, NA, N/A, NaN, null or ?, in any case.

    >>> is_missing("NaN"), is_missing("0")
    (True, False)
    """
    return text.lower() in MISSING


def parse_number(text: str) -> float | None:
    """The number a cell spells, or None.

    >>> parse_number("-1.5e3"), parse_number("1_000")
    (-1500.0, None)
    """
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None
