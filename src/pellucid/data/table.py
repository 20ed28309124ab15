"""Makes a data set from a CSV file: which column is the target, what the others hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pellucid.data.base import IMPUTE, TASKS, Array, Column, Data, infer_task, read_labels
from pellucid.data.cells import is_missing, parse_number
from pellucid.data.csv_file import NAMED, CsvFile, read_csv
from pellucid.errors import DataError, OptionError, choose, nearest

__all__ = ["load_csv"]

FEW_TEXTS = 10  # so many different texts are always a category
MAX_TEXTS = 1000  # more would be as many one-hot columns


def load_csv(
    path: str | Path,
    *,
    target: str | int | None = None,
    task: str | None = None,
    impute: str | None = None,
) -> Data:
    """Read a table: numbers as they are, texts as places in the column's values.

    ``target`` is a column's name or place (the last one unless given). The task is inferred from
    it unless given. Columns that nothing can be learnt from (empty, or a text of its own in most
    rows) are left out, and the notes say so. Missing cells (empty, NA, NaN, null, ?) are refused
    unless ``impute`` is "mean", "median" or "most_frequent"; they are then NaN, and
    :class:`Preparation` fills them from the training part.
    """
    if impute is not None:
        choose("impute", impute, IMPUTE)
    if task is not None:
        choose("task", task, TASKS)
    file = read_csv(path)
    place = _target_place(file, target)
    notes = _opening_notes(file, target, place)
    y, classes, task, note = _targets(file, place, task)
    columns, x, left_out, more = _features(file, place)
    if not columns:
        raise DataError(
            f"CSV file {path}",
            got="no column to learn from" + "".join(f"\n{text}" for text in more),
            needs="a column of numbers or of repeated texts beside the target",
        )
    more += _missing(file, columns, x, impute)
    return Data(
        x,
        y,
        task,
        classes,
        file.path.stem,
        f"CSV file {path}",
        (*notes, note, *more),
        columns=tuple(columns),
        target=file.names[place],
        impute=impute,
        left_out=tuple(left_out),
    )


def _target_place(file: CsvFile, target: str | int | None) -> int:
    width = len(file.names)
    if target is None:
        return width - 1
    if target in file.names:
        return file.names.index(str(target))
    try:
        place = int(target)
    except ValueError:
        place = width
    if not -width <= place < width:
        raise OptionError(
            f"CSV file {file.path}",
            got=f"target {target!r}",
            needs="one of the columns " + ", ".join(file.names) + f", or 0 to {width - 1}",
            try_=nearest(str(target), file.names),
        )
    return place % width


def _opening_notes(file: CsvFile, target: str | int | None, place: int) -> list[str]:
    notes = []
    if not file.headed:
        notes.append("no header row: the columns are called column 1, column 2 ...")
    if target is None:
        notes.append(f"target: the last column, {file.names[place]!r}")
    return notes


def _targets(
    file: CsvFile, place: int, task: str | None
) -> tuple[Array, tuple[str, ...], str, str]:
    name = file.names[place]
    texts = [row[place] for row in file.rows]
    lines = [line for text, line in zip(texts, file.lines, strict=True) if is_missing(text)]
    if lines:
        raise DataError(
            f"target column {name!r}",
            got=f"{len(lines):,} missing values, on {_lines(lines)}",
            needs="a target in every row; they are never imputed",
            try_="delete these rows",
        )
    values = _numbers(name, texts, file.lines)
    labels = np.array(texts) if values is None else values
    chosen = task or infer_task(labels)
    note = f"target {name!r}: {len(set(texts)):,} different values in {len(texts):,} rows: {chosen}"
    if chosen == "classification":
        places, classes = read_labels(labels, name=f"target column {name!r}")
        return places, classes, chosen, note
    if values is None:
        raise DataError(
            f"target column {name!r}",
            got=f"texts such as {texts[0]!r}",
            needs="numbers for a regression",
            try_="task='classification'",
        )
    return values, (), chosen, note


def _features(file: CsvFile, target: int) -> tuple[list[Column], Array, list[str], list[str]]:
    columns, values, left_out, notes = [], [], [], []
    for j, name in enumerate(file.names):
        if j == target:
            continue
        made, problem = _feature(name, [row[j] for row in file.rows], file.lines)
        if made is None:
            left_out.append(name)
            notes.append(f"column {name!r} is left out: {problem}")
        else:
            columns.append(made[0])
            values.append(made[1])
    x = np.stack(values, axis=1) if values else np.empty((len(file.rows), 0))
    return columns, x, left_out, notes


def _feature(
    name: str, texts: Sequence[str], lines: Sequence[int]
) -> tuple[tuple[Column, Array] | None, str]:
    """The column and its values (N,), or None and why it is left out."""
    known = sorted({text for text in texts if not is_missing(text)})
    if not known:
        return None, "only missing values"
    values = _numbers(name, texts, lines)
    if values is not None:
        return (Column(name), values), ""
    there = sum(not is_missing(text) for text in texts)
    if len(known) > min(MAX_TEXTS, max(FEW_TEXTS, there // 2)):
        return None, f"{len(known):,} different texts in {there:,} rows"
    place: dict[str, float] = {text: i for i, text in enumerate(known)}
    codes = [math.nan if is_missing(text) else place[text] for text in texts]
    return (Column(name, tuple(known)), np.array(codes, np.float64)), ""


def _numbers(name: str, texts: Sequence[str], lines: Sequence[int]) -> Array | None:
    """The column as numbers with NaN for missing cells, or None when it is a column of texts.

    A few texts among numbers (one, or 5 % of the cells) are slips, not categories: DataError.
    """
    parsed = [math.nan if is_missing(text) else parse_number(text) for text in texts]
    bad = [(line, text) for line, text, n in zip(lines, texts, parsed, strict=True) if n is None]
    good = sum(n is not None and not math.isnan(n) for n in parsed)
    if bad and (len(bad) >= good or len(bad) > max(1, 0.05 * len(texts))):
        return None
    values = np.array([math.inf if n is None else n for n in parsed], np.float64)
    strange = bad or [(lines[i], texts[i]) for i in np.flatnonzero(np.isinf(values)).tolist()]
    if strange:
        named = ", ".join(f"{text!r} on line {line}" for line, text in strange[:NAMED])
        more = f" and {len(strange) - NAMED:,} more" if len(strange) > NAMED else ""
        raise DataError(
            f"column {name!r}",
            got=f"{named}{more} in a column of numbers",
            needs="finite numbers, or an empty cell for a missing value",
            try_="a decimal point instead of the comma" if "," in strange[0][1] else None,
        )
    return values if good else None


def _missing(file: CsvFile, columns: list[Column], x: Array, impute: str | None) -> list[str]:
    """A note on the missing cells that will be filled; refuses them when nobody asked for that."""
    counts = np.isnan(x).sum(axis=0)
    found = [f"{c.name!r} {n:,}" for c, n in zip(columns, counts.tolist(), strict=True) if n]
    if not found:
        return []
    if impute is None:
        lines = [file.lines[row] for row in np.flatnonzero(np.isnan(x).any(axis=1))]
        raise DataError(
            f"CSV file {file.path}",
            got=f"missing values in {len(lines):,} of {len(x):,} rows ({_lines(lines)}):\n"
            + ", ".join(found),
            needs="a value in every cell, or leave to fill them",
            try_="impute 'median', 'mean' or 'most_frequent' (of the training part)",
        )
    filled = ", ".join(found)
    return [f"missing values, filled with the training part's {impute} value: {filled}"]


def _lines(lines: Sequence[int]) -> str:
    named = ", ".join(map(str, lines[:NAMED]))
    more = f" and {len(lines) - NAMED:,} more" if len(lines) > NAMED else ""
    return f"line{'s' * (len(lines) > 1)} {named}{more}"
