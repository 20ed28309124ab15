"""Reads the cells of a CSV file: UTF-8, separated by comma, semicolon or tab."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from pellucid.data.cells import is_missing, parse_number
from pellucid.errors import DataError, FormatError

__all__ = ["CsvFile", "read_csv", "read_rows"]

DELIMITERS = ",;\t"
MAX_BYTES = 512 * 2**20
NAMED = 5


@dataclass(frozen=True)
class CsvFile:
    """The cells of a CSV file, stripped, with the line on which each row ends."""

    path: Path
    names: list[str]
    rows: list[list[str]]
    lines: list[int]
    headed: bool  # whether the file names its columns; else they are called column 1, column 2 ...


def read_csv(path: str | Path) -> CsvFile:
    """Read every cell as text; a first row without any number is the header.

    Raises FormatError for a file that is not UTF-8 text, has rows of different lengths (their
    lines are named), an open quote or a repeated column name; DataError for one without rows.
    """
    path = Path(path)
    rows, lines = _parse(path, _text(path))
    if not rows:
        raise DataError(f"CSV file {path}", got="no rows", needs="a header and at least one row")
    _check_lengths(path, rows, lines)
    if any(parse_number(cell) is not None for cell in rows[0]):
        names = [f"column {i}" for i in range(1, len(rows[0]) + 1)]
        return CsvFile(path, names, rows, lines, False)
    names = [name or f"column {i}" for i, name in enumerate(rows[0], 1)]
    _check_names(path, names)
    if len(rows) == 1:
        raise DataError(f"CSV file {path}", got="a header alone", needs="at least one row")
    return CsvFile(path, names, rows[1:], lines[1:], True)


def read_rows(path: str | Path) -> list[dict[str, str]]:
    """The rows of a CSV file as texts by column name, for :meth:`Preparation.rows`."""
    file = read_csv(path)
    return [dict(zip(file.names, row, strict=True)) for row in file.rows]


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise FormatError(
                f"CSV file {path}", got=f"{size:,} bytes", needs=f"at most {MAX_BYTES:,} bytes"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"CSV file {path}",
            got=f"a byte at {error.start:,} that is not UTF-8",
            needs="text in UTF-8",
            try_="save it as 'CSV UTF-8'",
        ) from error
    except OSError as error:
        raise FormatError(
            f"CSV file {path}", got=str(error.strerror), needs="a readable file"
        ) from error
    if "\0" in text:
        raise FormatError(f"CSV file {path}", got="binary content", needs="text")
    return text


def _parse(path: Path, text: str) -> tuple[list[list[str]], list[int]]:
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=_delimiter(text),
        strict=True,
        skipinitialspace=True,
    )
    rows, lines = [], []
    try:
        for row in reader:
            if row:
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except csv.Error as error:
        raise FormatError(
            f"CSV file {path}",
            got=f"line {reader.line_num} cannot be read: {error}",
            needs="cells that are quoted on both sides or not at all",
        ) from error
    return rows, lines


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=lambda d: len(next(csv.reader([first], delimiter=d), [])))


def _check_lengths(path: Path, rows: list[list[str]], lines: list[int]) -> None:
    width = len(rows[0])
    bad = [(line, len(row)) for row, line in zip(rows, lines, strict=True) if len(row) != width]
    if bad:
        named = ", ".join(f"line {line} with {cells}" for line, cells in bad[:NAMED])
        more = f" and {len(bad) - NAMED:,} more" if len(bad) > NAMED else ""
        raise FormatError(
            f"CSV file {path}",
            got=f"rows of another length: {named}{more}",
            needs=f"{width} cells in every row, as in the first",
        )


def _check_names(path: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FormatError(
            f"CSV file {path}",
            got=f"the column name {twice[0]!r} more than once",
            needs="a name of its own for each column",
        )
    if all(is_missing(name) for name in names):
        raise FormatError(f"CSV file {path}", got="an empty header", needs="column names")
